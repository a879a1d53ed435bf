"""Train a fastText classifier of one's own: split, balance, early stop, figures on texts that it never saw.

Texts are divided into three parts. On `training` fastText learns, with more and more epochs until macro-F1 on
`validation` falls; with as many epochs it learns once more on both, and the figures come from `held_out`, looked at
once. Each feature's vector starts from how much likelier the feature is in texts of a label than in others (the
log-count ratio of Wang and Manning 2012, "Baselines and Bigrams"), so that rare features need not wait for many
gradients: AUC .944 instead of .939 (five-fold, 14,800 short posts).
"""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.classifier import child, figures, samples
from curate.classifier.card import card_file
from curate.classifier.folding import fold
from curate.contracts import TEXT, Utf8
from curate.disk import whole_file, write_json
from curate.errors import CurateError, PipelineError
from curate.fasttext_model import load_model

GET_FASTTEXT = (
    "training needs fastText, and the module fasttext is missing here or is that of fasttext-predict, which cannot "
    "train; run: pip install --force-reinstall --no-deps fasttext-community"
)
EPOCHS = (2, 3, 4, 5, 6, 8, 10, 12, 15)
"""Tried in this order; two that are no better than the best so far end it."""
MOST_READ = 60_000_000
"""Features that one training reads at most, all epochs together, beyond the first: about a minute."""
LEARNING_RATE, LEAST_COUNT = 0.1, 2
SMOOTHING, RATIO_SCALE = 2.0, 0.3
"""Added to the counts behind a feature's ratio; how much of its logarithm the vector starts with."""
ATTEMPTS = 4
TELLING, TELLING_COUNT = 30, 10
"""Features named for each label, and how often each must stand in the texts."""


class Trained(NamedTuple):
    """What a training gave."""

    model: Path
    card: dict[str, Any]


class _Lines(NamedTuple):
    """Texts as fastText reads them."""

    file: Path
    vectors: Path
    dimensions: int
    tokens: pl.Series


