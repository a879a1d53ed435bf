"""Documents put together of real sentences, and altered copies of them: text number n is a function of the seed and n.

So nothing is kept of millions of originals: where a copy or a comparison needs one, it is composed again. Numbers by
chance come from a counter (splitmix64 over seed, document and place), not from a sequence. Cost on one core: 250 MB of
UTF-8 a second.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
from numba import int64, uint32, uint64

from curate.kernels import inlined, kernel

BASE, EXACT, EDITED, SHORTENED, FRAMED, FILLED = range(6)
"""What a document is: an original; a copy of one, unchanged, with characters replaced, with one or two sentences left
out, with a sentence or two of others around it, or with its blanks filled anew (a template: the blanks of all its
copies are in the same places)."""
NAMES = ["base", "exact", "edited", "shortened", "framed", "filled"]

FEWEST, MOST = 9, 16
"""Sentences of an original."""
SENTENCE_CHARS = (12, 48)
BLANK_EVERY = 100
"""Characters of a template to one blank."""


class Pool(NamedTuple):
    """Sentences to choose from."""

    points: npt.NDArray[np.uint32]
    """Code points of all of them, one after the other."""
    starts: npt.NDArray[np.int64]
    """Where each starts, and one past the last."""


class Wanted(NamedTuple):
    """What to compose, a row per document."""

    kinds: npt.NDArray[np.uint8]
    bases: npt.NDArray[np.int64]
    """Number of the original: the document itself, or what it copies."""
    numbers: npt.NDArray[np.int64]
    """What tells copies of one original apart."""
    similarity: npt.NDArray[np.float64]
    """Jaccard similarity that an `EDITED` copy shall have, about."""


def pool_of(documents: Sequence[str]) -> Pool:
    """Take the sentences of some documents, each once: 12 to 48 characters, without markup."""
    lines = pl.Series("text", documents).str.replace_all(r"([。！？]|[.!?] )", "$1\n").str.split("\n").explode()
    chars = lines.str.len_chars()
    lines = lines.filter((chars >= SENTENCE_CHARS[0]) & (chars <= SENTENCE_CHARS[1])).unique(maintain_order=True)
    is_prose = lines.str.contains(r"[。！？.!?] ?$") & ~lines.str.contains(r"[<>|\[\]{}#*=_`\\/]")
    lines = lines.filter(is_prose)
    if lines.len() < MOST:
        raise SystemExit("the corpus holds no sentences to compose documents of")
    points = np.frombuffer("".join(lines).encode("utf-32-le"), np.uint32)
    return Pool(points, np.concatenate([[0], lines.str.len_chars().cast(pl.Int64).cum_sum().to_numpy()]))


def composed(pool: Pool, seed: int, wanted: Wanted) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Compose documents: `data: uint8[n_bytes]`, UTF-8, and `offsets: int64[n_docs + 1]`."""
    data, offsets = _compose(*pool, seed, *wanted)
    return data, offsets


@inlined
def _draw(seed, document, place):  # type: ignore[no-untyped-def]
    """A number by chance, uint64, for a place in a document (splitmix64's mixing)."""
    x = uint64(seed) + uint64(document) * uint64(0x9E3779B97F4A7C15) + uint64(place) * uint64(0xD1B54A32D192ED03)
    x = (x ^ (x >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> uint64(27))) * uint64(0x94D049BB133111EB)
    return x ^ (x >> uint64(31))


@inlined
def _below(seed, document, place, limit):  # type: ignore[no-untyped-def]
    return int64(_draw(seed, document, place) % uint64(limit))


@kernel
def _choose(seed, base, n_sentences, chosen):  # type: ignore[no-untyped-def]
    """Write the sentences of an original to `chosen`; return how many."""
    count = FEWEST + _below(seed, base, 0, MOST - FEWEST + 1)
    for k in range(count):
        chosen[k] = _below(seed, base, k + 1, n_sentences)
    return count


