"""Where a text repeats itself: the n-grams, lines and paragraphs that `repetition` counts.

Of the most frequent n-grams all occurrences; of n-grams, lines and paragraphs that occurred before the later ones.
Units are those of the kernel that measures, and n-grams are compared by hashes as there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.contracts import TEXT, Documents
from curate.filters import repetition, spans
from curate.words import Words, words_by

if TYPE_CHECKING:
    from curate.filters.spans import Integers

Hashes = npt.NDArray[np.uint64]


def evidence(documents: Documents, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """The evidence of all signals that are measured with these parameters."""
    words = words_by(parameters["words"], documents)
    found = [*_lines(documents, parameters["lines"] == "all")]
    # Loops over documents: those on one screen.
    for row in range(len(documents)):
        if words is None:
            found += _of_units(documents, _units(documents, row))
        else:
            found += _of_words(documents, _words(documents, row, words))
        if parameters["occurrences"]:
            found += _occurrences(documents, row, words)
    return spans.together(found)


class _Units(NamedTuple):
    """What the n-grams of one document are made of; places are characters of the batch."""

    hashes: Hashes
    first: Integers
    stop: Integers

    def grams(self, n: int) -> Hashes:
        """The hash of the n-gram that begins at each unit."""
        # Mixed first: as they are, a letter and the hash of a word that follows it add up like another letter and word.
        units = _mixed(self.hashes)
        count = max(0, len(units) - n + 1)
        grams = units[:count]
        for place in range(1, n):
            grams = _mixed(grams) + units[place : place + count]
        return grams

    def spans(self, documents: Documents, at: Integers, n: int, signal: str) -> pl.DataFrame:
        """Evidence for the n-grams that begin at these units, those that overlap or touch as one."""
        marked = np.zeros(len(self.hashes), np.bool_)
        for place in range(n):
            marked[at + place] = True
        first, stop = spans.runs(marked, np.array([], np.int64))
        return spans.of_characters(documents, self.first[first], self.stop[stop - 1], signal)


def _mixed(hashes: Hashes) -> Hashes:
    odd = (hashes ^ hashes >> np.uint64(31)) * np.uint64(0x9E3779B97F4A7C15)
    return odd ^ odd >> np.uint64(29)


def _units(documents: Documents, row: int) -> _Units:
    """Characters, runs of letters and digits, and runs of a mark, as `character_ngrams` has them."""
    from curate.kernels.repetition import _split
    from curate.kernels.utf8 import SPACE, character_classes

    (data, offsets), text, classes = documents.utf8, spans.characters_of(documents), character_classes()
    room = int(offsets[row + 1] - offsets[row])
    units, before = np.empty(room, np.uint64), np.empty(room + 1, np.int32)
    n, _ = _split(data, offsets[row], offsets[row + 1], classes, units, before)
    own = slice(text.first[row], text.first[row + 1])
    shown = np.flatnonzero(classes[text.points[own]] != SPACE) + text.first[row]
    return _Units(units[:n], shown[before[:n]], shown[before[1 : n + 1] - 1] + 1)


def _of_units(documents: Documents, units: _Units) -> Iterator[pl.DataFrame]:
    for n, signal in enumerate(repetition.TOP, 2):
        yield units.spans(documents, _covers_most(units, units.grams(n), n), n, signal)
    for n, signal in enumerate(repetition.DUPLICATE, 5):
        yield units.spans(documents, _again(units.grams(n)), n, signal)


def _again(grams: Hashes) -> Integers:
    return np.flatnonzero(~pl.Series(grams).is_first_distinct().to_numpy())


def _covers_most(units: _Units, grams: Hashes, n: int) -> Integers:
    """Where the n-gram occurs that covers most characters, counted without overlap; nowhere if each occurs once."""
    at: dict[int, list[int]] = {}
    repeated = np.flatnonzero(pl.Series(grams).is_duplicated().to_numpy())
    # A loop over n-grams: which of those that overlap count depends on the ones before.
    for place, gram in zip(repeated.tolist(), grams[repeated].tolist(), strict=True):
        places = at.setdefault(gram, [])
        if not places or place - places[-1] >= n:
            places.append(place)
    chars = units.stop - units.first
    covered = {gram: len(places) * int(chars[places[0] : places[0] + n].sum()) for gram, places in at.items()}
    best = max((gram for gram, places in at.items() if len(places) > 1), key=covered.__getitem__, default=None)
    return np.array([] if best is None else at[best], np.int64)


def _words(documents: Documents, row: int, words: Words) -> _Units:
    from curate.kernels.hashing import hash64_of_spans

    own = slice(words.first_word[row], words.first_word[row + 1])
    starts, ends = words.starts[own], words.ends[own]
    places = spans.characters_of(documents).places
    first, stop = np.searchsorted(places, starts), np.searchsorted(places, ends)
    return _Units(hash64_of_spans(0, documents.utf8.data, starts, ends), first, stop)


def _of_words(documents: Documents, words: _Units) -> Iterator[pl.DataFrame]:
    """As datatrove counts: of equally frequent n-grams the first, overlaps included; behind one that occurred before
    the search for more goes on."""
    for n, signal in enumerate(repetition.TOP, 2):
        grams = words.grams(n)
        counts = pl.DataFrame({"gram": grams}).group_by("gram", maintain_order=True).len().filter(pl.col("len") > 1)
        best = counts.filter(pl.col("len") == pl.col("len").max())["gram"].head(1)
        yield words.spans(documents, np.flatnonzero(np.isin(grams, best.to_numpy())), n, signal)
    text = "".join(documents.frame[TEXT])
    own = [text[first:stop] for first, stop in zip(words.first, words.stop, strict=True)]
    for n, signal in enumerate(repetition.DUPLICATE, 5):
        yield words.spans(documents, _joined_again(own, n), n, signal)


def _joined_again(words: list[str], n: int) -> Integers:
    seen, again, at = set[str](), [], 0
    while at + n <= len(words):
        gram = "".join(words[at : at + n])
        if gram in seen:
            again.append(at)
            at += n
        else:
            seen.add(gram)
            at += 1
    return np.array(again, np.int64)


# N-grams as they occur.


def _occurrences(documents: Documents, row: int, words: Words | None) -> Iterator[pl.DataFrame]:
    long, short = _single(documents, row, str.lower, "\t\n "), _single(documents, row, _blank, "")
    again = _again(long.grams(13)[:-1])  # the last one is not counted
    yield long.spans(documents, again, 13, repetition.OCCURRENCES[0])
    grams = short.grams(3)
    counts = pl.DataFrame({"gram": grams}).group_by("gram", maintain_order=True).len()
    often = counts.filter(pl.col("len") > 1).sort("len", descending=True, maintain_order=True)
    often = often.head(int(counts.height**0.5))
    yield short.spans(documents, np.flatnonzero(np.isin(grams, often["gram"].to_numpy())), 3, repetition.OCCURRENCES[1])
    if words is not None:
        spelt = _with_letters(documents, _words(documents, row, words))
        yield spelt.spans(documents, _again(spelt.grams(5)), 5, repetition.WORD_OCCURRENCES)


def _blank(character: str) -> str:
    return " " if character.isspace() else character


def _single(documents: Documents, row: int, compared_as: Callable[[str], str], without: str) -> _Units:
    """The characters of a document but those of `without`."""
    text = spans.characters_of(documents)
    own = text.points[text.first[row] : text.first[row + 1]]
    kinds, kind = np.unique(own, return_inverse=True)
    same = np.array([ord(compared_as(chr(point))[0]) + 1 for point in kinds], np.uint64)
    kept = np.flatnonzero(~np.isin(own, list(map(ord, without))))
    first = kept + text.first[row]
    return _Units(same[kind[kept]] if len(kept) else np.array([], np.uint64), first, first + 1)


def _with_letters(documents: Documents, words: _Units) -> _Units:
    from curate.kernels.words import ALPHA, word_traits

    letters = word_traits("")[spans.characters_of(documents).points] & ALPHA > 0
    before = np.append(0, letters.cumsum())
    chosen = before[words.stop] > before[words.first]
    return _Units(words.hashes[chosen], words.first[chosen], words.stop[chosen])


# Lines and paragraphs.

_LINE, _PARAGRAPH = re.compile(r"[^\n]+"), re.compile(r"[^\n]+(?:\n[^\n]+)*")


def _lines(documents: Documents, blank: bool) -> Iterator[pl.DataFrame]:
    shown = _pieces(documents, _LINE, blank=False)
    lines = _pieces(documents, _LINE, blank=True) if blank else shown
    paragraphs = _pieces(documents, _PARAGRAPH, blank)
    for signals, pieces in ((repetition.LINES[:2], lines), (repetition.LINES[2:], paragraphs)):
        for signal in signals:
            yield spans.of_characters(documents, *pieces, signal)
    if blank:
        yield spans.of_characters(documents, *shown, repetition.SHOWN_LINES)


def _pieces(documents: Documents, pattern: re.Pattern[str], blank: bool) -> tuple[Integers, Integers]:
    """Lines or paragraphs that occurred before in their document; with `blank` those of white space count, too."""
    found = []
    for first, text in zip(spans.characters_of(documents).first, documents.frame[TEXT], strict=False):
        seen = set[str]()
        inner = text.strip(repetition.WHITE_SPACE) if blank and pattern is _PARAGRAPH else text
        skipped = text.index(inner)
        for match in pattern.finditer(inner):
            piece = match.group()
            if piece in seen and (blank or not piece.isspace()):
                found.append((first + skipped + match.start(), first + skipped + match.end()))
            seen.add(piece)
    start, stop = np.array(found, np.int64).reshape(-1, 2).T
    return start, stop
