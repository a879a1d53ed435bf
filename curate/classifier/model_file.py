"""The file of a classifier: a supervised fastText model, so that fastText and all who read its files can read it.

Its vectors have a number for each label, and its output matrix is the unit matrix: 8 bytes a word for two labels. Where
fastText reads it, repeats count and the mean takes the place of the sum over the root: mostly the same label, another
score.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

_MAGIC, _VERSION = 793712314, 12
_SOFTMAX, _SUPERVISED = 3, 3
_WORD, _LABEL = 0, 1


def model_bytes(words: pl.DataFrame, labels: Sequence[str], vectors: npt.NDArray[np.float32]) -> bytes:
    """Write `word` and `texts` of `words`, the labels, and `vectors: float32[n_words, n_labels]`."""
    n_words, n_labels = vectors.shape
    settings = dict.fromkeys(("dim", "window", "epoch", "least_count", "negatives", "word_ngrams"), 1)
    settings |= {
        "dim": n_labels,
        "loss": _SOFTMAX,
        "model": _SUPERVISED,
        "bucket": 0,
        "minn": 0,
        "maxn": 0,
        "rate": 100,
    }
    entries = [_entry(word, texts, _WORD) for word, texts in words.iter_rows()]
    entries += [_entry(f"__label__{label}", 1, _LABEL) for label in labels]
    return b"".join([
        struct.pack("<ii", _MAGIC, _VERSION),
        struct.pack("<12id", *settings.values(), 1e-4),
        struct.pack("<iiiqq", n_words + n_labels, n_words, n_labels, int(words["texts"].sum()), -1),
        *entries,
        _matrix(vectors),
        _matrix(np.eye(n_labels, dtype=np.float32)),
    ])  # fmt: skip


def _entry(word: str, count: int, kind: int) -> bytes:
    return word.encode() + b"\0" + struct.pack("<qb", count, kind)


def _matrix(values: npt.NDArray[np.float32]) -> bytes:
    return struct.pack("<?qq", False, *values.shape) + values.astype("<f4").tobytes()
