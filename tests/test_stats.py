"""Sums of parts in any order, bins that are exact on their edges, tallies and samples by hand."""

from __future__ import annotations

import math
import random
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate import stats
from curate.report import charts
from curate.stats import ALONE, BROKEN, FIRST, FIRST_BYTES, Histogram, Stats, Tally, Values, bin_start, grid_bin

NUMBERS = st.one_of(
    st.floats(allow_nan=False),
    st.floats(0, 1),
    st.integers(-(2**53), 2**53).map(float),
    st.sampled_from([0.0, -0.0, 1.0]),
)
ROWS = st.lists(st.tuples(st.one_of(st.none(), NUMBERS), st.booleans()), max_size=40)


def histogram(rows: list[tuple[float | None, bool]]) -> Histogram:
    values = pl.Series([value for value, _ in rows], dtype=pl.Float64)
    return Histogram.of(values, np.array([kept for _, kept in rows], np.bool_))


def plain(counted: Histogram) -> tuple[Any, ...]:
    return (counted.bins.tolist(), counted.counts.tolist(), counted.nulls, counted.low, counted.high)


@settings(deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_histograms_add_up_in_any_order(parts: list[Any], shuffled: random.Random) -> None:
    whole = histogram([row for part in parts for row in part])
    shuffled.shuffle(parts)
    assert plain(reduce(add, map(histogram, parts))) == plain(whole)
    total = sum(len(part) for part in parts)
    assert whole.total + sum(whole.nulls) == total


@settings(deadline=None)
@given(st.lists(NUMBERS, min_size=1))
def test_bins_ascend_with_their_values_and_are_at_most_a_64th_wide(numbers: list[float]) -> None:
    values = np.clip(np.sort(np.array(numbers)), -1e300, 1e300)
    bins = grid_bin(values + 0.0)
    assert (np.diff(bins) >= 0).all()
    starts = np.abs(bin_start(bins))
    normal = np.abs(values) > 1e-300
    assert (starts <= np.abs(values)).all()
    assert (np.abs(values)[normal] <= starts[normal] * (1 + 1 / 64)).all()


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=30), st.integers(0, 30))
def test_rules_that_fire_together_are_counted_by_pairs(rows: list[tuple[bool, ...]], cut: int) -> None:
    filters = {"f": ["f.a", "f.b"], "g": ["g.c"]}
    verdicts = pl.DataFrame(rows, schema=dict.fromkeys(["f.a", "f.b", "g.c"], pl.Boolean), orient="row")
    verdicts = verdicts.with_columns(
        id=pl.int_range(pl.len()).cast(pl.String), kept=~pl.any_horizontal("f.a", "f.b", "g.c")
    )
    signals = pl.DataFrame({"text_bytes": [1] * len(rows)}, schema={"text_bytes": pl.Int64})
    pieces = [slice(0, cut), slice(cut, None)]
    total = reduce(add, (Stats.of(0, signals[piece], verdicts[piece], filters, 0) for piece in pieces))
    expected = [[sum(row[one] and row[other] for row in rows) for other in range(3)] for one in range(3)]
    assert total.together.tolist() == expected


def test_whole_numbers_below_128_and_64ths_begin_a_bin() -> None:
    edges = np.concatenate([np.arange(128.0), np.arange(64) / 64])
    assert (bin_start(grid_bin(edges)) == edges).all()


