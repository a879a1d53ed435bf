"""What a document is made of: characters, lines, words.

The numbers come from one pass over the bytes (`kernels.counts`, about 450 MB/s); what is too little or too much comes
from a profile. Signals of words are measured only if the profile counts words, and cost a segmenter's time (11 MB/s).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from curate import profiles
from curate.contracts import Documents, Filter, Utf8
from curate.profiles import ProfileName
from curate.words import Words, jieba_words

RATIOS = [
    *("han_ratio", "letter_ratio", "digit_ratio", "punctuation_ratio", "symbol_ratio", "garbled_ratio", "url_ratio"),
    *("tag_ratio", "spaced_han_ratio", "stop_char_ratio", "mean_line_chars", "ended_line_ratio", "short_line_ratio"),
    *("bullet_line_ratio", "ellipsis_line_ratio", "question_line_ratio"),
]
LINE_COUNTS = ["ellipsis_lines", "question_lines"]
WORD_RATIOS = ["mean_word_chars", "alpha_word_ratio", "hash_word_ratio", "ellipsis_word_ratio", "newline_word_ratio"]

GARBLED = "\ufffd锟锛銆鈥¤¦¨¬¯¸"
"""What wrong decodings leave behind and Chinese text hardly ever holds: the replacement character; the first character
of its UTF-8 read as GBK; of full-width punctuation, `。` and quotes read as GBK; signs that Han read as Latin-1 hold.
Letters of Latin-1 are left out: one `ä` in a name made a note of 114 characters look garbled."""


class Quality(Filter):
    """Measure what a document is made of: kinds of characters and lines and, if the profile counts them, words.

    Signals of characters (shares of the characters other than white space; null where there are none):
        han_ratio, letter_ratio, digit_ratio, punctuation_ratio, symbol_ratio: Han characters; letters other than Han,
            kana and hangul; digits and other numbers; Unicode's P*; Unicode's S*.
        garbled_ratio: what wrong decodings leave behind: U+FFFD, private use, control characters, and what `。` and
            `，` become when UTF-8 is read as GBK.
        url_ratio: characters of URLs, from the "://" on.
        tag_ratio: characters of HTML and XML tags, both brackets included.
        spaced_han_ratio: Han characters that white space alone parts from a Han character before them.
        stop_char_ratio: Han characters that are stop words of one character / Han characters.
    Signals of lines (a line stands between line ends and is not blank; null where there are none):
        mean_line_chars: characters of lines / lines.
        ended_line_ratio: lines that end in one of `line_ends`.
        short_line_ratio: lines of at most `short_line_chars` characters.
        bullet_line_ratio: lines that start with one of `bullets`.
        ellipsis_line_ratio, ellipsis_lines: lines that end in "…" or "...": their share, and how many.
        question_line_ratio, question_lines: lines that end in a question mark: their share, and how many.
    Signals of words (only with `words: jieba`; null where there are none):
        words: words that are not made of symbols only.
        mean_word_chars: characters of these words / these words.
        alpha_word_ratio: words with a letter (of any script) / all words, symbols included.
        stop_words: how many different stop words occur.
        hash_word_ratio, ellipsis_word_ratio, newline_word_ratio: "#"; "…" and "..."; line ends, each / all words.

    Source: Rae et al. 2021 (Gopher, arXiv 2112.11446), table A1; datatrove 0.10.1, `gopher_quality_filter.py` and
    `fineweb_quality_filter.py`, for everything counted in words. The thresholds are the profile's.
    """

    signals: ClassVar[Mapping[str, Any]] = {
        **dict.fromkeys(RATIOS, pl.Float64),
        **dict.fromkeys(LINE_COUNTS, pl.Int64),
        "words": pl.Int64,
        "stop_words": pl.Int64,
        **dict.fromkeys(WORD_RATIOS, pl.Float64),
    }

    profile: ProfileName = "curate_zh"
    """A built-in profile, or a path to one (.yaml)."""
    words: Literal["characters", "jieba"] | None = None
    """Whether signals of words are measured; the profile's by default, like all that follow."""
    stop_words: tuple[str, ...] | None = None
    """Words that any running text holds; those of one character serve `stop_char_ratio`."""
    line_ends: str | None = None
    """Characters that end a sentence, and so a line."""
    bullets: str | None = None
    """Characters that open an item of a list."""
    symbols: str | None = None
    """Characters of which a word is no word."""
    short_line_chars: int | None = None
    """What a short line has at most."""

    def check(self) -> None:
        self.measured_parameters()

    def measured_parameters(self) -> dict[str, Any]:
        return profiles.parameters(self, "quality")

    def own_rules(self) -> Mapping[str, str | None]:
        return profiles.section(self.profile, "quality").drop

    def signal_types(self) -> Mapping[str, Any]:
        if self.measured_parameters()["words"] == "jieba":
            return self.signals
        return {name: kind for name, kind in self.signals.items() if name in RATIOS + LINE_COUNTS}

    def measure(self, documents: Documents) -> pl.DataFrame:
        parameters = self.measured_parameters()
        words = jieba_words(documents) if parameters["words"] == "jieba" else None
        return quality_signals(documents, words, parameters).select(list(self.signal_types()))


