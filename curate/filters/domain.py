"""Which kind of page a document is, by a classifier that its user trains on several labels.

    curate train classifier --label news=news/*.jsonl --label forum=forum/*.jsonl --out domains.bin

No model is shipped. The report shows documents and bytes, kept and dropped, of each domain: what is needed to balance
a corpus anew, as Qwen2.5 did (arXiv 2412.15115, section 3.1: e-commerce, social media and entertainment were
over-represented, technology, science and academic text raised). 36 MB/s of Chinese for 17 labels and 150,000
words, one thread of a busy machine (`kernels.fasttext_characters`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import polars as pl

from curate.classifier.card import Split, card_file
from curate.contracts import Documents, Filter, InputFile
from curate.errors import PipelineError
from curate.fasttext_model import load_model
from curate.filters.classifier import best_label


class Domain(Filter):
    """Measure which kind of page a document is (news, forum, law, …); drops nothing unless a rule is given.

    Signals:
        domain: the likeliest label of the model; null for a text that is blank.
        domain_score: its probability (0..1); null with it.
    """

    signals: ClassVar[Mapping[str, Any]] = {"domain": pl.String, "domain_score": pl.Float64}

    model: Annotated[str | None, InputFile()] = None
    """A supervised fastText model whose labels are domains; `curate train classifier --label news=… --label forum=…`
    makes one."""
    split: Split | None = None
    """`distinct`: blanks are put between Chinese characters, each character and pair counts once, and their sum is
    divided by the root of their number, as the training does; `characters`: split, and fastText's mean of all; `none`:
    the text as it is; null: as the model's card says, `none` without a card."""

    def files(self) -> list[str]:
        model = self._model()
        return [model, *([str(card_file(model))] if card_file(model).is_file() else [])]

    def check(self) -> None:
        load_model(self._model())

    def measure(self, documents: Documents) -> pl.DataFrame:
        best = best_label(self._model(), self.split, documents)
        return best.rename({"label": "domain", "label_score": "domain_score"})

    def _model(self) -> str:
        if self.model is None:
            raise PipelineError(
                "domain: no model is shipped; train one (curate train classifier --label news=… --label forum=… --out "
                'domains.bin) and name it under "model"'
            )
        return self.model
