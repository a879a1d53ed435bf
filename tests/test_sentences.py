"""Sentences, against an obvious Python version."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.contracts import Documents
from curate.kernels.code_lines import IS_BLANK, IS_PROSE, lines_of
from curate.kernels.sentences import sentences_of

BLANKS = " \t\r\u3000\xa0"
CLOSERS = '”’」』）)。…!?！？"'


def sentence_end(text: str, i: int, stop: int) -> int:
    visible = i
    while i < stop:
        mark = text[i]
        i += 1
        if mark in BLANKS:
            continue
        visible = i
        if mark in "。…！？；!?" or (mark == "." and (i == stop or text[i] in " \n")):
            after = i
            while after < stop and text[after] in CLOSERS:
                after += 1
            if ord(mark) >= 0x80 or after == stop or text[after] <= " " or ord(text[after]) >= 0x80:
                return after
    return visible


def past_blanks(text: str, i: int, stop: int) -> int:
    while i < stop and text[i] in BLANKS:
        i += 1
    return i


def python_sentences(text: str) -> list[list[int]]:
    """Start, end without white space, end, whether the line ends; in characters."""
    found: list[list[int]] = []
    position = 0
    for line in text.splitlines(keepends=True):
        stop = position + len(line)
        visible = position + len(line.removesuffix("\n"))
        i = past_blanks(text, position, visible)
        if i == visible and found:
            found[-1][2] = stop
        while i < visible:
            after = sentence_end(text, i, visible)
            following = past_blanks(text, after, visible)
            if found:
                found[-1][2] = i
            found.append([i, after, stop if following == visible else following, int(following == visible)])
            i = following
        position = stop
    return found


def kernel_sentences(texts: list[str], code: str = "") -> list[list[list[int]]]:
    data, offsets = Documents.of(texts).utf8
    lines = lines_of(data, offsets)
    if not code:  # whether a line is code is another test's matter
        blank = [not bytes(data[a:b]).decode().strip() for a, b in zip(lines.starts, lines.starts[1:], strict=False)]
        lines = lines._replace(kinds=np.where(blank, IS_BLANK, IS_PROSE).astype(np.uint8))
    found: list[list[list[int]]] = [[] for _ in texts]
    for row, start, text_end, end, ends in zip(*sentences_of(data, lines), strict=True):
        whole = texts[row].encode()
        places = [len(whole[: at - offsets[row]].decode()) for at in (start, text_end, end)]
        found[row].append([*places, int(ends)])
    return found


@settings(deadline=None, max_examples=300)
@given(st.lists(st.text(alphabet="字é😀ab1。！？；….!?”） \u3000\n", max_size=30), min_size=1, max_size=3))
def test_sentences_are_those_of_python(texts):
    assert kernel_sentences(texts) == [python_sentences(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("今天下雨。明天晴！后天呢？", ["今天下雨。", "明天晴！", "后天呢？"]),
        ("他说：“走吧。”我说好。", ["他说：“走吧。”", "我说好。"]),
        ("It costs 3.5 dollars. Really?! Yes", ["It costs 3.5 dollars.", "Really?!", "Yes"]),
        ("见 https://a.example/x?id=1&b=2 这一页", ["见 https://a.example/x?id=1&b=2 这一页"]),
        ("真的?我不信!好", ["真的?", "我不信!", "好"]),
        ("第一行\n  第二行  \n\n第三行", ["第一行", "第二行", "第三行"]),
        ("。", ["。"]),
        (" \n\u3000\n", []),
    ],
)
def test_sentences_as_a_reader_sees_them(text, sentences):
    (found,) = kernel_sentences([text])
    assert [text[start:stop] for start, stop, _, _ in found] == sentences


def test_code_belongs_to_no_sentence_and_parts_those_around_it():
    text = "先看下面的代码。\n```python\nx = [i for i in range(3)]\nprint(x)\n```\n再看它的输出。\n"
    (found,) = kernel_sentences([text], code="python")
    assert [text[start:stop] for start, stop, _, _ in found] == ["先看下面的代码。", "再看它的输出。"]
    assert text[found[0][2]] == "`"
