"""Compare: keys of all documents to groups, partition by partition; candidate pairs verified against their text."""

from __future__ import annotations

from typing import Any

import polars as pl

from curate import disk
from curate.contracts import CorpusFilter, Line, Utf8
from curate.run import Run

CHUNK_BYTES = 100_000_000
"""Text that one task fetches to verify pairs, and holds."""
COMPARED_BYTES = 8_000_000
"""Text that is compared at a time; a filter may take ten times that."""


def _corpus_line(run: Run, step: int) -> tuple[Line[Any], CorpusFilter]:
    line = run.pipeline.filters[step]
    assert isinstance(line.step, CorpusFilter)
    return line, line.step


def group(run: Run, step: int, partition: str, options: dict[str, Any]) -> dict[str, Any]:
    """Group the keys of one partition over all parts."""
    line, corpus_filter = _corpus_line(run, step)
    columns = corpus_filter.partitions()[partition]
    keys = pl.concat([disk.read_frame(run.signals_file(line, part), columns) for part in run.parts])
    rows = pl.int_range(keys.height, dtype=pl.Int64, eager=True).alias("row")
    disk.write_frame(corpus_filter.group(keys.insert_column(0, rows)), run.groups_folder(line) / f"{partition}.parquet")
    return {"rows": keys.height}


def pair(run: Run, step: int, name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Gather the groups of all partitions; what needs its text compared is laid out in chunks of pairs."""
    line, corpus_filter = _corpus_line(run, step)
    folder = run.groups_folder(line)
    files = [folder / f"{partition}.parquet" for partition in corpus_filter.partitions()]
    pairs = corpus_filter.candidates(pl.read_parquet(file) for file in files)
    if pairs is None:
        disk.write_frame(_numbered([pl.read_parquet(file) for file in files]), folder / "all.parquet")
        disk.write_json(folder / "pairs.json", {"chunks": None})
        return {}
    chunks = pairs.group_by(_chunk_of(run, pairs), maintain_order=True)
    written = 0
    for number, (_, chunk) in enumerate(chunks):
        disk.write_frame(chunk.select("left", "right"), folder / f"pairs-{number:05}.parquet")
        written = number + 1
    disk.write_json(folder / "pairs.json", {"chunks": written})
    return {"rows": pairs.height}


def _chunk_of(run: Run, pairs: pl.DataFrame) -> pl.Series:
    """The task that verifies each pair: as many pairs a task as hold `CHUNK_BYTES` of text."""
    sizes = [pl.read_parquet(run.clean_file(part), columns=["text_bytes"])["text_bytes"] for part in run.parts]
    size = pl.concat(sizes).cast(pl.Int64)
    both = size.gather(pairs["left"]) + size.gather(pairs["right"])
    return (both.cum_sum() // CHUNK_BYTES).alias("chunk")


def _numbered(groups: list[pl.DataFrame]) -> pl.DataFrame:
    """Groups of several partitions in one table, with numbers that don't meet."""
    frames = [frame.with_columns(partition=pl.lit(number)) for number, frame in enumerate(groups)]
    group = pl.struct("partition", "group").rank("dense").cast(pl.Int64)
    return pl.concat(frames).select(group.alias("group"), "row").sort("group", "row")


def verify(run: Run, step: int, chunk: str, options: dict[str, Any]) -> dict[str, Any]:
    """Compare the texts of one chunk of pairs."""
    line, corpus_filter = _corpus_line(run, step)
    folder = run.groups_folder(line)
    pairs = pl.read_parquet(folder / f"pairs-{chunk}.parquet")
    rows = _rows_of(pairs)
    texts = run.texts(rows)
    size = texts.str.len_bytes().cast(pl.Int64)
    both = size.gather(rows.search_sorted(pairs["left"])) + size.gather(rows.search_sorted(pairs["right"]))
    parts = pairs.group_by(both.cum_sum() // COMPARED_BYTES, maintain_order=True)
    found = [_compared(corpus_filter, part, rows, texts) for _, part in parts]
    disk.write_frame(pl.concat(found), folder / f"verified-{chunk}.parquet")
    return {"rows": pairs.height, "bytes": int(size.sum())}


def _compared(corpus_filter: CorpusFilter, pairs: pl.DataFrame, rows: pl.Series, texts: pl.Series) -> pl.DataFrame:
    """Pairs with their similarity; `texts` are those of `rows` (sorted)."""
    own = _rows_of(pairs)
    places = pairs.select(pl.col("left", "right").map_batches(lambda column: own.search_sorted(column).cast(pl.Int64)))
    similarity = corpus_filter.similarities(Utf8.of(texts.gather(rows.search_sorted(own))), places)
    return pairs.with_columns(pl.Series("similarity", similarity))


def _rows_of(pairs: pl.DataFrame) -> pl.Series:
    return pl.concat([pairs["left"], pairs["right"]]).unique().sort()


def join(run: Run, step: int, name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Verified pairs (or the groups as they are) to the final groups; the files on the way go."""
    line, corpus_filter = _corpus_line(run, step)
    folder = run.groups_folder(line)
    chunks = disk.read_json(folder / "pairs.json")["chunks"]
    if chunks is None:
        groups = pl.read_parquet(folder / "all.parquet")
    else:
        empty = pl.DataFrame(schema={"left": pl.Int64, "right": pl.Int64, "similarity": pl.Float64})
        verified = [pl.read_parquet(folder / f"verified-{number:05}.parquet") for number in range(chunks)]
        groups = corpus_filter.confirmed(pl.concat([empty, *verified]))
    disk.write_frame(groups, run.groups_file(line))
    for file in folder.iterdir():
        if file != run.groups_file(line):
            file.unlink(missing_ok=True)
    return {"rows": groups.height}
