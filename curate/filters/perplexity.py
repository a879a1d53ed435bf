"""How much a language model wonders at a text: perplexity under a KenLM n-gram model.

No model comes with curate and no threshold fits two models, so there is no rule of its own. Perplexity depends on the
language as well: at the same rank cc_net's Chinese figures are four times its English ones, which is what `scale` is
for. KenLM takes one sentence a call: 8 MB/s of Chinese in characters, 4 in words, on a small model of bigrams.

Formula: 10 ** (- log10 probability of all lines / tokens of all lines, the end of each line counted as one), every line
a sentence of its own, as in cc_net (Wenzek et al. 2020, arXiv 1911.00359, section 3.2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field, field_validator

from curate.contracts import TEXT, Documents, Filter, InputFile
from curate.errors import PipelineError

if TYPE_CHECKING:
    Sentences = Callable[[str], list[str]]
    """A text to its lines, the tokens of each parted by blanks."""

SCALES: Mapping[str, Mapping[float, float]] = {
    "cc_net_zh": {10: 1110, 20: 1310, 30: 1460, 50: 1770, 60: 1950, 70: 2200, 80: 2540, 90: 3090},
    "cc_net_en": {10: 250, 20: 300, 30: 340, 50: 440, 60: 520, 70: 660, 80: 930, 90: 1570},
}
"""Perplexity at percentiles of Common Crawl, for the models of cc_net alone (its `data/cutoff.csv`). Its head ends at
the 30th percentile, its middle at the 60th."""


class Perplexity(Filter):
    """Measure a document's perplexity under a KenLM model; nothing is dropped before you say what is too much.

    Signals:
        perplexity: 1 upwards, low for text like the model's; null for a text of fewer than `min_chars` characters.
        perplexity_rank (only with `scale`): the percentile at which the scale has this perplexity, by straight lines
            between its points; its first and last percentile for anything beyond them; null with the perplexity.

    A rule that should let short documents pass says so, for null drops a document:
    `too_perplexed: perplexity IS NOT NULL AND perplexity > 2200`.
    """

    signals: ClassVar[Mapping[str, Any]] = {"perplexity": pl.Float64, "perplexity_rank": pl.Float64}

    model: Annotated[str, InputFile()]
    """A KenLM model (.arpa or binary)."""
    units: Literal["characters", "words"] = "characters"
    """What the model's tokens are: single characters without white space, or words as jieba cuts them."""
    sentencepiece: Annotated[str | None, InputFile()] = None
    """A SentencePiece model, if the model's tokens are its pieces, as in cc_net; goes before `units`."""
    prepare: Literal["as_is", "cc_net"] = "as_is"
    """How the text is made ready for the model. cc_net: lower case, no accents, 0 for every digit, ASCII punctuation,
    no control characters."""
    min_chars: int = Field(30, ge=1)
    """A shorter text is not measured: four characters alone were seen to have a perplexity of 225,308."""
    scale: Literal["cc_net_zh", "cc_net_en"] | dict[float, float] | None = None
    """Percentile -> perplexity, both rising, of whatever the model was tried on; or the name of a scale."""

    @field_validator("scale")
    @classmethod
    def _rises(cls, scale: Any) -> Any:
        if isinstance(scale, dict):
            points = sorted(scale.items())
            values = [value for _, value in points]
            if len(points) < 2 or values != sorted(values) or points[0][0] < 0 or points[-1][0] > 100:
                raise ValueError("expected two or more points `percentile: perplexity`, 0 to 100, both rising")
        return scale

    def packages(self) -> list[str]:
        return ["rjieba"] if self.units == "words" else []

    def files(self) -> list[str]:
        return [self.model, *([self.sentencepiece] if self.sentencepiece else [])]

    def check(self) -> None:
        _load(_version(self.model))
        if self.sentencepiece:
            _load_pieces(_version(self.sentencepiece))

    def signal_types(self) -> Mapping[str, Any]:
        return self.signals if self.scale is not None else {"perplexity": pl.Float64}

    def measure(self, documents: Documents) -> pl.DataFrame:
        text = documents.frame[TEXT]
        rows = np.flatnonzero(text.str.len_chars().to_numpy() >= self.min_chars)
        model, sentences = _load(_version(self.model)), self._sentences()
        # A loop over documents: KenLM takes nothing but one sentence at a time.
        measured = [_perplexity(model, sentences(one)) for one in self._prepared(text.gather(rows))]
        values = pl.Series("perplexity", [None] * len(text), dtype=pl.Float64)
        values = values.scatter(rows, pl.Series(measured, dtype=pl.Float64))
        return pl.DataFrame([values] if self.scale is None else [values, self._ranks(values)])

    def _prepared(self, text: pl.Series) -> pl.Series:
        return text if self.prepare == "as_is" else text.to_frame("text").select(_as_cc_net()).to_series()

    def _sentences(self) -> Sentences:
        if self.sentencepiece:
            return _pieces(_load_pieces(_version(self.sentencepiece)))
        return _words if self.units == "words" else _characters

    def _ranks(self, values: pl.Series) -> pl.Series:
        scale = SCALES[self.scale] if isinstance(self.scale, str) else self.scale or {}
        percentiles = sorted(scale)
        ranks = np.interp(values.to_numpy(), [scale[one] for one in percentiles], percentiles)
        return pl.Series("perplexity_rank", ranks, dtype=pl.Float64).fill_nan(None)


