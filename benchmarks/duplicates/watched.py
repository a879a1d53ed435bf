"""Run a pipeline in processes of its own and watch what that takes: seconds of passes, memory of all processes, disk.

Memory is sampled five times a second (Linux): the proportional set size (PSS) of every process of the run, in which a
page that several share counts once, and pages of mapped files count as long as they are held. What other programs map
too, such as the libraries of another Python, counts in parts; so beside it stand the summed resident sets (RSS), which
count a shared page in each process and are never too little, and the anonymous part, which the system cannot take back.
A peak between two samples is missed; `worker_memory_bytes` of the run's record is the system's own count for one
process, and misses none. Disk is the blocks of all files of the run folder.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

sys.path.append(str(Path(__file__).parents[1]))

import kill_resume

MEMORY_EVERY, DISK_EVERY = 0.2, 1.0
"""Seconds between samples."""
MEASURED = ("documents-*", "signals", "keys", "cuts", "rejected", "inputs.json")
"""What the passes up to comparing leave in a run folder."""
STARTED = ("run.json", "run.lock", "errors.log")
"""What a run writes before its first pass."""
_PASS = re.compile(r"(?P<name>.+): \d+ done.* in (?P<seconds>[\d.]+) s")
_LINES = re.compile(r"^(Pss|Rss|Pss_Anon): +(\d+) kB", re.MULTILINE)


class Pass(NamedTuple):
    """A pass, as the run told of it."""

    name: str
    start: float
    """Seconds since the run was started."""
    stop: float

    @property
    def compares(self) -> bool:
        """Whether it lies between band keys and verdicts."""
        return self.name.startswith(("compare ", "judge"))


class Sample(NamedTuple):
    """What the run held at a moment, in bytes."""

    time: float
    """Seconds since the run was started."""
    whole: int
    """PSS of all processes."""
    resident: int
    """RSS of all processes."""
    anonymous: int
    """The part of it that is no file's."""
    largest: int
    """PSS of the largest process."""
    disk: int


class Watched(NamedTuple):
    """A run that is over."""

    record: dict[str, Any]
    """Its `run.json`."""
    passes: list[Pass]
    samples: list[Sample]

    @property
    def comparing(self) -> tuple[float, float]:
        """When comparing started and verdicts were there."""
        compared = [one for one in self.passes if one.compares]
        if not compared:
            raise SystemExit("the run compared nothing: its groups were there")
        return min(one.start for one in compared), max(one.stop for one in compared)

    def peak(self, what: str) -> int:
        """Most of a column of `Sample` between band keys and verdicts."""
        start, stop = self.comparing
        return max((getattr(one, what) for one in self.samples if start <= one.time <= stop), default=0)

    def seconds(self) -> dict[str, float]:
        """Seconds of the passes between band keys and verdicts, from the record."""
        passes = {one["pass"]: one["seconds"] for one in self.record["passes"]}
        return {name: seconds for name, seconds in passes.items() if Pass(name, 0, 0).compares}


def run(pipeline: Path, out: Path, workers: int) -> Watched:
    """Run a pipeline to the end, and watch it."""
    started = time.perf_counter()
    process = subprocess.Popen(
        kill_resume.command(pipeline, out, workers),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    samples: list[Sample] = []
    told: list[str] = []
    watcher = threading.Thread(target=_watch, args=(process, out, started, samples))
    with process:
        watcher.start()
        assert process.stderr
        passes = list(_passes(process.stderr, started, told))
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(process.args)}\n{''.join(told[-20:])}")
    return Watched(json.loads((out / "run.json").read_text(encoding="utf-8")), passes, samples)


def _passes(stream: IO[str], started: float, told: list[str]) -> Iterator[Pass]:
    """Passes out of the lines that a run prints when each is over."""
    for line in stream:
        told.append(line)
        if found := _PASS.match(line):
            stop = time.perf_counter() - started
            yield Pass(found["name"], stop - float(found["seconds"]), stop)


def _watch(process: subprocess.Popen[str], folder: Path, started: float, samples: list[Sample]) -> None:
    disk, looked = 0, -DISK_EVERY
    while process.poll() is None:
        now = time.perf_counter() - started
        if now - looked >= DISK_EVERY:
            disk, looked = disk_bytes(folder), now
        held = [one for pid in _group(process.pid) if (one := _memory(pid))]
        sums = [sum(column) for column in zip(*held, strict=True)] or [0, 0, 0]
        samples.append(Sample(now, *sums, max((pss for pss, *_ in held), default=0), disk))
        time.sleep(MEMORY_EVERY)


def _group(leader: int) -> Iterator[int]:
    """Processes of a group."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):  # it may have ended
                # The command's name, in brackets, may hold anything; behind it: state, parent, group.
                if int((entry / "stat").read_text().rpartition(")")[2].split()[2]) == leader:
                    yield int(entry.name)


def _memory(pid: int) -> tuple[int, int, int] | None:
    """PSS, RSS and the anonymous part of PSS, in bytes; None for a process that has ended."""
    try:
        found = dict(_LINES.findall(Path(f"/proc/{pid}/smaps_rollup").read_text()))
    except OSError:
        return None
    if not found:
        return None
    whole, resident, anonymous = (1024 * int(found[name]) for name in ("Pss", "Rss", "Pss_Anon"))
    return whole, resident, anonymous


def disk_bytes(folder: Path, patterns: Sequence[str] = ("*",)) -> int:
    """Bytes on disk of what matches in a folder, with all that lies in it."""
    total = 0
    for entry in (entry for pattern in patterns for entry in folder.glob(pattern)):
        for file in [entry, *entry.rglob("*")]:
            with suppress(OSError):  # temporary files come and go
                total += 512 * file.stat().st_blocks
    return total


def forget_compared(folder: Path) -> None:
    """Take a run back to where everything is measured and nothing compared."""
    kept = {entry for pattern in MEASURED for entry in folder.glob(pattern)}
    for entry in folder.iterdir():
        if entry in kept:
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def measured_copy(folder: Path, copy: Path) -> None:
    """Copy a run without what was compared; files are linked, since a run never writes into a file that is there."""
    shutil.copytree(folder, copy, copy_function=os.link)
    forget_compared(copy)
