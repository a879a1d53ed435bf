"""Rules. Truth tables by hand (SQL's three-valued logic)."""

from __future__ import annotations

from typing import Any, ClassVar

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate import judge
from curate.contracts import CorpusFilter, Documents, Filter, Line
from curate.errors import PipelineError

TYPES = {"chars": pl.Int64, "lines": pl.Int64, "lang": pl.String, "lang_score": pl.Float64, "flag": pl.Boolean}


def broken(condition: str, own: dict[str, str] | None = None, **columns: list[Any]) -> list[bool]:
    """Which documents break a rule."""
    expression = judge.compile_rule(condition, TYPES, own or {}, "filters[0].x.drop.y")
    height = len(next(iter(columns.values())))
    frame = pl.DataFrame({name: columns.get(name, [None] * height) for name in TYPES}, schema=TYPES)
    result = frame.select(rule=expression)["rule"]
    assert result.null_count() == 0
    return result.to_list()


def fault(condition: str) -> str:
    with pytest.raises(PipelineError) as caught:
        judge.compile_rule(condition, TYPES, {}, "filters[0].x.drop.y")
    assert "\n" not in str(caught.value)
    return str(caught.value)


# Null.


def test_a_null_signal_drops_the_document() -> None:
    assert broken("chars < 100", chars=[99, 100, None]) == [True, False, True]
    assert broken("flag", flag=[True, False, None]) == [True, False, True]
    assert broken("NOT flag", flag=[True, False, None]) == [False, True, True]


def test_or_and_and_follow_kleene() -> None:
    both = {"chars": [1, 1, 1, 0, 0, 0, None, None, None], "lines": [1, 0, None] * 3}
    yes, no = True, False
    # null OR true is true, null OR false is null, and null drops
    assert broken("chars = 1 OR lines = 1", **both) == [yes, yes, yes, yes, no, yes, yes, yes, yes]
    # null AND false is false: such a document is kept
    assert broken("chars = 1 AND lines = 1", **both) == [yes, no, yes, no, no, no, yes, no, yes]


def test_a_rule_may_say_itself_what_null_means() -> None:
    assert broken("COALESCE(chars, 1000) < 100", chars=[None, 5]) == [False, True]
    assert broken("chars IS NOT NULL AND chars < 100", chars=[None, 5]) == [False, True]
    assert broken("chars IS NULL", chars=[None, 5]) == [True, False]


def test_what_cannot_be_divided_is_null_and_not_nan() -> None:
    # 0 / 0: NaN would be below nothing and above everything
    columns = {"chars": [0, 1, 4], "lines": [0, 0, 2]}
    assert broken("chars / lines < 0.1", **columns) == [True, False, False]
    assert broken("chars / lines > 3", **columns) == [True, True, False]
    assert broken("NOT (chars / lines > 3)", **columns) == [True, False, True]
    assert broken("chars / lines BETWEEN 1 AND 3", **columns) == [True, False, True]
    assert broken("CASE WHEN chars / lines > 1 THEN TRUE ELSE FALSE END", chars=[4], lines=[2]) == [True]
    assert broken("LN(lang_score) > 0", lang_score=[-1.0, 2.0]) == [True, True]
    assert broken("SQRT(lang_score) < 0", lang_score=[-1.0, 2.0]) == [True, False]


def test_division_is_of_numbers_and_not_of_whole_numbers() -> None:
    assert broken("chars / lines > 0.4", chars=[1, 1], lines=[2, 3]) == [True, False]


def test_a_cast_that_fails_is_null_and_stops_nothing() -> None:
    assert broken("CAST(lang AS BIGINT) > 5", lang=["7", "3", "zh", "", None]) == [True, False, True, True, True]
    assert broken("CAST(lang_score AS TINYINT) > 5", lang_score=[6.5, 1.0, 1e9]) == [True, False, True]


# Numbers and text.


def test_a_decimal_of_a_rule_is_the_float_of_the_signal() -> None:
    scores = {"lang_score": [0.65, 0.6499999999999999, 0.6500000000000001]}
    assert broken("lang_score < 0.65", **scores) == [False, True, False]
    assert broken("lang_score <= 0.65", **scores) == [True, True, False]
    assert broken("lang_score > 0.65", **scores) == [False, False, True]
    assert broken("lang_score >= 0.65", **scores) == [True, False, True]
    assert broken("lang_score = 0.65", **scores) == [True, False, False]
    assert broken("lang_score != 0.65", **scores) == [False, True, True]
    assert broken("lang_score * 1 < 0.65", **scores) == [False, True, False]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6).map(lambda n: n / 10**6), st.floats(0, 1))
