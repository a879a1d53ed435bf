"""Documents and tokens of a finished shard of any format, as lines for a terminal.

A document is an entry of documents.parquet; where that file is missing, what lies between two BOS or EOS (flat, arrow),
a sequence (megatron) or a row (jsonl). Special ids are shown by name, apart from text that only spells the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from curate.contracts import Utf8
from curate.errors import CurateError
from curate.shards import Shards, open_shards
from curate.show.clusters import TEXT_CHARS
from curate.show.tokens import Tokens
from curate.shown import Piece, fold, folded, shortened, wrapped
from curate.writers.formats import find_format

MOST_TOKENS = 120
"""Tokens shown one by one of a document that is one of several."""


class Found(NamedTuple):
    """A document of a shard."""

    number: int
    """In its shard, from 0."""
    id: str | None
    tokens: int | None
    place: str
    """Where in the file it stands."""
    ids: np.ndarray | None
    """As the file has them; None where it holds text."""
    text: str | None
    notes: str = ""


def shard_lines(
    path: Path, *, id: str | None, first: int, most: int, each_token: bool, in_colour: bool
) -> Iterator[str]:
    """Documents `first` to `first + most` of each shard (a file, or all of a folder), or those of an `id`, whole.

    Raises: CurateError for what is no shard, or a damaged one.
    """
    folder, only = _folder(path)
    shards = open_shards(folder)
    manifest = shards.manifest
    _check_format(folder, manifest)
    tokens = Tokens.of(folder, manifest, in_colour) if "tokens" in manifest else None
    yield from _heading(folder, manifest, tokens, each_token)
    shown, asked = 0, first
    for place, entry in enumerate(manifest["shards"]):
        name = entry["files"][0]["name"]
        if only is not None and only not in [file["name"] for file in entry["files"]]:
            continue
        _check_size(folder, entry)
        documents = _opened(shards, place, name)
        for one in _asked(documents, id, first, most - shown):
            shown += 1
            yield "\n".join(_lines(one, name, tokens, whole=id is not None, each_token=each_token)) + "\n"
        first = max(first - len(documents), 0)
        if shown >= most:
            break
    if id is None and not shown:
        yield f"no document {asked:,} here: --from begins at 0"
    if id is not None and not shown:
        raise CurateError(f"{path}: no document has the id {id!r} here; `curate show {path}` prints some with theirs")


def _folder(path: Path) -> tuple[Path, str | None]:
    """The folder that has the manifest, and the name of the one file that is asked for."""
    if path.is_dir():
        inside = sorted(one.parent for one in path.glob("*/manifest.json"))
        if (path / "manifest.json").exists():
            return path, None
        if len(inside) == 1:
            return inside[0], None
        if inside:
            raise CurateError(f"{path}: several shards here; name one: {', '.join(map(str, inside))}")
        for folder in path.resolve().parents[:2]:
            if (folder / "manifest.json").exists():
                return folder, None
        raise CurateError(f"{path}: no run here (run.json is missing), and no shards (manifest.json is missing)")
    if not path.exists():
        raise CurateError(f"{path}: no such file or folder; give a run, a folder under shards/, or a file in one")
    for folder in path.parents[:2]:
        if (folder / "manifest.json").exists():
            name = path.relative_to(folder).as_posix()
            listed = [file["name"] for entry in open_shards(folder).manifest["shards"] for file in entry["files"]]
            if name not in listed:
                raise CurateError(f"{path}: is no shard (not in {folder / 'manifest.json'}); one is {listed[:1]}")
            return folder, name
    raise CurateError(f"{path}: no manifest.json beside it, which says what its bytes mean; give a shard of a run")


def _check_format(folder: Path, manifest: Mapping[str, Any]) -> None:
    try:
        if "tokens" in manifest:
            find_format(manifest["format"])
    except ModuleNotFoundError as error:
        raise CurateError(f"{folder}: this version knows no format {manifest['format']!r}") from error


def _check_size(folder: Path, entry: Mapping[str, Any]) -> None:
    for file in entry["files"]:
        try:
            size = (folder / file["name"]).stat().st_size
        except OSError as error:
            raise CurateError(f"{folder / file['name']}: {error.strerror}; `curate verify` tells all of it") from error
        if size != file["bytes"]:
            raise CurateError(
                f"{folder / file['name']}: has {size:,} bytes, not {file['bytes']:,}: it was cut off or changed; "
                "remove the folder and run again"
            )


def _opened(shards: Shards, place: int, name: str) -> _Documents:
    """The documents of a shard. Raises: CurateError for damaged bytes."""
    try:
        shard = shards[place]
        known = _known(shards, name)
        form = shards.manifest["format"]
        if "tokens" not in shards.manifest:
            return _Rows(shard)
        if form == "jsonl":
            return _Texts(shard, known, shards.manifest)
        if form == "megatron":
            return _Sequences(shard, known)
        return _Stretches(np.asarray(shard), known, shards.manifest)
    except CurateError:
        raise
    # Whatever a library raises on damaged bytes, it means that they are damaged.
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise CurateError(
            f"{shards.folder / name}: cannot be read ({type(error).__name__}: {reason}); `curate verify` tells more"
        ) from error


def _known(shards: Shards, name: str) -> pl.DataFrame | None:
    if not (shards.folder / "documents.parquet").exists():
        return None
    return shards.documents().filter(pl.col("shard") == name) if "tokens" in shards.manifest else None


def _asked(documents: _Documents, id: str | None, first: int, most: int) -> Iterator[Found]:
    if id is None:
        yield from (documents[place] for place in range(first, min(first + most, len(documents))))
        return
    yield from (documents[place] for place, one in enumerate(documents.ids) if one == id)


# What is in a shard, by format.


class _Documents:
    """The documents of one shard."""

    ids: Sequence[str | None] = ()
    """Of the documents, where they are known."""

    def __len__(self) -> int:
        raise NotImplementedError

    def __getitem__(self, number: int) -> Found:
        raise NotImplementedError


class _Stretches(_Documents):
    """Ids that follow each other, in rows (arrow) or not (flat)."""

    def __init__(self, shard: np.ndarray, known: pl.DataFrame | None, manifest: Mapping[str, Any]) -> None:
        self.row = shard.shape[1] if shard.ndim == 2 else None
        self.flat = shard.reshape(-1)
        if known is None:
            self.starts = _borders(self.flat, manifest)
            self.sizes = np.diff([*self.starts, len(self.flat)])
        else:
            self.ids = known["id"].to_list()
            self.starts, self.sizes = known["start"].to_numpy(), known["tokens"].to_numpy()

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, number: int) -> Found:
        start, size = int(self.starts[number]), int(self.sizes[number])
        stop = start + size
        notes = ["begins in the file before"] if start < 0 else []
        notes += ["goes on in the next file"] if stop > len(self.flat) else []
        begin = max(start, 0)
        place = f"token {begin:,}" if self.row is None else f"row {begin // self.row:,}, token {begin % self.row:,}"
        ids = np.asarray(self.flat[begin : min(stop, len(self.flat))])
        return Found(number, self.ids[number] if self.ids else None, size, place, ids, None, ", ".join(notes))


def _borders(ids: np.ndarray, manifest: Mapping[str, Any]) -> np.ndarray:
    """Where documents begin, as far as the ids tell."""
    bos, eos = manifest["bos"], manifest["eos"]
    if bos["written"]:
        found = np.flatnonzero(ids == bos["id"])
    elif eos["written"]:
        found = np.flatnonzero(ids[:-1] == eos["id"]) + 1
    else:
        found = np.zeros(0, np.int64)
    return np.union1d([0], found) if len(ids) else found


class _Sequences(_Documents):
    """Sequences of Megatron-LM's index."""

    def __init__(self, shard: Any, known: pl.DataFrame | None) -> None:
        self.shard = shard
        self.ids = known["id"].to_list() if known is not None else []

    def __len__(self) -> int:
        return len(self.shard)

    def __getitem__(self, number: int) -> Found:
        ids = np.asarray(self.shard[number])
        return Found(number, self.ids[number] if self.ids else None, len(ids), f"sequence {number:,}", ids, None)


