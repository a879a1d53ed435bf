"""Tasks, their outcomes, and what runs them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from curate.contracts.steps import Step


class Task(NamedTuple):
    """What a worker is told: a pass, its step, and the part (or partition, or shard)."""

    run: str
    """The run folder."""
    action: str
    """Name of the pass."""
    step: int
    """Position of the step in its section; 0 where a pass has only one."""
    part: str
    """What to work on."""
    options: dict[str, Any]


class Outcome(NamedTuple):
    """What a worker answers."""

    task: Task
    result: dict[str, Any]
    """Counts, seconds and bytes; JSON values."""
    error: str | None = None
    """Why the task failed, one line."""


class Engine(Step):
    """Runs tasks somewhere."""

    def start(self, run: str) -> None:
        """Get ready for tasks of this run folder, which need not be there yet."""

    def map(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """Run tasks; the order of outcomes is free."""
        raise NotImplementedError
