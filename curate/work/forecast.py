"""What a run would do, without doing it: passes, columns, disk, what is done and what would be done again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from curate import disk, judge
from curate.contracts import PART_BYTES, CorpusFilter, Input, Line, Part, PassageFilter
from curate.layout import default_folder, load_parts
from curate.pipeline import Pipeline
from curate.plan import Plan, input_name
from curate.run import Run
from curate.work.earlier import check_earlier, earlier_notes
from curate.work.inputs import check_steps, check_text, find_inputs, first_documents, kept_parts

DOCUMENT_BYTES = 2_700
"""Text of an average page: SkyPile-150B has 620 GB in 233 million pages."""
DOCUMENTS_SHARE = 0.46
"""Disk of the cleaned documents (Parquet, zstd) in a byte of text, measured on 134 MB of Chinese web text."""
SIGNAL_BYTES = 4
"""Disk of a signal of one document; measured there: 138 bytes a document for all filters, keys apart."""
VERDICT_BYTES = 7
"""Disk of a verdict, measured there."""
KEY_BYTES = 8
"""Disk of a key of one document."""
GROUPED_BYTES = 4
"""Disk of a document whose key repeats, in one partition (`work.compare`)."""
RESEMBLING = 0.5
"""Share of documents that are compared with others. Where 30 % are near copies (`benchmarks/duplicates/corpus.py`,
20,000 documents), 49 % of the documents' disk and 1.8 bytes a document and partition are taken on the way."""


@dataclass(frozen=True)
class Forecast:
    """What `curate check` says."""

    folder: Path
    inputs: int
    text_bytes: int
    """Of all inputs, estimated from their size."""
    known_parts: int
    """Parts of an earlier run whose inputs are unchanged."""
    new_inputs: int
    """Inputs that no part covers yet."""
    passes: list[str]
    """What would be done, in order, one line each."""
    columns: list[str]
    """Every signal with its dtype and filter, one line each."""
    rules: list[str]
    """Every rule with its condition, one line each."""
    disk: dict[str, int]
    """Folder to its projected bytes."""
    free: int
    """Bytes free where the run would lie."""
    notes: list[str]
    """Remarks of the steps themselves."""


def forecast(pipeline: Pipeline, out: Path | None = None, limit: int | None = None) -> Forecast:
    """Check a pipeline and its inputs, and foretell its run. Raises: PipelineError."""
    check_steps(pipeline)
    folder = out or default_folder(pipeline, limit)
    earlier = check_earlier(pipeline, folder)
    inputs = find_inputs(pipeline)
    check_text(pipeline, inputs)
    kept = _known(pipeline, folder, inputs)
    covered = {piece.path for part in kept for piece in part.pieces}
    new = [source for sources in inputs for source in sources if source.path not in covered]
    run = Run(folder, Plan(pipeline, tuple(kept), limit, earlier))
    sizes = {
        source.path: line.step.text_bytes(source)
        for line, sources in zip(pipeline.read, inputs, strict=True)
        for source in sources
    }
    projected, free = _disk(pipeline, _text_read(pipeline, inputs, sizes, limit)), _free(folder)
    notes = [f"{line.where}: {note}" for line in _lines(pipeline) for note in line.step.notes()]
    for line in pipeline.filters:
        notes += [f"{line.where}: {note}" for note in line.step.text_notes(first_documents(pipeline, inputs))]
    notes += earlier_notes(pipeline, folder)
    if sum(projected.values()) > free + disk.size(folder):
        notes.append("the disk may be too small: above stands what is free, and what the run takes together")
    return Forecast(
        folder=folder,
        inputs=sum(map(len, inputs)),
        text_bytes=sum(sizes.values()),
        known_parts=len(kept),
        new_inputs=len(new),
        passes=list(_passes(run, sum(sizes[source.path] for source in new), bool(new))),
        columns=[
            f"{name}: {kind} ({label})"
            for label, signals in [
                ("documents", pipeline.document_signals()),
                *((line.label, judge.signal_columns(line)) for line in pipeline.filters),
            ]
            for name, kind in signals.items()
        ],
        rules=[
            f"{line.label}.{name}: {condition}"
            for line in pipeline.filters
            for name, condition in judge.merged(line.step).items()
        ],
        disk=projected,
        free=free,
        notes=notes,
    )


