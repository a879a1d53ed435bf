"""Readers of files, row by row of what the field throws at them. `json` and plain `bytes.split` are the truth."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from conftest import read_input
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curate.contracts import RAW_BYTES, Rejected
from curate.errors import PipelineError
from curate.plan import make_parts
from curate.readers import files, parquet, streams
from curate.readers.files import Jsonl, Parquet, Text

Write = Callable[[str, bytes | str], Path]
PACK = {"gzip": gzip.compress, "zstd": zstandard.ZstdCompressor(write_checksum=True).compress}


def read_rows(data: bytes | str, write: Write, **parameters: Any) -> tuple[list[dict[str, Any]], list[Rejected]]:
    return read_input(Jsonl(paths=["a.jsonl"], **parameters), write("a.jsonl", data))


# Rows that are rejected.

BAD_ROWS = {
    b"not json": "malformed JSON: Expecting value at character 0 of the row",
    b'{"text": "a': "malformed JSON: Unterminated string starting at character 9 of the row",
    b'{"text": "a"': "malformed JSON: Expecting ',' delimiter at character 12 of the row",
    b'{"text": "a"} {"text": "b"}': "malformed JSON: Extra data at character 14 of the row",
    b'["text"]': "not an object but an array",
    b"null": "not an object but null",
    b'"text"': "not an object but text",
    b"17": "not an object but a number",
    b"true": "not an object but a boolean",
    b"{}": "field 'text' is missing",
    b'{"Text": "a"}': "field 'text' is missing",
    b'{"text": null}': "field 'text' is null",
    b'{"text": 5}': "field 'text' is a number",
    b'{"text": 5.5}': "field 'text' is a number",
    b'{"text": ' + b"7" * 5_000 + b"}": "field 'text' is a number",
    b'{"text": true}': "field 'text' is a boolean",
    b'{"text": ["a"]}': "field 'text' is an array",
    b'{"text": {"a": 1}}': "field 'text' is an object",
    b'{"text": "a\xffb"}': "invalid UTF-8 at byte 11 of the row",
    b'{"text": "a\xed\xa0\x80b"}': "invalid UTF-8 at byte 11 of the row",
    '{"text": "中"}'.encode()[:-3] + b'"}': "invalid UTF-8 at byte 10 of the row",
    b'{"text": "ab\\ud800"}': "lone surrogate at character 2 of the text",
    b'{"text": "a\0b"}': "raw NUL byte",
    b"\0" * 50: "raw NUL byte",
    b'{"text": "a", "x": ' + b"[" * 200_000 + b"}": "malformed JSON: nested too deeply",
}


@pytest.mark.parametrize(("row", "reason"), BAD_ROWS.items(), ids=range(len(BAD_ROWS)))
def test_a_bad_row_is_rejected_with_its_place_reason_and_bytes_and_its_neighbours_are_read(
    row: bytes, reason: str, write: Write
) -> None:
    before, after = '{"text": "前"}\n'.encode(), b'{"text": "after"}\n'
    documents, rejected = read_rows(before + b"\n" + row + b"\n" + after, write)
    assert [document["text"] for document in documents] == ["前", "after"]
    assert rejected == [Rejected("a.jsonl", len(before) + 1, 3, reason, row[:RAW_BYTES])]


def test_a_last_line_that_is_cut_off_is_rejected_and_says_so(write: Write) -> None:
    documents, (rejected,) = read_rows('{"text": "a"}\n{"text": "b', write)
    assert len(documents) == 1
    assert (rejected.offset, rejected.line, rejected.raw) == (14, 2, b'{"text": "b')
    assert rejected.reason.endswith("; the file ends inside this row")


def test_a_last_line_without_a_line_end_is_read_if_it_is_whole(write: Write) -> None:
    documents, rejected = read_rows('{"text": "a"}\n{"text": "b"}', write)
    assert [document["text"] for document in documents] == ["a", "b"]
    assert not rejected


def test_a_row_over_max_bytes_is_rejected_with_its_first_bytes(write: Write) -> None:
    long = b'{"text": "' + b"x" * 200_000 + b'"}'
    documents, (rejected,) = read_rows(long + b'\n{"text": "b"}\n', write, max_bytes="100KB")
    assert rejected == Rejected("a.jsonl", 0, 1, "200,012 bytes; max_bytes is 100,000", long[:RAW_BYTES])
    assert documents == [{"id": "a.jsonl:200013", "text": "b"}]


def test_a_row_of_exactly_max_bytes_is_read(write: Write) -> None:
    row = b'{"text": "abc"}'
    assert len(read_rows(row, write, max_bytes=len(row))[0]) == 1
    assert len(read_rows(row, write, max_bytes=len(row) - 1)[0]) == 0


def test_white_space_over_max_bytes_is_not_skipped_in_silence(write: Write) -> None:
    assert len(read_rows(b" " * 500 + b'{"text": "a"}', write, max_bytes=100)[1]) == 1


def test_a_lone_surrogate_counts_only_in_a_field_that_is_kept(write: Write) -> None:
    row = '{"text": "a", "title": "\\udfff"}'
    assert len(read_rows(row, write)[0]) == 1
    _, (rejected,) = read_rows(row, write, fields=["title"])
    assert rejected.reason.startswith("lone surrogate at character 0 of the title")


# Rows that are simply read.

GOOD_ROWS: dict[str, tuple[bytes, str]] = {
    "a BOM": (b'\xef\xbb\xbf{"text": "a"}', "a"),
    "CRLF": (b'{"text": "a"}\r', "a"),
    "U+2028 inside": ('{"text": "a\u2028\u2029\x85b"}'.encode(), "a\u2028\u2029\x85b"),
    "a raw CR inside": (b'{"text": "a\rb"}', "a\rb"),
    "a raw tab inside": (b'{"text": "a\tb"}', "a\tb"),
    "an escaped NUL": (b'{"text": "a\\u0000b"}', "a\0b"),
    "an escaped pair of surrogates": (b'{"text": "\\ud83d\\ude00"}', "😀"),
    "duplicate keys": (b'{"text": "first", "text": "last"}', "last"),
    "duplicate keys, NaN beside": (b'{"text": "first", "x": NaN, "text": "last"}', "last"),
    "extra fields": (b'{"text": "a", "meta": {"x": [1, 2]}, "n": null}', "a"),
    "NaN and infinity": (b'{"text": "a", "x": NaN, "y": -Infinity}', "a"),
    "a huge integer": (b'{"text": "a", "n": ' + b"9" * 5_000 + b"}", "a"),
    "a huge exponent": (b'{"text": "a", "n": 1e999}', "a"),
    "white space around": (b'  { "text" :\t"a" }  ', "a"),
    "an empty text": (b'{"text": ""}', ""),
    "a non-character": ('{"text": "\uffff"}'.encode(), "\uffff"),
}


@pytest.mark.parametrize("name", GOOD_ROWS)
def test_an_odd_row_is_read(name: str, write: Write) -> None:
    row, text = GOOD_ROWS[name]
    documents, rejected = read_rows(row + b"\n" + row + b"\n", write)
    assert [document["text"] for document in documents] == [text, text]
    assert not rejected


def test_blank_lines_are_no_rows(write: Write) -> None:
    documents, rejected = read_rows(b'\n\r\n  \t\n{"text": "a"}\n\n\r\n', write)
    assert documents == [{"id": "a.jsonl:7", "text": "a"}]
    assert not rejected


def test_an_empty_file_has_no_rows(write: Write) -> None:
    for name, data in {"plain": b"", "gzip": gzip.compress(b""), "bom": b"\xef\xbb\xbf"}.items():
        assert read_input(Jsonl(paths=[name]), write(name, data)) == ([], [])


def test_ids_come_from_the_field_as_text_and_else_from_the_place(write: Write) -> None:
    ids = ['"x-1"', "17", "18446744073709551617", "9" * 5_000, "1.5", "true", "null", '""', '["a", 1]']
    rows = [f'{{"id": {value}, "text": "a"}}\n' for value in ids] + ['{"text": "a"}\n']
    documents, rejected = read_rows("".join(rows), write, id="id")
    places = [f"a.jsonl:{offset}" for offset in itertools.accumulate((len(row) for row in rows), initial=0)]
    assert [document["id"] for document in documents] == [
        "x-1", "17", "18446744073709551617", "9" * 5_000, "1.5", "true", places[6], "", '["a", 1]', places[9],
    ]  # fmt: skip
    assert not rejected


def test_fields_are_kept_as_text_and_a_missing_one_is_null(write: Write) -> None:
    rows = '{"text": "a", "url": "u", "n": 12345678901234567890123, "meta": {"x": "中"}}\n{"text": "b", "n": NaN}\n'
    documents, _ = read_rows(rows, write, fields=["url", "n", "meta"])
    assert documents == [
        {"id": "a.jsonl:0", "text": "a", "url": "u", "n": "12345678901234567890123", "meta": '{"x": "中"}'},
        {"id": "a.jsonl:78", "text": "b", "url": None, "n": "NaN", "meta": None},
    ]


def test_the_text_may_stand_in_another_field(write: Write) -> None:
    assert read_rows('{"content": "a", "text": "b"}', write, text="content")[0][0]["text"] == "a"


def test_a_line_of_20_megabytes_is_a_document(write: Write) -> None:
    text = "长" * 7_000_000
    documents, rejected = read_rows(json.dumps({"text": text}, ensure_ascii=False) + '\n{"text": "b"}\n', write)
    assert [len(document["text"]) for document in documents] == [7_000_000, 1]
    assert not rejected


def test_batches_are_bounded_by_their_bytes(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "BATCH_BYTES", 100)
    reader = Jsonl(paths=["a.jsonl"])
    (source,) = reader.inputs([write("a.jsonl", b'{"text": "0123456789"}\n' * 20 + b"bad\n").parent])
    (piece,) = reader.pieces(source, Path("unused"))
    batches = list(reader.read(piece))
    assert [batch.documents.height for batch in batches] == [5, 5, 5, 5, 0]
    assert [row.line for row in batches[-1].rejected] == [21]


# Parts of plain files.


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int, int], None]]:
    def set_sizes(part: int, chunk: int) -> None:
        for module in (files, streams, parquet):
            monkeypatch.setattr(module, "PART_BYTES", part)
        monkeypatch.setattr(streams, "CHUNK_BYTES", chunk)
        monkeypatch.setattr(streams, "PACKED_BYTES", chunk)
        monkeypatch.setattr(files, "CUT_FROM_BYTES", 0)

    yield set_sizes


LINES = st.lists(
    st.sampled_from([b'{"text": "a"}', '{"text": "一二三四五六七八九十"}'.encode(), b"", b"bad", b'{"text": null}\r',
                     b'{"text": "\xff"}', b'{"text": "' + b"x" * 60 + b'"}']), max_size=9,
)  # fmt: skip


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(lines=LINES, tail=st.sampled_from([b"", b"\n"]), part=st.integers(1, 90), chunk=st.integers(1, 40))
def test_however_a_plain_file_is_divided_its_parts_give_what_the_whole_gives(
    lines: list[bytes], tail: bytes, part: int, chunk: int, tmp_path: Path, small_parts: Callable[[int, int], None]
) -> None:
    file = tmp_path / uuid.uuid4().hex
    file.write_bytes(b"\n".join(lines) + tail)
    small_parts(1_000_000, 1_000_000)
    whole = read_input(Jsonl(paths=[file.name], max_bytes=50), file)
    small_parts(part, chunk)
    assert read_input(Jsonl(paths=[file.name], max_bytes=50), file) == whole


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    lines=LINES,
    tail=st.sampled_from([b"", b"\n"]),
    part=st.integers(1, 90),
    chunk=st.integers(1, 40),
    kind=st.sampled_from(sorted(PACK)),
    damage=st.sampled_from(["none", "cut", "garbage"]),
)
def test_however_an_archive_is_cut_its_pieces_give_what_the_whole_gives(
    lines: list[bytes], tail: bytes, part: int, chunk: int, kind: str, damage: str, tmp_path: Path,
    small_parts: Callable[[int, int], None],
) -> None:  # fmt: skip
    text = b"\n".join(lines) + tail
    packed = PACK[kind](text[: len(text) // 2]) + PACK[kind](text[len(text) // 2 :])
    packed = {"none": packed, "cut": packed[:-3], "garbage": packed + b"garbage"}[damage]
    file = tmp_path / uuid.uuid4().hex
    file.write_bytes(packed)
    reader = Jsonl(paths=[file.name], max_bytes=50)
    small_parts(1_000_000, 1_000_000)
    files.CUT_FROM_BYTES = 1_000_000
    whole = read_input(reader, file)
    small_parts(part, chunk)
    cut = tmp_path / f"{file.name}-cut"
    found = read_input(reader, file, cut)
    assert [row._replace(reason="") for row in found[1]] == [row._replace(reason="") for row in whole[1]]
    assert found[0] == whole[0]
    if damage == "none":
        plain = tmp_path / f"{file.name}.plain"
        plain.write_bytes(text)
        same = read_input(Jsonl(paths=[plain.name], max_bytes=50), plain)
        assert [document["text"] for document in same[0]] == [document["text"] for document in found[0]]
        assert [tuple(row)[1:] for row in same[1]] == [tuple(row)[1:] for row in found[1]]


def test_a_large_archive_is_cut_into_whole_lines_of_about_a_part(
    write: Write, small_parts: Callable[[int, int], None]
) -> None:
    small_parts(100, 32_768)
    rows = b"".join(b'{"text": "%03d"}\n' % number for number in range(100))
    file = write("a.jsonl.gz", gzip.compress(rows))
    reader = Jsonl(paths=[file.name])
    (source,) = reader.inputs([file.parent])
    assert reader.must_cut(source)
    pieces = reader.pieces(source, file.parent / "cut")
    written = [Path(piece.file).read_bytes() for piece in pieces]
    assert b"".join(written) == rows
    assert all(100 <= len(piece) < 116 and piece.endswith(b"\n") for piece in written[:-1])
    assert [piece.size for piece in pieces] == list(map(len, written))
    assert sorted(path.name for path in (file.parent / "cut").iterdir()) == [Path(one.file).name for one in pieces]
    assert reader.pieces(source, file.parent / "cut") == pieces


def test_an_archive_of_nothing_but_a_break_is_one_rejected_entry(
    write: Write, small_parts: Callable[[int, int], None]
) -> None:
    small_parts(100, 100)
    file = write("a.gz", gzip.compress(b'{"text": "a"}\n')[:10])
    assert read_input(Jsonl(paths=["a.gz"]), file) == (
        [], [Rejected("a.gz", 0, 1, "the archive is cut off at byte 10")],
    )  # fmt: skip


# Archives.


@pytest.mark.parametrize("kind", PACK)
def test_all_rows_before_a_break_are_read_and_the_break_is_rejected(kind: str, write: Write) -> None:
    rows = [b'{"text": "%d"}\n' % number for number in range(40)]
    text = b"".join(rows)
    packed = PACK[kind](text) + PACK[kind](text[:-5]) + b"garbage"
    documents, (unfinished, broken) = read_input(Jsonl(paths=["a"]), write("a", packed))
    assert [document["text"] for document in documents] == [str(number) for number in [*range(40), *range(39)]]
    assert (unfinished.offset, unfinished.line) == (2 * len(text) - len(rows[-1]), 80)
    assert unfinished.reason.endswith("the file ends inside this row")
    assert (broken.offset, broken.line, broken.raw) == (2 * len(text) - 5, 80, b"")
    assert broken.reason.startswith("the archive is damaged after byte ")


def test_a_break_behind_a_full_batch_keeps_its_place(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "BATCH_BYTES", 10)
    row = b'{"text": "a"}\n'
    _, (broken,) = read_input(Jsonl(paths=["a"]), write("a", gzip.compress(row * 3) + b"junk"))
    assert (broken.offset, broken.line) == (3 * len(row), 4)


@pytest.mark.parametrize("kind", PACK)
def test_offsets_of_an_archive_are_those_of_its_text(kind: str, write: Write) -> None:
    text = b'{"text": "a"}\n\n{"text": "b"}\n'
    documents, _ = read_input(Jsonl(paths=["a"]), write("a", PACK[kind](text[:20]) + PACK[kind](text[20:])))
    assert [document["id"] for document in documents] == ["a:0", "a:15"]


# Patterns.


def test_a_pattern_without_files_names_itself_and_where_it_was_looked_up(tmp_path: Path, write: Write) -> None:
    write("data/a.jsonl", "")
    with pytest.raises(PipelineError) as caught:
        Jsonl(paths=["data/*.json"]).inputs([tmp_path / "here", tmp_path])
    assert str(caught.value) == (f"paths: no file matches 'data/*.json' (looked in {tmp_path / 'here'} and {tmp_path})")


def test_a_folder_is_no_pattern_and_the_message_says_what_to_write(tmp_path: Path, write: Write) -> None:
    write("data/a.jsonl", "")
    with pytest.raises(PipelineError, match=r"'data/'; for all files of a folder write data/\*"):
        Jsonl(paths=["data/"]).inputs([tmp_path])
    with pytest.raises(PipelineError, match=r"'data/b\.jsonl'; did you mean 'data/a\.jsonl'\?"):
        Jsonl(paths=["data/b.jsonl"]).inputs([tmp_path])


def test_the_first_folder_with_a_match_counts_and_listings_are_sorted(tmp_path: Path, write: Write) -> None:
    for name in ("one/b.jsonl", "one/a.jsonl", "two/c.jsonl", "one/deep/er/d.jsonl"):
        write(name, "")
    folders = [tmp_path / "one", tmp_path / "two"]
    assert [source.path for source in Jsonl(paths=["*.jsonl"]).inputs(folders)] == ["a.jsonl", "b.jsonl"]
    assert [source.path for source in Jsonl(paths=["c.jsonl", "**/*.jsonl"]).inputs(folders)] == [
        "a.jsonl", "b.jsonl", "c.jsonl", "deep/er/d.jsonl",
    ]  # fmt: skip


def test_a_file_that_two_patterns_match_is_read_once_under_its_first_name(tmp_path: Path, write: Write) -> None:
    write("a.jsonl", "")
    assert [source.path for source in Jsonl(paths=["a.jsonl", f"{tmp_path}/*"]).inputs([tmp_path])] == ["a.jsonl"]


def test_a_name_that_looks_like_a_pattern_is_a_name_first(tmp_path: Path, write: Write) -> None:
    write("a[1]*.jsonl", "")
    assert [source.path for source in Jsonl(paths=["a[1]*.jsonl"]).inputs([tmp_path])] == ["a[1]*.jsonl"]


@pytest.mark.parametrize("head", [b"BZh9", b"\xfd7zXZ\0", b"PK\x03\x04", b"\x04\x22\x4d\x18", b"PAR1"])
def test_a_file_of_a_kind_that_nobody_reads_is_refused_before_reading(
    head: bytes, tmp_path: Path, write: Write
) -> None:
    write("a.jsonl", head + b"...")
    for reader in (Jsonl, Text):
        with pytest.raises(PipelineError, match=r"^paths: a\.jsonl is an? .*; (unpack it|use the parquet reader)"):
            reader(paths=["*"]).inputs([tmp_path])


def test_a_file_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"a\xff.jsonl")).write_bytes(b"")
    except OSError:
        pytest.skip("this file system takes only names that are text")
    with pytest.raises(PipelineError, match="a name that is not text"):
        Jsonl(paths=["*"]).inputs([tmp_path])


# Text.


def read_text(data: bytes, write: Write, **parameters: Any) -> tuple[list[dict[str, Any]], list[Rejected]]:
    return read_input(Text(paths=["a.txt"], **parameters), write("a.txt", data))


@pytest.mark.parametrize("pack", [bytes, *PACK.values()])
def test_a_text_file_is_a_document_named_by_its_path(pack: Callable[[bytes], bytes], write: Write) -> None:
    text = "一\r\n\n二\u2028三"
    assert read_text(pack(b"\xef\xbb\xbf" + text.encode()), write) == ([{"id": "a.txt", "text": text}], [])


def test_an_empty_text_file_is_an_empty_document(write: Write) -> None:
    assert read_text(b"", write, fields=["url"]) == ([{"id": "a.txt", "text": "", "url": None}], [])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("中文".encode("gbk"), "invalid UTF-8 at byte 0"),
        (b"a\0b", "raw NUL byte"),
        (b"x" * 101, "101 bytes; max_bytes is 100"),
    ],
)
def test_a_text_file_that_cannot_be_read_is_rejected(data: bytes, reason: str, write: Write) -> None:
    assert read_text(data, write, max_bytes=100) == ([], [Rejected("a.txt", 0, 1, reason, data[:100])])


def test_half_a_text_is_not_a_document(write: Write) -> None:
    documents, (broken,) = read_text(gzip.compress(b"one\ntwo\n") + b"garbage", write)
    assert not documents
    assert (broken.offset, broken.line, broken.raw) == (8, 3, b"one\ntwo\n")


def test_small_text_files_share_parts(tmp_path: Path, write: Write) -> None:
    for number in range(30):
        write(f"{number:02}.txt", f"text {number}")
    reader = Text(paths=["*.txt"])
    sources = reader.inputs([tmp_path])
    parts = make_parts(0, [(source.path, reader.pieces(source, tmp_path)) for source in sources], [])
    assert [len(part.pieces) for part in parts] == [30]
    texts = [batch.documents["text"].item() for piece in parts[0].pieces for batch in reader.read(piece)]
    assert texts == [f"text {number}" for number in range(30)]


# Parquet.


def read_table(table: pa.Table, tmp_path: Path, **parameters: Any) -> tuple[list[dict[str, Any]], list[Rejected]]:
    file = tmp_path / "a.parquet"
    pq.write_table(table, file, row_group_size=parameters.pop("row_group_size", 3))
    return read_input(Parquet(paths=["a.parquet"], **parameters), file)


def bytes_as_text(values: list[bytes | None], kind: pa.DataType) -> pa.Array:
    """A column of text that holds any bytes: Arrow does not look when it is made of buffers."""
    binary = pa.array(values, pa.large_binary() if pa.types.is_large_string(kind) else pa.binary())
    return pa.Array.from_buffers(kind, len(values), binary.buffers())


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
)
def test_rows_of_parquet_are_numbered_over_row_groups(kind: pa.DataType, tmp_path: Path) -> None:
    texts = [f"文 {number} {'x' * 20}" for number in range(8)]
    documents, rejected = read_table(pa.table({"text": pa.array(texts).cast(kind)}), tmp_path)
    assert documents == [{"id": f"a.parquet:{row}", "text": text} for row, text in enumerate(texts)]
    assert not rejected


def test_parts_of_parquet_are_row_groups(tmp_path: Path, small_parts: Callable[[int, int], None]) -> None:
    texts = [np.random.default_rng(number).bytes(50).hex() for number in range(20)]
    whole = read_table(pa.table({"text": texts}), tmp_path, row_group_size=2)
    small_parts(500, 1_000)
    reader = Parquet(paths=["a.parquet"])
    (source,) = reader.inputs([tmp_path])
    pieces = reader.pieces(source, tmp_path)
    assert [(piece.start, piece.stop) for piece in pieces] == [(0, 2), (2, 4), (4, 6), (6, 8), (8, 10)]
    assert sum(piece.size for piece in pieces) == reader.text_bytes(source)
    assert read_input(reader, tmp_path / "a.parquet") == whole


def test_parquet_is_read_in_batches_of_bounded_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [np.random.default_rng(number).bytes(500).hex() for number in range(20)]
    whole = read_table(pa.table({"text": texts}), tmp_path, row_group_size=20)
    monkeypatch.setattr(parquet, "BATCH_BYTES", 5_500)
    reader = Parquet(paths=["a.parquet"])
    (source,) = reader.inputs([tmp_path])
    (piece,) = reader.pieces(source, tmp_path)
    batches = list(reader.read(piece))
    assert max(batch.documents.height for batch in batches) <= 5
    assert pl.concat([batch.documents for batch in batches]).to_dicts() == whole[0]


def test_the_columns_of_parquet_become_text(tmp_path: Path) -> None:
    table = pa.table({
        "body": ["a", "b"], "key": pa.array([7, None]), "score": [0.5, None], "flag": [True, False],
        "tags": [["x", "中"], None], "meta": [{"k": b"v"}, {"k": None}], "raw": [b"ok", None],
        "when": pa.array([0, None], pa.date32()), "took": pa.array([90, None], pa.duration("s")), "none": pa.nulls(2),
    })  # fmt: skip
    fields = ["score", "flag", "tags", "meta", "raw", "when", "took", "none", "key"]
    documents, rejected = read_table(table, tmp_path, text="body", id="key", fields=fields)
    assert documents == [
        {"id": "7", "text": "a", "score": "0.5", "flag": "true", "tags": '["x", "中"]', "meta": '{"k": "v"}',
         "raw": "ok", "when": "1970-01-01", "took": "90", "none": None, "key": "7"},
        {"id": "a.parquet:1", "text": "b", "score": None, "flag": "false", "tags": None, "meta": '{"k": null}',
         "raw": None, "when": None, "took": None, "none": None, "key": None},
    ]  # fmt: skip
    assert not rejected


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_a_null_text_and_bytes_that_are_no_text_are_rejected(kind: pa.DataType, tmp_path: Path) -> None:
    values = [b"good", None, b"a\xffb", "中".encode(), b"\xed\xa0\x80", b"x" * 200]
    documents, rejected = read_table(pa.table({"text": bytes_as_text(values, kind)}), tmp_path, max_bytes=100)
    assert [(document["id"], document["text"]) for document in documents] == [
        ("a.parquet:0", "good"), ("a.parquet:3", "中"),
    ]  # fmt: skip
    assert rejected == [
        Rejected("a.parquet", 1, 0, "the text is null"),
        Rejected("a.parquet", 2, 0, "invalid UTF-8 at byte 1 of the text", b"a\xffb"),
        Rejected("a.parquet", 4, 0, "invalid UTF-8 at byte 0 of the text", b"\xed\xa0\x80"),
        Rejected("a.parquet", 5, 0, "a text longer than max_bytes (100)", b"x" * 200),
    ]


def test_bytes_that_are_no_text_are_rejected_in_other_columns_too(tmp_path: Path) -> None:
    table = pa.table({"text": ["a", "b", "c"], "url": bytes_as_text([b"ok", b"\xff", None], pa.string())})
    for parameters in ({"fields": ["url"]}, {"id": "url"}):
        documents, (rejected,) = read_table(table, tmp_path, **parameters)
        assert [document["text"] for document in documents] == ["a", "c"]
        assert rejected == Rejected("a.parquet", 1, 0, "invalid UTF-8 at byte 0 of the url", b"b")


def test_an_empty_parquet_file_has_no_rows(tmp_path: Path) -> None:
    assert read_table(pa.table({"text": pa.array([], pa.string())}), tmp_path) == ([], [])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "paths: a.parquet: no column 'text'; it has content, n"),
        ({"text": "n"}, "paths: a.parquet: column 'n' holds int64, not text"),
        ({"text": "content", "id": "key"}, "paths: a.parquet: no column 'key'; it has content, n"),
        ({"text": "content", "fields": ["url"]}, "paths: a.parquet: no column 'url'; it has content, n"),
    ],
)
def test_a_wrong_column_of_parquet_is_said_before_reading(
    parameters: dict[str, Any], message: str, tmp_path: Path
) -> None:
    pq.write_table(pa.table({"content": ["a"], "n": [1]}), tmp_path / "a.parquet")
    with pytest.raises(PipelineError) as caught:
        Parquet(paths=["a.parquet"], **parameters).inputs([tmp_path])
    assert str(caught.value) == message


@pytest.mark.parametrize("data", [b"", b"PAR1", b'{"text": "a"}\n' * 9])
def test_a_file_that_is_no_parquet_is_said_before_reading(data: bytes, tmp_path: Path, write: Write) -> None:
    write("a.parquet", data)
    with pytest.raises(PipelineError) as caught:
        Parquet(paths=["*"]).inputs([tmp_path])
    assert str(caught.value).startswith("paths: a.parquet is not a Parquet file: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("checked", [True, False])
def test_a_damaged_page_loses_the_rest_of_its_row_group_only(checked: bool, tmp_path: Path) -> None:
    texts = [np.random.default_rng(number).bytes(400).hex() for number in range(9)]
    file = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": texts}), file, row_group_size=3, compression="zstd", use_dictionary=False,
                   write_page_checksum=checked)  # fmt: skip
    column = pq.ParquetFile(file).metadata.row_group(1).column(0)
    end = column.data_page_offset + column.total_compressed_size  # a page's head comes first
    data = bytearray(file.read_bytes())
    data[end - 800 : end] = b"\xff" * 800
    file.write_bytes(data)
    documents, rejected = read_input(Parquet(paths=["a.parquet"]), file)
    assert [document["text"] for document in documents] == texts[:3] + texts[6:]
    assert [row.offset for row in rejected] == [3, 4, 5]
    assert all(row.reason.startswith("row group 1 is damaged: ") and "\n" not in row.reason for row in rejected)
