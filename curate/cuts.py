"""Cuts: passages that filters find and the shards leave out; as tables, so that a decision reads no text.

A filter's cuts lie beside its signals, merged, a row each: `row` (of the part), `start` and `end` (bytes), `start_char`
and `end_char`. What several filters cut is merged when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.contracts import CUT_COLUMNS, CuttingFilter, Documents, Line, PassageFilter, Utf8
from curate.errors import CurateError

STORED = {**CUT_COLUMNS, "start_char": pl.Int64, "end_char": pl.Int64}
"""Columns of stored cuts."""

LISTED = "cuts"
"""Column of documents that are shown: lists of `start` and `end`, in characters."""

SIGNALS = {"cut_chars": pl.Int64, "chars_left": pl.Int64}
"""What rules see where a filter cuts: characters that all cuts together take, and those that they leave (without the
cuts that are judged last)."""


def cutting(filters: Iterable[Line[Any]]) -> list[Line[Any]]:
    """The filters whose spans are left out of the shards, and known before rules are judged."""
    return [
        line
        for line in filters
        if (isinstance(line.step, CuttingFilter) and line.step.cuts_text())
        or (isinstance(line.step, PassageFilter) and not line.step.judged_last)
    ]


def judged_last(filters: Iterable[Line[Any]]) -> list[Line[PassageFilter]]:
    """The filters whose spans are known only when duplicates are judged."""
    return [line for line in filters if isinstance(line.step, PassageFilter) and line.step.judged_last]


def none() -> pl.DataFrame:
    """No cut at all."""
    return pl.DataFrame(schema=STORED)


def merged(cuts: pl.DataFrame) -> pl.DataFrame:
    """Sort spans, join those that overlap or touch, leave out empty ones."""
    if cuts.is_empty():
        return cuts
    ordered = cuts.filter(pl.col("start") < pl.col("end")).sort("row", "start", "end")
    reach = pl.col("end").cum_max().over("row").shift(1)
    begins = (pl.col("row") != pl.col("row").shift(1)) | (pl.col("start") > reach)
    number = ordered.with_columns(begins.fill_null(True).cum_sum().alias("span"))
    firsts = [pl.col(name).first() for name in cuts.columns if name not in ("row", "end", "end_char")]
    lasts = [pl.col(name).max() for name in ("end", "end_char") if name in cuts.columns]
    joined = number.group_by("span", maintain_order=True).agg(pl.col("row").first(), *firsts, *lasts)
    return joined.select(cuts.columns)


def checked(cuts: pl.DataFrame, documents: Documents, where: str) -> pl.DataFrame:
    """Merge the spans of a batch, and say where they lie in characters. Raises: CurateError for impossible ones."""
    from curate.kernels.changes import count_chars

    if dict(cuts.schema) != CUT_COLUMNS:
        raise CurateError(f"{where}: cut {dict(cuts.schema)}, promised {CUT_COLUMNS}")
    data, offsets = documents.utf8
    row, start, end = (cuts[name].to_numpy() for name in CUT_COLUMNS)
    possible = (row >= 0) & (row < len(documents)) & (start >= 0) & (start <= end)
    if possible.all():
        first, stop = offsets[row] + start, offsets[row] + end
        possible &= stop <= offsets[row + 1]
    if possible.all():
        possible &= between_characters(data, first) & between_characters(data, stop)
    if not possible.all():
        raise CurateError(f"{where}: a cut lies outside its text, or inside a character")
    joined = merged(cuts)
    row, start, end = (joined[name].to_numpy() for name in CUT_COLUMNS)
    start_char, end_char = np.empty(len(joined), np.int64), np.empty(len(joined), np.int64)
    count_chars(data, offsets, row, start, end, start_char, end_char)
    return joined.with_columns(pl.Series("start_char", start_char), pl.Series("end_char", end_char))


def between_characters(data: npt.NDArray[np.uint8], places: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    inside = places < len(data)
    between = np.ones(len(places), np.bool_)
    between[inside] = (data[places[inside]] & 0xC0) != 0x80
    return between


def signals(cuts: pl.DataFrame, chars: pl.Series) -> pl.DataFrame:
    """The columns `SIGNALS` of texts that have `chars` characters; `cuts` are merged."""
    width = (cuts["end_char"] - cuts["start_char"]).to_numpy()
    taken = np.bincount(cuts["row"].to_numpy(), width, minlength=len(chars))
    cut = pl.Series("cut_chars", taken).cast(pl.Int64)
    return pl.DataFrame([cut, (chars.cast(pl.Int64) - cut).alias("chars_left")])


def taken_out(text: pl.Series, cuts: pl.DataFrame) -> pl.Series:
    """Texts without their cuts; `cuts` are merged, `row` is a position in `text`."""
    if cuts.is_empty():
        return text
    from curate.kernels.changes import leave_out

    # Only the texts that lose something are copied.
    rows = cuts["row"].unique().sort()
    data, offsets = Utf8.of(text[rows])
    row, start, end = (of_rows(cuts, rows)[name].to_numpy() for name in CUT_COLUMNS)
    left, left_offsets = np.empty(int(offsets[-1] - offsets[0]), np.uint8), np.empty(len(offsets), np.int64)
    leave_out(data, offsets, row, start, end, left, left_offsets)
    return text.scatter(rows, Utf8(left, left_offsets).series())


def inside(cuts: pl.DataFrame, start: int, stop: int) -> pl.DataFrame:
    """The cuts of rows `start` to `stop`, numbered from `start`."""
    return cuts.filter(pl.col("row").is_between(start, stop - 1)).with_columns(pl.col("row") - start)


def of_rows(cuts: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """The cuts of some rows (sorted, unique), numbered by their position in `rows`."""
    chosen = cuts.filter(pl.col("row").is_in(rows.implode()))
    return chosen.with_columns(rows.search_sorted(chosen["row"]).cast(pl.Int64).alias("row"))


def listed(cuts: pl.DataFrame, n_rows: int) -> pl.Series:
    """The column `LISTED` of rows."""
    span = pl.struct(start="start_char", end="end_char")
    lists = pl.DataFrame({"row": range(n_rows)}, schema={"row": pl.Int64}).join(
        cuts.group_by("row").agg(cuts=span), on="row", how="left", maintain_order="left"
    )
    return lists.select(
        pl.col("cuts").fill_null(pl.lit([], pl.List(pl.Struct({"start": pl.Int64, "end": pl.Int64}))))
    ).to_series()


def together(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Merge the cuts of several filters."""
    return merged(pl.concat([none(), *frames]))
