"""Loading tokenizers and encoding batches, against the libraries that define the ids."""

import json
import os
from pathlib import Path
from typing import Any

import numba.core.config
import numpy as np
import polars as pl
import pytest
import sentencepiece
from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError
from hypothesis import given, settings
from hypothesis import strategies as st
from shard_tools import byte_level

from curate import tokenizer as tokenizer_module
from curate.contracts import Utf8
from curate.errors import PipelineError
from curate.tokenizer import Tokenizer, _load, load_tokenizer

SHARED = Path(__file__).parents[2] / "shared" / "tokenizers"
TEXTS = [
    "",
    "hello world",
    "今天天气很好,我们去公园。",
    "a  b\n\n c",
    "\x00\x01 ",
    "<|im_end|> [CLS] </s>",
    "😀👩🏽",
    "e\u0301",
]
CONTROLS = ["<|im_end|>", "<think>"]


def utf8(texts: list[str]) -> Utf8:
    return Utf8.of(pl.Series(texts, dtype=pl.String))


def rows(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    values, offsets = tokenizer.encode(utf8(texts))
    assert values.dtype == np.int32 and offsets.dtype == np.int64
    return [row.tolist() for row in np.split(values, offsets[1:-1])] if texts else []


def added(content: str, number: int, special: bool) -> dict[str, Any]:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    return {"id": number, "content": content, "special": special, **flags}


def spec_of(model: dict[str, Any], controls: dict[str, int], **more: Any) -> dict[str, Any]:
    added_tokens = [added(content, number, content != "<think>") for content, number in controls.items()]
    empty = dict.fromkeys(("truncation", "padding", "normalizer", "pre_tokenizer", "post_processor", "decoder"))
    return {"version": "1.0", **empty, "added_tokens": added_tokens, "model": model, **more}


def write(folder: Path, spec: dict[str, Any]) -> Path:
    path = folder / "tokenizer.json"
    path.write_text(json.dumps(spec), encoding="utf-8")
    return path


def word_level(folder: Path, **more: Any) -> Path:
    words = {"<unk>": 0, "<|im_end|>": 1, "hello": 2, "world": 3}
    model = {"type": "WordLevel", "vocab": words, "unk_token": "<unk>"}
    controls = {"<|im_end|>": 1, "<think>": 4}
    return write(folder, spec_of(model, controls, pre_tokenizer={"type": "WhitespaceSplit"}, **more))


def sentencepiece_model(folder: Path, symbols: list[str]) -> Path:
    lines = [f"{a} {b} {a}{b} 今天 天气" for a in ("one", "two", "three", "cat") for b in ("dog", "sun", "moon", "sea")]
    prefix = folder / "tok"
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_prefix=str(prefix), vocab_size=330, model_type="bpe", byte_fallback=True,
        user_defined_symbols=symbols, num_threads=1, minloglevel=2,
    )  # fmt: skip
    return prefix.with_suffix(".model")


