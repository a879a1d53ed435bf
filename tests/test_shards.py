"""Shards opened, and verified: sound ones are sound, and every kind of damage is found."""

import hashlib
import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from shard_tools import SHARED, byte_level, bytes_of, corpus, manifest, sentencepiece, with_endoftext, write

import curate
from curate.errors import CurateError
from curate.shards import open_shards, verify_shards
from curate.writers.documents import DocumentsWriter
from curate.writers.tokens import Tokens

QWEN = {"target": "qwen2.5-0.5b", "sequence_length": 128, "tokens_per_shard": 2_000}
WRITERS: dict[str, Callable[[], Tokens]] = {
    "jsonl": lambda: Tokens(target="minimind", tokenizer=str(byte_level()), tokens_per_shard=3_000, validation=0.1),
    "joined": lambda: Tokens(
        target="minimind", tokenizer=str(byte_level()), tokens_per_shard=3_000, join_documents=True
    ),
    "trained": lambda: Tokens(target="minimind", tokenizer="train", vocabulary=700),
    "pieces": lambda: Tokens(target="minimind", tokenizer=str(sentencepiece())),
    "v1": lambda: Tokens(target="minimind", format="flat", tokenizer=str(byte_level()), tokens_per_shard=2_000),
    "whitebox": lambda: Tokens(target="whitebox", tokenizer=str(sentencepiece()), tokens_per_shard=2_000),
    "megatron": lambda: Tokens(**QWEN, tokenizer=str(with_endoftext()), validation=0.1),
    "arrow": lambda: Tokens(
        **QWEN, format="arrow", tokenizer=str(with_endoftext()), validation=0.1, labels=True, lengths=True
    ),
    "flat": lambda: Tokens(**QWEN, format="flat", tokenizer=str(with_endoftext()), max_tokens=5_555),
    "long": lambda: Tokens(
        target="minimind", format="flat", tokenizer=str(byte_level()), tokens_per_shard=513, max_tokens=9_999
    ),
}  # fmt: skip


def made(kind: str, folder: Path) -> Path:
    return write(WRITERS[kind](), [corpus(60)], folder)


def set_manifest(folder: Path, found: dict) -> None:
    (folder / "manifest.json").write_text(json.dumps(found), encoding="utf-8")


def replace(folder: Path, name: str, content: bytes) -> None:
    """Change a file and make the manifest agree: only what is inside can tell."""
    (folder / name).write_bytes(content)
    found = manifest(folder)
    for file in [*found["files"], *(file for shard in found["shards"] for file in shard["files"])]:
        if file["name"] == name:
            file |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    set_manifest(folder, found)


def problems(folder: Path) -> str:
    found = verify_shards(folder)
    assert all("\n" not in line for line in found)
    return "\n".join(found)


# Sound shards.


@pytest.mark.parametrize("kind", WRITERS)
def test_sound_shards_have_no_problems(kind, tmp_path):
    assert verify_shards(made(kind, tmp_path)) == []


@pytest.mark.parametrize("form", ["jsonl.zst", "parquet"])
def test_sound_documents_have_no_problems(form, tmp_path):
    frame = corpus(20)
    folder = write(DocumentsWriter(format=form), [frame], tmp_path)
    assert verify_shards(folder) == []
    assert open_shards(folder)[0].equals(frame)


@pytest.mark.parametrize("form", ["jsonl.zst", "parquet"])
def test_documents_keep_the_order_of_many_columns(form, tmp_path):
    signals = [pl.lit(number / 7).alias(f"signal_{number * 37 % 60}") for number in range(60)]
    frame = corpus(20).with_columns(signals)
    folder = write(DocumentsWriter(format=form, signals=True), [frame], tmp_path)
    assert verify_shards(folder) == []
    assert open_shards(folder)[0].equals(frame)


def test_a_column_of_documents_that_is_gone_is_found(tmp_path):
    folder = write(DocumentsWriter(format="parquet"), [corpus(20)], tmp_path)
    corpus(20).drop("source").write_parquet(tmp_path / "new.parquet")
    replace(folder, "documents-00000.parquet", (tmp_path / "new.parquet").read_bytes())
    assert "columns are ['id', 'text'], not ['id', 'text', 'source']" in problems(folder)


def test_a_folder_without_a_shard_is_sound(tmp_path):
    assert verify_shards(write(WRITERS["whitebox"](), [corpus(1, 1)], tmp_path)) == []


# Opening.


