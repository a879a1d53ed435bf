"""Which share of each kind of document the rules of a profile drop.

    python benchmarks/quality/curate_zh.py CORPUS.jsonl.zst [--profile NAME] [--sample 0.2] [--show RULE]

CORPUS is JSON lines with `text` and `meta.kind` (the corpus on which the profile was found is described in
`profiles/curate_zh.yaml`). Prints a row for each kind: documents, the share dropped by any rule, then the share each
rule drops, in percent; and the speed of each filter. `--show` prints starts of documents that one rule alone drops, to
be read by eye.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import zstandard

from curate import judge
from curate.contracts import Documents, Filter, Line
from curate.filters.length import Length
from curate.filters.quality import Quality
from curate.filters.repetition import Repetition

BATCH_CHARS = 4_000_000


def records(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (kind, text)."""
    with path.open("rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file) if path.suffix == ".zst" else file
        for line in io.TextIOWrapper(stream, encoding="utf-8"):
            record = json.loads(line)
            yield record["meta"]["kind"], record["text"]


def batches(frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Cut a frame into batches of about `BATCH_CHARS` characters."""
    number = frame.select((pl.col("text").str.len_chars().cum_sum() // BATCH_CHARS).alias("batch"))["batch"]
    yield from frame.with_columns(number).partition_by("batch", include_key=False, maintain_order=True)


def verdicts(frame: pl.DataFrame, profile: str) -> tuple[pl.DataFrame, dict[str, float]]:
    """Judge `frame`: one Boolean column per rule; and the seconds each filter took."""
    steps: dict[str, Filter] = {
        "length": Length(), "quality": Quality(profile=profile), "repetition": Repetition(profile=profile)
    }  # fmt: skip
    lines = [Line(name, name, step) for name, step in steps.items()]
    types = {name: kind for line in lines for name, kind in judge.signal_columns(line).items()}
    rules = judge.compile_rules(lines, types)
    seconds = dict.fromkeys(steps, 0.0)
    results = []
    for batch in batches(frame):
        documents, signals = Documents.of(batch["text"].to_list()), []
        for name, step in steps.items():
            start = time.perf_counter()
            signals.append(step.measure(documents))
            seconds[name] += time.perf_counter() - start
        results.append(judge.rule_frame(pl.concat(signals, how="horizontal"), rules))
    return pl.concat(results), seconds


def table(kinds: pl.Series, broken: pl.DataFrame) -> pl.DataFrame:
    """Percent of each kind that each rule drops."""
    percent = (pl.all().mean() * 100).round(2)
    every = broken.with_columns(any=pl.any_horizontal(pl.all())).select("any", *broken.columns)
    by_kind = every.with_columns(kind=kinds).group_by("kind").agg(pl.len().alias("documents"), percent)
    return by_kind.sort("kind")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--profile", action="append")
    parser.add_argument("--sample", type=float, default=1.0)
    parser.add_argument("--show", help="print documents that only this rule drops")
    parser.add_argument("--kind", help="look at one kind only")
    options = parser.parse_args()
    frame = pl.DataFrame(list(records(options.corpus)), schema=["kind", "text"], orient="row")
    frame = frame.sample(fraction=options.sample, seed=0)
    if options.kind:
        frame = frame.filter(pl.col("kind") == options.kind)
    megabytes = frame["text"].str.len_bytes().sum() / 1e6
    for profile in options.profile or ["curate_zh", "fineweb2_zh"]:
        verdicts(frame.head(2), profile)  # compile
        broken, seconds = verdicts(frame, profile)
        print(f"\n{profile}: {len(frame)} documents, {megabytes:.1f} MB;", end=" ")
        print(", ".join(f"{name} {megabytes / spent:.1f} MB/s" for name, spent in seconds.items()))
        columns = table(frame["kind"], broken)
        width = max(map(len, columns["kind"]))
        for row in columns.iter_rows(named=True):
            rest = [
                f"{rule} {share:g}" for rule, share in row.items() if rule not in ("kind", "documents", "any") and share
            ]
            print(f"{row['kind']:{width}} {row['documents']:6} {row['any']:6.2f} %  {', '.join(rest)}")
        if options.show:
            alone = broken[options.show] & (pl.Series(broken.select(pl.sum_horizontal(pl.all())).to_series()) == 1)
            for kind, text in frame.filter(alone).sample(fraction=1, shuffle=True, seed=0).head(20).iter_rows():
                print("-" * 20, kind, len(text), repr(text[:400]))


if __name__ == "__main__":
    main()
