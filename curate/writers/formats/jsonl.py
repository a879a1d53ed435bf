"""Text rows `{"text": ...}` that MiniMind tokenizes itself, cut so that it cuts nothing off.

One row is one training sample of at most `sequence_length - 2` tokens. The rows of a document, put together, are the
document, but for the spaces put into control tokens. By default a row holds one document's text only; joined, rows run
over documents, which a line end keeps apart. Rows of nothing but white space (inside a page of it) are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import polars as pl

from curate.contracts import ID, TEXT, Documents, Utf8
from curate.disk import whole_file
from curate.writers.formats import Format, Job, Written
from curate.writers.planning import Shard
from curate.writers.staged import Payload, StagedBatch, Stretch, without_blank

_ROWS_AT_ONCE = 1_000


class Jsonl(Format):
    """JSON lines with one field, `text`."""

    def stage(self, job: Job, documents: Documents) -> StagedBatch:
        from curate.writers.packing import neutralise

        frame, blank = without_blank(documents)
        text, neutralised = neutralise(frame[TEXT], job.tokenizer.control_tokens)
        utf8 = Utf8.of(text + "\n" if job.join_documents else text)
        stage = _staged_units if job.join_documents else _staged_rows
        counts, payloads = stage(job, utf8)
        counts = {**counts, "neutralised": neutralised}
        return StagedBatch(frame.select(ID).with_columns(**_columns(counts)), utf8, payloads, blank)

    def write(self, job: Job, shard: Shard, stretch: Stretch, folder: Path) -> Written:
        name = job.file_name(shard)
        with whole_file(folder / name) as temporary:
            write = _write_joined if job.join_documents else _write_rows
            tokens, rows, starts = write(job, stretch, temporary)
        counts = {"rows": rows, "neutralised": int(stretch.column("neutralised").sum())}
        return Written([name], tokens, starts, stretch.column("tokens"), counts)

    def open(self, folder: Path, manifest: dict[str, Any], shard: dict[str, Any]) -> list[str]:
        """The rows' text."""
        path = folder / shard["files"][0]["name"]
        return [orjson.loads(line)["text"] for line in path.read_bytes().splitlines()]

    def problems(
        self, folder: Path, manifest: dict[str, Any], shard: dict[str, Any], documents: pl.DataFrame, whole: Any
    ) -> Iterator[str]:
        name = shard["files"][0]["name"]
        texts: list[str] = []
        for number, line in enumerate((folder / name).read_bytes().split(b"\n")[:-1]):
            row = _parsed(line)
            if row is None:
                yield f"{name}: line {number + 1} is not one JSON object with the field text and nothing else"
                return
            if not row.strip():
                yield f"{name}: line {number + 1} is empty"
            texts.append(row)
        yield from _count_problems(name, shard, documents, len(texts), manifest)
        if whole is not None:
            yield from _token_problems(name, manifest, shard, texts, whole)


FORMAT = Jsonl()


def _columns(counts: dict[str, npt.NDArray[np.int64]]) -> dict[str, pl.Series]:
    return {name: pl.Series(name, values, pl.Int64) for name, values in counts.items()}


def _staged_rows(job: Job, text: Utf8) -> tuple[dict[str, npt.NDArray[np.int64]], dict[str, Payload]]:
    from curate.writers.packing import cut_rows

    rows = cut_rows(text, job.tokenizer.encode, job.row_tokens)
    lines = _lines(text.data, rows.starts)
    written = np.array([bool(line) for line in lines], bool)
    counts = {"tokens": np.where(written, rows.tokens, 0), "rows": written.astype(np.int64)}
    sums = {name: np.diff(_cumulated(values)[rows.first]) for name, values in counts.items()}
    offsets = _cumulated(np.array([len(line) for line in lines], np.int64))[rows.first]
    return sums, {"lines": Payload(np.frombuffer(b"".join(lines), np.uint8), offsets)}


def _staged_units(job: Job, text: Utf8) -> tuple[dict[str, npt.NDArray[np.int64]], dict[str, Payload]]:
    from curate.writers.packing import count_units

    units = count_units(text, job.tokenizer.encode, job.row_tokens)
    packed = np.diff(units.starts) | units.tokens << 16 | units.levels.astype(np.int64) << 48
    payloads = {"text": Payload(text.data, text.offsets), "units": Payload(packed, units.first)}
    return {"tokens": np.diff(_cumulated(units.tokens)[units.first])}, payloads


