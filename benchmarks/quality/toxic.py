"""How well a classifier trained here finds offensive posts, and the list of words beside it, on the same held-out part.

    python benchmarks/quality/toxic.py CORPUS.jsonl.zst [--seed 0]

CORPUS is JSON lines with `text`, `meta.label` (1 offensive, 0 not) and `meta.orig_split`. Posts are divided by a hash
of the text, as `curate train classifier` does. `test, by people` are the held-out posts of the authors' own test set,
which people labelled. Prints macro-F1, AUC, and the seconds of the training. Parts of 3,700 posts make macro-F1 differ
by 0.005 from seed to seed.
"""

from __future__ import annotations

import argparse
import io
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
import zstandard

from curate.classifier import figures, samples, training
from curate.contracts import Documents
from curate.filters.classifier import Classifier
from curate.filters.toxicity import Toxicity

LABELS = ["fine", "offensive"]


def records(path: Path) -> pl.DataFrame:
    """Read `text`, `label`, `split` (the authors')."""
    with path.open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), encoding="utf-8")
        rows = [json.loads(line) for line in lines]
    return pl.DataFrame(
        {
            "text": [row["text"] for row in rows],
            "label": [LABELS[int(row["meta"]["label"])] for row in rows],
            "split": [row["meta"]["orig_split"] for row in rows],
        }
    )


def line(name: str, scores: np.ndarray, truth: np.ndarray) -> str:
    """One row of the table; `scores` of 0.5 and more say offensive."""
    found = (scores >= 0.5).astype(np.int64)
    f1 = figures.macro_f1(truth.astype(np.int64), found, LABELS)
    figure = figures.by_label(truth.astype(np.int64), found, LABELS)["offensive"]
    return (
        f"{name:28} {len(truth):6,}  macro-F1 {f1:.4f}  AUC {figures.auc(scores, truth):.4f}"
        f"  precision {figure['precision']:.3f}  recall {figure['recall']:.3f}"
    )


def main() -> None:
    """Train, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    frame = records(options.corpus)
    with tempfile.TemporaryDirectory() as folder:
        patterns = {}
        for label in LABELS:
            file = Path(folder) / f"{label}.jsonl"
            frame.filter(pl.col("label") == label).select("text").write_ndjson(file)
            patterns[label] = [str(file)]
        started, processor = time.perf_counter(), time.process_time()
        done = training.train_classifier(patterns, Path(folder) / "m.bin", positive="offensive", seed=options.seed)
        seconds = time.perf_counter() - started
        own = time.process_time() - processor
        print(f"trained in {seconds:.1f} s ({own:.1f} s of this process), epochs by macro-F1 on validation:")
        print("  ", done.card["trained_by"]["validation_macro_f1_by_epochs"])
        read, _ = samples.read_samples(patterns, "text", None)
        divided, _ = samples.divide(read, options.seed)
        held_out = divided.filter(pl.col("part") == samples.HELD_OUT)
        documents = Documents.of(held_out["text"].to_list())
        scores = Classifier(model=str(done.model)).measure(documents)["classifier_score"].to_numpy()
    truth = (held_out["label"] == "offensive").to_numpy()
    words = Toxicity().measure(documents)["toxic_words"].to_numpy()
    by_people = held_out["text"].is_in(frame.filter(pl.col("split") == "test")["text"].implode()).to_numpy()
    for part, rows in (("held out", np.ones(len(truth), np.bool_)), ("test, by people", by_people)):
        print(line(f"classifier, {part}", scores[rows], truth[rows]))
        print(line(f"word list, {part}", (words[rows] > 0).astype(np.float64), truth[rows]))


if __name__ == "__main__":
    main()
