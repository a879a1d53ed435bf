"""What a writer keeps of each part until the shards are made: payloads and an index, both in the order of the shuffle.

The order is that of `hash64(seed, id)`, ties by a hash of the text: it depends on the documents alone, not on how they
came in parts. Each part is sorted by itself, so a shard is a range of the order, found in every part by binary search;
nothing is written twice. Memory: one part while staging, one shard while writing, `PLAN_DOCUMENTS` while planning.

Files per part: `<part>.<payload>` (raw values) and `<part>.index`, an Arrow file that is memory-mapped, written last:
the part is done when it exists. Columns: `hash`, `check` UInt64, `id`, `<payload>_start`, `<payload>_size`, counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.contracts import ID, TEXT, Documents, Staging, Utf8
from curate.disk import whole_file

PLAN_DOCUMENTS = 8_000_000
"""Documents that planning holds at a time, 24 bytes each."""

Int64 = npt.NDArray[np.int64]


class Payload(NamedTuple):
    """One row of values per document."""

    values: npt.NDArray[Any]
    offsets: Int64
    """`n_documents + 1` positions in `values`."""


class StagedBatch(NamedTuple):
    """What a batch of documents becomes; documents without any text are left out."""

    documents: pl.DataFrame
    """`id`, and Int64 counts of each document (`tokens` always)."""
    text: Utf8
    """The documents' text: breaks ties."""
    payloads: Mapping[str, Payload]
    blank: int
    """Documents left out because they hold nothing but white space."""


class Cut(NamedTuple):
    """A place in the order: behind all documents of smaller hash, `rank` of this one, `within` tokens of the next."""

    hash: int
    rank: int
    within: int


BEGIN = Cut(0, 0, 0)
END = Cut(2**64 - 1, 2**62, 0)


def write_part(staging: Staging, part: str, batches: Iterable[StagedBatch]) -> None:
    """Sort a part and write it; does nothing if that was done."""
    index = staging.folder / f"{part}.index"
    if index.exists():
        return
    frames, payloads, blank = [], [], 0
    for batch in batches:
        frames.append(batch.documents.with_columns(_order_columns(staging.seed, batch)))
        payloads.append(batch.payloads)
        blank += batch.blank
    frame = pl.concat(frames) if frames else pl.DataFrame()
    order = np.lexsort((frame["check"], frame["hash"])) if len(frame) else np.empty(0, np.int64)
    sizes = []
    for name in payloads[0] if payloads else ():
        sizes += _write_payload(staging.folder / f"{part}.{name}", name, [batch[name] for batch in payloads], order)
    frame = frame[order].with_columns(sizes) if len(frame) else pl.DataFrame()
    _write_index(index, frame, blank)


def _order_columns(seed: int, batch: StagedBatch) -> list[pl.Series]:
    from curate.kernels.hashing import hash64

    ids = Utf8.of(batch.documents[ID])
    hashes = {"hash": hash64(seed, ids.data, ids.offsets), "check": hash64(seed, batch.text.data, batch.text.offsets)}
    return [pl.Series(name, values, pl.UInt64) for name, values in hashes.items()]


def _write_payload(path: Path, name: str, batches: Sequence[Payload], order: npt.NDArray[np.int64]) -> list[pl.Series]:
    from curate.kernels.ragged import scatter

    sizes = np.concatenate([np.diff(batch.offsets) for batch in batches])
    starts = np.empty(len(order), np.int64)  # where each document, in the order of the part, goes
    starts[order] = np.cumsum(sizes[order]) - sizes[order]
    out = np.empty(int(sizes.sum()), batches[0].values.dtype)
    done = 0
    for batch in batches:
        here = slice(done, done + len(batch.offsets) - 1)
        scatter(batch.values, batch.offsets[:-1], sizes[here], starts[here], out)
        done = here.stop
    with whole_file(path) as temporary:
        out.tofile(temporary)
    return [pl.Series(f"{name}_start", starts[order]), pl.Series(f"{name}_size", sizes[order])]


def _write_index(path: Path, frame: pl.DataFrame, blank: int) -> None:
    import pyarrow as pa

    counts = {f"total_{name}": str(frame[name].sum()) for name, kind in frame.schema.items() if kind == pl.Int64}
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest()).combine_chunks()
    table = table.replace_schema_metadata({**counts, "blank": str(blank), "documents": str(frame.height)})
    with whole_file(path) as temporary, pa.ipc.new_file(str(temporary), table.schema) as writer:
        writer.write_table(table)


