"""MinHash signatures of character shingles, and their bands for locality-sensitive hashing.

Follows Broder, "On the resemblance and containment of documents" (1997). A signature equals, bit for bit, datasketch
2.0's `MinHash(num_perm=n, scheme="affine32", hashfunc=shingle_hash)`: the shingle's hash goes through MurmurHash3's
finalizer, permutation k is `a[k] * h + b[k]` modulo 2**32 (one vectorised multiply-add), and the least value is kept.
Cost: 4 bytes a permutation and document; about 250 MB/s of Chinese text with 128 permutations where the processor has
AVX-512.
"""

from functools import cache

import numpy as np
import numpy.typing as npt
from numba import uint32, uint64

from curate.kernels import inlined, kernel
from curate.kernels.shingles import shingle_hashes
from curate.kernels.utf8 import decode

_VECTOR = 64
_BLOCK = 1024  # a multiple of _VECTOR


@cache
def permutations(n: int, seed: int = 1) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """Draw the parameters `a` (odd) and `b` of `n` permutations, `uint32[n]` each, as datasketch does for its `seed`.

    numpy promises that the stream of `RandomState` never changes.
    """
    generator = np.random.RandomState(seed)
    a = generator.randint(0, 1 << 31, n, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return a, generator.randint(0, 1 << 32, n, dtype=np.uint32)


@inlined
def _finalized(h):  # type: ignore[no-untyped-def]
    h = uint32(h ^ (h >> uint32(16)))
    h = uint32(h * uint32(0x85EBCA6B))
    h = uint32(h ^ (h >> uint32(13)))
    h = uint32(h * uint32(0xC2B2AE35))
    return uint32(h ^ (h >> uint32(16)))


@kernel
def _least(hashes, a, b, least):  # type: ignore[no-untyped-def]
    # Written so that LLVM vectorises it: over the whole of a slice, and with a comparison. With `min(least, value)`, or
    # over a range of an array, it takes eight times as long.
    for k in range(len(hashes)):
        value = uint32(a * hashes[k] + b)
        if value < least:
            least = value
    return least


@kernel
def signatures(data, offsets, size, a, b):  # type: ignore[no-untyped-def]
    """Return the signatures `uint32[n_docs, n_permutations]`; all ones for an empty text.

    `data: uint8[n_bytes]; offsets: int64[n_docs + 1]`; shingles of `size` code points; `a`, `b` from `permutations`.
    """
    longest = 0
    for d in range(len(offsets) - 1):
        longest = max(longest, offsets[d + 1] - offsets[d])
    points = np.empty(longest, np.uint32)
    rolled, hashes = np.empty(_BLOCK, np.uint64), np.empty(_BLOCK, np.uint32)
    signed = np.full((len(offsets) - 1, len(a)), 0xFFFFFFFF, np.uint32)
    for d in range(len(offsets) - 1):
        chars = decode(data, offsets[d], offsets[d + 1], points)
        # Block by block, so that the hashes stay in the first cache; a block needs the `size - 1` characters after it.
        for start in range(0, min(chars, max(1, chars - size + 1)), _BLOCK):
            stop = min(chars, start + _BLOCK + size - 1)
            n = shingle_hashes(points[start:stop], stop - start, size, rolled)
            for i in range(n):
                hashes[i] = _finalized(uint32(rolled[i] >> uint64(32)))
            # Whole vectors: repeating the last hash changes no minimum, and spares the slow loop over a remainder.
            padded = (n + _VECTOR - 1) // _VECTOR * _VECTOR
            hashes[n:padded] = hashes[n - 1]
            for p in range(len(a)):
                signed[d, p] = _least(hashes[:padded], a[p], b[p], signed[d, p])
    return signed


@kernel
def band_keys(signed, bands, rows):  # type: ignore[no-untyped-def]
    """Hash each band of signatures `uint32[n_docs, >= bands * rows]` to `uint64[bands, n_docs]`.

    Band `k` is the values `k * rows` to `(k + 1) * rows - 1`; different values share a key by chance, once in 2**64.
    """
    keys = np.empty((bands, len(signed)), np.uint64)
    for d in range(len(signed)):
        for band in range(bands):
            key = uint64(rows)
            for i in range(band * rows, (band + 1) * rows):
                key = (key ^ uint64(signed[d, i])) * uint64(0xFF51AFD7ED558CCD)
                key ^= key >> uint64(32)
            key = (key ^ (key >> uint64(33))) * uint64(0xC4CEB9FE1A85EC53)
            keys[band, d] = key ^ (key >> uint64(33))
    return keys
