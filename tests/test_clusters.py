"""Clusters and survivors, against a slow graph search."""

import random
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate import clusters
from curate.errors import CurateError

RULES = ["duplicate", "in_earlier_run"]


def found(
    groups: list[list[int]], kept: dict[int, tuple[str, Any]], descending: bool | None = None, keep: int = 1
) -> dict[int, int]:
    """Dropped row of ten to survivor; `kept` maps rows to (id, value of the order column)."""
    pairs = [(number, row) for number, group in enumerate(groups) for row in group]
    frame = pl.DataFrame(pairs, schema={"group": pl.Int64, "row": pl.Int64}, orient="row")
    members = pl.DataFrame(
        [(row, id_, value) for row, (id_, value) in kept.items()],
        schema={"row": pl.Int64, "id": pl.String, "chars": pl.Int64}, orient="row",
    )  # fmt: skip
    order = [] if descending is None else [("chars", descending)]
    mask = np.zeros(10, np.bool_)
    mask[list(kept)] = True
    cluster = clusters.connected([frame], mask)
    rows = [rows for rows in clusters.slices(cluster, 3)]  # small slices
    judged = [clusters.survivors(_of(members, part, cluster), order, keep, RULES) for part in rows]
    result = pl.concat([pl.DataFrame(schema=clusters.MEMBERS), *judged]).filter(pl.col("reason") == "duplicate")
    return dict(zip(result["row"].to_list(), result["survivor"].to_list(), strict=True))


def _of(members: pl.DataFrame, rows: Any, cluster: Any) -> pl.DataFrame:
    named = pl.DataFrame({"row": rows, "cluster": cluster[rows]}, schema_overrides={"row": pl.Int64})
    return named.join(members, on="row").with_columns(earlier=0)


def test_the_first_by_id_survives_without_prefer() -> None:
    assert found([[1, 2, 3]], {1: ("c", 1), 2: ("a", 2), 3: ("b", 3)}) == {1: 2, 3: 2}


def test_the_preferred_member_survives_ties_go_to_the_id_and_nulls_come_last() -> None:
    kept = {1: ("c", 5), 2: ("a", 2), 3: ("b", 5), 4: ("0", None)}
    assert found([[1, 2, 3, 4]], kept, descending=True) == {1: 3, 2: 3, 4: 3}
    assert found([[1, 2, 3, 4]], kept, descending=False) == {1: 2, 3: 2, 4: 2}


def test_equal_ids_go_by_row() -> None:
    assert found([[1, 2, 3]], {1: ("a", 1), 2: ("a", 1), 3: ("a", 1)}) == {2: 1, 3: 1}


def test_dropped_members_do_not_link() -> None:
    # 1-2 and 2-3 are alike; 2 is dropped: 1 and 3 both stay
    assert found([[1, 2], [2, 3]], {1: ("a", 1), 3: ("c", 1)}) == {}
    assert found([[1, 2], [2, 3]], {1: ("a", 1), 2: ("b", 1), 3: ("c", 1)}) == {2: 1, 3: 1}


def test_a_group_of_which_one_member_is_kept_loses_nothing() -> None:
    assert found([[1, 2, 3]], {2: ("b", 1)}) == {}
    assert found([], {}) == {}


@settings(max_examples=150, deadline=None)
@given(
    groups=st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=4, unique=True), max_size=6),
    values=st.lists(st.one_of(st.none(), st.integers(0, 2)), min_size=10, max_size=10),
    kept=st.sets(st.integers(0, 9)),
    descending=st.booleans(),
    seed=st.integers(0, 9),
)
def test_every_cluster_keeps_exactly_its_best_member(
    groups: list[list[int]], values: list[int | None], kept: set[int], descending: bool, seed: int
) -> None:
    ids = random.Random(seed).sample("abcdefghij", 10)
    members = {row: (ids[row], values[row]) for row in sorted({row for group in groups for row in group} & kept)}
    expected: dict[int, int] = {}
    seen: set[int] = set()
    for start in members:
        cluster, todo = set(), [start]
        while todo and start not in seen:
            row = todo.pop()
            cluster.add(row)
            todo += [
                other
                for group in groups
                if row in group
                for other in group
                if other in members | {} and other not in cluster
            ]
        seen |= cluster

        def rank(row: int) -> tuple[bool, int, str]:
            value = values[row]
            return value is None, (value or 0) * (-1 if descending else 1), ids[row]

        if cluster:
            best = min(cluster, key=rank)
            expected |= {row: best for row in cluster - {best}}
    assert found(groups, members, descending) == expected
    shuffled = random.Random(seed).sample(groups, len(groups))
    assert found(shuffled, members, descending) == expected


