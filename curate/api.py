"""Filters on a data frame, for notebooks: everything in this process, nothing on disk, no `__main__` guard needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from curate import clusters, cuts, grouping, judge, registry, units
from curate.contracts import ID, SOURCE, TEXT, CorpusFilter, CuttingFilter, Documents, Filter, Line, PassageFilter
from curate.errors import PipelineError
from curate.pipeline import make_step
from curate.verdicts import Verdicts

BATCH_ROWS = 4_000
"""Documents measured at a time."""


def apply(filters: Sequence[Filter | str | Mapping[str, Any]], frame: Any, text: str = "text") -> pl.DataFrame:
    """Measure and judge the texts of a frame; returns it with signals, rules, `kept` and `reasons` as further columns.

    `filters`: filters, names (`"length"`), or names with parameters as in a pipeline (`{"length": {"drop": …}}`).
    `frame`: a Polars or pandas data frame, a `datasets.Dataset`, or a list of strings; `text` names its text column.
    A null text is dropped under the reason `unreadable`. Where a filter cuts, `cuts` lists what the shards of a run
    would leave out (`start`, `end` in characters). Raises: PipelineError.
    """
    return _explained(filters, frame, text)[0].frame


def explain(filters: Sequence[Filter | str | Mapping[str, Any]], frame: Any, text: str = "text") -> Verdicts:
    """Measure and judge the texts of a frame, as `apply` does, for a value that says why: `explain(…).why(7)`.

    Its frame is that of `apply` and, of copies that were dropped, `duplicate_of`: the id of the document that survives,
    or `row 7` where the frame has no column `id`. Raises: PipelineError.
    """
    found, copies = _explained(filters, frame, text)
    clash = [name for name in copies.columns if name in found.frame.columns]
    return replace(found, frame=found.frame.hstack(copies.drop(clash)))


def _explained(
    filters: Sequence[Filter | str | Mapping[str, Any]], frame: Any, text: str
) -> tuple[Verdicts, pl.DataFrame]:
    """What was decided, and of what the dropped copies are copies."""
    if isinstance(filters, (Filter, str, Mapping)):
        raise PipelineError(f"filters: expected a list of filters, not {filters!r:.80}")
    lines = [_line(one, f"filters[{number}]") for number, one in enumerate(filters)]
    judge.check(lines, judge.DOCUMENT_SIGNALS | (cuts.SIGNALS if cuts.cutting(lines) else {}))
    table = _frame(frame, text)
    _check_steps(lines, table[text])
    readable = table[text].is_not_null()
    documents = _documents(table.filter(readable)[text], _fields(lines, table.filter(readable)))
    found = _measured(lines, documents)
    judged = _judged(lines, documents, found)
    own = found.signals.drop(SOURCE, "text_bytes")
    if cuts.cutting(lines) or cuts.judged_last(lines):
        own = own.with_columns(cuts.listed(judged.spans, own.height))
    clash = [name for name in (*own.columns, *judged.verdicts.columns) if name in table.columns]
    if clash:
        raise PipelineError(f"frame: it has a column {clash[0]!r} already; rename that one")
    joined = _joined(table, readable, pl.concat([own, judged.verdicts], how="horizontal"))
    return Verdicts(joined, tuple(lines), dict(found.signals.schema), text), _copies(table, readable, judged.copies)


def _copies(table: pl.DataFrame, readable: pl.Series, copies: pl.DataFrame) -> pl.DataFrame:
    """`judge.DUPLICATE_OF` and similarities of the caller's rows, documents by their names in the caller's frame."""
    ids = table[ID] if ID in table.columns else "row " + pl.int_range(table.height, eager=True).cast(pl.String)
    names = ids.cast(pl.String).filter(readable).gather(copies[judge.DUPLICATE_OF])
    rows = pl.select(pl.when(readable).then(readable.cum_sum().cast(pl.Int64) - 1)).to_series()
    return copies.with_columns(names.alias(judge.DUPLICATE_OF)).select(pl.all().gather(rows))


def _line(one: Filter | str | Mapping[str, Any], where: str) -> Line[Filter]:
    if isinstance(one, Filter):
        return Line(one.label(registry.name_of("filters", type(one))), where, one)
    name, parameters = (one, {}) if isinstance(one, str) else next(iter(one.items()))
    step = make_step(registry.find("filters", name, where), parameters or {}, f"{where}.{name}", [Path.cwd()])
    assert isinstance(step, Filter)
    return Line(step.label(registry.label_of(name)), f"{where}.{name}", step)


def _check_steps(lines: Sequence[Line[Filter]], texts: pl.Series) -> None:
    """Ask every filter whether it can run, and on such text. Raises: PipelineError with the place."""
    for line in lines:
        try:
            line.step.check()
            if isinstance(line.step, CorpusFilter) and line.step.against:
                raise PipelineError("`against` compares the documents of a run; run a pipeline, or leave it out")
            if line.step.checks_text():
                line.step.check_text(_documents(texts.drop_nulls().head(100)))
        except PipelineError as error:
            raise PipelineError(f"{line.where}: {error}") from error


def _frame(frame: Any, text: str) -> pl.DataFrame:
    if isinstance(frame, pl.DataFrame):
        table = frame
    elif isinstance(frame, (list, tuple)):
        odd = next((type(one).__name__ for one in frame if not isinstance(one, (str, type(None)))), None)
        if odd:
            raise PipelineError(f"frame: expected a list of strings, and {odd} is in it")
        table = pl.DataFrame({text: list(frame)}, schema={text: pl.String})
    elif hasattr(frame, "with_format") and hasattr(frame, "data"):  # datasets.Dataset
        table = _polars(frame.with_format("arrow")[:])
    elif hasattr(frame, "to_records"):  # pandas.DataFrame
        table = _polars(frame)
    else:
        raise PipelineError(
            f"frame: expected a Polars or pandas frame, a datasets.Dataset or a list of strings, not {type(frame)}"
        )
    if text not in table.columns:
        raise PipelineError(f"frame: no column {text!r}{registry.nearest(text, table.columns)}")
    if table.schema[text] != pl.String:
        raise PipelineError(f"frame: column {text!r} holds {table.schema[text]}, not text")
    return table


def _polars(frame: Any) -> pl.DataFrame:
    table = pl.from_pandas(frame) if hasattr(frame, "to_records") else pl.from_arrow(frame)
    assert isinstance(table, pl.DataFrame)
    return table


def _documents(texts: pl.Series, fields: Sequence[pl.Series] = ()) -> Documents:
    ids = pl.int_range(len(texts), eager=True).cast(pl.String).str.zfill(12)
    return Documents(pl.DataFrame({ID: ids, TEXT: texts}).with_columns(pl.lit("frame").alias(SOURCE), *fields))


def _fields(lines: Sequence[Line[Filter]], table: pl.DataFrame) -> list[pl.Series]:
    """Columns that filters look at beside the text."""
    names = {name: line for line in lines for name in line.step.needs_fields()}
    for name, line in names.items():
        if name not in table.columns:
            raise PipelineError(
                f"{line.where}: the frame has no column {name!r}{registry.nearest(name, table.columns)}"
            )
    return [table[name].cast(pl.String) for name in names]


class _Found(NamedTuple):
    signals: pl.DataFrame
    """Of all filters, under their flat names."""
    groups: dict[str, pl.DataFrame]
    """Groups of the corpus filters."""
    units: dict[str, tuple[units.Stored, pl.DataFrame]]
    """Units of the filters of passages, and which of them are repeated (`units.MARKS`)."""
    spans: pl.DataFrame
    """What is cut before rules are judged."""


def _measured(lines: Sequence[Line[Filter]], documents: Documents) -> _Found:
    frames = [documents.frame.select(SOURCE, pl.col(TEXT).str.len_bytes().cast(pl.Int64).alias("text_bytes"))]
    groups: dict[str, pl.DataFrame] = {}
    passages: dict[str, tuple[units.Stored, pl.DataFrame]] = {}
    spans: list[pl.DataFrame] = []
    for line in lines:
        if isinstance(line.step, PassageFilter):
            passages[line.label] = stored, marks = _units(line, documents)
            signal, cut = units.found_in(line.step, stored.segments, marks, len(documents))
            frames.append(signal.rename({name: judge.column(line.label, line.step, name) for name in signal.columns}))
            spans += [] if line.step.judged_last else [cut]
            continue
        batches = []
        for start in range(0, max(len(documents), 1), BATCH_ROWS):
            batch = Documents(documents.frame[start : start + BATCH_ROWS])
            if isinstance(line.step, CuttingFilter) and line.step.cuts_text():
                measured, found = line.step.measure_and_cut(batch)
                spans.append(cuts.checked(found, batch, line.where).with_columns(pl.col("row") + start))
            else:
                measured = line.step.measure(batch)
            batches.append(measured)
        measured = pl.concat(batches)
        flat = {name: judge.column(line.label, line.step, name) for name in line.step.signal_types()}
        frames.append(measured.select(list(flat)).rename(flat))
        if isinstance(line.step, CorpusFilter):
            groups[line.label] = grouping.compared(line.step, measured, documents.utf8)
    together = cuts.together(spans)
    if cuts.cutting(lines):
        frames.append(cuts.signals(together, documents.frame[TEXT].str.len_chars()))
    return _Found(pl.concat(frames, how="horizontal"), groups, passages, together)


def _units(line: Line[Any], documents: Documents) -> tuple[units.Stored, pl.DataFrame]:
    batches = (Documents(frame) for frame in documents.frame.iter_slices(BATCH_ROWS))
    found = [units.found(line.step, one, line.where) for one in batches]
    stored = units.Stored.together(found)
    return stored, units.compared(line.step, stored)


class _Judged(NamedTuple):
    verdicts: pl.DataFrame
    spans: pl.DataFrame
    """All that is cut."""
    copies: pl.DataFrame
    """`judge.DUPLICATE_OF`: the row that stands for a dropped copy, and the filters' similarities with it."""


