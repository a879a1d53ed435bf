"""The texts of a run, with verdicts and signals: by reason, by id, by row, or all that is kept.

Read part by part and row group by row group, so memory holds what is returned and one row group (a few MB of text).
Cost: the verdicts of every part that is asked, and the text of the row groups in which something is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from curate import cuts, disk, judge
from curate.contracts import ID, TEXT, Documents, Part
from curate.errors import CurateError
from curate.registry import nearest

if TYPE_CHECKING:
    from curate.run import Run


def documents(run: Run, reason: str | None = None, *, id: str | None = None, limit: int | None = None) -> pl.DataFrame:
    """See `Run.documents`."""
    run.must_be_finished()
    condition = has_reason(run, reason, id)
    frames: list[pl.DataFrame] = []
    found = 0
    for part in run.parts:
        verdicts = disk.read_frame(run.verdicts_file(part), None)
        rows = verdicts.select(condition.arg_true()).to_series()
        if limit is not None:
            rows = rows.head(limit - found)
        if rows.len() == 0:
            continue
        frames.append(part_documents(run, part, rows))
        found += rows.len()
        if limit is not None and found >= limit:
            break
    return pl.concat(frames) if frames else pl.DataFrame()


def part_documents(run: Run, part: Part, rows: pl.Series) -> pl.DataFrame:
    """Documents of some rows (ascending, unique) of a part, with the columns of `Run.documents`."""
    verdicts = disk.read_frame(run.verdicts_file(part), None)[rows]
    text = pl.read_parquet(run.documents_file(part))[rows]
    signals = run.part_signals(part).drop("source")[rows]
    if cuts.cutting(run.pipeline.filters) or cuts.judged_last(run.pipeline.filters):
        signals = signals.with_columns(cuts.listed(cuts.of_rows(run.part_cuts(part), rows), len(rows)))
    return pl.concat([text, verdicts.drop(ID), signals], how="horizontal")


def has_reason(run: Run, reason: str | None, id: str | None = None) -> pl.Expr:
    """Whether a verdict is that of `reason`: a rule, `kept`, `dropped` or None for all. Raises: CurateError."""
    if reason not in (None, "kept", "dropped", *run.reasons()):
        raise CurateError(f"no reason is called {reason!r}{nearest(str(reason), ['kept', 'dropped', *run.reasons()])}")
    every = pl.col(judge.KEPT).is_not_null()
    by_reason = {None: every, "kept": pl.col(judge.KEPT), "dropped": ~pl.col(judge.KEPT)}
    condition = by_reason[reason] if reason in by_reason else pl.col(str(reason))
    return condition if id is None else condition & (pl.col(ID) == id)


def kept_documents(run: Run, part: Part, signals: bool = False) -> Iterator[Documents]:
    """See `Run.kept_documents`."""
    import pyarrow.parquet as pq

    kept = disk.read_frame(run.verdicts_file(part), [judge.KEPT]).to_series()
    extra = run.part_signals(part).drop("source") if signals else None
    file = pq.ParquetFile(run.documents_file(part))
    spans = run.part_cuts(part)
    start = 0
    for group in range(file.num_row_groups):
        frame = pl.DataFrame(pl.from_arrow(file.read_row_group(group)))
        stop = start + frame.height
        frame = frame.with_columns(cuts.taken_out(frame[TEXT], cuts.inside(spans, start, stop)))
        if extra is not None:
            frame = pl.concat([frame, extra[start:stop]], how="horizontal")
        yield Documents(frame.filter(kept[start:stop]))
        start = stop


def texts(run: Run, rows: pl.Series, cut: bool = False) -> pl.Series:
    """See `Run.texts`."""
    import pyarrow.parquet as pq

    frames = []
    first = 0
    for part, n_rows in zip(run.parts, run.rows(), strict=True):
        inside = rows.filter((rows >= first) & (rows < first + n_rows)) - first
        first += n_rows
        if inside.is_empty():
            continue
        file = pq.ParquetFile(run.documents_file(part))
        start = 0
        for group in range(file.num_row_groups):
            stop = start + file.metadata.row_group(group).num_rows
            wanted = inside.filter((inside >= start) & (inside < stop)) - start
            if not wanted.is_empty():
                # Taken by Arrow, which copies: what Polars gathers keeps all the text of the row group in memory.
                column = file.read_row_group(group, ["text"]).column("text").take(wanted.to_arrow())
                texts = pl.Series("text", column, pl.String)
                spans = cuts.of_rows(run.part_cuts(part), wanted + start) if cut else cuts.none()
                frames.append(cuts.taken_out(texts, spans))
            start = stop
    return pl.concat(frames) if frames else pl.Series("text", [], pl.String)
