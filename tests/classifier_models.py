"""Small fastText models whose vectors are chosen by hand, so that a test knows what they must say."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np


def write_model(path: Path, labels: Sequence[str], words: Mapping[str, Sequence[float]]) -> str:
    """Write a softmax model without n-grams: each word says so much for each label, `</s>` says nothing."""
    vectors = {"</s>": [0.0] * len(labels), **words}
    data = struct.pack("<ii", 793712314, 12)
    data += struct.pack("<12id", len(labels), 5, 5, 1, 5, 1, 3, 3, 0, 0, 0, 100, 1e-4)
    data += struct.pack("<iiiqq", len(vectors) + len(labels), len(vectors), len(labels), 99, -1)
    for word in vectors:
        data += word.encode() + b"\0" + struct.pack("<qb", 5, 0)
    for label in labels:
        data += f"__label__{label}".encode() + b"\0" + struct.pack("<qb", 5, 1)
    for matrix in (np.array(list(vectors.values())), np.eye(len(labels))):
        data += struct.pack("<?qq", False, *matrix.shape) + matrix.astype("<f4").tobytes()
    path.write_bytes(data)
    return str(path)
