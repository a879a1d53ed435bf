"""The HTML cleaner. Expected values by hand."""

from __future__ import annotations

import sys
import time
from importlib.util import find_spec

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate.cleaners import html
from curate.cleaners.html import Html
from curate.cleaners.plain_markup import plain_pass
from curate.errors import PipelineError

needs_trafilatura = pytest.mark.skipif(find_spec("trafilatura") is None, reason="trafilatura (extra `warc`) is absent")


def cleaned(*texts: str) -> list[str]:
    return Html().clean(pl.Series("text", texts, pl.String)).text.to_list()


REMAINS = {
    "paragraphs": ("<p>早上下了雨。</p><p>下午天晴了。</p>", "早上下了雨。\n下午天晴了。"),
    "line breaks": ("春眠不觉晓<br>处处闻啼鸟<br/>夜来风雨声<br />", "春眠不觉晓\n处处闻啼鸟\n夜来风雨声"),
    "blank lines stay": ("<p>第一段。</p>\n\n<p>第二段。</p>\n", "第一段。\n\n第二段。\n"),
    "inline tags": ("这是<strong>重要</strong>的<a href='/a.html' target=_blank>链接</a>。", "这是重要的链接。"),
    "capitals": ("<P ALIGN=center>标题</P><FONT color=red>红字</FONT>", "标题\n红字"),
    "attributes with a bracket": ('<img alt="a>b" src="x.png">看图', "看图"),
    "nested": ('<div class="main"><ul>\n\t<li>一</li>\n\t<li>二</li>\n</ul></div>\n完', "一\n二\n完"),
    "cells": ("<table><tr><td>姓名</td><td>年龄</td></tr><tr><td>小王</td></tr></table>", "姓名 年龄\n小王"),
    "stray closing tags": ("正文到此为止。</div></div>", "正文到此为止。"),
    "comments": ("上文<!-- 广告位 <b>开始</b> -->下文", "上文下文"),
    "CDATA": ("<![CDATA[标题在此]]>", "标题在此"),
    "scripts": ("上文<script type='text/javascript'>if (a<b) { f(); }</script>下文", "上文下文"),
    "styles": ("<style>\n.a { color: red }\n</style>\n正文", "正文"),
    "entities": ("&ldquo;你好&rdquo;&nbsp;&mdash;&mdash; A&amp;B &#20320;&#x597D;", "“你好” —— A&B 你好"),
    "escaped twice": ("空格&amp;nbsp;和引号&amp;amp;quot;", '空格 和引号"'),
    "comparisons": ("条件是 a &lt; b &amp;&amp; c &gt; d", "条件是 a < b && c > d"),
    "an indent of spaces": ("&nbsp;&nbsp;&nbsp;&nbsp;段首<br>&nbsp;&nbsp;二段", "段首\n二段"),
    "powers": ("光速约 3×10<sup>8</sup> 米每秒，H<sub>2</sub>O，2<sup>n</sup> 与 2<sup>n - 1</sup>",
               "光速约 3×10⁸ 米每秒，H₂O，2ⁿ 与 2^(n - 1)"),
    "notes and ordinals": ("据记载<sup>[1]</sup>，the 19<sup>th</sup> century", "据记载[1]，the 19th century"),
    "annotations": ("<ruby>内核<rt>kernel</rt></ruby>很小", "内核（kernel）很小"),
    "rows of a Markdown table": ("| 甲<br/>乙 | 丙 |", "| 甲 乙 | 丙 |"),
    "a counter's script": ("正文。\nvar _hmt = _hmt || [];\n结尾。", "正文。\n结尾。"),
    "rules of style": ("正文。\n.article-content{margin:0 auto;color:#333}\n结尾。", "正文。\n结尾。"),
    "tags beside code": ("<p>运行下面的命令：</p>\n```\nls <p>\n```\n", "运行下面的命令：\n```\nls <p>\n```\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", REMAINS)
def test_remains_are_removed(name: str) -> None:
    damaged, plain = REMAINS[name]
    assert cleaned(damaged) == [plain]


SHOWN = {
    "comparisons": "如果 a < b && c > d，就返回 x<y。",
    "headers of C": "#include <stdio.h>\nint main() { return 0; }",
    "types": "std::vector<int> v; Map<String, List<T>> m; Vec<u8>; Option<i>; foo<p>(x);",
    "control tokens": "<think>想一想</think> <|im_end|> <s> </s> <unk> <mask>",
    "placeholders": "SELECT * FROM <table>; git clone <source>; --title <title> <input>",
    "addresses": "见 <https://example.com/?a=1&copy=2&b=3>，写信给 <a@example.com>。",
    "a fence": "示例：\n```html\n<div class=\"a\">&nbsp;</div>\n```\n",
    "backticks": "用 `<div>` 包住，再写 `&nbsp;` 就行。",
    "an indented block": "示例如下：\n\n    <ul>\n    <li>a</li>\n    </ul>\n\n完",
    "a tag that is named": "在段落里，<p> 标签表示一段，写完要加上 </p>。<b>粗体</b>",
    "a tag in quotes": "把“<br>”删掉就好，<i>其余</i>不动。",
    "an entity that is named": "其中 &nbsp; 表示不换行的空格，<b>注意</b>分号。",
    "a page on HTML": "HTML 入门\n<p>这是一段</p>\n<b>粗体</b>",
    "JSX": "function App() { return <div className='a'>{x}</div> }",
    "a template": "Vue 组件：<template><div v-if='ok'>好</div></template>",
    "an escaped tag": "写成 &lt;p&gt; 就可以。",
    "unknown entities": "AT&T; R&D; Q&A; &foo;",
    "style with prose": "在 CSS 里写：\n.a{color:red}\n就会变红。",
    "code without remains": "for (i=0;i<n;i++) { a[b[i]]>c; }",
    "empty": "",
    "NUL and lone marks": "\0 \u0301 < > & ; <> </> <!> &;",
}  # fmt: skip


@pytest.mark.parametrize("name", SHOWN)
def test_what_a_text_shows_on_purpose_stays(name: str) -> None:
    assert cleaned(SHOWN[name]) == [SHOWN[name]]


def test_unclosed_things_stay_or_lose_their_tags_only() -> None:
    assert cleaned("正文<!-- 没有结尾", "上文<script src='a.js'>下文", "<b 正文") == [
        "正文<!-- 没有结尾", "上文下文", "<b 正文"
    ]  # fmt: skip


def test_a_tag_made_of_tags_does_not_appear() -> None:
    for text in [
        "<<b>b>x</b>",
        "<sc<script></script>ript>x",
        "&am<b></b>p;lt;b&gt;",
        "&lt;<b></b>b&gt;",
        "<b &gt;x</b>",
    ]:
        (once,) = cleaned(text)
        assert cleaned(once) == [once]


ARTICLE = "".join(
    f"<p>第{n}段：山里的路不好走，但沿途的风景很美，走上半天也不觉得累，到了山顶还能看见远处的湖。</p>"
    for n in "一二三四五六"
)
PAGE = (
    "<!DOCTYPE html><html><head><title>游记</title><script>var a = 1 < 2;</script></head><body>"
    "<nav><ul><li><a href='/'>首页</a></li><li><a href='/n'>新闻</a></li></ul></nav>"
    f"<article><h1>游记</h1>{ARTICLE}</article><footer>版权所有</footer></body></html>"
)


@needs_trafilatura
def test_a_whole_page_goes_through_the_extractor() -> None:
    (text,) = cleaned(PAGE)
    assert "第六段：山里的路不好走" in text
    assert "首页" not in text
    assert "<" not in text


def test_without_the_extractor_a_page_is_stripped_and_a_note_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "trafilatura_version", lambda: None)
    (text,) = cleaned(PAGE)
    assert text.startswith("首页\n新闻\n游记\n第一段：")
    assert "var a" not in text and "<" not in text
    (note,) = Html().notes()
    assert "pip install 'curate[warc]'" in note
    assert Html().measured_parameters() == {"trafilatura": None}


