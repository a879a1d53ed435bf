"""The passes over a column of texts in which only plain remains of HTML stand: a kernel and Rust's expressions.

A pass here is a pass of `html.clean_text`, to the byte; what it cannot do it leaves to that.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.cleaners import markup
from curate.cleaners.shown_markup import MAY_NAME, MAY_SHOW, names_markup, shows_markup
from curate.cleaners.unicode import scatter
from curate.contracts import Utf8

_RARE = markup.BODILESS | {"html"}


def plain_pass(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Clean once; returns the texts, and which are left to Python (those are as they were)."""
    from curate.kernels import markup as kernels

    data, ends, states = kernels.strip_plain(*Utf8.of(texts), *_elements())
    changes = pl.Series(states == kernels.STRIPPED, dtype=pl.Boolean)
    shown = scatter(changes, changes, _speaks(texts.filter(changes)))
    changes &= ~shown
    new = scatter(texts, changes, Utf8(data, ends).series().filter(changes))
    left = pl.Series(states == kernels.LEFT, dtype=pl.Boolean)
    return new, left | new.str.contains(markup.SCRIPT_TRACE)


def _speaks(texts: pl.Series) -> pl.Series:
    """Whether texts speak about markup."""
    # Python, text by text: only those that hold a word of markup, or a word for tags next to one.
    may_name = texts.str.contains(MAY_NAME)
    names = pl.Series([names_markup(text) for text in texts.filter(may_name)], dtype=pl.Boolean)
    names = scatter(may_name, may_name, names)
    may_show = ~names & texts.str.contains(MAY_SHOW)
    shows = pl.Series([shows_markup(text) for text in texts.filter(may_show)], dtype=pl.Boolean)
    return names | scatter(may_show, may_show, shows)


@cache
def _elements() -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint16]]:
    """Names of elements and their roles, as the kernel looks them up."""
    from curate.kernels import markup as kernels
    from curate.kernels.markup_tokens import NAME_SLOTS, name_key, name_slot

    listed = {
        kernels.BLOCK: markup.BLOCKS,
        kernels.CELL: markup.CELLS,
        kernels.NEVER_CLOSED: markup.NEVER_CLOSED,
        kernels.ALWAYS: {"br", "wbr", "hr"},
        kernels.BREAK: {"br"},
        kernels.STRUCK: {"s"},
        kernels.RARE: _RARE,
        kernels.RAISED: {"sub", "sup"},
        kernels.READING: {"rt"},
        kernels.READING_MARK: {"rp"},
    }
    keys, roles = np.zeros(NAME_SLOTS, np.uint64), np.zeros(NAME_SLOTS, np.uint16)
    for name in sorted(markup.BLOCKS | markup.CELLS | markup.INLINE):
        key = name_key(name)
        slot = name_slot(key)
        while keys[slot]:
            slot = (slot + 1) % NAME_SLOTS
        keys[slot] = key
        roles[slot] = sum(role for role, names in listed.items() if name in names)
    return keys, roles
