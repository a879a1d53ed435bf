"""fastText prediction for text that `splitting` would split, without writing the tokens out.

The scores are bit by bit those of `fasttext.predict` on what `splitting` writes: the same rows are added in the same
order. A token of one character is found in a table of all characters, a pair of two such in a hash table of pairs; only
runs of letters or digits, and pairs with them, are hashed byte by byte. For models without n-grams.

Chinese web text, one thread of a busy machine: 110 MB/s for two labels and 57,000 words, 6 times as fast as writing the
tokens out; 60 with 350,000 words (8 times); 36 for 17 labels and 150,000 words (4 times). English: 64. Half of the time
and more goes into cache misses: of the table of pairs and, with many labels, of the vectors. To count each once costs
nothing that could be measured for two labels, and saves a fifth for 17, as fewer vectors are added.
"""

import itertools
import math
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
_BUCKET = 8
"""Pairs that share a place of the hash table: one cache line."""
_TOKENS = 128
"""Tokens that are gathered before their pairs are looked up."""


class CharacterTables(NamedTuple):
    """The words of a model that are one character or two."""

    singles: npt.NDArray[np.int32]
    """`[0x110000]`: the word that is this character; -1 where the model does not know it."""
    pairs: npt.NDArray[np.uint64]
    """`[n, 8]`, n a power of two: hash table, each place filled from its start, what finds it full in the next one.
    A pair is two characters of 21 bits each, then the word plus 1 in 22; 0 is empty."""
    few: npt.NDArray[np.float32]
    """`[n_words, 2 or 4]`: the vectors, where they have no more dimensions; else empty."""
    shift: int
    """64 minus the binary logarithm of n."""


