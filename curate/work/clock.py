"""Seconds by step, for the record of a run."""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
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
