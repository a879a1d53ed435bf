"""A cluster of a run, from any of its documents, whatever filters have joined it.

Verdicts number the clusters of each filter that compares documents. An exact copy of a page that is a near duplicate of
a third one is in two of them, and all three are one cluster here. Only the columns of those numbers are read, part by
part, once for each link of such a chain; the rest of the verdicts is read for the members alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from curate import disk, index, judge
from curate.contracts import ID, CorpusFilter, Line
from curate.errors import CurateError

if TYPE_CHECKING:
    from curate.run import Run

RUN, ROW, JOINED_BY, SIMILARITY, SIZE = "run", "row", "joined_by", "similarity", "text_bytes"
DESCRIBED: dict[str, Any] = {
    ID: pl.String, RUN: pl.String, ROW: pl.Int64, judge.KEPT: pl.Boolean, JOINED_BY: pl.String,
    judge.DUPLICATE_OF: pl.String, judge.DUPLICATE_RUN: pl.String, SIMILARITY: pl.Float64, SIZE: pl.Int64,
}  # fmt: skip
"""Columns of a cluster; `Run.cluster` says what they mean."""


def cluster(run: Run, id: str) -> pl.DataFrame:
    """The documents of a cluster, the survivor first; see `Run.cluster`."""
    run.must_be_finished()
    lines = run.plan.corpus_filters
    if not lines:
        raise CurateError(f"{run.folder}: no filter of this run compares documents (exact_duplicates, near_duplicates)")
    same = (pl.col(ID) == id) | (pl.col(judge.DUPLICATE_OF) == id)
    found = _rows(run, [ID, judge.DUPLICATE_OF], same)
    if found.is_empty():
        raise CurateError(f"{run.folder}: no document has the id {id!r}; `curate show {run.folder}` prints some")
    rows = _connected(run, lines, found)
    return _ordered(pl.concat([_described(run, rows), _earlier(run, rows)], how="diagonal"), run, lines)


def preferred(lines: Sequence[Line[CorpusFilter]], types: dict[str, Any]) -> list[str]:
    """The signals by which filters choose a survivor."""
    orders = (judge.order_of(line.step.prefer, types, line.where) for line in lines)
    return list(dict.fromkeys(name for order in orders for name, _ in order))


def likeness(lines: Sequence[Line[CorpusFilter]]) -> pl.Expr:
    """What documents are ordered by where the least alike come first: their similarity with the survivor; 0 where it is
    not known because others have joined the two; 1 where a filter tells equal ones only."""
    compares = [line.label for line in lines if line.step.least_similarity() is not None]
    through_others = pl.when(pl.col(JOINED_BY).is_in(compares)).then(0.0)
    return pl.coalesce(pl.col(SIMILARITY), through_others, pl.lit(1.0))


def texts(run: Run, members: pl.DataFrame) -> list[str | None]:
    """The texts of some documents of a cluster; None: the earlier run that holds it is not there any more."""
    rows = members[ROW].drop_nulls().unique().sort()
    own = dict(zip(rows, run.texts(rows), strict=True))
    return [
        own[row] if row is not None else earlier_text(run, place, id)
        for row, place, id in members.select(ROW, RUN, ID).iter_rows()
    ]


def earlier_text(run: Run, place: str, id: str) -> str | None:
    """The text of a document of an earlier run, out of that or of an index; None where neither is there any more."""
    try:
        found = run.open(place).documents(id=id, limit=1)
    except CurateError:
        indexes = {Path(one) for line in run.plan.corpus_filters for one in line.step.against}
        texts = (index.text_of(one, place, id) for one in sorted(indexes))
        return next((text for text in texts if text is not None), None)
    return None if found.is_empty() else str(found["text"][0])


def _rows(run: Run, columns: Sequence[str], condition: pl.Expr) -> pl.Series:
    """Rows, over all parts, for whose verdicts a condition holds."""
    found, first = [pl.Series(ROW, [], pl.Int64)], 0
    for part in run.parts:
        verdicts = disk.read_frame(run.verdicts_file(part), list(columns))
        found.append(verdicts.select(condition.arg_true().cast(pl.Int64).alias(ROW)).to_series() + first)
        first += verdicts.height
    return pl.concat(found)


def _connected(run: Run, lines: Sequence[Line[CorpusFilter]], rows: pl.Series) -> pl.Series:
    """Rows, and all that share a cluster of any filter with them or with one another, sorted."""
    columns = [f"{line.label}_cluster" for line in lines]
    known: dict[str, list[int]] = {}
    while True:
        verdicts = _verdicts(run, rows, columns)
        numbers = {name: verdicts[name].drop_nulls().unique().sort().to_list() for name in columns}
        if numbers == known:
            return rows
        known = numbers
        same = pl.any_horizontal(pl.col(name).is_in(numbers[name]).fill_null(False) for name in columns)
        rows = pl.concat([rows, _rows(run, columns, same)]).unique().sort()


def _verdicts(run: Run, rows: pl.Series, columns: Sequence[str], signals: Sequence[str] = ()) -> pl.DataFrame:
    """Columns of the verdicts, and signals, of some rows (sorted)."""
    found, first = [], 0
    for part, n_rows in zip(run.parts, run.rows(), strict=True):
        inside = rows.filter(rows.is_between(first, first + n_rows, closed="left")) - first
        first += n_rows
        if inside.is_empty():
            continue
        frame = disk.read_frame(run.verdicts_file(part), list(columns))[inside]
        if signals:
            frame = frame.hstack(run.part_signals(part, set(signals))[inside])
        found.append(frame)
    return pl.concat(found)


def _described(run: Run, rows: pl.Series) -> pl.DataFrame:
    """The columns of `DESCRIBED`, and the signals that filters prefer, of rows (sorted) of the run."""
    lines = run.plan.corpus_filters
    signals = list(dict.fromkeys([SIZE, *preferred(lines, run.signal_types())]))
    own = [reason for line in lines for reason in _reasons(line)]
    more = [name for line in lines for name in judge.cluster_columns(line)]
    survivor = [judge.DUPLICATE_OF, *([judge.DUPLICATE_RUN] if any(line.step.against for line in lines) else [])]
    verdicts = _verdicts(run, rows, [ID, judge.KEPT, *own, *survivor, *more], signals)
    similar = [name for name in more if name.endswith("_similarity")]
    columns = {JOINED_BY: _joined_by(lines), SIMILARITY: pl.coalesce(*similar, pl.lit(None, pl.Float64))}
    described = verdicts.with_columns(rows.alias(ROW), **columns)
    missing = [pl.lit(None, kind).alias(name) for name, kind in DESCRIBED.items() if name not in described.columns]
    return described.with_columns(missing).select(*DESCRIBED, *(name for name in signals if name not in DESCRIBED))


def _reasons(line: Line[CorpusFilter]) -> list[str]:
    return [f"{line.label}.{rule}" for rule in judge.merged(line.step)]


def _joined_by(lines: Sequence[Line[CorpusFilter]]) -> pl.Expr:
    """The filter that dropped a document, else the first that found it in a cluster."""
    drops = [
        pl.when(pl.any_horizontal(reasons)).then(pl.lit(line.label)) for line in lines if (reasons := _reasons(line))
    ]
    finds = [pl.when(pl.col(f"{line.label}_cluster").is_not_null()).then(pl.lit(line.label)) for line in lines]
    return pl.coalesce(*drops, *finds)


def _earlier(run: Run, rows: pl.Series) -> pl.DataFrame:
    """Documents of earlier runs that stand for some of these."""
    if not any(line.step.against for line in run.plan.corpus_filters):
        return pl.DataFrame(schema=DESCRIBED)
    pairs = _verdicts(run, rows, [judge.DUPLICATE_OF, judge.DUPLICATE_RUN]).drop_nulls().unique().sort(pl.all())
    return pairs.select(
        pl.col(judge.DUPLICATE_OF).alias(ID), pl.col(judge.DUPLICATE_RUN).alias(RUN), pl.lit(True).alias(judge.KEPT)
    )


def _ordered(members: pl.DataFrame, run: Run, lines: Sequence[Line[CorpusFilter]]) -> pl.DataFrame:
    """The survivor, then what else is kept, then the dropped ones, the least alike first."""
    joined = set(members[JOINED_BY])
    last = next((line for line in reversed(lines) if line.label in joined), lines[-1])
    order = judge.order_of(last.step.prefer, run.signal_types(), last.where)
    first = members.sort(
        pl.col(RUN).is_null(), ~pl.col(judge.KEPT), *(name for name, _ in order), ID, ROW,
        descending=[False, False, *(down for _, down in order), False, False], nulls_last=True,
    )  # fmt: skip
    rest = first[1:].sort(pl.col(RUN).is_null(), ~pl.col(judge.KEPT), likeness(lines), ROW, nulls_last=True)
    return pl.concat([first[:1], rest])
