"""Reader of Parquet files: parts are row groups, read in batches.

A row group that does not decode is read up to the break; the rest of it is one rejected entry.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from curate.contracts import BATCH_BYTES, ID, PART_BYTES, TEXT, Batch, Input, Piece, Rejected
from curate.errors import PipelineError
from curate.readers.arrow import arrow_batch, is_text
from curate.readers.paths import Files

if TYPE_CHECKING:
    import pyarrow.parquet as pq


class Parquet(Files):
    """Read Parquet files: one text column; parts are row groups, ids are `<path>:<row>`."""

    text: str = "text"
    """Column that holds the text."""
    id: str | None = None
    """Column that holds the id; `<path>:<row>` where it is null."""

    def check_file(self, source: Input) -> None:
        schema = _open(source.file, source.path).schema_arrow
        for name in self._columns():
            if schema.names.count(name) != 1:
                fault = "two columns are called" if name in schema.names else "no column"
                raise PipelineError(f"paths: {source.path}: {fault} {name!r}; it has {', '.join(schema.names)}")
        kind = schema.field(self.text).type
        if not is_text(kind):
            raise PipelineError(f"paths: {source.path}: column {self.text!r} holds {kind}, not text")

    def _columns(self) -> list[str]:
        return list(dict.fromkeys([self.text, *([self.id] if self.id else []), *self.fields]))

    def text_bytes(self, source: Input) -> int:
        return sum(self._sizes(source))

    def _sizes(self, source: Input) -> list[int]:
        """Bytes of the columns to be read, decompressed, in each row group."""
        metadata = _open(source.file, source.path).metadata
        return [
            sum(
                column.total_uncompressed_size
                for column in map(metadata.row_group(group).column, range(metadata.num_columns))
                if column.path_in_schema.partition(".")[0] in self._columns()
            )
            for group in range(metadata.num_row_groups)
        ]

    def pieces(self, source: Input, cut: Path) -> list[Piece]:
        sizes = self._sizes(source)
        borders, size = [0], 0
        for group, group_size in enumerate(sizes, 1):
            size += group_size
            if size >= PART_BYTES or group == len(sizes):
                borders.append(group)
                size = 0
        spans = itertools.pairwise(borders) if sizes else [(0, 0)]
        return [Piece(source.file, source.path, start, stop, sum(sizes[start:stop])) for start, stop in spans]

    def read(self, piece: Piece) -> Iterator[Batch]:
        file = _open(piece.file, piece.path)
        row = sum(file.metadata.row_group(group).num_rows for group in range(piece.start))
        for group in range(piece.start, piece.stop):
            yield from self._row_group(file, group, piece.path, row)
            row += file.metadata.row_group(group).num_rows

    def _row_group(self, file: pq.ParquetFile, group: int, path: str, row: int) -> Iterator[Batch]:
        import pyarrow as pa

        metadata = file.metadata.row_group(group)
        end = row + metadata.num_rows
        rows = max(1, min(metadata.num_rows, BATCH_BYTES * metadata.num_rows // max(metadata.total_byte_size, 1)))
        try:
            for batch in file.iter_batches(rows, [group], self._columns()):
                yield arrow_batch(self, batch, path, row, self.id)
                row += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            reason = f"row group {group} is damaged: {' '.join(str(error).split())}"
            empty = pl.DataFrame(schema=dict.fromkeys((ID, TEXT, *self.fields), pl.String))
            yield Batch(empty, [Rejected(path, lost, 0, reason) for lost in range(row, end)])


def _open(file: str, path: str) -> pq.ParquetFile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(file, buffer_size=1 << 20, page_checksum_verification=True)
    except (pa.ArrowException, OSError) as error:
        raise PipelineError(f"paths: {path} is not a Parquet file: {' '.join(str(error).split())}") from error