def test_a_threshold_means_the_float_that_python_reads(threshold: float, value: float) -> None:
    values = [value, threshold]
    assert broken(f"lang_score < {threshold:.6f}", lang_score=values) == [one < threshold for one in values]


def test_the_usual_rules_work() -> None:
    columns = {"lang": ["zh", "en", None], "lang_score": [0.9, 0.9, 0.9]}
    assert broken("lang != 'zh' OR lang_score < 0.65", **columns) == [False, True, True]
    assert broken("lang IN ('zh', 'en')", **columns) == [True, True, True]
    assert broken("lang NOT IN ('zh', 'ja')", **columns) == [False, True, True]
    assert broken("lang LIKE 'z%'", **columns) == [True, False, True]
    assert broken("chars BETWEEN 10 AND 20", chars=[9, 10, 20, 21]) == [False, True, True, False]
    assert broken('"chars" > 1 AND ABS(lines - 3) > 1', chars=[2, 2], lines=[1, 3]) == [True, False]
    by_language = "CASE WHEN lang = 'zh' THEN chars < 100 ELSE chars < 300 END"
    assert broken(by_language, lang=["zh", "en"], chars=[200, 200]) == [False, True]
    assert broken("GREATEST(chars, lines) > 5", chars=[6, 1], lines=[1, 1]) == [True, False]


@pytest.mark.parametrize(
    "condition", ["lang < 0.65", "lang = 1", "chars = 'x'", "lang BETWEEN 1 AND 2", "lang > chars"]
)
def test_text_is_not_compared_with_a_number(condition: str) -> None:
    assert fault(condition) == f"filters[0].x.drop.y: {condition!r} compares text with a number"


# What a rule may not be.

REFUSED = {
    "chars > AVG(chars)": "an aggregate",
    "chars > MAX(chars)": "an aggregate",
    "MIN(chars) > 1": "an aggregate",
    "SUM(chars) > 1": "an aggregate",
    "COUNT(chars) > 1": "an aggregate",
    "COUNT(*) > 1": "an aggregate",
    "FIRST(chars) > 1": "an aggregate",
    "MEDIAN(chars) > 1": "an aggregate",
    "STDDEV(chars) > 1": "an aggregate",
    "QUANTILE_CONT(chars, 0.5) > 1": "an aggregate",
    "CORR(chars, lines) > 0": "an aggregate",
    "COVAR(chars, lines) > 0": "an aggregate",
    "chars > LAG(chars) OVER (ORDER BY chars)": "a window",
    "ROW_NUMBER() OVER (ORDER BY chars) > 1": "a window",
    "RANK() OVER (ORDER BY chars) > 1": "a window",
    "chars > SUM(chars) OVER (PARTITION BY lang)": "a window",
    "chars > ANY(lines)": "an aggregate",
    "chars > (SELECT 1)": "a subquery",
    "EXISTS (SELECT 1)": "a subquery",
    "UNNEST(chars)": "Explode",
    "COLUMNS('chars') > 1": "Selector",
    "chars > 1 AS too_long": None,
    "chars AS c": "AS c",
    "t.chars > 1": "StructExpr",
    "NOW() > '2020-01-01' AND flag": "a datetime",
    "CURRENT_DATE > '2020-01-01' AND flag": "a date",
    "ARRAY_CONTAINS(STRING_TO_ARRAY(lang, 'a'), 'a')": "ListExpr",
}
# Polars 2.0 is the newest for Python 3.10; what its SQL cannot say need not be refused by its node.
UNKNOWN_TO_POLARS_2_0 = {
    "EXISTS (SELECT 1)",
    "NOW() > '2020-01-01' AND flag",
    "CURRENT_DATE > '2020-01-01' AND flag",
}


@pytest.mark.parametrize("condition", REFUSED)
def test_a_rule_looks_at_one_document_and_not_at_others_nor_at_the_clock(condition: str) -> None:
    message = fault(condition)
    if condition in UNKNOWN_TO_POLARS_2_0 and pl.__version__.startswith("2.0."):
        assert message.startswith(f"filters[0].x.drop.y: {condition!r} is not a condition: ")
    elif REFUSED[condition]:
        assert message == (
            f"filters[0].x.drop.y: {condition!r} uses {REFUSED[condition]}; "
            "a rule is a condition on the signals of one document"
        )


