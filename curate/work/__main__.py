"""A worker process: `python -m curate.work RUN`.

Reads one task a line from stdin and answers one line on stdout. Nothing is pickled, and the caller's script is never
imported: the plan comes from the run folder. A task whose files exist does nothing.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from curate.errors import CurateError
from curate.run import Run
from curate.work import compare, measure, repeats, verdicts, write
from curate.work.costs import peak_memory

ACTIONS: dict[str, Callable[[Run, int, str, dict[str, Any]], dict[str, Any]]] = {
    "cut": measure.cut,
    "warm up": measure.warm_up,
    "measure": measure.measure,
    "group": compare.group,
    "pair": compare.pair,
    "fetch": compare.fetch,
    "verify": compare.verify,
    "join": compare.join,
    "count sources": repeats.count_sources,
    "group slice": repeats.group_slice,
    "mark part": repeats.mark_part,
    "judge": verdicts.judge_all,
    "prepare": write.prepare,
    "warm up writer": write.warm_up,
    "stage": write.stage,
    "plan": write.plan,
    "shard": write.shard,
    "finish": write.finish,
}
"""Task name to its function: run, position of the step, part, options in; counts, bytes and seconds out."""


def serve(folder: str, tasks: IO[str], answers: IO[str]) -> None:
    """Answer tasks until stdin ends."""
    run: Run | None = None
    seen: list[int] = []
    for text in tasks:
        answer: dict[str, Any]
        task = json.loads(text)
        started = time.perf_counter()
        try:
            times = [file.stat().st_mtime_ns for file in Path(folder).glob("*.json")]
            if run is None or times != seen:  # the plan grows while inputs are cut into parts
                run, seen = Run.open(folder), times
            action = ACTIONS[task["action"]]
            answer = {"result": action(run, task["step"], task["part"], task["options"]), "error": None}
        except (
            Exception
        ) as error:  # whatever a plug-in raises becomes the run's one-line error; the trace goes to a file
            answer = {"result": {}, "error": _one_line(error)}
            with contextlib.suppress(OSError), (Path(folder) / "errors.log").open("a", encoding="utf-8") as log:
                log.write(f"{text.strip()}\n{traceback.format_exc()}\n")
        answer["result"] |= {"wall": time.perf_counter() - started, "memory": peak_memory()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _one_line(error: Exception) -> str:
    message = " ".join(str(error).split())
    # NumPy's `tofile` only tells that it wrote less than it should: "500 requested and 20 written".
    if isinstance(error, OSError) and (error.errno in (errno.ENOSPC, errno.EDQUOT) or "requested and" in message):
        return f"no space is left on the disk ({message}); make room there"
    return message if isinstance(error, CurateError) else f"{type(error).__name__}: {message}"


def main() -> None:
    """Serve on this process's own stdin and stdout; whatever else prints goes to stderr."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    serve(sys.argv[1], sys.stdin, answers)


if __name__ == "__main__":
    main()
