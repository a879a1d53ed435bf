"""From what a user calls his data (a file, a folder, a pattern) to the readers of a pipeline.

Kinds are told by the first bytes of a file; in a folder by names, of which the first file is opened.
"""

from __future__ import annotations

import difflib
import glob
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import orjson

from curate.errors import PipelineError
from curate.readers.paths import Files
from curate.readers.streams import BrokenArchive, chunks

HEAD_BYTES = 65_536
"""Text of a file that is looked at."""
KINDS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".parquet": "parquet", ".txt": "text", ".md": "text"}
"""What files of a folder are read as, by the ends of their names, packed or not."""
_PACKED = (".gz", ".zst")


class Found(NamedTuple):
    """What is to be read."""

    patterns: dict[str, list[str]]
    """Name of a reader (`jsonl`, `parquet`, `text`) to its paths and patterns."""
    left_out: list[str]
    """Files of folders that are read as nothing."""


def find(given: Sequence[str]) -> Found:
    """Look for files. Raises: PipelineError in one line for what is not there, or cannot be read."""
    patterns: dict[str, list[str]] = {}
    left_out: list[str] = []
    for one in given:
        name = os.path.expanduser(one)
        if os.path.isdir(name):
            found = _in_folder(name)
            left_out += found.left_out
        else:
            found = Found(_by_kind(name), [])
        for kind, paths in found.patterns.items():
            patterns[kind] = list(dict.fromkeys([*patterns.get(kind, []), *paths]))
    return Found(patterns, left_out)


def listed(patterns: Sequence[str]) -> list[str]:
    """The files that paths and patterns name, sorted."""
    files = {
        file
        for pattern in patterns
        for file in ([pattern] if os.path.isfile(pattern) else glob.glob(pattern, recursive=True))
    }
    return sorted(file for file in files if os.path.isfile(file))


def _by_kind(name: str) -> dict[str, list[str]]:
    """A file, or a pattern; files of several kinds under one pattern are named one by one."""
    if os.path.isfile(name):
        return {kind_of(name): [name]}
    files = [file for file in sorted(glob.glob(name, recursive=True)) if os.path.isfile(file)]
    if not files:
        raise PipelineError(f"--input {name}: no such file or folder{_nearest_file(name)}")
    kinds = {file: kind_of(file) for file in files}
    if len(set(kinds.values())) == 1:
        return {kinds[files[0]]: [name]}
    return {kind: [file for file in files if kinds[file] == kind] for kind in dict.fromkeys(kinds.values())}


def _nearest_file(name: str) -> str:
    folder = Path(name).parent
    beside = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    close = difflib.get_close_matches(Path(name).name, beside, n=1)
    return f"; did you mean {str(folder / close[0])!r}?" if close else f" (looked in {folder.absolute()})"


def _in_folder(folder: str) -> Found:
    """Patterns for what a folder and the folders in it hold; beside data sets, plain text is left out as notes."""
    # `glob` leaves out what is hidden, as the pattern in the pipeline will
    files = [
        file
        for file in sorted(glob.glob(os.path.join(glob.escape(folder), "**"), recursive=True))
        if os.path.isfile(file)
    ]
    ends = {file: end for file in files if (end := _end(file)) and os.path.getsize(file)}
    kinds = {KINDS[_unpacked(end)] for end in ends.values()}
    if kinds - {"text"}:
        ends = {file: end for file, end in ends.items() if KINDS[_unpacked(end)] != "text"}
    if not ends:
        there = f"{len(files)} files, of other kinds" if files else "nothing"
        raise PipelineError(f"--input {folder}: {there} in it; looked for {', '.join(KINDS)}, also packed (.gz, .zst)")
    patterns: dict[str, list[str]] = {}
    for end in dict.fromkeys(ends.values()):
        own = [file for file, its in ends.items() if its == end]
        direct = all(os.path.dirname(file) == os.path.normpath(folder) for file in map(os.path.normpath, own))
        pattern = os.path.join(glob.escape(folder), f"*{end}" if direct else f"**/*{end}")
        patterns.setdefault(kind_of(own[0]), []).append(pattern)
    return Found(patterns, [file for file in files if file not in ends])


def _end(file: str) -> str:
    """`.jsonl`, `.jsonl.gz`; empty for a name of another kind."""
    name = Path(file).name.lower()
    ends = (known + packed for known in KINDS for packed in ("", *_PACKED))
    found = next((end for end in ends if name.endswith(end)), "")
    return Path(file).name[-len(found) :] if found else ""


def _unpacked(end: str) -> str:
    return end.lower().removesuffix(".gz").removesuffix(".zst")


def kind_of(file: str) -> str:
    """`jsonl`, `parquet` or `text`, by the first bytes. Raises: PipelineError for anything else."""
    try:
        with open(file, "rb") as stream:
            head = stream.read(8)
        if head.startswith(b"PAR1"):
            return "parquet"
        for magic, kind in Files.foreign.items():
            if head.startswith(magic):
                raise PipelineError(f"--input {file} is {kind}; unpack it, or pack it with gzip or zstd")
        text = next(iter(chunks(file)), b"")[:HEAD_BYTES]
    except BrokenArchive as error:
        raise PipelineError(f"--input {file}: {error}; nothing in it can be read") from error
    except OSError as error:
        raise PipelineError(f"--input {file}: cannot be read: {error.strerror}") from error
    return _kind_of_text(file, text.removeprefix(b"\xef\xbb\xbf").lstrip())


def _kind_of_text(file: str, text: bytes) -> str:
    if not text:
        raise PipelineError(f"--input {file} is empty")
    if (fault := _not_text(text)) is not None:
        raise PipelineError(f"--input {file} {fault}")
    end = _unpacked(_end(file))
    first = text.partition(b"\n")[0]
    if end in (".jsonl", ".ndjson") or _is_object(first, whole=b"\n" in text or len(text) < HEAD_BYTES):
        return "jsonl"
    if end == ".json":
        advice = "write each document as one line: jq -c '.[]' in.json > out.jsonl"
        raise PipelineError(f"--input {file} is one JSON value, not a row a line; {advice}")
    return "text"


def _is_object(line: bytes, whole: bool) -> bool:
    if not whole:
        return line.startswith(b'{"')
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def _not_text(data: bytes) -> str | None:
    """Why bytes are no text in UTF-8; the last character may be cut off."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(data) - 4:
            return _other_coding(data)
    return "is binary: it holds NUL bytes" if b"\0" in data else None


def _other_coding(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "is UTF-16; iconv -f UTF-16 -t UTF-8 makes it UTF-8"
    try:
        text = data[: len(data) * 9 // 10].decode("gb18030", errors="strict") if b"\0" not in data else ""
    except UnicodeDecodeError as error:
        text = "" if error.start < len(data) // 2 else "?"
    return "is not UTF-8, perhaps GBK; iconv -f GB18030 -t UTF-8 makes it UTF-8" if text else "is binary, not text"
