"""The count for a number is what the edited rule gives when it is compiled and counted; parts add up in any order."""

from __future__ import annotations

import random
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from curate import whatif
from curate.comparisons import Comparison, of_rule
from curate.conditions import compile_condition
from curate.judge import Rule, rule_frame
from curate.whatif import GRID, Decided

TYPES = {"chars": pl.Int64, "score": pl.Float64, "other": pl.Float64, "flag": pl.Boolean, "text_bytes": pl.Int64}
CONDITIONS = [
    "chars < 5",
    "chars >= 7",
    "score <= 0.65",
    "score > -0.5",
    "flag OR score < 0.25",
    "NOT (score BETWEEN 0.1 AND 0.3)",
    "score > 0.333 AND (chars < 3 OR other > 1.005)",
    "CASE WHEN chars < 4 THEN flag ELSE NOT flag END",
    "chars = 3 OR score + other > 0.5",
    "chars <> 3",
    "score < 0.5 OR score > 0.9",
]
MOVED = ["0", "3", "4", "-2", "0.25", "0.65", "0.1", "0.5", "1.01", "1", "200", "-0.5", "0.000001"]
SCORES = st.one_of(
    st.none(), st.sampled_from([0.0, -0.0, 0.1, 0.25, 0.3, 0.65, 1.01, -0.5]), st.floats(allow_nan=False)
)
ROWS = st.lists(
    st.tuples(st.one_of(st.none(), st.integers(-5, 9)), SCORES, SCORES, st.one_of(st.none(), st.booleans())),
    max_size=25,
)


def rules_of(conditions: list[str]) -> list[Rule]:
    return [Rule(f"f.{i}", one, compile_condition(one, TYPES, {})) for i, one in enumerate(conditions)]


RULES = {condition: compile_condition(condition, TYPES, {}) for condition in CONDITIONS}
COMPARISONS = {condition: of_rule(Rule("f.0", condition, expression), TYPES) for condition, expression in RULES.items()}


def signals_of(rows: list[Any]) -> pl.DataFrame:
    sized = [(*row, 3 + place % 7) for place, row in enumerate(rows)]
    return pl.DataFrame(sized, schema=TYPES, orient="row")


def parts(rows: list[Any], condition: str, other: str, cut: int) -> list[Decided]:
    """What the first comparison of a condition decides in two parts; `other` is the other rule."""
    rules = [Rule("f.0", condition, RULES[condition]), Rule("f.1", other, RULES[other])]
    frame = signals_of(rows)
    return [
        whatif.of_part(COMPARISONS[condition], part, rule_frame(part, rules)) for part in (frame[:cut], frame[cut:])
    ]


def counted(frame: pl.DataFrame, now: pl.Expr, then: pl.Expr, other: pl.Expr) -> list[list[list[int]]]:
    kept_now, kept_then = ~now & ~other, ~then & ~other
    groups = [~kept_now & kept_then, kept_now & ~kept_then]
    row = [frame.filter(group)["text_bytes"] for group in groups]
    return [[[len(sizes), int(sizes.sum())] for sizes in row]]


def compiled(comparison: Comparison, number: str) -> pl.Expr:
    return compile_condition(comparison.edited(number), TYPES, {})


EDITED = {
    condition: [{number: compiled(one, number) for number in MOVED} for one in comparisons]
    for condition, comparisons in COMPARISONS.items()
}


@settings(deadline=None, max_examples=60)
@given(ROWS, st.sampled_from(CONDITIONS), st.sampled_from(CONDITIONS), st.integers(0, 25))
def test_the_count_for_a_number_is_what_the_edited_rule_gives(rows: Any, condition: str, other: str, cut: int) -> None:
    first, second = parts(rows, condition, other, cut)
    frame = signals_of(rows)
    for place, comparison in enumerate(COMPARISONS[condition]):
        decided = first[place][1] + second[place][1]
        for number, then in EDITED[condition][place].items():
            flips = decided.flips(comparison.operator, [float(number)])
            assert flips.tolist() == counted(frame, RULES[condition], then, RULES[other]), (comparison, number)
        kept = frame.filter(~RULES[condition] & ~RULES[other])["text_bytes"]
        assert decided.kept == (len(kept), int(kept.sum()))


@settings(deadline=None, max_examples=25)
@given(st.lists(ROWS, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_parts_add_up_in_any_order(pieces: list[Any], shuffled: random.Random) -> None:
    condition = "flag OR score < 0.25"
    rules = [Rule("f.0", condition, RULES[condition])]

    def decided(rows: list[Any]) -> Decided:
        frame = pl.DataFrame([(*row, 5) for row in rows], schema=TYPES, orient="row")
        return whatif.of_part(COMPARISONS[condition], frame, rule_frame(frame, rules))[0][1]

    whole = decided([row for piece in pieces for row in piece])
    shuffled.shuffle(pieces)
    total = reduce(add, map(decided, pieces), whatif.empty())
    assert total.places.tolist() == whole.places.tolist()
    assert total.counts.tolist() == whole.counts.tolist()
    assert total.whatever.tolist() == whole.whatever.tolist()
    assert (total.low, total.high) == (whole.low, whole.high)


@given(st.integers(0, len(GRID) - 1))
def test_numbers_of_the_grid_are_what_is_written_with_three_digits(place: int) -> None:
    number = float(GRID[place])
    assert float(f"{number:.3g}") == number
    assert f"{abs(number):.2e}".replace(".", "")[:3] == f"{int(whatif.digits_of(np.array([place]))[0]):03}"
    assert whatif.place(np.array([number])).tolist() == [2 * place + 1]
    assert whatif.place(np.nextafter([number, number], [np.inf, -np.inf])).tolist() == [2 * place + 2, 2 * place]
