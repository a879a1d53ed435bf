"""Language identification with a fastText model: lid.176.ftz unless another file is named.

Labels are those of fastText's own `predict(text.replace("\\n", " "))` on the whole text, scores are its probabilities.
A text without a single letter (empty, digits, punctuation) has no language: both signals are null, so it is dropped.
Without this, lid.176 calls it English with 0.12. Measured on 10,726 labelled texts: see `benchmarks/language.py`.

The built-in model: Joulin et al. 2016 (arXiv:1607.01759, arXiv:1612.03651), CC-BY-SA 3.0, 176 languages; `zh` holds
simplified and traditional Chinese, beside `yue` and `wuu`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import polars as pl

from curate.contracts import TEXT, Documents, Filter, InputFile
from curate.fasttext_model import built_in_language_model, load_model


class Language(Filter):
    """Measure a document's language, and drop what is not surely Chinese.

    Signals:
        lang: the likeliest label, without `__label__`; null where the text has no letter.
        lang_score: its probability (0..1); null with it.
    """

    version: ClassVar[int] = 2

    signals: ClassVar[Mapping[str, Any]] = {"lang": pl.String, "lang_score": pl.Float64}
    rules: ClassVar[Mapping[str, str]] = {"not_chinese": "lang != 'zh' OR lang_score < 0.65"}

    model: Annotated[str | None, InputFile()] = None
    """A fastText model (`.bin` or `.ftz`) whose labels are languages; null: the built-in lid.176.ftz."""

    def files(self) -> list[str]:
        return [self.model or built_in_language_model()]

    def check(self) -> None:
        load_model(self.files()[0])

    def measure(self, documents: Documents) -> pl.DataFrame:
        model = load_model(self.files()[0])
        best, scores = model.predict(documents.utf8)
        has_language = (documents.frame[TEXT].str.contains(r"\p{L}")) & pl.Series(best[:, 0] >= 0)
        names = pl.Series(model.labels, dtype=pl.String)
        measured = pl.DataFrame(
            {
                "lang": names.gather(best[:, 0].clip(0)),
                # fastText adds 1e-5 to every probability on the way, so that a sure label scores up to 1.00012.
                "lang_score": pl.Series(scores[:, 0]).cast(pl.Float64).fill_nan(None).clip(0.0, 1.0),
            }
        )
        return measured.select(pl.when(has_language).then(pl.all()))
