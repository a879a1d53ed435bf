"""What a fastText model sees in a text: words, character n-grams of words, n-grams of words; and the sum of their rows.

The time goes into hashing n-grams, done for a thousand places at once, and into asking of each whether pruning left its
bucket. Here a bitmap answers (250 KB for 2 million buckets), and the rank of a bit in it is the row: no table of
buckets. Features of known words are listed once. Rows are added in fastText's order, so that long texts round alike.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import int32, int64, uint32, uint64

from curate.kernels import inlined, kernel

BLOCK = 8
"""Width of `vectors` and `output` is a multiple of this (zeros behind), so that inner loops compile to vector code."""
UNITS, TOKENS = 4096, 512
"""Characters and tokens that are gathered before their n-grams are hashed; a longer token is taken whole."""
BLOCK_NGRAMS = 1024
"""Places whose n-grams are hashed at once: 16 KB for lengths up to 4, which stay in the first cache."""
_LABEL = np.frombuffer(b"__label__", np.int8)


class Tables(NamedTuple):
    """A model, laid out for `fasttext.predict`."""

    vectors: npt.NDArray[np.float32]
    """`[n_words + n_buckets_left, width]`: rows of words, then of the buckets left, by bucket number."""
    starts: npt.NDArray[np.int64]
    """`[n_words + 1]`: word `i` has the features `features[starts[i]:starts[i + 1]]`."""
    features: npt.NDArray[np.int64]
    """Known words' features (see `list_features`): words as they are numbered, buckets plus `n_words`."""
    output: npt.NDArray[np.float32]
    """`[n_labels, width]`; hierarchical: `[n_labels - 1, width]` rows used, one for each inner node of the tree."""
    spelling: npt.NDArray[np.uint8]
    """The words, back to back."""
    borders: npt.NDArray[np.int64]
    """`[n_words + 1]`: word `i` is `spelling[borders[i]:borders[i + 1]]`."""
    slots: npt.NDArray[np.int32]
    """Open hash table, a power of two long: word by its FNV-1a hash, -1 where empty."""
    kept: npt.NDArray[np.uint64]
    """Bitmap of the buckets that pruning left; empty when it left all."""
    ranks: npt.NDArray[np.int32]
    """How many bits are set before each element of `kept`."""
    left: npt.NDArray[np.int32]
    """Left child of each node of the Huffman tree, -1 for a label; empty unless hierarchical."""
    right: npt.NDArray[np.int32]
    bucket: int
    """Number of hash buckets, before pruning."""
    minn: int
    """Shortest character n-gram."""
    maxn: int
    """Longest character n-gram; 0: none."""
    word_ngrams: int
    """Longest n-gram of words; 1: none."""
    scoring: int
    """`HIERARCHICAL`, `INDEPENDENT` or `SOFTMAX` of `fasttext`."""


@inlined
def mix(h, byte):  # type: ignore[no-untyped-def]
    # fastText's FNV-1a takes bytes as signed: 0x80 and above flip the upper 24 bits.
    return uint32((h ^ uint32(int32(byte))) * uint32(16777619))


@inlined
def is_space(byte):  # type: ignore[no-untyped-def]
    return byte <= 32 and (byte == 32 or (9 <= byte <= 13) or byte == 0)


@inlined
def _is_continuation(byte):  # type: ignore[no-untyped-def]
    return byte < -64  # 0x80..0xBF as int8


@inlined
def _set_bits(bits):  # type: ignore[no-untyped-def]
    bits = bits - ((bits >> uint64(1)) & uint64(0x5555555555555555))
    bits = (bits & uint64(0x3333333333333333)) + ((bits >> uint64(2)) & uint64(0x3333333333333333))
    bits = (bits + (bits >> uint64(4))) & uint64(0x0F0F0F0F0F0F0F0F)
    return (bits * uint64(0x0101010101010101)) >> uint64(56)


@kernel
def find_word(slots, spelling, borders, data, start, stop, h):  # type: ignore[no-untyped-def]
    """Number of the word `data[start:stop]` (int8) whose hash is `h`; -1 when the model does not know it."""
    mask = uint32(len(slots) - 1)
    slot = h & mask
    while True:
        word = slots[slot]
        if word < 0:
            return word
        first = borders[word]
        if borders[word + 1] - first == stop - start:
            i = 0
            while i < stop - start and spelling[first + i] == np.uint8(data[start + i]):
                i += 1
            if i == stop - start:
                return word
        slot = (slot + uint32(1)) & mask


