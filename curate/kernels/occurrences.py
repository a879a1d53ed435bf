"""How often n-grams occur, overlaps included: the measure of BLOOM's and ChineseWebText's recipes.

Gopher's measures (`kernels.repetition`) ask which characters repeated n-grams cover; these ask which share of the
n-grams occurs more than once, or belongs to the most frequent ones. N-grams are compared by 64-bit hashes. About 90
MB/s of mixed Chinese text for one length.
"""

import math

import numpy as np
from numba import int64, uint64

from curate.kernels import inlined, kernel
from curate.kernels.utf8 import char_at

_BASE = uint64(0x5851F42D4C957F2D)
_ODD = uint64(0xD6E8FEB86659FD93)


@inlined
def _mixed(h):  # type: ignore[no-untyped-def]
    h = (h ^ (h >> uint64(31))) * uint64(0x9E3779B97F4A7C15)
    return h ^ (h >> uint64(29))


@kernel
def _shares(units, n_units, size, leave_last, slots, counts, hashes):  # type: ignore[no-untyped-def]
    """Share of the n-grams that occur twice or more, and of those that belong to the most frequent ones.

    `units: uint64[n_units]`; an n-gram has `size` units; with `leave_last` the last one is not counted. `slots: int64`
    and `hashes: uint64` have a power of two of places, at least twice the n-grams, `slots` all 0 (and again after);
    `counts: int64`, one more than the n-grams. The most frequent: the square root of the number of different ones (at
    most those that repeat).
    """
    windows = n_units - size + 1 - leave_last
    if windows <= 0:
        return 0.0, 0.0
    bits = 4
    while (1 << bits) < 2 * windows:
        bits += 1
    mask = (1 << bits) - 1
    power, h = uint64(1), uint64(0)
    for k in range(size):
        h = h * _BASE + units[k] + uint64(1)
        power *= _BASE
    distinct = 0
    for k in range(windows):
        if k:
            h = h * _BASE + units[k + size - 1] + uint64(1) - power * (units[k - 1] + uint64(1))
        slot = int64((_mixed(h) * _ODD) >> uint64(64 - bits))
        while slots[slot] != 0 and hashes[slot] != h:
            slot = (slot + 1) & mask
        distinct += slots[slot] == 0
        slots[slot] += 1
        hashes[slot] = h
    repeated, largest = 0, 0
    for slot in range(mask + 1):
        count = slots[slot]
        repeated += count * (count > 1)
        largest = max(largest, count)
    # of the most frequent: from the counts of counts down
    for k in range(largest + 1):
        counts[k] = 0
    for slot in range(mask + 1):
        counts[slots[slot]] += 1
        slots[slot] = 0
    wanted = math.sqrt(distinct)
    top, met = 0, 0
    for count in range(largest, 1, -1):
        for _ in range(counts[count]):
            met += 1
            top += count * (met <= wanted)
    return repeated / windows, top / windows


@kernel
def character_occurrences(data, offsets, unit_of, size, leave_last, out):  # type: ignore[no-untyped-def]
    """Fill `out: float64[n_docs, 2]` with the shares (0..1) of repeated and of most frequent n-grams of characters.

    `unit_of: uint32[0x110000]`: what a character counts as; 0: left out. With `leave_last` (0 or 1) the last n-gram is
    not counted. 0 for a text with no n-gram.
    """
    units = np.empty(1 << 12, np.uint64)
    counts, hashes = np.empty(1 << 12, np.int64), np.empty(1 << 14, np.uint64)
    slots = np.zeros(1 << 14, np.int64)
    for doc in range(len(offsets) - 1):
        room = offsets[doc + 1] - offsets[doc]
        if room + 1 > len(units):
            units, counts = np.empty(2 * room, np.uint64), np.empty(2 * room, np.int64)
        n, i = 0, offsets[doc]
        while i < offsets[doc + 1]:
            point, width = char_at(data, i)
            i += width
            units[n] = unit_of[point]
            n += unit_of[point] != 0
        if 4 * n + 16 > len(slots):
            places = len(slots)
            while places < 4 * n + 16:
                places *= 2
            slots, hashes = np.zeros(places, np.int64), np.empty(places, np.uint64)
        out[doc, 0], out[doc, 1] = _shares(units, n, size, leave_last, slots, counts, hashes)


@kernel
def word_occurrences(data, starts, ends, first_word, traits, wanted, size, out):  # type: ignore[no-untyped-def]
    """Fill `out: float64[n_docs, 2]` as `character_occurrences` does, for n-grams of words.

    Words of document `d` are `data[starts[w]:ends[w]]` for `w` from `first_word[d]` to `first_word[d + 1]`; only words
    with a character whose `traits: uint8[0x110000]` hold the bit `wanted` count.
    """
    units = np.empty(1 << 10, np.uint64)
    counts, hashes = np.empty(1 << 10, np.int64), np.empty(1 << 12, np.uint64)
    slots = np.zeros(1 << 12, np.int64)
    for doc in range(len(first_word) - 1):
        room = first_word[doc + 1] - first_word[doc]
        if room + 1 > len(units):
            units, counts = np.empty(2 * room, np.uint64), np.empty(2 * room, np.int64)
        n = 0
        for word in range(first_word[doc], first_word[doc + 1]):
            h, i, counted = uint64(0), starts[word], False
            while i < ends[word]:
                point, width = char_at(data, i)
                counted |= (traits[point] & wanted) != 0
                h = h * _BASE + uint64(point) + uint64(1)
                i += width
            units[n] = _mixed(h)
            n += counted
        if 4 * n + 16 > len(slots):
            places = len(slots)
            while places < 4 * n + 16:
                places *= 2
            slots, hashes = np.zeros(places, np.int64), np.empty(places, np.uint64)
        out[doc, 0], out[doc, 1] = _shares(units, n, size, 0, slots, counts, hashes)
