"""Code points out of UTF-8, and what kind of character each is.

`decode` trusts its input: Arrow strings are valid UTF-8. The class table follows Unicode's general categories (of the
running Python's `unicodedata`) with Han, kana and hangul told apart.
"""

import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt
from numba import int64, uint8, uint32, uint64

from curate.kernels import inlined, kernel, stored

OTHER, HAN, LETTER, DIGIT, SPACE, PUNCTUATION, SYMBOL, KANA, HANGUL = range(9)
"""Classes of `character_classes`: `LETTER` is any letter but Han, kana and hangul; `SPACE` includes line ends."""


@inlined
def char_at(data, i):  # type: ignore[no-untyped-def]
    """Code point (uint32) and width in bytes (int64) of the character that starts at byte `i`."""
    b = data[i]
    if b < 0x80:
        return uint32(b), 1
    if b < 0xE0:
        return uint32((b & 0x1F) << 6 | (data[i + 1] & 0x3F)), 2
    if b < 0xF0:
        return uint32((b & 0x0F) << 12 | (data[i + 1] & 0x3F) << 6 | (data[i + 2] & 0x3F)), 3
    return uint32((b & 0x07) << 18 | (data[i + 1] & 0x3F) << 12 | (data[i + 2] & 0x3F) << 6 | (data[i + 3] & 0x3F)), 4


@inlined
def little_endian(data, i):  # type: ignore[no-untyped-def]
    """The eight bytes from `i: uint64` on as uint64."""
    # Little-endian on every machine; LLVM makes one load of it, if the index is unsigned (else it may be negative).
    low = uint64(data[i]) | uint64(data[i + 1]) << 8 | uint64(data[i + 2]) << 16 | uint64(data[i + 3]) << 24
    return low | (
        uint64(data[i + 4]) << 32 | uint64(data[i + 5]) << 40 | uint64(data[i + 6]) << 48 | uint64(data[i + 7]) << 56
    )


@inlined
def has_newline(word):  # type: ignore[no-untyped-def]
    """Whether one of the eight bytes of a uint64 is 10 (Mycroft's test for a byte that is 0)."""
    other = word ^ uint64(0x0A0A0A0A0A0A0A0A)
    return (other - uint64(0x0101010101010101)) & ~other & uint64(0x8080808080808080) != 0


@inlined
def newlines(word):  # type: ignore[no-untyped-def]
    """The highest bit of each of the eight bytes of a uint64 that is 10."""
    low = uint64(0x7F7F7F7F7F7F7F7F)
    other = word ^ uint64(0x0A0A0A0A0A0A0A0A)
    return ~(((other & low) + low) | other | low)


@inlined
def has_below(word, limit):  # type: ignore[no-untyped-def]
    """Whether one of the eight bytes of a uint64 is below `limit` (at most 128)."""
    each = uint64(0x0101010101010101)
    return (word - each * uint64(limit)) & ~word & (each << uint64(7)) != 0


@inlined
def continuations(word):  # type: ignore[no-untyped-def]
    """How many of the eight bytes of a uint64 go on with a character (0x80 to 0xBF)."""
    high = word & (~word << uint64(1)) & uint64(0x8080808080808080)
    return int64((high >> uint64(7)) * uint64(0x0101010101010101) >> uint64(56))


@kernel
def decode(data, start, stop, points):  # type: ignore[no-untyped-def]
    """Write the code points of `data[start:stop]` to `points: uint32[>= stop - start]`; return how many."""
    n = 0
    i = start
    while i < stop:
        b = data[i]
        if b < 0x80:
            points[n] = b
            i += 1
        elif b < 0xE0:
            points[n] = (b & 0x1F) << 6 | (data[i + 1] & 0x3F)
            i += 2
        elif b < 0xF0:
            points[n] = (b & 0x0F) << 12 | (data[i + 1] & 0x3F) << 6 | (data[i + 2] & 0x3F)
            i += 3
        else:
            points[n] = (b & 0x07) << 18 | (data[i + 1] & 0x3F) << 12 | (data[i + 2] & 0x3F) << 6 | (data[i + 3] & 0x3F)
            i += 4
        n += 1
    return n


@kernel
def marks(data, offsets, table, out):  # type: ignore[no-untyped-def]
    """Or together what `table: uint8[0x110000]` says of the characters of each text, into `out: uint8[n_docs]`.

    About 1.5 GB/s of Chinese.
    """
    for doc in range(len(offsets) - 1):
        i, stop = offsets[doc], offsets[doc + 1]
        found = uint8(0)
        while i < stop:
            while i < stop and 0xE0 <= data[i] < 0xF0:
                found |= table[(data[i] & 0x0F) << 12 | (data[i + 1] & 0x3F) << 6 | (data[i + 2] & 0x3F)]
                i += 3
            while i < stop and data[i] < 0x80:
                found |= table[data[i]]
                i += 1
            if i < stop:
                point, width = char_at(data, i)
                found |= table[point]
                i += width
        out[doc] = found


_RANGES = (
    (0x3400, 0x4DBF, HAN), (0x4E00, 0x9FFF, HAN), (0xF900, 0xFAFF, HAN), (0x20000, 0x323AF, HAN),
    (0x3005, 0x3007, HAN),
    (0x3041, 0x309F, KANA), (0x30A1, 0x30FA, KANA), (0x30FC, 0x30FF, KANA), (0x31F0, 0x31FF, KANA),
    (0xFF66, 0xFF9F, KANA),
    (0x1100, 0x11FF, HANGUL), (0x3130, 0x318F, HANGUL), (0xA960, 0xA97F, HANGUL), (0xAC00, 0xD7FF, HANGUL),
)  # fmt: skip
_CATEGORIES = {"L": LETTER, "N": DIGIT, "Z": SPACE, "P": PUNCTUATION, "S": SYMBOL}


@cache
def character_classes() -> npt.NDArray[np.uint8]:
    """Class of every code point: `uint8[0x110000]`; 0.6 s to make, then kept on disk."""
    (table,) = stored(f"character-classes-{unicodedata.unidata_version}", lambda: [_character_classes()])
    return table


def _character_classes() -> npt.NDArray[np.uint8]:
    categories = (unicodedata.category(chr(point))[0] for point in range(0x110000))
    table = np.fromiter((_CATEGORIES.get(category, OTHER) for category in categories), np.uint8, 0x110000)
    # with these, SPACE is what `str.isspace` says
    table[[*range(0x09, 0x0E), *range(0x1C, 0x20), 0x85]] = SPACE
    for first, last, kind in _RANGES:
        letters = table[first : last + 1]
        letters[(letters == LETTER) | (letters == DIGIT)] = kind
    return table


def unstable_in_nfc() -> list[int]:
    """Characters without which a text is in NFC, whatever the Unicode version of who composes it; 1 s.

    Those that NFC replaces, that it orders (combining class), that compose with one before them, and those that Python
    does not know: a newer Unicode changes none of the others (stability policy). All are U+0300 or above.
    """
    second = {0x1161 + i for i in range(21)} | {0x11A8 + i for i in range(27)}
    for point in range(0x110000):
        parts = unicodedata.decomposition(chr(point)).split()
        if len(parts) == 2 and parts[0][0] != "<":  # a single part never composes again
            second.add(int(parts[1], 16))
    return [
        point
        for point in range(0x300, 0x110000)
        if point in second
        or unicodedata.combining(chr(point))
        or unicodedata.category(chr(point)) == "Cn"
        or not unicodedata.is_normalized("NFC", chr(point))
    ]
