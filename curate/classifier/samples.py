"""Labelled texts for a classifier: read, freed of doubles, divided into parts, balanced.

Everything is chosen by a hash of the seed and the text (or its source), so that the same files give the same parts,
whatever their order.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from curate import registry
from curate.contracts import TEXT, Reader, Utf8
from curate.errors import PipelineError

TRAINING, VALIDATION, HELD_OUT = "training", "validation", "held_out"
HELD_OUT_SHARE, VALIDATION_SHARE = 0.2, 0.1
LEAST_SOURCES = 20
"""Sources that each label must have for a split by source; with fewer, chance decides how alike the parts are."""
MOST_UNEVEN = 1.25
LEAST_SAMPLES = 50
"""Different texts that each label must have."""

_KINDS = {".jsonl": "jsonl", ".json": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet", ".txt": "text"}


def read_samples(
    patterns: Mapping[str, Sequence[str]], text_field: str, source_field: str | None
) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """Read files of each label: JSON lines and Parquet a sample a row, plain text a sample a line.

    Returns `text`, `label`, `source` (String: the field, the host of a URL in it, or the file), and an entry for each
    file. Raises: PipelineError.
    """
    frames, files = [], []
    for label, paths in patterns.items():
        for pattern in paths:
            for frame, entry in _read(pattern, text_field, source_field):
                frames.append(frame.with_columns(label=pl.lit(label)))
                files.append({"label": label, **entry, "samples": frame.height})
    return pl.concat(frames).select(TEXT, "label", "source"), files


def _read(pattern: str, text_field: str, source_field: str | None) -> list[tuple[pl.DataFrame, dict[str, Any]]]:
    from curate.disk import sha256

    suffix = next((kind for kind in reversed(Path(pattern).suffixes) if kind in _KINDS), None)
    if suffix is None:
        raise PipelineError(f"{pattern}: cannot tell what this is; name .jsonl, .parquet or .txt files (.gz, .zst too)")
    kind = _KINDS[suffix]
    parameters: dict[str, Any] = {"paths": [pattern]}
    if kind != "text":
        parameters |= {"text": text_field, "fields": [source_field.partition(".")[0]] if source_field else []}
    reader = registry.find("read", kind, pattern).model_validate(parameters)
    assert isinstance(reader, Reader)
    found = []
    for source in reader.inputs([Path.cwd()]):
        frame = _rows(reader, source)
        if kind == "text":
            frame = frame.with_columns(pl.col(TEXT).str.split("\n")).explode(TEXT)
        origin = _source(source_field) if source_field and kind != "text" else pl.lit(None, pl.String)
        frame = frame.select(TEXT, source=pl.coalesce(origin, pl.lit(source.path)))
        entry = {"file": Path(source.path).name, "sha256": sha256(source.file)}
        found.append((frame.filter(pl.col(TEXT).str.contains(r"\S")), entry))
    return found


def _rows(reader: Reader, source: Any) -> pl.DataFrame:
    with tempfile.TemporaryDirectory() as cut:
        batches = [batch for piece in reader.pieces(source, Path(cut)) for batch in reader.read(piece)]
    rows = sum(batch.documents.height + len(batch.rejected) for batch in batches)
    rejected = [one for batch in batches for one in batch.rejected]
    if len(rejected) > reader.max_rejected * rows:
        first = rejected[0]
        raise PipelineError(
            f"{source.path}: {len(rejected):,} of {rows:,} rows cannot be read; line {first.line}: {first.reason}; "
            "mend the file, or name the right --text-field"
        )
    return pl.concat([batch.documents for batch in batches])


def _source(field: str) -> pl.Expr:
    name, _, inside = field.partition(".")
    value = pl.col(name).str.json_path_match(f"$.{inside}") if inside else pl.col(name)
    return pl.coalesce(value.str.extract(r"^https?://([^/:?#]+)"), value)


def divide(samples: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Add `part` (training, validation, held_out); the same text is never in two parts, nor is the same source where
    each label has `LEAST_SOURCES`.

    Texts with two labels are left out, for nothing says which is right. Returns the samples, and what was done.
    Raises: PipelineError when a label has too few texts.
    """
    single = samples.sort("source", TEXT).unique([TEXT, "label"], keep="first", maintain_order=True)
    clear = single.filter(pl.len().over(TEXT) == 1)
    counts = clear.group_by("label").agg(pl.len(), pl.col("source").n_unique()).sort("label")
    for label in samples["label"].unique().sort():
        found = counts.filter(pl.col("label") == label)["len"].sum()
        if found < LEAST_SAMPLES:
            raise PipelineError(f"{label}: {found} different texts; a classifier needs {LEAST_SAMPLES} of each label")
    sources = int(counts["source"].cast(pl.Int64).min() or 0)  # type: ignore[arg-type]
    by = "source" if sources >= LEAST_SOURCES else TEXT
    place = uniform(seed, clear[by])
    part = (
        pl.when(place < HELD_OUT_SHARE)
        .then(pl.lit(HELD_OUT))
        .when(place < HELD_OUT_SHARE + VALIDATION_SHARE)
        .then(pl.lit(VALIDATION))
        .otherwise(pl.lit(TRAINING))
    )
    divided = clear.with_columns(part=part)
    missing = divided.group_by("label").agg(pl.col("part").n_unique()).filter(pl.col("part") < 3)["label"].sort()
    if len(missing):
        raise PipelineError(f"{missing[0]}: all its texts fall into one part; give more sources, or another --seed")
    done = {
        "by": "source" if by == "source" else "text",
        "doubles_left_out": samples.height - single.height,
        "contradictions_left_out": single.height - clear.height,
    }
    return divided, done


def uniform(seed: int, values: pl.Series) -> pl.Series:
    """A number in 0..1 for each text, by a hash of it and the seed."""
    from curate.kernels.hashing import hash64

    return pl.Series("place", hash64(seed, *Utf8.of(values)) / np.float64(2**64))


def balance(part: pl.DataFrame, seed: int, per_label: int | None) -> pl.DataFrame:
    """Take at most `per_label` texts of each label, chosen by hash and put in the order of it.

    By default `MOST_UNEVEN` times as many as the label in the middle has (of two labels the smaller): to leave texts
    out costs more than a little imbalance. A label with fewer gives all.
    """
    ordered = part.with_columns(uniform(seed + 1, part[TEXT])).sort("place", TEXT)
    counts = sorted(ordered["label"].value_counts()["count"])
    most = per_label or int(MOST_UNEVEN * counts[(len(counts) - 1) // 2])
    return ordered.filter(pl.int_range(pl.len()).over("label") < most).drop("place")
