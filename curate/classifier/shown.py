"""A classifier's card as lines for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from curate.classifier.card import card_file
from curate.terminal import table

_TELLING = 15


def shown(model: Path, card: Mapping[str, Any]) -> str:
    """Say how good a classifier is, and how to use it."""
    held_out, samples = card["held_out"], card["samples"]
    counts = ", ".join(f"{label} {number:,}" for label, number in samples["trained_on"].items())
    lines = [
        f"trained on {counts}; {sum(samples['held_out'].values()):,} held out, by {samples['parts_by']}",
        f"strength {card['trained_by']['strength']:g}",
        "",
        *_table(
            ["label", "precision", "recall", "F1", "samples"],
            [[label, *(one[name] for name in ("precision", "recall", "f1", "samples"))]
             for label, one in held_out["labels"].items()],
        ),
        f"macro-F1 {held_out['macro_f1']:.3f}"
        + (f", AUC {held_out['auc']:.3f}" if held_out.get("auc") is not None else ""),
        "",
        *_calibration(held_out),
    ]  # fmt: skip
    if "thresholds" in held_out:
        rows = [list(one.values()) for one in held_out["thresholds"]]
        lines += ["", *_table(["score >=", "precision", "recall", "F1"], rows)]
    lines += ["", "most telling"]
    lines += [f"  {label}: {' '.join(words[:_TELLING])}" for label, words in card["telling"].items()]
    return "\n".join([*lines, "", str(model), str(card_file(str(model))), _use(model, card)])


def _calibration(held_out: Mapping[str, Any]) -> list[str]:
    name, what = "calibration", "positive"
    if name not in held_out:
        name, what = "calibration_of_the_best_label", "right"
    rows = [
        [f"{one['from']:.1f}-{one['from'] + 0.1:.1f}", one["mean_score"], one["positive_share"], one["samples"]]
        for one in held_out[name]
    ]
    return _table(["score", "mean score", what, "samples"], rows)


def _use(model: Path, card: Mapping[str, Any]) -> str:
    kind = "classifier" if card["positive"] is not None else "domain"
    return f"use it: - {kind}: {{model: {model}}}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    cells = [list(heads), *([_cell(one) for one in row] for row in rows)]
    return table(cells, numbers=range(1, len(heads)))


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"
