"""The rows that documents are compared with: a run's own, part by part, then those of earlier runs.

Rows are numbered over all of them. Which parts they are, `work.earlier` says.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from curate.contracts import ID, TEXT
from curate.held import lent


class ComparedPart(NamedTuple):
    """A stretch of rows: a part of this run, or of an earlier one."""

    name: str
    first: int
    """Number of its first row."""
    rows: int
    earlier: str | None
    """Folder of the earlier run, which an index may have taken the part from; None: this run."""
    keys: Path
    documents: Path
    sizes: Path
    """A Parquet file with `text_bytes`."""
    verdicts: Path | None
    """Where an earlier run says what became of its documents; None, as in an index: all are compared with."""

    @property
    def stop(self) -> int:
        """One past the number of its last row."""
        return self.first + self.rows

    def column(self, name: str, places: pl.Series) -> pl.Series:
        """`text_bytes`, `id` or `kept` of some documents (positions); of an earlier run, the id of what stands for
        each."""
        if name != "text_bytes" and self.verdicts:
            return lent(self.verdicts)[name].gather(places)
        with pq.ParquetFile(self.sizes if name == "text_bytes" else self.documents) as file:
            return _taken(file.read([name]), places)

    def texts(self, places: pl.Series) -> Iterator[tuple[pl.Series, pl.Series]]:
        """Positions (out of `places`: Int64, sorted, unique) and their texts, a row group at a time."""
        with pq.ParquetFile(self.documents) as file:
            start = 0
            for number in range(file.num_row_groups):
                stop = start + file.metadata.row_group(number).num_rows
                wanted = places.filter(places.is_between(start, stop, closed="left"))
                if not wanted.is_empty():
                    yield wanted, _taken(file.read_row_group(number, [TEXT]), wanted - start)
                start = stop


def _taken(table: pa.Table, places: pl.Series) -> pl.Series:
    """Some rows of a table's only column, by Arrow, which copies: what Polars gathers keeps all of a column's text."""
    (name,) = table.column_names
    return pl.Series(name, table.column(name).take(places.to_arrow()))


def by_part(parts: list[ComparedPart], rows: pl.Series) -> Iterator[tuple[ComparedPart, pl.Series]]:
    """Some rows (sorted), part by part, where there are any."""
    borders = rows.search_sorted(pl.Series([0, *(part.stop for part in parts)]))
    for part, start, stop in zip(parts, borders, borders[1:], strict=False):
        if start < stop:
            yield part, rows[start:stop]


def gathered(parts: list[ComparedPart], rows: pl.Series, column: str) -> pl.Series:
    """`id` or `text_bytes` of some rows (sorted)."""
    found = [pl.Series(column, [], pl.String if column == ID else pl.Int64)]
    for part, inside in by_part(parts, rows):
        found.append(part.column(column, inside - part.first).cast(found[0].dtype))
    return pl.concat(found)


def lent_earlier(part: ComparedPart) -> pl.Series:
    """Which documents of a part of an earlier run are compared with, Boolean."""
    return pl.repeat(True, part.rows, eager=True) if part.verdicts is None else lent(part.verdicts)["lent"]
