"""What a run costs, for its record: seconds by step, memory."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

Item = TypeVar("Item")


class Clock:
    """Adds up the seconds of steps."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextlib.contextmanager
    def on(self, step: str) -> Iterator[None]:
        """Count what happens inside for a step."""
        started = time.perf_counter()
        yield
        self.seconds[step] += time.perf_counter() - started

    def through(self, step: str, items: Iterable[Item]) -> Iterator[Item]:
        """Iterate, counting the time that `items` takes to give the next one."""
        iterator = iter(items)
        while True:
            with self.on(step):
                item = next(iterator, None)
            if item is None:
                return
            yield item


def free_memory() -> int:
    """Bytes of memory that a run may use, about; 8 GB where the system does not say."""
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return 8_000_000_000


def peak_memory() -> int:
    """Most bytes of memory that this process has held at a time."""
    # Linux counts the peak of the parent into `ru_maxrss` of a new process: a notebook's memory is not a worker's.
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
    peaks = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    if peaks:
        return 1024 * peaks[0]
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
