"""What several test modules need: reading an input whole, in small parts, or from a cut archive; the demo's run; two
crawls and their runs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from earlier_crawls import PAGES, crawl, ran
from warm_workers import warm_workers

import curate
from curate.contracts import Reader, Rejected

ROOT = Path(__file__).parents[1]


def read_input(reader: Reader, file: Path, cut: Path | None = None) -> tuple[list[dict[str, Any]], list[Rejected]]:
    """Documents (as dictionaries) and rejected rows of the one file that the reader's paths name."""
    (source,) = reader.inputs([file.parent])
    frames, rejected = [], []
    for piece in reader.pieces(source, cut or file.parent / "cut"):
        for batch in reader.read(piece):
            frames.append(batch.documents)
            rejected += batch.rejected
    return pl.concat(frames).to_dicts() if frames else [], rejected


LONG = [
    "test_examples",
    "test_docs_site",
    "test_browser",
    "test_diff",
    "test_golden",
    "test_passes",
    "test_bench_scale",
]
"""Files that take longest, and others after them: of two workers none is left with one of them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path.stem, len(place)))


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, bytes | str], Path]:
    """Write a file into the test's folder; returns its path."""

    def write_file(name: str, data: bytes | str) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data.encode() if isinstance(data, str) else data)
        return file

    return write_file


@pytest.fixture(scope="session", autouse=True)
def workers() -> Iterator[None]:
    """Workers of runs in this process start at once."""
    with warm_workers():
        yield


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[curate.Run, str]:
    """The run that `make demo` makes, and what it printed."""
    out = tmp_path_factory.mktemp("demo") / "skypile_small"
    command = [sys.executable, "-m", "curate.cli", "run", "pipelines/skypile_small.yaml", "--out", str(out)]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return curate.Run.open(out), printed


@pytest.fixture(scope="session")
def crawls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Crawls a and b with their runs, and the crawl `new` without."""
    folder = tmp_path_factory.mktemp("index")
    for name, pages in PAGES.items():
        crawl(folder, name, pages)
    ran(folder, "a")
    ran(folder, "b")
    return folder


@pytest.fixture
def copied(crawls: Path, tmp_path: Path) -> Path:
    """A copy of the runs, to be changed."""
    shutil.copytree(crawls / "runs", tmp_path / "runs")
    return tmp_path
