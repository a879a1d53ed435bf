"""Where two texts differ: against the shortest edit script by dynamic programming; bounded, and the same every time."""

from __future__ import annotations

import itertools
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate import differences
from curate.differences import Change, Stretch, edits, hunks


def fewest_edits(one: str, other: str) -> int:
    """Insertions and deletions, by the table that every textbook has."""
    row = list(range(len(other) + 1))
    for place, char in enumerate(one, 1):
        above, row = row, [place]
        for column, wanted in enumerate(other, 1):
            row.append(above[column - 1] if char == wanted else 1 + min(above[column], row[-1]))
    return row[-1]


def is_true(one: str, other: str, changes: list[Change]) -> bool:
    """Whether both texts are the same but for the changes."""
    left = right = 0
    for change in changes:
        if one[left : change.start] != other[right : change.other_start]:
            return False
        left, right = change.stop, change.other_stop
    return one[left:] == other[right:]


few_letters = st.text("ab。", max_size=24)


@settings(max_examples=300, deadline=None)
@given(few_letters, few_letters)
def test_edits_are_true_and_the_fewest(one: str, other: str) -> None:
    changes = edits(one, other)
    assert changes is not None and is_true(one, other, changes)
    assert sum(a - b + c - d for b, a, d, c in changes) == fewest_edits(one, other)


@settings(max_examples=300, deadline=None)
@given(few_letters, few_letters)
def test_differences_are_true_and_apart(one: str, other: str) -> None:
    changes = differences.differences(one, other)
    assert is_true(one, other, changes)
    assert (changes == []) == (one == other)
    assert all(after.start - before.stop >= differences.LEAST_SAME for before, after in itertools.pairwise(changes))


@settings(max_examples=300, deadline=None)
@given(few_letters, few_letters)
def test_hunks_hold_every_character_that_only_one_has(one: str, other: str) -> None:
    found = [stretch for hunk in hunks(one, other) for stretch in hunk]
    changes = differences.differences(one, other)
    for side, expected in (
        ("one", [one[change.start : change.stop] for change in changes]),
        ("other", [other[change.other_start : change.other_stop] for change in changes]),
    ):
        assert [stretch.text for stretch in found if stretch.side == side] == [text for text in expected if text]


def test_a_change_is_shown_with_a_little_around_it() -> None:
    before, after = "今天天气很好，" * 10, "，我们去公园散步" * 10
    assert hunks(before + "北京" + after, before + "上海" + after) == [
        [
            Stretch("both", "…" + before[-20:]),
            Stretch("one", "北京"),
            Stretch("other", "上海"),
            Stretch("both", after[:20]),
            Stretch("both", "…"),
        ]
    ]


def test_what_stands_at_the_end_has_nothing_left_out_after_it() -> None:
    assert hunks("甲乙丙", "甲乙丙丁") == [[Stretch("both", "甲乙丙"), Stretch("other", "丁")]]
    assert hunks("", "丁") == [[Stretch("other", "丁")]]
    assert hunks("丁", "丁") == []


def test_changes_close_together_are_one_hunk_and_those_far_apart_two() -> None:
    between = "".join(map(chr, range(0x4E00, 0x4E00 + 40)))
    assert len(hunks(f"甲{between}乙", f"丙{between}丁")) == 1
    assert len(hunks(f"甲{between}一乙", f"丙{between}一丁")) == 2


def test_characters_that_agree_by_chance_are_no_common_text() -> None:
    assert differences.differences("红的花", "白的云") == [Change(0, 3, 0, 3)]
    assert differences.differences("红的的的的花", "白的的的的云") == [Change(0, 1, 0, 1), Change(5, 6, 5, 6)]


def test_a_moved_sentence_is_found_whole() -> None:
    one, other = "甲甲甲甲。乙乙乙乙。丙丙丙丙。丁丁丁丁。", "乙乙乙乙。丙丙丙丙。丁丁丁丁。甲甲甲甲。"
    assert differences.differences(one, other) == [Change(0, 5, 0, 0), Change(20, 20, 15, 20)]


def page(seed: int, chars: int) -> list[str]:
    """Sentences of invented characters."""
    chance = random.Random(seed)
    return ["".join(chr(chance.randrange(0x4E00, 0x6000)) for _ in range(39)) + "。" for _ in range(chars // 40)]


@pytest.mark.parametrize(
    ("one", "other", "n_hunks"),
    [
        (page(0, 100_000), [*page(0, 100_000)[:1000], "新。", *page(0, 100_000)[1100:], "尾"], 2),
        (page(0, 100_000), page(1, 100_000), 1),
        (["".join(page(0, 100_000)).replace("。", "")], ["".join(page(0, 100_000)).replace("。", "，")], 1),
        (["ab" * 50_000 + "a"], ["ba" * 50_000 + "ca"], None),
        (["。"] * 50_000 + ["甲"], ["乙"] + ["。\n"] * 50_000, 1),
    ],
    ids=["changed", "strangers", "changed throughout", "two letters", "no sentence"],
)
def test_long_texts_take_no_longer_than_a_moment(one: list[str], other: list[str], n_hunks: int | None) -> None:
    start = time.process_time()
    found = hunks("".join(one), "".join(other))
    assert time.process_time() - start < 5
    assert found and n_hunks in (None, len(found))


def test_what_is_too_much_to_tell_is_one_change(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = "一二三四五六七八九十", "甲乙丙丁戊己庚辛壬癸"
    assert edits(one, other) == [Change(0, 10, 0, 10)]
    monkeypatch.setattr(differences, "MOST_EDITS", 19)
    assert edits(one, other) is None
    assert differences.differences(one, other) == [Change(0, 10, 0, 10)]
    assert differences.differences(f"同{one}尾。", f"同{other}尾。") == [Change(1, 11, 1, 11)]
    monkeypatch.setattr(differences, "MOST_EDITS", 20)
    monkeypatch.setattr(differences, "MOST_STEPS", 10)
    assert edits(one, other) is None


def test_differences_are_true_where_bounds_are_met(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(differences, "MOST_EDITS", 3)
    chance = random.Random(0)
    for _ in range(500):
        one, other = ("".join(chance.choices("ab。", k=chance.randrange(20))) for _ in range(2))
        changes = differences.differences(one, other)
        assert is_true(one, other, changes) and (changes == []) == (one == other)


def test_only_so_many_places_are_looked_at_by_character(monkeypatch: pytest.MonkeyPatch) -> None:
    one = "".join(f"第{number}句写的是这个和那个。共同的一句。" for number in range(3))
    other = one.replace("那个", "别的")
    assert {change.stop - change.start for change in differences.differences(one, other)} == {2}
    monkeypatch.setattr(differences, "MOST_REFINED", 2)
    changes = differences.differences(one, other)
    assert is_true(one, other, changes) and changes[-1].stop - changes[-1].start > 2
