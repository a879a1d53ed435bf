"""The Chinese cleaner. Expected conversions by hand, ratios by counting; OpenCC defines which character is which."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate.cleaners import chinese
from curate.cleaners.chinese import Chinese
from curate.contracts import Utf8
from curate.kernels.kinds import count_kinds


def cleaned(*texts: str, **parameters: object) -> list[str]:
    return Chinese.model_validate(parameters).clean(pl.Series("text", texts, pl.String)).text.to_list()


def ratios(*texts: str) -> list[tuple[float | None, float | None]]:
    found = Chinese().clean(pl.Series("text", texts, pl.String)).signals
    assert found is not None
    assert dict(found.schema) == dict(Chinese.signals)
    return found.select("traditional_ratio", "simplified_ratio").rows()


TRADITIONAL = "這裡的圖書館從來沒有開過門，後來纔聽說鑰匙丟了。"
SIMPLIFIED = "这里的图书馆从来没有开过门，后来才听说钥匙丢了。"


def test_a_traditional_page_becomes_simplified_and_a_simplified_one_stays() -> None:
    assert cleaned(TRADITIONAL, SIMPLIFIED) == [SIMPLIFIED, SIMPLIFIED]


def test_a_simplified_page_becomes_traditional_and_a_traditional_one_stays() -> None:
    page = "这几个学生说过会来，却没有来。"
    assert cleaned(page, TRADITIONAL, to="traditional") == ["這幾個學生說過會來，卻沒有來。", TRADITIONAL]


def test_keep_only_measures() -> None:
    assert cleaned(TRADITIONAL, SIMPLIFIED, to="keep") == [TRADITIONAL, SIMPLIFIED]


def test_a_page_that_quotes_one_traditional_name_stays() -> None:
    page = "署名“陳國華”的那封信，" + "我们在柜子里找了很久都没有找到，" * 6
    assert cleaned(page) == [page]
    ((traditional, _),) = ratios(page)
    assert traditional == pytest.approx(3 / (9 + 15 * 6))
    assert "陈国华" in cleaned(page, min_ratio=0.01)[0]


def test_the_ratios_count_characters_of_one_script_only_among_the_han() -> None:
    assert ratios("國家，國a家", "国家", "人大山水", "abc。1", "") == [
        (0.5, 0),
        (0, 0.5),
        (0, 0),
        (None, None),
        (None, None),
    ]


def test_characters_that_both_scripts_use_tell_nothing() -> None:
    assert ratios("乾於徵著藉瞭后云里面只台干准") == [(0, 0)]


PHRASES = {
    "乾燥": "干燥", "乾隆": "乾隆", "乾坤": "乾坤", "著作": "著作", "執著": "执著", "頭髮": "头发",
    "發展": "发展", "皇后": "皇后", "以後": "以后", "於是": "于是", "樊於期": "樊於期", "憑藉": "凭借",
    "慰藉": "慰藉", "鍾情": "钟情", "鐘錶": "钟表", "復興": "复兴", "重複": "重复", "覆蓋": "覆盖",
    "神祇": "神祇", "軟體": "软体", "皮膚": "皮肤", "麵粉": "面粉", "裏面": "里面",
}  # fmt: skip


@pytest.mark.parametrize("phrase", PHRASES)
def test_one_character_of_many_meanings_is_converted_by_its_phrase(phrase: str) -> None:
    assert cleaned(f"國際{phrase}問題") == [f"国际{PHRASES[phrase]}问题"]


def test_words_of_a_region_are_not_exchanged() -> None:
    assert cleaned("滑鼠與網路軟體") == ["滑鼠与网路软体"]


def test_japanese_stays() -> None:
    page = "東京の學校へ通っている國の學生は、圖書館で讀書をするのが好きです。"
    assert cleaned(page) == [page]
    assert cleaned(page, max_kana_ratio=1) != [page]


def test_odd_texts_survive() -> None:
    texts = ["", "\0國\0", "國\ud7ff😀\u0301", "𠮷國", "國" * 100_000, "\n\n", "國\r\n國"]
    assert cleaned(*texts) == [text.replace("國", "国") for text in texts]


def test_a_conversion_never_ends_at_a_second_one() -> None:
    """壞 becomes 坏, which is a traditional character for 坯 too."""
    assert cleaned("壞國") == ["坏国"]


def test_the_version_of_opencc_is_part_of_what_is_measured() -> None:
    assert Chinese().packages() == ["opencc"]


def test_no_traditional_text_needs_a_second_round() -> None:
    """Every Han alone, in both directions: what was converted is no longer in the other script."""
    table = chinese._table()
    for kind, configuration in ((chinese._TRADITIONAL, "t2s"), (chinese._SIMPLIFIED, "s2t")):
        converted = chinese._convert([chr(point) for point in np.flatnonzero(table == kind)], configuration)
        left = [one for one in converted if (table[list(map(ord, one))] == kind).any()]
        assert len(left) <= 1, left


HARD = "國學乾於徵著藉瞭隻祇甚麼坏壞薴苧苎昇鍾夥是期隆燥坤麽菸薹拚捱摺后後里裏裡发發髮面麵干幹余餘复復複覆只周週云雲"
TEXTS = st.text(
    st.one_of(
        st.sampled_from(HARD),
        st.sampled_from("，。a1 \n\0かカ한😀𠮷\u0301\uf900"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=20,
)


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.sampled_from(["simplified", "traditional", "keep"]), st.sampled_from([0.0, 0.05, 0.5]))
@example("薴薴", "simplified", 0.0)
@example("苎苎", "traditional", 0.0)
def test_cleaning_twice_is_cleaning_once(text: str, to: str, min_ratio: float) -> None:
    (once,) = cleaned(text, to=to, min_ratio=min_ratio)
    assert cleaned(once, to=to, min_ratio=min_ratio) == [once]


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, max_size=6))
def test_rows_do_not_depend_on_their_neighbours(texts: list[str]) -> None:
    assert cleaned(*texts) == [cleaned(text)[0] for text in texts]
    assert ratios(*texts) == [ratios(text)[0] for text in texts]


@settings(max_examples=100, deadline=None)
@given(st.lists(TEXTS, max_size=5))
def test_the_kernel_counts_what_python_counts(texts: list[str]) -> None:
    table = chinese._table()
    out = np.empty((len(texts), 5), np.int64)
    count_kinds(*Utf8.of(pl.Series(texts, dtype=pl.String)), table, out)
    kinds = [[int(table[ord(one)]) for one in text] for text in texts]
    assert out.tolist() == [[row.count(kind) for kind in range(5)] for row in kinds]
