"""The evidence of `quality`: what is marked, as strings, and that it adds up to the signals."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marked import marked, spans_of

from curate.contracts import Documents
from curate.filters.quality import Quality
from curate.testing import TEXTS, check_filter


@pytest.mark.parametrize(
    ("signal", "text", "expected"),
    [
        ("han_ratio", "a quick test 天气 of it", ["天气"]),
        ("han_ratio", "天气很好，ok", ["，ok"]),
        ("letter_ratio", "天气 ok 很好 a1", ["ok", "a"]),
        ("digit_ratio", "第12页，共３页", ["12", "３"]),
        ("punctuation_ratio", "好。好！(好)", ["。", "！(", ")"]),
        ("symbol_ratio", "a+b=￥5", ["+", "=￥"]),
        ("garbled_ratio", "坏\ufffd\ufffd了锟斤拷", ["\ufffd\ufffd", "锟"]),
        ("url_ratio", "见 https://a.cn/x?y=1。和(http://b)好", ["://a.cn/x?y=1", "://b"]),
        ("tag_ratio", "<p>好</p> a < b <br/> <未", ["<p>", "</p>", "<br/>"]),
        ("spaced_han_ratio", "你 好\n吗 a 好  的。 是", [" 好", "  的"]),
        ("stop_char_ratio", "红的花是好的", ["的", "是", "的"]),
        ("ended_line_ratio", "第一行。 \n第二行\n \n第三行！", ["。", "！"]),
        ("bullet_line_ratio", "• 一\n  - 二\n三 - 四", ["•", "-"]),
        ("short_line_ratio", " 首页 \n这一行比十个字要长得多了吧\n登录", ["首页", "登录"]),
        ("ellipsis_line_ratio", "更多…\n还有.... \n没..有\n..", ["…", "..."]),
        ("ellipsis_lines", "更多…\n…没有", ["…"]),
        ("question_lines", "什么？\nwhat? \n什么?的", ["？", "?"]),
    ],
)
def test_what_counts_is_marked(signal: str, text: str, expected: list[str]) -> None:
    assert marked(Quality(), signal, text) == expected


@pytest.mark.parametrize(
    ("profile", "signal", "text", "expected"),
    [
        ("fineweb2_zh", "stop_words", "今天的天气是好的", ["的", "是", "的"]),
        ("fineweb2_zh", "alpha_word_ratio", "天气，12度 ok", ["，", "12"]),
        ("fineweb2_zh", "hash_word_ratio", "##标签", ["#", "#"]),
        ("fineweb2_zh", "ellipsis_word_ratio", "好…….....", ["…", "…", "..."]),
        ("fineweb2_zh", "ended_line_ratio", "好。 \n好。\n好", ["。"]),
        ("fineweb2_zh", "bullet_line_ratio", "•一\x0b- 二\r\n•三", ["•", "-", "•"]),
        ("mapneo_as_written", "special_char_ratio", "天气 12℃，好", ["12℃，"]),
        ("mapneo_as_written", "bracketed_ratio", "【公告】天气【\n】", ["公告"]),
        ("mapneo_as_written", "hash_run_ratio", "##标签#", ["##", "#"]),
        ("mapneo_as_written", "ellipsis_run_ratio", "好……吗..。是.", ["……", "..。"]),
        ("mapneo_as_written", "plain_digit_ratio", "12月3日", ["12", "3"]),
        ("mapneo_as_written", "more_line_ratio", "全文展开 \n展开全文\nreadmore", ["展开", "readmore"]),
        ("mapneo_as_written", "stops_line_ratio", "完了。。。\n。。。好\n。。", ["。。。"]),
        ("c4_en", "javascript_lines", "Please enable JavaScript to see it.\nAll is well here.", ["JavaScript"]),
        ("c4_en", "policy_lines", "Read our privacy policy before use.\nAll is well here.", ["privacy policy"]),
        ("c4_en", "unended_lines", " Home About Contact \nAll is well here.", ["Home About Contact"]),
        ("c4_en", "few_word_lines", "Go home.\nAll is well here.", ["Go home."]),
        ("c4_en", "lorem_ipsum", "So lorem ipsum goes on and on.", ["lorem ipsum"]),
        ("c4_en", "curly_bracket", "All is { well } here.\nif {", ["{"]),
    ],
)
def test_what_other_profiles_count_is_marked(profile: str, signal: str, text: str, expected: list[str]) -> None:
    words = "spaces" if profile == "c4_en" else None
    assert marked(Quality(profile=profile, force=True, words=words), signal, text) == expected


RATIOS = {
    "digit_ratio": "characters",
    "punctuation_ratio": "characters",
    "symbol_ratio": "characters",
    "garbled_ratio": "characters",
    "url_ratio": "characters",
    "spaced_han_ratio": "spans",
    "ended_line_ratio": "lines",
    "bullet_line_ratio": "lines",
    "short_line_ratio": "lines",
    "ellipsis_line_ratio": "lines",
    "question_line_ratio": "lines",
}
PIECES = st.sampled_from(
    [
        "天",
        "的",
        "。",
        "？",
        "…",
        "...",
        ".",
        " ",
        "\n",
        "\u3000",
        "a",
        "1",
        "://",
        "<b>",
        "<",
        ">",
        "•",
        "-",
        "锟",
        "é",
        "😀",
    ]
)
TEXT = st.lists(PIECES, max_size=30).map("".join)


@settings(deadline=None, max_examples=60)
@given(st.lists(TEXT, min_size=1, max_size=4))
def test_what_is_marked_adds_up_to_the_signal(texts: list[str]) -> None:
    step = Quality()
    signals = step.measure(Documents.of(texts))
    for text, spans, measured in zip(texts, spans_of(step, texts), signals.iter_rows(named=True), strict=True):
        visible = sum(not character.isspace() for character in text)
        lines = sum(bool(line.strip()) for line in text.split("\n"))
        for signal, counted in RATIOS.items():
            own = [one for one in spans if one.signal == signal]
            n = sum(one.end - one.start for one in own) if counted == "characters" else len(own)
            whole = lines if counted == "lines" else visible
            assert n == pytest.approx((measured[signal] or 0) * whole), signal
        counts = Counter(one.signal for one in spans)
        assert counts["question_lines"] == measured["question_lines"]
        assert counts["ellipsis_lines"] == measured["ellipsis_lines"]


@pytest.mark.parametrize(
    "profile", ["curate_zh", "fineweb2_zh", "mapneo_as_written", "bloom_zh", "fineweb_en", "gopher_en"]
)
def test_evidence_of_every_profile_lies_in_its_text(profile: str) -> None:
    check_filter(
        Quality(profile=profile, force=True, **({"words": "spaces"} if profile.endswith("_en") else {})), [*TEXTS, ""]
    )


def test_stop_words_are_marked_wherever_they_stand_and_are_as_many_as_the_signal() -> None:
    step, text = Quality(profile="fineweb2_zh"), "我的书是他的，也是你的。"
    assert len(set(marked(step, "stop_words", text))) == step.measure(Documents.of([text]))["stop_words"].item()
