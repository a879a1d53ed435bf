"""What all kernels share: the folder of compiled code, and the tables that are kept there."""

from collections.abc import Iterator
from pathlib import Path

import numba.core.config
import numpy as np
import numpy.typing as npt
import pytest

from curate.kernels import _cache_folder, is_stored, stored


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(numba.core.config, "CACHE_DIR", str(tmp_path))
    return tmp_path


def make(calls: list[str]) -> Iterator[npt.NDArray[np.int64]]:
    calls.append("made")
    yield np.arange(3)
    yield np.arange(12).reshape(3, 4)


def test_a_table_is_made_once_and_then_read(folder: Path) -> None:
    calls: list[str] = []
    first = stored("table-1", lambda: list(make(calls)))
    second = stored("table-1", lambda: list(make(calls)))
    assert calls == ["made"]
    assert is_stored("table-1") and not is_stored("table-2")
    assert [array.tolist() for array in first] == [array.tolist() for array in second]
    assert second[1].shape == (3, 4)
    assert second[0].flags.writeable  # else kernels would be compiled a second time, for arrays that are not
    assert [file.name for file in folder.iterdir()] == ["table-1.npz"]


@pytest.mark.parametrize("cut", [0, 10, -30])
def test_a_table_that_is_damaged_is_made_again(folder: Path, cut: int) -> None:
    calls: list[str] = []
    stored("table-1", lambda: list(make(calls)))
    file = folder / "table-1.npz"
    whole = file.read_bytes()
    file.write_bytes(whole[:cut])
    assert stored("table-1", lambda: list(make(calls)))[0].tolist() == [0, 1, 2]
    assert calls == ["made", "made"]
    assert file.read_bytes() == whole


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.core.config, "CACHE_DIR", str(tmp_path / "missing"))
    calls: list[str] = []
    assert stored("table-1", lambda: list(make(calls)))[0].tolist() == [0, 1, 2]
    stored("table-1", lambda: list(make(calls)))
    assert calls == ["made", "made"]


def test_compiled_code_goes_where_numba_is_told_to_put_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "numba"))
    assert _cache_folder().parent == tmp_path / "numba"
    assert _cache_folder() == _cache_folder()


def test_without_a_word_compiled_code_goes_to_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert _cache_folder().parent == tmp_path / "curate"


def test_where_no_cache_can_be_made_a_temporary_folder_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert _cache_folder().parent == tmp_path / "curate"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    assert _cache_folder().name.startswith("curate-kernels-")
