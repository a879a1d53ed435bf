"""fastText prediction over Arrow buffers: the labels of fastText, its scores within 1e-5, the buffers never copied.

A text is read as fastText reads one line: line breaks are spaces and one `</s>` ends it, as for
`predict(text.replace("\\n", " "))`; a token `</s>` inside the text ends it early, a token that starts with `__label__`
is skipped. A text's features are its words, the character n-grams of each word, and n-grams of words; the mean of their
rows, times the output matrix, gives the scores (Joulin et al. 2016, arXiv:1607.01759; Bojanowski et al. 2016,
arXiv:1607.04606; Joulin et al. 2016, arXiv:1612.03651 for the pruned and quantised models).

The time goes into asking, for each n-gram, whether pruning left its bucket. Here a bitmap answers (250 KB for 2 million
buckets), and the rank of a bit in it is the row: no table of buckets. Features of known words are listed once. Rows are
added in fastText's order, so that long texts round alike; a result depends on its own text alone, bit by bit.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import float32, int32, int64, uint32, uint64

from curate.kernels import inlined, kernel

BLOCK = 8
"""Width of `vectors` and `output` is a multiple of this (zeros behind), so that inner loops compile to vector code."""
HIERARCHICAL, INDEPENDENT, SOFTMAX = range(3)
"""How scores come out of the output matrix; one-vs-all and negative sampling are both `INDEPENDENT` sigmoids."""


_LABEL = np.frombuffer(b"__label__", np.int8)


class Tables(NamedTuple):
    """A model, laid out for `predict`."""

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
    """`HIERARCHICAL`, `INDEPENDENT` or `SOFTMAX`."""


@inlined
def _mix(h, byte):  # type: ignore[no-untyped-def]
    # fastText's FNV-1a takes bytes as signed: 0x80 and above flip the upper 24 bits.
    return uint32((h ^ uint32(int32(byte))) * uint32(16777619))


@inlined
def _is_space(byte):  # type: ignore[no-untyped-def]
    return byte == 32 or (9 <= byte <= 13) or byte == 0


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
def _find_word(slots, spelling, borders, data, start, stop, h):  # type: ignore[no-untyped-def]
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
def _add_rows(vectors, kept, ranks, n_words, found, n_found, total):  # type: ignore[no-untyped-def]
    """Add the rows of `found` (words, or `n_words` + bucket; changed to rows) to `total: float32[width]`.

    In the order of `found` and in float32, as fastText does: in a text of 100,000 characters the rounding alone moves
    scores by 1e-4.
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


@kernel
def _split_token(data, start, stop, maxn, units, widths):  # type: ignore[no-untyped-def]
    """Write the characters of `<data[start:stop]>` as packed bytes, and empty ones behind; return how many."""
    units[0] = 60
    widths[0] = 1
    n = 1
    i = start
    while i < stop:
        unit = uint32(np.uint8(data[i]))
        i += 1
        width = 1
        while i < stop and _is_continuation(data[i]) and width < 4:
            unit |= uint32(np.uint8(data[i])) << uint32(8 * width)
            width += 1
            i += 1
        units[n] = unit
        widths[n] = width
        n += 1
    units[n] = 62
    widths[n] = 1
    n += 1
    for i in range(n, n + maxn):
        units[i] = 0
        widths[i] = 1
    return n


@kernel
def _push_ngrams(units, widths, n, first, minn, maxn, bucket, kept, n_words, found, n_found):  # type: ignore[no-untyped-def]
    """Append the buckets of the n-grams that start at character `first` or later, until `found` is full.

    Returns where to go on (`n` at the end) and how many rows `found` holds. There is no branch on the length of the
    token or on pruning: both are noise to a branch predictor. n-grams that reach past the end are made and not counted.
    """
    prime, low, high = uint32(16777619), uint32(0xFF), uint32(0xFFFFFF00)
    divisor = uint64(bucket)
    reciprocal = (uint64(1) << uint64(32)) // divisor
    pruned = len(kept) > 0
    while first < n and n_found + maxn <= len(found):
        h = uint32(2166136261)
        for size in range(1, maxn + 1):
            unit = units[first + size - 1]
            width = widths[first + size - 1]
            if width == 1:
                h = uint32((h ^ unit) * prime)
            else:
                # fastText's FNV-1a takes bytes as signed: 0x80 and above flip the upper 24 bits.
                h = uint32((h ^ (high | (unit & low))) * prime)
                h = uint32((h ^ (high | ((unit >> uint32(8)) & low))) * prime)
                if width > 2:
                    h = uint32((h ^ (high | ((unit >> uint32(16)) & low))) * prime)
                if width > 3:
                    h = uint32((h ^ (high | (unit >> uint32(24)))) * prime)
            if size < minn:
                continue
            # h % divisor without a division: this quotient is right or one too small.
            number = uint64(h) - ((uint64(h) * reciprocal) >> uint64(32)) * divisor
            number = number - divisor if number >= divisor else number
            wanted = int64(first + size <= n) & int64(size > 1 or (first > 0 and first + 1 < n))
            if pruned:
                wanted &= int64((kept[number >> uint64(6)] >> (number & uint64(63))) & uint64(1))
            found[n_found] = n_words + int64(number)
            n_found += wanted
        first += 1
    return first, n_found