def _cumulated(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(values, dtype=np.int64)])


def _lines(data: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64]) -> list[bytes]:
    """One JSON line a row, empty for white space. A loop over rows: orjson takes 1 µs for each, 400 MB/s."""
    raw, borders = data.tobytes(), starts.tolist()
    texts = (raw[start:stop].decode() for start, stop in pairwise(borders))
    return [orjson.dumps({"text": text}, option=orjson.OPT_APPEND_NEWLINE) if text.strip() else b"" for text in texts]


def _write_rows(job: Job, stretch: Stretch, path: Path) -> tuple[int, int, npt.NDArray[np.int64]]:
    out = np.memmap(path, np.uint8, "w+", shape=int(stretch.column("lines_size").sum()))
    stretch.fill("lines", out.view(np.ndarray))
    out.flush()
    rows = stretch.column("rows")
    return int(stretch.column("tokens").sum()), int(rows.sum()), np.cumsum(rows) - rows


def _write_joined(job: Job, stretch: Stretch, path: Path) -> tuple[int, int, npt.NDArray[np.int64]]:
    from curate.writers.packing import Units, join_rows

    data = np.empty(int(stretch.column("text_size").sum()), np.uint8)
    packed = np.empty(int(stretch.column("units_size").sum()), np.int64)
    stretch.fill("text", data)
    stretch.fill("units", packed)
    units = Units(
        _cumulated(packed & 0xFFFF), (packed >> 48).astype(np.uint8),
        _cumulated(stretch.column("units_size")), packed >> 16 & 0xFFFFFFFF,
    )  # fmt: skip
    rows = join_rows(data, units, job.tokenizer.encode, job.row_tokens)
    written = []
    with path.open("wb") as stream:
        for start in range(0, len(rows.tokens), _ROWS_AT_ONCE):
            lines = _lines_of(data, rows.starts[start : start + _ROWS_AT_ONCE + 1])
            written += [bool(line) for line in lines]
            stream.write(b"".join(lines))
    kept = np.array(written, bool)
    return int(rows.tokens[kept].sum()), int(kept.sum()), _cumulated(kept.astype(np.int64))[rows.first[:-1]]


def _lines_of(data: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64]) -> list[bytes]:
    return _lines(data[starts[0] : starts[-1]], starts - starts[0])


def _parsed(line: bytes) -> str | None:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    text = row.get("text") if isinstance(row, dict) and len(row) == 1 else None
    return text if isinstance(text, str) else None


def _count_problems(
    name: str, shard: dict[str, Any], documents: pl.DataFrame, rows: int, manifest: dict[str, Any]
) -> Iterator[str]:
    if rows != shard["rows"]:
        yield f"{name}: {rows} rows, not {shard['rows']}"
    starts = documents["start"].to_numpy()
    step = 0 if manifest["join_documents"] else 1
    if len(starts) and (starts[0] != 0 or (np.diff(starts) < step).any() or starts[-1] >= rows):
        yield f"{name}: documents.parquet does not start each document at a row of its own"
    if not manifest["join_documents"] and documents["tokens"].sum() != shard["tokens"]:
        yield f"{name}: documents.parquet counts {documents['tokens'].sum()} tokens, not {shard['tokens']}"


def _token_problems(
    name: str, manifest: dict[str, Any], shard: dict[str, Any], texts: list[str], whole: Any
) -> Iterator[str]:
    """Encode as the trainer does, control tokens recognised."""
    limit, total = manifest["row_tokens"], 0
    for start in range(0, len(texts), _ROWS_AT_ONCE):
        for number, (tokens, controls) in enumerate(whole(texts[start : start + _ROWS_AT_ONCE]), start + 1):
            total += tokens
            if tokens > limit:
                yield f"{name}: line {number} has {tokens} tokens; the trainer would cut it at {limit}"
            if controls:
                yield f"{name}: line {number} holds a control token"
    if total != shard["tokens"]:
        yield f"{name}: rows have {total} tokens, not {shard['tokens']}"
