"""What the cleaners `unicode` and `chinese` do to each kind of document, and how fast.

    python benchmarks/quality/cleaners_zh.py CORPUS.jsonl.zst [--by kind] [--show 20]

CORPUS is JSON lines with `text` and `meta.kind` (or another key of `meta`, by `--by`). Prints a row for each kind:
documents; the share of which spaces were repaired, whose width or composition changed, which `chinese` converted to
simplified; and the median of both ratios. `--show` prints lines before and after, to be read by eye.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import zstandard

from curate.cleaners.chinese import Chinese
from curate.cleaners.spacing import may_be_spaced
from curate.cleaners.unicode import Unicode
from curate.contracts import Utf8


def read(path: Path, by: str) -> pl.DataFrame:
    """Columns `kind` and `text`."""
    with path.open("rb") as file:
        stream = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), encoding="utf-8")
        rows = [(record["meta"][by], record["text"]) for record in map(json.loads, stream)]
    return pl.DataFrame(rows, schema=["kind", "text"], orient="row")


def timed(name: str, text: pl.Series, clean: Callable[[pl.Series], Any]) -> Any:
    """Run twice (the first compiles), print the speed of the second."""
    clean(text.head(10))
    start = time.perf_counter()
    result = clean(text)
    print(f"{name:<16}{text.str.len_bytes().sum() / 1e6 / (time.perf_counter() - start):8.0f} MB/s")
    return result


def show(before: pl.Series, after: pl.Series, number: int) -> None:
    """Print changed lines of `number` changed documents, spread over all."""
    changed = (before != after).arg_true()
    for row in changed.gather_every(max(1, len(changed) // max(1, number))).head(number):
        for old, new in zip(before[row].split("\n"), after[row].split("\n"), strict=False):
            if old != new:
                print(f"- {old[:100]}\n+ {new[:100]}")
                break


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--by", default="kind")
    parser.add_argument("--show", type=int, default=0)
    arguments = parser.parse_args()
    frame = read(arguments.corpus, arguments.by)
    text = frame["text"]
    unicode = timed("unicode", text, Unicode().clean)
    timed("  its spacing", text, lambda some: may_be_spaced(Utf8.of(some)))
    chinese = timed("chinese", unicode.text, Chinese().clean)
    measured = frame.with_columns(
        spaces_repaired=unicode.signals["spaces_repaired"],
        other_changes=(unicode.text != text) & ~unicode.signals["spaces_repaired"],
        converted=chinese.text != unicode.text,
        traditional_ratio=chinese.signals["traditional_ratio"],
        simplified_ratio=chinese.signals["simplified_ratio"],
    )
    print(f"\n{'kind':<24}{'documents':>10}{'spaces %':>10}{'other %':>9}{'converted %':>12}{'trad.':>7}{'simp.':>7}")
    for kind, group in measured.group_by("kind", maintain_order=True):
        shares = [100 * group[name].mean() for name in ("spaces_repaired", "other_changes", "converted")]
        medians = [group[name].median() or 0.0 for name in ("traditional_ratio", "simplified_ratio")]
        print(
            f"{kind[0]!s:<24}{len(group):>10}{shares[0]:>10.2f}{shares[1]:>9.2f}{shares[2]:>12.2f}"
            f"{medians[0]:>7.3f}{medians[1]:>7.3f}"
        )
    spaced = measured.filter("spaces_repaired")["text"]
    show(spaced, Unicode().clean(spaced).text, arguments.show)


if __name__ == "__main__":
    main()
