"""fastText prediction over Arrow buffers: the labels of fastText, its scores within 1e-5, the buffers never copied.

A text is read as fastText reads one line: line breaks are spaces and one `</s>` ends it, as for
`predict(text.replace("\\n", " "))`; a token `</s>` inside the text ends it early, a token that starts with `__label__`
is skipped. A text's features are its words, the character n-grams of each word, and n-grams of words; the mean of their
rows, times the output matrix, gives the scores (Joulin et al. 2016, arXiv:1607.01759; Bojanowski et al. 2016,
arXiv:1607.04606; Joulin et al. 2016, arXiv:1612.03651 for the pruned and quantised models).

A result depends on its own text alone, bit by bit. 108 MB/s of mixed Chinese web text with lid.176.ftz, one thread;
nearly all of it goes into finding the features (`fasttext_features`).
"""

import numpy as np
from numba import float32, int32, int64, uint32, uint64

from curate.kernels import inlined, kernel
from curate.kernels.fasttext_features import (
    BLOCK_NGRAMS,
    TOKENS,
    UNITS,
    add_rows,
    add_tokens,
    append_token,
    find_word,
    is_end,
    is_label,
    is_space,
    mix,
    push_word_ngrams,
)
from curate.kernels.utf8 import has_below, little_endian

HIERARCHICAL, INDEPENDENT, SOFTMAX = range(3)
"""How scores come out of the output matrix; one-vs-all and negative sampling are both `INDEPENDENT` sigmoids."""


@inlined
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


@inlined
def _score_tree(tables, hidden, stack, path, labels, scores):  # type: ignore[no-untyped-def]
    """Walk the Huffman tree, the likelier child first, leaving out what cannot be among the best.

    fastText adds up logarithms of p + 1e-5 on the way down; here the factors are multiplied, which costs a tenth.
    """
    n_labels = (len(tables.left) + 1) // 2
    n = 0
    depth = 1
    stack[0] = len(tables.left) - 1
    path[0] = 1.0
    worst = 1e-5  # fastText's threshold 0, through its log(x + 1e-5)
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
        right = score * (p + 1e-5)
        left = score * (1.0 - p + 1e-5)
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
        n = _insert(labels, scores, n, label, raw[label] + 1e-5)
    return n


@kernel
def _grown(array, size):  # type: ignore[no-untyped-def]
    larger = np.empty(2 * size, array.dtype)
    larger[: len(array)] = array
    return larger


@kernel
def scoring_space(tables, k):  # type: ignore[no-untyped-def]
    """Make what `write_best` needs to work in."""
    n_labels = (len(tables.left) + 1) // 2 if tables.scoring == HIERARCHICAL else len(tables.output)
    raw, best = np.empty(n_labels, np.float32), np.empty(k, np.float64)
    return raw, np.empty(2 * n_labels + 2, np.int32), np.empty(2 * n_labels + 2, np.float64), best


@kernel
def write_best(tables, total, divisor, space, labels, scores):  # type: ignore[no-untyped-def]
    """Write the best labels and their scores of one text, given the sum of its features' rows, which is changed.

    `divisor`: the number of features; 0: there are none.
    """
    raw, stack, path, best = space
    n = 0
    if divisor > 0:
        total *= float32(1.0 / divisor)
        if tables.scoring == HIERARCHICAL:
            n = _score_tree(tables, total, stack, path, labels, best)
        else:
            n = _score_all(tables, total, raw, labels, best)
    for rank in range(len(labels)):
        scores[rank] = best[rank] if rank < n else 0.0
    labels[n:] = -1


@kernel
def longest_word(tables):  # type: ignore[no-untyped-def]
    """Bytes of the longest word."""
    longest = 0
    for i in range(len(tables.borders) - 1):
        longest = max(longest, tables.borders[i + 1] - tables.borders[i])
    return longest


@kernel
def word_at(slots, spelling, borders, longest, signed, start, stop):  # type: ignore[no-untyped-def]
    """Hash and number (-1: unknown) of the word `signed[start:stop]` (int8), of at most `longest` bytes."""
    h = uint32(2166136261)
    if stop - start > longest:
        return h, int32(-1)
    for i in range(start, stop):
        h = mix(h, signed[i])
    return h, find_word(slots, spelling, borders, signed, start, stop, h)


@kernel
def end_of_text(tables):  # type: ignore[no-untyped-def]
    """Hash and number (-1: unknown) of the word that ends each text."""
    return word_at(tables.slots, tables.spelling, tables.borders, 4, np.array([60, 47, 115, 62], np.int8), 0, 4)  # </s>


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
    slots, spelling, borders = tables.slots, tables.spelling, tables.borders
    n_words, bucket = len(borders) - 1, tables.bucket
    maxn, word_ngrams = tables.maxn, tables.word_ngrams
    total, space = np.empty(vectors.shape[1], np.float32), scoring_space(tables, labels.shape[1])
    units, tokens = np.zeros(2 * UNITS, np.uint32), np.empty((TOKENS, 3), np.int64)
    ngrams, buckets = np.empty(BLOCK_NGRAMS, np.uint32), np.empty((maxn, BLOCK_NGRAMS), np.uint32)
    found = np.empty(max(4096, 2 * maxn, 2 * word_ngrams), np.int64)
    hashes = np.empty(1 << 10, np.uint32)
    longest = longest_word(tables)
    end_hash, end_word = end_of_text(tables)
    for document in range(len(offsets) - 1):
        total[:] = 0
        features = n_units = n_tokens = n_hashes = 0
        i = offsets[document]
        stop = offsets[document + 1]
        while i < stop:
            if is_space(data[i]):
                i += 1
                continue
            start = i
            while i < stop:
                if i + 8 <= stop and not has_below(little_endian(data, uint64(i)), 33):
                    i += 8
                    continue
                near = min(i + 8, stop)
                while i < near and not is_space(data[i]):
                    i += 1
                if i < near:
                    break
            if is_end(signed, start, i):
                break
            h, word = uint32(2166136261), int32(-1)
            if i - start <= longest or word_ngrams > 1:
                h, word = word_at(slots, spelling, borders, i - start, signed, start, i)
            if word < 0 and is_label(signed, start, i):
                continue
            if n_tokens == TOKENS or n_units > UNITS:
                features += add_tokens(tables, units, n_units, tokens, n_tokens, ngrams, buckets, found, total)
                n_units = n_tokens = 0
            tokens[n_tokens, 0], tokens[n_tokens, 2] = n_units, word
            if word < 0 and maxn > 0:
                if n_units + i - start + 2 + maxn > len(units):
                    units = _grown(units, n_units + i - start + 2 + maxn)
                n_units = append_token(data, start, i, units, n_units)
            tokens[n_tokens, 1] = n_units
            n_tokens += 1
            if word_ngrams > 1:
                if n_hashes + 1 == len(hashes):
                    hashes = _grown(hashes, len(hashes))
                hashes[n_hashes] = h
                n_hashes += 1
        features += add_tokens(tables, units, n_units, tokens, n_tokens, ngrams, buckets, found, total)
        n_found = 0
        if end_word >= 0:
            found[0] = end_word
            n_found = 1
        if word_ngrams > 1:
            hashes[n_hashes] = end_hash
            first = 0
            while first <= n_hashes:
                features += add_rows(vectors, kept, ranks, n_words, found, n_found, total)
                first, n_found = push_word_ngrams(
                    hashes, first, n_hashes + 1, word_ngrams, bucket, kept, n_words, found, 0
                )
        features += add_rows(vectors, kept, ranks, n_words, found, n_found, total)
        write_best(tables, total, features, space, labels[document], scores[document])
