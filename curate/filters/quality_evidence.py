"""Where in a text the characters, lines and words stand that `quality` counts.

Read from the tables that measure (`kernels.counts.traits`, word borders, C4's lines one by one), so that a number and
its evidence are the same count. Numbers of everything (`words`, `mean_line_chars`, `char_entropy`) have no place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.contracts import TEXT, Documents, Utf8
from curate.filters import line_signals, quality, spans
from curate.words import Words, words_by

if TYPE_CHECKING:
    from curate.filters.spans import Characters, Integers

_URL = re.compile(r"://[^\x00- \"')<>\]`\x7f-\U0010ffff]*")
_TAG = re.compile(r"<[A-Za-z/!][^<>\n]*>")
"""As `kernels.counts` reads them."""
_PATTERNS = {
    "url_ratio": _URL,
    "tag_ratio": _TAG,
}
_WORD_PATTERNS = {
    "hash_word_ratio": re.compile("#"),
    "ellipsis_word_ratio": re.compile(r"…|\.{3}"),
}
_VARIETY_PATTERNS = {
    "bracketed_ratio": re.compile(r"【([^】\n]+)】"),
    "hash_run_ratio": re.compile("#+"),
    "ellipsis_run_ratio": re.compile(r"…+|[.。]{2,}"),
    "more_line_ratio": re.compile(rf"({'|'.join(quality.MORE)})\s*?(?:\n|\Z)"),
    "stops_line_ratio": re.compile(r"((?:。[^\S\n]*){2,}。)\s*?(?:\n|\Z)"),
}
_BREAKS = [10, 11, 12, 13, 0x1C, 0x1D, 0x1E, 0x85, 0x2028, 0x2029]
"""Where `str.splitlines` ends a line."""


def evidence(documents: Documents, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """The evidence of all signals that are measured with these parameters."""
    found = [*_characters(documents, parameters), *_lines(documents, parameters), *_found(documents, _PATTERNS)]
    if (words := words_by(parameters["words"], documents)) is not None:
        found += [*_words(documents, words, parameters), *_found(documents, _WORD_PATTERNS)]
    if parameters["variety"]:
        found += [*_variety(documents), *_found(documents, _VARIETY_PATTERNS)]
    if parameters["c4"] != "off":
        found += _c4(documents, parameters)
    return spans.together(found)


def _found(documents: Documents, patterns: Mapping[str, re.Pattern[str]]) -> Iterator[pl.DataFrame]:
    return (spans.of_pattern(documents, pattern, signal) for signal, pattern in patterns.items())


def _characters(documents: Documents, parameters: Mapping[str, Any]) -> Iterator[pl.DataFrame]:
    from curate.kernels import counts, utf8

    text = spans.characters_of(documents)
    traits = quality.line_traits(parameters)[0][text.points]
    kinds = traits & np.uint8(15)
    shown = kinds != utf8.SPACE
    for signal, kind in (("han_ratio", utf8.HAN), ("letter_ratio", utf8.LETTER)):
        yield spans.of_marked(documents, spans.rarer(text, kinds == kind, shown), signal)
    for signal, kind in (
        ("digit_ratio", utf8.DIGIT), ("punctuation_ratio", utf8.PUNCTUATION), ("symbol_ratio", utf8.SYMBOL)
    ):  # fmt: skip
        yield spans.of_marked(documents, kinds == kind, signal)
    for signal, bit in (("garbled_ratio", counts.GARBLED), ("stop_char_ratio", counts.STOP)):
        yield spans.of_marked(documents, traits & bit > 0, signal)
    yield _spaced_han(documents, text, kinds)


def _spaced_han(documents: Documents, text: Characters, kinds: npt.NDArray[np.integer[Any]]) -> pl.DataFrame:
    """The Han characters, and the white space before them that parts them from others on their line."""
    from curate.kernels import utf8

    breaks = text.points == 10
    stops = np.union1d(np.flatnonzero((kinds != utf8.SPACE) | breaks), text.first[:-1])
    stops = stops[stops < len(kinds)]
    before, after = stops[:-1], stops[1:]
    # A document's first character parts as a line end does: nothing of the document before counts.
    apart = (after - before > 1) & (kinds[before] == utf8.HAN) & (kinds[after] == utf8.HAN)
    apart &= ~np.isin(after, text.first)
    return spans.of_characters(documents, before[apart] + 1, after[apart] + 1, "spaced_han_ratio")


def _lines(documents: Documents, parameters: Mapping[str, Any]) -> Iterator[pl.DataFrame]:
    """The ends of lines that end so, bullets, and short lines whole."""
    from curate.kernels import counts

    text = spans.characters_of(documents)
    traits = quality.line_traits(parameters)[0][text.points]
    all_lines = parameters["lines"] == "all"
    first, last, start, stop = _shown_lines(text, traits, [10])
    split_first, split_last = _shown_lines(text, traits, _BREAKS)[:2] if all_lines else (first, last)
    ends = stop - 1 if all_lines else last
    ended = ends[traits[ends] & counts.LINE_END > 0]
    yield spans.of_characters(documents, ended, ended + 1, "ended_line_ratio")
    bullets = split_first[traits[split_first] & counts.BULLET > 0]
    yield spans.of_characters(documents, bullets, bullets + 1, "bullet_line_ratio")
    short = stop - start <= parameters["short_line_chars"]
    yield spans.of_characters(documents, first[short], last[short] + 1, "short_line_ratio")
    asking = last[np.isin(text.points[last], [ord("?"), ord("？")])]
    for signal in ("question_line_ratio", "question_lines"):
        yield spans.of_characters(documents, asking, asking + 1, signal)
    for signal, at, begun in (("ellipsis_line_ratio", split_last, split_first), ("ellipsis_lines", last, first)):
        yield spans.of_characters(documents, *_ellipses(text.points, at, begun), signal)


def _ellipses(points: npt.NDArray[np.uint32], last: Integers, first: Integers) -> tuple[Integers, Integers]:
    leader = points[last] == ord("…")
    three = last - 2 >= first
    dots = np.logical_and.reduce([points[np.maximum(last - back, 0)] == ord(".") for back in range(3)]) & three
    width = np.where(leader, 1, 3)[leader | dots]
    end = last[leader | dots] + 1
    return end - width, end


def _shown_lines(
    text: Characters, traits: npt.NDArray[np.uint8], breaks: list[int]
) -> tuple[Integers, Integers, Integers, Integers]:
    """Of each line that is not blank, as characters of the batch: its first and last that are no white space; where it
    starts and stops."""
    from curate.kernels import utf8

    ends = np.flatnonzero(np.isin(text.points, breaks))
    start = np.union1d(ends + 1, text.first[:-1])
    stop = np.append(start[1:], len(text.points))
    stop -= np.isin(stop - 1, ends) & (stop > start)
    shown = np.flatnonzero(traits & 15 != utf8.SPACE)
    at, until = np.searchsorted(shown, start), np.searchsorted(shown, stop)
    filled = until > at
    return shown[at[filled]], shown[until[filled] - 1], start[filled], stop[filled]


def _words(documents: Documents, words: Words, parameters: Mapping[str, Any]) -> Iterator[pl.DataFrame]:
    """Stop words wherever they stand; of `alpha_word_ratio` the words without a letter."""
    from curate.kernels.hashing import hash64_of_spans
    from curate.kernels.words import ALPHA

    text, stop = spans.characters_of(documents), Utf8.of(pl.Series(parameters["stop_words"], dtype=pl.String))
    listed = hash64_of_spans(0, stop.data, stop.offsets[:-1], stop.offsets[1:])
    is_stop = np.isin(hash64_of_spans(0, documents.utf8.data, words.starts, words.ends), listed)
    for signal in ("stop_words", "stop_word_ratio"):
        yield spans.of_bytes(documents, words.starts[is_stop], words.ends[is_stop], signal)
    alpha = quality.word_traits_of(parameters["symbols"])[text.points] & ALPHA > 0
    before = np.append(0, alpha.cumsum())
    none = before[np.searchsorted(text.places, words.ends)] == before[np.searchsorted(text.places, words.starts)]
    yield spans.of_bytes(documents, words.starts[none], words.ends[none], "alpha_word_ratio")


def _variety(documents: Documents) -> Iterator[pl.DataFrame]:
    from curate.kernels import utf8

    text = spans.characters_of(documents)
    kinds = utf8.character_classes()[text.points]
    shown = kinds != utf8.SPACE
    common = (text.points >= 0x4E00) & (text.points <= 0x9FA5)
    yield spans.of_marked(documents, spans.rarer(text, common, shown), "common_han_ratio")
    spells = np.isin(kinds, [utf8.HAN, utf8.LETTER, utf8.KANA, utf8.HANGUL])
    yield spans.of_marked(documents, shown & ~spells, "special_char_ratio")
    yield spans.of_marked(documents, kinds == utf8.DIGIT, "plain_digit_ratio")


_C4_LINES = ("long_word_lines", "unended_lines", "few_word_lines")
_C4_PHRASES = {
    "javascript_lines": "javascript",
    "policy_lines": "|".join(line_signals.PHRASES[2:]),
    "lorem_ipsum": "lorem ipsum",
    "curly_bracket": r"\{",
}


def _c4(documents: Documents, parameters: Mapping[str, Any]) -> Iterator[pl.DataFrame]:
    """Lines that are left out, for the first reason that counts; of those with a phrase the phrase."""
    # Loops over lines: those of the documents on one screen.
    lines = [line for text in documents.frame[TEXT] for line in text.splitlines(keepends=True)]
    stop = np.cumsum([len(line) for line in lines], dtype=np.int64)
    start = np.append(0, stop)[:-1]
    first = start + np.array([len(line) - len(line.lstrip()) for line in lines], np.int64)
    last = stop - np.array([len(line) - len(line.rstrip()) for line in lines], np.int64)
    bare = Documents.of([line.strip() for line in lines])
    found = line_signals.c4_signals(bare, parameters["words"], parameters["c4"] == "any_lines")
    for signal in _C4_LINES:
        chosen = np.flatnonzero(found[signal].to_numpy())
        yield spans.of_characters(documents, first[chosen], last[chosen], signal)
    for signal, phrase in _C4_PHRASES.items():
        pattern = re.compile(phrase, re.IGNORECASE | re.ASCII)
        chosen = np.flatnonzero(found[signal].cast(pl.Int64).to_numpy())
        hits = [(start[n] + hit.start(), start[n] + hit.end()) for n in chosen for hit in pattern.finditer(lines[n])]
        begins, ends = np.array(hits, np.int64).reshape(-1, 2).T
        yield spans.of_characters(documents, begins, ends, signal)
