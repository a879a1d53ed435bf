"""What a document is made of: characters, lines, words.

The numbers come from one pass over the bytes (`kernels.counts`, about 450 MB/s); what is too little or too much comes
from a profile. What only some profiles ask for is measured only for them: words cost a segmenter's time (11 MB/s for
Chinese, 0.8 for spaCy's English), `variety` a second pass (180 MB/s), `c4` a third (100 MB/s).

How the numbers of `curate_zh` were chosen stands in the profile, rule by rule: where the kinds of a corpus of 24 kinds
part, with what each rule drops of each kind, and twenty documents on each side read. The other profiles have the
numbers of their sources, and say where they differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.contracts import Documents, Utf8
from curate.filters.line_signals import C4_SIGNALS, c4_signals, split_line_signals
from curate.filters.profiled import ProfiledFilter
from curate.words import WordKind, Words, words_by

RATIOS = [
    *("han_ratio", "letter_ratio", "digit_ratio", "punctuation_ratio", "symbol_ratio", "garbled_ratio", "url_ratio"),
    *("tag_ratio", "spaced_han_ratio", "stop_char_ratio", "mean_line_chars", "ended_line_ratio", "short_line_ratio"),
    *("bullet_line_ratio", "ellipsis_line_ratio", "question_line_ratio"),
]
LINE_COUNTS = ["ellipsis_lines", "question_lines"]
WORD_RATIOS = ["mean_word_chars", "alpha_word_ratio", "hash_word_ratio", "ellipsis_word_ratio", "newline_word_ratio"]
WORDS = {
    **dict.fromkeys(["words", "stop_words"], pl.Int64), **dict.fromkeys([*WORD_RATIOS, "stop_word_ratio"], pl.Float64)
}  # fmt: skip
VARIETY_RATIOS = {
    "chars_per_line": ("text_chars", "all_lines"),
    "common_han_ratio": ("common_han", "text_chars"),
    "bracketed_ratio": ("bracketed_chars", "text_chars"),
    "hash_run_ratio": ("hash_runs", "text_chars"),
    "ellipsis_run_ratio": ("ellipsis_runs", "text_chars"),
    "plain_digit_ratio": ("plain_digits", "plain_chars"),
    "distinct_char_ratio": ("distinct_chars", "text_chars"),
    "more_line_ratio": ("more_lines", "shown_lines"),
    "stops_line_ratio": ("stops_lines", "shown_lines"),
}
VARIETY = {
    **dict.fromkeys(["text_chars", "sentences"], pl.Int64),
    **dict.fromkeys([*VARIETY_RATIOS, "special_char_ratio", "char_entropy"], pl.Float64),
}

GARBLED = "\ufffd锟锛銆鈥¤¦¨¬¯¸"
"""What wrong decodings leave behind and Chinese text hardly ever holds: the replacement character; the first character
of its UTF-8 read as GBK; of full-width punctuation, `。` and quotes read as GBK; signs that Han read as Latin-1 hold.
Letters of Latin-1 are left out: one `ä` in a name made a note of 114 characters look garbled."""
SENTENCE_MARKS = '.!…?;"。！？；“”'
"""What divides sentences for MAP-NEO, after its full-width marks were made half-width."""
MORE = ("readmore", "展开", "更多")
"""What a line ends in that stands for a longer text, in MAP-NEO's list."""


