"""How much a document repeats itself.

The numbers come from `kernels.repetition` and `kernels.occurrences`; what is too much comes from a profile. On
characters about 95 MB/s of mixed Chinese web text on one thread; on words of Chinese about 9, of English by spaCy 0.8,
nearly all of it the segmenter's.

How the numbers of `curate_zh` were chosen stands in the profile: above what good documents of 24 kinds reach, below
what documents that were spoilt on purpose have (`benchmarks/quality/profiles.py --made`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.contracts import TEXT, Documents, Utf8
from curate.filters.profiled import ProfiledFilter
from curate.words import WordKind, Words, words_by

TOP = [f"top_{n}_gram_ratio" for n in (2, 3, 4)]
DUPLICATE = [f"duplicate_{n}_gram_ratio" for n in (5, 6, 7, 8, 9, 10)]
LINES = [
    *("duplicate_line_ratio", "duplicate_line_char_ratio"),
    *("duplicate_paragraph_ratio", "duplicate_paragraph_char_ratio"),
]
SHOWN_LINES = "duplicate_shown_line_char_ratio"
OCCURRENCES = ["repeated_13_gram_ratio", "frequent_3_gram_ratio"]
WORD_OCCURRENCES = "repeated_word_5_gram_ratio"


class Repetition(ProfiledFilter):
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
    Signals of n-grams as they occur (only with `occurrences: true`; overlaps included, 0 where there is no n-gram):
        repeated_13_gram_ratio: share of the 13-grams of characters that occur more than once; blanks, tabs and line
            ends are left out, capitals made small.
        frequent_3_gram_ratio: share of the 3-grams of characters that belong to the most frequent ones: of those that
            repeat at most as many as the square root of the number of different ones; white space is one character.
        repeated_word_5_gram_ratio: share of the 5-grams of words with a letter that occur more than once; only where
            there are words.

    A line stands between line ends, a paragraph between blank lines; blank ones are not counted, lines are compared
    as they stand. An n-gram is n units. With `words: characters` a unit is a character, but letters and digits that
    stand together are one, and so is a mark that is repeated; white space is left out, and counts nowhere. With
    `words: jieba` it is a word, and the numbers are datatrove's: shares of all characters, white space included; the
    most frequent n-gram is joined *with spaces*, which can take its share above 1; so with `spacy` and `spaces`.

    With `lines: all` lines and paragraphs are datatrove's, too: blank lines that hold white space and empty ones at
    both ends of a text count, white space at both ends of a text belongs to no paragraph, and characters are shares of
    all characters. FineWeb asks for lines that are not blank; their signal is there besides:
        duplicate_shown_line_char_ratio: what duplicate_line_char_ratio is without `lines: all`.

    Source: Rae et al. 2021 (Gopher, arXiv 2112.11446), table A1; datatrove 0.10.1, `gopher_repetition_filter.py` and
    `fineweb_quality_filter.py`; occurrences: ChineseWebText, `preprocess.py`, and BLOOM, `filtering.py`. The
    thresholds are the profile's.
    """

    section: ClassVar[str] = "repetition"
    version: ClassVar[int] = 2
    signals: ClassVar[Mapping[str, Any]] = dict.fromkeys(
        [*TOP, *DUPLICATE, *LINES, SHOWN_LINES, *OCCURRENCES, WORD_OCCURRENCES], pl.Float64
    )
    measured_by_default: ClassVar[Mapping[str, Any]] = {"lines": "shown", "occurrences": False}

    words: WordKind | None = None
    """What an n-gram is made of; the profile's by default, like all that follow."""
    lines: Literal["shown", "all"] | None = None
    """Which lines and paragraphs count: those that are not blank, or all, as datatrove has them."""
    occurrences: bool | None = None
    """Whether n-grams are also measured as they occur."""

    def signal_types(self) -> Mapping[str, Any]:
        parameters = self.measured_parameters()
        names = [*TOP, *DUPLICATE, *LINES]
        names += [SHOWN_LINES] if parameters["lines"] == "all" else []
        if parameters["occurrences"]:
            names += OCCURRENCES + ([WORD_OCCURRENCES] if parameters["words"] != "characters" else [])
        return {name: self.signals[name] for name in names}

    def measure(self, documents: Documents) -> pl.DataFrame:
        parameters = self.measured_parameters()
        words = words_by(parameters["words"], documents)
        frames = [ngram_signals(documents, words)]
        frames.append(all_line_signals(documents) if parameters["lines"] == "all" else line_signals(documents))
        if parameters["occurrences"]:
            frames.append(occurrence_signals(documents, words))
        return pl.concat(frames, how="horizontal")

    def evidence(self, documents: Documents) -> pl.DataFrame:
        """Point at the most frequent n-grams wherever they occur, and at the later occurrences of all else."""
        from curate.filters import repetition_evidence

        return repetition_evidence.evidence(documents, self.measured_parameters())


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
    """Measure the repeated lines and paragraphs of a batch, blank ones left out."""
    column = pl.col
    return (
        _line_counts(documents.utf8, blank=False)
        .select(
            duplicate_line_ratio=column("duplicate_lines") / column("lines"),
            duplicate_line_char_ratio=column("duplicate_line_chars") / (column("chars") - column("newlines")),
            duplicate_paragraph_ratio=column("duplicate_paragraphs") / column("paragraphs"),
            duplicate_paragraph_char_ratio=column("duplicate_paragraph_chars") / column("chars"),
        )
        .fill_nan(None)
    )


