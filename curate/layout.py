"""Where things lie in a run folder, and who may write into it.

    run.json                         pipeline, versions, seed, counts, outputs, times, memory
    inputs.json                      input files and their parts
    documents-<fp>/<part>.parquet    cleaned documents
    signals/<filter>-<fp>/…          signals, row-aligned with the documents
    keys/<filter>-<fp>/<part>.arrow  keys of a corpus filter, row-aligned too
    passages/<filter>-<fp>/…         lines, sentences: what a filter may cut that looks for them in other documents
    cuts/<filter>-<fp>/…             passages that a filter found and the shards may leave out
    groups/<filter>-<fp>/…           groups of a corpus filter, and what they are made of while they are not there;
                                     repeated passages of each part
    verdicts-<fp>/<part>.parquet     id, kept, one Boolean per rule, duplicate_of, what is known of clusters
    rejected/<part>.jsonl            rows that could not be read
    shards/<target>/                 data files, manifest.json, documents.parquet, USE.md

Resume means: the file exists. There is no other record of what is done.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from curate.contracts import Line, Part, Piece, Staging
from curate.errors import CurateError
from curate.pipeline import Pipeline
from curate.plan import Plan, part_order

CLEAN = "documents"
"""Name, under `signals/`, of what is measured while documents are cleaned (`text_bytes`, the cleaners' signals)."""
TEXT_CHARS = "text_chars"
"""A column there that is no signal: characters of the cleaned text, from which `chars_left` is made."""


@contextmanager
def locked(folder: Path, command: str = "run") -> Iterator[None]:
    """Make a folder and keep other processes from writing into it. Raises: CurateError when one of `command` does."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "run.lock").open("w")
    except OSError as error:
        raise CurateError(f"{folder}: cannot be written to ({error.strerror}); give another folder: --out") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CurateError(
                f"{folder}: another `curate {command}` is working here; wait for it or stop it"
            ) from error
        yield


class Layout:
    """The paths of a run: folders are named by the fingerprints of its plan."""

    def __init__(self, folder: str | Path, plan: Plan) -> None:
        self.folder = Path(folder)
        self.plan = plan

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline that made the run."""
        return self.plan.pipeline

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts, in order."""
        return self.plan.parts

    def part(self, name: str) -> Part:
        """The part of this name."""
        return next(part for part in self.parts if part.name == name)

    def documents_file(self, part: Part) -> Path:
        return self.folder / f"documents-{self.plan.documents}" / f"{part.name}.parquet"

    def clean_file(self, part: Part) -> Path:
        return self.folder / "signals" / f"{CLEAN}-{self.plan.documents}" / f"{part.name}.parquet"

    def signals_file(self, line: Line[Any], part: Part) -> Path:
        return self.folder / "signals" / f"{line.label}-{self.plan.filters[line.label]}" / f"{part.name}.parquet"

    def keys_file(self, line: Line[Any], part: Part) -> Path:
        return self.folder / "keys" / f"{line.label}-{self.plan.filters[line.label]}" / f"{part.name}.arrow"

    def segments_file(self, line: Line[Any], part: Part) -> Path:
        return self.folder / "passages" / f"{line.label}-{self.plan.filters[line.label]}" / f"{part.name}.parquet"

    def shared_file(self, line: Line[Any], part: Part) -> Path:
        return self.groups_folder(line) / f"{part.name}.signals.parquet"

    def marks_file(self, line: Line[Any], part: Part) -> Path:
        return self.groups_folder(line) / f"{part.name}.marks.parquet"

    def cuts_file(self, line: Line[Any], part: Part) -> Path:
        return self.folder / "cuts" / f"{line.label}-{self.plan.cuts_of[line.label]}" / f"{part.name}.parquet"

    def groups_folder(self, line: Line[Any]) -> Path:
        return self.folder / "groups" / f"{line.label}-{self.plan.groups[line.label]}"

    def groups_file(self, line: Line[Any]) -> Path:
        return self.groups_folder(line) / "groups.parquet"

    def verdicts_file(self, part: Part) -> Path:
        return self.folder / f"verdicts-{self.plan.verdicts}" / f"{part.name}.parquet"

    def rejected_file(self, part: Part) -> Path:
        return self.folder / "rejected" / f"{part.name}.jsonl"

    def shards_folder(self, line: Line[Any]) -> Path:
        return self.folder / "shards" / line.label

    def staging(self, line: Line[Any]) -> Staging:
        folder = self.folder / "staging" / f"{line.label}-{self.plan.writers[line.label]}"
        return Staging(folder, tuple(part.name for part in self.parts), self.pipeline.seed, line.label)


def dump_parts(parts: tuple[Part, ...]) -> list[dict[str, Any]]:
    """Parts as JSON values."""
    return [
        {"name": part.name, "reader": part.reader, "pieces": [piece._asdict() for piece in part.pieces]}
        for part in parts
    ]


def load_parts(inputs: Mapping[str, Any] | None) -> tuple[Part, ...]:
    """Parts out of `inputs.json`, in order."""
    records = (inputs or {}).get("parts", [])
    parts = [Part(one["name"], one["reader"], tuple(Piece(**piece) for piece in one["pieces"])) for one in records]
    return tuple(sorted(parts, key=part_order))


def default_folder(pipeline: Pipeline, limit: int | None) -> Path:
    """`runs/<name>`; a limited run lies beside the whole one."""
    return Path("runs") / (pipeline.name if limit is None else f"{pipeline.name}-first-{limit}")
