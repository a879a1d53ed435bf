"""Documents as filters and kernels see them: a frame, and text as Arrow buffers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
import numpy.typing as npt
import polars as pl

ID, TEXT, SOURCE = "id", "text", "source"
"""Columns that every document has; readers add the fields they were told to keep."""


Shared = TypeVar("Shared")


class Utf8(NamedTuple):
    """Text as the kernels read it."""

    data: npt.NDArray[np.uint8]
    """The bytes of all texts, back to back; valid UTF-8."""
    offsets: npt.NDArray[np.int64]
    """`n_docs + 1` positions in `data`; text `i` is `data[offsets[i]:offsets[i + 1]]`."""

    @classmethod
    def of(cls, text: pl.Series) -> Utf8:
        """View a String column (no nulls) as Arrow buffers; one copy where Polars keeps views."""
        array = text.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
        _, offsets, data = array.buffers()
        positions = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
        return cls(np.frombuffer(data, np.uint8) if data else np.empty(0, np.uint8), positions)

    def series(self) -> pl.Series:
        """Make a String column of what a kernel wrote; nothing is copied."""
        import pyarrow as pa

        buffers = [None, pa.py_buffer(self.offsets), pa.py_buffer(self.data)]
        texts = pa.Array.from_buffers(pa.large_string(), len(self.offsets) - 1, buffers)
        return pl.Series(texts, dtype=pl.String)


class Documents:
    """One batch of documents: a frame, and its text as Arrow buffers for the kernels."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame
        """`id`, `text`, `source` (String, never null) and the reader's `fields`."""
        self._shared: dict[str, Any] = {}

    def __len__(self) -> int:
        return self.frame.height

    @classmethod
    def of(cls, texts: list[str]) -> Documents:
        """Make a batch from plain strings, numbered from 0; for tests and notebooks."""
        ids = [str(number) for number in range(len(texts))]
        columns = {ID: ids, TEXT: texts, SOURCE: ["text"] * len(texts)}
        return cls(pl.DataFrame(columns, schema={ID: pl.String, TEXT: pl.String, SOURCE: pl.String}))

    @cached_property
    def utf8(self) -> Utf8:
        """The text of the batch, converted once and shared by all kernels."""
        return Utf8.of(self.frame[TEXT])

    def shared(self, name: str, compute: Callable[[], Shared]) -> Shared:
        """Compute a value of this batch once for several filters (word borders, for one)."""
        if name not in self._shared:
            self._shared[name] = compute()
        return cast(Shared, self._shared[name])