def test_each_format_opens_as_what_it_is(tmp_path):
    shards = {kind: open_shards(made(kind, tmp_path / kind)) for kind in WRITERS}
    assert all(sum(1 for _ in own) == len(own) == len(own.manifest["shards"]) > 0 for own in shards.values())
    texts = shards["jsonl"].split("train")[0]
    assert isinstance(texts[0], str) and len(texts) == shards["jsonl"].split("train").manifest["shards"][1]["rows"]
    assert isinstance(shards["whitebox"][0], np.memmap) and shards["whitebox"][1].dtype == np.dtype("<u2")
    assert shards["flat"][0].dtype == np.dtype("<u4")
    rows = shards["arrow"][0]
    assert rows.shape == (shards["arrow"].manifest["shards"][0]["rows"], 128) and rows.dtype == np.int32
    sequences = shards["megatron"][0]
    assert sequences[0][-1] == 151_643 and len(sequences[-1]) == sequences.sizes[-1]
    assert sum(len(document) for document in sequences) == shards["megatron"].manifest["shards"][0]["tokens"]


def test_documents_say_where_they_start(tmp_path):
    shards = open_shards(made("v1", tmp_path))
    by_name = {entry["files"][0]["name"]: ids for entry, ids in zip(shards.manifest["shards"], shards, strict=True)}
    places = shards.documents()
    assert places.height == 60
    assert all(by_name[name][start] == 1 for name, start in places.select("shard", "start").iter_rows())


def test_opening_a_folder_without_a_manifest_says_what_to_give(tmp_path):
    with pytest.raises(CurateError, match=r"manifest.json: is missing; give a folder under shards/"):
        open_shards(tmp_path)
    assert verify_shards(tmp_path) == ["manifest.json: is missing"]


def test_the_package_offers_both():
    assert curate.open_shards is open_shards and curate.verify_shards is verify_shards


# Damage that the hashes find.


@pytest.mark.parametrize("kind", WRITERS)
def test_a_flipped_byte_is_found_in_every_file(kind, tmp_path):
    folder = made(kind, tmp_path)
    for name, content in bytes_of(folder).items():
        if name == "manifest.json":
            continue
        middle = len(content) // 2
        (folder / name).write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        assert f"{name}: its bytes have changed" in problems(folder)
        (folder / name).write_bytes(content)
    assert verify_shards(folder) == []


@pytest.mark.parametrize("kind", WRITERS)
def test_a_missing_file_a_cut_file_and_a_stranger_are_found(kind, tmp_path):
    folder = made(kind, tmp_path)
    (folder / "minimind-99999.jsonl").write_text("{}")
    assert problems(folder).startswith("minimind-99999.jsonl: does not belong here")
    (folder / "minimind-99999.jsonl").unlink()
    for name, content in bytes_of(folder).items():
        if name != "manifest.json":
            (folder / name).write_bytes(content[:-1])
            assert f"{name}: has {len(content) - 1:,} bytes, not {len(content):,}" in problems(folder)
            (folder / name).unlink()
            assert f"{name}: is missing" in problems(folder)
            (folder / name).write_bytes(content)
    assert verify_shards(folder) == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"target": "minimind"}'])
def test_a_damaged_manifest_is_one_problem(text, tmp_path):
    (tmp_path / "manifest.json").write_text(text)
    assert problems(tmp_path).startswith("manifest.json: ") and len(verify_shards(tmp_path)) == 1


@pytest.mark.parametrize("key", ["tokens", "documents", "rows", "neutralised"])
def test_wrong_sums_are_found(key, tmp_path):
    folder = made("jsonl", tmp_path)
    set_manifest(folder, manifest(folder) | {key: manifest(folder)[key] + 1})
    assert f"manifest.json: {key} are not the sum over shards" in problems(folder)


# Damage that only the contents tell.


def ids_changed(folder: Path, number: int, change: Callable[[np.ndarray], None], dtype: str) -> str:
    """Change the ids of the second training shard."""
    name = [shard for shard in manifest(folder)["shards"] if shard["split"] == "train"][number]["files"][0]["name"]
    ids = np.frombuffer((folder / name).read_bytes(), dtype).copy()
    change(ids)
    replace(folder, name, ids.tobytes())
    return problems(folder)


def put(place: int, value: int) -> Callable[[np.ndarray], None]:
    def change(ids: np.ndarray) -> None:
        ids[place] = value

    return change