class Index:
    """The index of one part, memory-mapped."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa

        self.path = path
        self._table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        self.counts = {key.decode(): int(value) for key, value in (self._table.schema.metadata or {}).items()}

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def column(self, name: str) -> npt.NDArray[Any]:
        """A column of numbers, not copied."""
        values: npt.NDArray[Any] = self._table.column(name).chunk(0).to_numpy(zero_copy_only=True)
        return values

    def ids(self, start: int, stop: int) -> pl.Series:
        """Ids of some documents."""
        return pl.Series(ID, self._table.column(ID).slice(start, stop - start), pl.String)

    def between(self, first: int, last: int) -> tuple[int, int]:
        """Rows whose hash lies in `first..last`, both included."""
        if not len(self):
            return 0, 0
        hashes = self.column("hash")
        low = np.searchsorted(hashes, np.uint64(first), "left")
        return int(low), int(np.searchsorted(hashes, np.uint64(last), "right"))


class Staged:
    """All parts of a writer's staging folder."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging

    @cached_property
    def counts(self) -> dict[str, int]:
        """Sums over all parts: `documents`, `blank`, `total_<count>`."""
        sums: dict[str, int] = {"documents": 0, "blank": 0, "total_tokens": 0}
        for index in self.indexes():
            for name, value in index.counts.items():
                sums[name] = sums.get(name, 0) + value
        return sums

    def indexes(self) -> Iterator[Index]:
        """The parts' indexes, in the order of parts."""
        for part in self._staging.parts:
            yield Index(self._staging.folder / f"{part}.index")

    def ordered(self, name: str) -> Iterator[tuple[npt.NDArray[np.uint64], Int64]]:
        """All documents in order, some millions at a time: their hashes and one count. Equal hashes stay together."""
        buckets = self.counts["documents"] // PLAN_DOCUMENTS + 1
        borders = [2**64 * number // buckets for number in range(buckets + 1)]
        for first, last in pairwise(borders):
            found = [(index, *index.between(first, last - 1)) for index in self.indexes()]
            found = [item for item in found if item[1] < item[2]]
            if not found:
                continue
            columns = {
                column: np.concatenate([index.column(column)[low:high] for index, low, high in found])
                for column in ("hash", "check", name)
            }
            order = np.lexsort((columns["check"], columns["hash"]))
            yield columns["hash"][order], columns[name][order]

    def stretch(self, first: Cut, last: Cut) -> Stretch:
        """The documents from one cut to another, those that a cut divides included."""
        found = [(index, *index.between(first.hash, last.hash)) for index in self.indexes()]
        return Stretch([item for item in found if item[1] < item[2]], first, last)


class Stretch:
    """Documents that follow each other in the order, out of all parts."""

    def __init__(self, found: list[tuple[Index, int, int]], first: Cut, last: Cut) -> None:
        self._found = found
        hashes = self._all("hash").astype(np.uint64)
        order = np.lexsort((self._all("check"), hashes))
        stop = int((hashes < np.uint64(last.hash)).sum()) + last.rank + (1 if last.within else 0)
        self._order = order[first.rank : min(stop, len(order))]

    def _all(self, name: str) -> npt.NDArray[Any]:
        columns = [index.column(name)[low:high] for index, low, high in self._found]
        return np.concatenate(columns) if columns else np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self._order)

    @property
    def ids(self) -> pl.Series:
        """Ids, in order."""
        parts = [index.ids(low, high) for index, low, high in self._found]
        return pl.concat(parts)[self._order] if parts else pl.Series(ID, [], pl.String)

    def column(self, name: str) -> Int64:
        """One count (or a payload's `_size`) of each document, in order."""
        values: Int64 = self._all(name)[self._order]
        return values

    def fill(self, name: str, out: npt.NDArray[Any], skip: int = 0) -> None:
        """Write the payload of all documents, in order, to `out`: `skip` values are left out, and what does not fit."""
        from curate.kernels.ragged import scatter

        sizes, starts = self._all(f"{name}_size"), self._all(f"{name}_start")
        wanted, targets = np.zeros(len(sizes), np.int64), np.zeros(len(sizes), np.int64)
        wanted[self._order] = sizes[self._order]
        targets[self._order] = np.cumsum(sizes[self._order]) - sizes[self._order] - skip
        done = 0
        for index, low, high in self._found:
            here = slice(done, done + high - low)
            values = _mapped(index.path.with_suffix(f".{name}"), out.dtype)
            scatter(values, starts[here], wanted[here], targets[here], out)
            done = here.stop


def _mapped(path: Path, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    # A file without a byte cannot be mapped; no document of this part has any value then.
    return np.asarray(np.memmap(path, dtype, "r")) if path.stat().st_size else np.empty(0, dtype)


def without_blank(documents: Documents) -> tuple[pl.DataFrame, int]:
    """The documents that hold more than white space, and how many do not."""
    from curate.kernels.cutting import WHITESPACE

    frame = documents.frame.filter(pl.col(TEXT).str.strip_chars(WHITESPACE) != "")
    return frame, len(documents) - frame.height
