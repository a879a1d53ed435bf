"""Runs of text that two texts share, whatever their punctuation: n-grams of units, found through a hash table.

A unit is one Han character or kana, or a run of other letters, or a run of digits; width, case, accents, punctuation
and white space are passed over. 13 units in a row are a gram; a passage of fewer is one gram as a whole, which counts
only where it stands alone, between punctuation or line ends. A gram's hash is a polynomial over its units modulo 2**64,
rolled along the text; a bitmap that stays in the second cache turns most places away, so that the time hardly depends
on the number of grams. Different grams share a hash by chance alone: with a million grams, about once in 2e13 places.
Memory is bounded by what is found, not by the text. About 130 MB/s of Chinese on a busy machine for 6,000 items.
"""

import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt
from numba import int64, uint64

from curate.kernels import inlined, kernel, stored
from curate.kernels.utf8 import DIGIT, HAN, HANGUL, KANA, LETTER, OTHER, SPACE, char_at, character_classes

GRAM = 13
"""Units of a gram."""
FREE = 8
"""A gram of at least so many units may stand behind other words of its clause; a shorter one must be a clause, or end
in a question mark: `什么是河口` is also a part of many honest sentences."""
BLOCK = 1024
"""Units that are gathered before their grams are looked up: few enough to stay in the first cache."""
_DISTINCT = 4
"""A gram of fewer different units (rulers of dashes read as letters, `0 0 0 0`) says nothing."""

_PASSED, _GAP, _BORDER, _CHARACTER, _WORD, _NUMBER = range(6)
"""What a code point does: nothing (marks, zero width), part words, part clauses, be a unit, be part of a unit."""
_KINDS = {OTHER: _PASSED, SPACE: _GAP, HAN: _CHARACTER, KANA: _CHARACTER, HANGUL: _WORD, LETTER: _WORD, DIGIT: _NUMBER}
_UNSPACED = (range(0x0E00, 0x0F00), range(0x1000, 0x10A0), range(0x1780, 0x1800))
"""Thai, Lao, Burmese, Khmer: written without spaces, so a letter is a unit."""
_POINT = 0x1FFFFF
_KIND_SHIFT = 21

_BASE, _MIX = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93
_LEADING = pow(_BASE, GRAM, 1 << 64)


@cache
def unit_table() -> npt.NDArray[np.uint32]:
    """What each code point stands for, `uint32[0x110000]`: its kind from bit 21 on, below it the code point that it is
    compared as; 2 s to make, then kept on disk."""
    (table,) = stored(f"text-units-{unicodedata.unidata_version}", lambda: [_unit_table()])
    return table


def _unit_table() -> npt.NDArray[np.uint32]:
    classes = character_classes()
    table = np.full(0x110000, _BORDER << _KIND_SHIFT, np.uint32)
    for point in range(0x110000):
        if 0xD800 <= point < 0xE000 or 0xAC00 <= point < 0xD7A4:
            continue
        plain = _compared_as(chr(point))
        kind = _KINDS.get(int(classes[ord(plain)]), _BORDER)
        if kind == _WORD and any(ord(plain) in block for block in _UNSPACED):
            kind = _CHARACTER
        table[point] = kind << _KIND_SHIFT | ord(plain)
    table[0xAC00:0xD7A4] = np.arange(0xAC00, 0xD7A4) | _WORD << _KIND_SHIFT
    # A line end parts clauses; other control characters pass as zero width does.
    table[[0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029]] = _BORDER << _KIND_SHIFT
    return table


def _compared_as(character: str) -> str:
    """One character for all that look like it: `Ａ`, `a` and `á` are `a`, `①` is `1`, `ﾃ` is `テ`."""
    folded = unicodedata.normalize("NFKC", character)
    folded = (folded if len(folded) == 1 else character).lower()
    folded = folded if len(folded) == 1 else character
    if unicodedata.category(folded)[0] != "L" or 0x3041 <= ord(folded) <= 0x30FF:
        return folded
    parts = unicodedata.normalize("NFD", folded)
    return parts[0] if all(map(unicodedata.combining, parts[1:])) else folded