def _lines(pipeline: Pipeline) -> list[Line]:  # type: ignore[type-arg]
    return [*pipeline.read, *pipeline.clean, *pipeline.filters, *pipeline.write]


def _known(pipeline: Pipeline, folder: Path, inputs: list[list[Input]]) -> list[Part]:
    record = disk.read_json(folder / "inputs.json") or {}
    known = {one["name"] for one in record.get("inputs", [])}
    kept: list[Part] = []
    for number, (line, sources) in enumerate(zip(pipeline.read, inputs, strict=True)):
        names = {source.path: input_name(source, line) for source in sources}
        kept += kept_parts(load_parts(record), number, names, known)
    return kept


def _passes(run: Run, new_bytes: int, corpus_changes: bool) -> Iterator[str]:
    new = -(-new_bytes // PART_BYTES)
    unread = [part for part in run.parts if not run.documents_file(part).exists()]
    yield f"read and clean: {_parts_to_do(len(run.parts), len(unread), new)}"
    for line in run.pipeline.filters:
        missing = [part for part in run.parts if not run.signals_file(line, part).exists()]
        yield f"measure {line.label}: {_parts_to_do(len(run.parts), len(missing), new)}"
    for corpus in run.plan.corpus_filters:
        done = not corpus_changes and run.parts and run.groups_file(corpus).exists()
        yield f"compare {corpus.label}: {'done' if done else 'to do'}"
    for one in run.plan.passage_filters:
        done = not corpus_changes and run.parts and all(run.shared_file(one, part).exists() for part in run.parts)
        yield f"compare {one.label}: {'done' if done else 'to do'}"
    judged = not corpus_changes and run.parts and all(run.verdicts_file(part).exists() for part in run.parts)
    yield f"judge: {'done' if judged else 'to do'}"
    manifests = run.manifests()
    for line in run.pipeline.write:  # type: ignore[assignment]
        same = manifests.get(line.label, {}).get("fingerprint") == run.plan.writers[line.label]
        yield f"write {line.label}: {'done' if same and judged else 'to do'}"


def _text_read(pipeline: Pipeline, inputs: list[list[Input]], sizes: dict[str, int], limit: int | None) -> int:
    """Bytes of text that are read, `sample` and `limit` considered."""
    sampled = sum(
        int(line.step.sample * sizes[source.path])
        for line, sources in zip(pipeline.read, inputs, strict=True)
        for source in sources
    )
    return min(sampled, limit * DOCUMENT_BYTES) if limit else sampled


def _free(folder: Path) -> int:
    return shutil.disk_usage(next(path for path in (folder, *folder.absolute().parents) if path.exists())).free


def _parts_to_do(known: int, left: int, new: int) -> str:
    to_do = [str(left)] if left or not new else []
    to_do += [f"about {new} new"] if new else []
    done = known - left
    return f"{done} part{'' if done == 1 else 's'} done, {' and '.join(to_do)} to do"


def _disk(pipeline: Pipeline, text_bytes: int) -> dict[str, int]:
    documents = text_bytes // DOCUMENT_BYTES
    projected = {"documents": int(text_bytes * DOCUMENTS_SHARE)}
    for line in pipeline.filters:
        if signals := len(line.step.signal_types()):
            projected[f"signals/{line.label}"] = documents * SIGNAL_BYTES * signals
        if isinstance(line.step, CorpusFilter):
            projected[f"keys/{line.label}"] = documents * KEY_BYTES * sum(map(len, line.step.partitions().values()))
            on_the_way = f"groups/{line.label}, on the way, if {RESEMBLING:.0%} of documents are alike"
            projected[on_the_way] = int(RESEMBLING * _compared_bytes(line.step, documents, text_bytes))
        if isinstance(line.step, PassageFilter):
            projected[f"passages/{line.label}"] = documents * line.step.stored_bytes
    projected["verdicts"] = documents * VERDICT_BYTES
    for writer in pipeline.write:
        projected[f"shards/{writer.label}"] = int(text_bytes * writer.step.disk_share())
    return projected


def _compared_bytes(step: CorpusFilter, documents: int, text_bytes: int) -> float:
    """Disk on the way from keys to groups if each document resembled another."""
    texts = text_bytes * DOCUMENTS_SHARE if step.least_similarity() is not None else 0
    return documents * GROUPED_BYTES * len(step.partitions()) + texts
