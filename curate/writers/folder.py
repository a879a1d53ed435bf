"""What stands in a shard folder beside the shards: documents.parquet, a trained tokenizer, and the list of it all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from curate.contracts import ID
from curate.disk import sha256, whole_file
from curate.writers.formats import Written
from curate.writers.staged import Stretch

if TYPE_CHECKING:
    import pyarrow as pa


def listed(folder: Path, names: list[str]) -> list[dict[str, Any]]:
    """Files with their sizes and hashes, as the manifest has them."""
    paths = [folder / name for name in names]
    return [
        {"name": name, "bytes": path.stat().st_size, "sha256": sha256(path)}
        for name, path in zip(names, paths, strict=True)
    ]


def other_files(folder: Path, shards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Everything in the folder that is no shard: `verify_shards` finds what is missing or does not belong."""
    known = {file["name"] for entry in shards for file in entry["files"]} | {"manifest.json"}
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return listed(folder, [name for name in names if name not in known])


def write_documents(path: Path, stretch: Stretch, written: Written) -> int:
    """Write where each document of a shard starts; returns how many. One that started before is not among them."""
    frame = pl.DataFrame(
        {
            ID: stretch.ids,
            "shard": pl.repeat(written.files[0], len(stretch), eager=True, dtype=pl.String),
            "start": pl.Series(written.starts, dtype=pl.Int64),
            "tokens": pl.Series(written.sizes, dtype=pl.Int64),
        }
    ).filter(pl.Series(written.starts >= 0, dtype=pl.Boolean))
    with whole_file(path) as temporary:
        frame.write_parquet(temporary, compression="uncompressed")
    return frame.height


def join_documents(files: list[Path], folder: Path) -> None:
    """Put the shards' tables together as documents.parquet, one at a time in memory."""
    import pyarrow.parquet as pq

    schema = _schema()
    with (
        whole_file(folder / "documents.parquet") as temporary,
        pq.ParquetWriter(temporary, schema, compression="zstd") as writer,
    ):
        for file in files:
            writer.write_table(pq.read_table(file).cast(schema))


def _schema() -> pa.Schema:
    import pyarrow as pa

    name = pa.dictionary(pa.int32(), pa.string())
    return pa.schema([(ID, pa.string()), ("shard", name), ("start", pa.int64()), ("tokens", pa.int64())])


def copy_tokenizer(source: Path, folder: Path) -> list[str]:
    """Copy a trained tokenizer's files; returns their names."""
    names = sorted(path.name for path in source.iterdir() if path.name != "done.json" and not path.name.startswith("."))
    for name in names:
        with whole_file(folder / name) as temporary:
            temporary.write_bytes((source / name).read_bytes())
    return names
