"""Units: runs of segments, who owns them, what is cut; in kernels and in tables, against obvious Python versions."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate import cuts, units
from curate.contracts import CUT_COLUMNS, SEGMENT_COLUMNS, Documents, PassageFilter
from curate.errors import CurateError
from curate.filters.repeated import RepeatedLines, RepeatedPassages
from curate.kernels.code_lines import IS_BLANK, IS_CODE, IS_PROSE, lines_of
from curate.kernels.units import letter_bytes, paragraphs_of, trimmed, two_longest
from curate.kernels.utf8 import character_classes

SENTENCES = ["天地玄黄。", "宇宙洪荒！", "日月盈昃，辰宿列张。", "寒来？", "Yes, autumn harvests.", "闰余成岁"]
ENDS = ["", " ", "\n", "\n\n", "\n\u3000\u3000"]


def stored(step: PassageFilter, texts: list[str], batch: int = 2) -> units.Stored:
    """What a run stores of a part, in batches, packed and unpacked."""
    found = []
    for start in range(0, len(texts), batch):
        documents = Documents.of(texts[start : start + batch])
        found.append(units.found(step, documents, "filter"))
    whole = units.Stored.together(found)
    return whole._replace(segments=units.unpacked(units.packed(whole.segments)))


def weight(text: str) -> int:
    return sum(len(character.encode()) for character in text if character.isalnum())


@st.composite
def documents(draw):
    """Texts of a few sentences, drawn from so few that runs are shared; each a list of (sentence, what follows)."""
    sentence = st.tuples(st.sampled_from(SENTENCES), st.sampled_from(ENDS))
    texts = draw(st.lists(st.lists(sentence, max_size=7), min_size=1, max_size=6))
    # A sentence without a mark is one only if its line ends.
    return [
        [(one, "\n" if one[-1] not in "。！？." else " " if one[-1] == "." and not end else end) for one, end in text]
        for text in texts
    ]


def units_of(text: list[tuple[str, str]], least: int) -> dict[int, tuple[str, ...]]:
    """Number of each sentence with which a unit starts, and the sentences of the unit."""
    found = {}
    for first in range(len(text)):
        for last in range(first + 1, len(text) + 1):
            run = tuple(sentence for sentence, _ in text[first:last])
            if sum(map(weight, run)) >= least:
                found[first] = run
                break
    return found


def owned_by_hand(texts, kept, least, min_left):
    """Sentences that each document loses, and who is dropped: as the filter's page says it."""
    all_units = [units_of(text, least) for text in texts]
    holders: dict[tuple[str, ...], set[int]] = {}
    for row, found in enumerate(all_units):
        for run in found.values():
            holders.setdefault(run, set()).add(row)
    owned: set[tuple[str, ...]] = set()
    lost, dropped = [set() for _ in texts], [False] * len(texts)
    for row, found in enumerate(all_units):
        if not kept[row]:
            continue
        shared = {first: run for first, run in found.items() if len(holders[run]) > 1}
        gone = {place for first, run in shared.items() if run in owned for place in range(first, first + len(run))}
        chars = sum(len(texts[row][place][0]) for place in gone)
        left = len("".join(sentence + end for sentence, end in texts[row])) - chars
        if chars > left and left < min_left:
            dropped[row] = True
        else:
            lost[row] = gone
            owned |= set(shared.values())
    return lost, dropped


@settings(deadline=None, max_examples=300)
@given(documents(), st.lists(st.booleans(), min_size=6, max_size=6), st.sampled_from([1, 5, 9]))
def test_passages_are_owned_as_the_page_of_the_filter_says(texts, kept, min_chars):
    step = RepeatedPassages(min_chars=min_chars, min_left=20)
    whole = ["".join(sentence + end for sentence, end in text) for text in texts]
    found = stored(step, whole)
    assert found.segments.height == sum(map(len, texts))
    keep = np.array(kept[: len(texts)])
    left = pl.Series(whole, dtype=pl.String).str.len_chars().cast(pl.Int64)
    owners = np.zeros(100, np.uint8)
    marks = units.compared(step, found)
    covered, dropped = units.owned(found.segments, marks, keep, left, cuts.none(), least_left=20, owners=owners)
    lost, gone = owned_by_hand(texts, kept, 3 * min_chars, 20)
    first = np.cumsum([0, *map(len, texts)])
    assert [set(np.flatnonzero(covered[a:b])) for a, b in itertools.pairwise(first)] == lost
    assert dropped.tolist() == gone
    check_cuts(texts, lost, units.spans(found.segments, covered), whole)
    few, moved = units.of_marked(found.segments, marks)
    again, _ = units.owned(few, moved, keep, left, cuts.none(), least_left=20, owners=np.zeros(100, np.uint8))
    assert units.spans(few, again).equals(units.spans(found.segments, covered))


