"""Bytes and lines out of plain, gzip and zstd files. Python's own gzip, zstandard and `bytes.split` are the truth."""

from __future__ import annotations

import gzip
import io
import tracemalloc
import uuid
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curate.contracts import Piece
from curate.readers import streams
from curate.readers.streams import BrokenArchive, Lines, chunks, compression, line_ends

Write = Callable[[str, bytes | str], Path]

ROWS = [f"row {number} {'字' * (number % 7)}".encode() for number in range(2_000)]
TEXT = b"\n".join(ROWS) + b"\n"
PACK = {"gzip": gzip.compress, "zstd": zstandard.ZstdCompressor(write_checksum=True).compress}
SKIPPABLE = b"\x53\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"hello"


def unpacked(file: Path) -> tuple[bytes, str | None]:
    """What `chunks` delivers, and why it stopped."""
    data = b""
    try:
        for chunk in chunks(str(file)):
            assert chunk
            data += chunk
    except BrokenArchive as error:
        return data, str(error)
    return data, None


def lines_of(file: Path, start: int = 0, stop: int = -1, limit: int = 1 << 30, **more: int) -> list[tuple[int, bytes]]:
    piece = Piece(str(file), file.name, start, stop, **more)
    return [(row.offset, row.data) for row in Lines(piece, limit)]


@pytest.mark.parametrize("kind", PACK)
def test_the_first_bytes_tell_the_kind_and_the_name_does_not(kind: str, write: Write) -> None:
    assert compression(str(write("a.txt", PACK[kind](b"x")))) == kind
    assert compression(str(write("b.gz", b"plain"))) is None
    assert compression(str(write("c.zst", b""))) is None
    assert compression(str(write("d", SKIPPABLE + PACK["zstd"](b"x")))) == "zstd"


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("packed_bytes", [1, 7, 1_000, 32_768])
def test_members_are_joined_and_padding_between_them_is_left_out(
    kind: str, packed_bytes: int, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "PACKED_BYTES", packed_bytes)
    pack = PACK[kind]
    parts = [pack(b"one\n"), pack(b""), pack(b"two\n"), b"\0" * 3_000, pack(b"three\n"), b"\0" * 513]
    assert unpacked(write("a", b"".join(parts))) == (b"one\ntwo\nthree\n", None)


def test_skippable_frames_are_skipped_wherever_they_stand(write: Write) -> None:
    pack = PACK["zstd"]
    data = SKIPPABLE + pack(b"one\n") + SKIPPABLE + SKIPPABLE + pack(b"two\n") + SKIPPABLE
    assert unpacked(write("a", data)) == (b"one\ntwo\n", None)


@pytest.mark.parametrize("kind", PACK)
def test_an_archive_of_nothing_gives_nothing(kind: str, write: Write) -> None:
    assert unpacked(write("a", PACK[kind](b""))) == (b"", None)
    assert unpacked(write("b", b"")) == (b"", None)


def truth_of_a_cut(kind: str, data: bytes) -> bytes:
    decoder = zlib.decompressobj(wbits=31) if kind == "gzip" else zstandard.ZstdDecompressor().decompressobj()
    return decoder.decompress(data)


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("kept", [5, 40, 3_000, -9, -1])
def test_a_cut_archive_gives_all_that_its_bytes_hold(kind: str, kept: int, write: Write) -> None:
    packed = PACK[kind](TEXT)[:kept]
    data, reason = unpacked(write("a", packed))
    assert data == truth_of_a_cut(kind, packed)
    assert reason == f"the archive is cut off at byte {len(packed):,}"


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("packed_bytes", [64, 1_000, 32_768])
def test_damage_in_a_later_member_costs_nothing_of_what_came_before(
    kind: str, packed_bytes: int, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "PACKED_BYTES", packed_bytes)
    # zstd gives out whole blocks: several of them before the damage
    text = b"".join(b"%d %s\n" % (number, uuid.uuid5(uuid.NAMESPACE_OID, str(number)).bytes.hex().encode())
                    for number in range(12_000))  # fmt: skip
    second = bytearray(PACK[kind](text))
    middle = len(second) * 3 // 4
    second[middle : middle + 40] = b"\xff" * 40
    data, reason = unpacked(write("a", PACK[kind](TEXT) + bytes(second)))
    assert reason is not None and reason.startswith("the archive is damaged after byte ")
    assert data.startswith(TEXT)
    saved = data[len(TEXT) :]
    common = next((i for i, (a, b) in enumerate(zip(saved, text, strict=False)) if a != b), min(len(saved), len(text)))
    # A block of zstd has up to 128 KB of text, a damaged Huffman code of gzip shows within a few thousand bytes.
    assert common > len(text) * 3 // 4 - 140_000 > 0


