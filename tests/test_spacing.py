"""汉 字 间 空 格 and its repair. Expected values by hand; the kernel against a plain Python version."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate.cleaners import spacing
from curate.cleaners.spacing import repair_spacing
from curate.cleaners.unicode import Unicode
from curate.contracts import Utf8
from curate.kernels.spacing import count_spaced


def repaired(*texts: str) -> list[str]:
    """What the cleaner makes of texts in which nothing else is to be cleaned."""
    return Unicode(half_width=False).clean(pl.Series("text", texts, pl.String)).text.to_list()


def test_a_text_whose_characters_all_stand_apart_is_joined() -> None:
    spaced = "今 天 的 天 气 真 好 ， 我 们 出 去 走 走 吧 。"
    assert repaired(spaced, spaced.replace(" ", "")) == [spaced.replace(" ", "")] * 2


def test_short_lines_are_joined_where_it_is_the_habit_of_the_text() -> None:
    assert repaired("他 说 好 的\n大 家 点 头\n再 见 ！ ！") == ["他说好的\n大家点头\n再见！！"]


def test_a_spaced_stretch_of_an_ordinary_page_is_joined_and_nothing_else() -> None:
    page = "目 录\n第一章讲的是风。\n这一段 里 的 字 都 被 拆 开 了 ， 很 难 读，后面又好了。\n重 要 提 示"
    assert repaired(page) == ["目 录\n第一章讲的是风。\n这一段里的字都被拆开了，很难读，后面又好了。\n重 要 提 示"]


def test_a_blank_between_han_and_a_word_or_number_stays() -> None:
    assert repaired("我 们 用 Python 3.12 写 的 代 码 都 在 这 里") == ["我们用 Python 3.12 写的代码都在这里"]


def test_single_digits_and_letters_are_joined_with_their_like() -> None:
    assert repaired("我 们 住 在 2 0 号 楼 的 A B 座") == ["我们住在 20 号楼的 AB 座"]


def test_marks_are_joined_to_the_text_on_either_side() -> None:
    assert repaired("“ 你 来 了 吗 ? ” 他 问 ~ ~ 我 说 ： （ 还 没 有 ） 。 。 。") == [
        "“你来了吗?”他问~~我说：（还没有）。。。"
    ]


SOUND = {
    "a heading": "目 录",
    "a heading of four": "重 要 提 示",
    "choices": "甲 乙 丙 丁",
    "a list of characters": "甲 乙 丙 丁 戊 己 庚 辛 壬 癸",
    "characters to learn": "春 夏 秋 冬\n东 南 西 北\n风 雨 雷 电\n山 水 田 林",
    "names": "出席人员：张 伟 王 芳 李 娜，以及各处的负责人。",
    "names in a row": "王小明 李红 赵一曼 陈的江 周是民 吴了凡",
    "a table": "| 函 数 | 说 明 |\n| 长 度 | 的 |",
    "quoted characters": "句末常见的 焉 、 哉 、 乎 、 也 了，都是语气词。",
    "a quoted character": "把 妹 改 为 姝 字的是后人。",
    "words apart": "我们 今天 出去 散步 的 时候 看见 了 一只 白色 的 猫",
    "a verse in two halves": "春风又绿江南岸 明月何时照我还\n是的 好的",
    "two blanks between characters": "这  是  很  宽  的  标  题  了",
    "ideographic spaces": "这　是　很　宽　的　标　题　了",
    "line ends": "这\n是\n一\n行\n一\n字\n的\n诗",
    "Latin between Han": "我 A 的 B 了 C 是 D 在 E 有 F 这 G 不",
    "kana": "あ い う え お か き く け こ",
    "empty": "",
    "blank": " ",
}


@pytest.mark.parametrize("name", SOUND)
def test_blanks_that_mean_something_stay(name: str) -> None:
    texts = pl.Series("text", [SOUND[name]], pl.String)
    assert repair_spacing(texts).to_list() == [SOUND[name]]
    found = Unicode().clean(texts).signals
    assert found is not None
    assert found["spaces_repaired"].to_list() == [False]


def test_the_cleaner_says_what_was_repaired_and_leaves_it_when_told_so() -> None:
    texts = pl.Series("text", ["这 都 是 拆 开 的 字 了", "好的"], pl.String)
    result = Unicode().clean(texts)
    assert result.text.to_list() == ["这都是拆开的字了", "好的"]
    assert result.signals is not None
    assert result.signals["spaces_repaired"].to_list() == [True, False]
    assert Unicode(spaced_han=False).clean(texts).text.to_list() == texts.to_list()


def test_a_long_text_takes_time_in_proportion() -> None:
    assert repaired("我 们 都 在 说 a ， " * 100_000) == ["我们都在说 a ，" * 99_999 + "我们都在说 a ， "]
    assert repaired("我 的 " + "（ " * 200_000) == ["我 的 " + "（ " * 200_000]
    assert repaired("（ " * 200_000 + "“" * 200_000) == ["（ " * 200_000 + "“" * 200_000]
    assert repaired("我 的" + " a1 ，" * 200_000) == ["我 的" + " a1 ，" * 200_000]


PIECES = st.sampled_from(
    [*"的了是我汉字，。“”（）……,.?a1 Z9\n\t　éか𠮷\0", " ", " ", "的 了 是 ", "汉 字 ", " ， ", " ab ", "  ", " 1 "]
)
TEXTS = st.lists(PIECES, max_size=60).map("".join)


@settings(max_examples=500, deadline=None)
@given(TEXTS)
def test_repairing_twice_is_repairing_once_and_takes_only_blanks(text: str) -> None:
    once = spacing._repair(text, len(text.encode()))
    assert spacing._repair(once, len(once.encode())) == once
    assert once.replace(" ", "") == text.replace(" ", "")


@settings(max_examples=500, deadline=None)
@given(TEXTS)
@example("的的的的 了 是 的 了 是 𠮷 ， ")
def test_the_counts_never_hide_a_text_that_would_be_repaired(text: str) -> None:
    if not spacing.may_be_spaced(Utf8.of(pl.Series([text], dtype=pl.String))).item():
        assert spacing._repair(text, len(text.encode())) == text


def counts_of(text: str) -> tuple[int, int]:
    """What `count_spaced` counts, by a regular expression."""
    wide = "[\u0800-\uffff]"
    at = [match.start() + 1 for match in re.finditer(f"{wide} (?={wide})", text)]
    longest = row = 0
    for number, here in enumerate(at):
        row = row + 1 if number and here == at[number - 1] + 2 else 1
        longest = max(longest, row)
    return len(at), longest


@settings(max_examples=300, deadline=None)
@given(st.lists(TEXTS, max_size=5))
def test_the_kernel_counts_what_a_regular_expression_counts(texts: list[str]) -> None:
    out = np.empty((len(texts), 2), np.int64)
    count_spaced(*Utf8.of(pl.Series(texts, dtype=pl.String)), out)
    assert out.tolist() == [list(counts_of(text)) for text in texts]
