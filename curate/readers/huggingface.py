"""Read data sets through `datasets`: from the hub, from a folder of data files, or from a `save_to_disk` folder.

Streamed, never copied: a part is one shard of the data set (for a `save_to_disk` folder, a range of rows). No code of a
data set is run: `datasets` 4 and later have no scripts, and earlier ones are told so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import Field

from curate.contracts import BATCH_BYTES, ID, PART_BYTES, TEXT, Batch, Input, Piece, Reader, Rejected
from curate.errors import PipelineError
from curate.readers.arrow import arrow_batch

BATCH_ROWS = 1_000
"""Rows asked for at a time; a batch of Chinese web pages is about 3 MB."""


class HuggingFace(Reader):
    """Read a data set of the hub, or a local one, through `datasets`; streamed, shard by shard."""

    path: str = Field(min_length=1)
    """Name on the hub, a folder of data files, or a folder written by `save_to_disk`."""
    config: str | None = None
    """Configuration (subset) of a data set that has several."""
    split: str = "train"
    """Split to read."""
    revision: str | None = None
    """Commit or tag on the hub: without one, what is read may change between two runs."""
    text: str = "text"
    """Column that holds the text."""
    id: str | None = None
    """Column that holds the id; `<path>/<split>:<shard>:<row>` where it is null."""

    def inputs(self, folders: Sequence[Path]) -> list[Input]:
        local = next((folder / self.path for folder in folders if (folder / self.path).is_dir()), None)
        if local is None:
            self._columns(self.path)
            return [Input(self.path, f"{self.path}@{self.revision or 'main'}/{self.split}", 0, 0)]
        files = sorted(file for file in local.rglob("*") if file.is_file())
        if not files:
            raise PipelineError(f"path: no file in {local}")
        self._columns(str(local.absolute()))
        modified = max(file.stat().st_mtime_ns for file in files)
        return [
            Input(
                str(local.absolute()), f"{self.path}/{self.split}", sum(file.stat().st_size for file in files), modified
            )
        ]

    def pieces(self, source: Input, cut: Path) -> list[Piece]:
        data = self._open(source.file)
        if _is_table(data):
            rows = max(1, int(PART_BYTES * data.num_rows / max(data.data.nbytes, 1)))
            starts = range(0, max(data.num_rows, 1), rows)
            return [Piece(source.file, source.path, start, min(start + rows, data.num_rows)) for start in starts]
        return [Piece(source.file, source.path, shard, shard + 1) for shard in range(data.num_shards)]

    def read(self, piece: Piece) -> Iterator[Batch]:
        data = self._open(piece.file)
        if _is_table(data):
            shard, row, prefix = data.select(range(piece.start, piece.stop)), piece.start, piece.path
        else:
            shard, row, prefix = data.shard(data.num_shards, piece.start), 0, f"{piece.path}:{piece.start}"
        try:
            for table in shard.with_format("arrow").iter(batch_size=BATCH_ROWS):
                for batch in table.combine_chunks().to_batches(max_chunksize=_rows_of(table)):
                    yield arrow_batch(self, batch, prefix, row, self.id)
                    row += batch.num_rows
        except Exception as error:  # `datasets` raises what its many parsers raise; the rows before the break are used
            empty = pl.DataFrame(schema=dict.fromkeys((ID, TEXT, *self.fields), pl.String))
            yield Batch(empty, [Rejected(prefix, row, 0, f"cannot be read further: {' '.join(str(error).split())}")])

    def _open(self, where: str) -> Any:
        import datasets

        folder = Path(where)
        try:
            if (folder / "dataset_dict.json").exists() or (folder / "state.json").exists():
                data = datasets.load_from_disk(where)
                return data[self.split] if isinstance(data, datasets.DatasetDict) else data
            return datasets.load_dataset(where, self.config, split=self.split, revision=self.revision, streaming=True)
        except Exception as error:  # unknown names, splits, no network: one line that says which data set
            reason = " ".join(str(error).split()) or type(error).__name__
            hub = "" if folder.exists() else "; no folder of this name is here, so the hub was asked; correct the path"
            place = f"path: {self.path!r} cannot be opened (split {self.split!r})"
            raise PipelineError(f"{place}: {reason}{hub}") from error

    def _columns(self, where: str) -> None:
        """Raises: PipelineError when a column is missing."""
        columns = self._open(where).column_names
        for name in (self.text, *self.fields, *([self.id] if self.id else [])):
            if columns is not None and name not in columns:
                raise PipelineError(f"text: {self.path} has no column {name!r}; it has {', '.join(columns)}")


def _is_table(data: Any) -> bool:
    return hasattr(data, "num_rows") and hasattr(data, "data")


def _rows_of(table: Any) -> int:
    return max(1, int(BATCH_BYTES * table.num_rows / max(table.nbytes, 1)))
