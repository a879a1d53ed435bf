"""`kernels.overlap` against a search by the definition, and `kernels.sentences` on borders of sentences."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.contracts import Documents
from curate.kernels import overlap
from curate.kernels.sentences import widen

LETTERS = "春夏秋冬东南西北甲乙丙丁ab1２Ａé。？ \n,\u200b😀"


def units_of(text):
    utf8 = Documents.of([text]).utf8
    return overlap.units(utf8.data, utf8.offsets, overlap.unit_table())[0].tolist()


def split(text):
    """Units, each as its normalised letters, where it starts and ends (characters), by the definition."""
    found = []
    previous = ""
    for at, character in enumerate(text):
        folded = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", character).lower())[0]
        kind = "han" if "\u4e00" <= folded <= "\u9fff" else unicodedata.category(folded)[0]
        if kind == "han" or (kind in "LN" and kind != previous):
            found.append([folded, at, at + 1])
        elif kind in "LN":
            found[-1][0] += folded
            found[-1][2] = at + 1
        if character != "\u200b":
            previous = kind
    return found


def stands_alone(text, unit, before):
    """Whether a border stands before `unit` (or after `before`, the last one, if there is none after it)."""
    gap = text[before[2] if before else 0 : unit[1] if unit else len(text)]
    beside_han = any(u and "\u4e00" <= u[0][0] <= "\u9fff" for u in (unit, before))
    return before is None or unit is None or any(c in "。？\n,😀" for c in gap) or (" " in gap and beside_han)


def found_slowly(wanted, text):
    """(position in `wanted`, first character, one past the last) of every gram of a text."""
    units = split(text)
    grams = {}
    for length in range(1, overlap.GRAM + 1):
        for i in range(len(units) - length + 1):
            grams.setdefault(tuple(u[0] for u in units[i : i + length]), []).append(i)
    hits = set()
    for number, gram in enumerate(wanted):
        length = len(gram)
        for i in grams.get(tuple(gram), []):
            after = units[i + length] if i + length < len(units) else None
            ends = stands_alone(text, after, units[i + length - 1])
            begins = stands_alone(text, units[i], units[i - 1] if i else None)
            asked = "？" in text[units[i + length - 1][2] : after[1] if after else len(text)]
            if length == overlap.GRAM or (ends and (begins or asked or length >= overlap.FREE)):
                hits.add((number, units[i][1], units[i + length - 1][2]))
    return hits


def table_of(texts, shortest=4):
    utf8 = Documents.of(texts).utf8
    units, starts = overlap.units(utf8.data, utf8.offsets, overlap.unit_table())
    hashes, places = overlap.grams(units, starts, shortest)
    hashes, first = np.unique(hashes, return_index=True)
    wanted = [[u[0] for u in split(texts[t])[p : p + n]] for t, p, n in places[:, first].T]
    return wanted, overlap.build_table(hashes, places[2, first])


def found(table, texts):
    utf8 = Documents.of(texts).utf8
    row, gram, start, end = overlap.find(utf8.data, utf8.offsets, overlap.unit_table(), *table)
    hits = [set() for _ in texts]
    for r, g, s, e in zip(row, gram, start - utf8.offsets[row], end - utf8.offsets[row], strict=True):
        data = texts[r].encode()
        hits[r].add((int(g), len(data[:s].decode()), len(data[:e].decode())))
    return hits


text = st.text(st.sampled_from(LETTERS), max_size=60)


@settings(deadline=None, max_examples=300)
@given(items=st.lists(text, min_size=1, max_size=4), pages=st.lists(text, max_size=3), data=st.data())
def test_grams_are_found_where_the_definition_finds_them(items, pages, data):
    wanted, table = table_of(items)
    # Random pages share little with the items: some are made of them.
    pages = pages + [page + data.draw(st.sampled_from(items)) + page for page in pages] + items
    assert found(table, pages) == [found_slowly(wanted, page) for page in pages]


def test_long_texts_are_the_same_over_the_borders_of_blocks():
    item = "山路向北绕过三座水塔以后才见到渡口"
    wanted, table = table_of([item, "谁修了塔"])
    for filler in (overlap.BLOCK - 14, overlap.BLOCK - 3, overlap.BLOCK, 2 * overlap.BLOCK - 20):
        page = "雨" * filler + "，" + item + "。谁修了塔？" + "雪" * overlap.BLOCK + item
        hits = found(table, [page, page])
        assert hits[0] == hits[1]
        assert len(hits[0]) == 2 * (len(item) - overlap.GRAM + 1) + 1
        assert {page[s:e] for g, s, e in hits[0] if len(wanted[g]) < overlap.GRAM} == {"谁修了塔"}


@pytest.mark.parametrize(
    "same",
    [
        ("Ａ１ b", "a1 B"),
        ("café", "cafe\u0301"),
        ("ﾃｽﾄ", "テスト"),
        ("春，夏", "春 夏"),
        ("co\u00adop", "coop"),
        ("①②", "12"),
        ("iphone15", "iPhone 15"),
    ],
)
def test_what_looks_alike_is_the_same_unit(same):
    assert units_of(same[0]) == units_of(same[1]) != []


@pytest.mark.parametrize("different", [("春夏", "夏春"), ("ab c", "a bc"), ("1 2", "12"), ("か", "が"), ("가", "나")])
def test_what_differs_stays_different(different):
    assert units_of(different[0]) != units_of(different[1])


def test_a_gram_of_few_different_units_is_none():
    assert table_of(["哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈", "0 0 1 1 0 0 1 1 0 0 1 1 0 0 2"])[0] == []
    assert len(table_of(["哈哈嘻嘻呵呵嘿嘿"])[0]) == 1


def widened(page, passage, reach=600):
    utf8 = Documents.of(["前页。", page]).utf8
    first = utf8.offsets[1]
    at = page.encode().index(passage.encode())
    starts, ends = np.array([first + at]), np.array([first + at + len(passage.encode())])
    widen(utf8.data, utf8.offsets, np.array([1]), starts, ends, reach)
    return page.encode()[starts[0] - first : ends[0] - first].decode()


@pytest.mark.parametrize(
    ("page", "passage", "expected"),
    [
        ("早上好。渡口何时修成？明天见。", "何时修", "渡口何时修成？"),
        ("他问：“渡口何时修成？”没人答。", "何时修", "他问：“渡口何时修成？”"),
        ("标题\n渡口何时修成\n结尾", "何时修", "渡口何时修成\n"),
        ("渡口何时修成", "何时修", "渡口何时修成"),
        ("One. How far is 3.5 km from here? Two.", "far is", "How far is 3.5 km from here? "),
        ("真的吗？！渡口何时修成？？好。", "何时修", "渡口何时修成？？"),
        ("题目是哪一年？\nA. 春\nB. 夏\n尾声", "是哪一", "题目是哪一年？\nA. 春\nB. 夏\n"),
        ("题目是哪一年？ A．春 B．夏\n尾声", "是哪一", "题目是哪一年？ A．春 B．夏\n"),
    ],
)
def test_a_passage_is_widened_to_its_sentence_or_line(page, passage, expected):
    assert widened(page, passage) == expected


def test_a_passage_without_a_border_in_reach_stays():
    assert widened("雨" * 500 + "何时修" + "雪" * 500, "何时修") == "何时修"


@settings(deadline=None)
@given(page=st.text(st.sampled_from("春夏？。”a. \nAB）é😀"), min_size=1, max_size=40), data=st.data())
def test_widened_spans_keep_to_characters_and_to_their_text(page, data):
    first = data.draw(st.integers(0, len(page) - 1))
    passage = page[first : data.draw(st.integers(first + 1, len(page)))]
    result = widened(page, passage, data.draw(st.integers(0, 30)))
    assert passage in result and result in page
