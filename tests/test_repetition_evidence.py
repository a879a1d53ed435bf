"""The evidence of `repetition`: what is marked, as strings, and that it adds up to the signals."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marked import marked, spans_of

from curate.contracts import Documents
from curate.filters.repetition import DUPLICATE, TOP, Repetition
from curate.testing import TEXTS, check_filter


@pytest.mark.parametrize(
    ("signal", "text", "expected"),
    [
        ("top_2_gram_ratio", "春天到。春天好", ["春天", "春天"]),
        ("top_2_gram_ratio", "hello world！好hello world。", ["hello world", "hello world"]),
        ("top_3_gram_ratio", "春天到。春天好", []),
        ("duplicate_5_gram_ratio", "今天天气很好啊。昨天天气很好啊", ["天天气很好啊"]),
        ("duplicate_10_gram_ratio", "今天天气很好啊。昨天天气很好啊", []),
        ("duplicate_line_ratio", "首页\n好\n首页\n \n \n首页", ["首页", "首页"]),
        ("duplicate_line_char_ratio", "首页\n 首页", []),
        ("duplicate_paragraph_ratio", "一\n二\n\n三\n\n\n一\n二\n", ["一\n二"]),
    ],
)
def test_what_repeats_is_marked(signal: str, text: str, expected: list[str]) -> None:
    assert marked(Repetition(), signal, text) == expected


@pytest.mark.parametrize(
    ("signal", "text", "expected"),
    [
        ("top_2_gram_ratio", "go on go on go up", ["go on go on"]),
        ("top_2_gram_ratio", "all words differ", []),
        ("duplicate_5_gram_ratio", "a b c d e f x a b c d e f y", ["a b c d e"]),
        ("duplicate_line_ratio", "a\n \nb\n \n a\na", [" ", "a"]),
        ("duplicate_shown_line_char_ratio", "a\n \nb\n \n a\na", ["a"]),
        ("repeated_13_gram_ratio", "Abcdefghijklm! abcdefghijklm?", ["abcdefghijklm"]),
        ("frequent_3_gram_ratio", "abcabcxyzuvw", ["abcabc"]),
        ("repeated_word_5_gram_ratio", "a b c d e 1 a b c 2 d e", ["a b c 2 d e"]),
    ],
)
def test_what_repeats_in_words_is_marked(signal: str, text: str, expected: list[str]) -> None:
    step = Repetition(profile="gopher_en", words="spaces", occurrences=True, force=True)
    assert marked(step, signal, text) == expected


PIECES = st.sampled_from(
    ["天", "气", "好", "。", "。。", "a", "b1", " ", "\n", "\n\n", "😀", "今天天气很好", "春眠不觉晓\n"]
)
TEXT = st.lists(PIECES, max_size=40).map("".join)


@settings(deadline=None, max_examples=40)
@given(st.lists(TEXT, min_size=1, max_size=3))
def test_marked_characters_add_up_to_the_signal(texts: list[str]) -> None:
    step = Repetition()
    measured = step.measure(Documents.of(texts))
    for text, spans, signals in zip(texts, spans_of(step, texts), measured.iter_rows(named=True), strict=True):
        visible = sum(not character.isspace() for character in text)
        wholes = dict.fromkeys([*TOP, *DUPLICATE], visible)
        wholes |= {
            "duplicate_line_char_ratio": len(text.replace("\n", "")),
            "duplicate_paragraph_char_ratio": len(text),
        }
        for signal, whole in wholes.items():
            pieces = [text[one.start : one.end] for one in spans if one.signal == signal]
            if signal in (*TOP, *DUPLICATE):
                pieces = ["".join(piece.split()) for piece in pieces]
            assert sum(map(len, pieces)) == pytest.approx((signals[signal] or 0) * whole), signal
        lines = sum(bool(line.strip()) for line in text.split("\n"))
        again = [one for one in spans if one.signal == "duplicate_line_ratio"]
        assert len(again) == pytest.approx((signals["duplicate_line_ratio"] or 0) * lines)


@settings(deadline=None, max_examples=40)
@given(TEXT)
def test_marked_words_add_up_to_the_signal(text: str) -> None:
    step = Repetition(profile="fineweb2_zh", words="spaces", force=True)
    measured = step.measure(Documents.of([text])).row(0, named=True)
    spans = spans_of(step, [text])[0]
    for signal in DUPLICATE:
        pieces = ["".join(text[one.start : one.end].split()) for one in spans if one.signal == signal]
        assert sum(map(len, pieces)) == pytest.approx((measured[signal] or 0) * len(text)), signal
    for signal in ("duplicate_line_char_ratio", "duplicate_paragraph_char_ratio", "duplicate_shown_line_char_ratio"):
        whole = len(text) if "shown" not in signal else len(text.replace("\n", ""))
        chars = sum(one.end - one.start for one in spans if one.signal == signal)
        assert chars == pytest.approx((measured[signal] or 0) * whole), signal


@pytest.mark.parametrize(
    "step",
    [
        Repetition(),
        Repetition(profile="fineweb2_zh"),
        Repetition(profile="bloom_zh"),
        Repetition(profile="chinesewebtext"),
    ],
)
def test_evidence_of_every_kind_lies_in_its_text(step: Repetition) -> None:
    check_filter(step, [*TEXTS, "", "\n\n", "İ" * 40, "  \x1c天气天气天气\x1c "])