def _judged(lines: Sequence[Line[Filter]], documents: Documents, found: _Found) -> _Judged:
    signals = found.signals
    rules = judge.compile_rules(lines, signals.schema)
    broken = {rule.reason: signals.select(rule.expression).to_series() for rule in rules}
    kept = pl.Series([True] * len(documents), dtype=pl.Boolean)
    copies = {judge.DUPLICATE_OF: pl.repeat(None, len(documents), dtype=pl.Int64, eager=True)}
    for column in broken.values():
        kept = kept & ~column
    for line in lines:
        if isinstance(line.step, CorpusFilter):
            members = _repeats(line, documents, signals, found.groups[line.label], kept)
            for rule in judge.merged(line.step):
                rows = members.filter(pl.col("reason") == rule)["row"]
                broken[f"{line.label}.{rule}"] = pl.repeat(False, len(kept), eager=True).scatter(rows, True)
                kept = kept.scatter(rows, False)
            copies |= _survivors(line, members, found.groups[line.label], copies[judge.DUPLICATE_OF])
    spans = found.spans
    for last in cuts.judged_last(lines):
        cut, dropped = _own(last, documents, *found.units[last.label], kept, spans)
        kept, spans = kept & ~dropped, cuts.together([spans, cut])
        if last.step.last_rule in judge.merged(last.step):
            broken[f"{last.label}.{last.step.last_rule}"] = dropped
    return _Judged(pl.DataFrame({judge.KEPT: kept, **broken}), spans, pl.DataFrame(copies))


