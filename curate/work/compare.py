"""Compare: keys of all documents to groups, in memory that the filter's `memory` bounds.

    group   keys -> groups of equal keys; a task for each partition and range of keys
    pair    groups -> candidate pairs, once each, in chunks that share texts; a task for each range of rows
    fetch   documents -> texts of candidates, sorted by chunk; a task for each part: each is read once
    verify  texts -> links, pairs that are similar enough; a task for each chunk
    join    one file of groups; the files on the way go

A filter that looks at no text has `group` and `join` only. Ranges depend on `memory`, and stand in the names of the
files; the joined groups don't. Disk on the way, a document: 2 to 6 bytes for each partition in which its key repeats,
and, compressed, the text of those that are candidates.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

from curate import disk, grouping
from curate.contracts import TEXT, CorpusFilter, Line, Utf8
from curate.run import Run
from curate.work.compared import ComparedPart, gathered
from curate.work.earlier import compared_parts
from curate.work.tables import frames, groups_written, noted, write_noted

NOTED_BYTES = 4
"""Memory of a key that is noted, at most (`kernels.keys`)."""
REPEATED_BYTES = 80
"""Memory of a key that repeats, while it is sorted and grouped."""
PAIR_BYTES = 40
"""Memory of a pair while pairs are merged."""
CHUNK_SHARE = 4
"""Texts of a chunk may take that part of `memory`."""
COMPARED_BYTES = 8_000_000
"""Text that is compared at a time; a filter may take ten times that."""
PAIRS = {"left": pl.Int64, "right": pl.Int64, "chunk": pl.Int32}
WANTED = {"row": pl.Int64, "chunk": pl.Int64}


class Comparison(NamedTuple):
    """One corpus filter of a run, and all that it compares."""

    run: Run
    line: Line[Any]
    step: CorpusFilter
    parts: list[ComparedPart]
    folder: Path

    @property
    def rows(self) -> int:
        """Documents, earlier ones included."""
        return self.parts[-1].stop if self.parts else 0

    @property
    def own_rows(self) -> int:
        """Documents of the run itself."""
        return max((part.stop for part in self.parts if part.earlier is None), default=0)

    @property
    def slices(self) -> int:
        """Ranges of keys, each of which can be noted in half of the memory."""
        return -(-2 * NOTED_BYTES * self.rows // self.step.memory) or 1

    def group_file(self, partition: str, number: int) -> Path:
        """Groups of a partition and a range of keys."""
        return self.folder / f"{partition}-{number}of{self.slices}.parquet"

    def group_files(self) -> list[Path]:
        """All of them, in order."""
        return [self.group_file(name, number) for name in self.step.partitions() for number in range(self.slices)]

    @property
    def ranges(self) -> int:
        """Ranges of rows, whose candidate pairs fit into the memory; known when there are groups."""
        return -(-_candidates(tuple(self.group_files())) * PAIR_BYTES // self.step.memory) or 1

    def pairs_file(self, number: int) -> Path:
        """Candidate pairs whose first row lies in a range: the columns `PAIRS`."""
        return self.folder / f"pairs-{number}of{self.ranges}.parquet"

    def wanted_file(self, number: int) -> Path:
        """Texts that these pairs need: the columns `WANTED`, by row; chunks are numbered over all ranges."""
        return self.folder / f"wanted-{number}of{self.ranges}.parquet"

    def texts_file(self, place: int) -> Path:
        """Texts of candidates in a part, by its position, a batch for each chunk."""
        return self.folder / f"texts-of{self.ranges}" / f"{place:06}.arrow"

    def links_file(self, chunk: str) -> Path:
        """Links that were found in a chunk (`<range>-<number>`): left, right, similarity."""
        return self.folder / f"links-of{self.ranges}" / f"{chunk}.parquet"

    def chunks(self) -> list[str]:
        """Names of all chunks; known when pairs are there."""
        counts = (int(noted(self.pairs_file(number), "chunks")) for number in range(self.ranges))
        return [f"{number}-{chunk:05}" for number, count in enumerate(counts) for chunk in range(count)]


@lru_cache(maxsize=2)
def comparison(run: Run, step: int) -> Comparison:
    """What a task works on; `step` is the filter's position. Every document must have its keys."""
    line = run.pipeline.filters[step]
    assert isinstance(line.step, CorpusFilter)
    return Comparison(run, line, line.step, compared_parts(run, line), run.groups_folder(line))


