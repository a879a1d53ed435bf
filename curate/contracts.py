"""What a reader, a cleaner, a filter, a writer and an engine promise; column names and dtypes.

All steps are frozen values: parameters only, comparable, printable, with a JSON Schema. A class of one's own needs no
registration: `package.module:Class` in the pipeline names it. `curate.testing.check_filter` is the filter's contract as
a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, TypeVar, cast

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

ID, TEXT, SOURCE = "id", "text", "source"
"""Columns that every document has; readers add the fields they were told to keep."""

SIGNAL_TYPES = (pl.Float64, pl.Int64, pl.Boolean, pl.String)
"""What a signal may be. Float32 is left out: 0.65 passes `>= 0.65` as Float32 and fails as Float64."""

Shared = TypeVar("Shared")


class Utf8(NamedTuple):
    """Text as the kernels read it."""

    data: npt.NDArray[np.uint8]
    """The bytes of all texts, back to back; valid UTF-8."""
    offsets: npt.NDArray[np.int64]
    """`n_docs + 1` positions in `data`; text `i` is `data[offsets[i]:offsets[i + 1]]`."""

    @classmethod
    def of(cls, text: pl.Series) -> Utf8:
        """View a String column (no nulls) as Arrow buffers; one copy where Polars keeps views."""
        array = text.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
        _, offsets, data = array.buffers()
        positions = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
        return cls(np.frombuffer(data, np.uint8) if data else np.empty(0, np.uint8), positions)


class Documents:
    """One batch of documents: a frame, and its text as Arrow buffers for the kernels."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame
        """`id`, `text`, `source` (String, never null) and the reader's `fields`."""
        self._shared: dict[str, Any] = {}

    def __len__(self) -> int:
        return self.frame.height

    @classmethod
    def of(cls, texts: list[str]) -> Documents:
        """Make a batch from plain strings, numbered from 0; for tests and notebooks."""
        ids = [str(number) for number in range(len(texts))]
        columns = {ID: ids, TEXT: texts, SOURCE: ["text"] * len(texts)}
        return cls(pl.DataFrame(columns, schema={ID: pl.String, TEXT: pl.String, SOURCE: pl.String}))

    @cached_property
    def utf8(self) -> Utf8:
        """The text of the batch, converted once and shared by all kernels."""
        return Utf8.of(self.frame[TEXT])

    def shared(self, name: str, compute: Callable[[], Shared]) -> Shared:
        """Compute a value of this batch once for several filters (word borders, for one)."""
        if name not in self._shared:
            self._shared[name] = compute()
        return cast(Shared, self._shared[name])


class Step(BaseModel):
    """Parameters of one line of a pipeline; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: ClassVar[int] = 1
    """Raised when the same parameters give other results: part of the fingerprint."""

    def files(self) -> list[str]:
        """Files whose bytes decide the result (models, word lists): part of the fingerprint."""
        return []


class Cleaned(NamedTuple):
    """What a cleaner gives back."""

    text: pl.Series
    """String, as many rows as came in, no nulls."""
    signals: pl.DataFrame | None = None
    """Row-aligned signals, stored as any filter's; None when there are none."""


class Cleaner(Step):
    """Text to text, before anything is measured."""

    signals: ClassVar[Mapping[str, Any]] = {}
    """Name to dtype of the signals that `clean` returns."""

    def clean(self, text: pl.Series) -> Cleaned:
        """Clean a String column (no nulls); must be idempotent."""
        raise NotImplementedError


class Filter(Step):
    """Signals and default rules under one name."""

    signals: ClassVar[Mapping[str, Any]] = {}
    """Name to dtype (one of `SIGNAL_TYPES`) of what `measure` returns."""
    rules: ClassVar[Mapping[str, str]] = {}
    """Name of the defect to its condition, SQL over signals; a document for which it is true or null is dropped."""

    name: str | None = None
    """Prefix of columns and reasons, needed by a second filter of one kind."""
    drop: dict[str, str | None] = Field(default_factory=dict)
    """Rules laid over the filter's own by name; null switches one off. Changing them measures nothing again."""

    def signal_types(self) -> Mapping[str, Any]:
        """Name to dtype of the signals that these parameters measure."""
        return self.signals

    def own_rules(self) -> Mapping[str, str | None]:
        """The rules under `drop`: the class's, or a profile's."""
        return self.rules

    def measure(self, documents: Documents) -> pl.DataFrame:
        """Measure a batch: one row per document in the same order, the columns of `signal_types`, never NaN."""
        raise NotImplementedError


class CorpusFilter(Filter):
    """A filter that compares documents with each other: keys to groups, groups to duplicates.

    `measure` returns the key columns (UInt64) beside the signals. Rows are numbered over all parts, from 0. Its one
    rule is `duplicate`; `drop: {duplicate: null}` measures and groups without dropping.
    """

    rules: ClassVar[Mapping[str, str]] = {"duplicate": "another document of its group survives"}

    prefer: str | None = None
    """`signal [ASC|DESC], …`: which member of a group survives; ties, and null, by id."""

    def keys(self) -> Mapping[str, list[str]]:
        """Partition name to its key columns; documents that agree in all columns of a partition belong together."""
        raise NotImplementedError

    def group(self, keys: pl.DataFrame) -> pl.DataFrame:
        """Group one partition: `row` Int64 and its key columns in; `group` Int64, `row` Int64 out, sorted, each group
        of two rows or more. Rows whose keys are null belong to no group."""
        raise NotImplementedError

    def candidates(self, groups: list[pl.DataFrame]) -> pl.DataFrame | None:
        """Pairs (`left` < `right`, Int64, unique, sorted) whose text must be compared; None: the groups are final."""
        return None

    def verify(self, texts: Utf8, pairs: pl.DataFrame) -> npt.NDArray[np.float64]:
        """Similarity (0..1) of each pair; `left` and `right` are positions in `texts`."""
        raise NotImplementedError

    def confirmed(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """Groups (`group`, `row`, `similarity`) made of verified pairs (`left`, `right`, `similarity`)."""
        raise NotImplementedError


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
    broken: str | None = None
    """Why the input ends at `stop` (a damaged archive); becomes a rejected entry."""


class Part(NamedTuple):
    """The unit of work and of resume: about 64 MB of text."""

    name: str
    """`<input>-<number>`: 12 hex digits and five digits; the name of the part's files in a run."""
    reader: int
    """Position of its reader in the pipeline."""
    pieces: tuple[Piece, ...]


class Rejected(NamedTuple):
    """A row that could not be read."""

    path: str
    offset: int
    """Byte offset in the decompressed file (row number where there are no bytes)."""
    line: int
    """Line number inside the piece, from 1; 0 where there are no lines."""
    reason: str
    raw: bytes
    """The row as it stood, at most 64 KB of it."""


class Batch(NamedTuple):
    """What a reader yields: documents, and the rows between them that could not be read."""

    documents: pl.DataFrame
    rejected: list[Rejected]


class Reader(Step):
    """Input files to documents."""

    source: str | None = None
    """What the documents' `source` says; the reader's own name by default."""

    def parts(self, root: Any) -> Any:
        """Cut the inputs into parts."""
        raise NotImplementedError

    def read(self, part: Part) -> Iterator[Batch]:
        """Read a part in batches of a few MB."""
        raise NotImplementedError
