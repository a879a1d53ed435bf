"""Normal forms: the kernel against Python's own `unicodedata`, `str.casefold` and `str.isspace`."""

import unicodedata
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.contracts import Utf8
from curate.kernels.normal_form import IGNORABLE, normal_form, normal_forms, normalised

ALL = frozenset(IGNORABLE)
CHARACTERS = [chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000]


def nfkd(text: str) -> str:
    return unicodedata.normalize("NFKD", text)


def forms_of(texts: list[str], *ignore: str) -> list[str]:
    written = normalised(*Utf8.of(pl.Series(texts, dtype=pl.String)), *normal_forms(frozenset(ignore)))
    return Utf8(*written).series().to_list()


@pytest.mark.parametrize(
    ("ignore", "text", "expected"),
    [
        ("case", "Straße ΌΣΟΣ ＡＢ", "strasse όσοσ ａｂ"),
        ("width", "ＡＢｃ１！　￥ ｶﾞﾊﾟ ﾡ Ab", "ABc1! ¥ カ\u3099ハ\u309a \u3131 Ab"),
        ("width", "ガパ が ①㍿ ﬁ", "カ\u3099ハ\u309a か\u3099 ①㍿ ﬁ"),
        ("spaces", " 汉 字\n\u3000a\tb\u2028c\u200bd", "汉字abc\u200bd"),
        ("punctuation", "“你好”，a-b（$5）＝①😀!々〇", "你好ab5①々〇"),
    ],
)
def test_each_option_leaves_aside_what_it_names(ignore: str, text: str, expected: str) -> None:
    assert forms_of([text], ignore) == [expected]
    assert forms_of([text]) == [text]


def test_width_makes_of_every_form_what_nfkc_makes_of_it() -> None:
    # NFKC does more (① is 1), so it is asked about wide and narrow forms only; both sides decomposed.
    wide = [text for text in CHARACTERS if unicodedata.decomposition(text).startswith(("<wide>", "<narrow>"))]
    assert len(wide) > 200
    assert [nfkd(form) for form in forms_of(wide, "width")] == [nfkd(text) for text in wide]


def test_width_leaves_all_but_kana_and_such_forms_as_they_are() -> None:
    kana = {chr(point) for point in range(0x3040, 0x3100)}
    others = [text for text in CHARACTERS if not unicodedata.decomposition(text).startswith(("<wide>", "<narrow>"))]
    changed = [text for text, form in zip(others, forms_of(others, "width"), strict=True) if form != text]
    assert set(changed) < kana and {"ガ", "ぱ", "ヴ"} < set(changed)


@pytest.mark.parametrize(
    ("ignore", "left"),
    [
        ("case", str.casefold),
        ("spaces", lambda text: "" if text.isspace() else text),
        ("punctuation", lambda text: "" if unicodedata.category(text)[0] in "PS" else text),
    ],
)
def test_every_character_becomes_what_python_makes_of_it(ignore: str, left: Callable[[str], str]) -> None:
    assert forms_of([f"x{text}" for text in CHARACTERS], ignore) == [f"x{left(text)}" for text in CHARACTERS]


def test_a_form_takes_three_times_the_bytes_of_its_character_at_most() -> None:
    for text in CHARACTERS:
        assert len(normal_form(text, ALL).encode()) <= 3 * len(text.encode())
        assert len(normal_form(text, {"case"}).encode()) <= min(8, 3 * len(text.encode()))


def test_of_all_together_nothing_is_left_that_one_of_them_would_change() -> None:
    once = forms_of(CHARACTERS, *ALL)
    changed = [form for form, text in zip(once, CHARACTERS, strict=True) if form != text]
    assert len(changed) > 1_000
    assert forms_of(changed, *ALL) == changed


def test_a_text_of_which_nothing_would_be_left_stays_as_it_is() -> None:
    assert forms_of(["！！", "", " \n", "！a！", "??"], *ALL) == ["！！", "", " \n", "a", "??"]


def test_texts_may_start_inside_the_buffer() -> None:
    texts = pl.Series(["Ａ，b", "汉 字Ⅷ", "ΐΐΐ"])[1:]
    written = Utf8(*normalised(*Utf8.of(texts), *normal_forms(ALL)))
    assert written.series().to_list() == ["汉字ⅷ", "ΐ".casefold() * 3]
    assert np.array_equal(written.offsets[:1], [0])


odd = "aAßİŉΐǰﬃẞＡ！　ｶﾞﾟガぱ゛，。 \n\u2028\u200b😀𝐀𐐀Ⅷⅷ々①￥"


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.text(st.one_of(st.sampled_from(odd), st.characters(codec="utf-8"))), max_size=5),
    st.sets(st.sampled_from(IGNORABLE)),
)
def test_the_kernel_writes_what_python_writes(texts: list[str], ignore: set[str]) -> None:
    assert forms_of(texts, *ignore) == [normal_form(text, ignore) or text for text in texts]
