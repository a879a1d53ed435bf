"""What a reader, a cleaner, a filter, a writer and an engine promise; column names and dtypes.

All steps are frozen values: parameters only, comparable, printable, with a JSON Schema. A class of one's own needs no
registration: `package.module:Class` in the pipeline names it. `curate.testing.check_filter` is the filter's contract as
a test.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, NamedTuple, TypeVar, cast

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.fields import FieldInfo

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

    def series(self) -> pl.Series:
        """Make a String column of what a kernel wrote; nothing is copied."""
        import pyarrow as pa

        buffers = [None, pa.py_buffer(self.offsets), pa.py_buffer(self.data)]
        texts = pa.Array.from_buffers(pa.large_string(), len(self.offsets) - 1, buffers)
        return pl.Series(texts, dtype=pl.String)


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


class InputFile:
    """Marks a parameter that names a file: `model: Annotated[str, InputFile()]`; or a list of files and patterns.

    The pipeline resolves it (working directory, then the pipeline's folder), and the file's bytes, not its name, enter
    the fingerprint. `names` mean something of their own (`train`, a profile that is shipped) and are never looked up,
    even if a folder of that name lies around.
    """

    def __init__(self, *names: str) -> None:
        self.names = names

    @classmethod
    def of(cls, info: FieldInfo) -> InputFile | None:
        """The mark of a pydantic field, if it carries one."""
        return next((mark for mark in info.metadata if isinstance(mark, cls)), None)


class Step(BaseModel):
    """Parameters of one line of a pipeline; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    version: ClassVar[int] = 1
    """Raised when the same parameters give other results: part of the fingerprint."""

    def files(self) -> list[str]:
        """Files whose bytes decide the result (models, word lists): part of the fingerprint."""
        return []

    def packages(self) -> list[str]:
        """Distributions whose version decides the result (a segmenter, say): part of the fingerprint."""
        return []

    def measured_parameters(self) -> dict[str, Any]:
        """Parameters that decide what is measured: what only decides (`drop`) or names is left out."""
        return self.model_dump(exclude={"drop", "name"})

    def label(self, default: str) -> str:
        """What columns, reasons and folders call this step; `default` is its registered name."""
        return getattr(self, "name", None) or default

    def check(self) -> None:
        """Find out before anything is read that the step cannot run (a model that is missing, say).

        Raises: PipelineError, without the place, which the pipeline adds.
        """

    def notes(self) -> list[str]:
        """Remarks for `curate check`: what works, but slower or otherwise than one might think."""
        return []


StepT = TypeVar("StepT", bound=Step)


@dataclass(frozen=True)
class Line(Generic[StepT]):
    """One line of a section: a step, what it is called, and where it stands in the file."""

    label: str
    """Columns, reasons and folders carry this name; unique inside a section."""
    where: str
    """`filters[2].quality`, for messages."""
    step: StepT


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

    def needs_fields(self) -> list[str]:
        """Fields of the readers that `measure` looks at; one that no reader keeps is an error."""
        return []

    def checks_text(self) -> bool:
        """Whether the filter wants to see the first documents of the input before anything is measured."""
        return False

    def check_text(self, documents: Documents) -> None:
        """Look at the first documents of one input, as they were read.

        Raises: PipelineError, without the place, when the filter does not suit them.
        """

    def text_notes(self, first: Iterable[tuple[str, Documents]]) -> list[str]:
        """Remarks for `curate check` on the first documents of inputs: `(path, documents)` of each, read only if they
        are asked for."""
        return []

    def measure(self, documents: Documents) -> pl.DataFrame:
        """Measure a batch: one row per document in the same order, the columns of `signal_types`, never NaN."""
        raise NotImplementedError


CUT_COLUMNS = {"row": pl.Int64, "start": pl.Int64, "end": pl.Int64}
"""A cut: the span `start` to `end` (bytes of UTF-8, on character borders) of the text in row `row` of a batch."""


class Measured(NamedTuple):
    """What a filter gives back that also cuts."""

    signals: pl.DataFrame
    """As `Filter.measure` says."""
    cuts: pl.DataFrame
    """The columns `CUT_COLUMNS`; spans in any order, overlapping or not."""


class CuttingFilter(Filter):
    """A filter that can also leave passages out of the shards; signals and duplicates are measured on whole texts."""

    def cuts_text(self) -> bool:
        """Whether the spans that were found are left out: a decision, which measures nothing again (its parameter is
        one that `measured_parameters` leaves out)."""
        raise NotImplementedError

    def measure_and_cut(self, documents: Documents) -> Measured:
        """Measure a batch, and find the spans that may be cut."""
        raise NotImplementedError

    def measure(self, documents: Documents) -> pl.DataFrame:
        return self.measure_and_cut(documents).signals


def _to_bytes(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMG]?)B?\s*", value, re.IGNORECASE)
    if not match:
        raise ValueError(f"expected a size such as 64MB, not {value!r}")
    return int(float(match[1]) * {"": 1, "K": 1000, "M": 1000**2, "G": 1000**3}[match[2].upper()])


