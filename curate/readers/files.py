"""Readers of files: JSON lines and plain text (plain, gzip or zstd), and Parquet, which lives next door.

A row is read right or rejected with its place and its bytes; nothing is skipped in silence. JSON is parsed by orjson
(about 500 MB/s); a row that orjson refuses gets a second chance with the standard library, which knows NaN, integers
over 64 bits and raw control characters.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from curate.contracts import BATCH_BYTES, ID, PART_BYTES, RAW_BYTES, TEXT, Batch, Input, Piece, Rejected
from curate.disk import whole_file
from curate.readers.parquet import Parquet as Parquet
from curate.readers.paths import Files
from curate.readers.streams import BrokenArchive, Lines, Row, chunks, compression, line_ends

CUT_FROM_BYTES = PART_BYTES // 4
"""A compressed file above this size is cut into parts first: Chinese text compresses about four to one."""


class Jsonl(Files):
    """Read JSON lines: one object a line, the text in one of its fields.

    Files may be plain, gzip or zstd, of several members or frames. A plain file is read from any position; a large
    archive is first cut into parts on disk, by one task. Of a field that stands twice in a row the last one counts.
    """

    text: str = "text"
    """Field that holds the text."""
    id: str | None = None
    """Field that holds the id; `<path>:<byte offset>` where it is missing or null."""

    def must_cut(self, source: Input) -> bool:
        return source.size > CUT_FROM_BYTES and compression(source.file) is not None

    def pieces(self, source: Input, cut: Path) -> list[Piece]:
        if compression(source.file) is None:
            starts = range(0, max(source.size, 1), PART_BYTES)
            stops = (min(start + PART_BYTES, source.size) for start in starts)
            return [
                Piece(source.file, source.path, start, stop, stop - start, first_line=int(start == 0))
                for start, stop in zip(starts, stops, strict=True)
            ]
        if not self.must_cut(source):
            return [Piece(source.file, source.path, 0, -1, self.text_bytes(source))]
        return _cut(source, cut)

    def read(self, piece: Piece) -> Iterator[Batch]:
        lines = Lines(piece, self.max_bytes)
        batch = _JsonBatch(self, piece)
        for row in lines:
            batch.add(row)
            if batch.bytes >= BATCH_BYTES:
                yield batch.done()
                batch = _JsonBatch(self, piece)
        if lines.broken:
            batch.rejected.append(Rejected(piece.path, lines.end, lines.line, lines.broken))
        yield batch.done()


class _Unreadable(Exception):
    """Why a row is rejected."""


class _JsonBatch:
    """Rows on their way into a frame. A loop over rows, because each may fail alone; 2 µs a document."""

    def __init__(self, reader: Jsonl, piece: Piece) -> None:
        self.reader, self.piece = reader, piece
        self.columns: dict[str, list[str | None]] = {name: [] for name in (ID, TEXT, *reader.fields)}
        self.rejected: list[Rejected] = []
        self.bytes = 0

    def add(self, row: Row) -> None:
        data = row.data.removeprefix(b"\xef\xbb\xbf")  # a BOM, at the start of the file or of one appended to it
        self.bytes += len(data)
        try:
            if row.length > self.reader.max_bytes:
                raise _Unreadable(f"{row.length:,} bytes; max_bytes is {self.reader.max_bytes:,}")
            if data.strip():
                self._add_record(*_parse(data), row.offset, data)
        except _Unreadable as error:
            reason = str(error) if row.complete else f"{error}; the file ends inside this row"
            self.rejected.append(Rejected(self.piece.path, row.offset, row.line, reason, row.data[:RAW_BYTES]))

    def _add_record(self, record: Any, is_utf8: bool, offset: int, data: bytes) -> None:
        if not isinstance(record, dict):
            raise _Unreadable(f"not an object but {_kind(record)}")
        text = record.get(self.reader.text)
        if type(text) is not str:
            missing = self.reader.text not in record
            raise _Unreadable(f"field {self.reader.text!r} is {'missing' if missing else _kind(text)}")
        own_id = _as_text(record, self.reader.id, data) if self.reader.id else None
        values = [
            f"{self.piece.path}:{offset}" if own_id is None else own_id,
            text,
            *(_as_text(record, field, data) for field in self.reader.fields),
        ]
        if not is_utf8:
            for name, value in zip(self.columns, values, strict=True):
                _check_surrogates(value or "", name)
        for column, value in zip(self.columns.values(), values, strict=True):
            column.append(value)

    def done(self) -> Batch:
        frame = pl.DataFrame(self.columns, schema=dict.fromkeys(self.columns, pl.String))
        if not self.rejected:
            return Batch(frame, [])
        first_line = self.piece.first_line or 1 + line_ends(self.piece.file, self.piece.start)
        return Batch(frame, [row._replace(line=row.line + first_line) for row in self.rejected])


class _Digits(str):
    """An integer over 64 bits, as it was written."""


def _integer(digits: str) -> int | _Digits:
    return int(digits) if len(digits) < 19 else _Digits(digits)


def _parse(data: bytes) -> tuple[Any, bool]:
    """The row's value, and whether its texts are known to be UTF-8: orjson refuses lone surrogates."""
    try:
        return orjson.loads(data), True
    except orjson.JSONDecodeError:
        return _parse_slowly(data), False


