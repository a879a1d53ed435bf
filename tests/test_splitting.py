"""The kernel that writes Chinese as characters and pairs; the truth is the same rule in plain Python."""

import itertools
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.contracts import Documents
from curate.kernels.splitting import split_characters
from curate.kernels.utf8 import DIGIT, HAN, KANA, PUNCTUATION, SPACE, SYMBOL, character_classes


def split(texts: list[str]) -> list[str]:
    data, offsets = split_characters(*Documents.of(texts).utf8)
    return [data[start:stop].tobytes().decode() for start, stop in itertools.pairwise(offsets)]


def in_python(text: str) -> str:
    classes, tokens, run = character_classes(), [], ""
    for char in text:
        half = unicodedata.normalize("NFKC", char) if "！" <= char <= "～" else char
        kind = SPACE if char == "\0" else classes[ord(half)]
        kind = DIGIT if kind == DIGIT else kind if kind in (HAN, KANA, PUNCTUATION, SYMBOL, SPACE) else "word"
        char = half.lower() if half.isascii() else half
        if kind == SPACE:
            run = ""
        elif kind == run and kind in (DIGIT, "word"):
            tokens[-1] += char
        else:
            tokens.append(char)
            run = kind
    written = [one for before, token in itertools.pairwise(["^", *tokens]) for one in (token, before + token)]
    return "".join(token + " " for token in [*written, *(last + "$" for last in tokens[-1:])])


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("春天来了", "春 ^春 天 春天 来 天来 了 来了 了$ "),
        ("GPT4很好。", "gpt ^gpt 4 gpt4 很 4很 好 很好 。 好。 。$ "),
        ("ＡＢＣ１２！", "abc ^abc 12 abc12 ! 12! !$ "),
        ("one two\nthree", "one ^one two onetwo three twothree three$ "),
        ("カナ 한국어", "カ ^カ ナ カナ 한국어 ナ한국어 한국어$ "),
        ("𠀀𠀁", "𠀀 ^𠀀 𠀁 𠀀𠀁 𠀁$ "),
        ("", ""),
        (" \n\u3000", ""),
        ("a\0b", "a ^a b ab b$ "),
        ("。", "。 ^。 。$ "),
    ],
)
def test_chinese_becomes_characters_and_pairs_and_words_stay_whole(text: str, tokens: str) -> None:
    assert split([text]) == [tokens]


def test_marks_of_fasttext_come_out_in_pieces() -> None:
    tokens = split(["a </s> __label__spam b"])[0].split(" ")
    assert "</s>" not in tokens and not any(token.startswith("__label__") for token in tokens)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.text(st.sampled_from("春天，。aBé1２Ａ！ \n\u3000カ한👩\u200d\u0301𠀀<_\0") | st.characters(codec="utf-8"))
    )
)
def test_any_text_is_split_as_in_python(texts: list[str]) -> None:
    assert split(texts) == [in_python(text) for text in texts]


def test_a_slice_of_a_batch_is_read_at_its_place() -> None:
    documents = Documents.of(["春天", "来了", "秋天"])
    sliced = Documents(documents.frame.slice(1, 2))
    data, _ = split_characters(*sliced.utf8)
    assert data.tobytes().decode() == "来 ^来 了 来了 了$ 秋 ^秋 天 秋天 天$ "


def test_one_line_of_a_megabyte_is_a_text() -> None:
    assert len(split(["字" * 350_000])[0]) == 350_000 * 2 + 350_001 * 3
