import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.grouping import groups_of_equal_keys


def test_null_keys_belong_to_no_group() -> None:
    keys = pl.DataFrame(
        {"row": [0, 1, 2, 3, 4], "a": [None, None, 5, 5, 5], "b": [1, 1, None, 7, 7]},
        schema={"row": pl.Int64, "a": pl.UInt64, "b": pl.UInt64},
    )
    assert groups_of_equal_keys(keys).rows() == [(0, 3), (0, 4)]
    assert groups_of_equal_keys(keys.filter(pl.col("a").is_null())).is_empty()
    assert groups_of_equal_keys(keys.clear()).schema == {"group": pl.Int64, "row": pl.Int64}


small_keys = st.one_of(st.none(), st.integers(0, 3))


@settings(deadline=None)
@given(st.lists(st.tuples(small_keys, small_keys), max_size=25))
def test_groups_are_the_rows_that_agree_in_every_key(pairs: list[tuple[int | None, int | None]]) -> None:
    expected: dict[tuple[int, int], list[int]] = {}
    for row, (a, b) in enumerate(pairs):
        if a is not None and b is not None:
            expected.setdefault((a, b), []).append(row)
    schema = {"row": pl.Int64, "a": pl.UInt64, "b": pl.UInt64}
    frame = pl.DataFrame([(row, a, b) for row, (a, b) in enumerate(pairs)], schema=schema, orient="row")
    rows = [members for _, members in sorted(expected.items()) if len(members) > 1]
    flat = [(number, row) for number, members in enumerate(rows) for row in members]
    assert groups_of_equal_keys(frame).rows() == flat
    assert groups_of_equal_keys(frame.sample(fraction=1, shuffle=True, seed=7)).rows() == flat


def test_groups_of_a_partition_do_not_depend_on_the_order_of_rows() -> None:
    drawn = np.random.default_rng(0).integers(0, 2_000, 5_000).astype(np.uint64)
    keys = pl.DataFrame({"row": np.arange(5_000), "k": drawn})
    expected = groups_of_equal_keys(keys)
    assert expected.equals(groups_of_equal_keys(keys.sample(fraction=1, shuffle=True, seed=1)))
    assert expected.equals(expected.sort("group", "row"))