def test_as_many_copies_are_kept_as_asked() -> None:
    kept = {row: (str(row), row) for row in range(1, 6)}
    assert found([[1, 2, 3, 4, 5]], kept, descending=True, keep=2) == {1: 5, 2: 5, 3: 5}
    assert found([[1, 2, 3, 4, 5]], kept, descending=True, keep=5) == {}


def judged(rows: list[tuple[int, int, int]], keep: int = 1, rules: list[str] = RULES) -> list[tuple[Any, ...]]:
    """`clusters.MEMBERS` of members (row, cluster, whether an earlier run kept it)."""
    members = pl.DataFrame(
        [(row, cluster, earlier, f"{row:02}") for row, cluster, earlier in rows],
        schema={"row": pl.Int64, "cluster": pl.Int32, "earlier": pl.Int64, "id": pl.String}, orient="row",
    )  # fmt: skip
    return clusters.survivors(members, [], keep, rules).rows()


def test_what_an_earlier_run_kept_survives_and_all_of_the_runs_own_are_dropped() -> None:
    rows = [(0, 0, 0), (1, 0, 0), (9, 0, 2), (2, 2, 0), (3, 2, 0)]
    reason = "in_earlier_run"
    expected = [(0, 9, 3, reason, 0), (1, 9, 3, reason, 0), (2, None, 2, None, 2), (3, 2, 2, "duplicate", 2)]
    assert judged(rows) == expected


def test_repeats_of_an_earlier_run_can_be_marked_only_and_are_then_judged_among_themselves() -> None:
    rows = [(0, 0, 0), (1, 0, 0), (9, 0, 2)]
    assert judged(rows, rules=["duplicate"]) == [(0, 9, 3, None, 0), (1, 0, 3, "duplicate", 0)]
    assert judged(rows, rules=[]) == [(0, 9, 3, None, 0), (1, 9, 3, None, 0)]


def test_what_stands_for_a_cluster_was_kept_by_the_earlier_run_if_it_is_there() -> None:
    assert judged([(0, 0, 0), (8, 0, 1), (9, 0, 2)]) == [(0, 9, 2, "in_earlier_run", 0)]
    assert judged([(0, 0, 0), (7, 0, 1), (8, 0, 1)]) == [(0, 7, 2, "in_earlier_run", 0)]


def test_a_cluster_can_be_marked_without_dropping() -> None:
    assert judged([(2, 2, 0), (3, 2, 0)], rules=[]) == [(2, None, 2, None, 2), (3, None, 2, None, 2)]


def test_similarities_are_those_of_links_to_the_survivor() -> None:
    links = pl.DataFrame({"group": [0, 0, 1, 1], "row": [1, 2, 2, 5], "similarity": [0.9, 0.9, 0.8, 0.8]})
    members = pl.DataFrame({"row": [1, 2, 5], "survivor": [None, 1, 1]}, schema={"row": pl.Int64, "survivor": pl.Int64})
    assert clusters.similarities([links], members).to_list() == [None, 0.9, None]
    assert clusters.similarities([links], members.clear()).to_list() == []


def test_more_documents_than_can_be_numbered_are_refused() -> None:
    many = np.broadcast_to(np.True_, 1 << 31)
    with pytest.raises(CurateError, match="more than 2,147,483,648 documents"):
        clusters.connected([], many)
