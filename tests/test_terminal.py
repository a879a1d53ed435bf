"""What is printed for people: wrapped on a terminal, one line elsewhere, a Han character two columns wide."""

import io
import os
import pty
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate import progress, terminal
from curate.pointing import pointed_at

PIPELINE = """name: 新闻
read:
  - jsonl:
      paths: [网页/*.jsonl]
filters:
  - length:
      drop:
        too_short: charz < 100
  - language
"""


class Terminal(io.StringIO):
    def isatty(self):
        return True


@given(st.text("ab 汉字，。(（", max_size=60), st.integers(12, 40))
def test_no_line_is_wider_than_the_terminal_and_nothing_is_lost(text, width):
    lines = terminal.wrapped(text, width, "  ", "").split("\n")
    assert all(terminal.columns(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_message_hangs_under_itself_on_a_terminal_and_is_one_line_elsewhere(monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    text = "paths: no file matches 网页/新闻.jsonl; for all files of a folder write 网页/*"
    shown = terminal.message(text, Terminal()).split("\n")
    assert len(shown) > 2 and all(line.startswith("  ") for line in shown[1:])
    assert terminal.message(text, io.StringIO()) == text


def test_marks_do_not_begin_a_line():
    assert terminal.wrapped("一二三四，五六", 8).split("\n") == ["一二三", "四，五六"]


def test_cells_with_han_stand_under_each_other():
    rows = terminal.table([["语言", "12"], ["quality", "3"]], numbers=[1])
    assert rows == ["语言     12", "quality   3"]
    assert terminal.shortened("汉字汉字", 5) == "汉字…"


def test_a_warning_is_wrapped_on_a_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    stream = Terminal()
    progress.Lines(stream).warn("unicode changed nothing; is it still needed in this pipeline?")
    assert stream.getvalue().count("\n") == 2 and "\n  " in stream.getvalue()


def test_a_bar_that_fails_half_way_gives_the_terminal_back(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    bars = progress.Bars(stream)
    bars.start("measure", 3, 0)
    bars.warn("read me")
    assert "\x1b[?25l" in stream.getvalue(), "the cursor is hidden"
    bars.close()
    assert stream.getvalue().rpartition("\x1b[?25l")[2].count("\x1b[?25h") == 1
    assert "warning: read me\n" in stream.getvalue()


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("filters[0].length.drop.too_short: no signal is called 'charz'", "        too_short: charz < 100"),
        ("filters[1].language: cannot be loaded", "  - language"),
        ("read[0].jsonl.paths: no file matches", "      paths: [网页/*.jsonl]"),
        ("pipeline: line 5, column 3: expected a key", "filters:"),
        ("name: names a folder", "name: 新闻"),
    ],
)
def test_the_line_that_a_message_speaks_of_is_shown_with_a_caret(message, line, tmp_path):
    file = tmp_path / "p.yaml"
    file.write_text(PIPELINE, encoding="utf-8")
    place, shown, caret = pointed_at(file, message).split("\n")
    number = PIPELINE.split("\n").index(line) + 1
    assert place == f"  {file}:{number}" and shown == f"{number:>5} | {line}"
    assert caret.strip("| ") == "^"


def test_a_message_without_a_place_shows_no_line(tmp_path):
    (tmp_path / "p.yaml").write_text("filters: [", encoding="utf-8")
    assert pointed_at(tmp_path / "p.yaml", "p.yaml: cannot be read") == ""
    assert pointed_at(tmp_path / "p.yaml", "filters[0].length: wrong") == ""
    assert pointed_at(tmp_path / "nothing.yaml", "filters[0].length: wrong") == ""


def test_on_a_terminal_of_80_columns_an_error_shows_its_line(tmp_path):
    file = tmp_path / "p.yaml"
    file.write_text(PIPELINE, encoding="utf-8")
    ours, theirs = pty.openpty()
    environment = os.environ | {"COLUMNS": "80"}
    command = [sys.executable, "-m", "curate.cli", "check", str(file)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=theirs, env=environment)
    os.close(theirs)
    shown = os.read(ours, 10_000).decode().replace("\r\n", "\n")
    os.close(ours)
    assert done.returncode == 2
    assert shown.startswith("curate: filters[0].length.drop.too_short: ")
    assert "    8 |         too_short: charz < 100\n      |         ^\n" in shown
    assert all(terminal.columns(line) <= 80 for line in shown.splitlines() if str(file) not in line)


def test_lines_with_a_second_column_go_on_under_it(monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    text = "quality   Measure what a document is made of\n  rule: a AND b AND c AND d AND e AND f\nshort"
    shown = terminal.fitted(text, Terminal()).split("\n")
    assert shown[:2] == ["quality   Measure what a", "          document is made of"]
    assert shown[2:4] == ["  rule: a AND b AND c AND d", "    AND e AND f"] and shown[4] == "short"
    assert terminal.fitted(text, io.StringIO()) == text