@lru_cache(maxsize=4)
def _candidates(files: tuple[Path, ...]) -> int:
    return sum(int(noted(file, "pairs")) for file in files)


# The tasks.


def group(run: Run, step: int, partition: str, options: dict[str, Any]) -> dict[str, Any]:
    """Group the keys of one partition in a range (`slice`) over all parts."""
    from curate.kernels.unionfind import count_pairs

    work = comparison(run, step)
    bounds = _bounds(options["slice"], work.slices)
    columns = work.step.partitions()[partition]
    pairs = entries = 0
    with groups_written(work.group_file(partition, options["slice"]), grouping.GROUPS) as written:
        for keys in _repeated(work, columns, bounds):
            groups = grouping.groups_of_equal_keys(keys)
            pairs += count_pairs(groups["group"].to_numpy(), grouping.ALL_PAIRS_UP_TO)
            entries += groups.height
            written.write(groups)
        written.writer.add_key_value_metadata({"pairs": str(pairs)})
    return {"rows": entries}


def _bounds(number: int, slices: int) -> tuple[int, int]:
    """The least and the largest key of a range."""
    return (number << 64) // slices, ((number + 1) << 64) // slices - 1


def _repeated(work: Comparison, columns: list[str], bounds: tuple[int, int]) -> Iterator[pl.DataFrame]:
    """Keys in a range that may repeat, by ascending ranges of them, with their rows."""
    from curate.kernels.keys import may_repeat, note, nothing_seen

    seen = nothing_seen(work.rows // work.slices)
    for keys in _keys(work, columns, bounds):
        note(keys[columns[0]].to_numpy(), seen)
    most, found = work.step.memory // (2 * REPEATED_BYTES), 0
    few: list[pl.DataFrame] = []
    for keys in _keys(work, columns, bounds):
        repeated = keys[may_repeat(keys[columns[0]].to_numpy(), seen)]
        found += repeated.height
        few = [*few, repeated] if found <= most else []
    if found <= most:
        yield pl.concat([_no_keys(columns), *few])
        return
    low, high = bounds
    finer = -(-found // most)
    for number in range(finer):
        inside = low + number * (high - low + 1) // finer, low + (number + 1) * (high - low + 1) // finer - 1
        some = (keys[may_repeat(keys[columns[0]].to_numpy(), seen)] for keys in _keys(work, columns, inside))
        yield pl.concat([_no_keys(columns), *some])


def _no_keys(columns: list[str]) -> pl.DataFrame:
    return pl.DataFrame(schema={"row": pl.Int64, **dict.fromkeys(columns, pl.UInt64)})


def _keys(work: Comparison, columns: list[str], bounds: tuple[int, int]) -> Iterator[pl.DataFrame]:
    """Keys in a range with their rows, part by part, none of them null."""
    low, high = (pl.lit(bound, pl.UInt64) for bound in bounds)
    everything = bounds == _bounds(0, 1)
    for part in work.parts:
        keys = disk.read_columns(part.keys, columns)
        rows = pl.int_range(part.first, part.stop, dtype=pl.Int64, eager=True).alias("row")
        numbered = keys.insert_column(0, rows)
        if any(numbered[name].null_count() for name in columns):
            numbered = numbered.drop_nulls(columns)
        yield numbered if everything else numbered.filter(pl.col(columns[0]).is_between(low, high))


def pair(run: Run, step: int, name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Gather the candidate pairs of a range of rows, and lay them out in chunks that share texts."""
    from curate.kernels.unionfind import clusters, in_chunks

    work, number = comparison(run, step), options["range"]
    first, end = (work.own_rows * (number + one) // work.ranges for one in (0, 1))
    pairs = grouping.unpacked(_pairs(work.group_files(), first, end))
    rows = pl.concat([pairs["left"], pairs["right"]]).unique().sort()
    size = gathered(work.parts, rows, "text_bytes").to_numpy()
    left, right = (rows.search_sorted(pairs[side]).cast(pl.Int64).to_numpy() for side in ("left", "right"))
    order = np.argsort(clusters(left, right, len(rows))[left], kind="stable")
    chunk, row, of = in_chunks(left[order], right[order], size, max(COMPARED_BYTES, work.step.memory // CHUNK_SHARE))
    laid_out = pairs[order].with_columns(pl.Series("chunk", chunk))
    wanted = pl.DataFrame({"row": rows.gather(row), "chunk": _chunk_number(number, of)}, schema=WANTED)
    write_noted(wanted.sort("row", "chunk"), work.wanted_file(number), {})
    chunks = int(chunk[-1]) + 1 if len(chunk) else 0
    write_noted(laid_out, work.pairs_file(number), {"chunks": str(chunks)})
    return {"rows": pairs.height}


def _chunk_number(number: int, chunk: Any) -> Any:
    """A chunk's number over all ranges."""
    return number * (1 << 32) + np.asarray(chunk, np.int64)


def _pairs(files: Iterable[Path], first: int, end: int) -> grouping.Packed:
    found = grouping.merged([])
    waiting: list[grouping.Packed] = []
    for file in files:
        for groups in frames(file):
            waiting.append(grouping.packed_pairs(groups, first, end))
            if sum(map(len, waiting)) > len(found):
                found, waiting = grouping.merged([found, *waiting]), []
    return grouping.merged([found, *waiting])


def fetch(run: Run, step: int, place: str, options: dict[str, Any]) -> dict[str, Any]:
    """Copy the texts of a part's candidates (`place`: the part's number), a batch for each chunk."""
    work = comparison(run, step)
    part = work.parts[int(place)]
    wanted = _wanted(work, part)
    rows = wanted["row"].unique().sort()
    found = [texts for _, texts in part.texts(rows - part.first)]
    texts = pl.concat([pl.Series(TEXT, [], pl.String), *found])
    numbers = wanted["chunk"].unique().sort()
    batches = (_batch(some["row"], texts.gather(rows.search_sorted(some["row"]))) for some in _by_chunk(wanted))
    schema = _TEXTS.with_metadata({"chunks": json.dumps(numbers.to_list())})
    options_ = pa.ipc.IpcWriteOptions(compression="zstd")
    with (
        disk.whole_file(work.texts_file(int(place))) as path,
        pa.ipc.new_file(str(path), schema, options=options_) as writer,
    ):
        for batch in batches:
            writer.write_batch(batch)
    return {"rows": len(rows), "bytes": int(texts.str.len_bytes().sum())}


_TEXTS = pa.schema({"row": pa.int64(), TEXT: pa.large_string()})


def _batch(rows: pl.Series, texts: pl.Series) -> pa.RecordBatch:
    columns = rows.rechunk().to_arrow(), texts.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    return pa.record_batch([column.cast(kind) for column, kind in zip(columns, _TEXTS.types, strict=True)], _TEXTS)


def _by_chunk(wanted: pl.DataFrame) -> Iterator[pl.DataFrame]:
    return (some for _, some in wanted.group_by("chunk", maintain_order=True))


def _wanted(work: Comparison, part: ComparedPart) -> pl.DataFrame:
    """What chunks want of a part, by chunk and row."""
    inside = pl.col("row").is_between(part.first, part.stop - 1)
    found = [pl.scan_parquet(work.wanted_file(number)).filter(inside) for number in range(work.ranges)]
    return pl.concat([pl.DataFrame(schema=WANTED), *pl.collect_all(found)]).sort("chunk", "row")


def verify(run: Run, step: int, chunk: str, options: dict[str, Any]) -> dict[str, Any]:
    """Compare the texts of one chunk of pairs; write those that are similar enough."""
    work = comparison(run, step)
    least = work.step.least_similarity()
    number, _, within = chunk.partition("-")
    pairs = pl.scan_parquet(work.pairs_file(int(number))).filter(pl.col("chunk") == int(within)).collect()
    rows, texts = _fetched(work, int(_chunk_number(int(number), int(within))))
    found = [
        _compared(work.step, some, rows, texts).filter(pl.col("similarity") >= least)
        for some in _blocks(pairs, rows, texts)
    ]
    disk.write_frame(pl.concat(found), work.links_file(chunk))
    return {"rows": pairs.height, "bytes": int(texts.str.len_bytes().sum())}


def _fetched(work: Comparison, number: int) -> tuple[pl.Series, pl.Series]:
    """Rows (sorted) and texts of a chunk."""
    batches = []
    for place in range(len(work.parts)):
        with pa.memory_map(str(work.texts_file(place))) as source:
            opened = pa.ipc.open_file(source)
            chunks = json.loads(opened.schema.metadata[b"chunks"])
            if number in chunks:
                batches.append(opened.get_batch(chunks.index(number)))
    table = pa.Table.from_batches(batches).combine_chunks()
    return pl.Series("row", table.column("row")), pl.Series(TEXT, table.column(TEXT), pl.String)


def _blocks(pairs: pl.DataFrame, rows: pl.Series, texts: pl.Series) -> Iterator[pl.DataFrame]:
    """Pairs, as many at a time as have `COMPARED_BYTES` of text."""
    from curate.kernels.unionfind import in_chunks

    left, right = (rows.search_sorted(pairs[side]).cast(pl.Int64).to_numpy() for side in ("left", "right"))
    block, _, _ = in_chunks(left, right, texts.str.len_bytes().cast(pl.Int64).to_numpy(), COMPARED_BYTES)
    return (some for _, some in pairs.group_by(pl.Series("block", block), maintain_order=True))


def _compared(corpus_filter: CorpusFilter, pairs: pl.DataFrame, rows: pl.Series, texts: pl.Series) -> pl.DataFrame:
    """Pairs with their similarity; `texts` are those of `rows` (sorted)."""
    own = pl.concat([pairs["left"], pairs["right"]]).unique().sort()
    places = pairs.select(pl.col("left", "right").map_batches(lambda column: own.search_sorted(column).cast(pl.Int64)))
    similarity = corpus_filter.similarities(Utf8.of(texts.gather(rows.search_sorted(own))), places)
    return pairs.select("left", "right", similarity=pl.Series(similarity, dtype=pl.Float64))


def join(run: Run, step: int, name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Gather groups, or links, in one file, whatever the memory was; the files on the way go."""
    work = comparison(run, step)
    links = work.step.least_similarity() is not None
    schema = grouping.GROUPS | ({"similarity": pl.Float64} if links else {})
    with groups_written(run.groups_file(work.line), schema) as written:
        for groups in _links(work) if links else _all_groups(work):
            written.write(groups)
    remove_on_the_way(run, work.line)
    return {"groups": written.next}


def _links(work: Comparison) -> Iterator[pl.DataFrame]:
    """Links as groups of two, by row: ranges ascend, and a range's links fit into the memory."""
    chunks = work.chunks()
    for number in range(work.ranges):
        files = [work.links_file(chunk) for chunk in chunks if chunk.startswith(f"{number}-")]
        if files:
            yield grouping.groups_of_links(pl.concat(map(disk.read_frame, files)).sort("left", "right"))


def _all_groups(work: Comparison) -> Iterator[pl.DataFrame]:
    for file in work.group_files():
        for frame in frames(file):
            yield frame.with_columns(pl.col("group") - pl.col("group").min())


def remove_on_the_way(run: Run, line: Line[Any]) -> None:
    """Remove what was needed to make the groups."""
    import shutil

    for path in run.groups_folder(line).iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path != run.groups_file(line):
            path.unlink(missing_ok=True)
