"""The samples are what their labels say: recounted here with code of its own wherever that is possible."""

from __future__ import annotations

import gzip
import hashlib
import importlib
import io
import json
import re
import sys
from collections import Counter, defaultdict
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import ftfy
import polars as pl
import pytest
import zstandard

SAMPLES = Path(__file__).parents[1] / "samples"
FILES = ("part-0.jsonl.zst", "part-1.jsonl.gz", "part-2.jsonl")
Label = dict[str, Any]


@cache
def lines(file: str) -> list[bytes]:
    raw = (SAMPLES / "skypile" / file).read_bytes()
    if file.endswith(".zst"):
        raw = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(raw)).read()
    return (gzip.decompress(raw) if file.endswith(".gz") else raw).split(b"\n")


@cache
def labels() -> list[Label]:
    return [json.loads(line) for line in (SAMPLES / "labels.jsonl").read_text(encoding="utf-8").splitlines()]


def text_of(place: Label) -> str:
    line = lines(place["file"])[place["row"]]
    return str(json.loads(line.removeprefix(b"\xef\xbb\xbf"))["text"])


def grams(text: str) -> frozenset[str]:
    return frozenset(map("".join, zip(*(text[shift:] for shift in range(5)), strict=False)))


def alike(left: str, right: str) -> float:
    return len(grams(left) & grams(right)) / len(grams(left) | grams(right))


@cache
def builder() -> Any:
    sys.path.insert(0, str(SAMPLES))
    try:
        return importlib.import_module("make")
    finally:
        sys.path.remove(str(SAMPLES))


def test_the_builder_makes_the_committed_samples() -> None:
    files, made_labels = builder().build()
    # Decompressed, for another version of zlib or zstd may pack the same text into other bytes.
    assert {file: b"\n".join(lines(file)) for file in FILES} == files
    assert labels() == made_labels
    assert pl.read_parquet(SAMPLES / "parquet" / "part-2.parquet").equals(
        builder().good_frame(files["part-2.jsonl"], made_labels)
    )


def test_three_files_match_the_pattern_of_the_pipeline_and_the_parquet_copy_does_not() -> None:
    assert sorted(path.name for path in SAMPLES.parent.glob("samples/skypile/*.jsonl*")) == list(FILES)
    assert [path.name for path in (SAMPLES / "parquet").iterdir()] == ["part-2.parquet"]


def test_the_samples_are_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*") if path.suffix != ".pyc") < 1_500_000


def test_every_row_has_one_label_and_blank_lines_have_none() -> None:
    labelled = [(label["file"], label["row"]) for label in labels()]
    rows = [(file, number) for file in FILES for number, line in enumerate(lines(file)) if line.strip()]
    assert labelled == rows
    assert len(rows) >= 400
    assert any(not line for line in lines("part-2.jsonl")[:-1])
    assert lines("part-1.jsonl.gz")[-1], "the last line of this file has no end"


def test_most_rows_are_different_good_texts() -> None:
    kept = [label for label in labels() if label["expected"] in ("kept", "cleaned")]
    assert len({label["base"] for label in labels() if label["defect"] is None}) >= 150
    assert sum(label["defect"] is None for label in labels()) >= 150
    assert len(kept) > len(labels()) / 2


def test_readme_counts_the_defects_as_the_labels_do() -> None:
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    table = {name: int(count) for name, count in re.findall(r"^\| `([a-z0-9_]+)` \| (\d+) \|", readme, re.MULTILINE)}
    assert table == Counter(label["defect"] or "none" for label in labels())


def test_every_planted_jaccard_is_as_labelled() -> None:
    measured = [label for label in labels() if "jaccard" in label and "of" in label]
    assert len(measured) >= 60
    for label in measured:
        assert alike(text_of(label), text_of(label["of"])) == pytest.approx(label["jaccard"], abs=1e-6), label


def test_near_copies_are_clear_of_the_threshold_on_both_sides() -> None:
    found = [label["jaccard"] for label in labels() if str(label["defect"]).startswith("near_copy")]
    others = [label["jaccard"] for label in labels() if label["defect"] in ("far_copy_edited", "half", "joined")]
    assert len(found) >= 34 and min(found) >= 0.82 and max(found) < 1
    assert len(others) >= 60 and max(others) < 0.75


def test_a_cluster_is_an_original_and_its_copies() -> None:
    clusters: dict[int, list[Label]] = defaultdict(list)
    for label in labels():
        if "cluster" in label:
            assert label["expected"] == "one_of_cluster"
            clusters[label["cluster"]].append(label)
    for members in clusters.values():
        assert [member["defect"] for member in members].count(None) == 1
        assert len({(member["base"], member["rule"]) for member in members}) == 1
        if members[0]["rule"] == "exact_duplicates.duplicate":
            assert len({text_of(member) for member in members}) == 1
    assert sum(label["defect"] == "exact_copy" for label in labels()) == 15


