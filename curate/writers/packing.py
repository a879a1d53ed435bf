"""Text to rows that a trainer will tokenize itself: at most `limit` tokens each, cut where a sentence or a clause ends.

Guarantees: the rows of a text, put together, are the text; each row was encoded as it stands, so that its number of
tokens is known and not above the limit; no row is torn inside a character; no row holds a control token of the
tokenizer. Costs: the text is encoded twice (unit by unit to know where to cut, row by row to be sure); all else runs at
100 to 200 MB/s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.contracts import Utf8
from curate.kernels import cutting
from curate.tokenizer import Ragged

UNIT_BYTES = 64
"""Longest unit: 21 Chinese characters, about 15 tokens of MiniMind's tokenizer. Joined rows of Chinese web text stay
3.8 % empty; with 96 bytes it is 4.4 %, with 48 bytes 3.7 %."""

ENCODE_BYTES = 8_000_000

Encode = Callable[[Utf8], Ragged]
Positions = npt.NDArray[np.int64]


class Units(NamedTuple):
    """Pieces that tile the texts; rows are made of them."""

    starts: Positions
    """`n_units + 1` positions in the data."""
    levels: npt.NDArray[np.uint8]
    """What each unit ends: `cutting.CHARACTER`, `CLAUSE`, `SENTENCE` or `DOCUMENT`."""
    first: Positions
    """`n_texts + 1`: the first unit of each text."""
    tokens: Positions
    """Tokens of each unit, encoded alone."""


class Rows(NamedTuple):
    """Rows that tile the texts."""

    starts: Positions
    """`n_rows + 1` positions in the data."""
    first: Positions
    """`n_texts + 1`: the first row of each text."""
    tokens: Positions
    """Tokens of each row, encoded as it stands."""


def neutralise(text: pl.Series, control_tokens: Sequence[str]) -> tuple[pl.Series, Positions]:
    """Put a space after the first character of every control token in the texts; count them, `int64[n_texts]`.

    A token that is white space, starts with it or has one character only is left alone: it is no control token that a
    space could break (GPT-NeoX's tokenizer has runs of blanks among its added tokens).
    """
    tokens = [token for token in control_tokens if len(token) > 1 and not token[0].isspace()]
    counts = np.zeros(len(text), np.int64)
    if not tokens or not len(text):
        return text, counts
    pattern = re.compile("|".join(map(re.escape, sorted(tokens, key=len, reverse=True))))
    found = text.str.contains_any(tokens).to_numpy()
    if not found.any():
        return text, counts
    texts = text.to_list()
    # A loop, but only over the texts that hold one: a space may bring out another token, hence to a fixed point.
    for row in np.flatnonzero(found).tolist():
        more = 1
        while more:
            texts[row], more = pattern.subn(lambda match: f"{match[0][0]} {match[0][1:]}", texts[row])
            counts[row] += more
    return pl.Series(text.name, texts, pl.String), counts


def count_tokens(text: Utf8, encode: Encode) -> Positions:
    """Tokens of each text, `int64[n_texts]`; ids are kept for `ENCODE_BYTES` of text at a time only."""
    counts: list[Positions] = [np.empty(0, np.int64)]
    start = 0
    while start < len(text.offsets) - 1:
        stop = int(np.searchsorted(text.offsets, text.offsets[start] + ENCODE_BYTES))
        stop = min(max(stop, start + 1), len(text.offsets) - 1)
        counts.append(np.diff(encode(Utf8(text.data, text.offsets[start : stop + 1])).offsets))
        start = stop
    return np.concatenate(counts)


def count_units(text: Utf8, encode: Encode, limit: int) -> Units:
    """Divide texts into units short enough for rows of `limit` tokens, and count their tokens."""
    # A token is a byte at least (with byte fallback), so a unit of `limit` bytes always fits; a unit has twice `most`.
    most = max(8, min(UNIT_BYTES, limit // 2))
    starts, levels, first = cutting.units(text.data, text.offsets, most)
    return Units(starts, levels, first, count_tokens(Utf8(text.data, starts), encode))


def cut_rows(text: Utf8, encode: Encode, limit: int) -> Rows:
    """Cut each text into rows: whole sentences as far as they fit, whole clauses where a sentence is too long."""
    units = count_units(text, encode, limit)
    starts = units.starts[cutting.fill(units.tokens, units.levels, units.first, limit, 0, 0)]
    rows, tokens = _fit(text.data, starts, units, encode, limit)
    return Rows(rows, np.searchsorted(rows, text.offsets), tokens)


def join_rows(data: npt.NDArray[np.uint8], units: Units, encode: Encode, limit: int) -> Rows:
    """Cut one stream of texts, put together, into rows that are nearly full.

    A row ends with a sentence if that fills 96 % of it, else with a clause if that fills 94 %, else with the last unit
    that fits. `first` has one entry per text of `units`: the row in which it starts.
    """
    whole = np.array([0, len(units.tokens)], np.int64)
    enough, close = int(0.96 * limit), int(0.94 * limit)
    starts = units.starts[cutting.fill(units.tokens, units.levels, whole, limit, enough, close)]
    rows, tokens = _fit(data, starts, units, encode, limit)
    return Rows(rows, np.searchsorted(rows, units.starts[units.first], side="right") - 1, tokens)


def _fit(
    data: npt.NDArray[np.uint8], starts: Positions, units: Units, encode: Encode, limit: int
) -> tuple[Positions, Positions]:
    """Encode every row as it stands; divide those that came out too long.

    Put together, units mostly have fewer tokens than apart, but not always: a cut may hide a merge that a tokenizer
    then makes at the cost of two others.
    """
    tokens = count_tokens(Utf8(data, starts), encode)
    # Few rows: 5 of 9,043 joined rows of Chinese web text with MiniMind's tokenizer.
    while len(long := np.flatnonzero(tokens > limit)):
        middles = np.array([_middle(data, int(starts[row]), int(starts[row + 1]), units) for row in long], np.int64)
        borders = np.stack([starts[long], middles, starts[long + 1]], axis=1)
        halves = [data[start:stop] for row in borders for start, stop in pairwise(row)]
        counts = count_tokens(_texts(halves), encode)
        starts, tokens = np.insert(starts, long + 1, middles), np.insert(tokens, long + 1, counts[1::2])
        tokens[long + np.arange(len(long))] = counts[::2]
    return starts, tokens


def _texts(pieces: list[npt.NDArray[np.uint8]]) -> Utf8:
    return Utf8(np.concatenate(pieces), np.cumsum([0, *map(len, pieces)], dtype=np.int64))


def _middle(data: npt.NDArray[np.uint8], start: int, stop: int, units: Units) -> int:
    """The best place for a cut near the middle of a row: a unit's end, else a character's."""
    low, high = np.searchsorted(units.starts, [start, stop])
    inside = units.starts[low + 1 : high]
    quarter = (stop - start) // 4
    central = inside[(inside >= start + quarter) & (inside <= stop - quarter)]
    if len(central):
        levels = units.levels[np.searchsorted(units.starts, central) - 1]
        return int(central[np.argmax(levels)])
    middle = start + max(1, (stop - start) // 2)
    while middle < stop and data[middle] & 0xC0 == 0x80:
        middle += 1
    if middle >= stop:
        raise ValueError("a single character has more tokens than a row may have")
    return middle
