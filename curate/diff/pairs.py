"""Documents of two runs side by side, by id, whatever the size of the corpus.

Parts of the same name that hold the same ids lie row by row already. What is left of both runs is divided by a hash of
the id into temporary files, of which one pair at a time is joined. Cost: the columns asked for of both runs are read
once each time they are walked through; memory for a part, or for `BUCKET_ROWS` documents or so of each run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl

from curate import disk, judge
from curate.contracts import ID, Part

if TYPE_CHECKING:
    from curate.run import Run

BUCKET_ROWS = 500_000
"""Documents of one run that are joined at a time, about, where parts differ."""
ROW, SIZE = "row", "text_bytes"
"""Columns beside those of the verdicts: the number of a document over all parts of its run, and bytes of its text."""
_NTH, _HASH = "nth", "hash of the id"
_BITS = [f"bits {number}" for number in range(100)]


class Pair(NamedTuple):
    """The same documents, row by row, in both runs."""

    one: pl.DataFrame
    other: pl.DataFrame


class _Place(NamedTuple):
    """A part of a run, and the number of its first row."""

    part: Part
    first: int


class Pairs:
    """All documents that two runs have in common; a context, as it may keep temporary files."""

    def __init__(self, one: Run, other: Run) -> None:
        self.runs = (one, other)
        self.only = [0, 0]
        """Documents that only one run has; known after a walk."""
        self._columns = [columns_of(run) for run in self.runs]
        mine, others = ({place.part.name: place for place in _places(run)} for run in self.runs)
        self._places = (mine, others)
        self._same_documents = one.plan.documents == other.plan.documents
        self._apart: set[str] = set()
        """Parts of a common name whose rows are not the same documents."""
        self._held = ExitStack()
        self._buckets: list[list[Path]] | None = None

    def __enter__(self) -> Pairs:
        return self

    def __exit__(self, *error: object) -> None:
        self._held.close()

    def __iter__(self) -> Iterator[Pair]:
        """The documents, in a fixed order."""
        mine, others = self._places
        for name in mine:
            if name in others and name not in self._apart:
                pair = self._row_by_row(mine[name], others[name])
                if pair is None:
                    self._apart.add(name)
                else:
                    yield pair
        self.only = [0, 0]
        for files in self._divided():
            one, other = (pl.read_ipc_stream(file) for file in files)
            joined = _joined(one, other)
            pair = Pair(*(_unpacked(frame, names) for frame, names in zip(joined, self._columns, strict=True)))
            self.only = [self.only[0] + one.height - pair.one.height, self.only[1] + other.height - pair.other.height]
            yield pair

    def _row_by_row(self, mine: _Place, others: _Place) -> Pair | None:
        """A part of both runs; None where its rows are not the same documents."""
        one = _read(self.runs[0], mine, self._columns[0])
        if self._same_documents:
            other = _read(self.runs[1], others, self._columns[1], known=one.select(ID, SIZE))
        else:
            other = _read(self.runs[1], others, self._columns[1])
            if not one[ID].equals(other[ID]):
                return None
        return Pair(one, other)

    def _divided(self) -> list[list[Path]]:
        """Buckets of what has no part in common, written once with every column."""
        if self._buckets is not None:
            return self._buckets
        mine, others = self._places
        common = (mine.keys() & others.keys()) - self._apart
        rest = [[place for name, place in places.items() if name not in common] for places in self._places]
        rows = [
            sum(disk.rows(run.verdicts_file(part)) for part, _ in left)
            for run, left in zip(self.runs, rest, strict=True)
        ]
        n_buckets = math.ceil(max(rows) / BUCKET_ROWS) if any(rows) else 0
        folder = Path(self._held.enter_context(TemporaryDirectory(prefix="curate-diff-"))) if n_buckets else Path()
        sides = [
            _divide(run, left, [folder / f"{side}-{number}.arrow" for number in range(n_buckets)])
            for side, run, left in zip(("one", "other"), self.runs, rest, strict=True)
        ]
        self._buckets = [list(files) for files in zip(*sides, strict=True)]
        return self._buckets


def _places(run: Run) -> Iterator[_Place]:
    first = 0
    for part in run.parts:
        yield _Place(part, first)
        first += disk.rows(run.verdicts_file(part))


def columns_of(run: Run) -> list[str]:
    """Every column that a pair can have beside `ID` and `ROW`."""
    against = any(line.step.against for line in run.plan.corpus_filters)
    survivor = [judge.DUPLICATE_OF, *([judge.DUPLICATE_RUN] if against else [])]
    return [judge.KEPT, *run.reasons(), *survivor, SIZE]


def _read(run: Run, place: _Place, columns: Sequence[str], known: pl.DataFrame | None = None) -> pl.DataFrame:
    """A part's verdicts and sizes; `known`: columns that are taken from there instead."""
    read = [name for name in (ID, *columns) if name != SIZE and (known is None or name not in known.columns)]
    frame = disk.read_frame(run.verdicts_file(place.part), read)
    if known is not None:
        frame = frame.hstack(known)
    elif SIZE in columns:
        frame = frame.hstack(disk.read_frame(run.clean_file(place.part), [SIZE]))
    numbers = pl.int_range(place.first, place.first + frame.height, eager=True).alias(ROW)
    return frame.with_columns(numbers).select(ID, ROW, *columns)


