"""How well `curate train classifier` tells kinds of pages apart: precision, recall and F1 of each.

    python benchmarks/quality/domain.py CORPUS.jsonl.zst [--seed 0] [--least 200]

CORPUS is JSON lines with `text` and `meta.kind`. Kinds with fewer than `--least` documents are left out. Documents are
divided by a hash of the text; the figures are those of the held-out fifth. Prints the table, the seconds of the
training, and how fast the filter `domain` reads the corpus.
"""

from __future__ import annotations

import argparse
import io
import json
import tempfile
import time
from pathlib import Path

import polars as pl
import zstandard

from curate.classifier import training
from curate.classifier.shown import shown
from curate.contracts import Documents
from curate.filters.domain import Domain


def main() -> None:
    """Train, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--least", type=int, default=200)
    parser.add_argument("--chars", type=int, default=500, help="of each document, from its start")
    parser.add_argument("--per-label", type=int, default=500, help="documents of each kind to learn from, at most")
    options = parser.parse_args()
    with options.corpus.open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), encoding="utf-8")
        rows = [(row["meta"]["kind"], row["text"][: options.chars]) for row in map(json.loads, lines)]
    frame = pl.DataFrame(rows, schema=["kind", "text"], orient="row")
    with tempfile.TemporaryDirectory() as folder:
        patterns = {}
        for (kind,), part in frame.group_by("kind", maintain_order=True):
            if part["text"].n_unique() >= options.least:
                patterns[str(kind)] = [str(Path(folder) / f"{kind}.jsonl")]
                part.select("text").write_ndjson(patterns[str(kind)][0])
        started = time.perf_counter()
        done = training.train_classifier(
            patterns, Path(folder) / "kinds.bin", per_label=options.per_label, seed=options.seed
        )
        print(f"trained in {time.perf_counter() - started:.1f} s")
        print(shown(done.model, done.card))
        documents = Documents.of(frame["text"].to_list())
        step, megabytes = Domain(model=str(done.model)), len(documents.utf8.data) / 1e6
        step.measure(Documents.of(["compile"]))
        best = float("inf")
        for _ in range(3):
            started = time.perf_counter()
            step.measure(documents)
            best = min(best, time.perf_counter() - started)
        print(f"filter domain: {megabytes:.1f} MB at {megabytes / best:.1f} MB/s, best of three")


if __name__ == "__main__":
    main()
