"""The Unicode cleaner. Expected values by hand; mojibake is made the way it is made in the wild, by wrong decoding."""

from __future__ import annotations

import random
import unicodedata

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate.cleaners import unicode
from curate.cleaners.unicode import Unicode
from curate.contracts import Utf8


def cleaned(*texts: str) -> list[str]:
    return Unicode().clean(pl.Series("text", texts, pl.String)).text.to_list()


def signals(*texts: str) -> list[tuple[bool, bool]]:
    found = Unicode().clean(pl.Series("text", texts, pl.String)).signals
    assert found is not None
    return found.select("mojibake_repaired", "spaces_repaired").rows()


SOUND = {
    "chinese": "他说：“今天天气不错……”——《北京晚报》，2024年1月1日，价格￥5．00。\n\n第二段，100×200毫米。",
    "traditional": "臺灣、香港與澳門的「正體字」；㐀是擴展A，𠮷是擴展B。",
    "french": "« L’été dernier, à Noël, la façade de l’hôtel où naquit l’œuvre » – 5 °C, N° 12, 1 234 €",
    "german": "„Größe“ heißt ‚ÄÖÜäöüß‘ – »MENÜ« und «Ü», §§ 5–7, 20 €…",
    "portuguese": "“INFORMAÇÃO” – “SÃO JOÃO”: ‘não’, ‘à’, ‘É’…",
    "spanish": "¿Qué tal, señor? ¡Año Ñu! «ÓPTIMO»",
    "vietnamese": "Tiếng Việt có dấu: Nguyễn Ái Quốc, ‘Đà Nẵng’",
    "polish": "Zażółć gęślą jaźń – „ŁÓDŹ”",
    "japanese": "日本語の「ガギグゲゴ」とパピプペポ、ｶﾀｶﾅ。",
    "korean": "한국어 문장입니다. 값은 ₩1,000.",
    "hindi with joiners": "क्‍ष और क्‌ष",
    "persian with a non-joiner": "می‌خواهم",
    "emoji": "👨‍👩‍👧‍👦 👩🏽‍🚀 🏳️‍🌈 ❤️‍🔥 1️⃣ 🇨🇳 👁️‍🗨️",
    "code": "if (a < b && c > d) {\n\treturn \"\\u4e2d\";\n}",
    "math": "∑ᵢ xᵢ² ≠ ½·π, ≤ ≥ ± × ÷",
    "tab and line ends": "a\tb\n\nc\n",
    "empty": "",
}  # fmt: skip


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_text_stays_as_it_is(name: str) -> None:
    assert cleaned(SOUND[name]) == [SOUND[name]]
    assert signals(SOUND[name]) == [(False, False)]


CHANGED = {
    "Windows and Mac line ends": ("a\r\nb\rc\n\rd", "a\nb\nc\n\nd"),
    "Unicode line ends": ("a\x85b\u2028c\u2029d", "a\nb\nc\nd"),
    "zero width": ("中\u200b文\ufeff字\u2060符\u200e\u200f", "中文字符"),
    "controls": ("a\0b\x07c\x1bd\x7fe\x80f\x9fg", "abcdefg"),
    "vertical tab and form feed": ("a\x0bb\x0cc", "abc"),
    "soft hyphens": ("Donau\xaddampf", "Donaudampf"),
    "direction marks": ("\u202aabc\u202c\u2066def\u2069", "abcdef"),
    "non-characters": ("a\ufffeb\uffffc", "abc"),
    "joiners where they mean nothing": ("中\u200d文\u200c字 \u200da\u200cb\u200d1\u200d。\u200d", "中文字 ab1。"),
    "a joiner at the start": ("\u200d中", "中"),
    "joiners between a letter and its accent": ("e\u200d\u0301\u200d\u0323\u200cx", "ẹ́x"),
    "a joiner after kana with a sound mark": ("か\u200d\u3099\u200dあ", "があ"),
    "decomposed letters": ("e\u0301 n\u0303 か\u3099 한", "é ñ が 한"),
    "compatibility ideographs": ("\uf900\u2f00", "豈\u2f00"),
    "a mixed line": ("\ufeff第一行\r\n\u200b第二行\x00\r\n", "第一行\n第二行\n"),
}


@pytest.mark.parametrize("name", CHANGED)
def test_what_is_invisible_or_decomposed_is_made_plain(name: str) -> None:
    damaged, plain = CHANGED[name]
    assert cleaned(damaged) == [plain]
    assert signals(damaged) == [(False, False)]


def test_full_width_letters_and_digits_become_half_width_and_punctuation_stays() -> None:
    assert cleaned("ＡＺａｚ０９，。！？“”‘’…—～　㎏①Ⅳ（％＋－．：）") == ["AZaz09，。！？“”‘’…—～　㎏①Ⅳ（％＋－．：）"]
    assert signals("ＡＢＣ") == [(False, False)]


def test_a_full_width_letter_composes_with_the_accent_behind_it() -> None:
    assert cleaned("Ｅ\u0301") == ["É"]


def test_width_stays_where_it_is_asked_to() -> None:
    texts = pl.Series("text", ["ＡＢＣ１２３，x\u200b", "１"], pl.String)
    assert Unicode(half_width=False).clean(texts).text.to_list() == ["ＡＢＣ１２３，x", "１"]