@pytest.mark.parametrize(
    "condition", ["", "  ", "chars >", "chars < 1, lines < 1", "chars < 1; lines", "SELECT chars FROM t", "*", "chars <"
                  " ?", "a IN (SELECT a FROM t)", "CUM_SUM(chars) > 1", "RANDOM() > 0.5", "chars && lines"],
)  # fmt: skip
def test_what_is_no_condition_is_said_to_be_none(condition: str) -> None:
    assert fault(condition).startswith(f"filters[0].x.drop.y: {condition!r} is not a condition: ")


@pytest.mark.parametrize("condition", ["TRUE", "1 < 2", "NULL", "PI() > 3"])
def test_a_rule_that_names_no_signal_is_refused(condition: str) -> None:
    assert "names no signal" in fault(condition)


@pytest.mark.parametrize(
    ("condition", "kind"),
    [("chars", "Int64"), ("lang", "String"), ("chars + 1", "Int64"), ("chars XOR lines", "Int64")],
)
def test_a_rule_is_true_or_false(condition: str, kind: str) -> None:
    assert fault(condition) == (
        f"filters[0].x.drop.y: {condition!r} is {kind}, not true or false; compare it with something"
    )


def test_what_would_fail_on_a_document_fails_before_the_run() -> None:
    assert "cannot be computed: regex error" in fault("REGEXP_LIKE(lang, '(')")
    assert "cannot be computed" in fault("STRPTIME(lang, '%Y') IS NULL")


def test_an_unknown_signal_names_the_nearest_one() -> None:
    assert fault("char < 100") == "filters[0].x.drop.y: no signal is called 'char'; did you mean 'chars'?"
    assert fault("CASE WHEN flag THEN lang_scor ELSE 1 END < 1").endswith("did you mean 'lang_score'?")


def test_a_bare_name_means_the_filters_own_column() -> None:
    own = {"length": "chars"}
    assert broken("length < 100", own, chars=[5, 500]) == [True, False]
    assert broken("length < 100 AND lang != 'length'", own, chars=[5, 500], lang=["zh", "zh"]) == [True, False]
    assert broken("length IN (5, 6)", own, chars=[5, 500]) == [True, False]


FRAGMENTS = ["chars", "lang", "lang_score", "flag", "0.5", "3", "'zh'", "NULL", "<", "=", "AND", "OR", "NOT", "(", ")",
             "IN", "/", "+", "BETWEEN", "LIKE", "IS NULL", "AVG(", "OVER", "CASE", "WHEN", "THEN", "END", "LENGTH(",
             ",", "COALESCE(", "::int", "%", "||", "*", ";", "--", "SELECT", "é", "\n"]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=7).map(" ".join))
def test_anything_is_a_rule_of_single_documents_or_one_line_that_says_why_not(condition: str) -> None:
    try:
        expression = judge.compile_rule(condition, TYPES, {}, "here")
    except PipelineError as error:
        assert str(error).startswith("here: ") and "\n" not in str(error)
        return
    frame = pl.DataFrame(
        {"chars": [1, None, 5], "lines": [None, 2, 3], "lang": ["zh", None, "3"], "lang_score": [0.1, 0.9, None],
         "flag": [True, None, False]}, schema=TYPES,
    )  # fmt: skip
    together = frame.select(rule=expression)["rule"].to_list()
    assert together == [frame[row : row + 1].select(rule=expression)["rule"].item() for row in range(3)]
    assert set(together) <= {True, False}


# Filters.


class Size(Filter):
    """Measure lengths."""

    signals: ClassVar[dict[str, Any]] = {"size": pl.Int64, "half": pl.Float64}
    rules: ClassVar[dict[str, str]] = {"small": "size < 10", "odd": "half > 7.5"}

    def measure(self, documents: Documents) -> pl.DataFrame:
        raise NotImplementedError


class Same(CorpusFilter):
    """Compare documents."""


def line(step: Filter, label: str = "size", number: int = 0) -> Line[Filter]:
    return Line(step.label(label), f"filters[{number}].{label}", step)


def test_rules_under_drop_are_laid_over_the_filters_own_and_null_switches_one_off() -> None:
    step = Size(drop={"small": "size < 20", "odd": None, "new": "half = 1"})
    assert judge.merged(step) == {"small": "size < 20", "new": "half = 1"}
    rules = judge.compile_rules([line(step)], judge.signal_columns(line(step)))
    assert [rule.reason for rule in rules] == ["size.small", "size.new"]
    frame = judge.rule_frame(pl.DataFrame({"size": [15, 25], "half": [1.0, 2.0]}), rules)
    assert frame.to_dicts() == [{"size.small": True, "size.new": True}, {"size.small": False, "size.new": False}]