def check_cuts(texts, lost, spans, whole):
    """What is left is the other sentences, word for word, and no two lines run into each other."""
    assert cuts.checked(spans.select("row", "start", "end"), Documents.of(whole), "filter").equals(spans)
    left = cuts.taken_out(pl.Series(whole, dtype=pl.String), spans)
    for text, places, rest in zip(texts, lost, left, strict=True):
        stays = [(place, sentence) for place, (sentence, _) in enumerate(text) if place not in places]
        position = 0
        for place, sentence in stays:
            found = rest.index(sentence, position)
            between = rest[position:found]
            assert not between.strip()
            if position and "\n" in text[place - 1][1]:
                assert "\n" in between, "two lines were joined"
            position = found + len(sentence)
        assert not rest[position:].strip()


def test_nothing_is_lost_in_a_circle():
    """Each of three documents has two passages, each passage two documents: one of each stays."""
    a, b, c = ("这是第" + number + "段文字，" + "它足够长，可以算作一段。" for number in "一二三")
    step = RepeatedPassages(min_chars=15, min_left=5)
    texts = [a + b, b + c, c + a]
    found = stored(step, texts)
    left = pl.Series([len(text) for text in texts], dtype=pl.Int64)
    owners = np.zeros(9, np.uint8)
    kept = np.ones(3, np.bool_)
    marks = units.compared(step, found)
    covered, dropped = units.owned(found.segments, marks, kept, left, cuts.none(), least_left=5, owners=owners)
    rest = cuts.taken_out(pl.Series(texts), units.spans(found.segments, covered))
    assert dropped.tolist() == [False, False, True]  # nothing of it is left
    assert rest.to_list() == [a + b, c, c + a]


def test_a_dropped_document_owns_nothing_and_a_rule_that_is_off_drops_none():
    long, other = "甲" * 30 + "。", "乙" * 30 + "。"
    texts = [long, long + "丙。" + other, other + "丁" * 50 + "。"]
    step = RepeatedPassages(min_chars=20, min_left=200)
    found = stored(step, texts)
    left = pl.Series([len(text) for text in texts], dtype=pl.Int64)

    def judge(least: int | None, kept: list[bool]) -> tuple[list[bool], list[str]]:
        covered, dropped = units.owned(
            found.segments, units.compared(step, found), np.array(kept), left, cuts.none(),
            least_left=least, owners=np.zeros(9, np.uint8),
        )  # fmt: skip
        return dropped.tolist(), cuts.taken_out(pl.Series(texts), units.spans(found.segments, covered)).to_list()

    # The second loses 31 of 64 characters: less than it keeps, so it stays, and owns the other passage.
    assert judge(200, [True] * 3) == ([False] * 3, [texts[0], "丙。" + other, "丁" * 50 + "。"])
    assert judge(200, [False, True, True]) == ([False] * 3, [texts[0], texts[1], "丁" * 50 + "。"])
    copies = [long, long + "丙。"]
    found, left = stored(step, copies), pl.Series([len(text) for text in copies], dtype=pl.Int64)
    texts = copies
    assert judge(200, [True, True]) == ([False, True], copies)
    assert judge(None, [True, True]) == ([False, False], [long, "丙。"])
    assert judge(2, [True, True]) == ([False, False], [long, "丙。"])


def test_what_other_filters_cut_is_not_counted_twice():
    shared, own = "春" * 40 + "。", "自己的话，有这么长。"
    texts = [shared, shared + own]
    step = RepeatedPassages(min_chars=20)
    found = stored(step, texts)
    cut = pl.DataFrame({"row": [1], "start": [0], "end": [len(shared.encode())]}, schema=CUT_COLUMNS)
    spans = cuts.checked(cut, Documents.of(texts), "filter")
    left = cuts.signals(spans, pl.Series([len(text) for text in texts]))["chars_left"]
    keep, owners = np.ones(2, np.bool_), np.zeros(9, np.uint8)
    marks = units.compared(step, found)
    covered, dropped = units.owned(found.segments, marks, keep, left, spans, least_left=50, owners=owners)
    assert covered.tolist() == [False, True, False]
    assert not dropped.any()  # nothing that was left is lost


