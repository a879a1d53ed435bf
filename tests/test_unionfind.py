from itertools import pairwise
from random import Random

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.kernels.unionfind import clusters, count_pairs, in_chunks, link_groups, pairs_within, settle, sizes

Rows = npt.NDArray[np.int64]


def connected(n: int, links: list[tuple[int, int]]) -> list[set[int]]:
    """The cluster of every row, by walking from it until nothing new is met."""
    met = [{row} for row in range(n)]
    for row in range(n):
        grown = True
        while grown:
            more = {b for a, b in links if a in met[row]} | {a for a, b in links if b in met[row]}
            grown = not more <= met[row]
            met[row] |= more
    return met


def columns(groups: list[list[int]]) -> tuple[Rows, Rows]:
    group = [number for number, members in enumerate(groups) for _ in members]
    return np.array(group, np.int64), np.array([row for members in groups for row in members], np.int64)


def pairs(groups: list[list[int]], bound: int) -> list[tuple[int, int]]:
    packed = pairs_within(*columns(groups), bound, 0, 1 << 32)
    assert len(packed) == count_pairs(columns(groups)[0], bound)
    return [(int(pair) >> 32, int(pair) & 0xFFFFFFFF) for pair in packed]


def grouped(groups: list[list[int]], kept: list[bool]) -> list[int]:
    """Each row's cluster."""
    parent = np.arange(len(kept), dtype=np.int32)
    link_groups(parent, *columns(groups), np.array(kept))
    settle(parent)
    return [int(row) for row in parent]


links_of_12 = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=15)
groups_of_12 = st.lists(st.lists(st.integers(0, 11), min_size=2, max_size=5, unique=True), max_size=6)
kept_of_12 = st.lists(st.booleans(), min_size=12, max_size=12)


@settings(deadline=None)
@given(links_of_12)
def test_a_root_is_the_smallest_row_that_links_lead_to(links: list[tuple[int, int]]) -> None:
    left, right = np.array([a for a, _ in links], np.int64), np.array([b for _, b in links], np.int64)
    assert clusters(left, right, 12).tolist() == [min(met) for met in connected(12, links)]


def test_a_long_chain_is_one_cluster_in_either_direction() -> None:
    rows = np.arange(200_000)
    assert not clusters(rows[:-1], rows[1:], 200_000).any()
    assert not clusters(rows[:0:-1], rows[-2::-1], 200_000).any()


@settings(deadline=None)
@given(groups_of_12, kept_of_12, st.randoms(use_true_random=False))
def test_a_cluster_is_what_kept_rows_lead_to_whatever_the_order(
    groups: list[list[int]], kept: list[bool], random: Random
) -> None:
    links = [(a, b) for members in groups for a in members for b in members if kept[a] and kept[b]]
    expected = [min(met) for met in connected(12, links)]
    assert grouped(groups, kept) == expected
    shuffled = [random.sample(members, len(members)) for members in groups]
    random.shuffle(shuffled)
    assert grouped(shuffled, kept) == expected
    counted = sizes(np.array(expected, np.int32)).tolist()
    assert counted == [expected.count(row) for row in range(12)]


def test_a_dropped_row_does_not_chain_its_neighbours_together() -> None:
    assert grouped([[0, 1], [1, 2]], [True, True, True]) == [0, 0, 0]
    assert grouped([[0, 1], [1, 2]], [True, False, True]) == [0, 1, 2]


def test_a_group_stays_together_when_members_between_are_dropped() -> None:
    assert grouped([[0, 1, 2, 3]], [True, False, False, True]) == [0, 1, 2, 0]


def test_no_groups_leave_every_row_to_itself() -> None:
    nothing = np.empty(0, np.int64)
    assert grouped([], [True] * 3) == [0, 1, 2]
    assert clusters(nothing, nothing, 2).tolist() == [0, 1]
    assert pairs_within(nothing, nothing, 32, 0, 9).tolist() == []