@kernel
def add_rows(vectors, kept, ranks, n_words, found, n_found, total):  # type: ignore[no-untyped-def]
    """Add the rows of `found` (words, or `n_words` + bucket; changed to rows) to `total: float32[width]`.

    In the order of `found` and in float32, as fastText does: in a text of 100,000 characters the rounding alone moves
    scores by 1e-4. Returns `n_found`.
    """
    if len(kept) > 0:
        for i in range(n_found):
            if found[i] >= n_words:
                bucket = uint64(found[i] - n_words)
                word = bucket >> uint64(6)
                before = kept[word] & ((uint64(1) << (bucket & uint64(63))) - uint64(1))
                found[i] = n_words + ranks[word] + int64(_set_bits(before))
    for q in range(0, len(total), 8):
        a, b, c, d = total[q], total[q + 1], total[q + 2], total[q + 3]
        e, f, g, h = total[q + 4], total[q + 5], total[q + 6], total[q + 7]
        for i in range(n_found):
            row = found[i]
            a += vectors[row, q]
            b += vectors[row, q + 1]
            c += vectors[row, q + 2]
            d += vectors[row, q + 3]
            e += vectors[row, q + 4]
            f += vectors[row, q + 5]
            g += vectors[row, q + 6]
            h += vectors[row, q + 7]
        total[q], total[q + 1], total[q + 2], total[q + 3] = a, b, c, d
        total[q + 4], total[q + 5], total[q + 6], total[q + 7] = e, f, g, h
    return n_found


@kernel
def _append_word(data, start, stop, units):  # type: ignore[no-untyped-def]
    """As `append_token`, for a model's word (int8), which may be no UTF-8: a character is a byte and what goes on."""
    n = 1
    i = start
    while i < stop:
        unit = uint32(np.uint8(data[i]))
        i += 1
        shift = uint32(8)
        while i < stop and _is_continuation(data[i]) and shift < 32:
            unit |= uint32(np.uint8(data[i])) << shift
            shift += uint32(8)
            i += 1
        units[n] = unit
        n += 1
    units[0] = 60
    units[n] = 62
    return n + 1


@kernel
def append_token(data, start, stop, units, end):  # type: ignore[no-untyped-def]
    """Write the characters of `<data[start:stop]>` (uint8) behind `units[:end]`, each as its bytes; return the end."""
    one, n, i, after = uint64(1), uint64(end), uint64(start), uint64(stop)
    units[n] = 60
    n += one
    while i < after:
        byte = data[i]
        unit = uint32(byte)
        if byte >= 0x80:
            unit |= uint32(data[i + one]) << uint32(8)
            if byte >= 0xE0:
                unit |= uint32(data[i + uint64(2)]) << uint32(16)
                if byte >= 0xF0:
                    unit |= uint32(data[i + uint64(3)]) << uint32(24)
                    i += one
                i += one
            i += one
        i += one
        units[n] = unit
        n += one
    units[n] = 62
    return int64(n) + 1


@inlined
def _signed(unit):  # type: ignore[no-untyped-def]
    """The lowest byte as fastText hashes it: 0x80 and above have the upper 24 bits set."""
    return ((unit & uint32(0xFF)) ^ uint32(0x80)) - uint32(0x80)


@kernel
def _find_buckets(units, first, count, maxn, bucket, hashes, buckets):  # type: ignore[no-untyped-def]
    """Write the bucket of each n-gram that starts at `units[first + i]`, i < count, to `buckets[n - 1, i]: uint32`.

    All n-grams at once, those past the end of a token too, and without a branch: LLVM makes vectors of it, four times
    as fast as one n-gram after the other. `hashes: uint32[>= count]` is for its own use.
    """
    prime, none = uint32(16777619), uint32(0)
    divisor = uint32(bucket)
    reciprocal = (uint64(1) << uint64(32)) // uint64(bucket)
    hashes[:count] = uint32(2166136261)
    for size in range(maxn):
        window, row = units[first + size : first + size + count], buckets[size]
        for i in range(count):
            unit = window[i]
            h = uint32((hashes[i] ^ _signed(unit)) * prime)
            unit >>= uint32(8)
            longer = uint32((h ^ _signed(unit)) * prime)
            h = longer if unit != none else h
            unit >>= uint32(8)
            longer = uint32((h ^ _signed(unit)) * prime)
            h = longer if unit != none else h
            unit >>= uint32(8)
            longer = uint32((h ^ _signed(unit)) * prime)
            h = longer if unit != none else h
            hashes[i] = h
            # h % divisor without a division: this quotient is right or one too small.
            number = uint32(h - uint32((uint64(h) * reciprocal) >> uint64(32)) * divisor)
            row[i] = number - divisor if number >= divisor else number


@kernel
def _push_ngrams(buckets, first, at, until, start, stop, minn, maxn, kept, n_words, found, n_found):  # type: ignore[no-untyped-def]
    """Append the n-grams of the token `start..stop` that start at `at` to `until` and are left, until `found` is full.

    `buckets`: of the n-grams that start at `first` and later. Returns where to go on and how many rows there are.
    Whether pruning left an n-gram is noise to a branch predictor: all are written, and those that are left counted.
    """
    pruned, end = len(kept) > 0, uint64(n_found)
    while at < until and end + uint64(maxn) <= uint64(len(found)):
        column, whole = uint64(at - first), at + maxn <= stop and minn > 1
        for size in range(minn, maxn + 1):
            number = buckets[size - 1, column]
            wanted = uint64(1)
            if not whole:
                wanted &= uint64(at + size <= stop) & uint64(size > 1 or (at > start and at + 1 < stop))
            if pruned:
                wanted &= kept[number >> uint32(6)] >> uint64(number & uint32(63))
            found[end] = n_words + int64(number)
            end += wanted
        at += 1
    return at, int64(end)


