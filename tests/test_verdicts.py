"""`curate.explain` and `Run.verdicts`: what was dropped, for what, why this one."""

import polars as pl
import pytest

import curate
from curate.errors import CurateError

GOOD = (
    "今天早上下了一场小雨，街边的桂花开了。卖豆浆的老人说，今年的花比去年开得早一些，"
    "也更香一些，于是街坊都来摘一把回去泡茶。"
)
TEXTS = [GOOD, None, "短", GOOD, GOOD + "完。"]
FILTERS = ["length", {"language": {"drop": {"mostly_code": None}}}, "exact_duplicates", "near_duplicates"]


@pytest.fixture(scope="module")
def found():
    return curate.explain(FILTERS, TEXTS)


def test_explain_decides_what_apply_decides(found):
    assert found.frame.drop("duplicate_of", "near_duplicates_similarity").equals(curate.apply(FILTERS, TEXTS))


def test_kept_and_dropped_are_frames_of_whole_rows(found):
    assert found.kept["text"].to_list() == [GOOD]
    assert found.dropped.height == 4 and len(found) == 5


def test_each_row_says_why(found):
    assert found.why(0) == ["kept: it breaks no rule"]
    assert found.why(1) == ["dropped because it has no text"]
    assert found.why(2)[0] == "dropped because chars = 1: length.too_short drops when chars < 50"
    assert "it is a copy of row 0: exact_duplicates.duplicate" in found.why(3)[0]
    assert "it is a copy of row 0 (similarity 0.9" in found.why(-1)[0]
    assert found.why(2, "zh")[0] == "因 chars = 1 被丢弃：规则 length.too_short 丢弃 chars < 50 的文档"


def test_the_language_comes_from_the_environment(found, monkeypatch):
    monkeypatch.setenv("CURATE_LANG", "zh_CN.UTF-8")
    assert found.why(0) == ["保留：没有违反任何规则"]
    monkeypatch.setenv("CURATE_LANG", "tlh")
    assert found.why(0) == ["kept: it breaks no rule"]
    with pytest.raises(CurateError, match="'fr' is not spoken here; en or zh"):
        found.why(0, "fr")


def test_rules_are_counted_in_all_alone_and_as_the_first_reason(found):
    table = {row["reason"]: (row["dropped"], row["alone"], row["first"]) for row in found.by_reason.to_dicts()}
    assert table == {
        "length.too_short": (1, 0, 1),
        "language.not_chinese": (1, 0, 0),  # the short text, whose language is unsure
        "exact_duplicates.duplicate": (1, 1, 1),
        "near_duplicates.duplicate": (1, 1, 1),
        "unreadable": (1, 1, 1),
    }
    assert found.by_reason["condition"][0] == "chars < 50"


def test_the_name_of_a_survivor_is_its_id_where_there_are_ids():
    frame = pl.DataFrame({"id": ["a", "b", "c"], "body": [None, GOOD, GOOD]})
    found = curate.explain(["exact_duplicates"], frame, text="body")
    assert "a copy of b:" in found.why("c")[0]
    with pytest.raises(CurateError, match="no document has the id 'd'"):
        found.why("d")


def test_a_survivor_that_a_later_filter_drops_hands_on_its_copies():
    longer = GOOD + "完。"
    filters = ["length", "exact_duplicates", {"near_duplicates": {"prefer": "chars DESC"}}]
    found = curate.explain(filters, [GOOD, GOOD, longer])
    assert found.frame["duplicate_of"].to_list() == ["row 2", "row 2", None]


def test_samples_are_the_same_for_a_seed_and_begin_with_what_no_other_rule_drops(found):
    assert found.sample("kept")["row"].to_list() == [0]
    assert found.sample("dropped", 9)["row"].to_list() == found.sample("dropped", 9)["row"].to_list()
    assert found.sample("dropped", 9)["row"].to_list()[-1] == 2  # it breaks two rules
    assert found.sample("unreadable")["text"].to_list() == [None]
    with pytest.raises(CurateError, match=r"no reason is called 'length.to_short'; did you mean 'length.too_short'"):
        found.sample("length.to_short")


def test_a_row_that_is_not_there_is_an_error(found):
    with pytest.raises(CurateError, match="no row 5: there are 5, counted from 0"):
        found.why(5)


def test_verdicts_print_their_sum_and_the_rules_that_drop_the_most(found):
    assert repr(found).splitlines() == [
        "Verdicts: 5 documents = 1 kept + 4 dropped",
        "         1  length.too_short",
        "         1  language.not_chinese",
        "         1  exact_duplicates.duplicate",
        "         1  near_duplicates.duplicate",
        "         1  unreadable",
    ]


@pytest.mark.parametrize(
    ("filters", "texts"), [([], ["甲"]), (["length"], []), ([], []), (["exact_duplicates"], [None])]
)
def test_nothing_to_decide_by_or_on_is_no_error(filters, texts):
    found = curate.explain(filters, texts)
    assert len(found) == len(texts)
    assert repr(found).startswith(f"Verdicts: {len(texts)} document")
    assert found.sample("dropped").height == len(found.dropped)
    assert "curate-shown" in found._repr_html_()


def test_the_verdicts_of_a_run_read_the_texts_that_they_show(demo):
    run, _ = demo
    found = run.verdicts()
    counts = run.counts()
    assert (len(found), len(found.kept)) == (counts["documents"], counts["kept"])
    assert dict(found.by_reason.select("reason", "dropped").iter_rows()) == run.record["dropped"]
    sample = found.sample("near_duplicates.duplicate", 3)
    assert sample["text"].to_list() == [run.documents(id=id)["text"].item() for id in sample["id"]]
    assert f"a copy of {sample['duplicate_of'][0]} (similarity" in found.why(sample["id"][0])[0]


def test_every_dropped_document_of_the_demo_has_a_sentence_for_each_reason(demo):
    run, _ = demo
    found = run.verdicts()
    reasons = run.reasons()
    for row, told in zip(found.dropped.to_dicts(), found.explained(found.dropped), strict=True):
        broken = [reason for reason in reasons if row[reason]]
        assert len(told) == len(broken)
        assert all(f": {reason} drops when " in sentence for reason, sentence in zip(broken, told, strict=True))


def test_the_example_in_readme_is_true():
    verdicts = curate.explain(["length", "language"], ["今天天气很好。", "Hello."])
    assert verdicts.why(0)[0] == "dropped because chars = 7: length.too_short drops when chars < 50"
    assert verdicts.sample("length.too_short", 5).height == 2
