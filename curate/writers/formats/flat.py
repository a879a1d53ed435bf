"""Token ids back to back, little-endian, no header: TinyLLM, llama2.c, nanoGPT, MiniMind's first version.

A document may run over the border of two files. Sources: TinyLLM preprocess.py:54-69, llama2.c tinystories.py:137-220,
MiniMind data_process.py:67-100 at tag minimind-v1.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.disk import whole_file
from curate.writers.formats import Format, Job, Written, id_sizes
from curate.writers.planning import Shard
from curate.writers.staged import Stretch


class Flat(Format):
    """Headerless ids."""

    exact = True

    def write(self, job: Job, shard: Shard, stretch: Stretch, folder: Path) -> Written:
        name = job.file_name(shard)
        with whole_file(folder / name) as temporary:
            out = np.memmap(temporary, job.dtype, "w+", shape=shard.tokens)
            stretch.fill("ids", out.view(np.ndarray), skip=shard.first.within)
            out.flush()
        sizes = stretch.column("tokens")
        starts = np.cumsum(sizes) - sizes - shard.first.within
        return Written([name], shard.tokens, starts, id_sizes(shard, stretch), {})

    def open(self, folder: Path, manifest: dict[str, Any], shard: dict[str, Any]) -> npt.NDArray[Any]:
        """The ids as a memory-mapped array."""
        dtype = np.dtype(manifest["dtype"]).newbyteorder("<")
        return np.memmap(folder / shard["files"][0]["name"], dtype, "r")

    def problems(
        self, folder: Path, manifest: dict[str, Any], shard: dict[str, Any], documents: pl.DataFrame, whole: Any
    ) -> Iterator[str]:
        name = shard["files"][0]["name"]
        size, width = (folder / name).stat().st_size, np.dtype(manifest["dtype"]).itemsize
        if size != shard["tokens"] * width:
            yield f"{name}: {size} bytes are not {shard['tokens']} ids of {manifest['dtype']}"
            return
        ids, may_be_cut = self.open(folder, manifest, shard), is_last(manifest, shard) and bool(manifest["max_tokens"])
        yield from id_problems(name, ids, manifest, documents, may_be_cut)


FORMAT = Flat()


def id_problems(
    name: str, ids: npt.NDArray[Any], manifest: dict[str, Any], documents: pl.DataFrame, may_be_cut: bool
) -> Iterator[str]:
    """Say what is wrong with ids of documents that follow each other, `start` counted from the first id.

    `may_be_cut`: the last document may end without EOS, because its split ends inside it.
    """
    vocabulary = manifest["tokenizer"]["vocabulary"]
    if len(ids) and (int(ids.max()) >= vocabulary or int(ids.min()) < 0):
        yield f"{name}: an id lies outside the vocabulary of {vocabulary}"
    starts = documents["start"].to_numpy()
    stops = starts + documents["tokens"].to_numpy()
    if (starts[1:] != stops[:-1]).any():
        yield f"{name}: documents.parquet has gaps or overlaps"
    if len(starts) and (starts[0] < 0 or starts[-1] >= len(ids)):
        yield f"{name}: documents.parquet points outside the file"
        return
    bos, eos = manifest["bos"], manifest["eos"]
    if bos["written"] and not np.array_equal(np.flatnonzero(ids == bos["id"]), starts):
        yield f"{name}: BOS ({bos['id']}) does not stand at the start of each document, and there alone"
    if eos["written"]:
        found = np.flatnonzero(ids == eos["id"])
        if not np.array_equal(found, _expected_ends(len(ids), found, starts, stops, may_be_cut)):
            yield f"{name}: EOS ({eos['id']}) does not stand at the end of each document, and there alone"


def _expected_ends(
    n: int, found: npt.NDArray[Any], starts: npt.NDArray[Any], stops: npt.NDArray[Any], may_be_cut: bool
) -> npt.NDArray[Any]:
    last_is_end = bool(len(found)) and int(found[-1]) == n - 1
    if not len(starts):  # the whole file lies inside one document, or ends with it
        return np.array([n - 1] if last_is_end else [], np.int64)
    ends = stops[stops <= n] - 1
    if len(ends) and ends[-1] == n - 1 and may_be_cut and not last_is_end:
        ends = ends[:-1]
    return np.union1d(ends, [starts[0] - 1]) if starts[0] > 0 else ends


def is_last(manifest: dict[str, Any], shard: dict[str, Any]) -> bool:
    """Whether a shard is the last of its split."""
    same = [entry for entry in manifest["shards"] if entry["split"] == shard["split"]]
    return bool(same[-1]["files"] == shard["files"])
