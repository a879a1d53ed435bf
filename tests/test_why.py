"""The sentences that say why a document was dropped."""

import polars as pl
import pytest

from curate.contracts import Line
from curate.filters.length import Length
from curate.filters.near_duplicates import NearDuplicates
from curate.filters.quality import Quality
from curate.filters.repeated import RepeatedPassages
from curate.why import broken_rules, sentences

TYPES = {"chars": pl.Int64, "lang": pl.String, "score": pl.Float64, "loud_chars": pl.Int64}


def line(**rules):
    return Line("length", "filters[0].length", Length(drop=rules))


def told(filters, row, language="en"):
    (broken,) = broken_rules(filters, TYPES, [row])
    return sentences(broken, language)


def test_a_sentence_names_the_value_the_rule_and_its_condition():
    row = {"chars": 43, "length.too_short": True}
    assert told([line()], row) == ["dropped because chars = 43: length.too_short drops when chars < 50"]
    assert told([line()], row, "zh") == ["因 chars = 43 被丢弃：规则 length.too_short 丢弃 chars < 50 的文档"]


def test_a_kept_document_is_said_to_break_nothing():
    assert told([line()], {"chars": 99, "length.too_short": False}) == ["kept: it breaks no rule"]
    assert told([line()], {"chars": 99}, "zh") == ["保留：没有违反任何规则"]


def test_a_second_rule_follows_the_first_in_the_order_of_the_pipeline():
    filters = [line(), Line("loud", "filters[1]", Length(name="loud", drop={"too_short": None, "odd": "chars > 10"}))]
    row = {"chars": 43, "loud_chars": 43, "length.too_short": True, "loud.odd": True}
    assert told(filters, row)[1] == "also because loud_chars = 43: loud.odd drops when chars > 10"


@pytest.mark.parametrize(
    ("row", "facts"),
    [
        ({"lang": "en", "score": 0.9}, "lang = 'en'"),
        ({"lang": "zh", "score": 0.3}, "score = 0.3"),
        ({"lang": "en", "score": 0.3}, "lang = 'en' and score = 0.3"),
        ({"lang": "en", "score": None}, "lang = 'en'"),
    ],
)
def test_of_several_ways_those_are_told_that_hold(row, facts):
    condition = "lang != 'zh' OR score < 0.65"
    found = told([line(other=condition)], {**row, "length.other": True})
    assert found == [f"dropped because {facts}: length.other drops when {condition}"]


def test_an_or_in_brackets_in_a_case_or_in_quotes_parts_no_ways():
    condition = "(chars < 9 OR score < 0.1) AND lang != ' OR ' AND CASE WHEN chars < 9 OR score < 2 THEN TRUE END"
    found = told([line(other=condition)], {"chars": 3, "score": 1.5, "lang": "x", "length.other": True})
    assert found == [f"dropped because chars = 3 and score = 1.5 and lang = 'x': length.other drops when {condition}"]


def test_a_signal_that_could_not_be_measured_is_said_so():
    (found,) = told([line(other="score < 0.65")], {"score": None, "length.other": True})
    assert found.startswith("dropped because score could not be measured: length.other drops when score < 0.65; ")


def test_of_a_long_condition_the_simplest_way_that_holds_is_told():
    long = " AND ".join(f"chars + score > {number}" for number in range(8))
    found = told(
        [line(other=f"{long} OR lang = 'en'")], {"chars": 99, "score": 0.5, "lang": "en", "length.other": True}
    )
    assert found == ["dropped because lang = 'en': length.other drops when lang = 'en' OR …"]


def test_a_value_is_never_rounded_to_the_number_that_it_missed():
    found = told([line(other="score < 0.65")], {"score": 0.64999999, "length.other": True})
    assert "score = 0.64999999:" in found[0]
    assert "score = 0.1235:" in told([line(other="score < 0.65")], {"score": 0.123456, "length.other": True})[0]


def test_a_duplicate_names_its_survivor():
    filters = [Line("near", "filters[0]", NearDuplicates())]
    row = {"near.duplicate": True, "duplicate_of": "b:7", "duplicate_run": "runs/old", "near_similarity": 0.91}
    assert told(filters, row) == [
        "dropped because it is a copy of b:7 in runs/old (similarity 0.910): near.duplicate drops when another "
        "document of its group survives"
    ]
    assert "与 b:7 重复（在 runs/old 中）（相似度 0.910）" in told(filters, row, "zh")[0]
    assert "a copy of another document:" in told(filters, {"near.duplicate": True})[0]


def test_a_rule_that_a_parameter_decides_says_what_it_is():
    filters = [Line("repeated_passages", "filters[0]", RepeatedPassages())]
    row = {"repeated_passages.too_little_left": True, "repeated_passage_chars": 700}
    assert "repeated_passages.too_little_left drops when more was cut than is left" in told(filters, row)[0]


def test_a_row_without_text_is_told_apart():
    assert told([line()], {"chars": None, "reasons": ["unreadable"]}) == ["dropped because it has no text"]


def test_rules_of_a_profile_are_told_by_their_own_signals():
    types = {name: kind for name, kind in Quality().signal_types().items()}
    filters = [Line("quality", "filters[0]", Quality())]
    (broken,) = broken_rules(filters, types, [{"han_ratio": 0.01, "quality.few_han": True}])
    assert "because han_ratio = 0.01: quality.few_han drops when han_ratio <" in sentences(broken)[0]
