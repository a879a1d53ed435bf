"""`kernels.keys` against counting."""

from collections import Counter

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.kernels.keys import may_repeat, note, nothing_seen

Keys = npt.NDArray[np.uint64]
KEYS = st.lists(st.one_of(st.integers(0, 20), st.integers(0, 2**64 - 1)), max_size=200)


def repeated(keys: Keys, pieces: int = 1) -> list[int]:
    """Positions of keys that may repeat, noted piece by piece."""
    seen = nothing_seen(len(keys))
    for piece in np.array_split(keys, pieces):
        note(piece, seen)
    return [int(place) for place in may_repeat(keys, seen)]


@settings(deadline=None)  # the first call compiles
@given(KEYS, st.integers(1, 4))
def test_every_key_that_repeats_is_among_those_that_may(keys: list[int], pieces: int) -> None:
    found = repeated(np.array(keys, np.uint64), pieces)
    times = Counter(keys)
    assert found == sorted(set(found))
    assert {place for place, key in enumerate(keys) if times[key] > 1} <= set(found)


def test_few_others_are_among_them() -> None:
    generator = np.random.default_rng(0)
    keys = generator.permutation(np.concatenate([np.arange(100_000), np.arange(5_000)]).astype(np.uint64))
    found = keys[repeated(keys)]
    assert np.bincount(found.astype(np.int64), minlength=5_000)[:5_000].min() == 2
    assert 10_000 <= len(found) < 10_000 + 100_000 // 8


def test_one_key_many_times_takes_no_more_room_than_it_needs() -> None:
    assert repeated(np.full(1_000, 7, np.uint64)) == list(range(1_000))
    assert repeated(np.empty(0, np.uint64)) == []
