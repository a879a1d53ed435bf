"""The cleaner of page furniture. The labelled lines (`data/boilerplate_lines.jsonl`) were written by hand."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.cleaners import boilerplate_lines
from curate.cleaners.boilerplate_lines import BoilerplateLines, judged
from curate.cleaners.furniture import BUILT_IN, TAIL_SHIFT, families_of, rules_of
from curate.contracts import Utf8
from curate.errors import PipelineError

FILE = Path(__file__).parent / "data/boilerplate_lines.jsonl"
LINES = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
FURNITURE = [one["line"] for one in LINES if one["line"] != one["left"]]
SENTENCES = [one["line"] for one in LINES if one["line"] == one["left"]]


def cleaned(*texts: str) -> list[str]:
    return BoilerplateLines().clean(pl.Series("text", texts, pl.String)).text.to_list()


def signals(*texts: str) -> list[tuple[int, int]]:
    found = BoilerplateLines().clean(pl.Series("text", texts, pl.String)).signals
    assert found is not None
    assert dict(found.schema) == dict(BoilerplateLines.signals)
    return found.rows()


def test_the_labelled_lines_are_told_apart() -> None:
    assert len(FURNITURE) >= 150 and len(SENTENCES) >= 150
    assert sum(one["part"] == "blind" for one in LINES) >= len(LINES) // 3
    got = cleaned(*(one["line"] for one in LINES))
    right = sum(text == one["left"] != one["line"] for one, text in zip(LINES, got, strict=True))
    wrong = sum(text not in (one["left"], one["line"]) for one, text in zip(LINES, got, strict=True))
    assert right / (right + wrong) >= 0.98
    assert right / len(FURNITURE) >= 0.95


def test_every_family_has_a_line_that_it_removes() -> None:
    rules = rules_of([BUILT_IN])
    found = boilerplate_lines.find(Utf8.of(pl.Series([one["line"] for one in LINES])), rules)
    assert set(found["family"]) == {judge.family for judge in rules.judges}
    tails = {judge.family for judge in rules.judges if judge.tail}
    assert set(found.filter(~pl.col("whole"))["family"]) == tails


def test_the_screen_never_hides_a_line_that_would_go() -> None:
    rules = rules_of([BUILT_IN])
    lines = pl.DataFrame({"row": range(len(LINES)), "line": [one["line"] for one in LINES]})
    without_screen = judged(lines.with_columns(kinds=pl.lit(-1, pl.Int64)), rules)
    with_screen = boilerplate_lines.find(Utf8.of(lines["line"]), rules)
    assert without_screen["row"].to_list() == with_screen["row"].to_list()


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("正文。\n责任编辑：李明\n", "正文。\n"),
        ("首页 > 新闻 > 正文\n\n正文。", "正文。"),
        ("一。\n\n点击查看更多\n\n二。", "一。\n\n二。"),
        ("一。\n点击查看更多\n二。", "一。\n二。"),
        ("一。\n\n\n\n责任编辑：李明\n上一页 下一页\n\n\n二。\n\n\n三。", "一。\n\n二。\n\n\n三。"),
        ("责任编辑：李明\n上一篇：雨", ""),
        ("雨停了。（责任编辑：李明）\n分享到：微信 微博", "雨停了。"),
        ("雨停了。（来源：山城日报）（责任编辑：李明）", "雨停了。"),
        ("[阅读原文](https://example.com/a_b?c=1)\n正文", "正文"),
        ("正文\n**责任编辑：** 李明", "正文"),
        ("* 上一章：雨\n* 下一章：雪\n正文", "正文"),
        ("##### Copyright 2020 Green Lane\n\n# 标题", "# 标题"),
        ("正文。\r\n责任编辑：李明\r\n", "正文。\r\n"),
    ],
)
def test_no_gap_is_left_where_lines_were(text: str, plain: str) -> None:
    assert cleaned(text) == [plain]
    assert cleaned(plain) == [plain]


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", "\n\n\n", "他是这本杂志的责任编辑。\n\n\n他很忙。  \n", "```\n责任编辑：李明\n```\n",
        "~~~\n上一页 下一页\n~~~", "### 联系我们\n电话写在墙上。", "- 编辑：修改内容",
        "// Copyright (c) 2020 Green Lane", "<!-- Copyright 2020 Green Lane\n-->", "\0", "\u0301", "👍", "责" * 1000,
    ],
)  # fmt: skip
def test_a_text_without_furniture_stays_byte_for_byte(text: str) -> None:
    series = pl.Series("text", [text], pl.String)
    assert BoilerplateLines().clean(series).text is series
    assert signals(text) == [(0, 0)]


def test_lines_and_ends_are_counted() -> None:
    text = "首页 > 新闻 > 正文\n雨停了。（责任编辑：李明）\n风也停了。\n返回顶部\n"
    assert signals(text, "雨停了。", "雨停了。点击查看更多") == [(2, 1), (0, 0), (0, 1)]


def test_furniture_inside_a_fence_stays_and_outside_goes() -> None:
    text = "返回顶部\n说明：\n```\n返回顶部\n```\n返回顶部\n完"
    assert cleaned(text) == ["说明：\n```\n返回顶部\n```\n完"]


def test_own_families_extend_the_built_in_ones(write: Callable[[str, str], Path]) -> None:
    radio = "{screen: [下期节目], lines: ['下期节目.*'], tails: ['下期节目再会']}"
    file = write("own.yaml", f"families:\n  radio: {radio}\n")
    step = BoilerplateLines(extend=str(file))
    step.check()
    assert step.files() == [BUILT_IN, str(file)]
    texts = pl.Series(["正文。\n下期节目：远山\n返回顶部", "今天就到这里。下期节目再会", "他在等下期节目。"])
    assert step.clean(texts).text.to_list() == ["正文。", "今天就到这里。", "他在等下期节目。"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("families: {a: {lines: [x]}}", "a.screen: Field required"),
        ("families: {a: {screen: [x], lines: ['(']}}", r"a.lines: \(: not a regular expression"),
        ("families: {a: {screen: [x], line: [x]}}", "a.line: Extra inputs"),
        ("[a, b]", "expected `families:"),
        ("a: [", "cannot be read as YAML"),
        ("families: {a: {screen: [甲], tails: ['(甲乙)?']}}", r"a.tails: \(甲乙\)\?: matches an empty text too"),
        ("families: {a: {screen: [甲], lines: ['甲*']}}", r"a.lines: 甲\*: matches an empty text too"),
        ("families: {a: {screen: ['']}}", "a.screen.0: String should have at least 1 character"),
        (
            "families: {a: {screen: [甲], tail_screen: ['']}}",
            "a.tail_screen.0: String should have at least 1 character",
        ),
        ("{parts: [1], families: {a: {screen: [甲]}}}", "parts: expected `parts:"),
        (f"families: {{{', '.join(f'a{n}: {{screen: [甲]}}' for n in range(32))}}}", "of 31 at most"),
    ],
)
def test_a_wrong_file_is_named(write: Callable[[str, str], Path], content: str, message: str) -> None:
    with pytest.raises(PipelineError, match=message) as error:
        BoilerplateLines(extend=str(write("own.yaml", content))).check()
    assert "own.yaml" in str(error.value) and "\n" not in str(error.value)


def test_as_many_families_as_there_are_bits_find_their_lines(write: Callable[[str, str], Path]) -> None:
    names = [f"a{number}" for number in range(TAIL_SHIFT - len(families_of([BUILT_IN])))]
    entries = (f"  {name}: {{screen: [第{name}台], lines: [第{name}台], tails: [第{name}台]}}\n" for name in names)
    step = BoilerplateLines(extend=str(write("own.yaml", f"families:\n{''.join(entries)}")))
    step.check()
    texts = pl.Series([f"正文。第{name}台\n第{name}台" for name in names])
    assert step.clean(texts).text.to_list() == ["正文。"] * len(names)


def test_a_tail_that_takes_nothing_ends() -> None:
    rules = rules_of([BUILT_IN])
    empty = [judge._replace(tail="。$", cut="^(.*。)$") for judge in rules.judges if judge.tail]
    line = pl.DataFrame({"row": [0], "line": ["展开全文写在这里。"], "kinds": [-1]})
    assert judged(line, rules._replace(judges=tuple(empty))).is_empty()


@pytest.mark.parametrize("place", ["[车牌号]", "[手机号]"])
def test_a_placeholder_is_no_end_of_a_sentence(place: str) -> None:
    kept = f"他记下了{place}展开全文"
    assert cleaned(kept, f"他记下了{place}。展开全文") == [kept, f"他记下了{place}。"]


def test_a_missing_file_is_named() -> None:
    with pytest.raises(PipelineError, match=r"no/such\.yaml: no furniture to read here"):
        BoilerplateLines(extend="no/such.yaml").check()


@pytest.mark.parametrize(
    "piece", ["责任编辑：李明（", "。（责任编辑：李明）", "返回顶部\n", "\n", "[更多", "点击查看", "来源："]
)
def test_hostile_text_takes_linear_time(piece: str) -> None:
    text = piece * (300_000 // len(piece))
    start = time.perf_counter()
    cleaned(text)
    assert time.perf_counter() - start < 5


TEXTS = st.lists(
    st.one_of(
        st.sampled_from(FURNITURE),
        st.sampled_from(SENTENCES),
        st.sampled_from(["\n", "\n\n", "```", "```\n", "。", "（", "）", " ", "\u3000", "- ", "# ", "**", "\r\n"]),
        st.text(max_size=4),
    ),
    max_size=10,
).flatmap(lambda parts: st.sampled_from(["\n".join(parts), "".join(parts)]))  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    (once,) = cleaned(text)
    assert cleaned(once) == [once]


@settings(max_examples=25, deadline=None)
@given(st.lists(TEXTS, max_size=6))
def test_rows_do_not_depend_on_their_neighbours(texts: list[str]) -> None:
    assert cleaned(*texts) == [cleaned(text)[0] for text in texts]
    assert signals(*texts) == [signals(text)[0] for text in texts]
