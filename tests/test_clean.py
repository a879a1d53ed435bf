"""Cleaning: what cleaners changed is counted by the machine, for its own cleaners and for others."""

import json
import sys
from collections import Counter

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.cli import main
from curate.contracts import Utf8
from curate.kernels.changes import changed_chars
from curate.run import Run

TEXT = st.text(alphabet="ab一丁é😀", max_size=10)


def changed(before, after):
    counts = np.empty(len(before), np.int64)
    changed_chars(*Utf8.of(pl.Series(before, dtype=pl.String)), *Utf8.of(pl.Series(after, dtype=pl.String)), counts)
    return counts.tolist()


def obvious(before, after):
    lost, gained = Counter(before) - Counter(after), Counter(after) - Counter(before)
    return max(lost.total(), gained.total())


@settings(deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT), max_size=6))
def test_characters_lost_or_gained_are_counted(pairs):
    before, after = [one for one, _ in pairs], [other for _, other in pairs]
    assert changed(before, after) == [obvious(*pair) for pair in pairs]


def test_one_byte_in_which_two_characters_differ_counts_as_one_character():
    # U+4E00 and U+4E01 share their first two bytes, U+4E00 and U+4F40 their last.
    assert changed(["字一字", "一一"], ["字丁字", "佀一"]) == [1, 1]


PLUGIN = """
import polars as pl
from curate.contracts import Cleaned, Cleaner


class Shout(Cleaner):
    def clean(self, text):
        return Cleaned(text.str.to_uppercase())


class Loses(Cleaner):
    def clean(self, text):
        return Cleaned(text.head(1))
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with two cleaners of one's own, and an input."""
    (tmp_path / "own_cleaners.py").write_text(PLUGIN, encoding="utf-8")
    rows = [json.dumps({"text": text}) for text in ("Ab c", "ABC", "一二\u200b三")]
    (tmp_path / "in.jsonl").write_text("\n".join(rows), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("own_cleaners", None)


def ran(folder, cleaners):
    (folder / "p.yaml").write_text(f"read: [{{jsonl: {{paths: [in.jsonl]}}}}]\nclean: [{cleaners}]\n", encoding="utf-8")
    return CliRunner().invoke(main, ["run", "p.yaml", "--out", "run", "--workers", "1"])


def test_every_cleaner_reports_documents_and_characters(folder):
    result = ran(folder, "unicode, own_cleaners:Shout")
    assert result.exit_code == 0, result.output
    assert "cleaned    1 document, 1 character by unicode\n" in result.stdout
    assert "cleaned    1 document, 2 characters by shout\n" in result.stdout
    run = Run.open(folder / "run")
    assert run.record["cleaned"]["shout"] == {"documents": 1, "chars": 2}
    assert run.signals().sort("id")["shout_changed_chars"].to_list() == [2, 0, 0]
    page = (folder / "run/report.html").read_text(encoding="utf-8")
    assert "Text changed" in page and ">shout<" in page


def test_a_cleaner_that_changed_nothing_is_named(folder):
    (folder / "in.jsonl").write_text('{"text": "ABC"}\n', encoding="utf-8")
    assert (
        "cleaner shout changed nothing"
        in Run.open(folder / "run" if ran(folder, "own_cleaners:Shout").exit_code == 0 else folder).record["warnings"]
    )


def test_a_cleaner_that_loses_rows_is_an_error(folder):
    result = ran(folder, "own_cleaners:Loses")
    assert result.exit_code == 1
    assert "clean[0].own_cleaners:Loses: gave 1 texts (0 null) for 3" in result.stderr
