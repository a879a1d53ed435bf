"""Ours and a peer, in turn, on the same texts: programs at the other end of a pipe, and what they took.

Programs run on one core (where the system can say so) and are told to use one thread. The first time is never counted.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import statistics
import subprocess
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from texts import Texts

from curate.work.passes import ONE_THREAD

START_SECONDS, TIME_SECONDS = 300, 300
"""How long a program may take to load, and to answer."""
FIRST_MEGABYTES = 0.3
LEAST_SECONDS, MOST_TIMES = 0.1, 500
"""What is faster is repeated inside a run, so that the clock is not what is measured."""


class ProgramError(Exception):
    """A program failed; one line."""


class Program:
    """A running program of `peers/`; see `peers/serve.py` for what is said."""

    def __init__(self, python: Path | str, path: Path, step: str, texts: Path, options: dict[str, Any]) -> None:
        self._log = texts.with_name(f"{path.stem}-{step}.log").open("w+", encoding="utf-8", errors="replace")
        self._process = subprocess.Popen(
            [str(python), str(path), step, str(texts), json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            encoding="utf-8",
            env={**os.environ, **ONE_THREAD, "TMPDIR": str(texts.parent)},
        )
        try:
            self.ready = self._answer(START_SECONDS)
        except ProgramError:
            self.close()
            raise

    def run(self, n: int, times: int = 1, patience: float = TIME_SECONDS) -> dict[str, Any]:
        """Do the step over the first n texts; `patience` is how many seconds a time may take. Raises: ProgramError."""
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps({"texts": n, "times": times}) + "\n")
            self._process.stdin.flush()
        return self._answer(patience * times)

    def _answer(self, seconds: float) -> dict[str, Any]:
        assert self._process.stdout
        late = threading.Timer(seconds, self._process.kill)
        late.start()
        line = self._process.stdout.readline()
        timed_out = not late.is_alive()
        late.cancel()
        if timed_out:
            raise ProgramError(f"no answer after {seconds:g} seconds")
        answer = json.loads(line) if line else {"error": self._last_words()}
        if "error" in answer:
            raise ProgramError(one_line(answer["error"]))
        return answer

    def _last_words(self) -> str:
        code = self._process.wait()
        self._log.seek(0)
        lines = [line for line in self._log.read().splitlines() if line.strip()]
        return f"ended with exit code {code}: {lines[-1] if lines else 'without a word'}"

    def close(self) -> None:
        """End the program."""
        self._process.kill()
        self._process.communicate()
        self._log.close()

    def __enter__(self) -> Program:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def one_line(message: str) -> str:
    """A message without addresses and folders of this machine, and not too long."""
    message = re.sub(r"host='[^']*'", "host=…", message)
    message = re.sub(r"https?://\S+", "(an address)", " ".join(message.split()))
    message = re.sub(r"(?<![\w.])/[\w.@+-]+(?:/[\w.@+-]+)+", lambda path: f"…/{path[0].rsplit('/', 1)[1]}", message)
    return message if len(message) <= 200 else message[:199] + "…"


@dataclass(frozen=True)
class Row:
    """What one tool did in one step."""

    step: str
    tool: str
    error: str | None = None
    amount: float | None = None
    """Of one time: MB of text, or what the step counts instead, in millions."""
    seconds: list[float] = field(default_factory=list)
    """Of each counted time."""
    ours: list[float] = field(default_factory=list)
    """Seconds that ours took for the same, each before the peer's; empty in our own row."""
    threads: float | None = None
    """CPU seconds in a second."""
    memory: int | None = None
    """Peak, bytes."""
    own_memory: int | None = None
    """What the step took of it, beyond texts and models that were loaded."""
    same: str = ""
    """Whether its answers are ours, where the step has answers to compare."""
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def speed(self) -> float | None:
        """Amount a second, at the median."""
        return self.amount / statistics.median(self.seconds) if self.amount else None

    @property
    def our_speed(self) -> float | None:
        """Ours beside it."""
        return self.amount / statistics.median(self.ours) if self.amount and self.ours else None

    @property
    def ratio(self) -> float | None:
        """How many times as fast ours is: the median of the ratios, each of two times that followed each other."""
        pairs = [theirs / ours for theirs, ours in zip(self.seconds, self.ours, strict=False)]
        return statistics.median(pairs) if pairs else None


def alone(name: tuple[str, str], ours: Program, texts: Texts, runs: int) -> Row:
    """Time ours over all the texts."""
    n = len(texts.texts)
    times = _times(ours.run(n))
    return _row(name, ours, [ours.run(n, times) for _ in range(runs)], texts.megabytes(n))


def against(name: tuple[str, str], ours: Program, peer: Program, texts: Texts, runs: int, seconds: float) -> Row:
    """Time ours and a peer in turn, on as many of the texts as keep the peer busy for about `seconds`."""
    n = _fitting(peer, texts, seconds)
    times, peers_times = _times(ours.run(n)), _times(peer.run(n))
    pairs = [(ours.run(n, times)["seconds"], peer.run(n, peers_times)) for _ in range(runs)]
    row = _row(name, peer, [theirs for _, theirs in pairs], texts.megabytes(n))
    same = _same(ours.ready["answers"], peer.ready["answers"])
    return replace(row, ours=[our_seconds for our_seconds, _ in pairs], same=same)


def _row(name: tuple[str, str], program: Program, done: list[dict[str, Any]], megabytes: float) -> Row:
    amount = done[0]["amount"]
    seconds = [one["seconds"] for one in done]
    memory = max(one["memory"] for one in done)
    return Row(
        *name,
        amount=megabytes if amount is None else amount / 1e6,
        seconds=seconds,
        threads=sum(one["cpu_seconds"] for one in done) / sum(seconds),
        memory=memory,
        own_memory=memory - program.ready["memory"],
        versions=program.ready["versions"],
    )


def _times(done: dict[str, Any]) -> int:
    return min(max(math.ceil(LEAST_SECONDS / max(done["seconds"], 1e-6)), 1), MOST_TIMES)


def _fitting(peer: Program, texts: Texts, seconds: float) -> int:
    """How many texts take the peer so long: from a few to more, until the estimate is good."""
    megabytes = FIRST_MEGABYTES
    while True:
        n = texts.first(megabytes)
        took = peer.run(n)["seconds"]
        if n == len(texts.texts) or took >= seconds / 4:
            return texts.first(texts.megabytes(n) * seconds / took)
        megabytes = texts.megabytes(n) * 4


def _same(ours: list[Any], theirs: list[Any]) -> str:
    if not ours or not theirs:
        return ""
    differing = sum(mine != other for mine, other in zip(ours, theirs, strict=True))
    return f"{differing} of {len(ours)} differ" if differing else "same"


def take_core() -> None:
    """Keep this process, and all that it starts, on the last core that it may use, where the system has such calls."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