@needs_trafilatura
def test_an_extractor_that_does_not_import_is_found_out_before_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    Html().check()
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    with pytest.raises(PipelineError, match=r"trafilatura cannot be used .*pip install 'curate\[warc\]'"):
        Html().check()


def test_a_page_in_which_the_extractor_finds_nothing_is_stripped() -> None:
    assert cleaned("<html><body><b>短</b></body></html>") == ["短"]


@needs_trafilatura
def test_the_extractors_version_is_part_of_the_fingerprint() -> None:
    assert Html().measured_parameters() == {"trafilatura": html.trafilatura_version()}
    assert Html().notes() == []


def test_text_without_a_trace_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "clean_text", lambda text: pytest.fail(text))
    texts = ["普通的一段话。", "", "1 < 2，A & B，{a}", "font color margin"]
    assert cleaned(*texts) == texts


@pytest.mark.parametrize(
    "piece",
    ["<", "<!--", "<script>", "<a ", '<a "', "&amp;", "<b>", "`", "``a", "\n\n    x", "```\n", "<![CDATA[", "&lt;",
     "<sup>", "<svg>", "</p>", "<td> ", ".a{margin:", "var a ", "|<br>"],
)  # fmt: skip
def test_hostile_text_takes_linear_time(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    start = time.perf_counter()
    cleaned(text)
    assert time.perf_counter() - start < 4  # about 0.2 s; a quadratic scan takes minutes


TEXTS = st.lists(
    st.one_of(
        st.sampled_from(
            ["<", ">", "&", ";", "/", "b", "p", "lt", "amp", "&lt;", "&gt;", "&amp;", "&nbsp;", "<b>", "</b>", "<p>",
             "</p>", "<br/>", "<script>", "</script>", "<!--", "-->", "`", "```\n", "\n", "\n\n", "    ", "中文。",
             "标签", "HTML", "<sup>", "</sup>", "2", "<a href=x>", '"', "#60;", "<!doctype html>", "<html>", "</html>",
             "<td>", "|", ".a{margin:0}", "var _hmt=1;", "<![CDATA[", "]]>", "<rt>", "</rt>", " ", "\u3000", "\0",
             "&#8203;", "&quot;", "<ruby>", "<rp>", "~~~", "\t", "``", "\u017f", "\u0130", "\x85",
             "<div class=a>", "</div>",
             "</b\u3000>", "<s>", "<li>", "<a b>", "<think>"]
        ),
        st.text(max_size=3),
    ),
    max_size=14,
).map("".join)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(TEXTS)
@example("&amp;lt;b&amp;gt;x&lt;/b&gt;")
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    (once,) = cleaned(text)
    assert cleaned(once) == [once]
    once.encode()


@settings(max_examples=600, deadline=None)
@given(TEXTS)
@example("<p>一</p>\n\n    <p>二</p>\n\n<rt>a</rt>")
@example("<!-- <b> --></b>x<b>y")
def test_the_kernel_does_what_python_does(text: str) -> None:
    (new,), (left,) = plain_pass(pl.Series([text]))
    assert left or new == html._clean_once(text)


def test_plain_texts_are_not_left_to_python() -> None:
    plain = [name for name, (damaged, _) in REMAINS.items() if not plain_pass(pl.Series([damaged]))[1][0]]
    assert {"paragraphs", "inline tags", "nested", "cells", "annotations", "tags beside code"} <= set(plain)
    assert "scripts" not in plain and "powers" not in plain


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_the_screen_never_hides_a_text_that_would_change(text: str) -> None:
    assert cleaned(text) == [html.clean_text(text)]


@settings(max_examples=40, deadline=None)
@given(st.lists(TEXTS, max_size=6))
def test_rows_do_not_depend_on_their_neighbours(texts: list[str]) -> None:
    assert cleaned(*texts) == [cleaned(text)[0] for text in texts]