def character_tables(tables: Tables) -> CharacterTables | None:
    """Find the words of one character and of two: 1 s per million words; None for n-grams, or 4 million words."""
    if tables.maxn > 0 or tables.word_ngrams > 1 or len(tables.borders) >= 1 << _ROW_BITS:
        return None
    spelling, borders = tables.spelling.tobytes(), tables.borders.tolist()
    # A byte that is no UTF-8 becomes a surrogate, which no text has.
    words = [spelling[start:stop].decode("utf-8", "surrogateescape") for start, stop in itertools.pairwise(borders)]
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    singles = np.full(0x110000, -1, np.int32)
    (alone,) = np.nonzero(lengths == 1)
    singles[[ord(words[number]) for number in alone]] = alone
    (two,) = np.nonzero(lengths == 2)
    points = np.array([[ord(char) for char in words[number]] for number in two], np.uint64).reshape(-1, 2)
    keys = points[:, 0] << np.uint64(_POINT_BITS) | points[:, 1]
    bits = max(1, (2 * len(two) // _BUCKET).bit_length())
    pairs = _aligned(1 << bits)
    _fill_pairs(keys, two.astype(np.uint64), pairs, 64 - bits)
    return CharacterTables(singles, pairs, _few(tables.vectors), 64 - bits)


def _few(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    (columns,) = np.nonzero(vectors.any(axis=0))
    used = int(columns.max(initial=0)) + 1
    width = 2 if used <= 2 else 4
    return np.ascontiguousarray(vectors[:, :width]) if used <= width else np.empty((0, 2), np.float32)


def _aligned(n: int) -> npt.NDArray[np.uint64]:
    """Empty places, each of them one cache line (of 64 bytes)."""
    memory = np.zeros((n + 1) * _BUCKET, np.uint64)
    start = -memory.ctypes.data % 64 // 8
    return memory[start : start + n * _BUCKET].reshape(n, _BUCKET)


@inlined
def _place(key, shift):  # type: ignore[no-untyped-def]
    return (key * uint64(0x9E3779B97F4A7C15)) >> uint64(shift)  # Knuth's multiplicative hashing, by the golden ratio


@kernel
def _fill_pairs(keys, words, pairs, shift):  # type: ignore[no-untyped-def]
    for i in range(len(keys)):
        place, at = _place(keys[i], shift), 0
        while pairs[place, at] != 0:
            at += 1
            if at == _BUCKET:
                place, at = (place + uint64(1)) & uint64(len(pairs) - 1), 0
        pairs[place, at] = keys[i] << uint64(_ROW_BITS) | (words[i] + uint64(1))


@inlined
def _entry(pairs, place, key):  # type: ignore[no-untyped-def]
    entry = uint64(0)
    for at in range(_BUCKET):
        one = pairs[place, uint64(at)]
        entry |= one if one >> uint64(_ROW_BITS) == key else uint64(0)
    return entry


@kernel
def _find(pairs, shift, n, alone, keys, paired, found):  # type: ignore[no-untyped-def]
    """Write the words of n tokens, and of the pairs that end with each, that are known; return how many.

    `alone: int64[n]`: the token's word; `keys: uint64[n]`: the pair's key, or 0, where `paired: int64[n]` is its word.
    All without a branch that depends on the text, so that many places are fetched at once.
    """
    n_found = uint64(0)
    for i in range(n):
        found[n_found] = alone[i]
        n_found += uint64(alone[i] >= 0)
        key = keys[i]
        place = _place(key, shift)
        entry = _entry(pairs, place, key)
        # `&`, not `and`: whether a pair is known is noise to a branch predictor; that its place is full is rare.
        while (entry == 0) & (pairs[place, uint64(_BUCKET - 1)] != 0):
            place = (place + uint64(1)) & uint64(len(pairs) - 1)
            entry = _entry(pairs, place, key)
        word = int64(entry & uint64((1 << _ROW_BITS) - 1)) - 1
        found[n_found] = paired[i] if key == 0 else word
        n_found += uint64(found[n_found] >= 0)
    return int64(n_found)


@kernel
def _add(tables, few, found, n_found, total):  # type: ignore[no-untyped-def]
    """As `add_rows`, in the same order; rows of 8 to 16 bytes instead of 32 spare the cache."""
    if len(few) == 0:
        return add_rows(tables.vectors, tables.kept, tables.ranks, len(tables.borders) - 1, found, n_found, total)
    for q in range(0, few.shape[1], 2):
        a, b = total[q], total[q + 1]
        for i in range(n_found):
            row = uint64(found[i])
            a += few[row, uint64(q)]
            b += few[row, uint64(q + 1)]
        total[q], total[q + 1] = a, b
    return n_found


@kernel
def _first_ones(found, n_found, seen, stamp):  # type: ignore[no-untyped-def]
    """Keep of n words those that this text has not had, without a branch; return how many.

    `seen: uint8[n_words]`: has the stamp of this text where it had the word; changed.
    """
    n = uint64(0)
    for i in range(n_found):
        word = found[i]
        found[n] = word
        n += uint64(seen[word] != stamp)
        seen[word] = stamp
    return int64(n)


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


@kernel
def predict(tables, characters, kinds, data, offsets, distinct, labels, scores):  # type: ignore[no-untyped-def]
    """As `fasttext.predict` on what `splitting` writes; `kinds` are its `token_kinds()`.

    `distinct`: each word counts once, and the sum of the rows is divided by the root of their number.
    """
    singles, pairs, few, shift = characters.singles, characters.pairs, characters.few, characters.shift
    slots, spelling, borders = tables.slots, tables.spelling, tables.borders
    longest, end_word = longest_word(tables), end_of_text(tables)[1]
    total, space = np.empty(tables.vectors.shape[1], np.float32), scoring_space(tables, labels.shape[1])
    room = 2
    for document in range(len(offsets) - 1):
        room = max(room, offsets[document + 1] - offsets[document] + 2)
    # The tokens of a text back to back, so that a pair is a stretch of it; a border at each end.
    spelt, found = np.empty(room, np.uint8), np.empty(2 * _TOKENS + 2, np.int64)
    alone, paired, keys = np.empty(_TOKENS, np.int64), np.empty(_TOKENS, np.int64), np.empty(_TOKENS, np.uint64)
    signed = spelt.view(np.int8)
    # A byte for each word, so that they stay in the cache; cleared after 255 texts.
    seen = np.zeros(len(borders) - 1 if distinct else 0, np.uint8)
    spelt[0] = START
    for document in range(len(offsets) - 1):
        total[:] = 0
        features, n = int64(0), uint64(0)
        stamp = np.uint8(document % 255 + 1)
        if stamp == 1:
            seen[:] = 0
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
                alone[n] = word_at(slots, spelling, borders, longest, signed, int64(start), int64(end))[1]
            else:
                alone[n] = singles[second]
            if first != 0 and second != 0:
                keys[n] = uint64(first) << uint64(_POINT_BITS) | uint64(second)
            else:
                keys[n] = 0
                paired[n] = word_at(slots, spelling, borders, longest, signed, int64(before), int64(end))[1]
            n += uint64(1)
            if n == _TOKENS:
                n_found = _find(pairs, shift, n, alone, keys, paired, found)
                if distinct:
                    n_found = _first_ones(found, n_found, seen, stamp)
                features += _add(tables, few, found, n_found, total)
                n = uint64(0)
            before, first = start, second
        n_found = _find(pairs, shift, n, alone, keys, paired, found)
        if end > 1:
            spelt[end] = END
            found[n_found] = word_at(slots, spelling, borders, longest, signed, int64(before), int64(end) + 1)[1]
            n_found += int64(found[n_found] >= 0)
        found[n_found] = end_word
        n_found += int64(end_word >= 0)
        if distinct:
            n_found = _first_ones(found, n_found, seen, stamp)
        features += _add(tables, few, found, n_found, total)
        divisor = math.sqrt(features) if distinct else float(features)
        write_best(tables, total, divisor, space, labels[document], scores[document])