@pytest.mark.parametrize(("kind", "dtype"), [("v1", "<u2"), ("whitebox", "<u2"), ("flat", "<u4"), ("megatron", "<i4")])
def test_an_id_outside_the_vocabulary_is_found(kind, dtype, tmp_path):
    folder = made(kind, tmp_path)
    assert "an id lies outside the vocabulary" in ids_changed(
        folder, 1, put(5, 60_000 if dtype == "<u2" else 151_999), dtype
    )


def test_a_negative_id_is_found(tmp_path):
    assert "an id lies outside" in ids_changed(made("megatron", tmp_path), 0, put(5, -1), "<i4")


@pytest.mark.parametrize(
    ("kind", "dtype", "number", "what"),
    [("v1", "<u2", 1, "BOS"), ("v1", "<u2", 2, "EOS"), ("whitebox", "<u2", 1, "BOS"), ("flat", "<u4", 151_643, "EOS"),
     ("megatron", "<i4", 151_643, "EOS")],
)  # fmt: skip
def test_a_control_id_too_many_or_too_few_is_found(kind, dtype, number, what, tmp_path):
    message = f"{what} ({number}) does not stand"

    def first_away(ids: np.ndarray) -> None:
        ids[np.flatnonzero(ids == number)[0]] = 50

    assert message in ids_changed(made(kind, tmp_path / "few"), 1, first_away, dtype)
    assert message in ids_changed(made(kind, tmp_path / "many"), 1, put(5, number), dtype)


def test_the_last_document_may_lack_eos_only_where_the_budget_cut_it(tmp_path):
    def last_away(ids: np.ndarray) -> None:
        ids[-1] = 50

    whole = write(Tokens(**QWEN, format="flat", tokenizer=str(with_endoftext())), [corpus(60)], tmp_path)
    assert "EOS (151643) does not stand" in ids_changed(whole, -1, last_away, "<u4")


def test_a_shard_of_another_size_is_found(tmp_path):
    folder = made("v1", tmp_path)
    found = manifest(folder)
    found["shards"][0]["tokens"] -= 1
    found["tokens"] -= 1
    set_manifest(folder, found)
    assert "4000 bytes are not 1999 ids of uint16" in problems(folder)
    assert "1,999 tokens, not 2,000" in problems(folder)


def test_a_changed_index_of_megatron_is_found(tmp_path):
    folder = made("megatron", tmp_path)
    name = manifest(folder)["shards"][0]["files"][1]["name"]
    content = bytearray((folder / name).read_bytes())
    for at in (0, 9, 17, 18, 26, 34, len(content) // 2, len(content) - 8):
        damaged = bytes(content[:at]) + bytes([content[at] ^ 1]) + bytes(content[at + 1 :])
        replace(folder, name, damaged)
        assert f"{name}: is not the index of the documents" in problems(folder)
    replace(folder, name, bytes(content) + struct.pack("<q", 0))
    assert f"{name}: is not the index" in problems(folder)
    with pytest.raises(ValueError, match="not an index of Megatron-LM"):
        replace(folder, name, b"X" + bytes(content[1:]))
        open_shards(folder)[0]


def arrow_changed(folder: Path, change: Callable[[pl.DataFrame], pl.DataFrame]) -> str:
    import pyarrow as pa

    name = manifest(folder)["shards"][-1]["files"][0]["name"]
    with pa.ipc.open_stream(folder / name) as stream:
        table = stream.read_all()
    changed = change(pl.from_arrow(table)).to_arrow().cast(table.schema) if change else table
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(changed)
    replace(folder, name, sink.getvalue().to_pybytes())
    return problems(folder)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (pl.col("input_ids").list.head(127), "input_ids has rows of {127} values, not of 128"),
        (pl.col("labels").list.reverse(), "labels differ from input_ids"),
        (pl.col("lengths").list.eval(pl.element() + 1), "lengths are not 128"),
        (pl.col("input_ids").list.eval(pl.element() + 151_000), "an id lies outside"),
        (pl.col("input_ids").list.eval(pl.element().replace(151_643, 50)), "EOS (151643) does not stand"),
    ],
)
def test_changed_rows_of_an_arrow_file_are_found(expression, message, tmp_path):
    assert message in arrow_changed(made("arrow", tmp_path), lambda frame: frame.with_columns(expression))


def test_missing_rows_and_other_columns_of_an_arrow_file_are_found(tmp_path):
    folder = made("arrow", tmp_path)
    assert "rows of 128 ids, not" in arrow_changed(folder, lambda frame: frame[1:])
    found = manifest(folder)
    set_manifest(folder, found | {"columns": ["input_ids"]})
    assert "columns are ['input_ids', 'labels', 'lengths'], not ['input_ids']" in problems(folder)


