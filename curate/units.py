"""Units of passages as tables: what is stored of them, which are repeated, what is cut.

Of each part lie on disk its segments (where they are, in bytes and characters, and how many segments the unit has that
starts there), the keys of its units (`hash`, `segment`: 12 bytes each, sorted by hash, uncompressed, so that any range
of hashes is read as it lies), and its rows (`first_segment`; `source`, a hash, where units are counted by source).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from curate import cuts
from curate.contracts import SEGMENT_COLUMNS, Documents, PassageFilter, Utf8
from curate.errors import CurateError

CHARS = ("start_char", "text_end_char", "end_char")
SEGMENTS = {
    **{name: kind for name, kind in SEGMENT_COLUMNS.items() if name != "hash"},
    **dict.fromkeys(CHARS, pl.Int64),
}
"""Columns of stored segments."""
KEYS = {"hash": pl.UInt64, "segment": pl.UInt32}
"""Columns of stored keys, sorted by both: a unit, and the segment of the part that it starts with."""
DOCUMENTS = dict.fromkeys(["source", "longest", "second"], pl.UInt64)
"""What units are counted by: the hash of where a document comes from (null: nowhere), and, where copies count once, of
its two longest segments (0: it has none)."""
ROWS = {"first_segment": pl.UInt32, **DOCUMENTS}
"""Columns of stored rows, one for each document."""
PLACED = {"hash": pl.UInt64, "segment": pl.Int64, "body": pl.UInt64, "source": pl.UInt64}
"""A unit, and what tells its document from others: its number, or the longest segment that it has beside the unit."""
MARKS = {"segment": pl.Int64, "group": pl.Int64}
"""A unit that is repeated: its first segment, and the number of the group of equal ones."""

Booleans = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


class Stored(NamedTuple):
    """What is kept of a batch of documents, or of a part."""

    segments: pl.DataFrame
    """`SEGMENTS`"""
    hashes: pl.Series
    """UInt64, one for each segment; it means nothing where the `unit` is 0."""
    documents: pl.DataFrame
    """`DOCUMENTS`"""

    @classmethod
    def together(cls, batches: Sequence[Stored]) -> Stored:
        """Batches of a part, their rows numbered through."""
        first, segments = 0, [pl.DataFrame(schema=SEGMENTS)]
        for batch in batches:
            segments.append(batch.segments.with_columns(pl.col("row") + first))
            first += batch.documents.height
        hashes = [pl.Series("hash", [], pl.UInt64), *(batch.hashes for batch in batches)]
        documents = [pl.DataFrame(schema=DOCUMENTS), *(batch.documents for batch in batches)]
        return cls(pl.concat(segments), pl.concat(hashes), pl.concat(documents))

    def keys(self) -> pl.DataFrame:
        """`KEYS`"""
        units = (self.segments["unit"] > 0).arg_true()
        return pl.DataFrame([self.hashes.gather(units), units.cast(pl.UInt32)], schema=KEYS).sort("hash", "segment")

    def rows(self) -> pl.DataFrame:
        """`ROWS`"""
        first = np.searchsorted(self.segments["row"].to_numpy(), np.arange(self.documents.height))
        return self.documents.select(pl.Series("first_segment", first, pl.UInt32), *DOCUMENTS)


def found(step: PassageFilter, documents: Documents, where: str) -> Stored:
    """Divide a batch, hold the filter to its promise, and say where segments lie in characters. Raises: CurateError."""
    from curate.kernels.units import chars_at

    segments, sources = step.segments(documents), step.sources(documents)
    if dict(segments.schema) != SEGMENT_COLUMNS:
        raise CurateError(f"{where}: gave segments {dict(segments.schema)}, promised {SEGMENT_COLUMNS}")
    if sources is not None and len(sources) != len(documents):
        raise CurateError(f"{where}: gave {len(sources)} sources of {len(documents)} documents")
    row, start, text_end, end = (segments[name].to_numpy() for name in list(SEGMENT_COLUMNS)[:4])
    if not _in_order(row, (start, text_end, end), documents.utf8):
        raise CurateError(f"{where}: a segment lies outside its text, inside a character, or before the one before it")
    chars = chars_at(*documents.utf8, row, start, text_end, end)
    placed = segments.with_columns(pl.Series(name, column) for name, column in zip(CHARS, chars, strict=True))
    told = [_hashed(sources, len(documents)), *_longest(step, segments, len(documents))]
    return Stored(placed.select(list(SEGMENTS)), segments["hash"], pl.DataFrame(told, schema=DOCUMENTS))


_LENGTHS = (("gap", 1), ("text", 3), ("tail", 1))
"""White space before a segment, its text, white space behind: lengths that these are stored by, each in characters and
in the bytes that it has beyond so many a character. Most are 0 or small: 2.5 bytes a segment, where places take 9."""


def packed(segments: pl.DataFrame) -> pl.DataFrame:
    """`SEGMENTS` as they are stored."""
    before = segments.select(pl.when(pl.col("row") == pl.col("row").shift()).then(pl.col("end", "end_char").shift()))
    places = [before["end"].fill_null(0), *(segments[name] for name in ("start", "text_end", "end"))]
    chars = [before["end_char"].fill_null(0), *(segments[name] for name in CHARS)]
    columns = [segments["row"], segments["ends_line"], segments["unit"]]
    for number, (name, width) in enumerate(_LENGTHS):
        length = chars[number + 1] - chars[number]
        more = places[number + 1] - places[number] - width * length
        columns += [length.alias(f"{name}_chars"), more.alias(f"{name}_more_bytes")]
    return pl.DataFrame(columns)


def unpacked(stored: pl.DataFrame) -> pl.DataFrame:
    """What `packed` was given."""
    chars = [stored[f"{name}_chars"].to_numpy() for name, _ in _LENGTHS]
    widths = [width for _, width in _LENGTHS]
    more = [stored[f"{name}_more_bytes"].to_numpy() for name, _ in _LENGTHS]
    lengths = [width * length + rest for width, length, rest in zip(widths, chars, more, strict=True)]
    row = stored["row"].to_numpy()
    places, char_places = _places(row, lengths), _places(row, chars)
    columns = dict(zip(("start", "text_end", "end", *CHARS), (*places, *char_places), strict=True))
    lengthless = stored.select("row", "ends_line", "unit")
    return lengthless.with_columns(pl.Series(name, column) for name, column in columns.items()).select(list(SEGMENTS))


def _places(row: Integers, lengths: list[Integers]) -> list[Integers]:
    """Where each gap, text and tail ends in its document."""
    whole = lengths[0] + lengths[1] + lengths[2]
    end = np.cumsum(whole)
    first = np.diff(row, prepend=-1) != 0
    before = np.maximum.accumulate(np.where(first, end - whole, 0)) if len(row) else end
    end = end - before
    return [end - lengths[2] - lengths[1], end - lengths[2], end]


def _in_order(row: Integers, places: tuple[Integers, Integers, Integers], text: Utf8) -> bool:
    start, text_end, end = places
    if len(row) == 0:
        return True
    if row.min() < 0 or row.max() >= len(text.offsets) - 1 or start.min() < 0:
        return False
    first = text.offsets[row]
    fits = (start <= text_end) & (text_end <= end) & (first + end <= text.offsets[row + 1])
    follows = (row[1:] > row[:-1]) | ((row[1:] == row[:-1]) & (start[1:] >= end[:-1]))
    if not (fits.all() and follows.all()):
        return False
    return all(bool(cuts.between_characters(text.data, first + place).all()) for place in places)


def _hashed(sources: pl.Series | None, n: int) -> pl.Series:
    from curate.kernels.hashing import hash64

    if sources is None:
        return pl.repeat(None, n, dtype=pl.UInt64, eager=True).alias("source")
    hashes = pl.Series("source", hash64(0, *Utf8.of(sources.fill_null(""))), pl.UInt64)
    return hashes.to_frame().select(pl.when(sources.is_not_null()).then("source")).to_series()


def _longest(step: PassageFilter, segments: pl.DataFrame, n: int) -> list[pl.Series]:
    """Hashes of the two longest segments of each document."""
    from curate.kernels.units import two_longest

    if not step.copies_count_once:
        return [pl.repeat(None, n, dtype=pl.UInt64, eager=True)] * 2
    length = (segments["text_end"] - segments["start"]).to_numpy()
    return [
        pl.Series(column) for column in two_longest(segments["row"].to_numpy(), length, segments["hash"].to_numpy(), n)
    ]


def placed(keys: pl.DataFrame, rows: pl.DataFrame, first_row: int = 0) -> pl.DataFrame:
    """`PLACED` of some keys of a part with these `ROWS`, which are numbered from `first_row`."""
    row = np.searchsorted(rows["first_segment"].to_numpy(), keys["segment"].to_numpy(), "right") - 1
    told = rows.select(list(DOCUMENTS))[row]
    other = pl.when(pl.col("hash") == pl.col("longest")).then("second").otherwise("longest")
    body = pl.when(pl.col("longest").is_null()).then(pl.Series(row).cast(pl.UInt64) + first_row).otherwise(other)
    every = keys.hstack(told).with_columns(pl.col("segment").cast(pl.Int64), body=body)
    return every.select(list(PLACED))


def repeated(units: pl.DataFrame, totals: pl.DataFrame, rule: pl.Expr) -> pl.DataFrame:
    """Mark the units that `rule` calls repeated: `MARKS`, groups numbered from 0 in the order of their hashes.

    `units`: `PLACED`, sorted by hash, then segment, which are numbered over all parts. `totals`: `source`, and how many
    documents it has, `of_source`.
    """
    found = units.with_columns(first=_first_of(units, "body"))
    documents = pl.col("first").sum().over("hash").cast(pl.Int64)
    found = found.with_columns(documents=documents).filter(pl.col("documents") > 1)
    found = found.with_columns(first=_first_of(found, "body", "source"))
    in_source = pl.col("first").sum().over("hash", "source").cast(pl.Int64)
    found = found.with_columns(in_source=pl.when(pl.col("source").is_not_null()).then(in_source))
    marked = found.join(totals, on="source", how="left", maintain_order="left").filter(rule)
    return marked.select("segment", group=pl.col("hash").rle_id().cast(pl.Int64))


def _first_of(units: pl.DataFrame, *columns: str) -> pl.Series:
    """Whether a row is the first of its hash and these columns."""
    # One mixed number for all: Polars finds repeated numbers ten times as fast as repeated rows.
    key = pl.col("hash").hash(0)  # mixed at first: the body of a line may be the line of which this is the body
    for column in columns:
        key = (key ^ pl.col(column).fill_null(0)).hash(0)
    return units.select(key.is_first_distinct()).to_series()


def compared(step: PassageFilter, found: Stored) -> pl.DataFrame:
    """Compare documents that are in memory: `MARKS`, sorted by segment."""
    sources = found.documents.select("source").drop_nulls()
    totals = sources.group_by("source").agg(of_source=pl.len().cast(pl.Int64))
    return repeated(placed(found.keys(), found.rows()), totals, step.repeated()).sort("segment")


def covered(segments: pl.DataFrame, first: Integers) -> Booleans:
    """Which segments belong to the units that start with the segments `first`: `bool[n_segments]`."""
    from curate.kernels.units import cover

    found = np.zeros(segments.height, np.bool_)
    cover(first, segments["unit"].to_numpy()[first], found)
    return found


def found_in(
    step: PassageFilter, segments: pl.DataFrame, marks: pl.DataFrame, n_rows: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The signal of a part's documents, and what is cut of them before rules are judged (`cuts.STORED`)."""
    found = covered(segments, marks["segment"].to_numpy())
    cut = cuts.none() if step.judged_last else spans(segments, found)
    if step.judged_last:
        chars = np.bincount(segments["row"].to_numpy(), chars_of(segments) * found, minlength=n_rows)
    else:
        chars = np.bincount(cut["row"].to_numpy(), (cut["end_char"] - cut["start_char"]).to_numpy(), minlength=n_rows)
    (signal,) = step.signals
    return pl.DataFrame({signal: pl.Series(chars).cast(pl.Int64)}), cut


