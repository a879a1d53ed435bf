"""`curate.apply` on every kind of frame, and a filter of one's own."""

import polars as pl
import pytest

import curate
from curate.errors import PipelineError
from curate.testing import TEXTS, check_filter

GOOD = (
    "今天早上下了一场小雨，街边的桂花开了。卖豆浆的老人说，今年的花比去年开得早一些，"
    "也更香一些，于是街坊都来摘一把回去泡茶。"
)


class Exclamations(curate.Filter):
    """Drop texts that shout."""

    signals = {"exclamation_ratio": pl.Float64}
    rules = {"shouting": "exclamation_ratio > 0.05"}

    def measure(self, documents):
        text = documents.frame["text"]
        ratio = text.str.count_matches("[!！]") / text.str.len_chars()
        return pl.DataFrame({"exclamation_ratio": ratio.fill_nan(None)})


def test_a_list_of_strings_is_judged_with_reasons():
    found = curate.apply(["length", "language"], [GOOD, "短", GOOD])
    assert found["kept"].to_list() == [True, False, True]
    assert "length.too_short" in found["reasons"][1]
    assert {"chars", "lang", "lang_score", "length.too_short", "language.not_chinese"} <= set(found.columns)


def test_polars_pandas_and_datasets_give_the_same():
    datasets = pytest.importorskip("datasets")
    pandas = pytest.importorskip("pandas")
    columns = {"title": ["甲", "乙", "丙"], "body": [GOOD, None, "！！！"]}
    frames = [pl.DataFrame(columns), pandas.DataFrame(columns), datasets.Dataset.from_dict(columns)]
    found = [curate.apply([Exclamations()], frame, text="body") for frame in frames]
    assert found[0].equals(found[1]) and found[0].equals(found[2])
    assert found[0]["reasons"].to_list() == [[], ["unreadable"], ["exclamations.shouting"]]
    assert found[0]["kept"].to_list() == [True, False, False]


def test_duplicates_are_found_inside_the_frame():
    found = curate.apply(["exact_duplicates", "near_duplicates"], [GOOD, GOOD, GOOD + "完。"])
    assert found["kept"].to_list() == [True, False, False]
    assert found["reasons"].to_list() == [[], ["exact_duplicates.duplicate"], ["near_duplicates.duplicate"]]


def test_the_longest_of_a_cluster_survives_when_preferred():
    found = curate.apply(["length", {"near_duplicates": {"prefer": "chars DESC"}}], [GOOD, GOOD + "完。"])
    assert found["kept"].to_list() == [False, True]


def test_parameters_are_checked_as_in_a_pipeline():
    with pytest.raises(PipelineError, match=r"filters\[0\]\.length\.dorp: unknown parameter; did you mean 'drop'"):
        curate.apply([{"length": {"dorp": {}}}], [GOOD])
    with pytest.raises(PipelineError, match="no column 'text'"):
        curate.apply(["length"], pl.DataFrame({"txt": [GOOD]}))
    with pytest.raises(PipelineError, match="holds Int64, not text"):
        curate.apply(["length"], pl.DataFrame({"text": [1]}))
    with pytest.raises(PipelineError, match="has a column 'chars' already"):
        curate.apply(["length"], pl.DataFrame({"text": [GOOD], "chars": [1]}))
    with pytest.raises(PipelineError, match="expected a Polars or pandas frame"):
        curate.apply(["length"], 7)


def test_an_empty_frame_has_the_columns_all_the_same():
    found = curate.apply(["length", "exact_duplicates"], [])
    assert found.height == 0
    assert {"chars", "kept", "reasons"} <= set(found.columns)


def test_rows_do_not_depend_on_the_size_of_batches(monkeypatch):
    whole = curate.apply(["length", "quality"], TEXTS)
    monkeypatch.setattr("curate.api.BATCH_ROWS", 2)
    assert curate.apply(["length", "quality"], TEXTS).equals(whole)


def test_every_built_in_filter_keeps_the_contract():
    from curate import registry

    for name in registry.names("filters"):
        kind = registry.find("filters", name, "test")
        needs_a_file = name == "domain" or any(info.is_required() for info in kind.model_fields.values())
        if not needs_a_file:  # else in a test of its own
            check_filter(kind())


def test_a_filter_of_ones_own_keeps_the_contract():
    check_filter(Exclamations())


class Forgetful(Exclamations):
    def measure(self, documents):
        return super().measure(documents).head(1)


class Counting(Exclamations):
    def measure(self, documents):
        return pl.DataFrame(
            {"exclamation_ratio": [len(documents) / 1] * len(documents)}, schema={"exclamation_ratio": pl.Float64}
        )


class NotANumber(Exclamations):
    def measure(self, documents):
        return pl.DataFrame(
            {"exclamation_ratio": [float("nan")] * len(documents)}, schema={"exclamation_ratio": pl.Float64}
        )


@pytest.mark.parametrize(
    ("broken", "message"), [(Forgetful, "rows for"), (Counting, "two batches"), (NotANumber, "is NaN")]
)
def test_a_filter_that_breaks_its_promises_is_told_which(broken, message):
    with pytest.raises(AssertionError, match=message):
        check_filter(broken())


@pytest.mark.parametrize(
    ("filters", "frame", "message"),
    [
        ("length", TEXTS, "filters: expected a list of filters, not 'length'"),
        (["length"], ["甲", 5], "frame: expected a list of strings, and int is in it"),
    ],
)
def test_what_is_no_list_of_filters_or_of_strings_is_said_in_one_line(filters, frame, message):
    with pytest.raises(PipelineError, match=message):
        curate.apply(filters, frame)


def test_apply_asks_a_filter_whether_it_can_run_and_on_such_text():
    with pytest.raises(PipelineError, match=r"filters\[0\].quality: with gopher_en .* Han"):
        curate.apply([{"quality": {"profile": "gopher_en", "words": "spaces"}}], ["这是一段没有空格的中文。"] * 3)
    with pytest.raises(PipelineError, match=r"filters\[0\].domain: .* no model is shipped"):
        curate.apply(["domain"], ["文"])


def test_a_frame_is_not_compared_with_earlier_runs():
    with pytest.raises(PipelineError, match=r"^filters\[0\]\.exact_duplicates: `against` compares the documents of a"):
        curate.apply([{"exact_duplicates": {"against": ["runs/a"]}}], ["一"])
    assert curate.apply([{"exact_duplicates": {"against": []}}], ["一"])["kept"].to_list() == [True]