@settings(deadline=None)
@given(documents())
def test_segments_are_unpacked_as_they_were_packed(texts):
    whole = ["".join(sentence + end for sentence, end in text) for text in texts]
    batch = Documents.of(whole)
    for step in (
        RepeatedPassages(min_chars=3),
        RepeatedLines(min_chars=1),
        RepeatedLines(min_chars=1, unit="paragraph"),
    ):
        segments = units.found(step, batch, "filter").segments
        assert units.unpacked(units.packed(segments)).equals(segments)
        for row, start, text_end, end, *_, first, last, past in segments.iter_rows():
            text = whole[row].encode()
            assert [len(text[:place].decode()) for place in (start, text_end, end)] == [first, last, past]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from([0, 1, 2, None]), st.lists(st.integers(0, 4)))), st.data())
def test_units_are_counted_by_document_and_by_source(rows, data):
    """Documents of units (numbers) and a source each, against sets."""
    entries = [(unit, row, source) for row, (_, source, held) in enumerate(rows) for unit in held]
    schema = {"hash": pl.UInt64, "body": pl.UInt64, "source": pl.UInt64}
    frame = pl.DataFrame(entries, schema=schema, orient="row").with_row_index("segment").cast({"segment": pl.Int64})
    totals = pl.DataFrame({"source": [0, 1, 2]}, schema={"source": pl.UInt64}).with_columns(
        of_source=pl.Series([sum(one[1] == source for one in rows) for source in range(3)], dtype=pl.Int64)
    )
    most, share = data.draw(st.integers(1, 4)), data.draw(st.sampled_from([0.0, 0.5, 1.0]))
    step = RepeatedLines(max_documents=most, max_share=share, min_documents=2)
    got = units.repeated(frame.sort("hash", "segment").select(list(units.PLACED)), totals, step.repeated())
    holders = [{row for one, row, _ in entries if one == unit} for unit in range(5)]
    expected = set()
    for segment, (unit, _, source) in enumerate(entries):
        same = {row for row in holders[unit] if rows[row][1] == source}
        of_source = sum(one[1] == source for one in rows)
        often = source is not None and len(same) >= 2 and len(same) > share * of_source
        if len(holders[unit]) > 1 and (len(holders[unit]) > most or often):
            expected.add(segment)
    assert set(got["segment"]) == expected
    numbers = sorted({(entries[segment][0], group) for segment, group in got.iter_rows()})
    assert [group for _, group in numbers] == list(range(len(numbers)))


@settings(deadline=None)
@given(st.lists(st.text(alphabet=" \t\n\u3000\xa0ab字é", max_size=8), min_size=1))
def test_white_space_at_the_ends_is_left_out(texts):
    data, offsets = Documents.of(texts).utf8
    starts, stops = trimmed(data, offsets[:-1], offsets[1:])
    assert [bytes(data[a:b]).decode() for a, b in zip(starts, stops, strict=True)] == [text.strip() for text in texts]


@settings(deadline=None)
@given(st.text(alphabet="字ab1é한ァ。，!- \n😀ü", max_size=20))
def test_letters_are_counted_in_bytes(text):
    data, offsets = Documents.of([text]).utf8
    (got,) = letter_bytes(data, offsets[:-1], offsets[1:], character_classes())
    assert got == weight(text)


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from("pcb"), max_size=6), min_size=1, max_size=3))
def test_paragraphs_lie_between_blank_lines_and_have_no_code(kinds):
    """Lines as letters: prose, code, blank."""
    texts = ["".join("\n" if kind == "b" else f"{kind}\n" for kind in text) for text in kinds]
    lines = lines_of(*Documents.of(texts).utf8)
    numbers = {"p": IS_PROSE, "c": IS_CODE, "b": IS_BLANK}
    lines = lines._replace(kinds=np.array([numbers[kind] for text in kinds for kind in text], np.uint8))
    expected, first = [], 0
    for text in kinds:
        line = 0
        while line < len(text):
            stop = line
            while stop < len(text) and text[stop] != "b":
                stop += 1
            behind = stop
            while behind < len(text) and text[behind] == "b":
                behind += 1
            if stop > line and "c" not in text[line:stop]:
                expected.append((first + line, first + behind))
            line = behind
        first += len(text)
    assert list(zip(*paragraphs_of(lines), strict=True)) == expected


