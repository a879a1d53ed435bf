"""Bytes and lines out of plain, gzip and zstd files, from any position, up to the very byte at which an archive breaks.

Archives may hold several members or frames, with zeros between them. Kind is told by the first bytes, never by the
name. Memory: a chunk and its text, and of a line at most its limit. Decompresses at zlib's and zstd's own speed; only
when an archive is damaged is its last frame read again, at the end byte by byte, to save every whole row before the
break.
"""

import os
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, BinaryIO, NamedTuple

import zstandard

from curate.contracts import PART_BYTES, Piece

CHUNK_BYTES = 1_000_000
"""Plain bytes read at a time."""
PACKED_BYTES = 8_192
"""Compressed bytes read at a time: few, because a zip bomb makes 1,032 (gzip) or 32,768 (zstd) bytes out of one, and
what comes out is held whole, and the chunk before it: 17 MB or 537 MB at worst. Larger chunks are not faster."""

ZSTD_MAGIC, GZIP_MAGIC = b"\x28\xb5\x2f\xfd", b"\x1f\x8b"


class BrokenArchive(Exception):
    """An archive that ends early or does not decode; everything before was delivered."""


def compression(file: str) -> str | None:
    """`gzip`, `zstd` or None for a plain file."""
    with open(file, "rb") as stream:
        head = stream.read(4)
    if head[:2] == GZIP_MAGIC:
        return "gzip"
    skippable = head[1:] == b"\x2a\x4d\x18" and 0x50 <= head[0] <= 0x5F
    return "zstd" if head == ZSTD_MAGIC or skippable else None


def chunks(file: str, position: int = 0) -> Iterator[bytes]:
    """Yield decompressed bytes, never none; `position` (plain files only) is where to begin. Raises: BrokenArchive."""
    kind = compression(file)
    with open(file, "rb") as stream:
        if kind:
            yield from filter(None, _decompressed(stream, _DECODERS[kind]))
            return
        stream.seek(position)
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk


def line_ends(file: str, stop: int) -> int:
    """Count the line ends in the first `stop` bytes of a plain file; remembered part by part."""
    modified = os.stat(file).st_mtime_ns
    return sum(_line_ends(file, modified, at, min(at + PART_BYTES, stop)) for at in range(0, stop, PART_BYTES))


@lru_cache(maxsize=1 << 16)
def _line_ends(file: str, modified: int, start: int, stop: int) -> int:
    found = 0
    with open(file, "rb") as stream:
        stream.seek(start)
        while start < stop and (chunk := stream.read(min(CHUNK_BYTES, stop - start))):
            found += chunk.count(b"\n")
            start += len(chunk)
    return found


_DECODERS: dict[str, Callable[[], Any]] = {
    "gzip": lambda: zlib.decompressobj(wbits=31),
    "zstd": lambda: zstandard.ZstdDecompressor(max_window_size=2**31).decompressobj(),
}


def _decompressed(stream: BinaryIO, new_decoder: Callable[[], Any]) -> Iterator[bytes]:
    decoder = new_decoder()
    frame_start = position = delivered = 0
    pending = b""
    while chunk := pending or stream.read(PACKED_BYTES):
        pending = b""
        if position == frame_start:  # zero padding may stand between members
            stripped = chunk.lstrip(b"\0")
            position = frame_start = position + len(chunk) - len(stripped)
            if not (chunk := stripped):
                continue
        try:
            data = decoder.decompress(chunk)
        except (zlib.error, zstandard.ZstdError) as error:
            yield from _rescued(stream, new_decoder(), frame_start, position, delivered)
            raise BrokenArchive(f"the archive is damaged after byte {position:,} ({error})") from error
        position += len(chunk)
        delivered += len(data)
        yield data
        if decoder.eof:
            pending = decoder.unused_data
            frame_start = position = position - len(pending)
            decoder, delivered = new_decoder(), 0
    if position > frame_start:
        raise BrokenArchive(f"the archive is cut off at byte {position:,}")


def _rescued(stream: BinaryIO, decoder: Any, frame_start: int, good: int, delivered: int) -> Iterator[bytes]:
    """Decode the frame again up to the chunk that failed (at `good`), then that chunk a byte at a time."""
    stream.seek(frame_start)
    left = good - frame_start
    while left:
        chunk = stream.read(min(left, PACKED_BYTES))
        left -= len(chunk)
        data = decoder.decompress(chunk)
        yield data[delivered:]
        delivered = max(0, delivered - len(data))
    try:
        for byte in stream.read(PACKED_BYTES):
            yield decoder.decompress(bytes([byte]))
    except (zlib.error, zstandard.ZstdError):
        pass  # the caller raises BrokenArchive with the first error


class Row(NamedTuple):
    """One line of a file."""

    offset: int
    """Of its first byte, in the decompressed input."""
    line: int
    """Line ends between the start of the piece and the row."""
    data: bytes
    """Without the line end; the first `limit` bytes of a longer line."""
    length: int
    """Bytes of the whole line."""
    complete: bool
    """Whether a line end follows."""


class _Unfinished:
    """A line that goes on in the next chunk: its length, and its first `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.length = 0
        self._held: list[bytes] = []

    def add(self, data: bytes) -> None:
        if data and self.length < self.limit:
            self._held.append(data[: self.limit - self.length])
        self.length += len(data)

    def taken(self) -> tuple[bytes, int]:
        """The line so far, and its length; then it is empty again."""
        data, length = b"".join(self._held), self.length
        self._held, self.length = [], 0
        return data, length


class Lines:
    """The lines that start in a piece, in order."""

    def __init__(self, piece: Piece, limit: int) -> None:
        self.piece = piece
        self.limit = limit
        self.broken = piece.broken
        """Afterwards: why the archive ended early, if it did."""
        self.end = piece.start
        """Position in the decompressed input up to which lines were read."""
        self.line = 0
        """Line ends between the start of the piece and `end`."""

    def __iter__(self) -> Iterator[Row]:
        piece = self.piece
        # A line belongs to the piece in which it starts: begin one byte early and leave out the rest of that line.
        skip = piece.start > piece.shift
        self.end -= skip
        unfinished = _Unfinished(self.limit)
        for chunk in self._chunks(self.end - piece.shift):
            *lines, rest = chunk.split(b"\n")
            for line in lines:
                length = len(line)
                if unfinished.length:
                    unfinished.add(line)
                    line, length = unfinished.taken()
                if not skip:
                    yield Row(self.end, self.line, line[: self.limit], length, True)
                self.line += not skip or length > 0  # the byte before the piece may be a line end
                self.end += length + 1
                skip = False
                if 0 <= piece.stop <= self.end:
                    return
            unfinished.add(rest)
            if skip and 0 <= piece.stop <= self.end + unfinished.length:
                return
        line, length = unfinished.taken()
        if length and not skip:
            yield Row(self.end, self.line, line, length, False)
        self.end += length

    def _chunks(self, position: int) -> Iterator[bytes]:
        try:
            yield from chunks(self.piece.file, position)
        except BrokenArchive as error:
            self.broken = str(error)
