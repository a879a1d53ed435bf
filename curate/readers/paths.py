"""Patterns to input files: what every reader of files has in common.

Relative patterns are looked up in one folder after the other; the first in which anything matches counts. Listings are
sorted. What a reader cannot read (a folder, an archive of another kind) is said here, before anything is read.
"""

from __future__ import annotations

import difflib
import glob
import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from curate.contracts import Input, Reader
from curate.errors import PipelineError
from curate.readers.streams import compression

PACKED_RATIO = 4
"""Bytes of Chinese web text in a byte of gzip or zstd, about."""

_FOREIGN = {
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ\0": "an xz archive",
    b"PK\x03\x04": "a zip archive",
    b"\x04\x22\x4d\x18": "an lz4 archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"PAR1": "a Parquet file",
}


class Files(Reader):
    """What readers of files share."""

    foreign: ClassVar[dict[bytes, str]] = _FOREIGN
    """First bytes of files that this reader refuses, and what they are."""

    paths: list[str] = Field(min_length=1)
    """Patterns (`*`, `?`, `[…]`, `**`), looked up in the working directory, then in the pipeline's folder."""

    def inputs(self, folders: Sequence[Path]) -> list[Input]:
        found: dict[str, Input] = {}
        for pattern in self.paths:
            matches = _matches(os.path.expanduser(pattern), folders)
            if not matches:
                raise PipelineError(
                    f"paths: no file matches {pattern!r}{_hint(pattern, folders)} (looked in {_listed(folders)})"
                )
            found = {**{source.file: source for source in matches}, **found}
        for source in found.values():
            self.check_file(source)
        return sorted(found.values(), key=lambda source: source.path)

    def text_bytes(self, source: Input) -> int:
        return source.size if compression(source.file) is None else PACKED_RATIO * source.size

    def check_file(self, source: Input) -> None:
        """Find out by the first bytes that a file cannot be read. Raises: PipelineError."""
        with open(source.file, "rb") as stream:
            head = stream.read(8)
        for magic, kind in self.foreign.items():
            if head.startswith(magic):
                advice = "use the parquet reader" if magic == b"PAR1" else "unpack it, or pack it with gzip or zstd"
                raise PipelineError(f"paths: {source.path} is {kind}; {advice}")


def _matches(pattern: str, folders: Sequence[Path]) -> list[Input]:
    for folder in folders:
        # A name that happens to hold `[` or `*` is a name first.
        names = [pattern] if (folder / pattern).is_file() else glob.glob(pattern, root_dir=folder, recursive=True)
        files = [(name, folder / name) for name in sorted(names) if (folder / name).is_file()]
        if files:
            return [_input(Path(name).as_posix(), file) for name, file in files]
    return []


def _input(path: str, file: Path) -> Input:
    if not path.isprintable():
        raise PipelineError(f"paths: {path!a} is a name that is not text; rename the file")
    if not os.access(file, os.R_OK):
        raise PipelineError(f"paths: {path} cannot be read: permission denied")
    status = file.stat()
    return Input(os.path.abspath(file), path, status.st_size, status.st_mtime_ns)


def _hint(pattern: str, folders: Sequence[Path]) -> str:
    if any(mark in pattern for mark in "*?["):
        return ""
    places = [folder / pattern for folder in folders]
    if any(place.is_dir() for place in places):
        return f"; for all files of a folder write {pattern.rstrip('/')}/*"
    beside = [path.name for place in places if place.parent.is_dir() for path in place.parent.iterdir()]
    close = difflib.get_close_matches(places[0].name, beside, n=1)
    return f"; did you mean {str(Path(pattern).with_name(close[0]))!r}?" if close else ""


def _listed(folders: Sequence[Path]) -> str:
    return " and ".join(dict.fromkeys(str(folder) for folder in folders))
