"""Files that exist only when they are whole: written under a temporary name, synced, renamed."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import polars as pl

TEMPORARY = ".tmp"
"""Part of every temporary name; whatever carries it can be deleted when no run is going on."""


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to; on leaving, sync it and rename it to `path`. On an error, remove it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}{TEMPORARY}{os.getpid()}")
    try:
        yield temporary
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink()


def swap_in(folder: Path, place: Path) -> None:
    """Sync the files of a folder, and put it in the place of another as a whole."""
    for file in folder.rglob("*"):
        if file.is_file():
            with file.open("rb+") as stream:
                os.fsync(stream.fileno())
    place.parent.mkdir(parents=True, exist_ok=True)
    old = place.with_name(f"{place.name}{TEMPORARY}-old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.replace(old)
    folder.replace(place)
    shutil.rmtree(old, ignore_errors=True)


def remove_temporaries(folder: Path) -> None:
    """Remove what killed processes left half written; only when no process is working in the folder."""
    for path in list(folder.rglob(f"*{TEMPORARY}*")):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder; 0 when there is nothing."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def write_json(path: Path, value: Any) -> None:
    """Write readable JSON, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read JSON; None when the file is not there. Raises: OSError when it is damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:  # JSON, or UTF-8
        raise OSError(f"{path} is damaged ({error}); remove it") from error


def read_frame(file: Path, columns: list[str] | None = None) -> pl.DataFrame:
    """Read a Parquet file, or some of its columns; memory-mapped."""
    import pyarrow.parquet as pq

    # `pq.read_table` would import pyarrow's data sets and with them pandas: 0.3 s.
    with pq.ParquetFile(file, memory_map=True) as opened:
        frame = pl.from_arrow(opened.read(columns))
    assert isinstance(frame, pl.DataFrame)
    return frame if columns is None else frame.select(columns)


def rows(file: Path) -> int:
    """Rows of a Parquet file; remembered by time."""
    return _rows(file, file.stat().st_mtime_ns)


@cache  # a number for each part; each task asks for all of them
def _rows(file: Path, modified: int) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(file).num_rows)


def write_frame(frame: pl.DataFrame, file: Path) -> None:
    """Write a Parquet file, whole or not at all."""
    import pyarrow.parquet as pq

    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    with whole_file(file) as temporary:
        pq.write_table(table, temporary, compression="zstd", compression_level=1)


def write_columns(frame: pl.DataFrame, file: Path) -> None:
    """Write an uncompressed Arrow file (IPC), whole or not at all: for numbers without pattern, of which single columns
    are read often. Parquet takes 23 % more disk for them, and three times as long (a column of 24,000 rows: 0.2 ms)."""
    import pyarrow as pa

    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest()).combine_chunks()
    with whole_file(file) as temporary, pa.ipc.new_file(str(temporary), table.schema) as writer:
        writer.write_table(table)


def read_columns(file: Path, columns: list[str]) -> pl.DataFrame:
    """Read some columns of an Arrow file; memory-mapped, nothing is copied."""
    import pyarrow as pa

    with pa.memory_map(str(file)) as source:
        frame = pl.from_arrow(pa.ipc.open_file(source).read_all().select(columns))
    assert isinstance(frame, pl.DataFrame)
    return frame


def sha256(path: str | Path) -> str:
    """Hash of a file's bytes, or of all files of a folder with their names; remembered by size and time."""
    path = Path(path)
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
        listing = "".join(f"{file.relative_to(path).as_posix()} {sha256(file)}\n" for file in files)
        return hashlib.sha256(listing.encode("utf-8", "surrogateescape")).hexdigest()
    status = path.stat()
    return _sha256(str(path), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=1024)
def _sha256(path: str, size: int, modified: int) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
