"""fastText prediction for text that `splitting` would split, without writing the tokens out.

The scores are bit by bit those of `fasttext.predict` on what `splitting` writes: the same rows are added in the same
order. A token of one character is found in a table of all characters, a pair of two such in a hash table of pairs; only
runs of letters or digits, and pairs with them, are hashed byte by byte. For models without n-grams.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import int64, uint32, uint64

from curate.kernels import inlined, kernel
from curate.kernels.fasttext import end_of_text, longest_word, scoring_space, word_at, write_best
from curate.kernels.fasttext_features import Tables, add_rows
from curate.kernels.splitting import ALONE, BLANK, END, START
from curate.kernels.utf8 import char_at

_POINT_BITS, _ROW_BITS = 21, 22
_FOUND = 4096


class CharacterTables(NamedTuple):
    """The words of a model that are one character or two."""

    singles: npt.NDArray[np.int32]
    """`[0x110000]`: the word that is this character; -1 where the model does not know it."""
    pairs: npt.NDArray[np.uint64]
    """Open hash table, a power of two long: two characters of 21 bits each, then the word plus 1 in 22; 0: empty."""
    shift: int
    """64 minus the binary logarithm of its length."""


def has_character_tables(tables: Tables) -> bool:
    """Whether a model can be read this way: no n-grams, and at most 4 million words."""
    return tables.maxn == 0 and tables.word_ngrams == 1 and len(tables.borders) < 1 << _ROW_BITS


def character_tables(tables: Tables) -> CharacterTables:
    """Find the words of one character and of two; about 0.4 s per million words."""
    spelling, borders = tables.spelling.tobytes(), tables.borders.tolist()
    # A byte that is no UTF-8 becomes a surrogate, which no text has.
    words = [
        spelling[start:stop].decode("utf-8", "surrogateescape")
        for start, stop in zip(borders, borders[1:], strict=False)
    ]
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    singles = np.full(0x110000, -1, np.int32)
    (alone,) = np.nonzero(lengths == 1)
    singles[[ord(words[number]) for number in alone]] = alone
    (two,) = np.nonzero(lengths == 2)
    points = np.array([[ord(char) for char in words[number]] for number in two], np.uint64).reshape(-1, 2)
    bits = max(4, (2 * len(two)).bit_length())
    pairs = np.zeros(1 << bits, np.uint64)
    keys = points[:, 0] << np.uint64(_POINT_BITS) | points[:, 1]
    _fill_pairs(keys, two.astype(np.uint64), pairs, 64 - bits)
    return CharacterTables(singles, pairs, 64 - bits)


@inlined
def _slot(key, shift):  # type: ignore[no-untyped-def]
    return (key * uint64(0x9E3779B97F4A7C15)) >> uint64(shift)  # Knuth's multiplicative hashing, by the golden ratio


@kernel
def _fill_pairs(keys, words, pairs, shift):  # type: ignore[no-untyped-def]
    mask = uint64(len(pairs) - 1)
    for i in range(len(keys)):
        slot = _slot(keys[i], shift)
        while pairs[slot] != 0:
            slot = (slot + uint64(1)) & mask
        pairs[slot] = keys[i] << uint64(_ROW_BITS) | (words[i] + uint64(1))


@inlined
def _folded_char(data, i):  # type: ignore[no-untyped-def]
    """The character at byte `i` as `splitting` writes it, and its width in `data`."""
    point, width = char_at(data, i)
    if uint32(point - 0xFF01) <= uint32(0xFF5E - 0xFF01):
        point = uint32(point - 0xFEE0)
    if uint32(point - 65) <= uint32(25):
        point = uint32(point + 32)
    return point, uint64(width)


@inlined
def _spelt(point, data, i, width, spelt, end):  # type: ignore[no-untyped-def]
    """Write a character; return the end."""
    if point < 0x80:
        spelt[end] = point
        return end + uint64(1)
    for j in range(width):
        spelt[end + j] = data[i + j]
    return end + width


@inlined
def _pair(pairs, shift, first, second):  # type: ignore[no-untyped-def]
    key = uint64(first) << uint64(_POINT_BITS) | uint64(second)
    slot = _slot(key, shift)
    entry = pairs[slot]
    while entry != 0 and entry >> uint64(_ROW_BITS) != key:
        slot = (slot + uint64(1)) & uint64(len(pairs) - 1)
        entry = pairs[slot]
    return int64(entry & uint64((1 << _ROW_BITS) - 1)) - 1


@kernel
def predict(tables, characters, kinds, data, offsets, labels, scores):  # type: ignore[no-untyped-def]
    """As `fasttext.predict` on what `splitting` writes; `kinds` are its `token_kinds()`."""
    singles, pairs, shift = characters.singles, characters.pairs, characters.shift
    vectors, kept, ranks = tables.vectors, tables.kept, tables.ranks
    slots, spelling, borders = tables.slots, tables.spelling, tables.borders
    n_words = len(borders) - 1
    longest, end_word = longest_word(tables), end_of_text(tables)[1]
    total, space = np.empty(vectors.shape[1], np.float32), scoring_space(tables, labels.shape[1])
    room = 2
    for document in range(len(offsets) - 1):
        room = max(room, offsets[document + 1] - offsets[document] + 2)
    # The tokens of a text back to back, so that a pair is a stretch of it; a border at each end.
    spelt, found = np.empty(room, np.uint8), np.empty(_FOUND, np.int64)
    signed = spelt.view(np.int8)
    spelt[0] = START
    for document in range(len(offsets) - 1):
        total[:] = 0
        features, n_found = int64(0), uint64(0)
        i, stop = uint64(offsets[document]), uint64(offsets[document + 1])
        before, start, end, first = uint64(0), uint64(0), uint64(1), uint32(START)
        while i < stop:
            point, width = _folded_char(data, i)
            kind = kinds[point]
            if kind == BLANK:
                i += width
                continue
            start = end
            end = _spelt(point, data, i, width, spelt, end)
            i += width
            second = point
            while kind != ALONE and i < stop:
                point, width = _folded_char(data, i)
                if kinds[point] != kind:
                    break
                end = _spelt(point, data, i, width, spelt, end)
                i += width
                second = uint32(0)
            if second == 0:
                word = int64(word_at(slots, spelling, borders, longest, signed, int64(start), int64(end))[1])
            else:
                word = int64(singles[second])
            found[n_found] = word
            n_found += uint64(word >= 0)
            if first != 0 and second != 0:
                word = _pair(pairs, shift, first, second)
            else:
                word = int64(word_at(slots, spelling, borders, longest, signed, int64(before), int64(end))[1])
            found[n_found] = word
            n_found += uint64(word >= 0)
            if n_found + uint64(4) > uint64(len(found)):
                features += add_rows(vectors, kept, ranks, n_words, found, int64(n_found), total)
                n_found = uint64(0)
            before, first = start, second
        if end > 1:
            spelt[end] = END
            word = int64(word_at(slots, spelling, borders, longest, signed, int64(before), int64(end) + 1)[1])
            found[n_found] = word
            n_found += uint64(word >= 0)
        found[n_found] = end_word
        n_found += uint64(end_word >= 0)
        features += add_rows(vectors, kept, ranks, n_words, found, int64(n_found), total)
        write_best(tables, total, features, space, labels[document], scores[document])
