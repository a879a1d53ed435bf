"""How good a classifier is: precision, recall, F1, AUC, calibration, thresholds; plain arithmetic on arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]

BINS = 10


def by_label(
    truth: npt.NDArray[np.int64], found: npt.NDArray[np.int64], labels: list[str]
) -> dict[str, dict[str, Any]]:
    """Precision, recall and F1 of each label (0 where nothing is found), and how many samples have it."""
    figures = {}
    for number, label in enumerate(labels):
        is_label, says_label = truth == number, found == number
        right = int((is_label & says_label).sum())
        precision, recall = _share(right, int(says_label.sum())), _share(right, int(is_label.sum()))
        f1 = _share(2 * right, int(is_label.sum()) + int(says_label.sum()))
        figures[label] = {"precision": precision, "recall": recall, "f1": f1, "samples": int(is_label.sum())}
    return figures


def macro_f1(truth: npt.NDArray[np.int64], found: npt.NDArray[np.int64], labels: list[str]) -> float:
    """The mean of the labels' F1."""
    return float(np.mean([one["f1"] for one in by_label(truth, found, labels).values()]))


def auc(scores: Floats, positive: Truths) -> float | None:
    """The chance that a positive sample scores above a negative one, ties counting half; None without both.

    By ranks (Mann and Whitney 1947).
    """
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if not n_positive or not n_negative:
        return None
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return float((ranks[positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def logarithmic_loss(truth: npt.NDArray[np.int64], probabilities: Floats) -> float:
    """The mean of minus the logarithm of the true label's probability; `probabilities: [n, n_labels]`."""
    right = np.take_along_axis(probabilities, truth[:, None], axis=1)
    return float(-np.log(np.maximum(right, 1e-9)).mean())


def calibration(scores: Floats, positive: Truths) -> list[dict[str, Any]]:
    """For each tenth of the range that holds a score: samples, their mean score, and the share that is positive."""
    bins = np.clip((scores * BINS).astype(np.int64), 0, BINS - 1)
    return [
        {
            "from": number / BINS,
            "samples": int(inside.sum()),
            "mean_score": float(scores[inside].mean()),
            "positive_share": float(positive[inside].mean()),
        }
        for number in range(BINS)
        if (inside := bins == number).any()
    ]


def thresholds(scores: Floats, positive: Truths) -> list[dict[str, Any]]:
    """Precision, recall and F1 of `score >= threshold`, for 0.1 to 0.9."""
    found = []
    for tenth in range(1, BINS):
        says = scores >= tenth / BINS
        right = int((says & positive).sum())
        precision, recall = _share(right, int(says.sum())), _share(right, int(positive.sum()))
        f1 = _share(2 * right, int(says.sum()) + int(positive.sum()))
        found.append({"threshold": tenth / BINS, "precision": precision, "recall": recall, "f1": f1})
    return found


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
