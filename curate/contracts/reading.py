"""From input files to documents, in parts and batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl
from pydantic import Field

from curate.contracts.steps import ByteSize, Step

PART_BYTES = 64_000_000
"""Decompressed text in a part, about: the unit of work and of resume."""
BATCH_BYTES = 8_000_000
"""Text in a batch, about: what bounds a worker's memory."""


class Piece(NamedTuple):
    """A stretch of one input file."""

    file: str
    """Where the bytes lie."""
    path: str
    """What ids and messages call the file."""
    start: int
    """First byte (or row group, or row) of the stretch, in the decompressed file."""
    stop: int
    """One past the last; -1: to the end."""
    size: int = PART_BYTES
    """Bytes of text, about: small pieces of several inputs share a part."""
    shift: int = 0
    """Position in the decompressed input of the first byte of `file`; not 0 for a file that was cut."""
    first_line: int = 1
    """Number of the line at `start`; 0: not known yet, counted when a message needs it."""
    broken: str | None = None
    """Why the input ends at `stop` (a damaged archive); becomes a rejected entry."""


class Part(NamedTuple):
    """The unit of work and of resume: about 64 MB of text."""

    name: str
    """`<input>-<number>`: 12 hex digits and five digits; the name of the part's files in a run."""
    reader: int
    """Position of its reader in the pipeline."""
    pieces: tuple[Piece, ...]


RAW_BYTES = 65_536
"""How much of a rejected row is kept."""


class Rejected(NamedTuple):
    """A row that could not be read."""

    path: str
    offset: int
    """Byte offset in the decompressed file (row number where there are no bytes)."""
    line: int
    """Line number in the file, from 1; 0 where there are no lines."""
    reason: str
    raw: bytes = b""
    """The row as it stood, at most `RAW_BYTES` of it."""


class Batch(NamedTuple):
    """What a reader yields: documents, and the rows between them that could not be read."""

    documents: pl.DataFrame
    rejected: list[Rejected]


class Input(NamedTuple):
    """One input file (or data set)."""

    file: str
    """Where it lies."""
    path: str
    """What ids and messages call it: as the pattern named it, with forward slashes."""
    size: int
    """Bytes on disk."""
    modified: int
    """Modification time, nanoseconds; 0 where there is none."""


class Reader(Step):
    """Input files to documents."""

    source: str | None = None
    """What the documents' `source` says; the reader's own name by default."""
    fields: list[str] = Field(default_factory=list)
    """Fields to keep beside the text; a missing one is null."""
    sample: float = Field(1.0, gt=0, le=1)
    """Share of documents to read, chosen by a hash of the id."""
    max_rejected: float = Field(0.01, ge=0, le=1)
    """Share of rows that may be unreadable before the run stops."""
    max_bytes: ByteSize = Field("64MB", validate_default=True)
    """A longer row is rejected."""

    def inputs(self, folders: Sequence[Path]) -> list[Input]:
        """List the input files, sorted; relative patterns are looked up in `folders`, in order.

        Raises: PipelineError when nothing matches.
        """
        raise NotImplementedError

    def pieces(self, source: Input, cut: Path) -> list[Piece]:
        """Divide one input into pieces of about `PART_BYTES`; may write decompressed pieces into the folder `cut`."""
        raise NotImplementedError

    def text_bytes(self, source: Input) -> int:
        """Bytes of text in an input, about, without opening more than its head."""
        return source.size

    def must_cut(self, source: Input) -> bool:
        """Whether `pieces` has to stream through the file (and so should run in a worker)."""
        return False

    def read(self, piece: Piece) -> Iterator[Batch]:
        """Read a piece in batches of about `BATCH_BYTES` of text: columns `id`, `text`, then `fields`."""
        raise NotImplementedError
