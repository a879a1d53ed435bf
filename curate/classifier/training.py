"""Train a classifier of one's own: split, balance, find the strength, figures on texts that it never saw.

Texts are divided into three parts. On `training` a logistic regression learns (`learning`) with several strengths, and
the one whose logarithmic loss on `validation` is least learns once more on both; the figures come from `held_out`,
looked at once. 14,800 short posts: 3 s; 7,400 pages of 17 kinds: 16 s, one thread. What is written is a fastText
model (`model_file`).
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.classifier import figures, samples
from curate.classifier.card import card_file
from curate.classifier.learning import Features, features_of, learn
from curate.classifier.model_file import model_bytes
from curate.contracts import TEXT, Utf8
from curate.disk import whole_file, write_json
from curate.errors import PipelineError
from curate.fasttext_model import load_model

STRENGTHS = (3.0, 10.0, 30.0)
"""Tried by the loss on the validation part, which chance moves less than macro-F1: 10 is best for the short posts of
`learning` (5, 10, 20 did as well), 30 for pages of 17 kinds."""
TELLING, TELLING_COUNT = 30, 10
"""Features named for each label, and in how many texts each must stand."""


class Trained(NamedTuple):
    """What a training gave."""

    model: Path
    card: dict[str, Any]


class _Task(NamedTuple):
    """What all trainings of a classifier share."""

    labels: list[str]
    seed: int


def labelled(positive: Sequence[str], negative: Sequence[str], labels: Sequence[str]) -> dict[str, list[str]]:
    """Label to its files, out of what a command line says. Raises: PipelineError."""
    if bool(positive) != bool(negative) or bool(positive) == bool(labels):
        raise PipelineError("say --positive and --negative, or --label NAME=FILES for each label")
    if positive:
        return {"positive": list(positive), "negative": list(negative)}
    patterns: dict[str, list[str]] = {}
    for pair in labels:
        name, sign, files = pair.partition("=")
        if not sign or not re.fullmatch(r"[^\s=]+", name) or not files:
            raise PipelineError(f"--label {pair}: expected NAME=FILES; a name holds no white space")
        patterns.setdefault(name, []).append(files)
    return patterns


def train_classifier(
    patterns: Mapping[str, Sequence[str]],
    out: Path,
    *,
    positive: str | None = None,
    text_field: str = TEXT,
    source_field: str | None = None,
    per_label: int | None = None,
    seed: int = 0,
) -> Trained:
    """Train on files of each label; write the model and, beside it, its card.

    `patterns`: label to files; `positive`: the label whose probability will be the score. Raises: PipelineError for
    files that cannot be read, and labels with too few texts.
    """
    if len(patterns) < 2:
        raise PipelineError("a classifier needs two labels at least: --positive and --negative, or --label twice")
    read, files = samples.read_samples(patterns, text_field, source_field)
    divided, done = samples.divide(read, seed)
    parts = {name: frame for (name,), frame in divided.group_by("part", maintain_order=True)}
    validation, held_out = parts[samples.VALIDATION], parts[samples.HELD_OUT]
    training = samples.balance(parts[samples.TRAINING], seed, per_label)
    both = samples.balance(pl.concat([parts[samples.TRAINING], validation]), seed, per_label)
    task = _Task(sorted(patterns), seed)
    strength, tried = _strength(task, training, validation)
    features = features_of(both[TEXT])
    with whole_file(out) as temporary:
        temporary.write_bytes(_trained(task, features, both, strength))
        measured = _measured(task, temporary, held_out, positive)
        told = telling(temporary, task.labels, features)
    card = {
        "labels": task.labels,
        "positive": positive,
        "split": "distinct",
        "files": files,
        "samples": {"parts_by": done.pop("by"), **done, "held_out": _counts(held_out), "trained_on": _counts(both)},
        "seed": seed,
        "trained_by": {"strength": strength, "validation_loss_by_strength": tried},
        "held_out": measured,
        "telling": told,
    }
    write_json(card_file(str(out)), card)
    return Trained(out, card)


def _strength(task: _Task, training: pl.DataFrame, validation: pl.DataFrame) -> tuple[float, dict[str, float]]:
    """The strength with the least logarithmic loss on the validation part, and the loss of all that were tried."""
    features = features_of(training[TEXT])
    truth = _truth(task.labels, validation)
    tried = {}
    with tempfile.TemporaryDirectory(prefix="curate-classifier-") as folder:
        for strength in STRENGTHS:
            model = Path(folder) / f"{strength}.bin"
            model.write_bytes(_trained(task, features, training, strength))
            found = probabilities(model, task.labels, validation[TEXT])
            tried[strength] = figures.logarithmic_loss(truth, found)
    best = min(tried, key=lambda one: (tried[one], one))
    return best, {str(strength): round(loss, 4) for strength, loss in tried.items()}


def _trained(task: _Task, features: Features, part: pl.DataFrame, strength: float) -> bytes:
    vectors = learn(features, _truth(task.labels, part), len(task.labels), strength, task.seed)
    return model_bytes(features.words, task.labels, vectors)


def probabilities(model: Path, labels: list[str], texts: pl.Series) -> npt.NDArray[np.float64]:
    """The probability of each label, `[n, len(labels)]`, columns in the order of `labels`."""
    loaded = load_model(str(model))
    found, scores = loaded.predict(Utf8.of(texts), len(loaded.labels), split=True, distinct=True)
    result = np.zeros((len(texts), len(labels)))
    columns = np.array([labels.index(label) if label in labels else -1 for label in loaded.labels])
    np.put_along_axis(result, columns[found], scores.astype(np.float64), axis=1)
    return result.clip(0, 1)


def _truth(labels: list[str], part: pl.DataFrame) -> npt.NDArray[np.int64]:
    return part["label"].replace_strict(labels, range(len(labels)), return_dtype=pl.Int64).to_numpy()


def _measured(task: _Task, model: Path, part: pl.DataFrame, positive: str | None) -> dict[str, Any]:
    truth = _truth(task.labels, part)
    found = probabilities(model, task.labels, part[TEXT])
    best = found.argmax(axis=1)
    measured: dict[str, Any] = {
        "macro_f1": figures.macro_f1(truth, best, task.labels),
        "accuracy": float((best == truth).mean()),
        "labels": figures.by_label(truth, best, task.labels),
    }
    if positive is None:
        right = figures.calibration(found.max(axis=1), best == truth)
        return measured | {"calibration_of_the_best_label": right}
    scores, is_positive = found[:, task.labels.index(positive)], truth == task.labels.index(positive)
    return measured | {
        "auc": figures.auc(scores, is_positive),
        "calibration": figures.calibration(scores, is_positive),
        "thresholds": figures.thresholds(scores, is_positive),
    }


def telling(model: Path, labels: list[str], features: Features) -> dict[str, list[str]]:
    """The features that speak most for each label: how much one raises the label's score above the mean of all labels,
    times the logarithm of in how many texts it stands."""
    loaded = load_model(str(model))
    scores = loaded.tables.vectors[: features.words.height] @ loaded.tables.output.T
    above = pl.DataFrame(scores - scores.mean(axis=1, keepdims=True), loaded.labels)
    # The first is the end of the text, which tells nothing.
    frame = pl.concat([features.words, above], how="horizontal")[1:].filter(pl.col("texts") >= TELLING_COUNT)
    return {
        label: frame.sort(-pl.col(label) * pl.col("texts").log(), "word")["word"].head(TELLING).to_list()
        for label in labels
    }


def _counts(part: pl.DataFrame) -> dict[str, int]:
    return dict(part["label"].value_counts().sort("label").iter_rows())