MOJIBAKE = {
    "Chinese read as Latin-1": "香港的天气今天很好，大家都出门了。".encode().decode("latin-1"),
    "French read as Windows-1252": "L’été à la façade".encode().decode("cp1252"),
    "German read as Latin-1": "Größe und Übermut".encode().decode("latin-1"),
    "twice": "déjà vu".encode().decode("latin-1").encode().decode("latin-1"),
}


@pytest.mark.parametrize(
    ("damaged", "plain"),
    [
        (MOJIBAKE["Chinese read as Latin-1"], "香港的天气今天很好，大家都出门了。"),
        (MOJIBAKE["French read as Windows-1252"], "L’été à la façade"),
        (MOJIBAKE["German read as Latin-1"], "Größe und Übermut"),
        (MOJIBAKE["twice"], "déjà vu"),
    ],
    ids=MOJIBAKE,
)
def test_mojibake_is_repaired_as_a_whole_and_in_single_lines(damaged: str, plain: str) -> None:
    sound = "上一行是好的，“引号”也是好的——……"
    assert cleaned(damaged) == [plain]
    assert cleaned(f"{sound}\n{damaged}\r\n{sound}") == [f"{sound}\n{plain}\n{sound}"]
    assert signals(damaged, f"{sound}\n{damaged}", sound) == [(True, False), (True, False), (False, False)]


def test_mojibake_whose_trace_appears_only_after_cleaning_is_repaired_too() -> None:
    damaged = "L’été à la façade".encode().decode("cp1252")
    assert cleaned(damaged.replace("Ã", "A\u0303\u200b"), damaged.replace("©", "\u200b©")) == ["L’été à la façade"] * 2
    assert signals(damaged.replace("Ã", "A\u0303\u200b")) == [(True, False)]


def test_an_empty_column_stays_empty() -> None:
    result = Unicode().clean(pl.Series("text", [], pl.String))
    assert result.text.to_list() == []
    assert result.signals is not None
    assert dict(result.signals.schema) == dict(Unicode.signals)
    assert result.signals.height == 0


# Properties over all text that UTF-8 can hold, with what matters here drawn often.

ALPHABET = st.one_of(
    st.characters(exclude_categories=["Cs"]),
    st.sampled_from(
        "中文，。 a1\n\t\r\x85\u2028\u200b\u200c\u200d\ufeff\xad\xa0×÷ÃÂâåæç©€™‘’“”œžéüΩ\u0301\u0323\u0338\u3099か한ᄒ"
        "Ａｚ０９，“ 的了汉 字 😀👩\ufe0fक्\u212b\u2adc\u0344\u0958\x80\x9f\0\ufffd"
    ),
)
TEXTS = st.one_of(
    st.text(ALPHABET, max_size=30),
    st.text(ALPHABET, max_size=12).map(lambda text: text.encode().decode("latin-1")),
    st.text(ALPHABET, max_size=12).map(lambda text: text.encode().decode("cp1252", errors="ignore")),
    st.lists(st.sampled_from([*SOUND.values(), *MOJIBAKE.values()]), max_size=3).map("\u200b\r".join),
)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
@example("×ª×‘")
@example("a\u0301\u200d\u0591\u200d")
@example("\u2adc\u200d")
@example("Ã\u200b©")
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    (once,) = cleaned(text)
    assert cleaned(once) == [once]


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_a_cleaned_text_is_composed_and_holds_nothing_invisible(text: str) -> None:
    (clean,) = cleaned(text)
    assert unicodedata.is_normalized("NFC", clean)
    controls = {character for character in clean if unicodedata.category(character) == "Cc"}
    assert controls <= {"\n", "\t"}
    assert not set(clean) & set("\u200b\u2028\u2029\ufeff\xad\u202e")


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, max_size=8))
def test_rows_do_not_depend_on_their_neighbours(texts: list[str]) -> None:
    assert cleaned(*texts) == [cleaned(text)[0] for text in texts]
    assert signals(*texts) == [signals(text)[0] for text in texts]


def without_the_screen(text: str) -> str:
    """All steps, on a text that the screen would let pass."""
    return unicode._clean(pl.Series("text", [text], pl.String), half_width=True)[0].item()


PLAIN_CHARACTERS = [
    chr(point) for point in np.flatnonzero(unicode._table() == 0).tolist() if not 0xD800 <= point < 0xE000
]
"""Characters that the screen lets pass."""


def test_no_character_of_the_screen_is_changed_alone() -> None:
    assert len(PLAIN_CHARACTERS) > 250_000
    changed, _ = unicode._clean(pl.Series("text", PLAIN_CHARACTERS, pl.String), half_width=True)
    assert changed.to_list() == PLAIN_CHARACTERS


def test_no_pair_of_odd_characters_of_the_screen_is_changed() -> None:
    odd = [character for character in PLAIN_CHARACTERS if "\x7e" < character < "\u3100"]
    marks = [character for character in odd if "\u2010" < character < "\u2040"]
    some = [*random.Random(0).sample(odd, 400), *marks, "中", "a", "\n"]
    pairs = pl.Series("text", ["一" + first + second for first in some for second in some], pl.String)
    changed, repaired = unicode._clean(pairs, half_width=True)
    assert (changed == pairs).all()
    assert not repaired.any()


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(st.sampled_from(PLAIN_CHARACTERS)), TEXTS))
def test_the_screen_never_hides_a_text_that_the_steps_would_change(text: str) -> None:
    if not unicode._suspects(Utf8.of(pl.Series([text], dtype=pl.String)), half_width=True).item():
        assert without_the_screen(text) == text
