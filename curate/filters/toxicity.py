"""Advertising for gambling, sex and loans, found by words.

One automaton (Aho-Corasick, the Rust crate through `ahocorasick_rs`: Apache-2.0, wheels of 0.4 MB for Linux and macOS)
reads the UTF-8 bytes where they lie. Where words overlap the leftmost counts, and the longest that starts there. A word
matches anywhere, for Chinese has no word borders: so lists need phrases that say what a page offers, and rules need
several different ones, densely. A Latin letter or digit at a word's edge must not go on outside; Latin words match in
lower, upper and title case. About 300 MB/s with the built-in list, 70 MB/s with 20,000 words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import yaml

from curate.contracts import TEXT, Documents, Filter, InputFile, Utf8
from curate.errors import PipelineError

if TYPE_CHECKING:
    from ahocorasick_rs import BytesAhoCorasick

BUILT_IN = str(Path(__file__).with_name("toxicity_words.yaml"))
"""Some 1,000 words in the categories `gambling`, `adult`, `loans`, and `warning`."""

_DFA_BYTES = 32_768
"""A DFA is twice as fast as the crate's own choice (303 against 175 MB/s with 300 words) and takes about 1 KB a byte of
words; with 20,000 words it would take 200 MB and miss the cache."""


class Toxicity(Filter):
    """Measure how many words of advertising a document holds, by category, and drop what is dense with them.

    Signals, for each category of the lists (`gambling`, `adult`, `loans` and `warning` for the built-in one):
        <category>_words: how many different words of the category occur.
        <category>_char_ratio: characters inside them / characters of the text; null where there are none.
    And over all categories but `warning`, which speaks for a page and has no rule (police, court, fraud, doctor):
        toxic_words: how many different words occur.
        toxic_char_ratio: characters inside words / characters of the text.

    A rule for each category, named after it, asks for three different words on 0.5 % of the characters, or two on 7 %,
    and for more than twice as many as there are different words of warning. So a report on gambling stays, and a bank's
    page on its loans: on 48,810 Chinese pages (news, forums, docs, medicine, classics) one was dropped, rightly. What
    the built-in list does not name is not found: freshly worded advertisements mostly are not. Extend it.
    """

    words: Annotated[str | None, InputFile()] = None
    """A list to use instead of the built-in one: YAML (category -> list of words), or plain text (a word a line, lines
    that start with # left out, the file's stem is the category)."""
    extend: Annotated[str | None, InputFile()] = None
    """A list to use beside it; a category of the same name is added to."""

    def files(self) -> list[str]:
        return [self.words or BUILT_IN, *([self.extend] if self.extend else [])]

    def measured_parameters(self) -> dict[str, Any]:
        # A plain list's category is its file's name, which the bytes of the file do not say.
        return super().measured_parameters() | {"categories": [list(read_words(file)) for file in self.files()]}

    def check(self) -> None:
        _matcher(self.files())

    def signal_types(self) -> Mapping[str, Any]:
        names = [*_matcher(self.files()).categories, "toxic"]
        return {f"{name}_{what}": kind for name in names for what, kind in _MEASURES.items()}

    def own_rules(self) -> Mapping[str, str | None]:
        categories = _matcher(self.files()).categories
        warned = f"{{0}}_words > 2 * {_WARNING}_words AND " if _WARNING in categories else ""
        dense = "({0}_words >= 3 AND {0}_char_ratio >= 0.005 OR {0}_words = 2 AND {0}_char_ratio >= 0.07)"
        rule = warned + dense
        return {name: rule.format(name) for name in categories if name != _WARNING}

    def measure(self, documents: Documents) -> pl.DataFrame:
        matcher = _matcher(self.files())
        row, spelling = matcher.find(documents.utf8)
        _, first_of_word = np.unique(row * len(matcher.words) + matcher.words[spelling], return_index=True)
        chars = documents.frame[TEXT].str.len_chars().cast(pl.Float64)
        columns: dict[str, pl.Series] = {}
        for position, name in enumerate([*matcher.categories, "toxic"]):
            belongs = matcher.members[spelling, position]
            words = np.bincount(row[first_of_word][belongs[first_of_word]], minlength=len(documents))
            inside = np.bincount(row[belongs], matcher.chars[spelling[belongs]], minlength=len(documents))
            columns[f"{name}_words"] = pl.Series(words, dtype=pl.Int64)
            columns[f"{name}_char_ratio"] = (pl.Series(inside, dtype=pl.Float64) / chars).fill_nan(None)
        return pl.DataFrame(columns)


_WARNING = "warning"
_MEASURES = {"words": pl.Int64, "char_ratio": pl.Float64}


class _Matcher(NamedTuple):
    automaton: BytesAhoCorasick
    categories: tuple[str, ...]
    members: npt.NDArray[np.bool_]
    """`[spellings, categories + 1]`: what a spelling belongs to; in the last column, whether that is toxic."""
    words: npt.NDArray[np.int64]
    """`[spellings]`: the word that it spells."""
    chars: npt.NDArray[np.int64]
    """`[spellings]`: its length."""
    open_edges: npt.NDArray[np.bool_]
    """`[spellings, 2]`: whether it starts, ends with a Latin letter or digit."""

    def find(self, texts: Utf8) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Find all hits, in order: the rows of their documents, and their spellings."""
        view, offsets = texts.data.data, texts.offsets.tolist()
        search = self.automaton.find_matches_as_indexes
        rows: list[int] = []
        found: list[tuple[int, int, int]] = []
        # A Python loop over documents, because a match must not reach from one into the next; 1 us each.
        for row, (start, stop) in enumerate(pairwise(offsets)):
            if matches := search(view[start:stop]):
                rows += [row] * len(matches)
                found += [(spelling, start + first, start + last) for spelling, first, last in matches]
        spelling, first, last = np.array(found, np.int64).reshape(-1, 3).T
        row_of = np.array(rows, np.int64)
        whole = self._is_whole(texts, row_of, spelling, first, last)
        return row_of[whole], spelling[whole]

    def _is_whole(
        self,
        texts: Utf8,
        row: npt.NDArray[np.int64],
        spelling: npt.NDArray[np.int64],
        first: npt.NDArray[np.int64],
        last: npt.NDArray[np.int64],
    ) -> npt.NDArray[np.bool_]:
        """Whether no Latin letter or digit at a hit's edge goes on outside of it."""
        if not len(row):
            return np.empty(0, np.bool_)
        before = (first > texts.offsets[row]) & _IS_LATIN[texts.data[np.maximum(first - 1, 0)]]
        after = (last < texts.offsets[row + 1]) & _IS_LATIN[texts.data[np.minimum(last, len(texts.data) - 1)]]
        broken: npt.NDArray[np.bool_] = (self.open_edges[spelling, 0] & before) | (self.open_edges[spelling, 1] & after)
        return ~broken


_IS_LATIN = np.array([chr(byte).isalnum() and byte < 128 for byte in range(256)])


def _matcher(files: Iterable[str]) -> _Matcher:
    """Build the automaton for word lists, once per process and version of the files."""
    return _build(tuple((file, _modified(file)) for file in files))


def _modified(file: str) -> int:
    try:
        return Path(file).stat().st_mtime_ns
    except OSError as error:
        raise PipelineError(f"{file}: no word list to read here ({error.strerror}); correct the path") from error


@lru_cache(maxsize=8)
def _build(files: tuple[tuple[str, int], ...]) -> _Matcher:
    from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

    lists: dict[str, list[str]] = {}
    for file, _ in files:
        for category, words in read_words(file).items():
            lists.setdefault(category, []).extend(words)
    categories = tuple(lists)
    words = sorted({word for words in lists.values() for word in words})
    spellings = {spelling: number for number, word in enumerate(words) for spelling in _spellings(word)}
    sets = [*map(set, lists.values()), {word for name in lists if name != _WARNING for word in lists[name]}]
    members = np.array([[word in members for members in sets] for word in words], np.bool_)
    patterns = [spelling.encode() for spelling in spellings]
    dense = sum(map(len, patterns)) <= _DFA_BYTES
    automaton = BytesAhoCorasick(patterns, MatchKind.LeftmostLongest, Implementation.DFA if dense else None)
    meanings = np.array(list(spellings.values()), np.int64)
    edges = [[bool(_IS_LATIN[pattern[0]]), bool(_IS_LATIN[pattern[-1]])] for pattern in patterns]
    chars = np.array(list(map(len, spellings)), np.int64)
    return _Matcher(automaton, categories, members[meanings], meanings, chars, np.array(edges, np.bool_))


def _spellings(word: str) -> set[str]:
    return {word, word.lower(), word.upper(), word.title()}


def read_words(file: str) -> dict[str, list[str]]:
    """Read a word list: category -> words.

    Raises: PipelineError when the file cannot be read, holds no words, or a category's name is no plain identifier.
    """
    path = Path(file)
    try:
        text = path.read_text(encoding="utf-8-sig")
        is_yaml = path.suffix in (".yaml", ".yml")
        lists = yaml.safe_load(text) if is_yaml else {path.stem: _lines(text)}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise PipelineError(f"{file}: cannot be read as a word list: {' '.join(str(error).split())}") from error
    if not isinstance(lists, dict) or not lists:
        raise PipelineError(f"{file}: expected `category: [word, …]` in a YAML word list")
    for category, words in lists.items():
        if not isinstance(category, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", category) or category == "toxic":
            raise PipelineError(
                f"{file}: {category!r} cannot name a category (it becomes a column); use a-z, 0-9 and _, and not toxic"
            )
        if (
            not isinstance(words, list)
            or not words
            or not all(isinstance(word, str) and word.strip() for word in words)
        ):
            raise PipelineError(f"{file}: {category} must be a list of words; quote those that YAML reads as numbers")
    return {category: [word.strip() for word in words] for category, words in lists.items()}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