def _survivors(line: Line[Any], members: pl.DataFrame, groups: pl.DataFrame, before: pl.Series) -> dict[str, pl.Series]:
    """Columns of `_Judged.copies`, with what one filter dropped put in."""
    members = members.with_columns(clusters.similarities([groups] if "similarity" in groups.columns else [], members))
    dropped = members.filter(pl.col("reason").is_not_null())
    rows, survivors = dropped["row"].cast(pl.Int64), dropped["survivor"].cast(pl.Int64)
    # A survivor that a later filter drops hands on what it stands for.
    found = {judge.DUPLICATE_OF: before.replace(rows, survivors).scatter(rows, survivors)}
    if line.step.least_similarity() is not None:
        name = f"{line.label}_similarity"
        empty = pl.repeat(None, len(before), dtype=pl.Float64, eager=True).alias(name)
        found[name] = empty.scatter(rows, dropped["similarity"])
    return found


def _own(
    line: Line[PassageFilter],
    documents: Documents,
    stored: units.Stored,
    marks: pl.DataFrame,
    kept: pl.Series,
    spans: pl.DataFrame,
) -> tuple[pl.DataFrame, pl.Series]:
    """What a filter that is judged last cuts, and whom it drops."""
    left = cuts.signals(spans, documents.frame[TEXT].str.len_chars())["chars_left"]
    owners = np.zeros(marks.height // 8 + 1, np.uint8)
    least = line.step.least_left() if line.step.last_rule in judge.merged(line.step) else None
    covered, dropped = units.owned(
        stored.segments, marks, kept.to_numpy(), left, spans, least_left=least, owners=owners
    )
    return units.spans(stored.segments, covered), pl.Series(dropped)


def _repeats(
    line: Line[Any], documents: Documents, signals: pl.DataFrame, groups: pl.DataFrame, kept: pl.Series
) -> pl.DataFrame:
    """Documents in clusters, and the rules that they break: `clusters.MEMBERS`."""
    order = judge.order_of(line.step.prefer, signals.schema, line.where)
    cluster = pl.Series("cluster", clusters.connected([groups], kept.to_numpy()))
    rows = pl.int_range(len(documents), dtype=pl.Int64, eager=True).alias("row")
    members = pl.DataFrame([rows, cluster, documents.frame[ID], *(signals[name] for name, _ in order)])
    shared = members.with_columns(earlier=0).filter(kept & (pl.len().over("cluster") > 1))
    return clusters.survivors(shared, order, line.step.keep_clusters, judge.merged(line.step))


def _joined(table: pl.DataFrame, readable: pl.Series, judged: pl.DataFrame) -> pl.DataFrame:
    """The caller's rows with what was found; rows without text are dropped as `unreadable`."""
    rows = pl.when(readable).then(readable.cum_sum().cast(pl.Int64) - 1).otherwise(None)
    place = table.select(rows.alias("row")).to_series()
    aligned = judged[place.fill_null(0)] if judged.height else judged.clear(table.height)
    unreadable = ~readable
    aligned = aligned.with_columns(
        pl.when(unreadable).then(None).otherwise(pl.col(name)).alias(name)
        for name in aligned.columns
        if name != judge.KEPT
    ).with_columns((pl.col(judge.KEPT).fill_null(False) & readable).alias(judge.KEPT))
    reasons = [name for name in judged.columns[judged.columns.index(judge.KEPT) + 1 :]]
    listed = pl.concat_list(
        [pl.when(pl.col(name)).then(pl.lit(name)) for name in reasons]
        + [pl.when(unreadable).then(pl.lit("unreadable"))]
    ).list.drop_nulls()
    return pl.concat([table, aligned.with_columns(listed.alias("reasons"))], how="horizontal")