def quality_signals(documents: Documents, words: Words | None, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """Measure a batch; `words` are its words where they are to be counted."""
    counts = _counts(documents.utf8, parameters)
    if words is not None:
        counts = counts.hstack(_word_counts(documents.utf8, words, parameters))
    visible, column = pl.col("chars") - pl.col("spaces"), pl.col
    ratios = {
        **{f"{kind}_ratio": column(counted) / visible for kind, counted in _CHARACTERS.items()},
        **{f"{kind}_line_ratio": column(f"{kind}_lines") / column("lines") for kind in _LINES},
        "stop_char_ratio": column("stop_chars") / column("han"),
        "mean_line_chars": column("line_chars") / column("lines"),
    }
    if words is not None:
        ratios |= {f"{kind}_word_ratio": column(counted) / column("all_words") for kind, counted in _WORDS.items()}
        ratios["mean_word_chars"] = column("plain_word_chars") / column("words")
    return counts.with_columns(**ratios).with_columns(pl.selectors.float().fill_nan(None))


_CHARACTERS = {
    "han": "han", "letter": "letters", "digit": "digits", "punctuation": "punctuation", "symbol": "symbols",
    "garbled": "garbled_chars", "url": "url_chars", "tag": "tag_chars", "spaced_han": "spaced_han",
}  # fmt: skip
_LINES = ("ended", "short", "bullet", "ellipsis", "question")
_WORDS = {"alpha": "alpha_words", "hash": "hashes", "ellipsis": "ellipses", "newline": "newlines"}


@cache
def _traits(stop_chars: str, line_ends: str, bullets: str) -> npt.NDArray[np.uint8]:
    from curate.kernels.counts import traits

    return traits(stop_chars, line_ends, bullets, GARBLED)


def _counts(text: Utf8, parameters: Mapping[str, Any]) -> pl.DataFrame:
    from curate.kernels.counts import COLUMNS, count

    stop_chars = "".join(word for word in parameters["stop_words"] if len(word) == 1)
    table = _traits(stop_chars, parameters["line_ends"], parameters["bullets"])
    counts = np.empty((len(text.offsets) - 1, len(COLUMNS)), np.int64)
    count(*text, table, parameters["short_line_chars"], counts)
    return pl.DataFrame(counts, schema=list(COLUMNS))


@cache
def _word_traits(symbols: str) -> npt.NDArray[np.uint8]:
    from curate.kernels.words import word_traits

    return word_traits(symbols)


def _word_counts(text: Utf8, words: Words, parameters: Mapping[str, Any]) -> pl.DataFrame:
    from curate.kernels.words import WORD_COLUMNS, count_words

    stop = Utf8.of(pl.Series(sorted(set(parameters["stop_words"])), dtype=pl.String))
    counts = np.empty((len(text.offsets) - 1, len(WORD_COLUMNS)), np.int64)
    count_words(text.data, *words, _word_traits(parameters["symbols"]), *stop, counts)
    return pl.DataFrame(counts, schema=list(WORD_COLUMNS))
