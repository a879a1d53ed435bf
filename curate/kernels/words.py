"""Words of a batch as positions in its bytes, and what they are made of.

Words come from elsewhere (a segmenter that cuts the whole text into pieces) or stand between white space; here their
borders are found and the numbers of datatrove's GopherQualityFilter (0.10.1) are counted. About 200 MB/s; a segmenter
is the slow part.
"""

import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt
from numba import int64, uint64

from curate.kernels import inlined, kernel, stored
from curate.kernels.utf8 import SPACE, char_at

WORD_COLUMNS = ("all_words", "words", "plain_word_chars", "alpha_words", "stop_words", "stop_word_hits")
"""What `count_words` counts: all words; those with a character that is no symbol, and their characters; those with a
letter; how many different stop words occur; and how many words are stop words."""

SYMBOL, ALPHA = 1, 2
"""Bits of a trait."""


@cache
def _alphabetic() -> npt.NDArray[np.uint8]:
    def made() -> npt.NDArray[np.uint8]:
        return np.fromiter((ALPHA * chr(point).isalpha() for point in range(0x110000)), np.uint8, 0x110000)

    return stored(f"letters-{unicodedata.unidata_version}", lambda: [made()])[0]


def word_traits(symbols: str) -> npt.NDArray[np.uint8]:
    """Bits of every code point: `uint8[0x110000]`; control characters other than tab and line feed are symbols, too."""
    table = _alphabetic().copy()
    for point in [*map(ord, symbols), *range(9), *range(11, 32), *range(127, 160)]:
        table[point] |= SYMBOL
    return table


@kernel
def borders(data, offsets, lengths, counts, classes, starts, ends, first_word):  # type: ignore[no-untyped-def]
    """Write where words start and end, blank pieces left out; return how many there are.

    `lengths: int64[n_pieces]`: bytes of the pieces that the texts were cut into, without gaps; `counts: int64[n_docs]`:
    pieces of each text. `starts`, `ends: int64[n_pieces]` and `first_word: int64[n_docs + 1]` are filled.
    """
    n, piece = 0, 0
    for doc in range(len(offsets) - 1):
        first_word[doc] = n
        i = offsets[doc]
        for _ in range(counts[doc]):
            stop = i + lengths[piece]
            piece += 1
            start, end, j = stop, i, i
            while j < stop:
                point, width = char_at(data, j)
                j += width
                if classes[point] != SPACE:
                    start = min(start, j - width)
                    end = j
            if start < end:
                starts[n], ends[n] = start, end
                n += 1
            i = stop
    first_word[len(offsets) - 1] = n
    return n


@kernel
def space_borders(data, offsets, classes, starts, ends, first_word):  # type: ignore[no-untyped-def]
    """Write where words that white space parts start and end; return how many there are.

    `starts`, `ends: int64`, with room for half the bytes of the texts and one for each text; `first_word: int64[n_docs
    + 1]`. White space is what `str.split` divides at; about 500 MB/s.
    """
    n = 0
    for doc in range(len(offsets) - 1):
        first_word[doc] = n
        i, stop = offsets[doc], offsets[doc + 1]
        inside = False
        while i < stop:
            point, width = char_at(data, i)
            space = classes[point] == SPACE
            if inside and space:
                ends[n] = i
                n += 1
            elif not inside and not space:
                starts[n] = i
            inside = not space
            i += width
        if inside:
            ends[n] = stop
            n += 1
    first_word[len(offsets) - 1] = n
    return n


@inlined
def _hash(data, start, stop):  # type: ignore[no-untyped-def]
    h = uint64(0xCBF29CE484222325)
    for i in range(start, stop):
        h = (h ^ uint64(data[i])) * uint64(0x100000001B3)
    return h


@kernel
def count_words(data, starts, ends, first_word, traits, stop_data, stop_offsets, out):  # type: ignore[no-untyped-def]
    """Fill `out: int64[n_docs, len(WORD_COLUMNS)]`.

    `stop_data`, `stop_offsets`: different stop words, as texts. Words are compared by a 64-bit hash.
    """
    n_stop = len(stop_offsets) - 1
    size = 16
    while size < 4 * n_stop:
        size *= 2
    table, hashes, longest = np.full(size, -1, np.int64), np.empty(n_stop, np.uint64), 0
    seen_in = np.full(n_stop, -1, np.int64)
    for s in range(n_stop):
        hashes[s] = _hash(stop_data, stop_offsets[s], stop_offsets[s + 1])
        longest = max(longest, stop_offsets[s + 1] - stop_offsets[s])
        slot = int64(hashes[s] & uint64(size - 1))
        while table[slot] >= 0:
            slot = (slot + 1) & (size - 1)
        table[slot] = s
    for doc in range(len(first_word) - 1):
        row = out[doc]
        row[:] = 0
        row[0] = first_word[doc + 1] - first_word[doc]
        for word in range(first_word[doc], first_word[doc + 1]):
            i, chars, plain, alpha = starts[word], 0, False, False
            while i < ends[word]:
                point, width = char_at(data, i)
                plain |= (traits[point] & SYMBOL) == 0
                alpha |= (traits[point] & ALPHA) != 0
                chars += 1
                i += width
            row[1] += plain
            row[2] += chars * plain
            row[3] += alpha
            if ends[word] - starts[word] <= longest:
                h = _hash(data, starts[word], ends[word])
                slot = int64(h & uint64(size - 1))
                while table[slot] >= 0:
                    if hashes[table[slot]] == h:
                        row[5] += 1
                        row[4] += seen_in[table[slot]] != doc
                        seen_in[table[slot]] = doc
                        break
                    slot = (slot + 1) & (size - 1)
