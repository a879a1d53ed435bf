"""How much a document repeats itself.

The numbers come from `kernels.repetition`; what is too much comes from a profile. On characters about 95 MB/s of mixed
Chinese web text on one thread; on words about 9, nearly all of it the segmenter's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import polars as pl

from curate import profiles
from curate.contracts import Documents, Filter
from curate.profiles import ProfileName
from curate.words import Words, jieba_words

TOP = [f"top_{n}_gram_ratio" for n in (2, 3, 4)]
DUPLICATE = [f"duplicate_{n}_gram_ratio" for n in (5, 6, 7, 8, 9, 10)]
LINES = [
    *("duplicate_line_ratio", "duplicate_line_char_ratio"),
    *("duplicate_paragraph_ratio", "duplicate_paragraph_char_ratio"),
]


class Repetition(Filter):
    """Measure how much a document repeats itself: n-grams, lines, paragraphs.

    Signals (0..1; null where nothing can be counted):
        top_2_gram_ratio, top_3_gram_ratio, top_4_gram_ratio: share of the characters that the most frequent n-gram
            covers.
        duplicate_5_gram_ratio … duplicate_10_gram_ratio: share of the characters that lie in n-grams which occurred
            before.
        duplicate_line_ratio: share of the lines that occurred before.
        duplicate_line_char_ratio: characters of those lines / all characters but line ends.
        duplicate_paragraph_ratio: share of the paragraphs that occurred before.
        duplicate_paragraph_char_ratio: characters of those paragraphs / all characters.

    A line stands between line ends, a paragraph between blank lines; blank ones are not counted, lines are compared
    as they stand. An n-gram is n units. With `words: characters` a unit is a character, but letters and digits that
    stand together are one, and so is a mark that is repeated; white space is left out, and counts nowhere. With
    `words: jieba` it is a word, and the numbers are datatrove's: shares of all characters, white space included; the
    most frequent n-gram is joined *with spaces*, which can take its share above 1.

    Source: Rae et al. 2021 (Gopher, arXiv 2112.11446), table A1; datatrove 0.10.1, `gopher_repetition_filter.py` and
    `fineweb_quality_filter.py`. The thresholds are the profile's.
    """

    signals: ClassVar[Mapping[str, Any]] = dict.fromkeys([*TOP, *DUPLICATE, *LINES], pl.Float64)

    profile: ProfileName = "curate_zh"
    """A built-in profile, or a path to one (.yaml)."""
    words: Literal["characters", "jieba"] | None = None
    """What an n-gram is made of; the profile's by default."""

    def check(self) -> None:
        self.measured_parameters()

    def measured_parameters(self) -> dict[str, Any]:
        return profiles.parameters(self, "repetition")

    def own_rules(self) -> Mapping[str, str | None]:
        return profiles.section(self.profile, "repetition").drop

    def measure(self, documents: Documents) -> pl.DataFrame:
        words = jieba_words(documents) if self.measured_parameters()["words"] == "jieba" else None
        return pl.concat([ngram_signals(documents, words), line_signals(documents)], how="horizontal")


def ngram_signals(documents: Documents, words: Words | None) -> pl.DataFrame:
    """Measure the n-grams of a batch: of words as datatrove does, of characters where `words` is None."""
    from curate.kernels.repetition import character_ngrams, word_ngrams
    from curate.kernels.utf8 import character_classes

    ratios = np.empty((len(documents), len(TOP + DUPLICATE)))
    if words is None:
        character_ngrams(*documents.utf8, character_classes(), ratios)
    else:
        word_ngrams(*documents.utf8, *words, ratios)
    return pl.DataFrame(ratios, schema=dict.fromkeys(TOP + DUPLICATE, pl.Float64)).fill_nan(None)


def line_signals(documents: Documents) -> pl.DataFrame:
    """Measure the repeated lines and paragraphs of a batch."""
    from curate.kernels.repetition import LINE_COLUMNS, line_repeats
    from curate.kernels.utf8 import character_classes

    counts = np.empty((len(documents), len(LINE_COLUMNS)), np.int64)
    line_repeats(*documents.utf8, character_classes(), counts)
    column = pl.col
    return (
        pl.DataFrame(counts, schema=list(LINE_COLUMNS))
        .select(
            duplicate_line_ratio=column("duplicate_lines") / column("lines"),
            duplicate_line_char_ratio=column("duplicate_line_chars") / (column("chars") - column("newlines")),
            duplicate_paragraph_ratio=column("duplicate_paragraphs") / column("paragraphs"),
            duplicate_paragraph_char_ratio=column("duplicate_paragraph_chars") / column("chars"),
        )
        .fill_nan(None)
    )
