"""Read, clean, measure: one part of the corpus to `documents/`, `signals/` and `rejected/`.

A batch of about 8 MB at a time, so memory is bounded whatever the part holds. The documents' file is renamed last: a
part is read again only if it was not finished.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from curate import clusters, cuts, disk, grouping, units
from curate.contracts import (
    BATCH_BYTES,
    ID,
    SOURCE,
    TEXT,
    Batch,
    CorpusFilter,
    CuttingFilter,
    Documents,
    Filter,
    Input,
    Line,
    Part,
    PassageFilter,
    Rejected,
    Utf8,
)
from curate.errors import CurateError
from curate.run import Run
from curate.work import clean, repeats
from curate.work.costs import Clock


def cut(run: Run, step: int, part: str, options: dict[str, Any]) -> dict[str, Any]:
    """Cut an archive that cannot be read from the middle into parts on disk."""
    reader = run.pipeline.read[step].step
    pieces = reader.pieces(Input(**options), run.folder / "cut")
    return {"pieces": [piece._asdict() for piece in pieces], "bytes": options["size"]}


def warm_up(run: Run, step: int, part: str, options: dict[str, Any]) -> dict[str, Any]:
    """Compile the kernels of the built-in cleaners and filters once, before several workers would do so at once."""
    texts = ["这是一句话，用来编译。\nAnd a line in English, 2 of 2.\n", "另一篇。"]
    documents = Documents.of(texts)
    fields = [pl.lit("field").alias(name) for name in _document_schema(run) if name not in documents.frame.columns]
    documents = Documents(documents.frame.with_columns(fields))
    for cleaner in filter(_is_ours, run.pipeline.clean):
        cleaner.step.clean(documents.frame[TEXT])
        clean.changes(cleaner, documents.frame[TEXT], documents.frame[TEXT].reverse())
    for line in filter(_is_ours, run.pipeline.filters):
        if isinstance(line.step, PassageFilter):
            repeats.warm_up(found_units(line, documents))
            continue
        keys = line.step.measure(documents)
        if isinstance(line.step, CorpusFilter):
            _compare_once(line.step, keys, documents)
    return {}


def _is_ours(line: Line[Any]) -> bool:
    """A plug-in that fails should fail on a part, which the message names."""
    return type(line.step).__module__.startswith("curate.")


def _compare_once(step: CorpusFilter, keys: pl.DataFrame, documents: Documents) -> None:
    from curate.kernels import keys as noting
    from curate.kernels import unionfind

    groups = grouping.compared(step, pl.concat([keys, keys]), Utf8.of(pl.concat([documents.frame[TEXT]] * 2)))
    seen = noting.nothing_seen(2)
    some = keys.to_series().fill_null(0).to_numpy()
    noting.note(some, seen)
    noting.may_repeat(some, seen)
    unionfind.sizes(clusters.connected([groups], np.ones(2 * keys.height, np.bool_)))
    pair = np.zeros(1, np.int64), np.ones(1, np.int64)
    unionfind.clusters(*pair, 2)
    unionfind.in_chunks(*pair, np.ones(2, np.int64), 1)


def measure(run: Run, step: int, name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Read, clean and measure a part, or measure what is missing on documents that are there."""
    part = run.part(name)
    missing = [line for line in run.pipeline.filters if not run.signals_file(line, part).exists()]
    if run.documents_file(part).exists():
        return _measure_again(run, part, missing)
    return _measure_first(run, part, missing, options.get("limit"))


def _measure_first(run: Run, part: Part, filters: list[Line[Any]], limit: int | None) -> dict[str, Any]:
    import pyarrow.parquet as pq

    clock, clean_frames = Clock(), [pl.DataFrame(schema=clean.schema(run))]
    found = _Found(filters)
    rejected: list[Rejected] = []
    rows = size = 0
    schema = _document_schema(run)
    with disk.whole_file(run.documents_file(part)) as temporary:
        with pq.ParquetWriter(
            temporary, pl.DataFrame(schema=schema).to_arrow().schema, compression="zstd", compression_level=1
        ) as writer:
            for batch in clock.through("read", _batches(run, part, limit)):
                rejected += batch.rejected
                if batch.documents.is_empty():
                    continue
                documents, cleaned = clean.clean(run, batch.documents.select(list(schema)), clock)
                found.measure(documents, clock)
                with clock.on("store"):
                    writer.write_table(
                        documents.frame.to_arrow(compat_level=pl.CompatLevel.oldest()), documents.frame.height
                    )
                clean_frames.append(cleaned)
                rows += len(documents)
                size += int(cleaned["text_bytes"].sum())
        with clock.on("store"):
            disk.write_frame(pl.concat(clean_frames), run.clean_file(part))
            found.store(run, part)
            _store_rejected(rejected, run.rejected_file(part))
    return {
        "rows": rows,
        "rejected": len(rejected),
        "bytes": size,
        "seconds": clock.seconds,
        "measured": [line.label for line in filters],
    }


def _measure_again(run: Run, part: Part, filters: list[Line[Any]]) -> dict[str, Any]:
    """Measure new or edited filters on documents that are there already."""
    import pyarrow.parquet as pq

    clock, size, found = Clock(), 0, _Found(filters)
    file = pq.ParquetFile(run.documents_file(part))
    for group in range(file.num_row_groups if filters else 0):
        with clock.on("read"):
            frame = pl.from_arrow(file.read_row_group(group))
            assert isinstance(frame, pl.DataFrame)
            documents = Documents(frame)
        found.measure(documents, clock)
        size += int(documents.utf8.offsets[-1] - documents.utf8.offsets[0])
    found.store(run, part)
    return {
        "rows": found.rows,
        "rejected": 0,
        "bytes": size,
        "seconds": clock.seconds,
        "measured": [line.label for line in filters],
    }