WHITE_SPACE = "".join(chr(point) for point in range(0x3001) if chr(point).isspace())
"""What `str.strip` takes away; Polars leaves U+001C to U+001F."""


def all_line_signals(documents: Documents) -> pl.DataFrame:
    """Measure the repeated lines and paragraphs of a batch as datatrove does."""
    lines = _line_counts(documents.utf8, blank=True)
    stripped = _line_counts(Utf8.of(documents.frame[TEXT].str.strip_chars(WHITE_SPACE)), blank=True)
    chars = lines["chars"]
    return pl.DataFrame(
        {
            "duplicate_line_ratio": lines["duplicate_lines"] / lines["lines"],
            "duplicate_line_char_ratio": lines["duplicate_line_chars"] / chars,
            "duplicate_paragraph_ratio": stripped["duplicate_paragraphs"] / stripped["paragraphs"].clip(1),
            "duplicate_paragraph_char_ratio": stripped["duplicate_paragraph_chars"] / chars,
            SHOWN_LINES: line_signals(documents)["duplicate_line_char_ratio"],
        }
    ).fill_nan(None)


def _line_counts(text: Utf8, blank: bool) -> pl.DataFrame:
    from curate.kernels.repetition import LINE_COLUMNS, line_repeats
    from curate.kernels.utf8 import character_classes

    counts = np.empty((len(text.offsets) - 1, len(LINE_COLUMNS)), np.int64)
    line_repeats(*text, character_classes(), int(blank), counts)
    return pl.DataFrame(counts, schema=list(LINE_COLUMNS))


def occurrence_signals(documents: Documents, words: Words | None) -> pl.DataFrame:
    """Measure the n-grams of a batch as they occur."""
    from curate.kernels.occurrences import character_occurrences, word_occurrences
    from curate.kernels.words import ALPHA, word_traits

    shares = np.empty((3, len(documents), 2))
    small = Utf8.of(documents.frame[TEXT].str.strip_chars(WHITE_SPACE).str.to_lowercase())
    character_occurrences(*small, _units(skip=True), 13, 1, shares[0])
    character_occurrences(*documents.utf8, _units(skip=False), 3, 0, shares[1])
    signals = {OCCURRENCES[0]: shares[0, :, 0], OCCURRENCES[1]: shares[1, :, 1]}
    if words is not None:
        word_occurrences(documents.utf8.data, *words, word_traits(""), ALPHA, 5, shares[2])
        signals[WORD_OCCURRENCES] = shares[2, :, 0]
    return pl.DataFrame(signals)


@cache
def _units(skip: bool) -> npt.NDArray[np.uint32]:
    """What a character counts as: itself; blanks, tabs and line ends are left out, or all white space is one blank."""
    from curate.kernels.utf8 import SPACE, character_classes

    units = np.arange(0x110000, dtype=np.uint32)
    units[0] = 0x110000  # 0 means: left out
    if skip:
        units[[9, 10, 32]] = 0
    else:
        units[character_classes() == SPACE] = 32
    return units
