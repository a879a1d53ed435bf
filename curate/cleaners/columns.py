"""Columns of what kernels wrote."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa


def strings(data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> pl.Series:
    """Make a String column of valid UTF-8, `uint8[n_bytes]`, and where each text begins, `int64[n_texts + 1]`."""
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    return pl.Series(pa.Array.from_buffers(pa.large_string(), len(offsets) - 1, buffers), dtype=pl.String)
