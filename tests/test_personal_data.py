"""The cleaner of personal data. Numbers are invented; checksums are worked out by hand or by the slow way shown here.

`data/personal_data.jsonl` is a test set of our own: `{"text", "spans": [[start, end, kind], …]}`, in characters. Lines
with `"blind": true` were written after the patterns and had not been seen by them.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from curate import registry
from curate.cleaners.personal_data import PLACEHOLDERS, SIGNALS, PersonalData, locate
from curate.cleaners.personal_data.find import find
from curate.cleaners.personal_data.numbers import is_luhn, is_resident_id

LINES = [
    json.loads(line)
    for line in (Path(__file__).parent / "data/personal_data.jsonl").read_text(encoding="utf-8").splitlines()
]


def cleaned(*texts: str, **parameters: object) -> list[str]:
    return PersonalData.model_validate(parameters).clean(pl.Series("text", texts, pl.String)).text.to_list()


def spans(texts: list[str]) -> list[set[tuple[int, int, str]]]:
    found: list[set[tuple[int, int, str]]] = [set() for _ in texts]
    for one in locate(pl.Series(texts)):
        data = texts[one.row].encode()
        found[one.row].add((len(data[: one.start].decode()), len(data[: one.end].decode()), one.kind))
    return found


def scores(lines: list[dict[str, object]]) -> tuple[float, float]:
    """Precision and recall by span: place and kind must agree."""
    found = spans([str(line["text"]) for line in lines])
    wanted = [{tuple(span) for span in line["spans"]} for line in lines]  # type: ignore[attr-defined]
    right = sum(len(mine & truth) for mine, truth in zip(found, wanted, strict=True))
    return right / sum(map(len, found)), right / sum(map(len, wanted))


def test_the_test_set_is_large_enough_and_consistent():
    assert sum(bool(line["spans"]) for line in LINES) >= 300
    assert sum(not line["spans"] for line in LINES) >= 300
    assert sum(line.get("blind", False) for line in LINES) >= len(LINES) / 3
    assert len({line["text"] for line in LINES}) == len(LINES)
    assert {kind for line in LINES for _, _, kind in line["spans"]} == set(PLACEHOLDERS)
    for line in LINES:
        for start, end, _ in line["spans"]:
            assert 0 <= start < end <= len(line["text"])


def test_precision_and_recall_on_the_test_set():
    precision, recall = scores(LINES)
    assert precision >= 0.98
    assert recall >= 0.95


@pytest.mark.parametrize("kind", sorted(PLACEHOLDERS))
def test_recall_of_each_kind(kind: str):
    lines = [{**line, "spans": [span for span in line["spans"] if span[2] == kind]} for line in LINES]
    found = spans([line["text"] for line in lines])
    wanted = {(i, *span) for i, line in enumerate(lines) for span in line["spans"]}
    right = wanted & {(i, *span) for i, each in enumerate(found) for span in each}
    assert len(right) >= 0.95 * len(wanted)


def slow_check_digit(first17: str) -> str:
    """The digit that makes the weighted sum 1 modulo 11, tried one by one (GB 11643)."""
    weights = [2**power % 11 for power in range(17, 0, -1)]
    total = sum(int(digit) * weight for digit, weight in zip(first17, weights, strict=True))
    return next("0123456789X"[value] for value in range(11) if (total + value) % 11 == 1)


def test_the_checksum_of_a_resident_id():
    # 11010519491231002 by the weights 7 9 10 5 8 4 2 1 6 3 7 9 10 5 8 4 2:
    # 7+9+0+5+0+20+2+9+24+27+7+18+30+5+0+0+4 = 167 = 15 * 11 + 2, and 2 stands for X.
    assert is_resident_id("11010519491231002X")
    assert is_resident_id("11010519491231002x")
    assert not is_resident_id("110105194912310021")


@given(
    st.dates(min_value=date(1900, 1, 1)).filter(lambda day: day.year <= 2035),
    st.integers(0, 999),
)
def test_a_resident_id_has_one_right_check_digit(day, order):
    first = f"330106{day:%Y%m%d}{order:03}"
    right = [digit for digit in "0123456789X" if is_resident_id(first + digit)]
    assert right == [slow_check_digit(first)]


def test_a_resident_id_needs_a_province_and_a_birthday():
    for first in ("99010519900307271", "33010619900230271", "33010618900307271"):
        assert not is_resident_id(first + slow_check_digit(first))


def test_luhn():
    # 7992739871: doubled from the right 2 7 16 9 6 7 4 9 18 7 -> 2 7 7 9 6 7 4 9 9 7 = 67, so 3 makes 70
    assert is_luhn("79927398713")
    assert [digit for digit in range(10) if is_luhn(f"7992739871{digit}")] == [3]


NEIGHBOURS = {
    "email": ("写信到 lin.tao@163.com 即可", "写信到 lin.tao@example.com 即可"),
    "e-mail and Git": ("邮箱 sun@gitee.com", "git clone git@gitee.com:sun/blog.git"),
    "e-mail and a file": ("a@b2x.cn", "icon@2x.png"),
    "e-mail and a package": ("vue@dist.com", "vue@2.6.14"),
    "mobile": ("打 13912345678 找我", "订单 13912345678 已发"),
    "mobile and an amount": ("号 13912345678", "共 13912345678 元"),
    "mobile and a URL": ("见 13912345678", "https://a.cn/p/13912345678"),
    "mobile and a range that is not used": ("小李 15612345678", "小李 15412345678"),
    "mobile and a longer number": ("13912345678", "139123456780"),
    "mobile and code": ("小李 13912345678", "x = 13912345678"),
    "masked": ("电话 13812345678", "电话 138****5678"),
    "landline": ("0571-87654321", "0571-1234"),
    "landline and an unknown area code": ("0571-87654321", "0500-87654321"),
    "landline that is named": ("电话：87654321", "编号：87654321"),
    "landline and a date": ("电话：20876543", "电话：20210315"),
    "service number": ("010-81234567", "400-812-3456"),
    "abroad": ("+44 20 7946 0958", "+1234567"),
    "resident ID": ("11010519491231002X", "110105194912310021"),
    "old resident ID": ("身份证号 110105491231002", "序号 110105491231002"),
    "bank card": ("卡号 6222021001098765438", "卡号 6222021001098765439"),
    "bank card that is not named": ("6222021001098765438", "4539148803436467"),
    "passport": ("护照号 E12345678", "型号 E12345678"),
    "permit": ("回乡证 H12345678", "货架 H12345678"),
    "IPv4": ("来自 47.98.123.45", "来自 192.168.123.45"),
    "IPv4 and a version": ("IP 12.1.0.2", "版本 12.1.0.2"),
    "IPv4 and a mask": ("47.98.123.45", "255.255.255.240"),
    "IPv4 and an OID": ("47.98.123.45", "1.3.6.1.4.1"),
    "IPv6": ("240e:3b1:4c2a::1f", "2001:db8:4c2a::1f"),
    "IPv6 and C++": ("2408:8207::5", "std::vector"),
    "WeChat": ("微信号：lin_tao88", "微信公众号：lin_tao88"),
    "WeChat and a version": ("微信 abc8016", "微信 8.0.16"),
    "WeChat and mini-programs": ("wx: tom_2020", "wx:for-index"),
    "QQ": ("QQ：12345678", "QQ 9.7.5"),
    "QQ and people": ("QQ群 123456789", "QQ群 500000人"),
    "plate": ("浙A12345", "浙AI12345"),
    "plate and a word": ("京A·8K8T2", "京A级景区"),
    "plate and a city": ("车主 京A12345", "北京A12345 号样品"),
    "plate and a licence": ("粤B12345", "粤B2-20090059"),
    "electric car": ("粤BD12345", "粤BDX"),
}  # fmt: skip


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_a_thing_is_replaced_and_its_neighbour_stays(name: str):
    thing, neighbour = NEIGHBOURS[name]
    assert cleaned(thing) != [thing]
    assert cleaned(neighbour) == [neighbour]


def test_each_kind_has_its_placeholder():
    text = (
        "王工 13912345678，座机 0571-87654321，lin@163.com，身份证 11010519491231002X，卡 6222021001098765438，"
        "护照 E12345678，IP 47.98.123.45，微信号 lin_tao88，QQ 12345678，车牌 浙A12345。"
    )
    assert cleaned(text) == [
        "王工 [手机号]，座机 [电话号码]，[电子邮箱]，身份证 [身份证号]，卡 [银行卡号]，"
        "护照 [证件号]，IP [IP地址]，微信号 [微信号]，QQ [QQ号]，车牌 [车牌号]。"
    ]


def test_signals_count_what_was_replaced():
    texts = pl.Series(["a@163.com、b@163.com，电话 13912345678 或 0571-87654321", "无", "QQ：12345678，浙A12345"])
    signals = PersonalData().clean(texts).signals
    assert signals is not None
    assert signals.schema == pl.Schema(dict.fromkeys(SIGNALS, pl.Int64))
    assert signals.rows() == [(2, 2, 0, 0, 0, 0), (0, 0, 0, 0, 0, 0), (0, 0, 0, 0, 1, 1)]


def test_a_kind_that_is_left_out_stays_and_changes_nothing_else():
    text = "QQ：12345678@qq.com，电话 13912345678"
    assert cleaned(text, kinds=["qq", "mobile"]) == ["QQ：12345678@qq.com，电话 [手机号]"]
    assert cleaned(text, kinds=[]) == [text]


def test_a_placeholder_of_ones_own():
    text = "写信到 lin@163.com 或打 13912345678"
    placeholders = {"email": "email@example.com", "mobile": ""}
    assert cleaned(text, placeholders=placeholders) == ["写信到 email@example.com 或打 "]


@pytest.mark.parametrize("word", ["a@163.com", "13912345678", "47.98.123.45", "abc_123", "12345678", "微信号", "QQ:"])
def test_a_placeholder_that_would_be_found_again_is_refused(word: str):
    with pytest.raises(ValidationError, match="would be taken for personal data again"):
        PersonalData(placeholders={"wechat": word})


def test_unknown_kinds_are_refused():
    with pytest.raises(ValidationError):
        PersonalData.model_validate({"kinds": ["iris_scan"]})


def test_full_width_numbers_and_signs_count():
    assert cleaned("电话：１３９１２３４５６７８") == ["电话：[手机号]"]
    assert cleaned("邮箱：lin＠163.com") == ["邮箱：[电子邮箱]"]


def test_json_stays_json():
    record = {"name": "李雷", "phone": "13912345678", "mail": ["lei@163.com"], "ip": "47.98.123.45"}
    (text,) = cleaned(json.dumps(record, ensure_ascii=False))
    assert json.loads(text) == {"name": "李雷", "phone": "[手机号]", "mail": ["[电子邮箱]"], "ip": "[IP地址]"}


@pytest.mark.parametrize(
    "text", ["", "中", "7", "@", "\0", "\u0301", "👨‍👩‍👧", "1" * 100_000, "中" * 100_000, "a@" * 50_000]
)
def test_odd_texts_pass(text: str):
    assert cleaned(text) == [text]


def test_a_long_list_in_one_line_takes_no_time_and_loses_nobody():
    people = 20_000
    text = "，".join(f"13{number:09}" for number in range(100_000_001, 100_000_001 + people))
    result = PersonalData().clean(pl.Series([text]))
    assert result.text[0] == "，".join(["[手机号]"] * people)
    assert result.signals is not None and result.signals["personal_phones"][0] == people


def test_a_placeholder_names_nothing_that_follows():
    assert cleaned("QQ：12345678 20210315") == ["QQ：[QQ号] 20210315"]
    assert cleaned("微信号：lin_tao88 hello_world") == ["微信号：[微信号] hello_world"]
    assert cleaned("从 47.98.123.45 来，用 Mono 12.34.5.6") == ["从 [IP地址] 来，用 Mono 12.34.5.6"]


def test_numbers_in_a_row_are_all_found():
    assert cleaned("13912345678/13812345678/13712345678") == ["/".join(["[手机号]"] * 3)]
    assert cleaned("+1-212-664-7665 " * 30) == ["[电话号码] " * 30]


def test_words_may_touch_a_number():
    assert cleaned("TEL13912345678", "13912345678wx同号") == ["TEL[手机号]", "[手机号]wx同号"]
    assert cleaned("Call 13912345678 now") == ["Call [手机号] now"]
    assert cleaned("wrote 13912345678 now") == ["wrote 13912345678 now"]
    assert cleaned("小郑13912345678QQ87654321") == ["小郑[手机号]QQ[QQ号]"]


def test_a_clean_column_is_returned_as_it_came():
    texts = pl.Series(["没有任何联系方式。", "版本 1.2.3.4，2021-03-15"])
    assert PersonalData().clean(texts).text is texts


def test_a_sliced_column_is_read_at_its_rows():
    texts = pl.Series(["电话 13912345678", "无", "QQ：12345678"])[1:]
    assert PersonalData().clean(texts).text.to_list() == ["无", "QQ：[QQ号]"]


def test_the_screen_sends_on_all_that_the_patterns_find_in_the_test_set():
    for line, found in zip(LINES, spans([line["text"] for line in LINES]), strict=True):
        assert {tuple(span) for span in find(line["text"])} == found, line["text"]


def test_far_context_changes_nothing():
    filler = "这里是一些普通的文字，没有什么可以替换的东西。" * 10
    for line in LINES[::7]:
        around = cleaned(f"{filler}\n{line['text']}\n{filler}")[0]
        assert around == f"{filler}\n{cleaned(line['text'])[0]}\n{filler}"


def test_the_registry_knows_it():
    assert registry.find("clean", "personal_data", "clean[0]") is PersonalData


PIECES = st.sampled_from(
    [span_text for line in LINES for start, end, _ in line["spans"] for span_text in [line["text"][start:end]]]
    + [
        "电话",
        "微信号：",
        "QQ：",
        "护照",
        "，",
        " ",
        "\n",
        "-",
        ".",
        "@",
        "/",
        ":",
        "：",
        "(",
        "）",
        "1",
        "a",
        "元",
        "https://",
    ]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=12).map("".join)


@settings(deadline=None, max_examples=150)
@given(TEXTS)
@example("QQ：12345678、23456789、微信13912345678a@163.com")
def test_cleaning_twice_is_cleaning_once(text: str):
    (once,) = cleaned(text)
    assert cleaned(once) == [once]


@settings(deadline=None, max_examples=150)
@given(TEXTS)
def test_the_text_around_is_untouched(text: str):
    # Without replacements, what is taken out is all that is missing, in order.
    found = sorted(spans([text])[0])
    kept, at = [], 0
    for start, end, kind in found:
        assert start >= at
        kept += [text[at:start], PLACEHOLDERS[kind]]  # type: ignore[index]
        at = end
    once = "".join([*kept, text[at:]])
    assert cleaned(text) == cleaned(once)


@settings(deadline=None)
@given(st.lists(st.text(), max_size=5))
def test_any_text_passes(texts: list[str]):
    result = PersonalData().clean(pl.Series("text", texts, pl.String))
    assert len(result.text) == len(texts)
    assert result.text.null_count() == 0