def lines_changed(folder: Path, change: Callable[[list[bytes]], None]) -> str:
    name = next(shard for shard in manifest(folder)["shards"] if shard["split"] == "train")["files"][0]["name"]
    lines = (folder / name).read_bytes().split(b"\n")[:-1]
    change(lines)
    replace(folder, name, b"".join(line + b"\n" for line in lines))
    return problems(folder)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"text": "' + "江河湖海".encode() * 400 + b'"}', "tokens; the trainer would cut it at 338"),
        (b'{"text": "a<|im_end|>b"}', "line 3 holds a control token"),
        (b'{"text": " \\n"}', "line 3 is empty"),
        (b'{"text": null}', "line 3 is not one JSON object with the field text"),
        (b'{"text": "a", "more": 1}', "line 3 is not one JSON object"),
        (b'{"text": "a"', "line 3 is not one JSON object"),
        (b'["a"]', "line 3 is not one JSON object"),
        (b'{"text": "a"}', "tokens, not"),
    ],
)
def test_a_bad_row_of_jsonl_is_found(line, message, tmp_path):
    def change(lines: list[bytes]) -> None:
        lines[2] = line

    for kind in ("jsonl", "joined"):
        assert message in lines_changed(made(kind, tmp_path / kind), change)


def test_a_missing_row_of_jsonl_is_found(tmp_path):
    assert "rows, not" in lines_changed(made("jsonl", tmp_path), lambda lines: lines.pop())


def test_another_tokenizer_is_found(tmp_path):
    folder = made("jsonl", tmp_path)
    found = manifest(folder)
    found["tokenizer"]["name"] = str(sentencepiece())
    set_manifest(folder, found)
    assert "is not the one that the rows were cut with" in problems(folder)
    found["tokenizer"]["name"] = str(tmp_path / "gone")
    set_manifest(folder, found)
    assert "tokenizer: rows were not encoded again (tokenizer" in problems(folder)


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            pl.when(pl.int_range(pl.len()) != 5).then(pl.col("start")).otherwise(pl.col("start") + 1),
            "documents.parquet",
        ),
        (pl.lit("elsewhere").alias("shard"), "names a file that is no shard, elsewhere"),
    ],
    ids=["start", "shard"],
)
def test_documents_that_do_not_fit_the_data_are_found(kind, expression, message, tmp_path):
    folder = made(kind, tmp_path)
    if kind == "joined" and message == "documents.parquet":
        expression = pl.col("start") + 1
    frame = pl.read_parquet(folder / "documents.parquet").cast({"shard": pl.String}).with_columns(expression)
    frame.write_parquet(tmp_path / "new.parquet")
    replace(folder, "documents.parquet", (tmp_path / "new.parquet").read_bytes())
    assert message in problems(folder) or "is not the index" in problems(folder) or "does not stand" in problems(folder)


def test_a_lost_document_is_found(tmp_path):
    folder = made("v1", tmp_path)
    pl.read_parquet(folder / "documents.parquet").cast({"shard": pl.String})[1:].write_parquet(tmp_path / "new.parquet")
    replace(folder, "documents.parquet", (tmp_path / "new.parquet").read_bytes())
    assert "documents in pretrain_data-00000.bin, not" in problems(folder)


def test_an_unreadable_file_is_a_problem_not_a_crash(tmp_path):
    for kind in ("arrow", "megatron"):
        folder = made(kind, tmp_path / kind)
        name = manifest(folder)["shards"][0]["files"][-1]["name"]
        replace(folder, name, b"rubbish")
        assert name in problems(folder)
        replace(folder, "documents.parquet", b"rubbish")
        assert "cannot be checked further" in problems(folder)


@pytest.mark.skipif(not (SHARED / "qwen2.5").exists(), reason="Qwen2.5's tokenizer is not here")
def test_shards_of_qwens_own_tokenizer_are_sound(tmp_path):
    for form in ("megatron", "arrow"):
        writer = Tokens(target="qwen2.5-0.5b", format=form, tokenizer=str(SHARED / "qwen2.5"), sequence_length=256)
        folder = write(writer, [corpus(60)], tmp_path / form)
        assert verify_shards(folder) == []
        assert manifest(folder)["eos"] == {"id": 151_643, "written": True}
        assert manifest(folder)["tokenizer"]["vocabulary"] == 151_665
