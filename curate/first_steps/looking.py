"""Look at an input before anything is asked: kinds of files, fields, a sample, its languages."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from curate import registry
from curate.contracts import TEXT, Input, Reader
from curate.errors import PipelineError
from curate.first_steps import inputs
from curate.first_steps.measured import cleaned, judged
from curate.first_steps.sampling import FIELD_FILES, Field, Sample, sample, text_fields
from curate.pipeline import make_step

SAMPLE = 1_000
"""Documents of a sample at most."""


class Source(NamedTuple):
    """What one reader reads."""

    kind: str
    """Name of the reader."""
    paths: list[str]
    text: str | None
    """Field with the text; None where a file is a document."""
    fields: list[Field]
    """All fields that hold strings, that with the text first."""
    files: int


class Looked(NamedTuple):
    """What there is."""

    sources: list[Source]
    left_out: list[str]
    """Files of folders that are read as nothing."""
    sample: Sample
    languages: dict[str, int]
    """Label to documents of the sample, the most frequent first; `none` for texts without a letter."""
    scripts: dict[str, str]
    """Label to the script that most of its documents are written in."""


Choose = Callable[[Sequence[Field]], str]


def look(given: Sequence[str], text_field: str | None = None, choose: Choose | None = None) -> Looked:
    """Find, sample and measure an input. `choose` is asked for the field if none is given. Raises: PipelineError."""
    found = inputs.find(given)
    sources, readers = [], []
    for kind, paths in found.patterns.items():
        listed = inputs.listed(paths)
        fields = [] if kind == "text" else _fields(listed, kind)
        name = _field(fields, text_field, choose, paths) if fields else None
        reader = _reader(kind, paths, name)
        sources.append(Source(kind, paths, name, fields, len(listed)))
        readers.append((reader, _inputs(reader)))
    taken = sample(readers, SAMPLE)
    text = cleaned(taken.frame[TEXT], [("unicode", _step("clean", "unicode", {}))])[0]
    spoken = judged([_step("filters", "language", {})], text)
    scripts = spoken.drop_nulls("lang").group_by("lang").agg(pl.col("script").mode().sort().first())
    return Looked(sources, found.left_out, taken, _counts(spoken["lang"]), dict(scripts.iter_rows()))


def _step(section: str, name: str, parameters: Mapping[str, Any]) -> Any:
    return make_step(registry.find(section, name, section), dict(parameters), f"{section}.{name}", [Path.cwd()])


def _reader(kind: str, paths: Sequence[str], text: str | None) -> Reader:
    parameters = {"paths": list(paths)} | ({"text": text} if text else {})
    reader: Reader = _step("read", kind, parameters)
    return reader


def _inputs(reader: Reader) -> list[Input]:
    try:
        return reader.inputs([Path.cwd()])
    except PipelineError as error:
        raise PipelineError(f"--input: {str(error).removeprefix('paths: ')}") from error


def _fields(files: Sequence[str], kind: str) -> list[Field]:
    """Fields of the first files, each as the file has it in which it is longest."""
    fields: dict[str, Field] = {}
    for file in [one for one in files if os.path.getsize(one)][:FIELD_FILES]:
        for field in text_fields(file, kind):
            if field.name not in fields or fields[field.name].chars < field.chars:
                fields[field.name] = field
    return list(fields.values())


def _field(fields: Sequence[Field], wanted: str | None, choose: Choose | None, paths: Sequence[str]) -> str:
    if wanted is None:
        return choose(fields) if choose and len(fields) > 1 else fields[0].name
    names = [field.name for field in fields]
    if wanted not in names:
        raise PipelineError(
            f"--text-field {wanted}: the first rows of {paths[0]} have no such text{registry.nearest(wanted, names)}"
        )
    return wanted


def _counts(labels: pl.Series) -> dict[str, int]:
    counted = labels.fill_null("none").value_counts(sort=True, name="n")
    rows = sorted(counted.iter_rows(), key=lambda row: (-row[1], row[0]))
    return dict(rows)