@settings(deadline=None)
@given(st.lists(st.integers(2, 50), max_size=4), st.integers(0, 60), st.integers(0, 60))
def test_pairs_of_a_range_are_those_whose_first_row_lies_in_it(group_sizes: list[int], first: int, end: int) -> None:
    groups = [list(range(number, number + size)) for number, size in enumerate(group_sizes)]
    some = sorted(int(pair) for pair in pairs_within(*columns(groups), 8, first, end))
    every = sorted((a << 32) + b for a, b in pairs(groups, 8))
    assert some == [pair for pair in every if first <= pair >> 32 < end]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20), st.integers(1, 30))
def test_chunks_follow_the_pairs_and_hold_each_text_once(links: list[tuple[int, int]], limit: int) -> None:
    left, right = (np.array([link[side] for link in links], np.int64) for side in (0, 1))
    size = np.arange(1, 9)
    chunk, row, of = in_chunks(left, right, size, limit)
    assert (np.diff(chunk) >= 0).all() and (not links or chunk[0] == 0)
    wanted = list(zip(of.tolist(), row.tolist(), strict=True))
    assert len(set(wanted)) == len(wanted)
    assert set(wanted) == {(number, one) for number, link in zip(chunk.tolist(), links, strict=True) for one in link}
    for number in set(of.tolist()):
        held = size[row[of == number]].sum()
        assert held <= limit or (chunk == number).sum() == 1 or _each_adds_nothing(links, chunk, number)


def _each_adds_nothing(links: list[tuple[int, int]], chunk: Rows, number: int) -> bool:
    """Whether a chunk that is too large consists of one pair, met several times."""
    return len({frozenset(link) for link, one in zip(links, chunk.tolist(), strict=True) if one == number}) == 1


def test_in_a_small_group_each_meets_each() -> None:
    assert sorted(pairs([[3, 5, 9], [1, 2]], 3)) == [(1, 2), (3, 5), (3, 9), (5, 9)]


def test_in_a_large_group_each_meets_those_at_powers_of_two() -> None:
    expected = [(a, a + stride) for stride in (1, 2, 4, 8) for a in range(10 - stride)]
    assert sorted(pairs([list(range(10))], 9)) == sorted(expected)


def test_a_group_of_a_thousand_has_nine_thousand_pairs() -> None:
    assert len(pairs([list(range(1_000))], 32)) == sum(1_000 - (1 << k) for k in range(10)) == 8_977


def test_a_large_group_stays_connected_when_a_third_of_it_is_lost_at_random() -> None:
    links = np.array(pairs([list(range(1_000))], 32))
    generator = np.random.default_rng(0)
    for _ in range(20):
        kept = generator.random(1_000) > 1 / 3
        both = links[kept[links[:, 0]] & kept[links[:, 1]]]
        roots = clusters(np.ascontiguousarray(both[:, 0]), np.ascontiguousarray(both[:, 1]), 1_000)
        assert (roots[kept] == np.flatnonzero(kept)[0]).all()


def test_a_large_group_stays_connected_when_a_third_of_it_in_one_run_is_lost() -> None:
    links = np.array(pairs([list(range(1_000))], 32))
    for start in range(0, 667, 37):
        kept = np.ones(1_000, np.bool_)
        kept[start : start + 333] = False
        both = links[kept[links[:, 0]] & kept[links[:, 1]]]
        roots = clusters(np.ascontiguousarray(both[:, 0]), np.ascontiguousarray(both[:, 1]), 1_000)
        assert (roots[kept] == np.flatnonzero(kept)[0]).all()


@settings(deadline=None)
@given(st.lists(st.integers(1, 60), max_size=6), st.integers(0, 40))
def test_pairs_are_ordered_unique_and_within_a_group(sizes: list[int], bound: int) -> None:
    starts = np.cumsum([0, *sizes])
    groups = [list(range(start, start + size)) for start, size in zip(starts, sizes, strict=False)]
    found = pairs(groups, bound)
    assert len(set(found)) == len(found)
    of = {row: number for number, members in enumerate(groups) for row in members}
    assert all(a < b and of[a] == of[b] for a, b in found)
    assert all((a, b) in found for members in groups for a, b in pairwise(members))
