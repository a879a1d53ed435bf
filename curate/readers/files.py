"""Readers of files: JSON lines, Parquet, plain text; plain, gzip or zstd.

A row is read right or rejected with its place and its bytes; nothing is skipped in silence. JSON is parsed by orjson
(about 500 MB/s); a row that orjson refuses gets a second chance with the standard library, which knows NaN, integers
over 64 bits and raw control characters.
"""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl
from pydantic import Field

from curate.contracts import BATCH_BYTES, ID, PART_BYTES, RAW_BYTES, TEXT, Batch, Input, Piece, Reader, Rejected
from curate.errors import PipelineError
from curate.readers.streams import BrokenArchive, Lines, Row, chunks, compression

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

CUT_FROM_BYTES = PART_BYTES // 4
"""A compressed file above this size is cut into parts first: Chinese text compresses about four to one."""


class _Files(Reader):
    paths: list[str] = Field(min_length=1)
    """Patterns (`*`, `?`, `[…]`, `**`), looked up in the working directory, then in the pipeline's folder."""

    def inputs(self, folders: Sequence[Path]) -> list[Input]:
        found: dict[str, Input] = {}
        for pattern in self.paths:
            matches = self._matches(pattern, folders)
            if not matches:
                raise PipelineError(f"paths: no file matches {pattern!r} (looked in {_listed(folders)})")
            found |= {source.file: source for source in matches}
        return sorted(found.values(), key=lambda source: source.path)

    @staticmethod
    def _matches(pattern: str, folders: Sequence[Path]) -> list[Input]:
        pattern = os.path.expanduser(pattern)
        for folder in folders:
            names = glob.glob(pattern, root_dir=folder, recursive=True)
            files = [(name, folder / name) for name in sorted(names) if (folder / name).is_file()]
            if files:
                return [_input(Path(name).as_posix(), file) for name, file in files]
        return []


def _input(path: str, file: Path) -> Input:
    status = file.stat()
    if not os.access(file, os.R_OK):
        raise PipelineError(f"paths: {path} cannot be read: permission denied")
    return Input(os.path.abspath(file), path, status.st_size, status.st_mtime_ns)


def _listed(folders: Sequence[Path]) -> str:
    return " and ".join(dict.fromkeys(str(folder) for folder in folders))


class Jsonl(_Files):
    """Read JSON lines: one object a line, the text in one of its fields.

    Files may be plain, gzip or zstd, of several members or frames. A plain file is read from any position; a large
    archive is first cut into parts on disk, by one task.
    """

    text: str = "text"
    """Field that holds the text."""
    id: str | None = None
    """Field that holds the id; `<path>:<byte offset>` where it is missing or null."""

    def must_cut(self, source: Input) -> bool:
        return source.size > CUT_FROM_BYTES and compression(source.file) is not None

    def pieces(self, source: Input, cut: Path) -> list[Piece]:
        if compression(source.file) is None:
            borders = [*range(0, max(source.size, 1), PART_BYTES), source.size]
            spans = list(zip(borders[:-1], borders[1:], strict=True))
            return [Piece(source.file, source.path, *span, first_line=int(span[0] == 0)) for span in spans]
        if not self.must_cut(source):
            return [Piece(source.file, source.path, 0, -1)]
        return _cut(source, cut)

    def read(self, piece: Piece) -> Iterator[Batch]:
        lines = Lines(piece, self.max_bytes)
        first_line = piece.first_line
        batch = _JsonBatch(self, piece)
        for row in lines:
            batch.add(row)
            if batch.bytes >= BATCH_BYTES:
                yield batch.done(first_line)
                batch = _JsonBatch(self, piece)
        if lines.broken:
            batch.add_break(lines.broken)
        yield batch.done(first_line)


class _Unreadable(Exception):
    """Why a row is rejected."""


