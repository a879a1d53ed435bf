"""What is told of a flip that is shown: the signals of the rules that decided, others that changed, its text."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from curate import disk, judge
from curate.contracts import ID
from curate.diff.flips import DROPPED

if TYPE_CHECKING:
    from curate.diff import Difference
    from curate.run import Run

MOST_CHANGED = 4
"""Signals shown that no rule of the sample reads, but that are not what they were."""


class Measured(NamedTuple):
    """A signal in both runs."""

    name: str
    was: Any
    now: Any


class Sample(NamedTuple):
    """A flip, ready to be shown."""

    id: str
    now: str
    """`dropped` or `kept`."""
    reasons: tuple[str, ...]
    """For which the run that drops it does so."""
    signals: tuple[Measured, ...]
    survivor: str | None
    """What it is a copy of, in the run that drops it as one."""
    text: str
    """As the other run has cleaned it, whole."""


def samples_of(difference: Difference) -> list[Sample]:
    """Read what is shown of the samples of a difference, in their order."""
    chosen, runs = difference.samples, difference.runs
    if chosen.is_empty():
        return []
    rows = [chosen[name] for name in ("row", "other_row")]
    signals = [_signals(run, column) for run, column in zip(runs, rows, strict=True)]
    places = rows[1].unique().sort()
    texts = dict(zip(places, difference.other.texts(places), strict=True))
    read = [_signals_of_rules(run) for run in runs]
    found = []
    for one in chosen.iter_rows(named=True):  # twenty of them
        was, now = signals[0][one["row"]], signals[1][one["other_row"]]
        reading = {name for rules in read for reason in one["reasons"] for name in rules.get(reason, ())}
        dropped_as = now if one["now"] == DROPPED else was
        measured = tuple(_measured(was, now, reading))
        survivor = dropped_as[judge.DUPLICATE_OF]
        text = texts[one["other_row"]]
        found.append(Sample(one[ID], one["now"], tuple(one["reasons"]), measured, survivor, text))
    return found


def _signals_of_rules(run: Run) -> dict[str, list[str]]:
    rules = judge.compile_rules(run.pipeline.filters, run.signal_types())
    return {rule.reason: rule.expression.meta.root_names() for rule in rules}


def _signals(run: Run, rows: pl.Series) -> dict[int, dict[str, Any]]:
    """Signals, and the survivor, of some rows: by row."""
    found: dict[int, dict[str, Any]] = {}
    first = 0
    for part in run.parts:
        stop = first + disk.rows(run.verdicts_file(part))
        inside = rows.filter((rows >= first) & (rows < stop)).unique().sort()
        if not inside.is_empty():
            survivor = disk.read_frame(run.verdicts_file(part), [judge.DUPLICATE_OF])
            frame = run.part_signals(part).hstack(survivor)[inside - first]
            found |= zip(inside, frame.iter_rows(named=True), strict=True)
        first = stop
    return found


def _measured(was: Mapping[str, Any], now: Mapping[str, Any], reading: Collection[str]) -> list[Measured]:
    """Signals of the rules, in the order in which they are measured, then others that changed."""
    names = [name for name in dict.fromkeys([*was, *now]) if name != judge.DUPLICATE_OF]
    read = [name for name in names if name in reading]
    shared = [name for name in names if name not in reading and name in was and name in now and was[name] != now[name]]
    return [Measured(name, was.get(name), now.get(name)) for name in [*read, *shared[:MOST_CHANGED]]]