@kernel
def _shorten(seed, number, chosen, count):  # type: ignore[no-untyped-def]
    """Leave out one sentence, or (one time in three) two that follow each other."""
    fewer = 1 + (_below(seed, number, 0, 3) == 0)
    at = _below(seed, number, 1, count - fewer + 1)
    for k in range(at, count - fewer):
        chosen[k] = chosen[k + fewer]
    return count - fewer


@kernel
def _frame(seed, number, n_sentences, chosen, count):  # type: ignore[no-untyped-def]
    """Put another sentence before (two times in three), after (two in three), or both."""
    where = _below(seed, number, 0, 3)
    if where != 0:
        for k in range(count, 0, -1):
            chosen[k] = chosen[k - 1]
        chosen[0] = _below(seed, number, 1, n_sentences)
        count += 1
    if where != 1:
        chosen[count] = _below(seed, number, 2, n_sentences)
        count += 1
    return count


@kernel
def _edit(seed, number, similarity, pool, points, n):  # type: ignore[no-untyped-def]
    """Replace characters at places by chance: each breaks five shingles, so n - 5 r of n + 5 r stay common."""
    for k in range(max(1, round(n * (1 - similarity) / (1 + similarity) / 5))):
        points[_below(seed, number, 2 * k, n)] = pool[_below(seed, number, 2 * k + 1, len(pool))]


@kernel
def _fill(seed, base, number, pool, points, n):  # type: ignore[no-untyped-def]
    """Fill the blanks of a template, whose places follow from its own number."""
    for k in range(n // BLANK_EVERY):
        points[_below(seed, base, MOST + 1 + k, n)] = pool[_below(seed, number, k, len(pool))]


@kernel
def _encode(points, n, data, at):  # type: ignore[no-untyped-def]
    """Write code points as UTF-8 to `data` from `at`; return where they end."""
    for i in range(n):
        point = points[i]
        if point < 0x80:
            data[at] = point
            at += 1
        elif point < 0x800:
            data[at], data[at + 1] = 0xC0 | point >> 6, 0x80 | point & 0x3F
            at += 2
        elif point < 0x10000:
            data[at], data[at + 1], data[at + 2] = 0xE0 | point >> 12, 0x80 | point >> 6 & 0x3F, 0x80 | point & 0x3F
            at += 3
        else:
            data[at], data[at + 1] = 0xF0 | point >> 18, 0x80 | point >> 12 & 0x3F
            data[at + 2], data[at + 3] = 0x80 | point >> 6 & 0x3F, 0x80 | point & 0x3F
            at += 4
    return at


@kernel
def _compose(pool, starts, seed, kinds, bases, numbers, similarity):  # type: ignore[no-untyped-def]
    """See `composed`; 3.5 kB a document are set aside meanwhile, and touched as far as they are filled."""
    n_sentences, of_copies = len(starts) - 1, seed + 0x5DEECE66D
    longest = (MOST + 2) * SENTENCE_CHARS[1]
    chosen, points = np.empty(MOST + 2, np.int64), np.empty(longest, np.uint32)
    data, offsets = np.empty(4 * longest * len(kinds), np.uint8), np.zeros(len(kinds) + 1, np.int64)
    for d in range(len(kinds)):
        count = _choose(seed, bases[d], n_sentences, chosen)
        if kinds[d] == SHORTENED:
            count = _shorten(of_copies, numbers[d], chosen, count)
        elif kinds[d] == FRAMED:
            count = _frame(of_copies, numbers[d], n_sentences, chosen, count)
        n = 0
        for k in range(count):
            for i in range(starts[chosen[k]], starts[chosen[k] + 1]):
                points[n] = uint32(pool[i])
                n += 1
        if kinds[d] == EDITED:
            _edit(of_copies, numbers[d], similarity[d], pool, points, n)
        elif kinds[d] == FILLED:
            _fill(of_copies, bases[d], numbers[d], pool, points, n)
        offsets[d + 1] = _encode(points, n, data, offsets[d])
    return data[: offsets[-1]], offsets
