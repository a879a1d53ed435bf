"""A data set as `datasets.save_to_disk` writes it: rows of exactly the sequence length, int32.

Each .arrow is an Arrow IPC stream whose schema carries the features under the key `huggingface`; `state.json`,
`dataset_info.json` and `dataset_dict.json` stand beside it. They are written here, not by `datasets`: its fingerprints
are random. The features are spelt `Sequence`, which both `datasets` 2 and 5 read (4 renamed it `List`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.disk import whole_file, write_json
from curate.writers.formats import Format, Job, Written, id_sizes
from curate.writers.formats.flat import id_problems, is_last
from curate.writers.planning import Shard
from curate.writers.staged import Stretch

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS = 1_000
"""Rows in a record batch, as `datasets` writes them: a random row is found by bisection over batches."""


class Arrow(Format):
    """Rows of ids."""

    exact = True
    by_rows = True

    def write(self, job: Job, shard: Shard, stretch: Stretch, folder: Path) -> Written:
        name = job.file_name(shard)
        ids = np.empty(shard.tokens, np.int32)
        stretch.fill("ids", ids, skip=shard.first.within)
        with whole_file(folder / name) as temporary:
            _write_rows(temporary, ids.reshape(-1, job.sequence_length), _columns(job))
        sizes = stretch.column("tokens")
        starts = np.cumsum(sizes) - sizes - shard.first.within
        counts = {"rows": shard.tokens // job.sequence_length}
        return Written([name], shard.tokens, starts, id_sizes(shard, stretch), counts)

    def finish(self, job: Job, shards: list[dict[str, Any]], folder: Path) -> None:
        splits = list(dict.fromkeys(entry["split"] for entry in shards))
        for split in splits:
            entries = [entry for entry in shards if entry["split"] == split]
            _write_metadata(folder / split if len(splits) > 1 else folder, entries, _columns(job))
        if len(splits) > 1:
            write_json(folder / "dataset_dict.json", {"splits": ["train", "validation"]})

    def own_files(self, manifest: dict[str, Any]) -> list[str]:
        splits = dict.fromkeys(entry["split"] for entry in manifest["shards"])
        names = ["dataset_info.json", "state.json"] if splits else []
        if len(splits) < 2:
            return names
        return ["dataset_dict.json", *(f"{split}/{name}" for split in splits for name in names)]

    def open(self, folder: Path, manifest: dict[str, Any], shard: dict[str, Any]) -> npt.NDArray[np.int32]:
        """The rows, `int32[rows, sequence_length]`."""
        table = _read(folder / shard["files"][0]["name"])
        length = manifest["sequence_length"]
        values = [np.asarray(chunk.flatten()) for chunk in table["input_ids"].chunks]
        ids: npt.NDArray[np.int32] = np.concatenate(values) if values else np.empty(0, np.int32)
        return ids.reshape(-1, length)

    def problems(
        self, folder: Path, manifest: dict[str, Any], shard: dict[str, Any], documents: pl.DataFrame, whole: Any
    ) -> Iterator[str]:
        import pyarrow.compute as pc

        name, length = shard["files"][0]["name"], manifest["sequence_length"]
        table = _read(folder / name)
        if table.schema.remove_metadata() != _schema(manifest["columns"]).remove_metadata():
            yield f"{name}: columns are {table.schema.names}, not {manifest['columns']} of whole numbers"
            return
        for column in manifest["columns"]:
            wanted = 1 if column == "lengths" else length
            sizes = set(pc.list_value_length(table[column]).unique().to_pylist())
            if sizes - {wanted}:
                yield f"{name}: {column} has rows of {sizes} values, not of {wanted}"
                return
        rows = self.open(folder, manifest, shard)
        if len(rows) != shard["rows"] or rows.size != shard["tokens"]:
            yield f"{name}: {len(rows)} rows of {length} ids, not {shard['rows']}"
        if "labels" in manifest["columns"] and not table["labels"].equals(table["input_ids"]):
            yield f"{name}: labels differ from input_ids"
        if "lengths" in manifest["columns"] and set(table["lengths"].combine_chunks().flatten().to_pylist()) - {length}:
            yield f"{name}: lengths are not {length}"
        yield from id_problems(name, rows.reshape(-1), manifest, documents, is_last(manifest, shard))


FORMAT = Arrow()


def _columns(job: Job) -> list[str]:
    return ["input_ids", *(["labels"] if job.labels else []), *(["lengths"] if job.lengths else [])]


def _features(columns: list[str]) -> dict[str, Any]:
    return {name: {"feature": {"dtype": "int32", "_type": "Value"}, "_type": "Sequence"} for name in columns}


def _schema(columns: list[str]) -> pa.Schema:
    import pyarrow as pa

    metadata = {"huggingface": json.dumps({"info": {"features": _features(columns)}})}
    return pa.schema([(name, pa.list_(pa.int32())) for name in columns], metadata)


def _write_rows(path: Path, rows: npt.NDArray[np.int32], columns: list[str]) -> None:
    import pyarrow as pa

    schema = _schema(columns)
    with pa.ipc.new_stream(str(path), schema) as writer:
        for start in range(0, len(rows), _BATCH_ROWS):
            batch = rows[start : start + _BATCH_ROWS]
            ids = _lists(batch)
            lengths = _lists(np.full((len(batch), 1), rows.shape[1], np.int32))
            arrays = [lengths if name == "lengths" else ids for name in columns]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _lists(rows: npt.NDArray[np.int32]) -> pa.ListArray:
    import pyarrow as pa

    offsets = np.arange(0, rows.size + 1, rows.shape[1], dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(rows.reshape(-1)))


def _read(path: Path) -> pa.Table:
    import pyarrow as pa

    return pa.ipc.open_stream(pa.memory_map(str(path))).read_all()


def _write_metadata(folder: Path, entries: list[dict[str, Any]], columns: list[str]) -> None:
    digest = hashlib.sha256("".join(entry["files"][0]["sha256"] for entry in entries).encode()).hexdigest()
    info = {"citation": "", "description": "", "features": _features(columns), "homepage": "", "license": ""}
    state: dict[str, Any] = {
        "_data_files": [{"filename": Path(entry["files"][0]["name"]).name} for entry in entries],
        "_fingerprint": digest[:16], "_format_columns": None, "_format_kwargs": {}, "_format_type": None,
        "_output_all_columns": False, "_split": entries[0]["split"] if "/" in entries[0]["files"][0]["name"] else None,
    }  # fmt: skip
    write_json(folder / "dataset_info.json", info)
    write_json(folder / "state.json", state)
