"""Any fastText classifier as a signal: a model of one's own (`curate train classifier`), or one that is published.

The text is read as the model's card says (`model.bin.json`, which the training writes): split into characters and pairs
by `kernels.fasttext_characters`, 110 MB/s of Chinese for two labels and 57,000 words (one thread of a busy machine), or
as it is by `kernels.fasttext`. Whole texts are scored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import polars as pl

from curate.classifier.card import Split, card_file, read_card
from curate.contracts import TEXT, Documents, Filter, InputFile
from curate.errors import PipelineError
from curate.fasttext_model import load_model
from curate.registry import nearest


class Classifier(Filter):
    """Measure what a fastText classifier says of a document; drops nothing unless a rule is given.

    Signals:
        classifier_label: the likeliest label, without `__label__`; null for a text that is blank.
        classifier_label_score: its probability (0..1); null with it.
        classifier_score: the probability (0..1) of the label `positive`, where there is one; null with them.

    A threshold depends on the model; its card lists precision and recall for some: `drop: {poor: classifier_score <
    0.5}`.
    """

    model: Annotated[str, InputFile()]
    """A supervised fastText model (`.bin` or `.ftz`)."""
    positive: str | None = None
    """The label that `classifier_score` speaks of; null: the one of the card, if it names one."""
    split: Split | None = None
    """`distinct`: blanks are put between Chinese characters, each character and pair counts once, and their sum is
    divided by the root of their number, as the training does; `characters`: split, and fastText's mean of all; `none`:
    the text as it is; null: as the card says, `none` without a card."""

    def files(self) -> list[str]:
        card = card_file(self.model)
        return [self.model, *([str(card)] if card.is_file() else [])]

    def check(self) -> None:
        labels = load_model(self.model).labels
        positive = self._positive()
        if positive is not None and positive not in labels:
            raise PipelineError(f"positive: {self.model} has no label {positive!r}{nearest(positive, labels)}")

    def signal_types(self) -> Mapping[str, Any]:
        types = {"classifier_label": pl.String, "classifier_label_score": pl.Float64}
        return types | ({"classifier_score": pl.Float64} if self._positive() is not None else {})

    def measure(self, documents: Documents) -> pl.DataFrame:
        best = best_label(self.model, self.split, documents, self._positive())
        return best.rename({name: f"classifier_{name}" for name in best.columns})

    def _positive(self) -> str | None:
        return self.positive if self.positive is not None else read_card(self.model).get("positive")


def best_label(model: str, split: Split | None, documents: Documents, positive: str | None = None) -> pl.DataFrame:
    """Give `label`, `label_score` of each document, and `score`: that of the label `positive`, if one is named."""
    loaded = load_model(model)
    way = split or read_card(model).get("split", "none")
    k = 1 if positive is None else len(loaded.labels)
    labels, scores = loaded.predict(documents.utf8, k, split=way != "none", distinct=way == "distinct")
    readable = documents.frame[TEXT].str.contains(r"\S") & pl.Series(labels[:, 0] >= 0, dtype=pl.Boolean)
    names = pl.Series(loaded.labels, dtype=pl.String)
    columns = {"label": names.gather(labels[:, 0].clip(0)), "label_score": pl.Series(scores[:, 0])}
    if positive is not None:
        # A label that a hierarchical model leaves out is below 1e-5.
        columns["score"] = pl.Series((scores * (labels == loaded.labels.index(positive))).sum(axis=1))
    # fastText adds 1e-5 to every probability, so that a sure label scores more than 1.
    number = pl.selectors.numeric().cast(pl.Float64).fill_nan(None).clip(0.0, 1.0)
    return pl.DataFrame(columns).with_columns(number).select(pl.when(readable).then(pl.all()))
