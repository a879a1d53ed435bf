"""`run.json`: what a run was given, and what it found; and the warnings that follow from it."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from curate import cuts, disk, judge
from curate.pipeline import Pipeline
from curate.run import Run
from curate.work.verdicts import dropped_for

RECORDED_PACKAGES = (
    "curate", "polars", "pyarrow", "numpy", "numba", "tokenizers", "sentencepiece", "orjson", "zstandard", "ftfy",
    "altair", "vl-convert-python",
)  # fmt: skip


def given(pipeline: Pipeline, limit: int | None, earlier: Mapping[str, list[str]]) -> dict[str, Any]:
    """What workers need to load the plan, and what a reader needs to run it again."""
    return {
        "name": pipeline.name,
        "pipeline": pipeline.text,
        "working": str(pipeline.working),
        "folder": str(pipeline.folder),
        "variables": dict(pipeline.variables),
        "seed": pipeline.seed,
        "limit": limit,
        "earlier": dict(earlier),
        "versions": {name: importlib.metadata.version(name) for name in RECORDED_PACKAGES},
        "python": platform.python_version(),
    }


def found(run: Run) -> dict[str, Any]:
    """Counts, drops by reason, bytes of text, and each writer's shards in short."""
    sizes = (pl.read_parquet(run.clean_file(part), columns=["text_bytes"]).sum().item() for part in run.parts)
    return {
        "verdicts": run.plan.verdicts,
        "counts": run.counts(),
        "cleaned": _changes(run, [line.label for line in run.pipeline.clean]),
        "cut": _cut(run),
        "dropped": {reason: dropped_for(run, reason) for reason in run.reasons()},
        "bytes": sum(map(int, sizes)),
        "outputs": {label: _summary(manifest) for label, manifest in run.manifests().items()},
    }


def _changes(run: Run, labels: list[str]) -> dict[str, dict[str, int]]:
    """What each cleaner changed: documents, and characters (`kernels.changes.changed_chars`)."""
    if not run.parts or not labels:
        return {label: {"documents": 0, "chars": 0} for label in labels}
    chars = pl.col(f"{label}_changed_chars" for label in labels)
    table = pl.scan_parquet([run.clean_file(part) for part in run.parts])
    documents, total = (table.select(sums).collect().row(0) for sums in ((chars > 0).sum(), chars.sum()))
    return {
        label: {"documents": int(some), "chars": int(all_chars)}
        for label, some, all_chars in zip(labels, documents, total, strict=True)
    }


def _cut(run: Run) -> dict[str, dict[str, int]]:
    """What each filter that cuts left out of kept documents: documents, and characters."""
    found = {}
    for line in [*cuts.cutting(run.pipeline.filters), *cuts.judged_last(run.pipeline.filters)]:
        documents = chars = 0
        for part in run.parts:
            kept = disk.read_frame(run.verdicts_file(part), [judge.KEPT]).to_series()
            spans = disk.read_frame(run.cuts_file(line, part), None)
            spans = spans.filter(kept.gather(spans["row"]))
            documents += spans["row"].n_unique()
            chars += int((spans["end_char"] - spans["start_char"]).sum())
        found[line.label] = {"documents": documents, "chars": chars}
    return found


def _summary(manifest: dict[str, Any]) -> dict[str, Any]:
    keys = ("target", "format", "tokens", "documents", "warning")
    return {key: manifest[key] for key in keys if key in manifest} | {"shards": len(manifest.get("shards", []))}


def effects(run: Run, record: Mapping[str, Any]) -> Iterator[str]:
    """Warnings: a step that changed nothing may be one that was misunderstood; `record` is that of `found`."""
    counts = run.counts()
    if counts["documents"] == 0:
        yield "the corpus is empty: there is nothing to measure or write"
        return
    if counts["kept"] == 0:
        yield "every document was dropped: see the report for the rules, then loosen one"
    for label, changes in record["cleaned"].items():
        if not changes["documents"]:
            yield f"cleaner {label} changed nothing"
    for line in run.pipeline.filters:
        reasons = [f"{line.label}.{name}" for name in judge.merged(line.step)]
        cut = record["cut"].get(line.label, {}).get("chars")
        if reasons and not cut and not any(dropped_for(run, reason) for reason in reasons):
            yield f"filter {line.label} dropped nothing"
