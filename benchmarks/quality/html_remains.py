"""What the cleaner `html` changes in each kind of document, and how fast it is.

    python benchmarks/quality/html_remains.py CORPUS.jsonl.zst [--kind KIND --show 20]

CORPUS is JSON lines with `text` and `meta.kind`. Prints a row for each kind: documents, documents that change, the
share of their characters that stays, and how many were read as whole pages; then the speed. `--show` prints changed
documents of a kind as a diff, line by line, to be read by eye. (A script called html.py would hide Python's `html`.)
"""

from __future__ import annotations

import argparse
import difflib
import time
from pathlib import Path

import polars as pl
from profiles import batches, records

from curate.cleaners import markup
from curate.cleaners.html import Html, _suspects, trafilatura_version


def show(before: str, after: str) -> str:
    """Changed lines of a document, the first 20, each cut at 200 characters."""
    lines = difflib.unified_diff(before.split("\n"), after.split("\n"), n=0, lineterm="")
    changed = [line[:200] for line in lines if not line.startswith(("---", "+++", "@@"))]
    return "\n".join(changed[:20])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--kind", help="look at one kind only")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="print N changed documents")
    options = parser.parse_args()
    frame = pl.DataFrame(list(records(options.corpus)), schema=["kind", "text"], orient="row")
    if options.kind:
        frame = frame.filter(pl.col("kind") == options.kind)
    cleaner, cleaned, seconds, screening = Html(), [], 0.0, 0.0
    cleaner.clean(pl.Series(["<html><p>a"]))  # import and compile
    for batch in batches(frame):
        start = time.perf_counter()
        _suspects(batch["text"])
        screening += time.perf_counter() - start
        start = time.perf_counter()
        cleaned.append(cleaner.clean(batch["text"]).text)
        seconds += time.perf_counter() - start
    frame = frame.with_columns(cleaned=pl.concat(cleaned)).with_columns(changed=pl.col("text") != pl.col("cleaned"))
    changed = frame.filter("changed")
    pages = pl.Series([markup.is_page(text) for text in changed["text"]], dtype=pl.Boolean)
    kept = pl.col("cleaned").str.len_chars().sum() / pl.col("text").str.len_chars().sum()
    by_kind = changed.with_columns(page=pages).group_by("kind").agg(pl.len().alias("n"), kept, pl.col("page").sum())
    print(f"trafilatura {trafilatura_version()}")
    for kind, documents, n, share, page in (
        frame.group_by("kind").len().join(by_kind, on="kind", how="left").sort("kind").iter_rows()
    ):
        print(f"{kind:22}{documents:7}{n or 0:7} changed{(share or 1):8.1%} kept{page or 0:6} pages")
    megabytes = frame["text"].str.len_bytes().sum() / 1e6
    print(f"{megabytes:.1f} MB at {megabytes / seconds:.0f} MB/s; the screen alone {megabytes / screening:.0f} MB/s")
    for kind, text, after, _ in changed.sample(min(options.show, len(changed)), seed=0).iter_rows():
        print("-" * 20, kind, len(text), len(after), show(text, after), sep="\n")


if __name__ == "__main__":
    main()