class _JsonBatch:
    """Rows on their way into a frame. A loop over rows, because each may fail alone; 2 µs a document."""

    def __init__(self, reader: Jsonl, piece: Piece) -> None:
        self.reader, self.piece = reader, piece
        self.columns: dict[str, list[str | None]] = {name: [] for name in (ID, TEXT, *reader.fields)}
        self.rejected: list[Rejected] = []
        self.bytes = 0
        self.end = piece.start

    def add(self, row: Row) -> None:
        data = row.data.removeprefix(b"\xef\xbb\xbf")  # a BOM, at the start of the file or of one appended to it
        self.bytes += len(data)
        self.end = row.offset + row.length
        if not data.strip():
            return
        try:
            if row.length > self.reader.max_bytes:
                raise _Unreadable(f"{row.length:,} bytes; max_bytes is {self.reader.max_bytes:,}")
            self._add_record(_parse(data), row.offset)
        except _Unreadable as error:
            reason = str(error) if row.complete else f"{error}; the file ends inside this row"
            self.rejected.append(Rejected(self.piece.path, row.offset, row.line, reason, row.data[:RAW_BYTES]))

    def _add_record(self, record: Any, offset: int) -> None:
        if not isinstance(record, dict):
            raise _Unreadable(f"not an object but {_kind(record)}")
        text = record.get(self.reader.text)
        if not isinstance(text, str):
            missing = self.reader.text not in record
            raise _Unreadable(f"field {self.reader.text!r} is {'missing' if missing else _kind(text)}")
        own_id = record.get(self.reader.id) if self.reader.id else None
        values = [
            f"{self.piece.path}:{offset}" if own_id is None else _as_text(own_id),
            text,
            *(_as_text(record.get(field)) for field in self.reader.fields),
        ]
        for value in values:
            if value is not None and not value.isascii():
                _check_surrogates(value)
        for column, value in zip(self.columns.values(), values, strict=True):
            column.append(value)

    def add_break(self, reason: str) -> None:
        self.rejected.append(Rejected(self.piece.path, self.end, 0, reason))

    def done(self, first_line: int) -> Batch:
        if self.rejected and not first_line:
            first_line = 1 + _count_lines(self.piece)
        numbered = [row._replace(line=row.line + first_line) if row.raw else row for row in self.rejected]
        return Batch(pl.DataFrame(self.columns, schema=dict.fromkeys(self.columns, pl.String)), numbered)