def _parse_slowly(data: bytes) -> Any:
    try:
        if b"\0" in data:
            raise _Unreadable("raw NUL byte")
        return json.loads(data.decode("utf-8"), strict=False, parse_int=_integer)
    except UnicodeDecodeError as error:
        raise _Unreadable(f"invalid UTF-8 at byte {error.start} of the row") from error
    except json.JSONDecodeError as error:
        raise _Unreadable(
            f"malformed JSON: {error.msg.removesuffix(' at')} at character {error.pos} of the row"
        ) from error
    except RecursionError as error:
        raise _Unreadable("malformed JSON: nested too deeply") from error


def _check_surrogates(value: str, name: str) -> None:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise _Unreadable(f"lone surrogate at character {error.start} of the {name}") from error


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "a boolean"
    names = {str: "text", list: "an array", dict: "an object", type(None): "null"}
    return names.get(type(value), "a number")


def _as_text(record: dict[str, Any], field: str, data: bytes) -> str | None:
    """A field as text: what is no text stays as JSON writes it."""
    value = record.get(field)
    if type(value) is float and abs(value) >= 2**63:
        value = _parse_slowly(data)[field]  # orjson rounds integers over 64 bits: two long ids would become one
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class _Stretches:
    """The text of an archive, each stretch with the number of its part: the line that reaches PART_BYTES ends one."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.broken: str | None = None
        """Afterwards: why the archive ended early, if it did."""

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        number = written = 0
        try:
            for chunk in chunks(self.file):
                while end := chunk.find(b"\n", max(PART_BYTES - written - 1, 0)) + 1:
                    yield number, chunk[:end]
                    number, written, chunk = number + 1, 0, chunk[end:]
                if chunk:
                    yield number, chunk
                    written += len(chunk)
        except BrokenArchive as error:
            self.broken = str(error)


def _cut(source: Input, folder: Path) -> list[Piece]:
    """Write a large archive out as plain files of about `PART_BYTES`, each of whole lines.

    A file has its name only when it is whole: a cut that was killed is seen by the files that are missing.
    """
    name = hashlib.sha256(repr(source).encode()).hexdigest()[:12]
    stretches = _Stretches(source.file)
    pieces: list[Piece] = []
    start, line = 0, 1
    for number, group in itertools.groupby(stretches, key=itemgetter(0)):
        file = folder / f"{name}-{number:05}"
        size = lines = 0
        with whole_file(file) as temporary, temporary.open("wb") as stream:
            for _, data in group:
                size += stream.write(data)
                lines += data.count(b"\n")
        pieces.append(Piece(str(file), source.path, start, start + size, size, shift=start, first_line=line))
        start, line = start + size, line + lines
    if not pieces:
        return [Piece(source.file, source.path, 0, -1, 0)]  # without text; its reader meets the break, if there is one
    return [*pieces[:-1], pieces[-1]._replace(broken=stretches.broken)]


class Text(Files):
    """Read plain text files (UTF-8; gzip and zstd too): a file is a document, its id is its path.

    A file that is damaged, cut off or not UTF-8 is rejected: half a document is not that document.
    """

    def pieces(self, source: Input, cut: Path) -> list[Piece]:
        return [Piece(source.file, source.path, 0, -1, self.text_bytes(source))]

    def read(self, piece: Piece) -> Iterator[Batch]:
        columns = dict.fromkeys((ID, TEXT, *self.fields), pl.String)
        row = {ID: piece.path, TEXT: "", **dict.fromkeys(self.fields)}
        head, size, broken = self._head(piece.file)
        try:
            text = _decoded(head, size, self.max_bytes, broken)
            yield Batch(pl.DataFrame([row | {TEXT: text}], schema=columns), [])
        except _Unreadable as error:
            offset, line = (size, 1 + head.count(b"\n")) if broken else (0, 1)
            rejected = Rejected(piece.path, offset, line, str(error), head[:RAW_BYTES])
            yield Batch(pl.DataFrame(schema=columns), [rejected])

    def _head(self, file: str) -> tuple[bytes, int, str | None]:
        """The file's first bytes, up to `max_bytes`; how many there are; why they end early, if they do."""
        held: list[bytes] = []
        size, broken = 0, None
        try:
            for chunk in chunks(file):
                if size < self.max_bytes:
                    held.append(chunk[: self.max_bytes - size])
                size += len(chunk)
        except BrokenArchive as error:
            broken = str(error)
        return b"".join(held), size, broken


def _decoded(data: bytes, size: int, max_bytes: int, broken: str | None) -> str:
    if broken:
        raise _Unreadable(broken)
    if size > max_bytes:
        raise _Unreadable(f"{size:,} bytes; max_bytes is {max_bytes:,}")
    if b"\0" in data:
        raise _Unreadable("raw NUL byte")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Unreadable(f"invalid UTF-8 at byte {error.start}") from error
