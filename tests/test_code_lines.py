"""Which lines are code: `kernels.code_points` and `kernels.code_lines`. Expected kinds come by hand."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.contracts import Documents
from curate.kernels.code_lines import IS_BLANK, IS_CODE, IS_PROSE, Lines, lines_of
from curate.kernels.code_points import (
    CJK_BYTES,
    LATIN_BYTES,
    OTHER_BYTES,
    SIMPLIFIED_CHARS,
    TRADITIONAL_CHARS,
    VISIBLE,
)
from curate.kernels.scripts import HAN, KANA, LATIN

SOURCES = Path(__file__).parents[1] / "benchmarks" / "quality" / "source_files"


def look(*texts: str) -> Lines:
    return lines_of(*Documents.of(list(texts)).utf8)


def kinds(text: str) -> str:
    """One letter a line: p(rose), c(ode), - for a blank one."""
    return "".join({IS_PROSE: "p", IS_CODE: "c", IS_BLANK: "-"}[kind] for kind in look(text).kinds.tolist())


CODE = [
    "return foo_bar(x);",
    "if (a >= 0 && b != 1) {",
    "    total += price[i] * count;",
    "}",
    "]),",
    "x = 3",
    "#include <stdio.h>",
    '<div class="box"><a href="#top">',
    "  - name: build",
    '"width": 640,',
    "[server]",
    "DB_HOST=localhost",
    "SELECT name FROM users WHERE age > 3",
    "$ sudo apt-get install vim",
    "git commit --amend --no-edit -a",
    "@Override",
    "\\begin{document}",
    "printf(\"第 %d 行有错误\\n\", line);",
    "names = [\"张三\", \"李四\"]",
    "`tar -xzf archive.tar.gz`",
    "location ~* \\.(png|jpg)$ {",
]  # fmt: skip
PROSE = [
    "We walked along the river until it was dark.",
    "If you like it, say so; otherwise be quiet.",
    "The price (about 30 dollars) includes breakfast, and tea.",
    "return to sender was all that the letter said",
    'He said: "I don\'t know, maybe (maybe not) tomorrow."',
    "I paid $5 for a well-known and/or second-hand book.",
    "春天来了，花园里的花都开了。",
    "调用 `foo_bar()` 以后，程序会返回 0 或者 1。",
    "在 GitHub 上搜索 pandas，可以找到它的源代码；很简单。",
    "价格：100元（含税）；电话：12345678",
    "# 第一章 绪论",
    "1. 打开冰箱门；2. 把大象放进去；3. 关上冰箱门。",
    "Straße und Bäume, Häuser und Gärten",
    "[查看原文](https://www.example.com/a_b_c/d?e=f&g=h)",
    "https://www.example.com/index.php?id=3&page=2#top",
]


@pytest.mark.parametrize("line", CODE)
def test_a_line_of_code_is_code(line: str) -> None:
    assert kinds(line) == "c"


@pytest.mark.parametrize("line", PROSE)
def test_a_line_of_prose_is_prose(line: str) -> None:
    assert kinds(line) == "p"


def test_lines_that_say_little_go_with_their_neighbours() -> None:
    assert kinds("x = f(1);\nelse\ny = g(2);") == "ccc"
    assert kinds("// 先求出平均值\nmean = sum / n;") == "cc"
    assert kinds("def area(r):\n    # 圆的面积\n    return pi * r ** 2\n\nelse:") == "ccc-c"
    assert kinds("我们先看这个例子。\nelse\n这就是例子的全部。") == "ppp"
    assert kinds("else\nbegin\nend") == "ppp"


def test_a_heading_between_code_is_no_comment() -> None:
    assert kinds("x = f(1);\n\n## 第二个例子\n\ny = g(2);") == "c-p-c"
    assert kinds("x = f(1);\n# 第二个例子\ny = g(2);") == "ccc"


def test_lines_between_fences_are_code_whatever_stands_there() -> None:
    assert kinds("看下面：\n```\nhello there my old friend\n```\n看完了。") == "pcccp"
    assert kinds("看下面：\n~~~text\nhello there my old friend\n~~~") == "pccc"
    assert kinds("```\n这里是一段引用的文字。\n```") == "cpc"


def test_a_page_may_begin_or_end_inside_fences() -> None:
    """A named fence opens; so the bare one before it closed something, and the text after that one is none."""
    assert kinds("```\nhello there my old friend\n```python\nhello there my friend\n```\nhello there") == "cpcccp"
    assert kinds("hello there my friend\n```python\nhello there my friend") == "pcc"
    assert kinds("hello there my friend\n```\nhello there my friend") == "pcp"


def test_a_page_without_line_ends_can_be_code() -> None:
    page = '<div class="a"><span id="b">Some words of text</span><script>f(1);g("x");</script></div>' * 50
    assert kinds(page) == "c"


def test_one_formula_does_not_make_a_paragraph_code() -> None:
    assert kinds("In the end we find that f(x) == g(x) && x >= 0, which is what we wanted to show.") == "p"


def test_bytes_of_letters_are_counted_by_kind() -> None:
    row = look("ab é 汉字 かな 한 ж 12!").rows[0]
    assert row[[VISIBLE, CJK_BYTES, LATIN_BYTES, OTHER_BYTES]].tolist() == [2 + 2 + 6 + 6 + 3 + 2 + 3, 12, 4, 5]


def test_addresses_are_not_counted() -> None:
    assert look("https://example.com/abc 字").rows[0, [VISIBLE, LATIN_BYTES]].tolist() == [5 + 3, 5]


def test_letters_are_counted_by_script_and_set() -> None:
    scripts = look("汉字 漢字 後 カナ abé", "x").scripts
    assert scripts[0, [HAN, KANA, LATIN, SIMPLIFIED_CHARS, TRADITIONAL_CHARS]].tolist() == [5, 2, 3, 1, 1]
    assert scripts[1].sum() == scripts[1, LATIN] == 1


def test_lines_and_texts_are_where_they_should_be() -> None:
    lines = look("a\n\nb", "", "\n", "字")
    assert lines.starts.tolist() == [0, 2, 3, 4, 5, 8]
    assert lines.first.tolist() == [0, 3, 3, 4, 5]
    assert lines.per_text(np.ones(5, np.int64)).tolist() == [3, 0, 1, 1]


@pytest.mark.parametrize("file", sorted(SOURCES.iterdir()), ids=lambda file: file.name)
def test_source_files_are_code(file: Path) -> None:
    lines = look(file.read_text(encoding="utf-8"))
    visible = lines.rows[:, VISIBLE]
    share = visible[lines.kinds == IS_CODE].sum() / visible.sum()
    if file.name == "Invoice.vb":  # Visual Basic reads like English: nearly all words, hardly a sign
        assert share < 0.5
    else:
        assert share > 0.5


@settings(deadline=None)
@given(st.lists(st.text(alphabet="天地ab éカ한ж.,;{}()=`~<>/:#\n\t\"'_-1 \u3000", max_size=120), max_size=6))
def test_every_visible_byte_is_counted_once_or_lies_in_an_address(texts: list[str]) -> None:
    lines = look(*texts)
    visible = lines.per_text(lines.rows[:, VISIBLE].astype(np.int64)).tolist()
    for text, found in zip(texts, visible, strict=True):
        every = sum(len(character.encode()) for character in text if not character.isspace())
        assert found == every if "://" not in text else found <= every
    assert lines.per_text(np.ones(len(lines.kinds), np.int64)).tolist() == [
        text.count("\n") + (not text.endswith("\n") and text != "") for text in texts
    ]
    assert set(lines.kinds.tolist()) <= {IS_PROSE, IS_CODE, IS_BLANK}