def test_a_rule_that_is_not_there_cannot_be_switched_off() -> None:
    with pytest.raises(PipelineError, match=r"^filters\[0\]\.size\.drop\.smal: no rule .*; did you mean 'small'\?$"):
        judge.check([line(Size(drop={"smal": None}))], judge.DOCUMENT_SIGNALS)


def test_a_filter_without_rules_breaks_nothing() -> None:
    step = Size(drop={"small": None, "odd": None})
    assert judge.compile_rules([line(step)], TYPES) == []
    assert judge.rule_frame(pl.DataFrame({"size": [1]}), []).is_empty()


def test_a_named_filter_prefixes_its_columns_and_reasons_and_its_rules_use_bare_names() -> None:
    second = line(Size(name="body", drop={"small": "size < 20 AND body_half > 1 AND size != 3"}), number=1)
    lines = [line(Size()), second]
    judge.check(lines, judge.DOCUMENT_SIGNALS)
    assert judge.signal_columns(second) == {"body_size": pl.Int64, "body_half": pl.Float64}
    types = judge.signal_columns(lines[0]) | judge.signal_columns(second)
    rules = judge.compile_rules(lines, types)
    assert [rule.reason for rule in rules] == ["size.small", "size.odd", "body.small", "body.odd"]
    frame = pl.DataFrame({"size": [100], "half": [0.0], "body_size": [15], "body_half": [2.0]})
    assert judge.rule_frame(frame, rules).row(0) == (False, False, True, False)


def check_fault(*steps: Filter) -> str:
    with pytest.raises(PipelineError) as caught:
        judge.check([line(step, number=number) for number, step in enumerate(steps)], judge.DOCUMENT_SIGNALS)
    return str(caught.value)


def test_two_filters_may_not_measure_the_same_signal() -> None:
    assert check_fault(Size(), Size()) == (
        "filters[1].size: a signal called 'size' is there already; give this filter a `name:`"
    )


def test_a_signal_of_a_wrong_type_or_with_a_documents_name_is_refused() -> None:
    class Float32(Size):
        signals: ClassVar[dict[str, Any]] = {"size": pl.Float32}

    class Kept(Size):
        signals: ClassVar[dict[str, Any]] = {"kept": pl.Int64}

    assert check_fault(Float32()) == "filters[0].size: signal size is Float32; use Float64, Int64, Boolean or String"
    assert check_fault(Kept()) == "filters[0].size: a signal may not be called 'kept': documents have such a column"


def test_rules_see_the_signals_of_all_filters_and_the_source() -> None:
    judge.check([line(Size(drop={"x": "text_bytes < 9 AND source = 'web'"}))], judge.DOCUMENT_SIGNALS)
    assert check_fault(Size(drop={"x": "text_byte < 9"})).endswith("did you mean 'text_bytes'?")


def test_of_a_corpus_filter_rules_can_only_be_switched_off() -> None:
    judge.check([line(Same(drop={"duplicate": None}), "same")], judge.DOCUMENT_SIGNALS)
    assert check_fault(Same(drop={"duplicate": "x > 1"})) == (
        "filters[0].size.drop.duplicate: documents are compared by the filter's parameters; "
        "only null (off) can be set here"
    )
    assert check_fault(Same(drop={"duplicates": None})) == (
        "filters[0].size.drop.duplicates: unknown rule; did you mean 'duplicate'?"
    )


# prefer.


@pytest.mark.parametrize(
    ("prefer", "order"),
    [
        (None, []),
        ("chars", [("chars", False)]),
        ("chars DESC", [("chars", True)]),
        (" chars desc ,lang_score ASC,  lines", [("chars", True), ("lang_score", False), ("lines", False)]),
    ],
)
def test_prefer_is_a_list_of_signals_with_directions(prefer: str | None, order: list[tuple[str, bool]]) -> None:
    assert judge.order_of(prefer, TYPES, "here") == order


@pytest.mark.parametrize(
    ("prefer", "message"),
    [
        ("chars DOWN", "here: expected `signal [ASC|DESC], …`, not 'chars DOWN'"),
        ("chars,", "here: expected `signal [ASC|DESC], …`, not ''"),
        ("-chars", "here: expected `signal [ASC|DESC], …`, not '-chars'"),
        ("chars + 1", "here: expected `signal [ASC|DESC], …`, not 'chars + 1'"),
        ("char DESC", "here: no signal is called 'char'; did you mean 'chars'?"),
    ],
)
def test_a_wrong_prefer_is_one_line(prefer: str, message: str) -> None:
    with pytest.raises(PipelineError) as caught:
        judge.order_of(prefer, TYPES, "here")
    assert str(caught.value) == message
