"""Lines for a terminal: 80 columns, Han characters count two, nothing moves the cursor."""

import json

import click
from rich.cells import cell_len

from curate import shown
from curate.shown import Piece


def test_control_characters_are_shown_as_escapes():
    assert shown.printable("a\x1b[2J\r\u202eb\tc\n") == "a\\x1b[2J\\r\\u202eb\tc\n"


def test_no_line_is_wider_than_the_terminal_and_no_character_is_lost():
    text = "汉字" * 50 + " and some words that go on and on, as words do " * 3
    lines = shown.folded(text, "  ")
    assert max(cell_len(line) for line in lines) <= 80
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(line.startswith("  ") for line in lines)


def test_words_are_not_torn_nor_closing_marks_put_first():
    assert shown.folded("x" * 78 + " words") == ["x" * 78, "words"]
    assert [line[0] for line in shown.folded("汉" * 40 + "，" + "字" * 5)] == ["汉", "汉"]
    assert shown.folded("汉" * 39 + "‹字›")[1] == "‹字›"


def test_a_path_longer_than_a_line_stays_whole():
    path = "/a/very" + "/long" * 20 + "/path"
    assert f"   {path}" in shown.wrapped(f"── id  dropped, a duplicate of {path}")


def test_colours_go_on_from_line_to_line():
    first, second = shown.fold([Piece("汉" * 30), Piece("字" * 20, "yellow")])
    assert click.unstyle(first + second) == "汉" * 30 + "字" * 20
    assert "\x1b[43m" in first and second.startswith("\x1b[30m\x1b[43m") and second.endswith("\x1b[0m")


def test_a_table_goes_on_below_its_last_column():
    lines = shown.table(["rule", "drops when"], [["short", "chars < 100"], ["long", "x > 1 OR " * 12]])
    assert lines[0] == "rule   drops when" and lines[1] == "short  chars < 100"
    assert lines[3].startswith(" " * 7 + "> 1 OR") and max(map(len, lines)) <= 80


def test_short_facts_stand_side_by_side_and_long_ones_below():
    assert shown.in_columns(["a = 1", "b = 2", "c = " + "3" * 60], "  ") == [
        "  a = 1" + " " * 34 + "b = 2",
        "  c = " + "3" * 60,
    ]


def test_json_for_a_terminal_has_no_control_character_and_says_the_same():
    value = {"id": "\x1b[2J\x9b2J\u202e\u2028\x00甲\U000e0001", "n": 1}
    text = shown.printable_json(value)
    assert text.isprintable()
    assert "甲" in text
    assert json.loads(text) == value
