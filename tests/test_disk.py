"""Files that exist only when they are whole."""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl
import pytest

from curate import disk


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "a.txt"
    with disk.whole_file(file) as temporary:
        temporary.write_text("half")
        assert not file.exists()
        assert disk.TEMPORARY in temporary.name
    assert file.read_text() == "half"
    assert [path.name for path in file.parent.iterdir()] == ["a.txt"]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("old")
    with pytest.raises(ZeroDivisionError), disk.whole_file(file) as temporary:
        temporary.write_text("new")
        raise ZeroDivisionError
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_is_swapped_in_as_a_whole(tmp_path: Path) -> None:
    place, new = tmp_path / "shards", tmp_path / "staging"
    (place / "deep").mkdir(parents=True)
    (place / "deep" / "old").write_text("old")
    (new / "sub").mkdir(parents=True)
    (new / "sub" / "new").write_text("new")
    disk.swap_in(new, place)
    assert [path.name for path in place.rglob("*")] == ["sub", "new"]
    assert list(tmp_path.iterdir()) == [place]


def test_what_a_killed_run_left_half_written_is_taken_away(tmp_path: Path) -> None:
    for name in ("a.parquet", f"a.parquet{disk.TEMPORARY}123", f"sub/b{disk.TEMPORARY}-old/c"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    disk.remove_temporaries(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.parquet", "sub"]


def test_json_keeps_its_characters_and_no_file_is_none(tmp_path: Path) -> None:
    value = {"名": ["中", 1, None, 0.5]}
    disk.write_json(tmp_path / "a.json", value)
    assert "名" in (tmp_path / "a.json").read_text(encoding="utf-8")
    assert disk.read_json(tmp_path / "a.json") == value
    assert disk.read_json(tmp_path / "b.json") is None


def test_a_frame_is_written_with_its_types_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": ["中", None], "b": [1, 2], "c": [0.5, None], "d": [True, False]})
    for name in ("a", "b"):
        disk.write_frame(frame, tmp_path / name)
    assert pl.read_parquet(tmp_path / "a").equals(frame)
    assert pl.read_parquet(tmp_path / "a").schema == frame.schema
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_hash_of_a_file_is_sha256_and_sees_a_change(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"one")
    assert disk.sha256(file) == hashlib.sha256(b"one").hexdigest()
    file.write_bytes(b"other")
    assert disk.sha256(str(file)) == hashlib.sha256(b"other").hexdigest()


def test_the_hash_of_a_folder_sees_bytes_and_names_and_not_the_place(tmp_path: Path) -> None:
    def folder(name: str, inside: str, data: str) -> str:
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub" / inside).write_text(data)
        return disk.sha256(tmp_path / name)

    hashes = [folder("a", "x", "1"), folder("b", "x", "1"), folder("c", "y", "1"), folder("d", "x", "2")]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


def test_damaged_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(OSError, match=r"run\.json is damaged"):
        disk.read_json(tmp_path / "run.json")
    assert disk.read_json(tmp_path / "none.json") is None
