"""What a run, or an index made of runs, holds for later runs to be compared with (`against`).

An index is a folder that can be kept when the runs themselves are gone:

    index.json                   its parts, the runs that they come from, and which keys they have
    documents/<part>.parquet     id, kept, text_bytes, and the text where a filter may compare texts; of a copy that was
                                 dropped (kept is false) the id of what stands for it
    keys/<key set>/<part>.arrow  keys of a corpus filter, a row for each of these documents

`against` means the same by an index as by the runs that it was made of. A part is called
`<part of the run>-<fingerprint of its verdicts>`: no other part bears that name, and the same name means the same
documents. `curate.indexing` makes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from curate import disk
from curate.contracts import ID, TEXT, CorpusFilter
from curate.errors import CurateError
from curate.plan import digest, identity

FORMAT = 1
"""Raised when the files of an index change."""
RECORD = "index.json"


class KeySet(NamedTuple):
    """What keys were made by."""

    filter: str
    """Class of the filter, `module:Class`."""
    parameters: dict[str, Any]
    texts: bool
    """Whether the filter may compare texts, too."""


class HeldPart(NamedTuple):
    """A part of which a run, or an index, holds documents and keys."""

    name: str
    """`<part of the run>-<fingerprint of its verdicts>`: the same name, the same documents."""
    run: str
    """Folder of the run that kept them."""
    finished: str
    """When that run was, ISO 8601."""
    rows: int
    clean: str
    """Fingerprint of the cleaners that its text went through."""
    documents: Path
    sizes: Path
    """A Parquet file with `text_bytes`."""
    verdicts: Path | None
    """Where a run says what became of its rows; None: all are compared with."""
    keys: dict[str, Path]
    """Name of each key set to its file."""

    @property
    def origin(self) -> tuple[str, str]:
        """The run and its part, whatever the verdicts were."""
        return self.run, self.name.rpartition("-")[0]


class Holding(NamedTuple):
    """What a run or an index holds for others to be compared with."""

    key_sets: dict[str, KeySet]
    parts: list[HeldPart]

    @property
    def digest(self) -> str:
        """Changes when the documents do, or the runs they are said to come from."""
        return digest(sorted((part.name, part.run) for part in self.parts))


def key_set_name(step: CorpusFilter) -> str:
    """12 hex digits of all that decides a filter's keys."""
    return digest(identity(step))


def key_set(step: CorpusFilter) -> KeySet:
    """What a filter's keys are made by."""
    kind = type(step)
    texts = kind.similarities is not CorpusFilter.similarities
    return KeySet(f"{kind.__module__}:{kind.__qualname__}", step.measured_parameters(), texts)


def read(folder: Path) -> Holding:
    """What an index holds. Raises: CurateError when another version made it, or it is damaged."""
    record = disk.read_json(folder / RECORD)
    if isinstance(record, dict) and record.get("format") != FORMAT:
        raise CurateError(f"{folder}: another version of curate made this index; make it again with `curate index`")
    try:
        key_sets = {name: KeySet(**one) for name, one in record["key_sets"].items()}
        parts = [placed(folder, entry) for entry in record["parts"]]
    except (AttributeError, KeyError, TypeError) as error:
        raise CurateError(f"{folder}: {RECORD} is damaged; make the index again with `curate index`") from error
    return Holding(key_sets, parts)


def entry(part: HeldPart, rows: int) -> dict[str, Any]:
    """What `index.json` says of a part of which an index takes so many rows."""
    return {
        "name": part.name,
        "run": part.run,
        "finished": part.finished,
        "rows": rows,
        "clean": part.clean,
        "keys": sorted(part.keys),
    }


def placed(folder: Path, entry: dict[str, Any]) -> HeldPart:
    """A part as it lies in the index `folder`."""
    name, documents = entry["name"], folder / "documents" / f"{entry['name']}.parquet"
    keys = {one: folder / "keys" / one / f"{name}.arrow" for one in entry["keys"]}
    return HeldPart(
        name, entry["run"], entry["finished"], entry["rows"], entry["clean"], documents, documents, None, keys
    )


def text_of(folder: Path, run: str, id: str) -> str | None:
    """The text of a document that an index took from a run; None where it is not there, or no index is."""
    parts = read(folder).parts if (folder / RECORD).exists() else []
    for part in parts:
        table = pl.scan_parquet(part.documents)
        if part.run == run and TEXT in table.collect_schema():
            found = table.filter(pl.col("kept"), pl.col(ID) == id).select(TEXT).collect()
            if found.height:
                return str(found[TEXT][0])
    return None
