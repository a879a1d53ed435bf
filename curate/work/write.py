"""Write: the kept documents of each part to a writer's staging folder, and from there to shards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from curate import disk
from curate.contracts import ID, TEXT, Documents, Utf8
from curate.errors import CurateError
from curate.pipeline import make_step
from curate.run import Run
from curate.work.costs import Clock


def prepare(run: Run, step: int, name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Do once what all parts need."""
    line = run.pipeline.write[step]
    line.step.prepare(run.staging(line), lambda n_bytes: sample_kept(run, n_bytes))
    return {}


def warm_up(run: Run, step: int, name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Compile what the writer will call, in one worker, before all of them would."""
    line = run.pipeline.write[step]
    line.step.warm_up(run.staging(line))
    return {}


def stage(run: Run, step: int, name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Turn the kept documents of one part into what shards are made of."""
    line, part = run.pipeline.write[step], run.part(name)
    clock, size = Clock(), 0

    def counted() -> Iterator[Documents]:
        nonlocal size
        for documents in clock.through("read", run.kept_documents(part, line.step.wants_signals())):
            size += int(documents.utf8.offsets[-1] - documents.utf8.offsets[0])
            yield documents

    with clock.on("encode"):
        line.step.stage(run.staging(line), name, counted())
    clock.seconds["encode"] -= clock.seconds["read"]
    return {"bytes": size, "seconds": clock.seconds}


def plan(run: Run, step: int, name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Decide what each shard holds."""
    line = run.pipeline.write[step]
    return {"shards": line.step.plan(run.staging(line))}


def shard(run: Run, step: int, name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Write one shard; its record says that it is whole."""
    line = run.pipeline.write[step]
    record = run.staging(line).folder / f"shard-{name}.json"
    if not record.exists():
        disk.write_json(record, line.step.write_shard(run.staging(line), options["shard"], Path(options["folder"])))
    return {"shard": disk.read_json(record)}


def finish(run: Run, step: int, name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Write what belongs to all shards."""
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
    return run.texts(rows, cut=True).gather(rows.search_sorted(chosen["row"]))


def train_tokenizer(run: Run, target: str, vocabulary: int | None, folder: Path) -> Path:
    """Train a target's kind of tokenizer on the kept text of a run, and write it to `folder`. Raises: PipelineError."""
    from curate.writers.tokens import SAMPLE_BYTES, Tokens

    parameters = {"target": target, "tokenizer": "train", "vocabulary": vocabulary}
    step = make_step(Tokens, parameters, "train tokenizer", [Path.cwd()])
    step.check()
    run.must_be_finished()
    texts = sample_kept(run, SAMPLE_BYTES)
    if texts.str.strip_chars().str.len_bytes().sum() == 0:
        raise CurateError(f"{run.folder}: no text is kept; there is nothing to train on")
    return folder / step.train(texts, folder)
