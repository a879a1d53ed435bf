"""Bytes out of plain, gzip and zstd files, from any position, up to the very byte at which an archive breaks.

Archives may hold several members or frames. Kind is told by the first bytes, never by the name. Decompresses at
zlib's and zstd's own speed; only when an archive is damaged is its last frame read again, byte by byte, to save
every whole row before the break.
"""

import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NamedTuple

import zstandard

from curate.contracts import Piece

CHUNK_BYTES = 1_000_000
"""Compressed (or plain) bytes read at a time."""

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
    """Yield decompressed bytes; `position` (plain files only) is where to begin. Raises: BrokenArchive."""
    kind = compression(file)
    with open(file, "rb") as stream:
        if kind:
            yield from _decompressed(stream, _DECODERS[kind])
            return
        stream.seek(position)
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk


_DECODERS: dict[str, Callable[[], Any]] = {
    "gzip": lambda: zlib.decompressobj(wbits=31),
    "zstd": lambda: zstandard.ZstdDecompressor(max_window_size=2**31).decompressobj(),
}


def _decompressed(stream: BinaryIO, new_decoder: Callable[[], Any]) -> Iterator[bytes]:
    decoder = new_decoder()
    frame_start = position = delivered = 0
    pending = b""
    while chunk := pending or stream.read(CHUNK_BYTES):
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
            raise BrokenArchive(f"the archive is damaged ({error})") from error
        position += len(chunk)
        delivered += len(data)
        if data:
            yield data
        if decoder.eof:
            pending = decoder.unused_data
            frame_start = position = position - len(pending)
            decoder, delivered = new_decoder(), 0
    if position > frame_start:
        raise BrokenArchive("the archive is cut off")


def _rescued(stream: BinaryIO, decoder: Any, frame_start: int, good: int, delivered: int) -> Iterator[bytes]:
    """Decode the frame again up to the chunk that failed (at `good`), then that chunk a byte at a time."""
    stream.seek(frame_start)
    left = good - frame_start
    while left:
        chunk = stream.read(min(left, CHUNK_BYTES))
        left -= len(chunk)
        data = decoder.decompress(chunk)
        yield data[delivered:]
        delivered = max(0, delivered - len(data))
    saved = bytearray()
    try:
        for byte in stream.read(CHUNK_BYTES):
            saved += decoder.decompress(bytes([byte]))
    except (zlib.error, zstandard.ZstdError):
        pass  # the caller raises BrokenArchive with the first error
    yield bytes(saved)


class Row(NamedTuple):
    """One line of a file."""

    offset: int
    """Of its first byte, in the decompressed input."""
    line: int
    """Its number in the piece, from 0."""
    data: bytes
    """Without the line end; the first `limit` bytes of a longer line."""
    length: int
    """Bytes of the whole line."""
    complete: bool
    """Whether a line end follows."""


class Lines:
    """The lines that start in a piece, in order; `broken` tells afterwards why the archive ended early, if it did."""

    def __init__(self, piece: Piece, limit: int) -> None:
        self.piece = piece
        self.limit = limit
        self.broken: str | None = piece.broken

    def __iter__(self) -> Iterator[Row]:
        piece = self.piece
        offset, stop, number = piece.start, piece.stop, 0
        # A line belongs to the piece in which it starts: begin one byte early and leave out the rest of that line.
        skip = piece.start > piece.shift
        if skip:
            offset -= 1
        tail, dropped = b"", 0
        for chunk in self._chunks(offset - piece.shift):
            lines = (tail + chunk if tail else chunk).split(b"\n")
            tail = lines.pop()
            for line in lines:
                length = len(line) + dropped
                if not skip:
                    yield Row(offset, number, line[: self.limit], length, True)
                    number += 1
                skip, dropped = False, 0
                offset += length + 1
                if 0 <= stop <= offset:
                    return
            if len(tail) > self.limit:  # only the head of a line over the limit is held
                dropped += len(tail) - self.limit
                tail = tail[: self.limit]
        if (tail or dropped) and not skip:
            yield Row(offset, number, tail, len(tail) + dropped, False)

    def _chunks(self, position: int) -> Iterator[bytes]:
        try:
            yield from chunks(self.piece.file, position)
        except BrokenArchive as error:
            self.broken = str(error)