class Quality(ProfiledFilter):
    """Measure what a document is made of: kinds of characters and lines and, if the profile asks for them, words.

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
        With `lines: all` ended_line_ratio, bullet_line_ratio and ellipsis_line_ratio are datatrove's: bullets and
        ellipses are shares of all lines of `str.splitlines`, blank ones included; a line ends in a mark only if not
        even a space follows.
    Signals of words (only with `words: spaces`, `jieba` or `spacy`; null where there are none):
        words: words that are not made of symbols only.
        mean_word_chars: characters of these words / these words.
        alpha_word_ratio: words with a letter (of any script) / all words, symbols included.
        stop_words: how many different stop words occur.
        stop_word_ratio: words that are stop words / words with a letter.
        hash_word_ratio, ellipsis_word_ratio, newline_word_ratio: "#"; "…" and "..."; line ends, each / all words.
    Signals of variety (only with `variety: true`; ratios are of all characters, white space included):
        text_chars: characters. chars_per_line: these / line ends + 1.
        common_han_ratio: U+4E00 to U+9FA5. special_char_ratio: what is no letter of any script.
        bracketed_ratio: what stands between 【 and 】 on one line.
        sentences: stretches between sentence marks that hold more than white space.
        hash_run_ratio: runs of "#". ellipsis_run_ratio: runs of "…", and of two full stops or more.
        plain_digit_ratio: digits / letters, digits, "_" and white space.
        distinct_char_ratio: different characters. char_entropy: entropy of the characters (nats; 0 and more).
        more_line_ratio: lines that end in readmore, 展开 or 更多; stops_line_ratio: in 。。。 (shares of lines).
    Signals of C4's lines (only with `c4`): see `line_signals`.

    Source: Rae et al. 2021 (Gopher, arXiv 2112.11446), table A1; datatrove 0.10.1, `gopher_quality_filter.py` and
    `fineweb_quality_filter.py`, for everything counted in words, and `c4_filters.py`; MAP-NEO, `filter.py`,
    ChineseWebText, `preprocess.py`, and BLOOM, `filtering.py`, for variety. The thresholds are the profile's.
    """

    section: ClassVar[str] = "quality"
    signals: ClassVar[Mapping[str, Any]] = {
        **dict.fromkeys(RATIOS, pl.Float64),
        **dict.fromkeys(LINE_COUNTS, pl.Int64),
        **WORDS,
        **VARIETY,
        **C4_SIGNALS,
    }
    measured_by_default: ClassVar[Mapping[str, Any]] = {"lines": "shown", "variety": False, "c4": "off"}

    words: WordKind | None = None
    """Whether signals of words are measured, and where words end; the profile's by default, like all that follow."""
    lines: Literal["shown", "all"] | None = None
    """Which lines count: those that are not blank, or all, as datatrove has them."""
    variety: bool | None = None
    """Whether the signals of variety are measured."""
    c4: Literal["off", "ended_lines", "any_lines"] | None = None
    """Whether C4's lines are told apart: it keeps only lines that end in a mark; FineWeb keeps the others, too."""
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

    def signal_types(self) -> Mapping[str, Any]:
        parameters = self.measured_parameters()
        names = [*RATIOS, *LINE_COUNTS]
        names += WORDS if parameters["words"] != "characters" else []
        names += VARIETY if parameters["variety"] else []
        names += C4_SIGNALS if parameters["c4"] != "off" else []
        return {name: self.signals[name] for name in names}

    def measure(self, documents: Documents) -> pl.DataFrame:
        parameters = self.measured_parameters()
        words = words_by(parameters["words"], documents)
        return quality_signals(documents, words, parameters).select(list(self.signal_types()))

    def evidence(self, documents: Documents) -> pl.DataFrame:
        """Point at what is counted; of what may be most of a text (Han characters, letters) at the rest, where the rest
        is less. `alpha_word_ratio` points at words without a letter; means and counts of everything at nothing."""
        from curate.filters import quality_evidence

        return quality_evidence.evidence(documents, self.measured_parameters())


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
        ratios["stop_word_ratio"] = column("stop_word_hits") / column("alpha_words")
    signals = counts.with_columns(**ratios)
    if parameters["lines"] == "all":
        signals = signals.with_columns(split_line_signals(documents.utf8, *line_traits(parameters)))
    if parameters["variety"]:
        signals = signals.hstack(variety_signals(documents.utf8))
    if parameters["c4"] != "off":
        signals = signals.hstack(c4_signals(documents, parameters["words"], parameters["c4"] == "any_lines"))
    # a text of line ends alone has no words to divide by: Infinity, where 0 / 0 is NaN
    floats = pl.selectors.float()
    return signals.with_columns(pl.when(floats.is_finite()).then(floats))


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


def line_traits(parameters: Mapping[str, Any]) -> tuple[npt.NDArray[np.uint8], int, int]:
    from curate.kernels.counts import BULLET, LINE_END

    stop_chars = "".join(word for word in parameters["stop_words"] if len(word) == 1)
    return _traits(stop_chars, parameters["line_ends"], parameters["bullets"]), LINE_END, BULLET


def _counts(text: Utf8, parameters: Mapping[str, Any]) -> pl.DataFrame:
    from curate.kernels.counts import COLUMNS, count

    counts = np.empty((len(text.offsets) - 1, len(COLUMNS)), np.int64)
    count(*text, line_traits(parameters)[0], parameters["short_line_chars"], counts)
    return pl.DataFrame(counts, schema=list(COLUMNS))


@cache
def word_traits_of(symbols: str) -> npt.NDArray[np.uint8]:
    from curate.kernels.words import word_traits

    return word_traits(symbols)


def _word_counts(text: Utf8, words: Words, parameters: Mapping[str, Any]) -> pl.DataFrame:
    from curate.kernels.words import WORD_COLUMNS, count_words

    stop = Utf8.of(pl.Series(sorted(set(parameters["stop_words"])), dtype=pl.String))
    counts = np.empty((len(text.offsets) - 1, len(WORD_COLUMNS)), np.int64)
    count_words(text.data, *words, word_traits_of(parameters["symbols"]), *stop, counts)
    return pl.DataFrame(counts, schema=list(WORD_COLUMNS))


@cache
def _variety_traits() -> npt.NDArray[np.uint8]:
    from curate.kernels.variety import variety_traits

    return variety_traits(SENTENCE_MARKS)


def variety_signals(text: Utf8) -> pl.DataFrame:
    """Measure how varied the texts of a batch are."""
    from curate.kernels.variety import COLUMNS, count_variety

    endings = np.zeros((len(MORE), max(len(ending.encode()) for ending in MORE)), np.uint8)
    for row, ending in zip(endings, MORE, strict=True):
        row[: len(ending.encode())] = list(ending.encode())
    lengths = np.array([len(ending.encode()) for ending in MORE], np.int64)
    counts = np.empty((len(text.offsets) - 1, len(COLUMNS)), np.int64)
    entropy = np.empty(len(counts))
    count_variety(*text, _variety_traits(), endings, lengths, counts, entropy)
    column, names = pl.col, [name for name in COLUMNS if name in VARIETY]
    return pl.DataFrame(counts, schema=list(COLUMNS)).select(
        *names,
        **{name: column(part) / column(whole) for name, (part, whole) in VARIETY_RATIOS.items()},
        special_char_ratio=(column("text_chars") - column("spelling_chars")) / column("text_chars"),
        char_entropy=pl.Series(np.maximum(entropy, 0.0)),  # rounding may leave -1e-17
    )