def test_ids_are_those_of_the_library(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(word_level(tmp_path))
    assert tokenizer.kind == "tokenizers"
    assert rows(tokenizer, ["hello world", "", "world nobody hello"]) == [[2, 3], [], [3, 0, 2]]


def test_the_vocabulary_counts_added_tokens_beyond_the_model(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(word_level(tmp_path))
    assert tokenizer.vocabulary == 5
    assert tokenizer.control_tokens == ("<|im_end|>", "<think>")
    assert (tokenizer.id_of("<think>"), tokenizer.id_of("hello"), tokenizer.id_of("nobody")) == (4, 2, None)


def test_added_tokens_of_the_config_beside_it_count_too(tmp_path: Path) -> None:
    (tmp_path / "tokenizer_config.json").write_text('{"added_tokens_decoder": {"12": {"content": "<|late|>"}}}')
    tokenizer = load_tokenizer(word_level(tmp_path))
    assert tokenizer.vocabulary == 13
    assert tokenizer.id_of("<|late|>") == 12
    assert "<|late|>" in tokenizer.control_tokens


def test_a_control_token_in_text_never_becomes_its_id(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(word_level(tmp_path))
    assert rows(tokenizer, ["hello <|im_end|> <think>"]) == [[2, 0, 0]]


def test_a_control_piece_of_a_unigram_model_never_becomes_its_id(tmp_path: Path) -> None:
    pieces = [["<unk>", 0.0], ["</s>", -1.0], *[[letter, -5.0] for letter in "</s>ab"]]
    spec = spec_of({"type": "Unigram", "vocab": pieces, "unk_id": 0}, {"<unk>": 0, "</s>": 1})
    assert rows(load_tokenizer(write(tmp_path, spec)), ["a</s>b"]) == [[6, 2, 3, 4, 5, 7]]


def test_a_control_token_that_merges_can_spell_stays_part_of_the_vocabulary(tmp_path: Path) -> None:
    vocabulary = {"a": 0, "b": 1, "ab": 2}
    model = {"type": "BPE", "vocab": vocabulary, "merges": [["a", "b"]]}
    assert rows(load_tokenizer(write(tmp_path, spec_of(model, {"ab": 2}))), ["aab"]) == [[0, 2]]


def test_a_file_that_truncates_pads_or_adds_is_read_without_that(tmp_path: Path) -> None:
    truncation = {"direction": "Right", "max_length": 1, "strategy": "LongestFirst", "stride": 0}
    assert rows(load_tokenizer(word_level(tmp_path, truncation=truncation)), ["hello world"]) == [[2, 3]]


def test_decode_shows_control_tokens(tmp_path: Path) -> None:
    assert load_tokenizer(word_level(tmp_path)).decode(np.array([1, 2, 4])) == "<|im_end|> hello <think>"


def test_a_tokenizer_is_loaded_once_and_again_when_its_file_changes(tmp_path: Path) -> None:
    first = load_tokenizer(word_level(tmp_path))
    assert load_tokenizer(tmp_path) is first
    assert load_tokenizer(str(tmp_path / "tokenizer.json")) is first
    word_level(tmp_path, decoder={"type": "Fuse"})
    assert load_tokenizer(tmp_path).sha256 != first.sha256


def test_sentencepiece_ids_are_those_of_the_library(tmp_path: Path) -> None:
    path = sentencepiece_model(tmp_path, [])
    library = sentencepiece.SentencePieceProcessor(model_file=str(path))
    tokenizer = load_tokenizer(tmp_path)
    assert (tokenizer.kind, tokenizer.vocabulary, tokenizer.control_tokens) == ("sentencepiece", 330, ())
    assert rows(tokenizer, TEXTS) == [library.encode(text) for text in TEXTS]
    assert tokenizer.id_of("<s>") == 1
    assert tokenizer.decode([1, *library.encode("one dog"), 2]) == "one dog"


def test_control_like_user_symbols_of_sentencepiece_are_plain_text(tmp_path: Path) -> None:
    path = sentencepiece_model(tmp_path, [*CONTROLS, "    "])
    library = sentencepiece.SentencePieceProcessor(model_file=str(path))
    tokenizer = load_tokenizer(path)
    assert tokenizer.control_tokens == tuple(CONTROLS)
    text = "one <|im_end|>    <think> dog"
    numbers = {tokenizer.id_of(control) for control in CONTROLS}
    assert numbers < set(library.encode(text))
    assert numbers.isdisjoint(rows(tokenizer, [text])[0])
    assert rows(tokenizer, ["one dog"]) == [library.encode("one dog")]
    assert tokenizer.decode(rows(tokenizer, ["<think>"])[0]) == "<think>"


def test_many_texts_come_back_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenizer_module, "_BATCH_BYTES", 20)
    texts = [("hello " * (number % 7)).strip() for number in range(50)]
    assert rows(load_tokenizer(word_level(tmp_path)), texts) == [[2] * (number % 7) for number in range(50)]


def test_a_slice_of_a_column_is_encoded_alone(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(word_level(tmp_path))
    whole = utf8(["hello", "world", "hello hello"])
    values, offsets = tokenizer.encode(Utf8(whole.data, whole.offsets[1:]))
    assert (values.tolist(), offsets.tolist()) == ([3, 2, 2], [0, 1, 3])


def test_no_text_gives_no_rows(tmp_path: Path) -> None:
    values, offsets = load_tokenizer(word_level(tmp_path)).encode(utf8([]))
    assert (values.tolist(), offsets.tolist()) == ([], [0])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("tokenizer.json", "{}", "not a readable tokenizer"),
        ("tokenizer.json", "no json", "not a readable tokenizer"),
        ("tokenizer.model", "rubbish", "not a readable tokenizer"),
        ("tokenizer.model", "", "an empty SentencePiece model"),
        ("tokenizer.txt", "", "neither a .json nor a .model file"),
    ],
)
def test_a_broken_file_is_one_line_that_names_it(tmp_path: Path, name: str, content: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(PipelineError, match=message) as error:
        load_tokenizer(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_an_error_that_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"no such file or folder; give a tokenizer\.json"):
        load_tokenizer(tmp_path / "tokenizer.json")
    with pytest.raises(PipelineError, match=r"no tokenizer.json or .model file in it"):
        load_tokenizer(tmp_path)
    (tmp_path / "a.model").touch()
    (tmp_path / "b.model").touch()
    with pytest.raises(PipelineError, match=r"2 .model files in it; name the one to use"):
        load_tokenizer(tmp_path)


def test_a_hub_name_downloads_the_tokenizer_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = word_level(tmp_path)
    asked = []

    def download(name: str, file: str) -> str:
        asked.append((name, file))
        return str(path)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    assert load_tokenizer("someone/something").vocabulary == 5
    assert asked == [("someone/something", "tokenizer.json")]


def test_a_hub_repository_without_a_tokenizer_json_gives_its_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sentencepiece_model(tmp_path, [])

    def download(name: str, file: str) -> str:
        if file == "tokenizer.json":
            raise EntryNotFoundError("404")
        return str(path)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    assert load_tokenizer("someone/something").kind == "sentencepiece"


def test_a_hub_without_network_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def download(name: str, file: str) -> str:
        asked.append(file)
        raise LocalEntryNotFoundError("check your connection")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    with pytest.raises(PipelineError, match="check your connection"):
        load_tokenizer("someone/something")
    assert asked == ["tokenizer.json"]


def test_a_hub_that_cannot_be_reached_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def download(name: str, file: str) -> str:
        raise OSError("no route\nto the hub")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    with pytest.raises(PipelineError, match=r"someone/something: no such .*\(no route\).*give its path") as error:
        load_tokenizer("someone/something")
    assert "\n" not in str(error.value)


@pytest.mark.skipif(not SHARED.exists(), reason="the shared tokenizers are not on this machine")
@pytest.mark.parametrize("name", ["minimind", "qwen2.5", "whitebox"])
def test_shared_tokenizers_have_the_facts_of_their_models(name: str) -> None:
    facts = {"minimind": (6400, 36), "qwen2.5": (151_665, 22), "whitebox": (4096, 3)}
    tokenizer = load_tokenizer(SHARED / name)
    assert (tokenizer.vocabulary, len(tokenizer.control_tokens)) == facts[name]
    encoded = rows(tokenizer, [*TEXTS, "".join(tokenizer.control_tokens)])
    controls = {tokenizer.id_of(token) for token in tokenizer.control_tokens}
    assert controls.isdisjoint(number for row in encoded for number in row)


@pytest.mark.skipif(not SHARED.exists(), reason="the shared tokenizers are not on this machine")
@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=60), max_size=4))
def test_the_white_box_model_gives_the_ids_of_sentencepiece(texts: list[str]) -> None:
    path = SHARED / "whitebox" / "tok4096.model"
    library = sentencepiece.SentencePieceProcessor(model_file=str(path))
    assert rows(load_tokenizer(path), texts) == [library.encode(text) for text in texts]


def test_the_library_runs_on_one_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOKENIZERS_PARALLELISM", raising=False)
    tokenizer_module._load.cache_clear()
    load_tokenizer(word_level(tmp_path))
    assert os.environ["TOKENIZERS_PARALLELISM"] == "false"


def test_tables_on_disk_give_the_same_ids_and_are_made_again_when_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numba.core.config, "CACHE_DIR", str(tmp_path))
    text = utf8(["今天天气很好。", "It isn't 2024 yet.\n\n  e\u0301"])
    seen = []
    for state in ("made", "read", "damaged"):
        if state == "damaged":
            (stored,) = tmp_path.glob("byte-level-bpe-*.npz")
            stored.write_bytes(stored.read_bytes()[:500])
        _load.cache_clear()
        seen.append(load_tokenizer(byte_level()).encode(text).values.tolist())
    assert seen[0] == seen[1] == seen[2] != []
    _load.cache_clear()
