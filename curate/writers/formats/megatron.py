"""Megatron-LM's indexed data set: PREFIX.bin with ids and PREFIX.idx with their places, one sequence a document.

Layout of the index (Megatron-LM d98e8a6, megatron/core/datasets/indexed_dataset.py:54-67, 178-214), little-endian:

    0   9 bytes  MMIDIDX, two zero bytes     34            int32[S]  tokens of each sequence
    9   uint64   version, 1                  34 + 4 S      int64[S]  byte offset of each sequence in the .bin
    17  uint8    dtype: 4 int32, 8 uint16    34 + 12 S     int64[D]  first sequence of each document, and S at the end
    18  uint64   S, number of sequences
    26  uint64   D, number of documents + 1
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.disk import whole_file
from curate.writers.formats import Format, Job, Written
from curate.writers.formats.flat import id_problems
from curate.writers.planning import Shard
from curate.writers.staged import Stretch

_MAGIC = b"MMIDIDX\x00\x00"
_HEADER = struct.Struct("<9sQBQQ")
_CODES = {"int32": 4, "uint16": 8}


class Sequences:
    """The documents of one shard, as `IndexedDataset` gives them: `shard[i]` is the ids of document `i`."""

    def __init__(self, prefix: Path) -> None:
        index = prefix.with_name(f"{prefix.name}.idx").read_bytes()
        magic, version, code, count, _ = _HEADER.unpack_from(index)
        kinds = {number: kind for kind, number in _CODES.items()}
        if magic != _MAGIC or version != 1 or code not in kinds:
            raise ValueError(f"{prefix.name}.idx: not an index of Megatron-LM")
        self.sizes = np.frombuffer(index, "<i4", count, _HEADER.size)
        self._offsets = np.frombuffer(index, "<i8", count, _HEADER.size + 4 * count)
        self.ids: npt.NDArray[Any] = np.memmap(
            prefix.with_name(f"{prefix.name}.bin"), np.dtype(kinds[code]).newbyteorder("<"), "r"
        )
        """All of them, back to back."""

    def __len__(self) -> int:
        return len(self.sizes)

    def __getitem__(self, number: int) -> npt.NDArray[Any]:
        if not -len(self) <= number < len(self):
            raise IndexError(number)
        start = int(self._offsets[number]) // self.ids.itemsize
        return self.ids[start : start + int(self.sizes[number])]


class Megatron(Format):
    """Pairs of .bin and .idx."""

    def write(self, job: Job, shard: Shard, stretch: Stretch, folder: Path) -> Written:
        prefix = job.file_name(shard)
        sizes = stretch.column("tokens")
        with whole_file(folder / f"{prefix}.bin") as temporary:
            out = np.memmap(temporary, job.dtype, "w+", shape=int(sizes.sum()))
            stretch.fill("ids", out.view(np.ndarray))
            out.flush()
        with whole_file(folder / f"{prefix}.idx") as temporary:
            temporary.write_bytes(index_bytes(sizes, job.dtype))
        return Written([f"{prefix}.bin", f"{prefix}.idx"], int(sizes.sum()), np.cumsum(sizes) - sizes, sizes, {})

    def open(self, folder: Path, manifest: dict[str, Any], shard: dict[str, Any]) -> Sequences:
        """The documents, `Sequences`."""
        return Sequences(folder / shard["files"][0]["name"].removesuffix(".bin"))

    def problems(
        self, folder: Path, manifest: dict[str, Any], shard: dict[str, Any], documents: pl.DataFrame, whole: Any
    ) -> Iterator[str]:
        name, index_name = (file["name"] for file in shard["files"])
        dtype = np.dtype(manifest["dtype"])
        if (folder / index_name).read_bytes() != index_bytes(documents["tokens"].to_numpy(), dtype):
            yield f"{index_name}: is not the index of the documents in documents.parquet"
        size = (folder / name).stat().st_size
        if size != shard["tokens"] * dtype.itemsize or size != documents["tokens"].sum() * dtype.itemsize:
            yield f"{name}: {size} bytes are not {shard['tokens']} ids of {dtype}"
            return
        yield from id_problems(name, np.memmap(folder / name, dtype.newbyteorder("<"), "r"), manifest, documents, False)


FORMAT = Megatron()


def index_bytes(sizes: npt.NDArray[np.int64], dtype: np.dtype[Any]) -> bytes:
    """The whole index of documents of so many tokens."""
    count = len(sizes)
    header = _HEADER.pack(_MAGIC, 1, _CODES[dtype.name], count, count + 1)
    offsets = (np.cumsum(sizes) - sizes) * dtype.itemsize
    arrays = (sizes.astype("<i4"), offsets.astype("<i8"), np.arange(count + 1, dtype="<i8"))
    return header + b"".join(array.tobytes() for array in arrays)