@kernel
def fill_slots(tables):  # type: ignore[no-untyped-def]
    """Enter each word into `slots` (all -1 before)."""
    data = tables.spelling.view(np.int8)
    mask = uint32(len(tables.slots) - 1)
    for word in range(len(tables.borders) - 1):
        h = uint32(2166136261)
        for i in range(tables.borders[word], tables.borders[word + 1]):
            h = _mix(h, data[i])
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
    units = np.empty(longest + 2 + maxn, np.uint32)
    widths = np.empty(longest + 2 + maxn, np.uint8)
    found = np.empty((longest + 3) * (maxn + 1), np.int64)
    for word in range(n_words):
        found[0] = word
        n_found = 1
        if maxn > 0 and not _is_end(data, borders[word], borders[word + 1]):
            n = _split_token(data, borders[word], borders[word + 1], maxn, units, widths)
            _, n_found = _push_ngrams(units, widths, n, 0, tables.minn, maxn, tables.bucket, kept, n_words, found, 1)
        starts[word + 1] = starts[word] + n_found
        if len(features) > 0:
            features[starts[word] : starts[word + 1]] = found[:n_found]


@kernel
def _is_end(data, start, stop):  # type: ignore[no-untyped-def]
    return (
        stop - start == 4
        and data[start] == 60
        and data[start + 1] == 47
        and data[start + 2] == 115
        and data[start + 3] == 62
    )


@kernel
def _is_label(data, start, stop):  # type: ignore[no-untyped-def]
    i = 0
    while start + i < stop and i < len(_LABEL) and data[start + i] == _LABEL[i]:
        i += 1
    return i == len(_LABEL)


@kernel
def _push_word_ngrams(hashes, first, n, longest, bucket, kept, n_words, found, n_found):  # type: ignore[no-untyped-def]
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


@kernel
def _grown(array, size):  # type: ignore[no-untyped-def]
    larger = np.empty(2 * size, array.dtype)
    larger[: len(array)] = array
    return larger


@kernel
def _dot(matrix, row, vector):  # type: ignore[no-untyped-def]
    a = b = c = d = float32(0)
    for q in range(0, len(vector), 4):
        a += matrix[row, q] * vector[q]
        b += matrix[row, q + 1] * vector[q + 1]
        c += matrix[row, q + 2] * vector[q + 2]
        d += matrix[row, q + 3] * vector[q + 3]
    return (a + b) + (c + d)


@inlined
def _insert(labels, scores, n, label, score):  # type: ignore[no-untyped-def]
    """Keep the best `len(labels)`, best first; return how many there are."""
    if n == len(labels):
        if score < scores[n - 1]:  # of equals the later wins, as in fastText at k = 1
            return n
        n -= 1
    i = n
    while i > 0 and scores[i - 1] < score:
        labels[i] = labels[i - 1]
        scores[i] = scores[i - 1]
        i -= 1
    labels[i] = label
    scores[i] = score
    return n + 1


@kernel
def _score_tree(tables, hidden, stack, path, labels, scores):  # type: ignore[no-untyped-def]
    """Walk the Huffman tree, the likelier child first, leaving out what cannot be among the best."""
    n_labels = (len(tables.left) + 1) // 2
    n = 0
    depth = 1
    stack[0] = len(tables.left) - 1
    path[0] = 0.0
    worst = np.log(1e-5)  # fastText's threshold 0, through its log(x + 1e-5)
    while depth > 0:
        depth -= 1
        node = stack[depth]
        score = path[depth]
        if score < worst or (n == len(labels) and score < scores[n - 1]):
            continue
        if tables.left[node] < 0:
            n = _insert(labels, scores, n, node, score)
            continue
        p = float32(1.0 / (1.0 + np.exp(-np.float64(_dot(tables.output, node - n_labels, hidden)))))
        right = score + np.log(p + 1e-5)
        left = score + np.log(1.0 - p + 1e-5)
        last = 1 if right > left else 0
        stack[depth + last] = tables.right[node]
        path[depth + last] = right
        stack[depth + 1 - last] = tables.left[node]
        path[depth + 1 - last] = left
        depth += 2
    return n


@kernel
def _score_all(tables, hidden, raw, labels, scores):  # type: ignore[no-untyped-def]
    n_labels = len(raw)
    for label in range(n_labels):
        raw[label] = _dot(tables.output, label, hidden)
    if tables.scoring == SOFTMAX:
        highest = raw.max()
        raw[:] = np.exp(raw - highest)
        raw /= raw.sum()
    else:
        for label in range(n_labels):
            # fastText looks the sigmoid up in a table of 512 steps over [-8, 8], cut down to the step below.
            x = raw[label]
            if x < -8:
                raw[label] = 0
            elif x > 8:
                raw[label] = 1
            else:
                step = int64((x + float32(8)) * float32(512) / float32(8) / float32(2))
                raw[label] = 1.0 / (1.0 + np.exp(-(step * 16.0 / 512 - 8.0)))
    n = 0
    for label in range(n_labels):
        n = _insert(labels, scores, n, label, np.log(raw[label] + 1e-5))
    return n


