"""Shards for whoever trains or checks: `open_shards` gives arrays, `verify_shards` reads every byte again.

`verify_shards` trusts nothing but the manifest's hashes, and not those alone: what a file holds is held against what
its format promises (ids inside the vocabulary, BOS and EOS where documents begin and end, rows that the trainer will
not cut).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from curate.errors import CurateError
from curate.writers.documents import open_file
from curate.writers.formats import find_format

_KEYS = ("target", "format", "documents", "files", "shards")
_TOKEN_KEYS = ("dtype", "tokenizer", "bos", "eos", "sequence_length", "row_tokens", "tokens_per_shard", "tokens")


class Shards:
    """The shards of one folder, in order: iterate, or take one by its number.

    What a shard is depends on the format: flat, a memory-mapped array of ids; megatron, a sequence of documents, each
    an array; arrow, `int32[rows, sequence_length]`; jsonl, a list of texts; documents, a data frame.
    """

    def __init__(self, folder: Path, manifest: dict[str, Any], split: str | None = None) -> None:
        self.folder = folder
        self.manifest = manifest
        """What `manifest.json` says."""
        self._entries = [entry for entry in manifest["shards"] if split in (None, entry.get("split"))]

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, number: int) -> Any:
        entry = self._entries[number]
        if "tokens" not in self.manifest:
            return open_file(self.folder / entry["files"][0]["name"])
        return find_format(self.manifest["format"]).open(self.folder, self.manifest, entry)

    def __iter__(self) -> Iterator[Any]:
        return (self[number] for number in range(len(self)))

    def split(self, name: str) -> Shards:
        """The shards of one split, `train` or `validation`."""
        return Shards(self.folder, self.manifest, name)

    def documents(self) -> pl.DataFrame:
        """Where each document starts: `id`, `shard`, `start`, `tokens`."""
        return pl.read_parquet(self.folder / "documents.parquet").with_columns(pl.col("shard").cast(pl.String))


def open_shards(path: str | Path) -> Shards:
    """Open a folder under `shards/`.

    Raises: CurateError when there is no manifest.
    """
    folder = Path(path)
    found = _manifest(folder)
    if isinstance(found, str):
        raise CurateError(f"{folder}: {found}; give a folder under shards/ of a run")
    return Shards(folder, found)


def verify_shards(path: str | Path) -> list[str]:
    """Read every file of a folder under `shards/` again; returns what is wrong, one line each."""
    folder = Path(path)
    manifest = _manifest(folder)
    if isinstance(manifest, str):
        return [manifest]
    problems = list(_file_problems(folder, manifest))
    missing = {line.partition(":")[0] for line in problems if line.endswith(": is missing")}
    try:
        check = _token_problems if "tokens" in manifest else _documents_problems
        problems += check(folder, manifest, missing)
    # Whatever a library raises on damaged bytes, it means that they are damaged.
    except Exception as error:
        problems.append(f"{folder.name}: cannot be checked further ({type(error).__name__}: {_line(error)})")
    return problems


def _manifest(folder: Path) -> dict[str, Any] | str:
    """The manifest, or what is wrong with it."""
    try:
        manifest = orjson.loads((folder / "manifest.json").read_bytes())
    except OSError:
        return "manifest.json: is missing"
    except orjson.JSONDecodeError as error:
        return f"manifest.json: is not JSON ({error})"
    if not isinstance(manifest, dict):
        return "manifest.json: is not an object"
    wanted = _KEYS if manifest.get("target") == "documents" else (*_KEYS, *_TOKEN_KEYS)
    lacking = [key for key in wanted if key not in manifest]
    return f"manifest.json: lacks {', '.join(lacking)}" if lacking else manifest


def _file_problems(folder: Path, manifest: dict[str, Any]) -> Iterator[str]:
    listed = {file["name"]: file for entry in manifest["shards"] for file in entry["files"]}
    listed |= {file["name"]: file for file in manifest["files"]}
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    for name in sorted(present - set(listed) - {"manifest.json"}):
        yield f"{name}: does not belong here (not in manifest.json); a trainer that takes all files would read it"
    for name, file in listed.items():
        if name not in present:
            yield f"{name}: is missing"
        elif (folder / name).stat().st_size != file["bytes"]:
            yield f"{name}: has {(folder / name).stat().st_size:,} bytes, not {file['bytes']:,}"
        elif _sha256(folder / name) != file["sha256"]:
            yield f"{name}: its bytes have changed (sha256)"


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _documents_problems(folder: Path, manifest: dict[str, Any], missing: set[str]) -> list[str]:
    problems = []
    for entry in manifest["shards"]:
        name = entry["files"][0]["name"]
        if name in missing:
            continue
        frame = open_file(folder / name)
        if frame.height != entry["documents"]:
            problems.append(f"{name}: {frame.height:,} documents, not {entry['documents']:,}")
        if frame.columns != entry["columns"]:
            problems.append(f"{name}: columns are {frame.columns}, not {entry['columns']}")
    if manifest["documents"] != sum(entry["documents"] for entry in manifest["shards"]):
        problems.append("manifest.json: documents are not the sum over files")
    return problems


def _token_problems(folder: Path, manifest: dict[str, Any], missing: set[str]) -> list[str]:
    problems = list(_sum_problems(manifest))
    if "documents.parquet" in missing:
        return problems
    documents = Shards(folder, manifest).documents()
    if documents.columns != ["id", "shard", "start", "tokens"]:
        return [*problems, f"documents.parquet: columns are {documents.columns}"]
    names = [entry["files"][0]["name"] for entry in manifest["shards"]]
    for name in sorted(set(documents["shard"]) - set(names)):
        problems.append(f"documents.parquet: names a file that is no shard, {name}")
    form, encode = find_format(manifest["format"]), None
    if manifest["format"] == "jsonl" and names:
        encode = _as_the_trainer(folder, manifest)
        if isinstance(encode, str):
            problems.append(encode)
            encode = None
    for entry, name in zip(manifest["shards"], names, strict=True):
        if missing & {file["name"] for file in entry["files"]}:
            continue
        own = documents.filter(pl.col("shard") == name)
        if own.height != entry["documents"]:
            problems.append(f"documents.parquet: {own.height:,} documents in {name}, not {entry['documents']:,}")
        try:
            problems += form.problems(folder, manifest, entry, own, encode)
        except Exception as error:  # see verify_shards
            problems.append(f"{name}: cannot be read ({type(error).__name__}: {_line(error)})")
    return problems


def _sum_problems(manifest: dict[str, Any]) -> Iterator[str]:
    for key in ("tokens", "documents", "rows", "neutralised"):
        if key in manifest and manifest[key] != sum(entry[key] for entry in manifest["shards"]):
            yield f"manifest.json: {key} are not the sum over shards"
    form, size = find_format(manifest["format"]), manifest["tokens_per_shard"]
    training = [entry for entry in manifest["shards"] if entry["split"] == "train"][:-1]
    if form.by_rows:
        size = max(size - size % manifest["sequence_length"], manifest["sequence_length"])
    for entry in training:
        name = entry["files"][0]["name"]
        if form.exact and entry["tokens"] != size:
            yield f"{name}: {entry['tokens']:,} tokens, not {size:,}"
        # Joined rows are planned by counts of sentences, so they may come out a few tokens above.
        if not form.exact and entry["tokens"] > size and entry["documents"] > 1 and not manifest["join_documents"]:
            yield f"{name}: {entry['tokens']:,} tokens are more than {size:,}"


def _as_the_trainer(folder: Path, manifest: dict[str, Any]) -> Callable[[list[str]], Iterator[tuple[int, bool]]] | str:
    """A function from texts to (tokens, holds a control token) as the trainer's tokenizer sees them; or a problem."""
    from curate.tokenizer import load_tokenizer

    record = manifest["tokenizer"]
    where = str(folder / record["name"]) if record.get("files") else record["name"]
    try:
        tokenizer = load_tokenizer(where)
    except CurateError as error:
        return f"tokenizer: rows were not encoded again ({error})"
    if tokenizer.sha256 != record["sha256"]:
        return f"tokenizer: {where} is not the one that the rows were cut with (sha256)"
    return _sentencepiece(tokenizer.path) if tokenizer.path.suffix == ".model" else _tokenizer_json(tokenizer.path)


def _tokenizer_json(path: Path) -> Callable[[list[str]], Iterator[tuple[int, bool]]]:
    from tokenizers import Tokenizer as Library

    library = Library.from_file(str(path))
    library.no_truncation()
    library.no_padding()
    controls = {
        number
        for number, token in library.get_added_tokens_decoder().items()
        if len(token.content) > 1 and not token.content[0].isspace()
    }

    def encode(texts: list[str]) -> Iterator[tuple[int, bool]]:
        for encoding in library.encode_batch_fast(texts, add_special_tokens=False):
            yield len(encoding.ids), not controls.isdisjoint(encoding.ids)

    return encode


def _sentencepiece(path: Path) -> Callable[[list[str]], Iterator[tuple[int, bool]]]:
    from sentencepiece import SentencePieceProcessor

    model = SentencePieceProcessor(model_file=str(path))
    controls = {number for number in range(model.get_piece_size()) if model.is_control(number)}

    def encode(texts: list[str]) -> Iterator[tuple[int, bool]]:
        for ids in model.encode(texts, out_type=int, num_threads=1):
            yield len(ids), not controls.isdisjoint(ids)

    return encode


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