class _Found:
    """What filters found in a part so far."""

    def __init__(self, filters: list[Line[Any]]) -> None:
        self.filters, self.rows = filters, 0
        self.signals = {line.label: [_no_signals(line)] for line in filters}
        self.units: dict[str, list[units.Stored]] = {line.label: [] for line in filters}
        self.cuts = {line.label: [cuts.none()] for line in filters if isinstance(line.step, CuttingFilter)}

    def measure(self, documents: Documents, clock: Clock) -> None:
        for line in self.filters:
            with clock.on(line.label):
                if isinstance(line.step, PassageFilter):
                    self.units[line.label].append(found_units(line, documents))
                    continue
                signals, spans = measured(line, documents)
                self.signals[line.label].append(signals)
                if line.label in self.cuts:
                    self.cuts[line.label].append(spans.with_columns(pl.col("row") + self.rows))
        self.rows += len(documents)

    def store(self, run: Run, part: Part) -> None:
        """Write the files; the signals last, for they say that the filter is done."""
        for line in self.filters:
            if isinstance(line.step, PassageFilter):
                repeats.store(run, line, part, self.units[line.label])
                continue
            if line.label in self.cuts:
                disk.write_frame(pl.concat(self.cuts[line.label]), run.cuts_file(line, part))
            signals = pl.concat(self.signals[line.label])
            if isinstance(line.step, CorpusFilter):
                keys = [name for columns in line.step.partitions().values() for name in columns]
                disk.write_columns(signals.select(keys), run.keys_file(line, part))
                signals = signals.drop(keys)
            disk.write_frame(signals, run.signals_file(line, part))


def found_units(line: Line[Any], documents: Documents) -> units.Stored:
    """Find the segments and units of a batch. Raises: CurateError when the filter breaks its promise."""
    return units.found(line.step, documents, line.where)


def measured(line: Line[Filter], documents: Documents) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Measure a batch, and hold the filter to its promise: signals, and merged cuts. Raises: CurateError."""
    spans = cuts.none()
    if isinstance(line.step, CuttingFilter):
        frame, found = line.step.measure_and_cut(documents)
        spans = cuts.checked(found, documents, line.where)
    else:
        frame = line.step.measure(documents)
    expected = _no_signals(line).schema
    if frame.height != len(documents):
        raise CurateError(f"{line.where}: measured {frame.height} rows of {len(documents)}")
    if dict(frame.schema) != dict(expected):
        raise CurateError(f"{line.where}: measured {dict(frame.schema)}, promised {dict(expected)}")
    for column in frame:
        if column.dtype.is_float() and not column.is_finite().all():  # Polars: NaN >= 0.3 is true
            raise CurateError(f"{line.where}: signal {column.name} is NaN or infinite; what cannot be measured is null")
    return frame, spans


def _no_signals(line: Line[Any]) -> pl.DataFrame:
    schema = dict(line.step.signal_types())
    if isinstance(line.step, CorpusFilter):
        schema |= {column: pl.UInt64 for columns in line.step.partitions().values() for column in columns}
    return pl.DataFrame(schema=schema)


def _document_schema(run: Run) -> dict[str, Any]:
    fields = sorted({field for line in run.pipeline.read for field in line.step.fields})
    return dict.fromkeys([ID, TEXT, SOURCE, *fields], pl.String)


def _batches(run: Run, part: Part, limit: int | None) -> Iterator[Batch]:
    """Batches of a part with `source` and all fields, sampled; small files joined to whole batches."""
    line = run.pipeline.read[part.reader]
    schema = _document_schema(run)
    frames: list[pl.DataFrame] = []
    rejected: list[Rejected] = []
    size = rows = 0
    for piece in part.pieces:
        for batch in line.step.read(piece):
            frame = _sampled(batch.documents, line.step.sample, run.pipeline.seed)
            frame = frame if limit is None else frame.head(limit - rows)
            absent = [
                pl.lit(None, pl.String).alias(name) for name in schema if name not in frame.columns and name != SOURCE
            ]
            frames.append(
                frame.with_columns(pl.lit(line.step.source or line.label).alias(SOURCE), *absent).select(list(schema))
            )
            rejected += batch.rejected
            rows += frame.height
            size += int(frame[TEXT].str.len_bytes().sum())
            if size >= BATCH_BYTES:
                yield Batch(pl.concat(frames), rejected)
                frames, rejected, size = [], [], 0
            if limit is not None and rows >= limit:
                break
    if frames:
        yield Batch(pl.concat(frames), rejected)


def _sampled(frame: pl.DataFrame, share: float, seed: int) -> pl.DataFrame:
    if share >= 1:
        return frame
    from curate.kernels.hashing import hash64

    hashes = pl.Series(hash64(seed, *Utf8.of(frame[ID])), dtype=pl.UInt64)
    return frame.filter(hashes < int(share * 2**64))


def _store_rejected(rejected: list[Rejected], file: Path) -> None:
    if not rejected:
        file.unlink(missing_ok=True)
        return
    with disk.whole_file(file) as temporary, temporary.open("w", encoding="utf-8") as stream:
        for row in rejected:
            entry = {"file": row.path, "offset": row.offset, "line": row.line, "reason": row.reason, **_raw(row.raw)}
            stream.write(json.dumps(entry, ensure_ascii=True) + "\n")


def _raw(raw: bytes) -> dict[str, str]:
    """The bytes as text where they are UTF-8, else as base64: nothing is lost either way."""
    try:
        return {"raw": raw.decode("utf-8")}
    except UnicodeDecodeError:
        return {"raw_base64": base64.b64encode(raw).decode()}
