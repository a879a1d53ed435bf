"""Pairs of candidates, against sets."""

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.grouping import groups_of_equal_keys, groups_of_links, merged, packed_pairs, unpacked

KEYS = st.lists(st.one_of(st.none(), st.integers(0, 5)), max_size=20)


def keys_of(values: list[int | None]) -> pl.DataFrame:
    rows = pl.int_range(len(values), dtype=pl.Int64, eager=True)
    return pl.DataFrame({"row": rows, "key": pl.Series(values, dtype=pl.UInt64)})


@settings(deadline=None)
@given(KEYS, KEYS, st.integers(0, 20), st.integers(0, 20))
def test_pairs_are_all_that_share_a_key_once_and_sorted(
    one: list[int | None], other: list[int | None], first: int, end: int
) -> None:
    groups = [groups_of_equal_keys(keys_of(values)) for values in (one, other)]
    pairs = unpacked(merged([packed_pairs(frame, first, end) for frame in groups]))
    expected = {
        (a, b)
        for values in (one, other)
        for b in range(len(values))
        for a in range(b)
        if values[a] is not None and values[a] == values[b] and first <= a < end
    }
    assert pairs.rows() == sorted(expected)
    assert pairs.schema == {"left": pl.Int64, "right": pl.Int64}


def test_links_are_groups_of_two() -> None:
    links = pl.DataFrame({"left": [1, 2], "right": [5, 3], "similarity": [0.8, 0.9]})
    assert groups_of_links(links).rows() == [(0, 1, 0.8), (0, 5, 0.8), (1, 2, 0.9), (1, 3, 0.9)]
    assert groups_of_links(links.clear()).schema == {"group": pl.Int64, "row": pl.Int64, "similarity": pl.Float64}


def test_no_pairs_are_no_pairs() -> None:
    assert len(merged([])) == 0 and len(merged([np.empty(0, np.uint64)])) == 0
