"""Make an index out of runs and other indexes, or let one grow.

Files are written whole and never twice, index.json the last; only then goes what it no longer names. A killed
`curate index` leaves the index as it was, and the same command goes on. One row group of text is held at a time.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from curate import disk
from curate.contracts import TEXT
from curate.errors import CurateError
from curate.held import lent, opened
from curate.index import FORMAT, RECORD, HeldPart, Holding, KeySet, entry, placed
from curate.layout import locked
from curate.progress import Progress, Silent

TEXT_BYTES = "text_bytes"
ZSTD_LEVEL = 3
"""22 % less disk than level 1, for 1.5 times its processor time; level 9 takes another 10 % off in three times as long
(134 MB of Chinese web text)."""
_OWN = {RECORD, "documents", "keys", "run.lock"}
"""What lies in the folder of an index."""
_PART_FILE = re.compile(r"[0-9a-f]{12}-\d{5}-[0-9a-f]{12}\.(parquet|arrow)")


class Taken(NamedTuple):
    """What an index took from a run, or from another index."""

    place: str
    parts: list[str]
    """Names of the parts that are new to it."""
    documents: int
    """Documents in them."""
    replaced: int
    """Parts of the same run, with earlier verdicts, whose place they took."""
    there: int
    """Parts that it had already, with these verdicts or later ones."""


class Indexed(NamedTuple):
    """An index, and what it took."""

    folder: Path
    taken: list[Taken]
    parts: int
    documents: int
    size: int
    """Bytes on disk."""


def index_runs(sources: Sequence[str | Path], out: str | Path, progress: Progress | None = None) -> Indexed:
    """Add what runs kept, or other indexes hold, to the index `out`; make it if it is not there.

    Of two states of one part of a run, the one that was judged later is held. Raises: CurateError, before anything is
    written, for a source that is not finished, or is neither.
    """
    folder = Path(out).absolute()
    found = [_comparable(place) for place in sources]
    _check_folder(folder)
    with locked(folder, "index"):
        disk.remove_temporaries(folder)
        before = opened(folder) if (folder / RECORD).exists() else Holding({}, [])
        held = {part.name: part for part in before.parts}
        taken = [_take(str(place), holding.parts, held) for place, holding in zip(sources, found, strict=True)]
        key_sets = {name: one for holding in (before, *found) for name, one in holding.key_sets.items()}
        entries = [entry(part, rows) for part, rows in _stored(folder, held, key_sets, progress or Silent())]
        used = {name: key_sets[name]._asdict() for name in sorted({name for one in entries for name in one["keys"]})}
        disk.write_json(folder / RECORD, {"format": FORMAT, "key_sets": used, "parts": entries})
        _remove_unnamed(folder, [placed(folder, one) for one in entries])
    rows = {one["name"]: one["rows"] for one in entries}
    taken = [one._replace(documents=sum(rows.get(name, 0) for name in one.parts)) for one in taken]
    return Indexed(folder, taken, len(rows), sum(rows.values()), disk.size(folder))


def _comparable(place: str | Path) -> Holding:
    holding = opened(place)
    if not holding.key_sets:
        raise CurateError(
            f"{place}: nothing here compares documents; add exact_duplicates or near_duplicates to the pipeline and "
            "run it again"
        )
    return holding


def _check_folder(folder: Path) -> None:
    """Raises: CurateError where an index would lie among other things."""
    other = sorted(path.name for path in folder.iterdir() if path.name not in _OWN) if folder.is_dir() else []
    if other:
        raise CurateError(f"{folder}: no index, for {other[0]} lies here; give a folder of its own: --out")


def _take(place: str, parts: Iterable[HeldPart], held: dict[str, HeldPart]) -> Taken:
    """Put the parts of a source among those that are held; their documents are counted later."""
    of_origin = {part.origin: part for part in held.values()}
    new, replaced, there = [], 0, 0
    for part in parts:
        other = of_origin.get(part.origin)
        if part.name in held or (other and _finished(other) >= _finished(part)):
            there += 1
            continue
        if other:
            del held[other.name]
            replaced += 1
        held[part.name] = part
        new.append(part.name)
    return Taken(place, new, 0, replaced, there)


def _finished(part: HeldPart) -> datetime:
    return datetime.fromisoformat(part.finished)


def _stored(
    folder: Path, held: Mapping[str, HeldPart], key_sets: Mapping[str, KeySet], progress: Progress
) -> Iterator[tuple[HeldPart, int]]:
    """Write the files of all parts, by name, that are not there; yields each with its number of documents."""
    missing = {name for name, part in held.items() if not _is_there(folder, part)}
    progress.start("index", len(missing), len(held) - len(missing))
    done = 0
    for name in sorted(held):
        part = held[name]
        if name in missing:
            _store(folder, part, texts=any(key_sets[one].texts for one in part.keys))
            done += 1
            progress.advance(done, disk.size(_place(folder, part).documents))
        yield part, int(pq.read_metadata(_place(folder, part).documents).num_rows)
    progress.finish()


def _place(folder: Path, part: HeldPart) -> HeldPart:
    """Where a part of a source lies in the index."""
    return placed(folder, entry(part, 0))


def _is_there(folder: Path, part: HeldPart) -> bool:
    place = _place(folder, part)
    return all(file.exists() for file in (place.documents, *place.keys.values()))


def _store(folder: Path, part: HeldPart, texts: bool) -> None:
    place = _place(folder, part)
    files = {place.documents: part.documents} | {file: part.keys[name] for name, file in place.keys.items()}
    missing = {file: source for file, source in files.items() if not file.exists()}
    documents = None if part.verdicts is None else lent(part.verdicts)
    for file, source in missing.items():
        if documents is None:
            with disk.whole_file(file) as temporary:
                shutil.copyfile(source, temporary)
        elif file == place.documents:
            _write_documents(part, documents, texts, file)
        else:
            _write_keys(source, documents["lent"], file)


def _write_keys(source: Path, chosen: pl.Series, file: Path) -> None:
    with pa.memory_map(str(source)) as opened_source:
        columns = pa.ipc.open_file(opened_source).schema.names
    disk.write_columns(disk.read_columns(source, columns).filter(chosen), file)


def _write_documents(part: HeldPart, documents: pl.DataFrame, texts: bool, file: Path) -> None:
    """Write the documents that a run's part lends, under the ids of what stands for them, a row group at a time."""
    sizes = disk.read_frame(part.sizes, [TEXT_BYTES])[TEXT_BYTES].cast(pl.Int64)
    told = documents.with_columns(sizes).to_arrow(compat_level=pl.CompatLevel.oldest())
    columns = [TEXT] if texts else []
    schema = pa.schema([*told.drop_columns(["lent"]).schema, *((name, pa.large_string()) for name in columns)])
    start = 0
    with (
        pq.ParquetFile(part.documents) as source,
        disk.whole_file(file) as temporary,
        pq.ParquetWriter(temporary, schema, compression="zstd", compression_level=ZSTD_LEVEL) as writer,
    ):
        for number in range(source.num_row_groups):
            stop = start + source.metadata.row_group(number).num_rows
            table = told.slice(start, stop - start)
            for name in columns:
                table = table.append_column(name, source.read_row_group(number, [name]).column(name))
            table = table.filter(table.column("lent"))
            if table.num_rows:
                writer.write_table(table.select(schema.names).cast(schema), row_group_size=table.num_rows)
            start = stop


def _remove_unnamed(folder: Path, parts: Iterable[HeldPart]) -> None:
    """Remove the files of parts that went."""
    named = {file for part in parts for file in (part.documents, *part.keys.values())}
    for file in [*folder.glob("documents/*"), *folder.glob("keys/*/*")]:
        if _PART_FILE.fullmatch(file.name) and file not in named:
            file.unlink()
    for key_set in folder.glob("keys/*"):
        with suppress(OSError):  # it is not empty
            key_set.rmdir()
