"""Tables that are larger than the memory: Parquet files that are written and read a row group at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from curate import disk

ROW_GROUP = 250_000
"""Entries of groups, or rows of candidates, that are read at a time."""


class Groups:
    """A file of groups that is being written: numbers go on, and row groups hold whole groups.

    Its bytes do not depend on how many groups come at a time.
    """

    def __init__(self, writer: pq.ParquetWriter) -> None:
        self.writer, self.next = writer, 0
        self.waiting = pl.DataFrame()

    def write(self, groups: pl.DataFrame) -> None:
        if groups.is_empty():
            return
        numbered = groups.with_columns(pl.col("group") + self.next)
        self.next = int(numbered["group"][-1]) + 1
        self.waiting = pl.concat([self.waiting, numbered]) if self.waiting.height else numbered
        if self.waiting.height > ROW_GROUP:
            self._store(last=False)

    def close(self) -> None:
        self._store(last=True)

    def _store(self, last: bool) -> None:
        if self.waiting.is_empty():
            return
        begins = np.flatnonzero(np.diff(self.waiting["group"].to_numpy(), prepend=-1))
        start = 0
        while (place := np.searchsorted(begins, start + ROW_GROUP)) < len(begins) or last:
            stop = int(begins[place]) if place < len(begins) else self.waiting.height
            table = self.waiting[start:stop].to_arrow(compat_level=pl.CompatLevel.oldest())
            self.writer.write_table(table, row_group_size=table.num_rows)
            start = stop
            if stop == self.waiting.height:
                break
        self.waiting = self.waiting[start:]


@contextmanager
def _parquet_written(file: Path, schema: pa.Schema) -> Iterator[pq.ParquetWriter]:
    with (
        disk.whole_file(file) as path,
        pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as writer,
    ):
        yield writer


@contextmanager
def groups_written(file: Path, schema: dict[str, Any]) -> Iterator[Groups]:
    """Open a file of groups; it exists when the block has ended."""
    arrow = pl.DataFrame(schema=schema).to_arrow().schema
    with _parquet_written(file, arrow) as writer:
        groups = Groups(writer)
        yield groups
        groups.close()


def frames(file: Path) -> Iterator[pl.DataFrame]:
    """The row groups of a Parquet file, one after the other."""
    with pq.ParquetFile(file) as opened:
        for number in range(opened.num_row_groups):
            frame = pl.from_arrow(opened.read_row_group(number))
            assert isinstance(frame, pl.DataFrame)
            yield frame


def noted(file: Path, name: str) -> str:
    """A value in the metadata of a Parquet file."""
    return str((pq.read_metadata(file).metadata or {})[name.encode()].decode())


def write_noted(frame: pl.DataFrame, file: Path, notes: dict[str, str]) -> None:
    """Write a table with values in its metadata."""
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    with _parquet_written(file, table.schema) as writer:
        writer.write_table(table, row_group_size=ROW_GROUP)
        writer.add_key_value_metadata(notes)
