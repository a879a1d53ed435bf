"""How each program in this folder runs: load, warm up, then do the step whenever it is told to. Standard library only.

    python use_rensa.py r_signatures TEXTS.jsonl '{"permutations": 128}'

A step is a function: options in, `Work` out. Whatever it does before it returns (imports, models) is not timed, nor is
`Work.prepare`, which brings texts into the form in which the tool's own reader would give them.

On stdout goes one JSON line when the program is ready: `Ready`. Then for each line `{"texts": n, "times": k}` on stdin
the step is done `k` times over the first n texts, and a line answers: `Done`. Anything that fails is answered by
`{"error": "one line"}`. What libraries print goes to stderr.
"""

import contextlib
import importlib.metadata
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, NamedTuple

WARM_UP, COMPARED = 20, 200
"""Texts of the run that is not timed, and texts whose answers are compared with ours."""


class Work(NamedTuple):
    """A step, loaded."""

    prepare: Callable[[list[str]], Callable[[], int | None]]
    """Texts to what is timed. If that returns a number, it is what the step's rate counts (instead of bytes)."""
    answers: Callable[[list[str]], list[Any]] | None = None
    """An answer to each text (ids, a label), where ours must be the same."""


class Ready(NamedTuple):
    versions: dict[str, str]
    """Distribution to version."""
    memory: int
    """Bytes in use when everything was loaded."""
    answers: list[Any]
    """Of the first `COMPARED` texts; empty where the step has none."""


class Done(NamedTuple):
    seconds: float
    """By the clock, of one of the `times`."""
    cpu_seconds: float
    """Of this process, its threads and children."""
    amount: int | None
    """What one time returned."""
    memory: int
    """The most bytes in use since the program was ready."""


def each(do: Callable[[str], Any]) -> Work:
    """A step that is one call for one text."""

    def prepare(texts: list[str]) -> Callable[[], None]:
        def work() -> None:
            for text in texts:
                do(text)

        return work

    return Work(prepare)


def shingles(text: str, size: int) -> list[str]:
    """Character shingles; a text shorter than that is one."""
    return [text[i : i + size] for i in range(max(1, len(text) - size + 1))]


def write_links(links: list[tuple[int, int]], options: dict[str, Any]) -> int:
    """Leave pairs of rows in the file that `options` names; returns how many there are."""
    Path(options["links"]).write_text(json.dumps(links))
    return len(links)


def serve(distributions: list[str], *steps: Callable[[dict[str, Any]], Work]) -> None:
    """Run the step that the command line names, on this process's stdin and stdout."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        step = {step.__name__: step for step in steps}[sys.argv[1]]
        for answer in _answers(step, Path(sys.argv[2]), json.loads(sys.argv[3]), distributions, sys.stdin):
            print(json.dumps(answer._asdict()), file=answers, flush=True)
    except Exception as error:  # whatever it is, it becomes a row of the table
        message = " ".join(str(error).split())
        print(json.dumps({"error": f"{type(error).__name__}: {message}"}), file=answers, flush=True)


def _answers(step: Callable[[dict[str, Any]], Work], path: Path, options: dict[str, Any], names: list[str], orders: IO):
    with path.open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    work = step(options)
    work.prepare(texts[:WARM_UP])()
    compared = work.answers(texts[:COMPARED]) if work.answers else []
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # Linux: start the peak anew, from what is in use now
    yield Ready({name: importlib.metadata.version(name) for name in names}, _peak_memory(), compared)
    for line in orders:
        order = json.loads(line)
        yield _timed(work, texts[: order["texts"]], order["times"])


def _timed(work: Work, texts: list[str], times: int) -> Done:
    seconds = cpu_seconds = 0.0
    amount = None
    for _ in range(times):
        do = work.prepare(texts)
        cpu, clock = _cpu_seconds(), time.perf_counter()
        amount = do()
        seconds += time.perf_counter() - clock
        cpu_seconds += _cpu_seconds() - cpu
    return Done(round(seconds / times, 7), round(cpu_seconds / times, 7), amount, _peak_memory())


def _cpu_seconds() -> float:
    return time.process_time() + sum(os.times()[2:4])  # this process to the nanosecond, its children to a tick


def _peak_memory() -> int:
    """Linux counts the parent's peak into ru_maxrss of a new process, so ask for this program's own."""
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