def test_what_is_saved_does_not_depend_on_how_much_is_read_at_a_time(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind, pack in PACK.items():
        packed = bytearray(pack(TEXT) + pack(TEXT))
        packed[len(packed) * 4 // 5] ^= 0x55
        file = write(kind, bytes(packed))
        found = set()
        for size in (1, 37, 500, 32_768):
            monkeypatch.setattr(streams, "PACKED_BYTES", size)
            found.add(unpacked(file)[0])
        assert len(found) == 1, kind


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("garbage", [b"GARBAGE" * 9, b"\x1f", b"\x28\xb5", b"\0\0x"])
def test_garbage_behind_the_last_member_is_a_break_behind_the_whole_text(
    kind: str, garbage: bytes, write: Write
) -> None:
    data, reason = unpacked(write("a", PACK[kind](TEXT) + garbage))
    assert data == TEXT
    assert reason is not None


@pytest.mark.parametrize("kind", PACK)
def test_a_wrong_check_sum_breaks_the_archive_after_its_text(kind: str, write: Write) -> None:
    packed = bytearray(PACK[kind](TEXT))
    packed[-5 if kind == "gzip" else -1] ^= 1
    data, reason = unpacked(write("a", bytes(packed)))
    assert data == TEXT
    assert reason is not None


@pytest.mark.parametrize("kind", PACK)
def test_a_zip_bomb_is_unpacked_in_small_pieces(kind: str, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "PACKED_BYTES", 8_192 if kind == "gzip" else 8_192 // 32)  # the ratio of the two bombs
    packer = zlib.compressobj(9, wbits=31) if kind == "gzip" else zstandard.ZstdCompressor(level=1).compressobj()
    zeros = bytes(1_000_000)
    packed = b"".join(packer.compress(zeros) for _ in range(70)) + packer.flush()
    file = write("a", packed)
    tracemalloc.start()
    try:
        size = sum(map(len, chunks(str(file))))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size == 70_000_000
    assert peak < 40_000_000


def test_lines_hold_their_offset_number_and_whether_they_end(write: Write) -> None:
    lines = Lines(Piece(str(write("a", b"one\r\n\n\xe4\xb8\xad\nlast")), "a", 0, -1), 100)
    assert [tuple(row) for row in lines] == [
        (0, 0, b"one\r", 4, True), (5, 1, b"", 0, True), (6, 2, b"\xe4\xb8\xad", 3, True), (10, 3, b"last", 4, False),
    ]  # fmt: skip
    assert (lines.end, lines.line, lines.broken) == (14, 3, None)


def test_of_a_line_over_the_limit_only_the_first_bytes_are_held(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "CHUNK_BYTES", 64_000)
    file = write("a", b"short\n" + b"x" * 30_000_000 + b"\nafter\n")
    tracemalloc.start()
    try:
        rows = list(Lines(Piece(str(file), "a", 0, -1), 10_000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [(row.offset, row.length, len(row.data)) for row in rows] == [
        (0, 5, 5), (6, 30_000_000, 10_000), (30_000_007, 5, 5),
    ]  # fmt: skip
    assert peak < 1_000_000


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    data=st.lists(st.sampled_from([b"", b"a", b"bb", b"\r", b"ccccccccccc", "中文".encode()]), max_size=12).flatmap(
        lambda lines: st.sampled_from([b"\n".join(lines), b"\n".join(lines) + b"\n"])
    ),
    part=st.integers(1, 9),
    chunk=st.integers(1, 7),
)
def test_however_a_file_is_divided_its_parts_hold_its_lines_once(
    data: bytes, part: int, chunk: int, tmp_path: Path
) -> None:
    file = tmp_path / uuid.uuid4().hex
    file.write_bytes(data)
    expected, offset = [], 0
    for number, line in enumerate(data.split(b"\n")):
        if offset < len(data):
            expected.append((offset, number, line))
        offset += len(line) + 1
    found = []
    original, streams.CHUNK_BYTES = streams.CHUNK_BYTES, chunk
    try:
        for start in range(0, len(data), part):
            lines = Lines(Piece(str(file), "a", start, min(start + part, len(data))), 100)
            before = line_ends(str(file), start)
            rows = [(row.offset, before + row.line, row.data) for row in lines]
            assert all(start <= row[0] < start + part for row in rows)
            found += rows
    finally:
        streams.CHUNK_BYTES = original
    assert found == expected


def test_line_ends_are_counted_up_to_any_byte(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    data = TEXT[:5_000]
    file = write("a", data)
    monkeypatch.setattr(streams, "PART_BYTES", 700)
    monkeypatch.setattr(streams, "CHUNK_BYTES", 90)
    for stop in (0, 1, 699, 700, 701, 2_345, 5_000):
        assert line_ends(str(file), stop) == data[:stop].count(b"\n")


def test_the_lines_of_a_cut_piece_keep_the_offsets_of_the_whole(write: Write) -> None:
    file = write("piece", b"five\nsix\n")
    assert lines_of(file, start=100, stop=109, shift=100) == [(100, b"five"), (105, b"six")]


def test_a_break_is_told_after_the_lines_before_it(write: Write) -> None:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as stream:
        stream.write(TEXT)
    lines = Lines(Piece(str(write("a", packed.getvalue() + b"junk")), "a", 0, -1), 1_000)
    assert [row.data for row in lines] == ROWS
    assert lines.broken is not None
    assert (lines.end, lines.line) == (len(TEXT), len(ROWS))