ByteSize = Annotated[int, BeforeValidator(_to_bytes), Field(gt=0)]
"""A number of bytes, also written `64MB` (decimal units)."""


class CorpusFilter(Filter):
    """A filter that compares documents with each other: keys to groups, groups to duplicates.

    `measure` returns the key columns (UInt64) beside the signals. Rows are numbered over all parts, from 0; those of
    earlier runs come after them. A rule can only be switched off: `drop: {duplicate: null}` compares without dropping.
    """

    prefer: str | None = None
    """`signal [ASC|DESC], …`: which member of a cluster survives; ties, and null, by id."""
    keep_clusters: int = Field(default=1, ge=1)
    """Copies of a cluster that are kept."""
    against: Annotated[list[str], InputFile()] = Field(default_factory=list)
    """Earlier runs, and folders made by `curate index`: what they kept survives, whatever repeats it is dropped."""
    memory: ByteSize = Field("400MB", validate_default=True)
    """What a worker may hold while it compares, beyond the 300 MB that it takes anyway. With less it reads more often;
    the result is the same."""

    def own_rules(self) -> Mapping[str, str | None]:
        earlier = {"in_earlier_run": "an earlier run has kept a document of its group"} if self.against else {}
        return {"duplicate": "another document of its group survives", **earlier}

    def measured_parameters(self) -> dict[str, Any]:
        decides = {"drop", "name", "prefer", "keep_clusters", "against", "memory"}
        return self.model_dump(exclude=decides)

    def partitions(self) -> Mapping[str, list[str]]:
        """Partition name to its key columns; documents that agree in all columns of a partition form a group. A
        document with a null key is in none."""
        raise NotImplementedError

    def least_similarity(self) -> float | None:
        """Similarity (0..1) at which two documents of a group are linked. None: all documents of a group are, and no
        text is looked at."""
        return None

    def similarities(self, texts: Utf8, pairs: pl.DataFrame) -> npt.NDArray[np.float64]:
        """Similarity (0..1) of each pair; `left` and `right` are positions in `texts`."""
        raise NotImplementedError


PIECE_COLUMNS = {
    **{"row": pl.Int64, "start": pl.Int64, "text_end": pl.Int64, "end": pl.Int64, "ends_line": pl.Boolean},
    **{"hash": pl.UInt64, "unit": pl.Int64},
}
"""A piece of a text that may be cut: the text in row `row` of a batch from `start` to `text_end`, and to `end` with the
white space behind it (bytes); whether a line ends there; and the unit that starts with it: its hash, and how many
pieces it has (0: none starts here). Ordered by row and start; none overlaps another."""

UNIT_COUNTS = {"documents": pl.Int64, "in_source": pl.Int64, "of_source": pl.Int64}
"""What is known of a unit in a document: how many documents have it, how many of the same source, and how many
documents that source has (the last two are null where `PassageFilter.sources` gives none)."""