class _Texts(_Documents):
    """Rows of text that a trainer tokenizes itself; the rows of a document together, unless rows are joined."""

    def __init__(self, texts: list[str], known: pl.DataFrame | None, manifest: Mapping[str, Any]) -> None:
        self.texts = texts
        self.starts = np.arange(len(texts))
        self.sizes: Sequence[int | None] = [None] * len(texts)
        if known is not None and not manifest["join_documents"]:
            self.ids, self.starts = known["id"].to_list(), known["start"].to_numpy()
            self.sizes = known["tokens"].to_list()
        self.stops = [*self.starts[1:].tolist(), len(texts)]

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, number: int) -> Found:
        start, stop = int(self.starts[number]), self.stops[number]
        rows = "row" if stop - start == 1 else f"{stop - start:,} rows from"
        text = " ⏎ ".join(self.texts[start:stop])
        return Found(
            number, self.ids[number] if self.ids else None, self.sizes[number], f"{rows} {start:,}", None, text
        )


class _Rows(_Documents):
    """A table of documents."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame
        self.ids = frame["id"].to_list() if "id" in frame.columns else []

    def __len__(self) -> int:
        return self.frame.height

    def __getitem__(self, number: int) -> Found:
        row = self.frame.row(number, named=True)
        facts = ", ".join(f"{name} = {shortened(str(v), 60)}" for name, v in row.items() if name not in ("id", "text"))
        return Found(number, row.get("id"), None, f"row {number:,}", None, str(row.get("text") or ""), facts)


# As it is printed.


def _heading(folder: Path, manifest: Mapping[str, Any], tokens: Tokens | None, each_token: bool) -> Iterator[str]:
    told = [f"{manifest['documents']:,} documents"]
    told += [f"{manifest['tokens']:,} tokens"] if tokens else []
    told.append(f"{len(manifest['shards']):,} shard" + ("" if len(manifest["shards"]) == 1 else "s"))
    yield from wrapped(f"{folder}: {manifest['target']}, {manifest['format']}: {', '.join(told)}")
    if tokens:
        yield from tokens.legend(each_token, ids_in_file=manifest["format"] != "jsonl")
    if tokens and manifest["format"] == "jsonl":
        yield "text rows: the trainer tokenizes them itself; ⏎ is the border of two rows"
    if tokens and not (folder / "documents.parquet").exists():
        yield "documents.parquet is missing: no ids of documents"
    yield ""


def _lines(one: Found, name: str, tokens: Tokens | None, *, whole: bool, each_token: bool) -> list[str]:
    facts = [f"{one.tokens:,} tokens"] if one.tokens is not None else []
    facts += [one.place, *([one.notes] if one.notes else [])]
    lines = wrapped(f"── {name} #{one.number}  {one.id or ''}") + folded(", ".join(facts), "   ")
    ids = one.ids
    if tokens is None or (ids is None and not each_token):
        return lines + folded(one.text or "" if whole else shortened(one.text or "", TEXT_CHARS))
    if ids is None:
        ids = tokens.encoded(Utf8.of(pl.Series([one.text or ""])))
    most = len(ids) if whole else MOST_TOKENS if each_token else TEXT_CHARS
    pieces = tokens.one_by_one(ids[:most]) if each_token else tokens.text(ids[:most])
    return lines + fold([*pieces, *([Piece(f" … {len(ids) - most:,} more")] if len(ids) > most else [])])
