"""What the cleaner `boilerplate_lines` removes from each kind of document, by family, and how fast it is.

    python benchmarks/quality/boilerplate.py CORPUS.jsonl.zst [--kind KIND] [--show FAMILY] [--lines 20]
    python benchmarks/quality/boilerplate.py --lines-of tests/data/boilerplate_lines.jsonl

CORPUS is JSON lines with `text` and `meta.kind`. Prints a row for each kind: documents, documents that change, lines
and ends of lines that go; then the families; then the speed. `--show` prints lines of a family in their context, to be
read by eye. `--lines-of` prints precision and recall on a file of our own: `line`, `left` (what should stay) and `part`
(`blind`: written when the rules were finished).
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import polars as pl
from profiles import batches, records

from curate.cleaners.boilerplate_lines import BoilerplateLines, find
from curate.cleaners.furniture import rules_of
from curate.contracts import Utf8


def score(path: Path) -> None:
    """Print precision and recall of each part of a labelled file, and every mistake."""
    rows = pl.DataFrame([json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()])
    rows = rows.with_columns(
        got=BoilerplateLines().clean(rows["line"]).text, furniture=pl.col("line") != pl.col("left")
    )
    for (part,), some in rows.group_by("part", maintain_order=True):
        right = some.filter(pl.col("furniture") & (pl.col("got") == pl.col("left"))).height
        wrong = some.filter((pl.col("got") != pl.col("line")) & (pl.col("got") != pl.col("left"))).height
        furniture = some["furniture"].sum()
        print(f"{part}: {furniture} furniture, {len(some) - furniture} not;", end=" ")
        print(f"precision {right / (right + wrong):.3f}, recall {right / furniture:.3f}")
    for line, got in rows.filter(pl.col("got") != pl.col("left")).select("line", "got").iter_rows():
        print(f"  {line!r} -> {got!r}")


def show(found: pl.DataFrame, texts: pl.Series, family: str, n: int) -> None:
    """Print lines of a family between the lines before and behind them."""
    some = found.filter(pl.col("family") == family)
    for row, start, end, line, left in (
        some.sample(min(n, len(some)), seed=0).select("row", "start", "end", "line", "left").iter_rows()
    ):
        data = texts[row].encode()
        before, behind = data[:start].decode()[-60:], data[end:].decode()[:60]
        print("-" * 20, repr(before), f"  {line[-200:]}  ->  {left[-20:]!r}", repr(behind), sep="\n")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?")
    parser.add_argument("--kind", help="look at one kind only")
    parser.add_argument("--show", metavar="FAMILY")
    parser.add_argument("--lines", type=int, default=20)
    parser.add_argument("--lines-of", type=Path)
    options = parser.parse_args()
    if options.lines_of:
        score(options.lines_of)
        return
    frame = pl.DataFrame(list(records(options.corpus)), schema=["kind", "text"], orient="row")
    if options.kind:
        frame = frame.filter(pl.col("kind") == options.kind)
    cleaner, seconds, by_kind = BoilerplateLines(), 0.0, dict[str, list[float]]()
    cleaner.clean(frame["text"].head(2))  # compile
    for batch in batches(frame):
        start = time.perf_counter()
        cleaner.clean(batch["text"])
        seconds += time.perf_counter() - start
    for (kind,), some in frame.group_by("kind"):
        start = time.perf_counter()
        cleaner.clean(some["text"])
        by_kind[str(kind)] = [some["text"].str.len_bytes().sum() / 1e6 / (time.perf_counter() - start)]
    found = find(Utf8.of(frame["text"]), rules_of(cleaner.files()))
    found = found.with_columns(kind=frame["kind"].gather(found["row"]))
    counts = found.group_by("kind").agg(
        pl.col("row").n_unique(), pl.col("whole").sum().alias("lines"), (~pl.col("whole")).sum().alias("tails")
    )
    for kind, documents, changed, lines, tails in (
        frame.group_by("kind").len().join(counts, on="kind", how="left").sort("kind").iter_rows()
    ):
        print(f"{kind:22}{documents:7}{changed or 0:7} changed{lines or 0:7} lines{tails or 0:5} tails", end="")
        print(f"{by_kind[kind][0]:7.0f} MB/s")
    for family, whole, n in found.group_by("family", "whole").len().sort("len", descending=True).iter_rows():
        print(f"{family:12}{'lines' if whole else 'tails':6}{n:7}")
    megabytes = frame["text"].str.len_bytes().sum() / 1e6
    print(f"{megabytes:.1f} MB at {megabytes / seconds:.0f} MB/s")
    if options.show:
        show(found, frame["text"], options.show, options.lines)


if __name__ == "__main__":
    main()
