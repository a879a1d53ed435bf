"""A signal looked at: its percentiles, or its values, and what a cut at each would keep.

Exact over the values of the corpus. What a cut keeps is counted among documents that no *other* rule drops: those
rules that read the signal are left out; duplicates are left out, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from curate import judge
from curate.comparisons import Comparison
from curate.errors import PipelineError
from curate.registry import nearest
from curate.stats import VALUE_CHARS
from curate.tune.ladder import Ladder
from curate.tune.tables import FREE, SIZE, Amount, Tables, Whole

if TYPE_CHECKING:
    from curate.run import Run

PERCENTS = (0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 100)
MOST_VALUES = 20
"""Values of a label that are shown."""


class Percentile(NamedTuple):
    """A percentile: the least value that so many percent of the documents do not exceed."""

    percent: int
    of_all: float | None
    """None: no document has a value."""
    of_free: float | None
    """Among documents that no other rule drops."""
    kept_if_below_goes: Amount
    """What is kept when documents below `of_free` are dropped (`signal < number`), and those without a value."""
    kept_if_above_goes: Amount


class ValueCount(NamedTuple):
    """A value of a label, a `null` as None."""

    value: str | None
    all: Amount
    free: Amount
    """Among documents that no other rule drops."""


@dataclass(frozen=True)
class SignalTable:
    """A signal of a run."""

    signal: str
    dtype: str
    measured_by: str
    rules: Mapping[str, str]
    """Reason to condition of the row rules that read it."""
    drops: frozenset[str]
    """`below`, `above`: on which side of their numbers these rules drop; both where none compares it with a number."""
    whole: Whole
    free: Amount
    """Documents that no other rule drops."""
    without_value: Amount
    percentiles: tuple[Percentile, ...]
    """Empty for a label."""
    values: tuple[ValueCount, ...]
    """Of a label: the most frequent ones; empty for a number."""
    more_values: int
    """Values that are left out."""
    compared_by: tuple[str, ...]


def signal_table(run: Run, signal: str) -> SignalTable:
    """Look at a signal. Raises: PipelineError where the run has none of this name."""
    tables = Tables(run)
    if signal not in tables.types:
        raise PipelineError(f"no signal is called {signal!r}{nearest(signal, tables.types)}")
    reads = _rules_that_read(tables, signal)
    numbers = [
        one for reason in reads for one in tables.comparisons(reason) if one.signal == signal and one.operator != "="
    ]
    columns = [signal, *(name for one in numbers for name in one.signals)]
    frame = tables.frame(columns, [judge.KEPT, (~tables.breaks_any(reads)).alias(FREE)])
    kinds = {"all": pl.col(judge.KEPT).is_not_null(), "kept": pl.col(judge.KEPT), "free": pl.col(FREE)}
    kinds |= {"without": pl.col(signal).is_null()}
    kinds |= {f"{place} straight": one.if_true & ~one.if_false for place, one in enumerate(numbers)}
    kinds |= {f"{place} denied": one.if_false & ~one.if_true for place, one in enumerate(numbers)}
    found = tables.sums(frame, kinds)
    is_number = tables.types[signal].is_numeric()
    values, more = ((), 0) if is_number else _values(frame, signal)
    return SignalTable(
        signal=signal,
        dtype=str(tables.types[signal]),
        measured_by=_measured_by(tables, signal),
        rules={reason: tables.row_rules[reason] for reason in reads},
        drops=_drops(numbers, found),
        whole=tables.whole(found["all"], found["kept"]),
        free=found["free"],
        without_value=found["without"],
        percentiles=_percentiles(frame, signal) if is_number else (),
        values=values,
        more_values=more,
        compared_by=tuple(tables.compared_by),
    )


def _measured_by(tables: Tables, signal: str) -> str:
    filters = tables.run.pipeline.filters
    return next((line.label for line in filters if signal in tables.own(line).values()), "documents")


def _rules_that_read(tables: Tables, signal: str) -> list[str]:
    rules = judge.compile_rules(tables.run.pipeline.filters, tables.types)
    return [rule.reason for rule in rules if signal in rule.expression.meta.root_names()]


def _drops(numbers: Sequence[Comparison], found: Mapping[str, Amount]) -> frozenset[str]:
    """Sides on which rules drop that compare the signal itself with a number."""
    sides = set()
    for place, number in enumerate(numbers):
        # Inside a NOT a comparison drops where it is false: seen from the documents that it decides.
        is_denied = found[f"{place} denied"].documents > found[f"{place} straight"].documents
        sides.add("below" if number.operator.startswith("<") != is_denied else "above")
    return frozenset(sides or {"below", "above"})


def _percentiles(frame: pl.LazyFrame, signal: str) -> tuple[Percentile, ...]:
    ladder = Ladder.of(frame, pl.col(signal), {"every": pl.lit(True), "free": pl.col(FREE)})
    ranks = {
        kind: [max(-(-percent * ladder.total(kind).documents // 100) - 1, 0) for percent in PERCENTS]
        for kind in ladder.kinds
        if ladder.total(kind).documents
    }
    ladder = ladder.opened([ladder.place_of_rank(kind, rank) for kind, wanted in ranks.items() for rank in wanted])
    values: dict[str, list[float | None]] = {
        kind: [float(ladder.low[ladder.place_of_rank(kind, rank)]) for rank in wanted] for kind, wanted in ranks.items()
    }
    nothing: list[float | None] = [None] * len(PERCENTS)
    of_all, of_free = (values.get(kind, nothing) for kind in ("every", "free"))
    rows = zip(PERCENTS, of_all, of_free, strict=True)
    return tuple(Percentile(percent, all_, free, *_cuts(ladder, free)) for percent, all_, free in rows)


def _cuts(ladder: Ladder, value: float | None) -> tuple[Amount, Amount]:
    """What is kept of the free documents from a value upwards, and up to it."""
    if value is None:
        return Amount(0, 0), Amount(0, 0)
    first, behind = (int(np.searchsorted(ladder.low, value, side=side)) for side in ("left", "right"))
    documents, size = ladder.documents("free"), ladder.bytes("free")
    upward = Amount(int(documents[first:].sum()), int(size[first:].sum()))
    return upward, Amount(int(documents[:behind].sum()), int(size[:behind].sum()))


def _values(frame: pl.LazyFrame, signal: str) -> tuple[tuple[ValueCount, ...], int]:
    # A label may be as long as its text: only so much of it is held.
    value = pl.col(signal).cast(pl.String).str.slice(0, VALUE_CHARS).alias("value")
    free = pl.col(FREE)
    sums = [pl.len().alias("all"), pl.col(SIZE).sum().alias("bytes")]
    sums += [free.sum().alias("free"), pl.col(SIZE).filter(free).sum().alias("free bytes")]
    table = frame.group_by(value).agg(sums).collect(engine="streaming")
    first = table.sort(["all", "value"], descending=[True, False], nulls_last=True).head(MOST_VALUES)
    rows = [
        ValueCount(one["value"], Amount(one["all"], one["bytes"]), Amount(one["free"], one["free bytes"]))
        for one in first.iter_rows(named=True)
    ]
    return tuple(rows), table.height - first.height
