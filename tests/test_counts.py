"""`kernels.counts` and `kernels.words` against obvious Python versions of the same definitions."""

import re

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.contracts import Documents, Utf8
from curate.kernels.counts import COLUMNS, count, count_chars_and_lines, traits
from curate.kernels.utf8 import SPACE, character_classes
from curate.kernels.words import WORD_COLUMNS, count_words, word_traits
from curate.words import words_by, words_of

STOP, ENDS, BULLETS, GARBLED = "的了the", "。！.\u0800", "•-*\U0001f449", "\ufffd锛"
CLASS_NAMES = COLUMNS[:9]

PIECES = ["http://a.b/c?d=1", "<p>", "</p>", "<br", "< a>", "...", "……", "汉 字", "\n", "\n\n", " "]
texts = st.lists(
    st.one_of(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
        st.text("中文的了字 \n\t。！？?.…#-•*<>/:ab1http锛\r\u3000", max_size=50),
        st.lists(st.sampled_from(PIECES)).map("".join),
    ),
    max_size=5,
)


def slow_counts(text: str, short: int) -> dict[str, int]:
    """The definitions, line by line."""
    classes = character_classes()
    kinds = [int(classes[ord(character)]) for character in text]
    counts = dict.fromkeys(COLUMNS, 0)
    for kind in kinds:
        counts[CLASS_NAMES[kind]] += 1
    counts["chars"] = len(text)
    counts["newlines"] = text.count("\n")
    counts["hashes"] = text.count("#")
    counts["ellipses"] = text.count("...") + text.count("…")
    counts["stop_chars"] = sum(character in STOP for character in text)
    counts["garbled_chars"] = sum(character in GARBLED for character in text)
    for line in text.split("\n"):
        spans = re.finditer("://[^\x00-\x20\"'()<>\\]`\x7f-\U0010ffff]*", line)
        counts["url_chars"] += sum(len(span[0].split(")")[0]) for span in spans)
        for start in [match.start() for match in re.finditer("<(?=[A-Za-z/!])", line)]:
            tag = re.match("<[^<>]*>", line[start:])
            counts["tag_chars"] += sum(ord(character) > 32 for character in tag[0]) if tag else 0
        classified = "".join(
            "h" if classes[ord(character)] == 1 else " " if classes[ord(character)] == SPACE else "x"
            for character in line
        )
        counts["spaced_han"] += len(re.findall("(?<=h) +(?=h)", classified))
        stripped = line.strip()
        if not stripped:
            continue
        counts["lines"] += 1
        counts["line_chars"] += len(line)
        counts["ended_lines"] += stripped[-1] in ENDS
        counts["question_lines"] += stripped[-1] in "?？"
        counts["ellipsis_lines"] += stripped.endswith(("...", "…"))
        counts["bullet_lines"] += stripped[0] in BULLETS
        counts["short_lines"] += len(line) <= short
    return counts


def test_a_url_ends_where_a_link_does() -> None:
    assert counted("见 https://a.cn/b?c=1) 和")["url_chars"] == len("://a.cn/b?c=1")
    assert counted("见https://a.cn/中文")["url_chars"] == len("://a.cn/")
    assert counted("比例 3:4 // 注释")["url_chars"] == 0


def test_a_tag_must_close_on_its_line() -> None:
    assert counted('<a href="x">字</a>')["tag_chars"] == len('<ahref="x">') + len("</a>")
    assert counted("<a\n>")["tag_chars"] == counted("a < b > c")["tag_chars"] == counted("<a <b")["tag_chars"] == 0


def counted(text: str) -> dict[str, int]:
    utf8 = Documents.of([text]).utf8
    out = np.empty((1, len(COLUMNS)), np.int64)
    count(*utf8, traits(STOP, ENDS, BULLETS, GARBLED), 10, out)
    return dict(zip(COLUMNS, map(int, out[0]), strict=True))


@settings(deadline=None)  # the first call compiles
@given(texts, st.integers(0, 12))
def test_counts_follow_their_definitions(batch: list[str], short: int) -> None:
    utf8 = Documents.of(batch).utf8
    # characters that no text should hold are added by `traits`; here only those named are wanted
    table = traits(STOP, ENDS, BULLETS, "") & 0x7F
    for character in GARBLED:
        table[ord(character)] |= 0x80
    out = np.full((len(batch), len(COLUMNS)), -1, np.int64)
    count(*utf8, table, short, out)
    assert [dict(zip(COLUMNS, map(int, row), strict=True)) for row in out] == [
        slow_counts(text, short) for text in batch
    ]


@settings(deadline=None)  # the first call compiles
@given(texts)
def test_chars_and_lines_alone_are_those_of_all_counts(batch: list[str]) -> None:
    out = np.full((len(batch), 2), -1, np.int64)
    count_chars_and_lines(*Documents.of(batch).utf8, character_classes(), out)
    slow = [slow_counts(text, 0) for text in batch]
    assert out.tolist() == [[counts["chars"], counts["lines"]] for counts in slow]


def test_control_and_private_characters_are_garbled_but_white_space_is_not() -> None:
    assert counted("\ue000\x01\x9f\ufffd锛")["garbled_chars"] == 5
    assert counted(" \t\n\r\u3000\u200d中a1。😀\ufe0f")["garbled_chars"] == 0


def test_classes_agree_with_python_on_white_space() -> None:
    classes = character_classes()
    assert [point for point in range(0x110000) if chr(point).isspace() != (classes[point] == SPACE)] == []


def slow_words(words: list[str], symbols: set[str], stop: set[str]) -> list[int]:
    plain = [word for word in words if any(character not in symbols for character in word)]
    alpha = sum(any(character.isalpha() for character in word) for word in words)
    return [
        len(words),
        len(plain),
        sum(map(len, plain)),
        alpha,
        len(stop & set(words)),
        sum(word in stop for word in words),
    ]


pieces = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4), max_size=20)


@settings(deadline=None)  # the first call compiles
@given(st.lists(pieces, max_size=4), st.sets(st.text("的了是a", min_size=1, max_size=2), max_size=6))
def test_words_are_counted_as_given(batch: list[list[str]], stop: set[str]) -> None:
    documents = Documents.of(["".join(text) for text in batch])
    words = words_of(documents, batch)
    symbols = set("。，！") | {chr(point) for point in [*range(9), *range(11, 32), *range(127, 160)]}
    out = np.empty((len(batch), len(WORD_COLUMNS)), np.int64)
    count_words(documents.utf8.data, *words, word_traits("。，！"), *stop_texts(stop), out)
    expected = [slow_words([piece.strip() for piece in text if piece.strip()], symbols, stop) for text in batch]
    assert out.tolist() == expected


def stop_texts(stop: set[str]) -> Utf8:
    return Documents.of(sorted(stop)).utf8


@settings(deadline=None)  # the first call compiles
@given(texts)
def test_the_segmenter_leaves_nothing_out(batch: list[str]) -> None:
    documents = Documents.of(batch)
    words = words_by("jieba", documents)
    assert words
    starts, ends, first_word = words
    data = documents.utf8.data.tobytes()
    for number, text in enumerate(batch):
        of_text = range(first_word[number], first_word[number + 1])
        joined = "".join(data[starts[word] : ends[word]].decode() for word in of_text)
        assert "".join(joined.split()) == "".join(text.split())
    assert words_by("jieba", documents) is words  # cut once for all filters