def of_marked(segments: pl.DataFrame, marks: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The segments of documents that have a mark, and the marks, numbered among them."""
    row = segments["row"].to_numpy()
    marked = np.zeros(int(row[-1]) + 1 if len(row) else 0, np.bool_)
    marked[row[marks["segment"].to_numpy()]] = True
    stays = marked[row]
    place = np.cumsum(stays) - 1
    moved = pl.Series("segment", place[marks["segment"].to_numpy()], pl.Int64)
    return segments.filter(pl.Series(stays)), marks.with_columns(moved)


def spans(segments: pl.DataFrame, covered: Booleans) -> pl.DataFrame:
    """Cuts (`cuts.STORED`, merged) of covered segments."""
    from curate.kernels.units import spans_of

    arrays = [segments[name].to_numpy() for name in list(SEGMENT_COLUMNS)[:5]]
    chars = np.ascontiguousarray(segments.select(CHARS).to_numpy().T)
    found = spans_of(*[covered, *arrays, chars])
    return cuts.merged(pl.DataFrame(list(found), schema=cuts.STORED))


def chars_of(segments: pl.DataFrame) -> Integers:
    """Characters of segments, the white space behind them left out."""
    return segments.select(pl.col("text_end_char") - pl.col("start_char")).to_series().to_numpy()


def owned(
    segments: pl.DataFrame,
    marks: pl.DataFrame,
    kept: Booleans,
    left: pl.Series,
    spans: pl.DataFrame,
    *,
    least_left: int | None,
    owners: npt.NDArray[np.uint8],
) -> tuple[Booleans, Booleans]:
    """Which segments of a part are cut, and which documents dropped, by `kernels.units.own`; notes owners in `owners`.

    `kept`: documents that are kept so far; `left`: characters that other cuts, `spans`, leave of each. `least_left`:
    what a document must keep; None: none is dropped.
    """
    from curate.kernels.units import own

    row, first = segments["row"].to_numpy(), marks["segment"].to_numpy()
    covered, dropped = np.zeros(len(row), np.bool_), np.zeros(len(kept), np.bool_)
    chars = chars_of(segments) * ~_inside(segments, spans)
    marked = row[first], first, segments["unit"].to_numpy()[first], marks["group"].to_numpy()
    judged_by = least_left or 0, least_left is not None
    own(*marked, kept, left.to_numpy(), chars, *judged_by, owners, covered, dropped)
    return covered, dropped


def _inside(segments: pl.DataFrame, spans: pl.DataFrame) -> Booleans:
    """Whether each segment lies in one of `spans` (merged): it is cut already."""
    if spans.is_empty():
        return np.zeros(segments.height, np.bool_)
    places = pl.col("row") * 2**40 + pl.col("start")  # documents end far below 2**40 bytes
    cut, found = (frame.select(places).to_series().to_numpy() for frame in (spans, segments))
    before = np.searchsorted(cut, found, "right")
    span = spans[np.maximum(before - 1, 0)]
    same = (span["row"] == segments["row"]) & (span["end"] >= segments["text_end"])
    return np.asarray((before > 0) & same.to_numpy())
