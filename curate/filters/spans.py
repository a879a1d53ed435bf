"""What filters point at, as the table that `Filter.evidence` gives back: from characters, patterns or bytes of a batch.

For the few documents that somebody looks at: about 20 MB/s, and 20 bytes of memory for a byte of text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.contracts import CUT_COLUMNS, EVIDENCE_COLUMNS, TEXT, Documents

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]


class Characters(NamedTuple):
    """The characters of a batch, one after the other."""

    points: npt.NDArray[np.uint32]
    places: Integers
    """`int64[n + 1]`: bytes of the batch at which they begin; at last where the last one ends."""
    first: Integers
    """`int64[n_docs + 1]`: the first character of each document."""


def characters_of(documents: Documents) -> Characters:
    """Take a batch apart into its characters, once for all filters."""
    return documents.shared("characters", lambda: _characters(documents))


def _characters(documents: Documents) -> Characters:
    data, offsets = documents.utf8
    text = data[offsets[0] : offsets[-1]]
    begins = np.flatnonzero((text & 0xC0) != 0x80) + offsets[0]
    points = np.frombuffer(text.tobytes().decode().encode("utf-32-le"), np.uint32)
    return Characters(points, np.append(begins, offsets[-1]), np.searchsorted(begins, offsets))


def of_bytes(documents: Documents, start: Integers, end: Integers, signal: str) -> pl.DataFrame:
    """Evidence at bytes `start` to `end` of the batch, each inside one document; empty spans are left out."""
    filled = start < end
    start, end = start[filled], end[filled]
    offsets = documents.utf8.offsets
    row = np.searchsorted(offsets, start, side="right") - 1
    columns = {"row": row, "start": start - offsets[row], "end": end - offsets[row]}
    return pl.DataFrame(columns, schema_overrides=EVIDENCE_COLUMNS).with_columns(signal=pl.lit(signal))


def of_table(documents: Documents, table: pl.DataFrame, signal: str) -> pl.DataFrame:
    """Evidence at the spans of a table (`CUT_COLUMNS`); those that overlap are one."""
    data, offsets = documents.utf8
    row, start, end = (table[column].to_numpy() for column in CUT_COLUMNS)
    steps = np.zeros(len(data) + 1, np.int64)
    np.add.at(steps, start + offsets[row], 1)
    np.add.at(steps, end + offsets[row], -1)
    return of_bytes(documents, *runs(steps[:-1].cumsum() > 0, offsets), signal)


def of_characters(documents: Documents, first: Integers, stop: Integers, signal: str) -> pl.DataFrame:
    """Evidence from character `first` to before `stop` of the batch."""
    places = characters_of(documents).places
    return of_bytes(documents, places[first], places[stop], signal)


def of_marked(documents: Documents, marked: Booleans, signal: str) -> pl.DataFrame:
    """Evidence where characters are marked: those that stand together are one span. `marked: bool[n_chars]`."""
    return of_characters(documents, *runs(marked, characters_of(documents).first), signal)


def rarer(text: Characters, marked: Booleans, among: Booleans) -> Booleans:
    """In each document what is marked, or the rest of `among`, whichever is less: to be seen on its ground."""
    n_docs = len(text.first) - 1
    row = np.repeat(np.arange(n_docs), np.diff(text.first))
    n = np.bincount(row[among], minlength=n_docs)
    often = 2 * np.bincount(row[marked], minlength=n_docs) > n
    return np.where(often[row], among & ~marked, marked)


def runs(marked: Booleans, borders: Integers) -> tuple[Integers, Integers]:
    """First and one past the last of places that are marked one after the other, no border between them."""
    border = np.zeros(len(marked) + 1, np.bool_)
    border[borders] = True
    before, after = np.append(False, marked), np.append(marked, False)
    return np.flatnonzero(after & (~before | border)), np.flatnonzero(before & (~after | border))


def of_pattern(documents: Documents, pattern: re.Pattern[str], signal: str) -> pl.DataFrame:
    """Evidence where a pattern is found: its first group, or all of it."""
    first = characters_of(documents).first
    # A loop over documents: those on one screen.
    found = [
        (place + match.start(pattern.groups and 1), place + match.end(pattern.groups and 1))
        for place, text in zip(first, documents.frame[TEXT], strict=False)
        for match in pattern.finditer(text)
    ]
    start, stop = np.array(found, np.int64).reshape(-1, 2).T
    return of_characters(documents, start, stop, signal)


def places_of_words(documents: Documents, row: Integers, words: Iterable[str]) -> tuple[Integers, Integers]:
    """Where words lie that `kernels.wordlists` found in this order, in characters of the batch.

    Each is the first that stands behind the one before: had an earlier one been there, it would have been found.
    """
    texts, first = documents.frame[TEXT], characters_of(documents).first
    places, before, at = [], -1, 0
    # A loop over words: those of the documents on one screen.
    for own, word in zip(row.tolist(), words, strict=True):
        found = re.compile(_alone(word)).search(texts[own], at if own == before else 0)
        assert found is not None
        before, at = own, found.end()
        places.append((first[own] + found.start(), first[own] + found.end()))
    start, stop = np.array(places, np.int64).reshape(-1, 2).T
    return start, stop


def _alone(word: str) -> str:
    """A pattern for a word outside of which no Latin letter or digit goes on."""
    begins, ends = (re.match("[0-9A-Za-z]", edge) for edge in (word[0], word[-1]))
    return ("(?<![0-9A-Za-z])" if begins else "") + re.escape(word) + ("(?![0-9A-Za-z])" if ends else "")


def together(frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """The evidence of several signals in one table."""
    return pl.concat([pl.DataFrame(schema=EVIDENCE_COLUMNS), *frames])