class Own(PassageFilter):
    """Gives back what it is told."""

    signals = {"own_chars": pl.Int64}
    rows: list[tuple[int, int, int, int]] = []

    def segments(self, documents):
        rows = [(*row, True, 1, 1) for row in self.rows]
        return pl.DataFrame(rows, schema=SEGMENT_COLUMNS, orient="row")


@pytest.mark.parametrize(
    "rows",
    [
        [(0, 1, 3, 3)],
        [(0, 0, 7, 7)],
        [(2, 0, 1, 1)],
        [(0, 3, 0, 3)],
        [(0, 0, 3, 6), (0, 3, 6, 6)],
        [(1, 0, 1, 1), (0, 0, 3, 3)],
    ],
)
def test_segments_outside_their_text_inside_a_character_or_out_of_order_are_an_error(rows):
    batch = Documents.of(["字字", "ab"])
    with pytest.raises(CurateError, match="filter: a segment lies outside"):
        units.found(Own(rows=rows), batch, "filter")
    units.found(Own(rows=[(0, 0, 3, 6), (1, 0, 1, 1)]), batch, "filter")


def test_other_columns_or_too_few_sources_are_an_error():
    class Wrong(Own):
        def segments(self, documents):
            return pl.DataFrame({"row": [0]})

    class Sourceless(Own):
        def sources(self, documents):
            return pl.Series([], dtype=pl.String)

    with pytest.raises(CurateError, match="promised"):
        units.found(Wrong(), Documents.of(["a"]), "filter")
    with pytest.raises(CurateError, match="0 sources of 1"):
        units.found(Sourceless(), Documents.of(["a"]), "filter")


@settings(deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 4)), max_size=6), min_size=1))
def test_the_two_longest_segments_differ(texts):
    """Segments of a length and a hash."""
    row = [number for number, text in enumerate(texts) for _ in text]
    flat = [segment for text in texts for segment in text]
    length, hashes = (np.array([one[part] for one in flat], kind) for part, kind in ((0, np.int64), (1, np.uint64)))
    longest, second = two_longest(np.array(row, np.int64), length, hashes, len(texts))
    for text, first, other in zip(texts, longest, second, strict=True):
        best = max(text, key=lambda one: one[0], default=(0, 0))
        assert first == best[1]
        rest = [one for one in text if one[1] != best[1]]
        assert other == max(rest, key=lambda one: one[0], default=(0, 0))[1]


HEADER = "山水周刊的读者们大家好"


def cut_lines(texts: list[str], **parameters: object) -> list[str]:
    """The lines that are cut, as often as they are."""
    step = RepeatedLines.model_validate({"min_chars": 5, "max_documents": 3, "max_share": None, **parameters})
    found = stored(step, texts)
    spans = units.spans(
        found.segments, units.covered(found.segments, units.compared(step, found)["segment"].to_numpy())
    )
    return [texts[row][start:end] for row, start, end in spans.select("row", "start_char", "end_char").rows()]


def test_copies_of_a_page_count_once():
    article = "第一段说的是城里的新桥，它去年才修好。\n第二段说的是河边的老街，那里的人都认得它。\n第三段很短很短。\n"
    assert cut_lines([article] * 9) == []
    edited = [article.replace("很短很短", f"很短很短{i}") for i in range(9)]
    assert cut_lines(edited) == []  # near copies: the longest line is the same
    pages = [f"{HEADER}\n这一页的正文说的是第{i}件事情，同别的页都不一样。\n" for i in range(4)]
    assert cut_lines(pages) == [f"{HEADER}\n"] * 4
    assert cut_lines(pages[:3]) == []
    assert cut_lines([*pages[:3], pages[0], pages[1]]) == []
    assert cut_lines([*pages, *[article] * 9]) == [f"{HEADER}\n"] * 4
    # The header is the longest line of these: they are told apart by the next.
    assert len(cut_lines([f"{HEADER * 3}\n正文是第{i}件\n" for i in "一二三四"])) == 4
    # A page that has nothing else is a copy of the others, and a matter of `exact_duplicates`.
    assert cut_lines([HEADER] * 9) == []