def _perplexity(model: Any, sentences: list[str]) -> float | None:
    """Perplexity of the sentences together; None where there is no token."""
    tokens = sum(sentence.count(" ") + 2 for sentence in sentences)
    return 10 ** (-sum(map(model.score, sentences)) / tokens) if tokens else None


def _characters(text: str) -> list[str]:
    lines = ("".join(line.split()) for line in text.split("\n"))
    return [" ".join(line) for line in lines if line]


def _words(text: str) -> list[str]:
    import rjieba

    lines = ([word for word in map(str.strip, rjieba.cut(line)) if word] for line in text.split("\n"))
    return [" ".join(words) for words in lines if words]


def _pieces(processor: Any) -> Sentences:
    def cut(text: str) -> list[str]:
        lines = processor.encode(text.split("\n"), out_type=str)
        return [" ".join(pieces) for pieces in lines if pieces]

    return cut


_PUNCTUATION = {
    **dict(zip("，、。：；！？（）【】〈〉％～∶━►–", ",,.:;!?()[]<>%~:---", strict=True)),
    **dict.fromkeys("“”„«»「」《》", '"'),
    **dict.fromkeys("’´", "'"),
    "—": " - ", "．": ". ", "…": "...",
}  # fmt: skip
"""The punctuation that cc_net replaces (its `text_normalizer.py`), but for its １, which is a 0 by then."""


def _as_cc_net() -> pl.Expr:
    return (
        pl.col("text")
        .str.to_lowercase()
        .str.normalize("NFD")
        .str.replace_all(r"\p{Mn}", "")
        .str.replace_all(r"\d", "0")
        .str.replace_many(list(_PUNCTUATION), list(_PUNCTUATION.values()))
        .str.replace_all(r"[\x00-\x09\x0b-\x1f\x7f-\x{9f}]", "")
    )


_Version = tuple[str, int]
"""A file and when it was modified (ns)."""


def _version(file: str) -> _Version:
    try:
        return file, Path(file).stat().st_mtime_ns
    except OSError as error:
        raise PipelineError(f"{file}: no model to read here ({error.strerror}); correct the path") from error


@lru_cache(maxsize=2)
def _load(version: _Version) -> Any:
    """Load a KenLM model, once per process and version of the file."""
    try:
        import kenlm
    except ImportError as error:
        raise PipelineError("needs KenLM: pip install 'curate[kenlm]'") from error
    config = kenlm.Config()
    config.show_progress = False
    config.arpa_complain = kenlm.ARPALoadComplain.NONE
    try:
        return kenlm.Model(version[0], config)
    except OSError as error:
        reason = " ".join(str(error).rpartition(" threw ")[2].rstrip(")").split())
        raise PipelineError(f"{version[0]}: no KenLM model: {reason:.200}") from error


@lru_cache(maxsize=2)
def _load_pieces(version: _Version) -> Any:
    from sentencepiece import SentencePieceProcessor

    try:
        return SentencePieceProcessor(model_file=version[0])
    except (RuntimeError, OSError) as error:
        raise PipelineError(f"{version[0]}: no SentencePiece model; correct the path") from error
