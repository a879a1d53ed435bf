"""Kept documents as files again: JSON lines or Parquet, one file per part that has any, numbered in the order of parts.

Columns: `id`, `text`, `source`, the readers' fields and, if asked for, every signal. Text is cleaned and its cuts are
applied; control tokens in it are untouched.
"""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import polars as pl

from curate import disk
from curate.contracts import Documents, Staging, Writer
from curate.writers.folder import listed

_LEVEL = 3
"""Of zstd: its default."""

_GUIDE = """# {documents:,} documents

`{first}` and its neighbours hold one document a row: `id`, `text`, `source`{more}.

```python
import polars as pl
documents = pl.{reader}("/path/to/this/folder/{pattern}")
```

`datasets.load_dataset("{builder}", data_files="/path/to/this/folder/{pattern}")` reads them too.

A trainer that is given this text tokenizes it itself: a control token that a page holds, such as `<|im_end|>`, becomes
one. Shards of the writer `tokens` are safe from that.
"""


class DocumentsWriter(Writer):
    """Write kept documents as JSON lines (zstd) or Parquet."""

    format: Literal["jsonl.zst", "parquet"] = "jsonl.zst"
    """Of the files."""
    signals: bool = False
    """Whether signals become columns too."""

    def wants_signals(self) -> bool:
        return self.signals

    def measured_parameters(self) -> dict[str, Any]:
        return super().measured_parameters() | {"label": self.label("documents")}

    def disk_share(self) -> float:
        # Measured on Chinese web text: 3.6 to 1 with zstd at level 3; ids and fields come on top.
        return 0.35

    def stage(self, staging: Staging, part: str, kept: Iterator[Documents]) -> None:
        counts = staging.folder / f"{part}.json"
        if counts.exists():
            return
        frames = (documents.frame for documents in kept if len(documents))
        with disk.whole_file(staging.folder / f"{part}.data") as temporary:
            write = _write_parquet if self.format == "parquet" else _write_lines
            documents, columns = write(temporary, frames)
        disk.write_json(counts, {"documents": documents, "columns": columns})

    def plan(self, staging: Staging) -> list[dict[str, Any]]:
        counts = {part: disk.read_json(staging.folder / f"{part}.json") for part in staging.parts}
        filled = [(part, count) for part, count in counts.items() if count["documents"]]
        return [{"number": number, "part": part, **count} for number, (part, count) in enumerate(filled)]

    def write_shard(self, staging: Staging, shard: dict[str, Any], folder: Path) -> dict[str, Any]:
        name = f"{staging.label}-{shard['number']:05}.{self.format}"
        with disk.whole_file(folder / name) as temporary:
            _link(staging.folder / f"{shard['part']}.data", temporary)
        return {"files": listed(folder, [name]), "documents": shard["documents"], "columns": shard["columns"]}

    def finish(self, staging: Staging, shards: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
        documents = sum(shard["documents"] for shard in shards)
        with disk.whole_file(folder / "USE.md") as temporary:
            temporary.write_text(self._guide(staging.label, documents, shards), encoding="utf-8")
        return {
            "target": "documents",
            "format": self.format,
            "documents": documents,
            **({} if shards else {"warning": "no document was kept: no file was written"}),
            "files": listed(folder, ["USE.md"]),
            "shards": shards,
        }

    def _guide(self, label: str, documents: int, shards: list[dict[str, Any]]) -> str:
        if not shards:
            return "# No document was kept\n\nThis folder holds no documents.\n"
        parquet = self.format == "parquet"
        others = [f"`{name}`" for name in shards[0]["columns"][3:]]
        return _GUIDE.format(
            documents=documents, first=shards[0]["files"][0]["name"], pattern=f"{label}-*.{self.format}",
            reader="read_parquet" if parquet else "scan_ndjson", builder="parquet" if parquet else "json",
            more="".join(f", {name}" for name in others),
        )  # fmt: skip


def open_file(path: Path) -> pl.DataFrame:
    """Read one file of documents."""
    if path.suffix == ".parquet":
        return pl.read_parquet(path)
    frame = pl.read_ndjson(path, infer_schema_length=None)
    # Polars 2.1 returns the columns in the order of a hash table once there are about 30 of them.
    first = _first_columns(path)
    return frame.select(first) if set(first) == set(frame.columns) else frame


def _first_columns(path: Path) -> list[str]:
    import zstandard

    with path.open("rb") as stream, zstandard.ZstdDecompressor().stream_reader(stream) as unpacked:
        return list(json.loads(io.BufferedReader(unpacked).readline() or b"{}"))


def _write_lines(path: Path, frames: Iterable[pl.DataFrame]) -> tuple[int, list[str]]:
    import zstandard

    documents, columns = 0, []
    with path.open("wb") as stream, zstandard.ZstdCompressor(_LEVEL).stream_writer(stream, closefd=False) as packed:
        for frame in frames:
            lines = io.BytesIO()
            frame.write_ndjson(lines)
            packed.write(lines.getbuffer())
            documents, columns = documents + frame.height, frame.columns
    return documents, columns


def _write_parquet(path: Path, frames: Iterable[pl.DataFrame]) -> tuple[int, list[str]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer, documents = None, 0
    for frame in frames:
        # A field that is missing everywhere has no type of its own yet.
        table = frame.cast({pl.Null: pl.String}).to_arrow(compat_level=pl.CompatLevel.oldest())
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd", compression_level=_LEVEL)
        writer.write_table(table.cast(writer.schema))
        documents += frame.height
    if writer is None:
        pq.write_table(pa.table({}), path)
        return 0, []
    columns = list(writer.schema.names)
    writer.close()
    return documents, columns


def _link(source: Path, target: Path) -> None:
    """A second name for the file: it lies in the same run. Where the file system has none, a copy."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
