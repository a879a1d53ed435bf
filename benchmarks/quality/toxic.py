"""How well a classifier trained here finds offensive posts, and the list of words beside it, on the same held-out part.

    python benchmarks/quality/toxic.py CORPUS.jsonl.zst [--seed 0] [--seeds 3]

CORPUS is JSON lines with `text`, `meta.label` (1 offensive, 0 not) and `meta.orig_split`. Posts are divided by a hash
of the text, as `curate train classifier` does. `test, by people` are the held-out posts of the authors' own test set,
which people labelled. Prints macro-F1, AUC, and the seconds of the training, waiting and on the processor. Parts of
3,700 posts make macro-F1 differ by 0.005 from seed to seed, so `--seeds` trains with several, each with a split of its
own, and prints the mean of the held-out parts.
"""

from __future__ import annotations

import argparse
import io
import json
import os
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


def processor_seconds() -> float:
    """Seconds of the processor so far."""
    times = os.times()
    return times.user + times.system


def measure(frame: pl.DataFrame, seed: int) -> tuple[float, float]:
    """Train, print the table of one seed, and give macro-F1 and AUC on its held-out part."""
    with tempfile.TemporaryDirectory() as folder:
        patterns = {}
        for label in LABELS:
            file = Path(folder) / f"{label}.jsonl"
            frame.filter(pl.col("label") == label).select("text").write_ndjson(file)
            patterns[label] = [str(file)]
        started, processor = time.perf_counter(), processor_seconds()
        done = training.train_classifier(patterns, Path(folder) / "m.bin", positive="offensive", seed=seed)
        seconds, busy = time.perf_counter() - started, processor_seconds() - processor
        print(f"seed {seed}: trained in {seconds:.1f} s ({busy:.1f} s of the processor), loss by strength:")
        print("  ", done.card["trained_by"]["validation_loss_by_strength"])
        read, _ = samples.read_samples(patterns, "text", None)
        divided, _ = samples.divide(read, seed)
        held_out = divided.filter(pl.col("part") == samples.HELD_OUT)
        documents = Documents.of(held_out["text"].to_list())
        scores = Classifier(model=str(done.model)).measure(documents)["classifier_score"].to_numpy()
    truth = (held_out["label"] == "offensive").to_numpy()
    words = Toxicity().measure(documents)["abuse_words"].to_numpy()
    by_people = held_out["text"].is_in(frame.filter(pl.col("split") == "test")["text"].implode()).to_numpy()
    for part, rows in (("held out", np.ones(len(truth), np.bool_)), ("test, by people", by_people)):
        print(line(f"classifier, {part}", scores[rows], truth[rows]))
        print(line(f"word list, {part}", (words[rows] > 0).astype(np.float64), truth[rows]))
    f1 = figures.macro_f1(truth.astype(np.int64), (scores >= 0.5).astype(np.int64), LABELS)
    return f1, figures.auc(scores, truth) or 0.0


def main() -> None:
    """Train with each seed, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    frame = records(options.corpus)
    found = [measure(frame, seed) for seed in range(options.seed, options.seed + options.seeds)]
    if len(found) > 1:
        f1, auc = np.mean(found, axis=0)
        print(f"mean of {len(found)} seeds, held out: macro-F1 {f1:.4f}  AUC {auc:.4f}")


if __name__ == "__main__":
    main()