@settings(deadline=None)
@example([0.0, 5e-324], [])
@example([5e-324, 5e-324], [])
@example([0.0, 0.0, 5e-324, 1.0], [50.0])
@given(
    st.one_of(
        st.lists(st.floats(0, 1), min_size=2),
        st.lists(st.floats(0, 1e9), min_size=2),
        st.lists(st.integers(0, 10**6).map(float), min_size=2),
    ),
    st.lists(st.sampled_from([0.01, 0.3, 5.0, 50.0, 1000.0]), max_size=2, unique=True),
)
def test_counts_between_the_edges_of_a_chart_are_exact(values: list[float], marks: list[float]) -> None:
    whole = all(value.is_integer() for value in values)
    counted = histogram([(value, True) for value in values])
    edges = charts.axis(counted, marks, whole).edges
    assert edges == sorted(set(edges)) and len(edges) <= 200
    assert all(edges[0] <= value <= edges[-1] for value in [*values, *marks])
    places = np.searchsorted(edges, values, side="right") - 1
    expected = np.bincount(places.clip(0, len(edges) - 2), minlength=len(edges) - 1)
    assert counted.into(edges)[:, 0].tolist() == expected.tolist()


@settings(deadline=None)
@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=200), st.floats(0, 1))
def test_a_quantile_is_a_value_or_at_most_a_64th_too_low(values: list[float], share: float) -> None:
    found = histogram([(value, True) for value in values]).quantile(share)
    exact = sorted(values)[math.floor(share * (len(values) - 1))]
    assert found is not None
    assert exact / (1 + 1 / 63) <= found <= exact


def test_infinity_counts_as_the_greatest_number() -> None:
    counted = histogram([(math.inf, True), (-math.inf, False), (None, False), (2.0, True)])
    assert (counted.low, counted.high, counted.nulls, counted.total) == (-1e300, 1e300, (0, 1), 3)


@settings(deadline=None)
@given(st.lists(st.lists(st.tuples(st.sampled_from(["zh", "en", "", None]), st.booleans())), min_size=1, max_size=5))
def test_values_add_up_in_any_order(parts: list[list[tuple[str | None, bool]]]) -> None:
    def counted(rows: list[tuple[str | None, bool]]) -> Values:
        values = pl.Series([value for value, _ in rows], dtype=pl.String)
        size = np.array([3 + len(value or "") for value, _ in rows], np.int64)
        return Values.of(values, np.array([kept for _, kept in rows], np.bool_), size)

    whole = counted([row for part in parts for row in part])
    assert reduce(add, map(counted, reversed(parts))) == whole
    rows = [row for part in parts for row in part]
    assert whole.nulls == (rows.count((None, True)), rows.count((None, False)))
    kept, dropped = rows.count(("zh", True)), rows.count(("zh", False))
    if kept + dropped:
        assert (whole.counts or {})["zh"] == Tally(kept, dropped, 5 * kept, 5 * dropped)


def test_a_label_of_too_many_values_is_not_counted_whatever_the_order() -> None:
    def numbers(first: int, last: int) -> Values:
        names = [str(number) for number in range(first, last)]
        return Values.of(
            pl.Series(names, dtype=pl.String), np.ones(len(names), np.bool_), np.ones(len(names), np.int64)
        )

    few, many = numbers(0, 6000), numbers(5000, 11_000)
    assert (few + few).counts is not None
    assert (few + many).counts is None
    assert (few + many + few).counts is None and (few + few + many).counts is None


def test_each_value_has_its_documents_and_bytes_kept_and_dropped() -> None:
    values = pl.Series(["news", "forum", "news", None, "news"])
    kept = np.array([True, False, False, True, True])
    counted = Values.of(values, kept, np.array([100, 20, 30, 5, 7]))
    assert counted.counts == {"forum": Tally(0, 1, 0, 20), "news": Tally(2, 1, 107, 30)}
    assert counted.nulls == (1, 0)


def test_most_frequent_values_come_first_then_by_name() -> None:
    tallies = {"b": Tally(1, 1, 10, 10), "a": Tally(0, 2, 0, 20), "c": Tally(3, 0, 30, 0)}
    values = Values(tallies)
    assert values.most_frequent(2) == [("c", tallies["c"]), ("a", tallies["a"])]