@kernel
def add_tokens(tables, units, n_units, tokens, n_tokens, ngrams, buckets, found, total):  # type: ignore[no-untyped-def]
    """Add the features of tokens, in their order, to `total`; return how many they are.

    `tokens: int64[>= n_tokens, 3]`: first unit, one past the last, and the word, -1 where the model does not know it.
    """
    kept, starts, n_words = tables.kept, tables.starts, len(tables.borders) - 1
    n_found = features = first = stop = 0
    for token in range(n_tokens):
        word = tokens[token, 2]
        if word >= 0:
            for feature in tables.features[starts[word] : starts[word + 1]]:
                if n_found == len(found):
                    features += add_rows(tables.vectors, kept, tables.ranks, n_words, found, n_found, total)
                    n_found = 0
                found[n_found] = feature
                n_found += 1
        at, end = tokens[token, 0], tokens[token, 1]
        while at < end:
            if at >= stop:
                first, stop = at, min(at + BLOCK_NGRAMS, n_units)
                _find_buckets(units, first, stop - first, tables.maxn, tables.bucket, ngrams, buckets)
            at, n_found = _push_ngrams(
                buckets, first, at, min(end, stop), tokens[token, 0], end, tables.minn, tables.maxn, kept, n_words,
                found, n_found,
            )  # fmt: skip
            if n_found + tables.maxn > len(found):
                features += add_rows(tables.vectors, kept, tables.ranks, n_words, found, n_found, total)
                n_found = 0
    return features + add_rows(tables.vectors, kept, tables.ranks, n_words, found, n_found, total)


@kernel
def fill_slots(tables):  # type: ignore[no-untyped-def]
    """Enter each word into `slots` (all -1 before)."""
    data = tables.spelling.view(np.int8)
    mask = uint32(len(tables.slots) - 1)
    for word in range(len(tables.borders) - 1):
        h = uint32(2166136261)
        for i in range(tables.borders[word], tables.borders[word + 1]):
            h = mix(h, data[i])
        slot = h & mask
        while tables.slots[slot] >= 0:
            slot = (slot + uint32(1)) & mask
        tables.slots[slot] = word


@kernel
def list_features(tables, starts, features):  # type: ignore[no-untyped-def]
    """Write the features of each known word: itself, then its character n-grams; `</s>` has none of these.

    Called twice: with an empty `features` to write `starts: int64[n_words + 1]`, then with `int64[starts[-1]]`.
    """
    kept, data, borders = tables.kept, tables.spelling.view(np.int8), tables.borders
    n_words, maxn = len(borders) - 1, tables.maxn
    longest = 0
    for word in range(n_words):
        longest = max(longest, borders[word + 1] - borders[word])
    room = longest + 2 + maxn
    units, hashes = np.zeros(room, np.uint32), np.empty(room, np.uint32)
    buckets, found = np.empty((maxn, room), np.uint32), np.empty(room * (maxn + 1), np.int64)
    for word in range(n_words):
        found[0] = word
        n_found = 1
        if maxn > 0 and not is_end(data, borders[word], borders[word + 1]):
            n = _append_word(data, borders[word], borders[word + 1], units)
            _find_buckets(units, 0, n, maxn, tables.bucket, hashes, buckets)
            _, n_found = _push_ngrams(buckets, 0, 0, n, 0, n, tables.minn, maxn, kept, n_words, found, n_found)
        starts[word + 1] = starts[word] + n_found
        if len(features) > 0:
            features[starts[word] : starts[word + 1]] = found[:n_found]


@inlined
def is_end(data, start, stop):  # type: ignore[no-untyped-def]
    return (
        stop - start == 4
        and data[start] == 60
        and data[start + 1] == 47
        and data[start + 2] == 115
        and data[start + 3] == 62
    )


@kernel
def is_label(data, start, stop):  # type: ignore[no-untyped-def]
    i = 0
    while start + i < stop and i < len(_LABEL) and data[start + i] == _LABEL[i]:
        i += 1
    return i == len(_LABEL)


@kernel
def push_word_ngrams(hashes, first, n, longest, bucket, kept, n_words, found, n_found):  # type: ignore[no-untyped-def]
    """As `_push_ngrams`, for the n-grams of words, given the words' hashes."""
    pruned = len(kept) > 0
    while first < n and n_found + longest <= len(found):
        # fastText keeps hashes as int32: they widen with their sign.
        h = uint64(int64(int32(hashes[first])))
        for j in range(first + 1, min(n, first + longest)):
            h = h * uint64(116049371) + uint64(int64(int32(hashes[j])))
            number = h % uint64(bucket)
            found[n_found] = n_words + int64(number)
            if pruned:
                n_found += int64((kept[number >> uint64(6)] >> (number & uint64(63))) & uint64(1))
            else:
                n_found += 1
        first += 1
    return first, n_found
