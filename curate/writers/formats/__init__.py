"""The files that trainers read, each format a module: how it is staged, written, opened and verified.

jsonl      text rows, cut to a number of tokens (MiniMind)        shards close before a document
flat       token ids, no header (TinyLLM, llama2.c, nanoGPT, v1)  shards are exact
megatron   .bin and .idx, one sequence a document                 shards close before a document
arrow      a folder of `datasets.save_to_disk`, rows of one length  shards are exact
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.contracts import ID, TEXT, Documents, Utf8
from curate.targets import Layout
from curate.writers.planning import Shard
from curate.writers.staged import Payload, StagedBatch, Stretch, without_blank

if TYPE_CHECKING:
    from curate.tokenizer import Tokenizer


@dataclass(frozen=True)
class Job:
    """Everything a format needs to know about a writer."""

    label: str
    layout: Layout
    tokenizer: Tokenizer
    bos: int | None
    eos: int | None
    sequence_length: int
    join_documents: bool = False
    labels: bool = False
    lengths: bool = False

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of ids in files, little-endian."""
        return np.dtype(self.layout.dtype or "int32").newbyteorder("<")

    @property
    def row_tokens(self) -> int:
        """Tokens of text in a row of the trainer."""
        return self.sequence_length - self.layout.reserved

    def file_name(self, shard: Shard) -> str:
        """Path of a shard's file inside the folder, as the target names it."""
        return self.layout.names[shard.split].format(  # type: ignore[index]
            label=self.label, vocabulary=self.tokenizer.vocabulary, number=shard.number, index=shard.index,
            count=shard.count, split=f"{shard.split}/" if shard.splits > 1 else "",
        )  # fmt: skip


class Written(NamedTuple):
    """One shard on disk."""

    files: list[str]
    """Paths inside the folder; the first is the one that documents.parquet names."""
    tokens: int
    starts: npt.NDArray[np.int64]
    """Where each document of the stretch starts: token, or row, of the shard; negative: in the shard before."""
    sizes: npt.NDArray[np.int64]
    """Tokens of each document."""
    counts: dict[str, int]
    """What the manifest says more: rows, neutralised, …"""


class Format:
    """One file format."""

    exact: ClassVar[bool] = False
    """Whether shards hold exactly `tokens_per_shard` tokens."""
    by_rows: ClassVar[bool] = False
    """Whether a split is a multiple of the sequence length."""

    def stage(self, job: Job, documents: Documents) -> StagedBatch:
        """Turn a batch into payloads: ids, by default."""
        return stage_ids(job, documents)

    def write(self, job: Job, shard: Shard, stretch: Stretch, folder: Path) -> Written:
        """Write one shard into the folder."""
        raise NotImplementedError

    def finish(self, job: Job, shards: list[dict[str, Any]], folder: Path) -> None:
        """Write what belongs to all shards."""

    def open(self, folder: Path, manifest: dict[str, Any], shard: dict[str, Any]) -> Any:
        """Open one shard as an array (or what is nearest to it)."""
        raise NotImplementedError

    def problems(
        self, folder: Path, manifest: dict[str, Any], shard: dict[str, Any], documents: pl.DataFrame, whole: Any
    ) -> Iterator[str]:
        """Say what is wrong inside a shard whose bytes are those of the manifest, one line each.

        `documents` are its rows of documents.parquet; `whole` loads the tokenizer (None if it is not here).
        """
        raise NotImplementedError

    def own_files(self, manifest: dict[str, Any]) -> list[str]:
        """Files beside the shards that this format puts into the folder."""
        return []


def find_format(name: str) -> Format:
    """The format of that name."""
    module = importlib.import_module(f"{__name__}.{name}")
    found: Format = module.FORMAT
    return found


def stage_ids(job: Job, documents: Documents) -> StagedBatch:
    """Encode a batch: ids with the target's BOS and EOS around each document, in the dtype of the file."""
    from curate.kernels.cutting import WHITESPACE

    frame, blank = without_blank(documents)
    text = frame[TEXT].str.strip_chars(WHITESPACE) if job.layout.strip else frame[TEXT]
    utf8 = Utf8.of(text)
    ids, offsets = job.tokenizer.encode(utf8)
    before, after = [[token] if used else [] for token, used in ((job.bos, job.layout.bos), (job.eos, job.layout.eos))]
    sizes = np.diff(offsets) + len(before) + len(after)
    ends = np.cumsum(sizes)
    values = np.empty(int(sizes.sum()), job.dtype)
    inside = np.ones(len(values), bool)
    if before:
        values[ends - sizes], inside[ends - sizes] = before[0], False
    if after:
        values[ends - 1], inside[ends - 1] = after[0], False
    values[inside] = ids[offsets[0] : offsets[-1]]
    counts = frame.select(ID).with_columns(pl.Series("tokens", sizes, pl.Int64))
    return StagedBatch(counts, utf8, {"ids": Payload(values, np.concatenate([[0], ends]))}, blank)


def id_sizes(shard: Shard, stretch: Stretch) -> npt.NDArray[np.int64]:
    """Tokens of each document, as far as its split goes."""
    sizes = stretch.column("tokens")
    if shard.last.within and shard.last == shard.end:
        sizes[-1] = shard.last.within
    return sizes
