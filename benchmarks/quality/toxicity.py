"""How well the lists of the filter `toxicity` tell advertising, spam and abuse from honest text.

    python benchmarks/quality/toxicity.py [--web CORPUS.jsonl.zst] [--posts POSTS.jsonl.zst] [--lines LINES.jsonl]

Three tables:
1. LINES (by default `tests/data/advertising.jsonl`: `text`, `category` or null, `subject`, `batch`): what is found, by
   subject and by batch. Batch 1 was written beside the lists. Batches 2 and 3 were written while the lists stood still;
   batch 2 was mended afterwards, batch 3 (`blind`) never. `own` is the share found under the category's own rule.
2. CORPUS (`text`, `meta.kind`): documents that each rule drops, by kind, the megabytes a second of one core, and the
   start of every dropped document, to be read by eye.
3. POSTS (`text`, `meta.label`, 1 for offensive): precision and recall of the rule `abuse`, and of a single word of it.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import zstandard

from curate.contracts import Documents
from curate.filters.toxicity import Toxicity

BATCH_CHARS = 3_000_000
LINES = Path(__file__).parents[2] / "tests/data/advertising.jsonl"


def records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a JSON-lines file, compressed by zstd or not."""
    with path.open("rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file) if path.suffix == ".zst" else file
        for line in io.TextIOWrapper(stream, encoding="utf-8"):
            yield json.loads(line)


def batches(texts: list[str]) -> Iterator[Documents]:
    """Cut texts into batches of about `BATCH_CHARS` characters."""
    batch: list[str] = []
    chars = 0
    for text in texts:
        batch.append(text)
        chars += len(text)
        if chars >= BATCH_CHARS:
            yield Documents.of(batch)
            batch, chars = [], 0
    if batch:
        yield Documents.of(batch)


def broken(step: Toxicity, texts: list[str]) -> tuple[pl.DataFrame, pl.DataFrame, float]:
    """Signals, one Boolean column per rule, and megabytes a second (processor time, the compiled code warm)."""
    rules = {name: pl.sql_expr(rule).fill_null(True) for name, rule in step.own_rules().items() if rule}
    step.measure(Documents.of(["x"]))
    frames, n_bytes, seconds = [], 0, 0.0
    for documents in batches(texts):
        n_bytes += len(documents.utf8.data)
        start = time.process_time()
        frames.append(step.measure(documents))
        seconds += time.process_time() - start
    signals = pl.concat(frames)
    return signals, signals.select(**rules), n_bytes / 1e6 / max(seconds, 1e-9)


def scores(frame: pl.DataFrame, by: str) -> pl.DataFrame:
    """Precision, recall and F1 of `found` against `wanted`, by a column."""
    wanted, found = pl.col("wanted"), pl.col("found")
    counts = frame.group_by(by, maintain_order=True).agg(
        wanted.sum().alias("lines"),
        (wanted & found).sum().alias("right"),
        (wanted & pl.col("own")).sum().alias("own"),
        (~wanted).sum().alias("honest"),
        (~wanted & found).sum().alias("false"),
    )
    precision, recall = pl.col("right") / (pl.col("right") + pl.col("false")), pl.col("right") / pl.col("lines")
    return counts.with_columns(
        precision=precision.round(3),
        recall=recall.round(3),
        f1=(2 * precision * recall / (precision + recall)).round(3),
    )


def lines(step: Toxicity, path: Path) -> None:
    """Print the table of the lines."""
    frame = pl.DataFrame(list(records(path)))
    _, rules, _ = broken(step, frame["text"].to_list())
    own = pl.coalesce([pl.when(pl.col("category") == name).then(pl.col(name)) for name in rules.columns])
    judged = pl.concat([frame, rules], how="horizontal").with_columns(
        wanted=pl.col("category").is_not_null(), found=pl.any_horizontal(rules.columns), own=own.fill_null(False)
    )
    print(scores(judged, "subject"))
    print(scores(judged, "batch"))
    print(scores(judged.with_columns(all=pl.lit("all")), "all"))
    print(scores(judged.filter(subject=pl.lit("abuse")).with_columns(all=pl.lit("abuse")), "all"))
    print(scores(judged.filter(pl.col("subject") != "abuse").with_columns(all=pl.lit("without abuse")), "all"))


def web(step: Toxicity, path: Path) -> None:
    """Print what is dropped of a corpus."""
    texts, kinds = zip(*((record["text"], record["meta"]["kind"]) for record in records(path)), strict=True)
    signals, rules, speed = broken(step, list(texts))
    dropped = rules.with_columns(kind=pl.Series(kinds), text=pl.Series(texts), any=pl.any_horizontal(pl.all()))
    counts = dropped.group_by("kind").agg(pl.len().alias("documents"), pl.col("any", *rules.columns).sum()).sort("kind")
    print(counts)
    total = int(dropped["any"].sum())
    print(f"{total} of {signals.height} dropped; {speed:.0f} MB/s; {len(signals.columns)} columns")
    # A loop over the few that are dropped.
    for row in dropped.filter("any").iter_rows(named=True):
        print(row["kind"], [name for name in rules.columns if row[name]], row["text"][:150].replace("\n", " / "))


def posts(step: Toxicity, path: Path) -> None:
    """Print precision and recall on labelled posts."""
    texts, labels = zip(*((record["text"], record["meta"]["label"]) for record in records(path)), strict=True)
    signals, rules, _ = broken(step, list(texts))
    offensive = pl.Series(labels) == 1
    for name, found in (("rule abuse", rules["abuse"]), ("one word of abuse", signals["abuse_words"] >= 1)):
        right = (found & offensive).sum()
        print(f"{name}: precision {right / max(found.sum(), 1):.3f}, recall {right / offensive.sum():.3f}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=Path, default=LINES)
    parser.add_argument("--web", type=Path)
    parser.add_argument("--posts", type=Path)
    arguments = parser.parse_args()
    step = Toxicity()
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=160, tbl_hide_dataframe_shape=True):
        lines(step, arguments.lines)
        if arguments.web:
            web(step, arguments.web)
        if arguments.posts:
            posts(step, arguments.posts)


if __name__ == "__main__":
    main()
