"""`kernels.keys` against counting."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.kernels.keys import may_repeat

KEYS = st.lists(st.one_of(st.integers(0, 20), st.integers(0, 2**64 - 1)), max_size=200)


@settings(deadline=None)  # the first call compiles
@given(KEYS)
def test_every_key_that_repeats_is_among_those_that_may(keys: list[int]) -> None:
    found = may_repeat(np.array(keys, np.uint64)).tolist()
    times = Counter(keys)
    assert found == sorted(set(found))
    assert {place for place, key in enumerate(keys) if times[key] > 1} <= set(found)


def test_few_others_are_among_them() -> None:
    generator = np.random.default_rng(0)
    keys = generator.permutation(np.concatenate([np.arange(100_000), np.arange(5_000)]).astype(np.uint64))
    found = keys[may_repeat(keys)]
    assert np.bincount(found.astype(np.int64), minlength=5_000)[:5_000].min() == 2
    assert 10_000 <= len(found) < 10_000 + 100_000 // 8


def test_one_key_many_times_takes_no_more_room_than_it_needs() -> None:
    assert may_repeat(np.full(1_000, 7, np.uint64)).tolist() == list(range(1_000))
    assert may_repeat(np.empty(0, np.uint64)).tolist() == []
