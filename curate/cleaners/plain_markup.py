"""The passes over a column of texts in which only plain remains of HTML stand: a kernel and Rust's expressions.

A pass here is a pass of `html.clean_text`, to the byte; what it cannot do it leaves to that.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from curate.cleaners import markup
from curate.cleaners.shown_markup import MAY_NAME, MAY_SHOW, speaks_about_markup
from curate.cleaners.unicode import scatter
from curate.contracts import Utf8

_RARE = markup.BODILESS | {"html", "rt"}


def plain_pass(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Clean once; returns the texts, and which are left to Python (those are as they were)."""
    from curate.kernels import markup as kernels

    data, ends, states = kernels.strip_plain(*Utf8.of(texts), *_elements())
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(data)]
    stripped = pl.Series(pa.Array.from_buffers(pa.large_string(), len(texts), buffers), dtype=pl.String)
    changes = pl.Series(states == kernels.STRIPPED, dtype=pl.Boolean)
    shown = scatter(changes, changes, _speaks(texts.filter(changes)))
    changes &= ~shown
    new = scatter(texts, changes, stripped.filter(changes))
    left = pl.Series(states == kernels.LEFT, dtype=pl.Boolean)
    return new, left | new.str.contains(markup.SCRIPT_TRACE)


def _speaks(texts: pl.Series) -> pl.Series:
    """Whether texts speak about markup."""
    may = texts.str.contains(MAY_NAME) | texts.str.contains(MAY_SHOW)
    # Python, text by text: only those that hold a word of markup, or a word of tags next to one.
    speaks = pl.Series([speaks_about_markup(text) for text in texts.filter(may)], dtype=pl.Boolean)
    return scatter(may, may, speaks)


@cache
def _elements() -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint8]]:
    """Names of elements and their roles, as the kernel looks them up."""
    from curate.kernels import markup as kernels

    listed = {
        kernels.BLOCK: markup.BLOCKS,
        kernels.CELL: markup.CELLS,
        kernels.NEVER_CLOSED: markup.NEVER_CLOSED,
        kernels.ALWAYS: {"br", "wbr", "hr"},
        kernels.BREAK: {"br"},
        kernels.STRUCK: {"s"},
        kernels.RARE: _RARE,
        kernels.RAISED: {"sub", "sup"},
    }
    keys, roles = np.zeros(kernels.NAME_SLOTS, np.uint64), np.zeros(kernels.NAME_SLOTS, np.uint8)
    for name in sorted(markup.BLOCKS | markup.CELLS | markup.INLINE):
        key = kernels.name_key(name)
        slot = kernels.name_slot(key)
        while keys[slot]:
            slot = (slot + 1) % kernels.NAME_SLOTS
        keys[slot] = key
        roles[slot] = sum(role for role, names in listed.items() if name in names)
    return keys, roles