def _divide(run: Run, places: Sequence[_Place], files: Sequence[Path]) -> Sequence[Path]:
    """Write documents of a run into files by a hash of their id, Booleans as bits of whole numbers."""
    import pyarrow as pa

    columns = columns_of(run)
    flags = _flags(columns)
    packed = [*_BITS[: math.ceil(len(flags) / 64)], _HASH]
    kept = [ID, ROW, *(name for name in columns if name not in flags)]
    schema = _arrow(pl.DataFrame(schema={name: _TYPES[name] for name in kept} | dict.fromkeys(packed, pl.UInt64)))
    with ExitStack() as opened:
        writers = [opened.enter_context(pa.ipc.new_stream(str(file), schema.schema)) for file in files]
        for place in places:
            frame = _packed(_read(run, place, columns), flags)
            # The hash is one of this process; nothing of it is kept.
            frame = frame.with_columns(frame[ID].hash(0).alias(_HASH)).select(*kept, *packed)
            divided = frame.with_columns(bucket=pl.col(_HASH) % len(files))
            for (number,), rows in divided.partition_by("bucket", as_dict=True, include_key=False).items():
                writers[number].write_table(_arrow(rows))
    return files


_TYPES: dict[str, Any] = {
    ID: pl.String, ROW: pl.Int64, SIZE: pl.Int64, judge.DUPLICATE_OF: pl.String, judge.DUPLICATE_RUN: pl.String,
}  # fmt: skip


def _flags(columns: Sequence[str]) -> list[str]:
    return [name for name in columns if name not in _TYPES]


def _packed(frame: pl.DataFrame, flags: Sequence[str]) -> pl.DataFrame:
    """64 Booleans become one number: to choose rows of 40 columns takes as long as all the rest."""
    numbers = {name: np.zeros(frame.height, np.uint64) for name in _BITS[: math.ceil(len(flags) / 64)]}
    for place, name in enumerate(flags):
        numbers[_BITS[place // 64]] |= frame[name].to_numpy().astype(np.uint64) << np.uint64(place % 64)
    return frame.drop(flags).with_columns(**numbers)


def _unpacked(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    numbers = {name: frame[name].to_numpy() for name in _BITS if name in frame.columns}
    flags = {
        name: (numbers[_BITS[place // 64]] >> np.uint64(place % 64)) & np.uint64(1) != 0
        for place, name in enumerate(_flags(columns))
    }
    return frame.with_columns(**flags).select(ID, ROW, *columns)


def _arrow(frame: pl.DataFrame) -> Any:
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())


def _joined(one: pl.DataFrame, other: pl.DataFrame) -> Pair:
    """Rows with the same id; of an id that stands several times, the first with the first, and so on."""
    keys = [ID]
    if any(frame[_HASH].n_unique() < frame.height for frame in (one, other)):
        one, other = (frame.with_columns(pl.int_range(pl.len()).over(ID).alias(_NTH)) for frame in (one, other))
        keys = [ID, _NTH]
    mine, others = (frame.select(keys).with_row_index(name) for frame, name in ((one, "mine"), (other, "others")))
    found = mine.join(others, on=keys, how="inner").sort("mine")
    return Pair(one[found["mine"]], other[found["others"]])