def test_nothing_but_planted_copies_is_nearly_the_same() -> None:
    # A repairable row counts as what it becomes: its base.
    good = {base.name: base.text for base in builder().texts(builder().GOOD)}
    separate: dict[str, str] = {}
    for number, label in enumerate(labels()):
        if label["expected"] in ("kept", "cleaned", "one_of_cluster") and label["defect"] != "long":
            repaired = label["expected"] == "cleaned"
            separate[f"cluster {label.get('cluster', f'of {number}')}"] = (
                good[label["base"]] if repaired else text_of(label)
            )
    shingled = [(name, grams(text)) for name, text in separate.items()]
    for (first, left), (second, right) in combinations(shingled, 2):
        assert len(left & right) < 0.75 * len(left | right), (first, second)


ENCODINGS = ("mojibake", "crlf", "zero_width", "control", "nul_escape", "nfd")


def test_repaired_encodings_give_the_promised_text() -> None:
    plain = ftfy.TextFixerConfig(unescape_html=False, uncurl_quotes=False, fix_character_width=False)
    damaged = [label for label in labels() if label["defect"] in ENCODINGS]
    assert Counter(label["defect"] for label in damaged)["mojibake"] == 8
    for label in damaged:
        text = text_of(label)
        clean = ftfy.fix_text(text, plain).replace("\u200b", "").replace("\ufeff", "")
        assert clean != text
        assert hashlib.sha256(clean.encode()).hexdigest() == label["clean_sha256"], label


def test_what_chinese_pages_bring_along_leaves_the_text_as_it_was_written() -> None:
    written = {text.name: text.text for text in builder().texts(builder().GOOD)}
    cleaned = [label for label in labels() if label["expected"] == "cleaned" and label["defect"] not in ENCODINGS]
    assert len({label["defect"] for label in cleaned}) == 11
    for label in cleaned:
        _, sentence = builder().PERSONAL.get(label["defect"], ("", ""))
        expected = f"{written[label['base']]}\n{sentence}" if sentence else written[label["base"]]
        assert expected != text_of(label)
        assert hashlib.sha256(expected.encode()).hexdigest() == label["clean_sha256"], label


def test_only_the_unreadable_rows_cannot_be_read() -> None:
    for label in labels():
        try:
            json.dumps(text_of(label), ensure_ascii=False).encode()
            readable = json.loads(lines(label["file"])[label["row"]].removeprefix(b"\xef\xbb\xbf"))["text"] is not None
        except ValueError:  # no JSON, no UTF-8, a lone surrogate
            readable = False
        assert readable == (label["expected"] != "rejected"), label


def test_fewer_than_one_row_in_a_hundred_is_unreadable_in_each_file() -> None:
    for file in FILES:
        here = [label for label in labels() if label["file"] == file]
        assert 0 < sum(label["expected"] == "rejected" for label in here) < 0.01 * len(here)


def test_the_long_row_is_long_and_not_repetitive() -> None:
    [label] = [label for label in labels() if label["defect"] == "long"]
    text = text_of(label)
    assert len(text) == 120_000
    runs = {text[start : start + 10] for start in range(len(text) - 9)}
    assert len(runs) > 0.97 * (len(text) - 9)


def test_tricky_rows_hold_what_trips_readers() -> None:
    rows = {label["defect"]: lines(label["file"])[label["row"]] for label in labels()}
    assert rows["bom"].startswith(b"\xef\xbb\xbf{")
    assert lines("part-2.jsonl")[0] == rows["bom"]
    assert rows["duplicate_key"].count(b'"text": ') == 2
    assert rows["line_separator"].count("\u2028".encode()) == 2
    assert rb"\u0000" in rows["nul_escape"]
    assert rows["crlf_row"].endswith(b"}\r")
    assert rows["ascii_escapes"].isascii()
    assert json.loads(rows["numeric_id"])["id"] > 2**53
    tokens = Counter(re.search(r"<[|a-z_]+>", text_of(x))[0] for x in labels() if x["defect"] == "control_token")  # type: ignore[index]
    assert tokens == {"<|im_end|>": 2, "<think>": 2, "<|endoftext|>": 2}


def test_texts_name_no_site_and_no_telephone() -> None:
    for path in (SAMPLES / "texts").glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", text), path
        assert not re.search(r"\b(?!example\b)[a-z0-9-]+\.(com|cn|net|org)\b", text), path