FILTERS = {"length": ["length.short", "length.long"], "quality": ["quality.bad"], "none": []}
SIGNALS = pl.DataFrame({"text_bytes": [1, 10, 100, 1000], "chars": [1, 2, 3, 4], "lang": ["zh", "en", "zh", None]})
VERDICTS = pl.DataFrame(
    {
        "id": ["a", "b", "c", "d"],
        "kept": [True, False, False, False],
        "length.short": [False, True, False, False],
        "length.long": [False, True, True, False],
        "quality.bad": [False, True, False, True],
    }
)


def test_a_rule_counts_all_alone_and_first() -> None:
    counted = Stats.of(0, SIGNALS, VERDICTS, FILTERS, 0)
    assert (counted.documents, counted.kept, counted.text_bytes, counted.kept_bytes) == (4, 1, 1111, 1)
    # b breaks all three; c only `long`, d only `bad`.
    assert counted.by_reason[:, BROKEN].tolist() == [1, 2, 2]
    assert counted.by_reason[:, ALONE].tolist() == [0, 1, 1]
    assert counted.by_reason[:, FIRST].tolist() == [1, 1, 1]
    assert counted.by_reason[:, FIRST_BYTES].tolist() == [10, 100, 1000]
    assert counted.by_filter.tolist() == [[2, 1, 2, 110], [2, 1, 1, 1000], [0, 0, 0, 0]]


def test_first_reasons_and_kept_add_up_to_all_documents() -> None:
    counted = Stats.of(0, SIGNALS, VERDICTS, FILTERS, 0)
    assert counted.kept + counted.by_reason[:, FIRST].sum() == counted.documents
    assert counted.kept_bytes + counted.by_filter[:, FIRST_BYTES].sum() == counted.text_bytes


def test_samples_that_break_nothing_else_come_first() -> None:
    chosen = Stats.of(7, SIGNALS, VERDICTS, FILTERS, 0).samples
    rows = chosen.select("reason", "id", "part", "row").rows()
    assert rows == [(-1, "a", 7, 0), (0, "b", 7, 1), (1, "c", 7, 2), (1, "b", 7, 1), (2, "d", 7, 3), (2, "b", 7, 1)]


def many(part: int, n: int) -> Stats:
    rng = np.random.default_rng(part)
    broken = {reason: rng.random(n) < 0.3 for own in FILTERS.values() for reason in own}
    ids = pl.Series("id", [f"{part}:{row}" for row in range(n)], dtype=pl.String)
    verdicts = pl.DataFrame([ids, *(pl.Series(reason, column) for reason, column in broken.items())])
    verdicts = verdicts.with_columns(kept=~pl.any_horizontal(list(broken)))
    signals = pl.DataFrame({"text_bytes": rng.integers(1, 99, n), "score": rng.random(n), "flag": rng.random(n) < 0.5})
    return Stats.of(part, signals, verdicts, FILTERS, 0)


def test_stats_of_parts_add_up_in_any_order() -> None:
    parts = [many(part, n) for part, n in enumerate([50, 1, 0, 200])]
    forward, backward = reduce(add, parts), reduce(add, reversed(parts))
    assert forward.documents == 251
    assert forward.by_reason.tolist() == backward.by_reason.tolist()
    assert forward.samples.equals(backward.samples)
    assert forward.samples.group_by("reason").len()["len"].max() == stats.SAMPLE_SIZE
    for name in ("score", "text_bytes"):
        one, other = forward.signals[name], backward.signals[name]
        assert isinstance(one, Histogram) and isinstance(other, Histogram) and plain(one) == plain(other)
    assert forward.signals["flag"] == backward.signals["flag"]


def test_the_stats_of_nothing_change_nothing() -> None:
    types = {"text_bytes": pl.Int64, "score": pl.Float64, "flag": pl.Boolean}
    one = many(3, 30)
    total = stats.empty(types, FILTERS) + one
    assert total.documents == 30 and total.samples.equals(one.samples)
    assert total.by_filter.tolist() == one.by_filter.tolist()
