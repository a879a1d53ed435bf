"""Tags and entities: where they end, and what they are; the same as `cleaners.markup` says."""

import numpy as np
from numba import uint64

from curate.kernels import inlined, kernel

NAME_SLOTS = 4096
_SCATTERS = 0x9E3779B97F4A7C15
START, END, MARK, NAME, KIND = range(5)
TAG, CLOSE, BARE, ATTRIBUTES, COMMENT, ENTITY = range(6)
NO_MARK, GAP_ENTITY = -1, 0x20
LEFT_BRACKET, RIGHT_BRACKET = 0xFF08, 0xFF09


def name_key(name: str) -> int:
    """A name of at most twelve letters and digits as a number, the same for capitals."""
    key = 0
    for character in name.lower():
        key = key * 37 + "0123456789abcdefghijklmnopqrstuvwxyz".index(character) + 1
    return key


def name_slot(key: int) -> int:
    """Where the search for a name begins in a table of `NAME_SLOTS` (open addressing)."""
    return (key * _SCATTERS & 0xFFFFFFFFFFFFFFFF) >> 52


@inlined
def digit(b):  # type: ignore[no-untyped-def]
    """1 to 36 for a digit or a letter, else 0."""
    lower = b | 0x20
    if 97 <= lower <= 122:
        return lower - 86
    return b - 47 if 48 <= b <= 57 else 0


@inlined
def space(data, i):  # type: ignore[no-untyped-def]
    """Bytes of the white space (`str.isspace`) at `i`; 0 if there is none."""
    b = data[i]
    if b < 0x80:
        return 1 if b == 32 or 9 <= b <= 13 or 28 <= b <= 31 else 0
    if b == 0xC2:
        return 2 if data[i + 1] == 0x85 or data[i + 1] == 0xA0 else 0
    if b == 0xE3:
        return 3 if data[i + 1] == 0x80 and data[i + 2] == 0x80 else 0
    if b == 0xE1:
        return 3 if data[i + 1] == 0x9A and data[i + 2] == 0x80 else 0
    if b == 0xE2 and data[i + 1] == 0x80:
        c = data[i + 2]
        return 3 if c <= 0x8A or c == 0xA8 or c == 0xA9 or c == 0xAF else 0
    return 3 if b == 0xE2 and data[i + 1] == 0x81 and data[i + 2] == 0x9F else 0


@inlined
def _folds_to_ascii(b):  # type: ignore[no-untyped-def]
    """Whether a byte may begin one of the letters that expressions without case take for k, i or s."""
    return b == 0xC4 or b == 0xC5 or b == 0xE2


@kernel
def measured(data, first, last):  # type: ignore[no-untyped-def]
    """Characters and line ends of a piece."""
    chars, lines = 0, 0
    for i in range(first, last):
        chars += data[i] & 0xC0 != 0x80
        lines += data[i] == 10
    return chars, lines


@inlined
def _attributes_end(data, i, stop):  # type: ignore[no-untyped-def]
    """One past the `>` that ends the tag whose attributes begin at `i`, or -1."""
    first = -1
    quote = 0
    while i < stop and data[i] != 60:
        b = data[i]
        if b == 62 and first < 0:
            first = i + 1
        if quote:
            quote = 0 if b == quote else quote
        elif b == 62:
            return i + 1
        elif b == 34 or b == 39:
            quote = b
        i += 1
    return first


@inlined
def _are_plain(data, i, stop):  # type: ignore[no-untyped-def]
    """Whether attributes begin with a name and `=`."""
    while i < stop and (data[i] == 47 or data[i] == 32 or 9 <= data[i] <= 13):
        i += 1
    b = data[i]
    if digit(b) <= 10 and b != 95 and b != 58 and b != 64 and b != 35:
        return False
    i += 1
    while i < stop and (digit(data[i]) or data[i] == 95 or data[i] == 58 or data[i] == 46 or data[i] == 45):
        i += 1
    while i < stop and (data[i] == 32 or 9 <= data[i] <= 13):
        i += 1
    return i < stop and data[i] == 61


@kernel
def tag(data, i, stop, keys, roles):  # type: ignore[no-untyped-def]
    """End, slot and kind of the tag at `i`; the end is 0 if there is none, -1 if the text is not plain."""
    j = i + 1
    close = j < stop and data[j] == 47
    if close:
        j += 1
    first = j
    key = uint64(0)
    while j < stop and j - first < 12 and digit(data[j]):
        key = key * uint64(37) + uint64(digit(data[j]))
        j += 1
        if j - first == 4 and key == uint64(953697):
            return -1, 0, TAG  # <html: the text may be a page
    if j >= stop:
        return 0, 0, TAG
    if _folds_to_ascii(data[j]):
        return -1, 0, TAG
    slot = key * uint64(_SCATTERS) >> uint64(52)
    while keys[slot] != key and keys[slot]:
        slot = (slot + uint64(1)) % uint64(NAME_SLOTS)
    if j == first or not keys[slot]:
        return 0, 0, TAG
    if data[j] == 62:
        return j + 1, np.int64(slot), CLOSE if close else BARE
    width = space(data, j)
    if width > 1:
        return -1, 0, TAG
    if width == 0 and data[j] != 47:
        return 0, 0, TAG
    end = _attributes_end(data, j, stop)
    if end < 0:
        return 0, 0, TAG
    p = j
    while data[p] == 47 or data[p] == 32 or data[p] == 9 or data[p] == 10:
        p += 1
    if p == end - 1:
        return end, np.int64(slot), CLOSE if close else BARE
    if close:
        return end, np.int64(slot), TAG
    return (end if _are_plain(data, j, end) else -1), np.int64(slot), ATTRIBUTES


@kernel
def entity(data, i, stop):  # type: ignore[no-untyped-def]
    """End and character of the entity at `i`; the end is 0 if there is none, -1 if it is not plain."""
    j = i + 1
    if j < stop and data[j] == 35:
        return -1, 0
    key = uint64(0)
    while j < stop and j - i < 34 and digit(data[j]):
        # Capitals have other values: &LT; is not plain.
        key = key * uint64(131) + uint64(data[j])
        j += 1
    if j < stop and _folds_to_ascii(data[j]):
        return -1, 0
    if j == stop or data[j] != 59 or j - i < 3:
        return 0, 0
    after = data[j + 1] if j + 1 < stop else 32
    joins = digit(after) > 0 or _folds_to_ascii(after) or after == 35
    if key == uint64(248986965):
        return j + 1, 32  # nbsp
    if key == uint64(256056777):
        return j + 1, 34  # quot
    if key == uint64(1679008) and not joins:
        return j + 1, 38  # amp
    if key == uint64(14264) and not joins and after != 47 and after != 33:
        return j + 1, 60  # lt
    return (j + 1, 62) if key == uint64(13609) else (-1, 0)  # gt
