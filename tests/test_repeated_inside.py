"""Sentences and paragraphs that a document says again."""

from __future__ import annotations

import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marked import marked

import curate
from curate import cuts
from curate.contracts import Documents
from curate.filters.repeated_inside import RepeatedInside
from curate.testing import check_filter


def left(text: str, **parameters: int) -> str:
    """What a shard has of a text."""
    documents = Documents.of([text])
    spans = cuts.checked(RepeatedInside(min_ratio=0, **parameters).measure_and_cut(documents).cuts, documents, "filter")
    return str(cuts.taken_out(documents.frame["text"], spans)[0])


def ratios(text: str, **parameters: int) -> list[float]:
    return list(RepeatedInside(**parameters).measure(Documents.of([text])).row(0))


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["春天来了。", "花都开了！", "好。", "Yes, again!"]), st.sampled_from(["", " ", "\n"])
        )
    )
)
def test_sentences_but_the_first_of_each_are_cut(pairs):
    """Against a loop over the sentences."""
    pairs = [(one, end or " " if one.isascii() else end) for one, end in pairs]
    text = "".join(one + end for one, end in pairs)
    seen: set[str] = set()
    stay, repeated, all_letters = [], 0, 0
    for one, _ in pairs:
        letters = sum(len(character.encode()) for character in one if character.isalnum())
        all_letters += letters
        if one in seen and letters >= 6:
            repeated += letters
        else:
            stay.append(one)
        seen.add(one)
    # Two paragraphs may be the same, too: then their sentences are.
    assert re.sub(r"\s", "", left(text, min_chars=2)) == re.sub(r"\s", "", "".join(stay))
    assert ratios(text, min_chars=2)[0] == pytest.approx(repeated / max(all_letters, 1))


def test_paragraphs_are_compared_as_wholes():
    short = "好。\n是。\n对。"
    text = f"{short}\n\n这里是另一段文字，说的是别的事情。\n\n{short}\n"
    sentences, paragraphs = ratios(text, min_chars=3)
    assert sentences == 0  # each is too short to count
    assert paragraphs == pytest.approx(3 / (3 + 3 + 15))
    assert left(text, min_chars=3) == f"{short}\n\n这里是另一段文字，说的是别的事情。\n\n"


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        # A refrain: cut where it is told to, at a line of its own.
        (
            "小河弯弯向南流向着大海去。\n阿妈说\n小河弯弯向南流向着大海去。\n阿爸说\n",
            "小河弯弯向南流向着大海去。\n阿妈说\n阿爸说\n",
        ),
        # Inside a paragraph the line end stays.
        (
            "今天的会议到此就要结束了。谢谢。今天的会议到此就要结束了。\n散会。",
            "今天的会议到此就要结束了。谢谢。\n散会。",
        ),
        # One character differs.
        (
            "今天的会议到此就要结束了。今天的会议到此就要结束啦。",
            "今天的会议到此就要结束了。今天的会议到此就要结束啦。",
        ),
        # Ten letters, and nine.
        ("一二三四五六七八九十。一二三四五六七八九十。", "一二三四五六七八九十。"),
        ("一二三四五六七八九。一二三四五六七八九。", "一二三四五六七八九。一二三四五六七八九。"),
        ("| 甲 |\n+-----------------------+\n| 乙 |\n+-----------------------+\n", None),
        ("先写\n```python\nfor item in list_of_items:\n```\n再写\n```python\nfor item in list_of_items:\n```\n", None),
    ],
)
def test_what_is_left(text, rest):
    assert left(text) == (text if rest is None else rest)


def test_ratios_count_a_han_character_as_three_letters():
    text = "the same words again and again. the same words again and again. 三个字和一句话。"
    again = len("thesamewordsagainandagain")
    assert ratios(text, min_chars=8)[0] == pytest.approx(again / (2 * again + 3 * 7))
    assert ratios(text, min_chars=9)[0] == 0
    assert ratios("") == ratios("。\n\n。") == [0, 0]


def test_promises():
    check_filter(RepeatedInside())
    check_filter(RepeatedInside(cut=True, min_chars=1))


def test_it_drops_nothing_by_itself_and_a_rule_may_use_it():
    text = "今天的会议到此就要结束了。" * 3
    plain = curate.apply(["repeated_inside"], [text])
    assert plain["kept"].to_list() == [True] and "cuts" not in plain.columns
    step = RepeatedInside(cut=True, drop={"parrot": "repeated_sentence_ratio > 0.6"})
    table = curate.apply([step], [text, text[:26]])
    assert table["reasons"].to_list() == [["repeated_inside.parrot"], []]
    assert table["chars_left"].to_list() == [13, 13]
    assert isinstance(table["cuts"], pl.Series)


def test_little_repetition_is_left_alone():
    twice, rest = "先把鸡蛋打进小碗里。", "再说一些别的话，每句都不同。" + "".join(f"这是第{i}句。" for i in "一二三四")
    text = twice + rest + twice
    ratio = 3 * 9 / (3 * (9 + 9 + 12 + 4 * 5))
    assert ratios(text, min_chars=9)[0] == pytest.approx(ratio)
    for least, cut in ((ratio + 0.001, 0), (ratio - 0.001, 1)):
        step = RepeatedInside(min_chars=9, min_ratio=least)
        assert step.measure_and_cut(Documents.of([text])).cuts.height == cut


def test_what_stood_before_is_marked():
    spring = "春天来了，花园里的花都开了。"
    text = f"{spring} 冬天走了。\n{spring} 冬天走了。\n\n{spring}"
    assert marked(RepeatedInside(), "repeated_sentence_ratio", text) == [spring] * 2
    assert marked(RepeatedInside(), "repeated_paragraph_ratio", f"{text}\n\n{text}")[0] == text.split("\n\n")[0]


@pytest.mark.parametrize(
    "text", ["春天来了，花园里的花都开了。\n\n" * 4, "今天天气很好，我们去公园吧！" * 3 + "明天再说。"]
)
def test_letters_that_are_marked_add_up_to_the_ratio(text):
    counted = sum(
        character.isalnum()
        for piece in marked(RepeatedInside(), "repeated_sentence_ratio", text)
        for character in piece
    )
    assert counted / sum(map(str.isalnum, text)) == pytest.approx(ratios(text)[0])
