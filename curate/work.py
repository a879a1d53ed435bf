"""One task, and the worker process that runs tasks: `python -m curate.work RUN`.

A worker loads the plan from the run folder, reads one task a line from stdin and answers one line on stdout. Nothing is
pickled and the caller's script is never imported. A task whose files exist does nothing.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import polars as pl

from curate import disk
from curate.contracts import BATCH_BYTES, ID, SOURCE, TEXT, Batch, CorpusFilter, Documents, Input, Part, Rejected, Utf8
from curate.errors import CurateError
from curate.pipeline import Line
from curate.run import Run

PAIRS_PER_TASK = 20_000
"""Candidate pairs verified by one task: about 100 MB of text at 3 kB a document."""

ONE_THREAD = {
    "POLARS_MAX_THREADS": "1", "RAYON_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false",
}  # fmt: skip
"""Environment of a worker: it is one of several, and takes one core."""


def run_task(run: Run, action: str, step: int, part: str, options: dict[str, Any]) -> dict[str, Any]:
    """Run one task; returns counts, bytes and seconds."""
    return _ACTIONS[action](run, step, part, options)


def _cut(run: Run, step: int, part: str, options: dict[str, Any]) -> dict[str, Any]:
    reader = run.pipeline.read[step].step
    pieces = reader.pieces(Input(**options), run.folder / "cut")
    return {"pieces": [piece._asdict() for piece in pieces], "bytes": options["size"]}


def _warm_up(run: Run, step: int, part: str, options: dict[str, Any]) -> dict[str, Any]:
    """Compile every kernel of the filters once, before other workers would do the same at the same time."""
    documents = Documents.of(["这是一句话，用来编译。\nAnd a line in English, 2 of 2.\n", "另一篇。"])
    for line in run.pipeline.filters:
        line.step.measure(documents)
    return {}


def _measure(run: Run, step: int, name: str, options: dict[str, Any]) -> dict[str, Any]:
    part = _part(run, name)
    missing = [line for line in run.pipeline.filters if not run.signals_file(line, part).exists()]
    if run.documents_file(part).exists():
        return _measure_again(run, part, missing)
    return _measure_first(run, part, missing, options.get("limit"))


class Clock:
    """Seconds by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextlib.contextmanager
    def on(self, step: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[step] += time.perf_counter() - started

    def through(self, step: str, items: Iterable[Any]) -> Iterator[Any]:
        """Iterate, counting the time that `items` takes to give the next one."""
        iterator = iter(items)
        while True:
            with self.on(step):
                item = next(iterator, None)
            if item is None:
                return
            yield item


def _measure_first(run: Run, part: Part, filters: list[Line[Any]], limit: int | None) -> dict[str, Any]:
    import pyarrow.parquet as pq

    clock, clean_frames = Clock(), [pl.DataFrame(schema=_clean_schema(run))]
    signals = {line.label: [_no_signals(line)] for line in filters}
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
                with clock.on("clean"):
                    documents, cleaned = _clean(run, batch.documents.select(list(schema)))
                for line in filters:
                    with clock.on(line.label):
                        signals[line.label].append(measured(line, documents))
                with clock.on("store"):
                    writer.write_table(
                        documents.frame.to_arrow(compat_level=pl.CompatLevel.oldest()), documents.frame.height
                    )
                clean_frames.append(cleaned)
                rows += len(documents)
                size += int(cleaned["text_bytes"].sum())
        with clock.on("store"):
            disk.write_frame(pl.concat(clean_frames), run.clean_file(part))
            for line in filters:
                disk.write_frame(pl.concat(signals[line.label]), run.signals_file(line, part))
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

    clock, rows, size = Clock(), 0, 0
    signals = {line.label: [_no_signals(line)] for line in filters}
    file = pq.ParquetFile(run.documents_file(part))
    for group in range(file.num_row_groups if filters else 0):
        with clock.on("read"):
            frame = pl.from_arrow(file.read_row_group(group))
            assert isinstance(frame, pl.DataFrame)
            documents = Documents(frame)
        for line in filters:
            with clock.on(line.label):
                signals[line.label].append(measured(line, documents))
        rows += len(documents)
        size += int(documents.utf8.offsets[-1] - documents.utf8.offsets[0])
    for line in filters:
        disk.write_frame(pl.concat(signals[line.label]), run.signals_file(line, part))
    return {
        "rows": rows,
        "rejected": 0,
        "bytes": size,
        "seconds": clock.seconds,
        "measured": [line.label for line in filters],
    }


def measured(line: Line[Any], documents: Documents) -> pl.DataFrame:
    """Measure a batch, and hold the filter to its promise. Raises: CurateError."""
    frame = line.step.measure(documents)
    expected = _no_signals(line).schema
    if frame.height != len(documents):
        raise CurateError(f"{line.where}: measured {frame.height} rows of {len(documents)}")
    if dict(frame.schema) != dict(expected):
        raise CurateError(f"{line.where}: measured {dict(frame.schema)}, promised {dict(expected)}")
    for column in frame:
        if column.dtype.is_float() and column.is_nan().any():  # Polars: NaN >= 0.3 is true
            raise CurateError(f"{line.where}: signal {column.name} is NaN; what cannot be measured is null")
    return frame


def _no_signals(line: Line[Any]) -> pl.DataFrame:
    schema = dict(line.step.signal_types())
    if isinstance(line.step, CorpusFilter):
        schema |= {column: pl.UInt64 for columns in line.step.keys().values() for column in columns}
    return pl.DataFrame(schema=schema)


def _document_schema(run: Run) -> dict[str, Any]:
    fields = sorted({field for line in run.pipeline.read for field in line.step.fields})
    return dict.fromkeys([ID, TEXT, SOURCE, *fields], pl.String)


def _clean_schema(run: Run) -> dict[str, Any]:
    return {name: kind for name, kind in run.pipeline.cleaner_signals().items() if name != SOURCE}


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
            size += frame[TEXT].str.len_bytes().sum()
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


def _clean(run: Run, frame: pl.DataFrame) -> tuple[Documents, pl.DataFrame]:
    text, signals = frame[TEXT], []
    for line in run.pipeline.clean:
        cleaned = line.step.clean(text)
        if len(cleaned.text) != frame.height or cleaned.text.null_count():
            raise CurateError(
                f"{line.where}: gave {len(cleaned.text)} texts for {frame.height}, {cleaned.text.null_count()} of them null"
            )
        text = cleaned.text.alias(TEXT)
        if cleaned.signals is not None:
            signals.append(cleaned.signals)
    own = pl.DataFrame({"text_bytes": text.str.len_bytes().cast(pl.Int64)})
    return Documents(frame.with_columns(text)), pl.concat([own, *signals], how="horizontal")


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


def _part(run: Run, name: str) -> Part:
    return next(part for part in run.parts if part.name == name)


# Compare: keys -> groups.


def _corpus_line(run: Run, step: int) -> tuple[Line[Any], CorpusFilter]:
    line = run.pipeline.filters[step]
    assert isinstance(line.step, CorpusFilter)
    return line, line.step


def _group(run: Run, step: int, partition: str, options: dict[str, Any]) -> dict[str, Any]:
    import pyarrow.parquet as pq

    line, corpus_filter = _corpus_line(run, step)
    columns = corpus_filter.keys()[partition]
    tables = [pl.from_arrow(pq.read_table(run.signals_file(line, part), columns=columns)) for part in run.parts]
    keys = pl.concat([table for table in tables if isinstance(table, pl.DataFrame)])
    rows = pl.int_range(keys.height, dtype=pl.Int64, eager=True).alias("row")
    disk.write_frame(corpus_filter.group(keys.insert_column(0, rows)), run.groups_folder(line) / f"{partition}.parquet")
    return {"rows": keys.height}


def _pair(run: Run, step: int, name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Gather the groups of all partitions; what needs its text compared is laid out in chunks of pairs."""
    line, corpus_filter = _corpus_line(run, step)
    folder = run.groups_folder(line)
    groups = [pl.read_parquet(folder / f"{partition}.parquet") for partition in corpus_filter.keys()]
    pairs = corpus_filter.candidates(groups)
    chunks = 0
    if pairs is not None:
        chunks = -(-pairs.height // PAIRS_PER_TASK)
        for number in range(chunks):
            disk.write_frame(
                pairs.slice(number * PAIRS_PER_TASK, PAIRS_PER_TASK), folder / f"pairs-{number:05}.parquet"
            )
    else:
        disk.write_frame(_numbered(groups), folder / "all.parquet")
    disk.write_json(folder / "pairs.json", {"chunks": chunks if pairs is not None else None})
    return {"rows": pairs.height if pairs is not None else 0}


def _numbered(groups: list[pl.DataFrame]) -> pl.DataFrame:
    """Groups of several partitions in one table, with numbers that don't meet."""
    first, numbered = 0, []
    for frame in groups:
        numbered.append(frame.with_columns(pl.col("group") + first))
        first += int(frame["group"].max() or 0) + 1  # type: ignore[call-overload]
    return pl.concat(numbered)


def _verify(run: Run, step: int, chunk: str, options: dict[str, Any]) -> dict[str, Any]:
    line, corpus_filter = _corpus_line(run, step)
    folder = run.groups_folder(line)
    pairs = pl.read_parquet(folder / f"pairs-{chunk}.parquet")
    rows = pl.concat([pairs["left"], pairs["right"]]).unique().sort()
    texts = run.texts(rows)
    places = pairs.select(pl.col("left", "right").map_batches(lambda column: rows.search_sorted(column).cast(pl.Int64)))
    similarity = corpus_filter.verify(Utf8.of(texts), places)
    disk.write_frame(pairs.with_columns(pl.Series("similarity", similarity)), folder / f"verified-{chunk}.parquet")
    return {"rows": pairs.height, "bytes": int(texts.str.len_bytes().sum())}


def _join(run: Run, step: int, name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Verified pairs (or the groups as they are) to the final groups; the files on the way go."""
    line, corpus_filter = _corpus_line(run, step)
    folder = run.groups_folder(line)
    chunks = disk.read_json(folder / "pairs.json")["chunks"]
    if chunks is None:
        groups = pl.read_parquet(folder / "all.parquet")
    else:
        empty = pl.DataFrame(schema={"left": pl.Int64, "right": pl.Int64, "similarity": pl.Float64})
        verified = [pl.read_parquet(folder / f"verified-{number:05}.parquet") for number in range(chunks)]
        groups = corpus_filter.confirmed(pl.concat([empty, *verified]))
    disk.write_frame(groups, run.groups_file(line))
    for file in folder.iterdir():
        if file != run.groups_file(line):
            file.unlink(missing_ok=True)
    return {"rows": groups.height}


# Write: kept documents -> shards.


def _prepare(run: Run, step: int, name: str, options: dict[str, Any]) -> dict[str, Any]:
    line = run.pipeline.write[step]
    line.step.prepare(run.staging(line), lambda n_bytes: sample_kept(run, n_bytes))
    return {}


def _stage(run: Run, step: int, name: str, options: dict[str, Any]) -> dict[str, Any]:
    line, part = run.pipeline.write[step], _part(run, name)
    size = 0

    def counted() -> Iterator[Documents]:
        nonlocal size
        for documents in run.kept_documents(part, line.step.signals):
            size += int(documents.utf8.offsets[-1] - documents.utf8.offsets[0])
            yield documents

    line.step.stage(run.staging(line), name, counted())
    return {"bytes": size}


def _plan(run: Run, step: int, name: str, options: dict[str, Any]) -> dict[str, Any]:
    line = run.pipeline.write[step]
    return {"shards": line.step.plan(run.staging(line))}


def _shard(run: Run, step: int, name: str, options: dict[str, Any]) -> dict[str, Any]:
    line = run.pipeline.write[step]
    return {"shard": line.step.write_shard(run.staging(line), options["shard"], Path(options["folder"]))}


def _finish(run: Run, step: int, name: str, options: dict[str, Any]) -> dict[str, Any]:
    line = run.pipeline.write[step]
    return {"manifest": line.step.finish(run.staging(line), options["shards"], Path(options["folder"]))}


def sample_kept(run: Run, n_bytes: int) -> pl.Series:
    """Kept texts in the order of `hash(seed, id)`, the first `n_bytes` of them."""
    from curate.kernels.hashing import hash64

    frames = []
    first = 0
    for part, n_rows in zip(run.parts, run.rows(), strict=True):
        verdicts = pl.read_parquet(run.verdicts_file(part), columns=[ID, "kept"])
        sizes = pl.read_parquet(run.clean_file(part), columns=["text_bytes"])
        rows = pl.int_range(first, first + n_rows, eager=True).alias("row")
        frame = pl.concat([verdicts, sizes, rows.to_frame()], how="horizontal").filter("kept")
        frames.append(frame.with_columns(pl.Series("hash", hash64(run.pipeline.seed, *Utf8.of(frame[ID])), pl.UInt64)))
        first += n_rows
    if not frames:
        return pl.Series(TEXT, [], pl.String)
    chosen = pl.concat(frames).sort("hash", ID).filter(pl.col("text_bytes").cum_sum() - pl.col("text_bytes") < n_bytes)
    rows = chosen["row"].sort()
    return run.texts(rows).gather(rows.search_sorted(chosen["row"]))


_ACTIONS: dict[str, Callable[[Run, int, str, dict[str, Any]], dict[str, Any]]] = {
    "cut": _cut, "warm up": _warm_up, "measure": _measure, "group": _group, "pair": _pair, "verify": _verify, "join": _join,
    "prepare": _prepare, "stage": _stage, "plan": _plan, "shard": _shard, "finish": _finish,
}  # fmt: skip


def serve(folder: str, tasks: IO[str], answers: IO[str]) -> None:
    """Answer tasks until stdin ends."""
    run: Run | None = None
    seen: list[int] = []
    for text in tasks:
        task = json.loads(text)
        started = time.perf_counter()
        try:
            times = [file.stat().st_mtime_ns for file in Path(folder).glob("*.json")]
            if run is None or times != seen:  # the plan grows while inputs are cut into parts
                run, seen = Run.open(folder), times
            answer = {
                "result": run_task(run, task["action"], task["step"], task["part"], task["options"]),
                "error": None,
            }
        except (
            Exception
        ) as error:  # whatever a plug-in raises becomes the run's one-line error; the trace goes to a file
            answer = {"result": {}, "error": _one_line(error)}
            with (Path(folder) / "errors.log").open("a", encoding="utf-8") as log, contextlib.suppress(OSError):
                log.write(f"{text.strip()}\n{traceback.format_exc()}\n")
        answer["result"] |= {"wall": time.perf_counter() - started, "memory": _peak_memory()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _one_line(error: Exception) -> str:
    message = " ".join(str(error).split())
    return message if isinstance(error, CurateError) else f"{type(error).__name__}: {message}"


def _peak_memory() -> int:
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main() -> None:
    """Serve on this process's own stdin and stdout; whatever else prints goes to stderr."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    serve(sys.argv[1], sys.stdin, answers)


if __name__ == "__main__":
    main()