@kernel
def predict(tables, data, offsets, labels, scores):  # type: ignore[no-untyped-def]
    """Write the best labels of each text, best first: `labels: int32[n_docs, k]`, `scores: float32[n_docs, k]`.

    A score is fastText's: it adds 1e-5 to each probability (in hierarchical models, to each on the way down the tree),
    so that a sure label passes 1: 1.00012 was seen with lid.176. Where there are fewer than k labels (hierarchical
    models leave out those below 1e-5) the label is -1 and the score 0. A text without any word gets the prediction for
    `</s>` alone, as from fastText; all -1 where the model does not know `</s>`.
    """
    signed = data.view(np.int8)
    vectors, kept, ranks = tables.vectors, tables.kept, tables.ranks
    starts, known = tables.starts, tables.features
    slots, spelling, borders = tables.slots, tables.spelling, tables.borders
    n_words, bucket = len(borders) - 1, tables.bucket
    minn, maxn, word_ngrams = tables.minn, tables.maxn, tables.word_ngrams
    k = labels.shape[1]
    n_labels = (len(tables.left) + 1) // 2 if tables.scoring == HIERARCHICAL else len(tables.output)
    total = np.empty(vectors.shape[1], np.float32)
    raw = np.empty(n_labels, np.float32)
    stack = np.empty(2 * n_labels + 2, np.int32)
    path = np.empty(2 * n_labels + 2, np.float64)
    best = np.empty(k, np.float64)
    units = np.empty(1 << 12, np.uint32)
    widths = np.empty(1 << 12, np.uint8)
    found = np.empty(max(4096, 2 * maxn, 2 * word_ngrams), np.int64)
    hashes = np.empty(1 << 10, np.uint32)
    end_of_text = np.array([60, 47, 115, 62], np.int8)
    end_hash = uint32(2166136261)
    for byte in end_of_text:
        end_hash = _mix(end_hash, byte)
    end_word = _find_word(slots, spelling, borders, end_of_text, 0, 4, end_hash)
    for document in range(len(offsets) - 1):
        total[:] = 0
        features = 0
        n_found = 0
        n_hashes = 0
        i = offsets[document]
        stop = offsets[document + 1]
        while i < stop:
            if _is_space(signed[i]):
                i += 1
                continue
            start = i
            h = uint32(2166136261)
            while i < stop and not _is_space(signed[i]):
                h = _mix(h, signed[i])
                i += 1
            if _is_end(signed, start, i):
                break
            word = _find_word(slots, spelling, borders, signed, start, i, h)
            if word < 0 and _is_label(signed, start, i):
                continue
            if word >= 0:
                for feature in known[starts[word] : starts[word + 1]]:
                    if n_found == len(found):
                        _add_rows(vectors, kept, ranks, n_words, found, n_found, total)
                        features += n_found
                        n_found = 0
                    found[n_found] = feature
                    n_found += 1
            elif maxn > 0:
                if i - start + 2 + maxn > len(units):
                    units = np.empty(2 * (i - start + 2 + maxn), np.uint32)
                    widths = np.empty(2 * (i - start + 2 + maxn), np.uint8)
                n = _split_token(signed, start, i, maxn, units, widths)
                first = 0
                while True:
                    first, n_found = _push_ngrams(
                        units, widths, n, first, minn, maxn, bucket, kept, n_words, found, n_found
                    )
                    if first == n:
                        break
                    _add_rows(vectors, kept, ranks, n_words, found, n_found, total)
                    features += n_found
                    n_found = 0
            if n_found == len(found):
                _add_rows(vectors, kept, ranks, n_words, found, n_found, total)
                features += n_found
                n_found = 0
            if word_ngrams > 1:
                if n_hashes + 1 == len(hashes):
                    hashes = _grown(hashes, len(hashes))
                hashes[n_hashes] = h
                n_hashes += 1
        if end_word >= 0:
            found[n_found] = end_word
            n_found += 1
        if word_ngrams > 1:
            hashes[n_hashes] = end_hash
            first = 0
            while first <= n_hashes:
                _add_rows(vectors, kept, ranks, n_words, found, n_found, total)
                features += n_found
                first, n_found = _push_word_ngrams(
                    hashes, first, n_hashes + 1, word_ngrams, bucket, kept, n_words, found, 0
                )
        _add_rows(vectors, kept, ranks, n_words, found, n_found, total)
        features += n_found
        n = 0
        if features > 0:
            total *= float32(1.0 / features)
            if tables.scoring == HIERARCHICAL:
                n = _score_tree(tables, total, stack, path, labels[document], best)
            else:
                n = _score_all(tables, total, raw, labels[document], best)
        for rank in range(k):
            scores[document, rank] = np.exp(best[rank]) if rank < n else 0.0
        labels[document, n:] = -1
