"""Which of many 64-bit keys occur more than once, before anything is sorted.

Two bits a place, eight to sixteen places a key: the first key of a place sets one bit, every later one the other. Keys
whose place has both are those that repeat, and by chance up to one in eight others; only they need to be sorted. Two
passes over the keys, which may come piece by piece; 2 to 4 bytes of memory a key; 30 million keys a second.
"""

import numpy as np
from numba import int64, uint64

from curate.kernels import inlined, kernel

_GOLDEN = 0x9E3779B97F4A7C15


def nothing_seen(n):  # type: ignore[no-untyped-def]
    """Make room, `uint64[words, 2]`, in which `n` keys can be noted."""
    bits = 6
    while (1 << bits) < 8 * n:
        bits += 1
    return np.zeros((1 << (bits - 6), 2), np.uint64)


@inlined
def _shift(seen):  # type: ignore[no-untyped-def]
    bits = 6
    while (1 << (bits - 6)) < len(seen):
        bits += 1
    return uint64(64 - bits)


@kernel
def note(keys, seen):  # type: ignore[no-untyped-def]
    """Note `keys: uint64[n]` in `seen`."""
    shift = _shift(seen)
    for key in keys:
        place = (key * uint64(_GOLDEN)) >> shift
        word, bit = seen[place >> uint64(6)], uint64(1) << (place & uint64(63))
        word[1] |= word[0] & bit
        word[0] |= bit


@kernel
def may_repeat(keys, seen):  # type: ignore[no-untyped-def]
    """Return the positions, `int64[m]` ascending, of `keys: uint64[n]` that were noted twice, and of few others."""
    shift = _shift(seen)
    found, n = np.empty(max(1024, len(keys) // 16), np.int64), 0
    for start in range(0, len(keys), 1024):
        stop = min(start + 1024, len(keys))
        if n + 1024 > len(found):
            found = np.concatenate((found, np.empty(len(found) + 1024, np.int64)))
        for i in range(start, stop):  # without a branch: whether a key repeats is a matter of chance
            place = (keys[i] * uint64(_GOLDEN)) >> shift
            found[n] = i
            n += int64(seen[place >> uint64(6), 1] >> (place & uint64(63)) & uint64(1))
    return found[:n].copy()
