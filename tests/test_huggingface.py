"""Data sets through `datasets`, offline: a folder of data files, and a `save_to_disk` folder."""

import json

import pytest

from curate.errors import PipelineError
from curate.readers.huggingface import HuggingFace

datasets = pytest.importorskip("datasets")


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()


@pytest.fixture
def data_files(tmp_path):
    """Three files of five rows, one row of which has no text."""
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(3):
        rows = [{"text": f"第{number}份第{row}行", "url": f"u{row}"} for row in range(5)]
        if number == 1:
            rows[2]["text"] = None
        lines = (json.dumps(row, ensure_ascii=False) for row in rows)
        (folder / f"{number}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def read_all(reader, folder):
    (source,) = reader.inputs([folder])
    batches = [batch for piece in reader.pieces(source, folder) for batch in reader.read(piece)]
    rows = [row for batch in batches for row in batch.documents.rows()]
    return rows, [row for batch in batches for row in batch.rejected]


def test_a_folder_of_data_files_is_streamed_shard_by_shard(data_files):
    rows, rejected = read_all(HuggingFace(path="files", fields=["url"]), data_files)
    assert len(rows) == 14
    assert rows[0] == ("files/train:0:0", "第0份第0行", "u0")
    assert len({row[0] for row in rows}) == 14
    assert [(row.path, row.offset, row.reason) for row in rejected] == [("files/train:1", 2, "the text is null")]


def test_a_saved_data_set_is_read_by_ranges_of_rows(tmp_path, monkeypatch):
    saved = datasets.Dataset.from_dict({"text": [f"文本{i}" for i in range(2500)], "n": list(range(2500))})
    saved.save_to_disk(str(tmp_path / "saved"))
    monkeypatch.setattr("curate.readers.huggingface.PART_BYTES", 20_000)
    reader = HuggingFace(path="saved", id="n")
    (source,) = reader.inputs([tmp_path])
    assert len(reader.pieces(source, tmp_path)) > 1
    rows, rejected = read_all(reader, tmp_path)
    assert [row[:2] for row in rows] == [(str(i), f"文本{i}") for i in range(2500)]
    assert rejected == []


def test_a_saved_dictionary_is_read_by_its_split(tmp_path):
    halves = {"train": ["甲"], "test": ["乙", "丙"]}
    saved = datasets.DatasetDict(
        {split: datasets.Dataset.from_dict({"text": texts}) for split, texts in halves.items()}
    )
    saved.save_to_disk(str(tmp_path / "saved"))
    rows, _ = read_all(HuggingFace(path="saved", split="test"), tmp_path)
    assert rows == [("saved/test:0", "乙"), ("saved/test:1", "丙")]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"path": "files", "split": "validation"}, "cannot be opened"),
        ({"path": "files", "text": "body"}, "has no column 'body'"),
        ({"path": "nobody/nothing"}, "no folder of this name is here, so the hub was asked"),
    ],
)
def test_what_cannot_be_opened_is_said_before_any_work(data_files, parameters, message):
    with pytest.raises(PipelineError, match=message):
        HuggingFace(**parameters).inputs([data_files])


def test_a_row_that_breaks_the_parser_is_rejected_with_what_follows_it(data_files):
    with (data_files / "files/2.jsonl").open("a") as stream:
        stream.write('{"text": broken\n')
    rows, rejected = read_all(HuggingFace(path="files", fields=["url"]), data_files)
    assert len(rows) >= 9
    assert any("cannot be read further" in row.reason for row in rejected)