class _Task(NamedTuple):
    """What all trainings of a classifier share."""

    labels: list[str]
    seed: int
    folder: Path


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
    files that cannot be read, labels with too few texts, a fastText that is missing; CurateError when it fails.
    """
    if len(patterns) < 2:
        raise PipelineError("a classifier needs two labels at least: --positive and --negative, or --label twice")
    read, files = samples.read_samples(patterns, text_field, source_field)
    divided, done = samples.divide(read, seed)
    parts = {name: frame for (name,), frame in divided.group_by("part", maintain_order=True)}
    validation, held_out = parts[samples.VALIDATION], parts[samples.HELD_OUT]
    training = samples.balance(parts[samples.TRAINING], seed, per_label)
    both = samples.balance(pl.concat([parts[samples.TRAINING], validation]), seed, per_label)
    with tempfile.TemporaryDirectory(prefix="curate-classifier-") as folder:
        task = _Task(sorted(patterns), seed, Path(folder))
        epochs, tried = _early_stop(task, _write_lines(task, training), validation)
        lines = _write_lines(task, both)
        model, used = _train(task, lines, epochs)
        measured = _measured(task, model, held_out, positive)
        told = telling(model, task.labels, lines.tokens)
        with whole_file(out) as temporary:
            temporary.write_bytes(model.read_bytes())
    card = {
        "labels": task.labels,
        "positive": positive,
        "split": "characters",
        "files": files,
        "samples": {"parts_by": done.pop("by"), **done, "held_out": _counts(held_out), "trained_on": _counts(both)},
        "seed": seed,
        "trained_by": {"fasttext": _versions(), "parameters": used, "validation_macro_f1_by_epochs": tried},
        "held_out": measured,
        "telling": told,
    }
    write_json(card_file(str(out)), card)
    return Trained(out, card)


def _write_lines(task: _Task, part: pl.DataFrame) -> _Lines:
    file, vectors = task.folder / "lines.txt", task.folder / "features.vec"
    tokens = _tokens(part)
    file.write_text("".join("__label__" + part["label"] + " " + tokens + "\n"), encoding="utf-8")
    return _Lines(file, vectors, _write_ratios(task.labels, part["label"], tokens, vectors), tokens)


def _early_stop(task: _Task, lines: _Lines, validation: pl.DataFrame) -> tuple[int, dict[str, float]]:
    """The number of epochs with the best macro-F1 on the validation part, and all that were tried."""
    truth = _truth(task.labels, validation)
    tried: dict[int, float] = {}
    features = int(lines.tokens.str.count_matches(" ", literal=True).sum())
    for epochs in [1, *(one for one in EPOCHS if one * features <= MOST_READ)]:
        model, _ = _train(task, lines, epochs)
        found = probabilities(model, task.labels, validation[TEXT]).argmax(axis=1)
        tried[epochs] = figures.macro_f1(truth, found, task.labels)
        best = max(tried, key=lambda one: (tried[one], -one))
        if list(tried).index(best) < len(tried) - 2:
            break
    return best, {str(number): round(f1, 4) for number, f1 in tried.items()}


def _train(task: _Task, lines: _Lines, epochs: int) -> tuple[Path, dict[str, Any]]:
    """Train in a process of its own, again with half the rate and another seed where fastText gives up."""
    model = task.folder / f"model-{epochs}.bin"
    parameters = {
        "dim": lines.dimensions, "epoch": epochs, "minCount": LEAST_COUNT, "wordNgrams": 1, "loss": "softmax",
        "pretrainedVectors": str(lines.vectors),
    }  # fmt: skip
    for attempt in range(ATTEMPTS):
        parameters |= {"lr": LEARNING_RATE / 2**attempt, "seed": task.seed + attempt}
        told = {"lines": str(lines.file), "model": str(model), "parameters": parameters}
        command = [sys.executable, child.__file__]
        ended = subprocess.run(command, input=json.dumps(told), capture_output=True, text=True)
        if ended.returncode == child.NO_TRAINER:
            raise PipelineError(GET_FASTTEXT)
        if ended.returncode == 0:
            model.write_bytes(fold(model.read_bytes()))
            return model, parameters | {"pretrainedVectors": "log-count ratios"}
    reason = (ended.stderr.strip().splitlines() or [f"exit code {ended.returncode}"])[-1]
    raise CurateError(f"fastText stopped {ATTEMPTS} times: {reason}; try another --seed")


def _tokens(part: pl.DataFrame) -> pl.Series:
    from curate.kernels.splitting import split_characters

    texts = Utf8(*split_characters(*Utf8.of(part[TEXT])))
    return pl.Series(
        [
            texts.data[start:stop].tobytes().decode()
            for start, stop in zip(texts.offsets, texts.offsets[1:], strict=False)
        ],
        dtype=pl.String,
    )


def _write_ratios(labels: list[str], of: pl.Series, tokens: pl.Series, file: Path) -> int:
    """Write a vector for each feature: its ratio for each label (of two labels, for the second), noise, the rest."""
    asked = labels if len(labels) > 2 else labels[1:]
    dimensions = len(asked) + 2  # ten did not better, five-fold
    frame = pl.DataFrame({"label": of, "token": tokens.str.strip_chars().str.split(" ")})
    totals = of.value_counts()
    texts = dict(zip(totals[of.name], totals["count"], strict=True))
    exploded = frame.with_row_index("text").explode("token").filter(pl.col("token").is_not_null())
    occurrences = exploded.group_by("token").len("occurrences").filter(pl.col("occurrences") >= LEAST_COUNT)
    counted = exploded.unique(["text", "token"]).group_by("token").agg(
        pl.len().alias("all"), *((pl.col("label") == label).sum().alias(f"in {label}") for label in asked)
    )  # fmt: skip
    counted = occurrences.join(counted, on="token").sort("token")
    vectors = np.random.default_rng(0).uniform(-0.01, 0.01, (counted.height, dimensions))
    for place, label in enumerate(asked):
        inside = counted[f"in {label}"].to_numpy().astype(np.float64)
        outside = counted["all"].to_numpy() - inside
        n_inside, n_outside = texts.get(label, 0), len(of) - texts.get(label, 0)
        there = np.log((inside + SMOOTHING) / (n_inside + 2 * SMOOTHING))
        vectors[:, place] += RATIO_SCALE * (there - np.log((outside + SMOOTHING) / (n_outside + 2 * SMOOTHING)))
    numbers = pl.DataFrame(vectors.round(4), schema=[f"v{i}" for i in range(dimensions)])
    table = counted.select("token").hstack(numbers)
    with file.open("w", encoding="utf-8") as stream:
        stream.write(f"{table.height} {dimensions}\n")
        stream.write(table.write_csv(separator=" ", include_header=False, quote_style="never"))
    return dimensions


def probabilities(model: Path, labels: list[str], texts: pl.Series) -> npt.NDArray[np.float64]:
    """The probability of each label, `[n, len(labels)]`, columns in the order of `labels`."""
    loaded = load_model(str(model))
    found, scores = loaded.predict(Utf8.of(texts), len(loaded.labels), split=True)
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


def telling(model: Path, labels: list[str], tokens: pl.Series) -> dict[str, list[str]]:
    """The features that speak most for each label: how much one raises the label's score above the mean of all labels,
    times the logarithm of how often it stands in the texts."""
    loaded = load_model(str(model))
    tables = loaded.tables
    spelling, borders = tables.spelling.tobytes(), tables.borders.tolist()
    words = [spelling[start:stop].decode() for start, stop in itertools.pairwise(borders)]
    scores = tables.vectors[: len(words)] @ tables.output.T
    frame = pl.DataFrame({"token": words}).hstack(
        pl.DataFrame(scores - scores.mean(axis=1, keepdims=True), loaded.labels)
    )
    counts = tokens.str.strip_chars().str.split(" ").explode().drop_nulls().value_counts(name="count")
    frame = frame.join(counts.rename({tokens.name: "token"}).filter(pl.col("count") >= TELLING_COUNT), on="token")
    return {
        label: frame.sort(-pl.col(label) * pl.col("count").log(), "token")["token"].head(TELLING).to_list()
        for label in labels
    }


def _counts(part: pl.DataFrame) -> dict[str, int]:
    return dict(part["label"].value_counts().sort("label").iter_rows())


def _versions() -> str:
    from importlib.metadata import PackageNotFoundError, version

    for name in ("fasttext-community", "fasttext", "fasttext-wheel"):
        try:
            return f"{name} {version(name)}"
        except PackageNotFoundError:
            continue
    return "unknown"