@inlined
def _mixed(polynomial):  # type: ignore[no-untyped-def]
    return (polynomial ^ (polynomial >> uint64(32))) * uint64(_MIX)


@inlined
def _next_kind(data, i, stop, table):  # type: ignore[no-untyped-def]
    """Kind (uint32), comparable code point (uint64) and end of the character at byte `i` (all bytes: uint64); a border
    at the end."""
    kind, point, end = np.uint32(_BORDER), uint64(0), i
    if i < stop:
        b = data[i]
        if b < 0x80:
            code, end = uint64(b), i + uint64(1)
        elif 0xE0 <= b < 0xF0:
            low = uint64(data[i + uint64(1)] & 0x3F) << uint64(6) | uint64(data[i + uint64(2)] & 0x3F)
            code, end = uint64(b & 0x0F) << uint64(12) | low, i + uint64(3)
        else:
            rare, width = char_at(data, i)
            code, end = uint64(rare), i + uint64(width)
        entry = table[code]
        kind, point = entry >> np.uint32(_KIND_SHIFT), uint64(entry & np.uint32(_POINT))
    return kind, point, end


@inlined
def _rest_of_word(data, i, stop, table, kind, point):  # type: ignore[no-untyped-def]
    """Hash of the run of letters (or digits) whose first code point is given and which goes on at `i`; its end."""
    unit = (uint64(0xCBF29CE484222325) ^ point) * uint64(0x100000001B3)
    end = i
    going = True
    while going:
        while i < stop and data[i] < 0x80:  # nearly all words are ASCII
            entry = table[uint64(data[i])]
            if entry >> np.uint32(_KIND_SHIFT) != kind:
                break
            unit = (unit ^ uint64(entry & np.uint32(_POINT))) * uint64(0x100000001B3)
            i += uint64(1)
            end = i
        following, point, after = _next_kind(data, i, stop, table)
        if following == kind:
            unit = (unit ^ point) * uint64(0x100000001B3)
            end = after
        going = (following == kind) | (following == _PASSED)
        i = after
    return unit, end


@kernel
def units(data, offsets, table):  # type: ignore[no-untyped-def]
    """Return `(units: uint64[n_units], starts: int64[n_texts + 1])`: what each text is compared by."""
    out, starts = np.empty(offsets[-1] - offsets[0], np.uint64), np.empty(len(offsets), np.int64)
    n = 0
    for row in range(len(offsets) - 1):
        starts[row] = n
        i, stop = uint64(offsets[row]), uint64(offsets[row + 1])
        while i < stop:
            kind, unit, i = _next_kind(data, i, stop, table)
            if kind > _CHARACTER:
                unit, i = _rest_of_word(data, i, stop, table, kind, unit)
            if kind >= _CHARACTER:
                out[n] = unit
                n += 1
    starts[len(offsets) - 1] = n
    return out[:n], starts


@kernel
def grams(units, starts, shortest):  # type: ignore[no-untyped-def]
    """The grams of texts given by `units`: `(hashes: uint64[n], places: int64[3, n])`.

    `places` holds the text, the position in it, and the length. A text of fewer than `shortest` units has no gram, nor
    has a place with fewer than four different units.
    """
    hashes, places = np.empty(len(units), np.uint64), np.empty((3, len(units)), np.int64)
    n = 0
    for row in range(len(starts) - 1):
        size = starts[row + 1] - starts[row]
        length = min(size, GRAM)
        if length < shortest:
            continue
        for place in range(size - length + 1):
            first = starts[row] + place
            polynomial, distinct = uint64(0), 0
            for i in range(first, first + length):
                polynomial = polynomial * uint64(_BASE) + units[i]
                repeated = False
                for k in range(first, i):
                    repeated |= units[k] == units[i]
                distinct += not repeated
            if distinct < _DISTINCT:
                continue
            hashes[n] = _mixed(polynomial + uint64(length))
            places[0, n], places[1, n], places[2, n] = row, place, length
            n += 1
    return hashes[:n], places[:, :n].copy()


