"""A pipeline and its inputs to parts, passes and fingerprints.

Fingerprints chain: inputs → clean → filter → groups → verdicts → shards. Each holds the parameters without `drop`, the
hash of every file the step depends on, and the step's version (the hash of its source for a class of one's own). A
folder named by fingerprint can therefore be taken as it is, or not exist.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

from curate import cuts, disk, judge
from curate.contracts import PART_BYTES, CorpusFilter, Input, Line, Part, PassageFilter, Piece, Step
from curate.errors import PipelineError
from curate.pipeline import Pipeline, input_fields

DIGITS = 12
FORMAT = 3
"""Raised when what the machine itself writes into documents, groups or verdicts changes."""


def digest(*values: Any) -> str:
    """12 hex digits of JSON values; the order of keys, and of a set, does not matter."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=False, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def _plain(value: Any) -> Any:
    return sorted(map(str, value)) if isinstance(value, set | frozenset) else str(value)


def identity(step: Step) -> list[Any]:
    """Everything that decides what a step measures: its class, parameters, files (by their bytes, not their names), and
    versions of packages.

    Raises: PipelineError for a class without a source file.
    """
    parameters = step.measured_parameters()
    named = {name: parameters[name] for name in input_fields(type(step)) if name in parameters}
    found = {name: file for name, file in named.items() if isinstance(file, str) and Path(file).exists()}
    parameters = {name: value for name, value in parameters.items() if name not in found}
    files = [disk.sha256(file) for file in dict.fromkeys([*step.files(), *found.values()])]
    versions = [(name, metadata.version(name)) for name in step.packages()]
    return [_class_identity(type(step)), parameters, files, *([versions] if versions else [])]


def cleaning(pipeline: Pipeline) -> str:
    """Fingerprint of what text goes through before it is measured."""
    return digest([identity(line.step) for line in pipeline.clean])


def _class_identity(kind: type) -> list[tuple[str, Any]]:
    """The class and what it inherits from: ours by their version, others by the source of their module."""
    steps = [
        base for base in kind.__mro__ if issubclass(base, Step) and not base.__module__.startswith("curate.contracts.")
    ]
    return [(f"{base.__module__}:{base.__qualname__}", _source(base)) for base in steps]


def _source(kind: type[Step]) -> Any:
    if kind.__module__.partition(".")[0] == "curate":
        return kind.version
    file = getattr(sys.modules[kind.__module__], "__file__", None)
    if not file:
        raise PipelineError(f"{kind.__module__}:{kind.__qualname__} has no source file; put the class into a module")
    return disk.sha256(file)