def _parse(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    try:
        if b"\0" in data:
            raise _Unreadable("raw NUL byte")
        return json.loads(data.decode("utf-8"), strict=False)
    except UnicodeDecodeError as error:
        raise _Unreadable(f"invalid UTF-8 at byte {error.start} of the row") from error
    except (ValueError, RecursionError) as error:
        raise _Unreadable(f"malformed JSON: {error}") from error


def _check_surrogates(value: str) -> None:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise _Unreadable(f"lone surrogate at character {error.start}") from error


def _kind(value: Any) -> str:
    names = {
        type(None): "null",
        bool: "a boolean",
        int: "a number",
        float: "a number",
        list: "an array",
        dict: "an object",
    }
    return names.get(type(value), "text")


def _as_text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _count_lines(piece: Piece) -> int:
    """Line ends before a piece of a plain file; read only when a message needs the number of a line."""
    left, lines = piece.start, 0
    for chunk in chunks(piece.file):
        lines += chunk[:left].count(b"\n")
        left -= len(chunk)
        if left <= 0:
            break
    return lines


def _cut(source: Input, folder: Path) -> list[Piece]:
    """Write a large archive out as plain files of about `PART_BYTES`, each of whole lines."""
    folder.mkdir(parents=True, exist_ok=True)
    pieces: list[Piece] = []
    start, line, broken = 0, 1, None
    rest = chunks(source.file)
    chunk = b""
    while True:
        file = folder / f"{source.name}-{len(pieces):05}"
        with file.open("wb") as stream:
            written, lines = 0, 0
            try:
                while chunk := chunk or next(rest, b""):
                    # The line that reaches PART_BYTES ends the piece.
                    end = chunk.find(b"\n", max(PART_BYTES - written - 1, 0)) + 1
                    head, chunk = (chunk[:end], chunk[end:]) if end else (chunk, b"")
                    written += stream.write(head)
                    lines += head.count(b"\n")
                    if end:
                        break
            except BrokenArchive as error:
                broken = str(error)
        pieces.append(Piece(str(file), source.path, start, start + written, start, line, broken))
        start, line = start + written, line + lines
        if not chunk and (broken or not (chunk := _next(rest))):
            return pieces


class Parquet(_Files):
    """Read Parquet files: one text column; parts are row groups."""

    text: str = "text"
    """Column that holds the text."""
    id: str | None = None
    """Column that holds the id; `<path>:<row>` where it is null."""

    def inputs(self, folders: Sequence[Path]) -> list[Input]:
        found = super().inputs(folders)
        for source in found:
            self._check(source)
        return found

    def _check(self, source: Input) -> None:
        import pyarrow as pa

        schema = self._open(source.file, source.path).schema_arrow
        for name in (self.text, *self.fields, *([self.id] if self.id else [])):
            if name not in schema.names:
                raise PipelineError(f"{source.path}: no column {name!r}; it has {', '.join(schema.names)}")
        kind = schema.field(self.text).type
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
            raise PipelineError(f"{source.path}: column {self.text!r} holds {kind}, not text")

    @staticmethod
    def _open(file: str, path: str) -> pq.ParquetFile:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return pq.ParquetFile(file)
        except (pa.ArrowException, OSError) as error:
            raise PipelineError(f"{path}: not a Parquet file: {' '.join(str(error).split())}") from error

    def pieces(self, source: Input, cut: Path) -> list[Piece]:
        metadata = self._open(source.file, source.path).metadata
        pieces, start, size = [], 0, 0
        for group in range(metadata.num_row_groups):
            size += metadata.row_group(group).total_byte_size
            if size >= PART_BYTES or group == metadata.num_row_groups - 1:
                pieces.append(Piece(source.file, source.path, start, group + 1))
                start, size = group + 1, 0
        return pieces or [Piece(source.file, source.path, 0, 0)]

    def read(self, piece: Piece) -> Iterator[Batch]:
        import pyarrow as pa

        file = self._open(piece.file, piece.path)
        columns = list(dict.fromkeys([self.text, *([self.id] if self.id else []), *self.fields]))
        row = sum(file.metadata.row_group(group).num_rows for group in range(piece.start))
        for group in range(piece.start, piece.stop):
            metadata = file.metadata.row_group(group)
            rows = max(1, min(metadata.num_rows, BATCH_BYTES * metadata.num_rows // max(metadata.total_byte_size, 1)))
            first = row
            try:
                for batch in file.iter_batches(rows, [group], columns):
                    yield self._batch(batch, piece, row)
                    row += batch.num_rows
            except (pa.ArrowException, OSError) as error:
                reason = (
                    f"row group {group}, rows {row} to {first + metadata.num_rows - 1}: {' '.join(str(error).split())}"
                )
                yield Batch(_empty(self), [Rejected(piece.path, row, 0, reason)])
            row = first + metadata.num_rows

    def _batch(self, batch: pa.RecordBatch, piece: Piece, first: int) -> Batch:
        texts, reasons = _valid_text(batch.column(self.text))
        rows = pl.int_range(first, first + batch.num_rows, eager=True)
        default = piece.path + ":" + rows.cast(pl.String)
        frame = pl.DataFrame({ID: _column(batch, self.id).fill_null(default) if self.id else default, TEXT: texts})
        frame = frame.with_columns(_column(batch, field).alias(field) for field in self.fields)
        too_long = texts.str.len_bytes() > self.max_bytes
        reasons |= {int(i): f"longer than max_bytes ({self.max_bytes:,})" for i in too_long.arg_true()}
        rejected = [Rejected(piece.path, first + i, 0, reason) for i, reason in sorted(reasons.items())]
        good = pl.Series([i not in reasons for i in range(batch.num_rows)], dtype=pl.Boolean)
        return Batch(frame.filter(good), rejected)


def _column(batch: pa.RecordBatch, name: str) -> pl.Series:
    column = pl.Series(name, pl.from_arrow(batch.column(name)))
    if column.dtype.is_nested():
        return pl.Series(name, [_as_text(value) for value in batch.column(name).to_pylist()], pl.String)
    return column.cast(pl.String)


def _valid_text(column: pa.Array) -> tuple[pl.Series, dict[int, str]]:
    """The texts, and why some rows have none. Arrow does not check UTF-8 when it reads a file."""
    import pyarrow as pa

    reasons: dict[int, str] = {}
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        texts: list[str | None] = []
        for i, raw in enumerate(column.cast(pa.large_string()).view(pa.large_binary()).to_pylist()):
            try:
                texts.append(raw if raw is None else raw.decode("utf-8"))
            except UnicodeDecodeError as error:
                texts.append(None)
                reasons[i] = f"invalid UTF-8 at byte {error.start} of the text"
        column = pa.array(texts, pa.large_string())
    text = pl.Series(TEXT, pl.from_arrow(column), pl.String)
    return text, {int(i): reasons.get(int(i), "the text is null") for i in text.is_null().arg_true()}


def _empty(reader: Reader) -> pl.DataFrame:
    return pl.DataFrame(schema=dict.fromkeys((ID, TEXT, *reader.fields), pl.String))


class Text(_Files):
    """Read plain text files (UTF-8; gzip and zstd too): a file is a document, its id is its path."""

    def read(self, piece: Piece) -> Iterator[Batch]:
        lines = Lines(piece._replace(start=0, stop=-1), self.max_bytes)
        rows = []
        size = 0
        for row in lines:
            size += row.length + row.complete
            if size <= self.max_bytes:
                rows.append(row.data + b"\n" * row.complete)
        try:
            text = self._decoded(b"".join(rows), size)
            rejected = []
        except _Unreadable as error:
            text, rejected = None, [Rejected(piece.path, 0, 1, str(error), b"".join(rows)[:RAW_BYTES])]
        if lines.broken:
            rejected.append(Rejected(piece.path, size, 0, lines.broken))
        columns = {ID: piece.path, TEXT: text} | dict.fromkeys(self.fields)
        frame = pl.DataFrame([columns] if text is not None else [], schema=dict.fromkeys(columns, pl.String))
        yield Batch(frame, rejected)

    def _decoded(self, data: bytes, size: int) -> str:
        if size > self.max_bytes:
            raise _Unreadable(f"{size:,} bytes; max_bytes is {self.max_bytes:,}")
        if b"\0" in data:
            raise _Unreadable("raw NUL byte")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise _Unreadable(f"invalid UTF-8 at byte {error.start}") from error

    def pieces(self, source: Input, cut: Path) -> list[Piece]:
        return [Piece(source.file, source.path, 0, -1)]