def build_table(hashes: npt.NDArray[np.uint64], lengths: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.generic], ...]:
    """What `find` looks grams up in: bitmaps of whole and of shorter grams, keys, numbers, and which lengths below 13
    there are.

    `hashes: uint64[n]`, different ones, of grams of `lengths: int64[n]`; a gram is known by its place in them.
    """
    whole = lengths == GRAM
    slots = 1 << (2 * len(hashes) + 1).bit_length()
    keys, numbers = np.zeros(slots, np.uint64), np.full(slots, -1, np.int32)
    _fill(hashes, keys, numbers)
    short = np.zeros(GRAM, np.bool_)
    short[lengths[~whole]] = True
    return _bitmap(hashes[whole]), _bitmap(hashes[~whole]), keys, numbers, short


def _bitmap(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """16 bits or more for each hash, of which one is set."""
    bitmap = np.zeros(1 << max(4, (16 * len(hashes)).bit_length() - 6), np.uint64)
    _mark(hashes, bitmap)
    return bitmap


@kernel
def _mark(hashes, bitmap):  # type: ignore[no-untyped-def]
    for key in hashes:
        bitmap[key >> uint64(40) & uint64(len(bitmap) - 1)] |= uint64(1) << (key >> uint64(34) & uint64(63))


@inlined
def _is_marked(key, bitmap):  # type: ignore[no-untyped-def]
    """Whether a bitmap knows a hash, as 0 or 1."""
    word = bitmap[key >> uint64(40) & uint64(len(bitmap) - 1)]
    return int64(word >> (key >> uint64(34) & uint64(63)) & uint64(1))


@inlined
def _slot(key, keys, numbers):  # type: ignore[no-untyped-def]
    """The slot of a hash, or the free one where it would be."""
    mask = uint64(len(keys) - 1)
    slot = key & mask
    while numbers[slot] >= 0 and keys[slot] != key:
        slot = (slot + uint64(1)) & mask
    return slot


@kernel
def _fill(hashes, keys, numbers):  # type: ignore[no-untyped-def]
    for n in range(len(hashes)):
        slot = _slot(hashes[n], keys, numbers)
        keys[slot], numbers[slot] = hashes[n], n


@inlined
def _fill_block(data, i, stop, table, m, state, prefix, first, ends, alone, closes, asks):  # type: ignore[no-untyped-def]
    """Read units from byte `i` on until the block is full; return the next byte, units and closed clauses in it.

    `state: uint64[4]` carries over from block to block: whether a border, a space and a question mark stand before the
    next unit, and the kind of the last one.
    """
    border, gap, asked, before = state[0] != 0, state[1] != 0, state[2] != 0, np.uint32(state[3])
    polynomial = prefix[m]
    n_closes = uint64(0)
    full = uint64(BLOCK)
    while i < stop and m < full:
        # Text is mostly runs of Han of the main block: no need to ask what they are.
        while i < stop and m < full and 0xE5 <= data[i] <= 0xE9:
            low = uint64(data[i + uint64(1)] & 0x3F) << uint64(6) | uint64(data[i + uint64(2)] & 0x3F)
            point = uint64(data[i] & 0x0F) << uint64(12) | low
            if border or gap:
                alone[m] = True
                closes[n_closes], asks[n_closes] = m, asked
                n_closes += uint64(1)
                border, gap, asked = False, False, False
            else:
                alone[m] = False
            first[m] = i
            i += uint64(3)
            ends[m] = i
            polynomial = polynomial * uint64(_BASE) + point
            m += uint64(1)
            prefix[m] = polynomial
            before = np.uint32(_CHARACTER)
        if i >= stop or m >= full:
            break
        start = i
        kind, unit, i = _next_kind(data, i, stop, table)
        if kind < _CHARACTER:
            border |= kind == _BORDER
            gap |= kind == _GAP
            asked |= unit == 63
            continue
        if kind != _CHARACTER:
            unit, i = _rest_of_word(data, i, stop, table, kind, unit)
        # A space says something beside Han only: elsewhere each word has one.
        border |= gap and (kind == _CHARACTER or before == _CHARACTER)
        alone[m] = border
        if border:
            closes[n_closes], asks[n_closes] = m, asked
            n_closes += uint64(1)
        border, gap, asked, before = False, False, False, kind
        first[m], ends[m] = start, i
        polynomial = polynomial * uint64(_BASE) + unit
        m += uint64(1)
        prefix[m] = polynomial
    state[0], state[1], state[2], state[3] = uint64(border), uint64(gap), uint64(asked), uint64(before)
    return i, m, n_closes


@kernel
def find(data, offsets, table, bitmap, short_bitmap, keys, numbers, short):  # type: ignore[no-untyped-def]
    """Find the grams of `build_table` in texts; return `int64[4, hits]`: text, gram, first byte, one past its last.

    A gram of fewer than 13 units is found where a clause ends with it; one of fewer than `FREE` must be all of it, or
    stand before a question mark.
    """
    found = np.empty((4, (GRAM + 1) * (BLOCK + 2)), np.int64)  # a block adds no more than that
    n_found = 0
    prefix, alone = np.zeros(BLOCK + 1, np.uint64), np.zeros(BLOCK + 1, np.bool_)
    first, ends = np.zeros(BLOCK, np.uint64), np.zeros(BLOCK, np.uint64)
    closes, asks, state = np.zeros(BLOCK + 1, np.uint64), np.zeros(BLOCK + 1, np.bool_), np.zeros(4, np.uint64)
    marked, marked_lengths = np.zeros((2, GRAM * (BLOCK + 2)), np.uint64)
    lengths = np.flatnonzero(short).astype(np.uint64)
    powers = np.ones(GRAM + 1, np.uint64)
    for length in range(GRAM):
        powers[length + 1] = powers[length] * uint64(_BASE)
    one, gram, carried = uint64(1), uint64(GRAM), uint64(GRAM)
    for row in range(len(offsets) - 1):
        i, stop = uint64(offsets[row]), uint64(offsets[row + 1])
        m = uint64(0)
        state[0], state[1], state[2], state[3] = 1, 0, 0, 0
        prefix[0] = 0
        going = True
        while going:
            old = m
            i, m, n_closes = _fill_block(data, i, stop, table, m, state, prefix, first, ends, alone, closes, asks)
            going = i < stop
            if not going:
                closes[n_closes], asks[n_closes] = m, state[2] != 0
                n_closes += uint64(1)
            if n_found + int64(m + n_closes * uint64(GRAM)) > found.shape[1]:
                found = np.concatenate((found, np.empty_like(found)), axis=1)
            n_marked = 0
            for last in range(max(old, gram - uint64(1)), m):
                at = uint64(last)
                key = _mixed(prefix[at + one] - prefix[at + one - gram] * uint64(_LEADING) + gram)
                marked[n_marked] = at
                n_marked += _is_marked(key, bitmap)
            for k in range(n_marked):
                at = marked[k]
                key = _mixed(prefix[at + one] - prefix[at + one - gram] * uint64(_LEADING) + gram)
                number = numbers[_slot(key, keys, numbers)]
                if number >= 0:
                    found[0, n_found], found[1, n_found] = row, number
                    found[2, n_found], found[3, n_found] = first[at + one - gram], ends[at]
                    n_found += 1
            n_marked = 0
            for k in range(n_closes):
                for size in lengths:
                    since = closes[k] - min(size, closes[k])
                    key = _mixed(prefix[closes[k]] - prefix[since] * powers[size] + size)
                    marked[n_marked], marked_lengths[n_marked] = closes[k], size
                    free = alone[since] | asks[k] | (size >= uint64(FREE))
                    n_marked += _is_marked(key, short_bitmap) & (size <= closes[k]) & free
            for k in range(n_marked):
                close, size = marked[k], marked_lengths[k]
                key = _mixed(prefix[close] - prefix[close - size] * powers[size] + size)
                number = numbers[_slot(key, keys, numbers)]
                if number >= 0:
                    found[0, n_found], found[1, n_found] = row, number
                    found[2, n_found], found[3, n_found] = first[close - size], ends[close - one]
                    n_found += 1
            if going:
                kept = m - carried
                for k in range(GRAM):
                    to, at = uint64(k), kept + uint64(k)
                    prefix[to], first[to], ends[to], alone[to] = prefix[at], first[at], ends[at], alone[at]
                prefix[carried] = prefix[m]
                m = carried
    return found[:, :n_found]
