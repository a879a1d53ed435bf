"""Shingles that are too short for a language: said of English with five characters, not of Chinese, nor of frames."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from duplicate_texts import invented

import curate.cli
from curate.contracts import Documents, Utf8
from curate.filters.length import Length
from curate.filters.near_duplicates import NearDuplicates
from curate.filters.shingle_lengths import long_enough, median_similarity

PACKAGE = Path(curate.cli.__file__).parent


@cache
def english() -> list[str]:
    """What the modules of this package say of themselves: English prose, a text a module."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in sorted(PACKAGE.rglob("*.py"))]
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    texts = [
        "\n".join(ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, kinds)) for tree in trees
    ]
    return [text for text in texts if len(text) > 1_000]


def test_five_characters_are_too_short_for_english_and_eleven_will_do() -> None:
    # Between them it depends on the texts, which grow with the package: 9 as this is written.
    assert len(english()) > 30
    assert long_enough(Documents.of(english()), 5) in (7, 9, 11)
    assert long_enough(Documents.of(english()), 6) in (8, 10)
    assert long_enough(Documents.of(english()), 11) == 11


def test_five_characters_will_do_for_chinese() -> None:
    assert long_enough(Documents.of([invented(number) for number in range(20)]), 5) == 5


def test_a_frame_that_texts_share_is_no_matter_of_length() -> None:
    framed = [invented(0, 200) + invented(number) for number in range(1, 20)]
    assert median_similarity(Utf8.of(pl.Series(framed)), 5) > 0.1
    assert long_enough(Documents.of(framed), 5) == 5


def test_few_texts_and_short_ones_say_nothing() -> None:
    assert long_enough(Documents.of(english()[:9]), 5) == 5
    assert long_enough(Documents.of([text[:199] for text in english()]), 5) == 5


def test_the_median_is_that_of_python_sets() -> None:
    texts = ["abcabd", "abcab", "xyzab", "abd"]
    sets = [{text[i : i + 2] for i in range(len(text) - 1)} for text in texts]
    pairs = [(a, b) for n, a in enumerate(sets) for b in sets[n + 1 :]]
    expected = np.median([len(a & b) / len(a | b) for a, b in pairs])
    assert median_similarity(Utf8.of(pl.Series(texts)), 2) == expected


def test_the_note_names_an_input_and_counts_the_others() -> None:
    chinese = Documents.of([invented(number) for number in range(20)])
    assert NearDuplicates().text_notes([("zh.jsonl", chinese)]) == []
    (note,) = NearDuplicates().text_notes(
        [("zh.jsonl", chinese), ("a.jsonl", Documents.of(english())), ("b.jsonl", Documents.of(english()[5:]))]
    )
    assert re.match("shingles of 5 characters are too short for the language of [ab].jsonl and 1 other input: ", note)
    longest = max(long_enough(Documents.of(texts), 5) for texts in (english(), english()[5:]))
    assert note.endswith(f"take `shingle: {longest}`")
    assert NearDuplicates(shingle=11).text_notes([("a.jsonl", Documents.of(english()))]) == []


def test_check_warns_and_does_not_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [json.dumps({"text": text}) for text in english()]
    Path("en.jsonl").write_text("\n".join(rows), encoding="utf-8")
    Path("en.yaml").write_text("read:\n  - jsonl: {paths: [en.jsonl]}\nfilters: [near_duplicates]\n", encoding="utf-8")
    done = CliRunner().invoke(curate.cli.main, ["check", "en.yaml"])
    assert done.exit_code == 0
    notes = done.output.partition("\nnotes\n")[2].splitlines()
    assert notes[0].startswith("  filters[0].near_duplicates: 16 bands of 6 rows, 128 bytes of keys a document; pairs")
    assert notes[1].startswith("  filters[0].near_duplicates: shingles of 5 characters are too short for")
    assert len(notes) == 2


def test_inputs_are_read_only_for_a_filter_that_looks_at_them() -> None:
    def first() -> Iterator[tuple[str, Documents]]:
        raise AssertionError("nothing should be read")
        yield

    assert Length().text_notes(first()) == []
    with pytest.raises(AssertionError, match="nothing should be read"):
        NearDuplicates().text_notes(first())
