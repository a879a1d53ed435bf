"""What a pipeline reads: its input files, and which parts of an earlier run stay as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from curate.contracts import TEXT, Documents, Input, Line, Part, Piece, Reader
from curate.errors import PipelineError
from curate.pipeline import Pipeline
from curate.plan import input_name


def check_steps(pipeline: Pipeline) -> None:
    """Ask every step whether it can run (models, tokenizers). Raises: PipelineError."""
    lines: list[Line[Any]] = [*pipeline.read, *pipeline.clean, *pipeline.filters, *pipeline.write]
    for line in lines:
        try:
            line.step.check()
        except PipelineError as error:
            raise PipelineError(f"{line.where}: {error}") from error


SEEN, SEEN_INPUTS = 100, 20
"""Documents of an input that filters see beforehand, and inputs of a reader, evenly chosen."""


def check_text(pipeline: Pipeline, inputs: Sequence[Sequence[Input]]) -> None:
    """Show the first documents of inputs to the filters that ask for them. Raises: PipelineError."""
    asking = [line for line in pipeline.filters if line.step.checks_text()]
    for path, documents in first_documents(pipeline, inputs) if asking else ():
        for line in asking:
            try:
                line.step.check_text(documents)
            except PipelineError as error:
                raise PipelineError(f"{line.where}: {path}: {error}") from error


def first_documents(pipeline: Pipeline, inputs: Sequence[Sequence[Input]]) -> Iterator[tuple[str, Documents]]:
    """Path and first documents of some inputs of every reader, read one after the other."""
    for reader, sources in zip(pipeline.read, inputs, strict=True):
        for source in sources[:: -(-len(sources) // SEEN_INPUTS)]:
            yield source.path, _first_documents(reader.step, source)


def _first_documents(reader: Reader, source: Input) -> Documents:
    # a large archive is not cut for this: it is read from its beginning
    whole = Piece(source.file, source.path, 0, -1)
    piece = whole if reader.must_cut(source) else reader.pieces(source, Path())[0]
    frames = (batch.documents for batch in reader.read(piece))
    return Documents(
        next((frame for frame in frames if frame.height), pl.DataFrame(schema={TEXT: pl.String})).head(SEEN)
    )


def find_inputs(pipeline: Pipeline) -> list[list[Input]]:
    """Input files of each reader. Raises: PipelineError when there are none, or one is read twice."""
    seen: dict[str, str] = {}
    found = []
    for line in pipeline.read:
        try:
            inputs = line.step.inputs([pipeline.working, pipeline.folder])
        except PipelineError as error:
            raise PipelineError(f"{line.where}.{error}") from error
        for source in inputs:
            if source.file in seen:
                raise PipelineError(f"{line.where}: {source.path} is read by {seen[source.file]} already")
            seen[source.file] = line.where
        found.append(inputs)
    return found


def kept_parts(earlier: Sequence[Part], reader: int, names: Mapping[str, str], known: set[str]) -> list[Part]:
    """Parts of an earlier run that stay: all their inputs are there, unchanged, and read in the same way.

    `names`: path to input name, of this reader; `known`: input names of the earlier run.
    """
    return [
        part._replace(reader=reader) for part in earlier if all(names.get(piece.path) in known for piece in part.pieces)
    ]


def listed(pipeline: Pipeline, inputs: Sequence[Sequence[Input]]) -> list[dict[str, Any]]:
    """Inputs as `inputs.json` has them."""
    return [
        {
            "name": input_name(source, line),
            "path": source.path,
            "size": source.size,
            "modified": source.modified,
            "reader": line.where,
        }
        for line, sources in zip(pipeline.read, inputs, strict=True)
        for source in sources
    ]
