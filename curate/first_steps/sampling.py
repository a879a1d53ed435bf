"""A sample of an input: up to a thousand documents from the beginning of files and from places spread over them.

Costs: at most 20 places, 8 MB of each; an archive is read from its beginning only, because one cannot start inside.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import orjson
import polars as pl

from curate.contracts import BATCH_BYTES, SOURCE, TEXT, Batch, Input, Piece, Reader, Rejected
from curate.errors import PipelineError
from curate.readers.files import Jsonl, Parquet
from curate.readers.streams import Lines, compression

PLACES, PLACES_OF_A_FILE = 20, 5
SAMPLE_BYTES, LEAST_ROWS = 20_000_000, 20
"""Text of a sample, about: what is measured in a few seconds. Of books it holds fewer documents, of any at least 20."""
FIELD_ROWS, FIELD_FILES = 200, 3
"""Rows and files that tell which field holds the text."""
NAMES_OF_TEXT = ("text", "content", "正文", "raw_content", "body", "article")
"""A field of this name is taken before a longer one, if it is at least half as long."""


class Field(NamedTuple):
    """A field that holds strings."""

    name: str
    chars: int
    """At the median."""
    example: str


class Sample(NamedTuple):
    """What was read."""

    frame: pl.DataFrame
    """`id`, `text`, `source`."""
    files: int
    text_bytes: int
    """Of all files, estimated from their size."""
    rejected: list[Rejected]
    seen: int
    """Rows that were read, good and bad, to choose from."""


def text_fields(file: str, kind: str) -> list[Field]:
    """Fields of a file that hold strings in most rows, the one with the text first. Raises: PipelineError."""
    rows = list(itertools.islice(_parquet_rows(file) if kind == "parquet" else _json_rows(file), FIELD_ROWS))
    if not rows:
        raise PipelineError(f"--input {file}: no row of it can be read; `curate show RUN --reason rejected` says why")
    strings: dict[str, list[str]] = {}
    for row in rows:
        for name, value in row.items():
            if isinstance(value, str):
                strings.setdefault(name, []).append(value)
    fields = [
        Field(name, int(median(map(len, values))), max(values[:5], key=len))
        for name, values in strings.items()
        if 2 * len(values) > len(rows)
    ]
    if not fields:
        kinds = {name: type(value).__name__ for row in rows[:20] for name, value in row.items()}
        listed = ", ".join(f"{name} ({_KINDS.get(of, of)})" for name, of in itertools.islice(kinds.items(), 12))
        raise PipelineError(f"--input {file}: no field holds text; its rows have {listed or 'no fields'}")
    longest = max(field.chars for field in fields)

    def rank(field: Field) -> tuple[bool, int]:
        return not (field.name.lower() in NAMES_OF_TEXT and 2 * field.chars >= longest), -field.chars

    return sorted(fields, key=rank)


_KINDS = {"int": "a number", "float": "a number", "list": "an array", "dict": "an object", "NoneType": "null"} | {
    "bool": "a boolean", "str": "text in few rows",
}  # fmt: skip


def _json_rows(file: str) -> Iterator[Mapping[str, Any]]:
    for line in Lines(Piece(file, file, 0, -1), BATCH_BYTES):
        try:
            row = orjson.loads(line.data)
        except orjson.JSONDecodeError:
            continue
        if isinstance(row, dict):
            yield row


def _parquet_rows(file: str) -> Iterator[Mapping[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        for batch in pq.ParquetFile(file).iter_batches(FIELD_ROWS):
            yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise PipelineError(f"--input {file} cannot be read as Parquet: {' '.join(str(error).split())}") from error


def sample(readers: Sequence[tuple[Reader, Sequence[Input]]], most: int) -> Sample:
    """Read at most `most` documents, as evenly as the files allow. Raises: PipelineError where there are none."""
    batches = [
        (reader, batch)
        for reader, sources in readers
        for source in _spread(sources, PLACES if isinstance(reader, (Jsonl, Parquet)) else _whole_files(sources, most))
        for place in _places(reader, source, min(PLACES_OF_A_FILE, -(-PLACES // len(sources))))
        for batch in _first_batch(reader, place)
    ]
    frames = [
        batch.documents.select("id", TEXT, pl.lit(reader.source or source_of(reader)).alias(SOURCE))
        for reader, batch in batches
    ]
    rejected = [row for _, batch in batches for row in batch.rejected]
    read = sum(frame.height for frame in frames)
    if not read:
        why = f": {rejected[0].path}, line {rejected[0].line}: {rejected[0].reason}" if rejected else ""
        raise PipelineError(f"--input: no document in the files could be read{why}")
    size = sum(int(frame[TEXT].str.len_bytes().sum()) for frame in frames)
    shares = _shares([frame.height for frame in frames], min(most, _fitting(size / read)))
    chosen = pl.concat([_spread_rows(frame, share) for frame, share in zip(frames, shares, strict=True)])
    size = sum(reader.text_bytes(source) for reader, sources in readers for source in sources)
    return Sample(chosen, sum(len(sources) for _, sources in readers), size, rejected, read + len(rejected))


def _fitting(mean_bytes: float) -> int:
    """Documents of such a size that a sample holds."""
    return max(LEAST_ROWS, int(SAMPLE_BYTES / max(mean_bytes, 1)))


def _whole_files(sources: Sequence[Input], most: int) -> int:
    """Files to read where a file is a document."""
    return min(most, _fitting(sum(source.size for source in sources) / len(sources)))


def source_of(reader: Reader) -> str:
    """What the documents' `source` says of a reader that names none."""
    return type(reader).__name__.lower()


def _spread(items: Sequence[Any], most: int) -> list[Any]:
    """At most `most` of the items, the first among them, evenly chosen."""
    return [items[number * len(items) // min(most, len(items))] for number in range(min(most, len(items)))]


def _places(reader: Reader, source: Input, most: int) -> list[Piece]:
    """Pieces that begin at places spread over a file."""
    if isinstance(reader, Parquet):
        groups = sum(piece.stop - piece.start for piece in reader.pieces(source, Path()))
        return [Piece(source.file, source.path, group, group + 1) for group in _spread(range(groups), most)]
    whole = Piece(source.file, source.path, 0, -1)
    if not isinstance(reader, Jsonl) or compression(source.file) is not None or source.size < 2 * BATCH_BYTES:
        return [whole]
    starts = _spread(range(0, source.size, BATCH_BYTES), most)
    return [whole._replace(start=start, stop=source.size, first_line=int(not start)) for start in starts]


def _first_batch(reader: Reader, place: Piece) -> Iterator[Batch]:
    return itertools.islice(reader.read(place), 1)


def _shares(heights: Sequence[int], most: int) -> list[int]:
    """How many rows to take of each frame: the same of all, and what short ones lack from longer ones."""
    shares, left = [0] * len(heights), most
    order = sorted(range(len(heights)), key=heights.__getitem__)
    for place, number in enumerate(order):
        shares[number] = min(heights[number], -(-left // (len(order) - place)))
        left -= shares[number]
    return shares


def _spread_rows(frame: pl.DataFrame, rows: int) -> pl.DataFrame:
    return frame[[number * frame.height // rows for number in range(rows)]] if rows else frame.clear()
