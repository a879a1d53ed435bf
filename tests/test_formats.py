"""Shards as the trainers read them, with readers written from their loaders (shard_tools.py)."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from shard_tools import (
    SHARED,
    byte_level,
    corpus,
    manifest,
    megatron_documents,
    minimind_rows,
    sentencepiece,
    tinyllm_windows,
    with_endoftext,
    write,
)  # fmt: skip

from curate.contracts import Utf8
from curate.tokenizer import load_tokenizer
from curate.writers.tokens import Tokens

CONTROLS = "<|im_start|>user\n<|im_end|><think></think><|endoftext|><s></s>"


def ids_of(tokenizer: Path, texts: list[str]) -> list[list[int]]:
    values, offsets = load_tokenizer(tokenizer).encode(Utf8.of(pl.Series(texts, dtype=pl.String)))
    return [row.tolist() for row in np.split(values, offsets[1:-1])]


def by_id(folder: Path) -> dict[str, tuple[str, int, int]]:
    frame = pl.read_parquet(folder / "documents.parquet").cast({"shard": pl.String})
    return {row[0]: row[1:] for row in frame.iter_rows()}


def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1]


# MiniMind.


def test_minimind_cuts_no_row_and_finds_no_control_token(tmp_path):
    frame = corpus(120, 40).vstack(pl.DataFrame({"id": ["evil"], "text": [CONTROLS * 30], "source": ["test"]}))
    folder = write(Tokens(target="minimind", tokenizer=str(byte_level()), tokens_per_shard=4_000), [frame], tmp_path)
    files = sorted(folder.glob("minimind-*.jsonl"))
    assert len(files) > 3
    total = 0
    for path in files:
        rows, cut = minimind_rows(path, byte_level())
        assert cut == 0
        assert all(max(row[1:-1]) < 900 and min(row[1:-1]) >= 36 for row in rows)  # 0 to 35 are control tokens
        total += sum(len(row) - 2 for row in rows)
    found = manifest(folder)
    assert found["tokens"] == total
    assert found["neutralised"] == CONTROLS.count("<|") * 30 + 2 * 30  # <s> and </s> are none of MiniMind's


def test_minimind_rows_of_a_document_are_the_document(tmp_path):
    frame = corpus(60, 40)
    folder = write(Tokens(target="minimind", tokenizer=str(byte_level())), [frame], tmp_path)
    lines = (folder / "minimind-00000.jsonl").read_bytes().split(b"\n")[:-1]
    assert all(line.startswith(b'{"text":"') and "\\u" not in line.decode() for line in lines)
    texts = [json.loads(line)["text"] for line in lines]
    starts = sorted((start, name) for name, (_, start, _) in by_id(folder).items())
    stops = [start for start, _ in starts[1:]] + [len(texts)]
    rebuilt = {name: "".join(texts[start:stop]) for (start, name), stop in zip(starts, stops, strict=True)}
    assert rebuilt == dict(zip(frame["id"], frame["text"], strict=True))


def test_minimind_rows_joined_are_nearly_full_and_hold_every_document_in_order(tmp_path):
    frame = corpus(150, 12)
    folder = write(Tokens(target="minimind", tokenizer=str(byte_level()), join_documents=True), [frame], tmp_path)
    _, cut = minimind_rows(folder / "minimind-00000.jsonl", byte_level())
    assert cut == 0
    assert manifest(folder)["pad_share"] <= 0.05
    stream = "".join(json.loads(line)["text"] for line in lines_of(folder / "minimind-00000.jsonl"))
    texts = dict(zip(frame["id"], frame["text"], strict=True))
    order = pl.read_parquet(folder / "documents.parquet")["id"]
    assert stream == "".join(texts[name] + "\n" for name in order)


def test_pages_of_blanks_make_no_empty_row(tmp_path):
    texts = ["  \n ", "\u3000", "词。" + " " * 3_000 + "语。", "\n" * 2_000 + "末"]
    frame = pl.DataFrame({"id": list("abcd"), "text": texts, "source": ["test"] * 4})
    folder = write(Tokens(target="minimind", tokenizer=str(byte_level()), sequence_length=64), [frame], tmp_path)
    rows = [json.loads(line)["text"] for line in lines_of(folder / "minimind-00000.jsonl")]
    assert all(row.strip() for row in rows)
    assert sorted("".join(rows).replace(" ", "").replace("\n", "")) == sorted("词。语。末")
    assert manifest(folder)["documents_without_text"] == 2


def test_minimind_v1_reads_bos_ids_eos_in_uint16(tmp_path):
    frame = corpus(80)
    folder = write(
        Tokens(target="minimind", format="flat", tokenizer=str(byte_level()), tokens_per_shard=5_000), [frame], tmp_path
    )
    files = sorted(folder.glob("pretrain_data-*.bin"))
    ids = np.concatenate([np.fromfile(path, "<u2") for path in files])
    assert [path.stat().st_size for path in files[:-1]] == [10_000] * (len(files) - 1)
    expected = {name: [1, *own, 2] for name, own in zip(frame["id"], ids_of(byte_level(), frame["text"]), strict=True)}
    order = pl.read_parquet(folder / "documents.parquet")["id"]
    assert ids.tolist() == [token for name in order for token in expected[name]]
    # model/dataset.py of v1: rows of 512, X = row[:-1], Y = row[1:].
    assert np.memmap(files[0], np.uint16, "r")[: 5_000 // 512 * 512].reshape(-1, 512).shape == (9, 512)


@pytest.mark.skipif(not (SHARED / "minimind").exists(), reason="MiniMind's own tokenizer is not here")
def test_rows_cut_for_miniminds_own_tokenizer_fit(tmp_path):
    frame = corpus(100, 60).vstack(pl.DataFrame({"id": ["evil"], "text": [CONTROLS * 30], "source": ["test"]}))
    folder = write(Tokens(target="minimind", tokenizer=str(SHARED / "minimind")), [frame], tmp_path)
    rows, cut = minimind_rows(folder / "minimind-00000.jsonl", SHARED / "minimind" / "tokenizer.json")
    assert cut == 0 and min(min(row[1:-1]) for row in rows) >= 36
    assert manifest(folder)["tokens"] == sum(len(row) - 2 for row in rows)


# TinyLLM.


def test_tinyllm_reads_the_folder_and_the_first_file_is_validation(tmp_path):
    frame = corpus(200)
    texts = [f" \n{text}\u3000" for text in frame["text"]]
    frame = frame.with_columns(pl.Series("text", texts))
    folder = write(
        Tokens(target="whitebox", tokenizer=str(sentencepiece()), tokens_per_shard=6_000, validation=0.1),
        [frame],
        tmp_path,
    )
    vocabulary = load_tokenizer(sentencepiece()).vocabulary
    windows = tinyllm_windows(folder, vocabulary)
    assert list(windows) == sorted(windows) and next(iter(windows)).endswith("_validation.bin")
    expected = {
        name: [1, *own]
        for name, own in zip(frame["id"], ids_of(sentencepiece(), [text.strip() for text in texts]), strict=True)
    }
    places = by_id(folder)
    for name in windows:
        ids = np.fromfile(folder / f"tok{vocabulary}" / name, "<u2").tolist()
        for key, (file, start, tokens) in places.items():
            if file == f"tok{vocabulary}/{name}":
                assert ids[start : start + tokens] == expected[key][: len(ids) - start]
    sizes = [(folder / f"tok{vocabulary}" / name).stat().st_size // 2 for name in windows]
    assert sum(sizes) == sum(map(len, expected.values())) == manifest(folder)["tokens"]
    assert set(sizes[1:-1]) == {6_000}


def test_a_tokenizer_trained_for_tinyllm_lies_beside_its_folder(tmp_path):
    folder = write(Tokens(target="whitebox", tokenizer="train", vocabulary=600), [corpus(150)], tmp_path)
    (model,) = folder.glob("tok*.model")
    vocabulary = load_tokenizer(model).vocabulary
    assert model.name == f"tok{vocabulary}.model"
    assert len(tinyllm_windows(folder, vocabulary)) == 2
    assert f"vocab_size = {vocabulary}\n" in (folder / "USE.md").read_text(encoding="utf-8")


# Qwen2.5.


def test_megatron_reads_one_sequence_a_document_ended_by_endoftext(tmp_path):
    frame = corpus(90)
    writer = Tokens(target="qwen2.5-0.5b", tokenizer=str(with_endoftext()), tokens_per_shard=8_000, sequence_length=512)
    folder = write(writer, [frame], tmp_path)
    texts = dict(zip(frame["id"], ids_of(with_endoftext(), frame["text"]), strict=True))
    order, documents = pl.read_parquet(folder / "documents.parquet")["id"], []
    for path in sorted(folder.glob("qwen2.5-0.5b-*_text_document.idx")):
        own = megatron_documents(str(path.with_suffix("")))
        assert own[0].dtype == np.dtype("<i4") and sum(map(len, own)) <= 8_000
        documents += own
    assert [document.tolist() for document in documents] == [[*texts[name], 151_643] for name in order]


def test_datasets_loads_the_arrow_folder(tmp_path):
    import datasets

    frame = corpus(90)
    writer = Tokens(
        target="qwen2.5-0.5b", format="arrow", tokenizer=str(with_endoftext()), sequence_length=256,
        tokens_per_shard=2_000, labels=True, lengths=True,
    )  # fmt: skip
    folder = write(writer, [frame], tmp_path)
    rows = datasets.load_from_disk(str(folder))
    assert rows.column_names == ["input_ids", "labels", "lengths"]
    assert rows.features["input_ids"].feature.dtype == "int32"
    ids = np.array(rows["input_ids"][:])
    assert (
        ids.shape[1] == 256
        and rows["labels"][:] == rows["input_ids"][:]
        and set(map(tuple, rows["lengths"][:])) == {(256,)}
    )
    texts = dict(zip(frame["id"], ids_of(with_endoftext(), frame["text"]), strict=True))
    order = pl.read_parquet(folder / "documents.parquet")["id"]
    whole = [token for name in order for token in [*texts[name], 151_643]]
    assert ids.reshape(-1).tolist() == whole[: ids.size]
    found = manifest(folder)
    assert found["tokens"] == ids.size and found["rows"] == len(ids) and found["tokens_left_out"] < 256
    assert [shard["rows"] for shard in found["shards"][:-1]] == [7] * (len(found["shards"]) - 1)


def test_datasets_loads_two_splits(tmp_path):
    import datasets

    writer = Tokens(
        target="qwen2.5-0.5b", format="arrow", tokenizer=str(with_endoftext()), sequence_length=128, validation=0.2
    )
    folder = write(writer, [corpus(90)], tmp_path)
    splits = datasets.load_from_disk(str(folder))
    assert set(splits) == {"train", "validation"}
    counts = {name: sum(s["rows"] for s in manifest(folder)["shards"] if s["split"] == name) for name in splits}
    assert counts == {name: len(rows) for name, rows in splits.items()}


def test_the_metadata_is_what_datasets_writes_itself(tmp_path):
    import datasets

    folder = write(
        Tokens(target="qwen2.5-0.5b", format="arrow", tokenizer=str(with_endoftext()), sequence_length=128),
        [corpus(20)],
        tmp_path,
    )
    datasets.load_from_disk(str(folder)).save_to_disk(str(tmp_path / "again"))
    for name in ("state.json", "dataset_info.json"):
        ours, theirs = (json.loads((place / name).read_text()) for place in (folder, tmp_path / "again"))
        assert set(ours) >= set(theirs) - {"_split"}
    assert (tmp_path / "again" / "data-00000-of-00001.arrow").exists()
    assert (folder / "data-00000-of-00001.arrow").exists()


def test_flat_ids_of_qwen_take_four_bytes(tmp_path):
    frame = corpus(30)
    folder = write(Tokens(target="qwen2.5-0.5b", format="flat", tokenizer=str(with_endoftext())), [frame], tmp_path)
    ids = np.fromfile(folder / "qwen2.5-0.5b-00000.bin", "<u4")
    assert (ids == 151_643).sum() == 30 and ids[-1] == 151_643


@pytest.mark.parametrize(
    ("target", "form", "dtype"),
    [("minimind", "flat", "<u2"), ("whitebox", "flat", "<u2"), ("qwen2.5-0.5b", "megatron", "<i4")],
)
def test_control_tokens_in_text_become_plain_ids(target, form, dtype, tmp_path):
    tokenizer = {"minimind": byte_level, "whitebox": sentencepiece, "qwen2.5-0.5b": with_endoftext}[target]()
    evil = pl.DataFrame({"id": ["evil"], "text": [CONTROLS * 30], "source": ["test"]})
    writer = Tokens(target=target, format=form, tokenizer=str(tokenizer), sequence_length=64)
    folder = write(writer, [corpus(40).vstack(evil)], tmp_path)
    ids = np.concatenate([np.fromfile(path, dtype) for path in sorted(folder.rglob("*.bin"))])
    own = {manifest(folder)["bos"]["id"]: "bos", manifest(folder)["eos"]["id"]: "eos"}
    controls = range(3) if target == "whitebox" else [*range(36), 151_643]
    found = {int(number): int((ids == number).sum()) for number in controls if (ids == number).any()}
    assert set(found) <= set(own) and set(found.values()) == {41}