class PassageFilter(Filter):
    """A filter that cuts passages which several documents have: pieces to units, units to passages.

    Its one signal is made when documents are compared: characters of a document that stand in repeated units.
    """

    judged_last: ClassVar[bool] = False
    """False: every repeated unit is cut, wherever it stands, before rules are judged. True: after duplicates are
    judged, the first document that is kept keeps it, the later ones lose it; and `last_rule` is judged."""
    last_rule: ClassVar[str | None] = None
    """The rule that is judged with the cuts: a document that loses more than it keeps, and keeps too little."""
    copies_count_once: ClassVar[bool] = False
    """Whether documents whose longest other piece is the same count as one: a page that was copied a hundred times is
    no furniture."""
    stored_bytes: ClassVar[int] = 0
    """Disk that a document of 2,700 bytes takes, about, in keys and pieces; for `curate check`."""

    memory: ByteSize = Field("400MB", validate_default=True)
    """What a worker may hold while it compares, beyond the 300 MB that it takes anyway; the result is the same for
    any."""

    def compared_parameters(self) -> dict[str, Any]:
        """Parameters that say what counts as repeated; changing them compares again, and measures nothing."""
        return {}

    def measured_parameters(self) -> dict[str, Any]:
        return self.model_dump(exclude={"drop", "name", "memory", *self.compared_parameters()})

    def pieces(self, documents: Documents) -> pl.DataFrame:
        """Divide a batch into pieces (`PIECE_COLUMNS`)."""
        raise NotImplementedError

    def sources(self, documents: Documents) -> pl.Series | None:
        """Where each document comes from (String, null: nowhere), if units are counted by source."""
        return None

    def repeated(self) -> pl.Expr:
        """Whether a unit is repeated, by `UNIT_COUNTS`; only units of two documents or more are asked for."""
        raise NotImplementedError

    def least_left(self) -> int:
        """Characters that `last_rule` wants a document to keep."""
        return 0


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


class Staging(NamedTuple):
    """Where a writer works between its passes."""

    folder: Path
    """Holds whatever the writer stores per part; named by fingerprint, removed when the shards are done."""
    parts: tuple[str, ...]
    """Names of the parts, in order."""
    seed: int
    label: str
    """Name of the writer's folder under `shards/`."""


class Writer(Step):
    """Kept documents to shards: `prepare`, `warm_up`, `stage` per part, `plan`, `write_shard` per shard, `finish`.

    Every pass writes files under temporary names and renames them, so that a pass is done when its file exists.
    """

    name: str | None = None
    """Name of the folder under `shards/`; the target's by default."""

    def wants_signals(self) -> bool:
        """Whether `stage` is given the signals as further columns."""
        return False

    def disk_share(self) -> float:
        """Bytes of shards in a byte of kept text, about; for `curate check`."""
        return 1.0

    def prepare(self, staging: Staging, sample: Callable[[int], pl.Series]) -> None:
        """Do once what all parts need (train a tokenizer on `sample(n_bytes)`: kept text by `hash(seed, id)`)."""

    def warm_up(self, staging: Staging) -> None:
        """Call once, on a little text, what `stage` will call: it is compiled before several workers would do so."""

    def stage(self, staging: Staging, part: str, kept: Iterator[Documents]) -> None:
        """Turn the kept documents of one part into whatever the shards are made of."""
        raise NotImplementedError

    def plan(self, staging: Staging) -> list[dict[str, Any]]:
        """Decide from the counts alone what each shard holds; JSON values, one for each shard."""
        raise NotImplementedError

    def write_shard(self, staging: Staging, shard: dict[str, Any], folder: Path) -> dict[str, Any]:
        """Write one shard into `folder`; returns its entry in the manifest."""
        raise NotImplementedError

    def finish(self, staging: Staging, shards: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
        """Write what belongs to all shards (documents.parquet, USE.md, tokenizer); returns the manifest."""
        raise NotImplementedError


class Task(NamedTuple):
    """What a worker is told: a pass, its step, and the part (or partition, or shard)."""

    run: str
    """The run folder."""
    action: str
    """Name of the pass."""
    step: int
    """Position of the step in its section; 0 where a pass has only one."""
    part: str
    """What to work on."""
    options: dict[str, Any]


class Outcome(NamedTuple):
    """What a worker answers."""

    task: Task
    result: dict[str, Any]
    """Counts, seconds and bytes; JSON values."""
    error: str | None = None
    """Why the task failed, one line."""


class Engine(Step):
    """Runs tasks somewhere."""

    def start(self, run: str) -> None:
        """Get ready for tasks of this run folder, which need not be there yet."""

    def map(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """Run tasks; the order of outcomes is free."""
        raise NotImplementedError
