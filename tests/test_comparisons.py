"""Which numbers of a condition can be moved, where they stand, and what the condition is with another."""

from __future__ import annotations

import polars as pl
import pytest

from curate.comparisons import Comparison, of_filters, of_rule
from curate.conditions import compile_condition
from curate.judge import Rule
from curate.pipeline import Pipeline

TYPES = {"chars": pl.Int64, "score": pl.Float64, "other": pl.Float64, "lang": pl.String, "flag": pl.Boolean}


def found(condition: str) -> list[Comparison]:
    return of_rule(Rule("length.rule", condition, compile_condition(condition, TYPES, {})), TYPES)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("chars < 100", [("100", "<", "chars")]),
        ("100 >= chars", [("100", "<=", "chars")]),
        ("lang != 'zh' OR score < 0.65", [("0.65", "<", "score")]),
        ("lang = 'a 5 < 6' OR \"score\" > 5 -- 7\n", [("5", ">", "score")]),
        ("chars BETWEEN 1 AND 33", [("1", ">=", "chars"), ("33", "<=", "chars")]),
        ("NOT (score > 1e-3 AND chars = 3)", [("1e-3", ">", "score"), ("3", "=", "chars")]),
        ("score > -0.5 OR score < - 3", [("-0.5", ">", "score"), ("- 3", "<", "score")]),
        ("score + other > .55", [(".55", ">", None)]),
        ("score > 0.45 * other", []),
        ("score > 5 / 10", []),
        ("CASE WHEN chars < 9 THEN flag ELSE NOT flag END", [("9", "<", "chars")]),
        ("chars > 3 * 4 OR chars < 2", [("2", "<", "chars")]),
        ("chars IN (1, 2)", []),
        ("ROUND(score, 2) > 0.5", [("0.5", ">", None)]),
    ],
)
def test_a_number_that_is_compared_with_something_measured_is_found_where_it_stands(condition, expected) -> None:
    assert [(one.text, one.operator, one.signal) for one in found(condition)] == expected


def test_the_condition_is_edited_in_the_place_of_the_number_alone() -> None:
    first, second = found("chars < 10 AND score < 0.10")
    assert first.edited("12") == "chars < 12 AND score < 0.10"
    assert second.edited("0.2") == "chars < 10 AND score < 0.2"
    assert (first.whole, second.whole) == (True, False)


def test_the_sign_is_the_one_that_is_written_the_quantity_on_its_left() -> None:
    signs = [found(f"chars {sign} 3")[0].sign for sign in ("<", "<=", ">", ">=", "=", "!=", "<>")]
    assert signs == ["<", "<=", ">", ">=", "=", "!=", "!="]
    assert found("3 < chars")[0].sign == ">"


def test_only_rules_that_look_at_one_document_have_numbers_to_move() -> None:
    text = "read:\n  - jsonl: {paths: [x]}\nfilters:\n  - length:\n      name: own\n      drop:\n"
    pipeline = Pipeline.parse(text + "        too_short: chars < 7\n  - near_duplicates\n")
    types = {**pipeline.document_signals(), "own_chars": pl.Int64, "own_lines": pl.Int64}
    assert [(one.reason, one.signal) for one in of_filters(pipeline.filters[:1], types)] == [
        ("own.too_short", "own_chars")
    ]