@dataclass(frozen=True)
class Plan:
    """What a run will do; everything follows from the pipeline, the parts and the limit."""

    pipeline: Pipeline
    parts: tuple[Part, ...]
    """In the order of readers and paths: rows are numbered over them."""
    limit: int | None = None
    """Read only so many documents."""
    earlier: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Label of a filter to digests of what each place in its `against` held when the run began (`work.earlier`)."""

    @cached_property
    def documents(self) -> str:
        """Fingerprint of the cleaned documents."""
        fields = sorted({field for line in self.pipeline.read for field in line.step.fields})
        seed = self.pipeline.seed if any(line.step.sample < 1 for line in self.pipeline.read) else None
        return digest(FORMAT, fields, seed, self.limit, [identity(line.step) for line in self.pipeline.clean])

    @cached_property
    def filters(self) -> dict[str, str]:
        """Label of each filter to the fingerprint of its signals."""
        return {line.label: digest(self.documents, identity(line.step)) for line in self.pipeline.filters}

    @cached_property
    def corpus(self) -> str:
        """Fingerprint of the set of parts."""
        return digest([part.name for part in self.parts])

    @cached_property
    def corpus_filters(self) -> list[Line[CorpusFilter]]:
        """The filters that compare documents with each other."""
        return [line for line in self.pipeline.filters if isinstance(line.step, CorpusFilter)]  # type: ignore[misc]

    @cached_property
    def passage_filters(self) -> list[Line[PassageFilter]]:
        """The filters that look for passages which several documents have."""
        return [line for line in self.pipeline.filters if isinstance(line.step, PassageFilter)]  # type: ignore[misc]

    @cached_property
    def groups(self) -> dict[str, str]:
        """Label of each corpus or passage filter to the fingerprint of its groups."""
        passages = {
            line.label: digest(self.filters[line.label], self.corpus, line.step.compared_parameters())
            for line in self.passage_filters
        }
        return passages | {
            line.label: digest(
                self.filters[line.label], self.corpus, line.step.least_similarity(), *self._earlier(line)
            )
            for line in self.corpus_filters
        }

    def _earlier(self, line: Line[CorpusFilter]) -> list[Any]:
        names = [Path(place).name for place in line.step.against]
        return list(zip(names, self.earlier.get(line.label, [None] * len(names)), strict=True))

    @cached_property
    def cuts_of(self) -> dict[str, str]:
        """Label of each filter to the fingerprint of its cuts: of what was measured, compared or judged."""
        last = {line.label: self.verdicts for line in cuts.judged_last(self.pipeline.filters)}
        return self.filters | {line.label: self.groups[line.label] for line in self.passage_filters} | last

    @cached_property
    def verdicts(self) -> str:
        """Fingerprint of the verdicts."""
        rules = [(line.label, line.step.name, judge.merged(line.step)) for line in self.pipeline.filters]
        prefer = [
            (line.label, line.step.prefer, line.step.keep_clusters, list(judge.cluster_columns(line)))
            for line in self.corpus_filters
        ]
        cutting = [line.label for line in cuts.cutting(self.pipeline.filters)]
        last = [line.step.least_left() for line in cuts.judged_last(self.pipeline.filters)]
        decided = [rules, prefer, *([cutting] if cutting else []), *last]
        return digest(self.documents, self.filters, self.corpus, self.groups, *decided)

    @cached_property
    def writers(self) -> dict[str, str]:
        """Label of each writer to the fingerprint of its shards."""
        return {
            line.label: digest(self.verdicts, self.pipeline.seed, identity(line.step)) for line in self.pipeline.write
        }


def input_name(source: Input, reader: Line[Any]) -> str:
    """12 hex digits of an input's path, size and time and of how it is read: no part can be taken for another's."""
    parameters = reader.step.model_dump(exclude={"paths", "max_rejected"})
    kind = _class_identity(type(reader.step))
    return digest(source.path, source.size, source.modified, kind, reader.label, parameters)


def make_parts(reader: int, inputs: Sequence[tuple[str, list[Piece]]], kept: Sequence[Part]) -> list[Part]:
    """Turn the pieces of inputs (name, pieces) into parts; small inputs share one.

    `kept` are earlier parts of these inputs: they stay as they are, so a new small file never disturbs its neighbours.
    """
    parts = list(kept)
    taken = {piece.path for part in kept for piece in part.pieces}
    bundle: list[tuple[str, Piece]] = []
    for name, pieces in inputs:
        if pieces[0].path in taken:
            continue
        if len(pieces) > 1 or pieces[0].size >= PART_BYTES // 2:
            parts += [Part(f"{name}-{number:05}", reader, (piece,)) for number, piece in enumerate(pieces)]
            continue
        if sum(piece.size for _, piece in bundle) + pieces[0].size > PART_BYTES:
            parts += _bundled(reader, bundle)
            bundle = []
        bundle.append((name, pieces[0]))
    return parts + _bundled(reader, bundle)


def _bundled(reader: int, bundle: Iterable[tuple[str, Piece]]) -> list[Part]:
    names, pieces = [name for name, _ in bundle], tuple(piece for _, piece in bundle)
    if not names:
        return []
    name = names[0] if len(names) == 1 else digest(names)
    return [Part(f"{name}-00000", reader, pieces)]


def part_order(part: Part) -> tuple[int, str, int]:
    """Sort key of parts: reader, path, position."""
    return part.reader, part.pieces[0].path, part.pieces[0].start
