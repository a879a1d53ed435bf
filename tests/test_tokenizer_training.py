"""Training: the files that MiniMind and TinyLLM read, from much, little and odd text."""

import json
import random
from pathlib import Path

import polars as pl
import pytest
import sentencepiece
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.contracts import Utf8
from curate.errors import PipelineError
from curate.tokenizer import load_tokenizer, training
from curate.tokenizer.training import MINIMIND_TOKENS, _sentences, train_byte_level_bpe, train_sentencepiece

SHARED = Path(__file__).parents[2] / "shared" / "tokenizers"
CLAUSES = [
    "春天来了",
    "我们一起去看海",
    "the quick fox",
    "第12章 开始",
    "他说:你好!",
    "  两个空格",
    "tokens, tokens",
    "天气很好",
]


def corpus(documents: int = 200) -> list[str]:
    chance = random.Random(0)
    return ["。".join(chance.choices(CLAUSES, k=8)) + "\n" for _ in range(documents)]


@pytest.fixture(scope="module")
def sentencepiece_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_sentencepiece(corpus(), 8192, tmp_path_factory.mktemp("sentencepiece"))


@pytest.fixture(scope="module")
def bpe_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_byte_level_bpe(corpus(), 340, tmp_path_factory.mktemp("bpe"))


def test_a_minimind_tokenizer_has_its_added_tokens_first(bpe_path: Path) -> None:
    spec = json.loads(bpe_path.read_bytes())
    assert [(token["content"], token["special"]) for token in spec["added_tokens"]] == list(MINIMIND_TOKENS)
    assert [token["id"] for token in spec["added_tokens"]] == list(range(36))
    tokenizer = load_tokenizer(bpe_path)
    assert tokenizer.vocabulary == 340
    assert [tokenizer.id_of(f"<|{name}|>") for name in ("endoftext", "im_start", "im_end")] == [0, 1, 2]


def test_the_config_names_the_tokens_minimind_adds(bpe_path: Path) -> None:
    config = json.loads((bpe_path.parent / "tokenizer_config.json").read_bytes())
    assert [config[f"{role}_token"] for role in ("bos", "eos", "pad", "unk")] == [
        "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|endoftext|>",
    ]  # fmt: skip
    assert config["additional_special_tokens"] == [token for token, special in MINIMIND_TOKENS if special][1:]
    assert "chat_template" not in config


@pytest.mark.skipif(not SHARED.exists(), reason="the shared tokenizers are not on this machine")
def test_the_added_tokens_and_the_machinery_are_those_of_minimind(bpe_path: Path) -> None:
    theirs = json.loads((SHARED / "minimind" / "tokenizer.json").read_bytes())
    ours = json.loads(bpe_path.read_bytes())
    assert ours["added_tokens"] == theirs["added_tokens"]
    assert {**ours, "model": None} == {**theirs, "model": None}
    assert {k: v for k, v in ours["model"].items() if k not in ("vocab", "merges")} == {
        k: v for k, v in theirs["model"].items() if k not in ("vocab", "merges")
    }


def test_a_trained_bpe_gives_the_text_back(bpe_path: Path) -> None:
    library = tokenizers.Tokenizer.from_file(str(bpe_path))
    for text in ["我们一起去看海", "unseen ϑ 😀\t\x00", *CLAUSES]:
        assert library.decode(library.encode(text).ids) == text
    assert len(library.encode("我们一起去看海").ids) < len("我们一起去看海".encode())


def test_training_twice_gives_the_same_bytes(tmp_path: Path, bpe_path: Path, sentencepiece_path: Path) -> None:
    again = train_byte_level_bpe(iter(corpus()), 340, tmp_path)
    assert again.read_bytes() == bpe_path.read_bytes()
    other = train_sentencepiece(iter(corpus()), 8192, tmp_path)
    assert (other.name, other.read_bytes()) == (sentencepiece_path.name, sentencepiece_path.read_bytes())
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(
        ["tokenizer.json", "tokenizer_config.json", sentencepiece_path.name]
    )


def test_a_sentencepiece_model_has_the_ids_tinyllm_counts_on(sentencepiece_path: Path) -> None:
    model = sentencepiece.SentencePieceProcessor(model_file=str(sentencepiece_path))
    assert (model.unk_id(), model.bos_id(), model.eos_id(), model.pad_id()) == (0, 1, 2, -1)
    assert model.id_to_piece(3) == "<0x00>" and model.id_to_piece(258) == "<0xFF>"
    assert sentencepiece_path.name == f"tok{model.get_piece_size()}.model"
    assert len(model.encode("我们一起去看海")) < len("我们一起去看海")


def test_digits_stand_alone(sentencepiece_path: Path) -> None:
    model = sentencepiece.SentencePieceProcessor(model_file=str(sentencepiece_path))
    assert model.encode("第12章", out_type=str) == ["第", "1", "2", "章"]


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\u2581"), max_size=40))
def test_a_sentencepiece_model_gives_any_text_back(sentencepiece_path: Path, text: str) -> None:
    tokenizer = load_tokenizer(sentencepiece_path)
    ids = tokenizer.encode(Utf8.of(pl.Series([text], dtype=pl.String))).values
    assert 0 not in ids.tolist()
    assert tokenizer.decode(ids) == text


@pytest.mark.parametrize("text", ["a", "好", " ", "好好学习,天天向上。" * 20, "x" * 9_000, "\t\t", "a\0b▅c"])
def test_tiny_text_gives_a_valid_model(tmp_path: Path, text: str) -> None:
    path = train_sentencepiece([text], 8192, tmp_path)
    tokenizer = load_tokenizer(path)
    assert path.name == f"tok{tokenizer.vocabulary}.model"
    assert 259 < tokenizer.vocabulary <= 8192
    assert tokenizer.decode(tokenizer.encode(Utf8.of(pl.Series([text]))).values) == text


def test_a_bpe_of_no_text_knows_the_bytes(tmp_path: Path) -> None:
    assert load_tokenizer(train_byte_level_bpe([], 6400, tmp_path)).vocabulary == 292


@pytest.mark.parametrize("texts", [[], [""], ["\n\n", "\0"]])
def test_no_text_is_an_error_of_one_line(tmp_path: Path, texts: list[str]) -> None:
    with pytest.raises(PipelineError, match=r"no text to train on; keep more documents"):
        train_sentencepiece(texts, 8192, tmp_path)


def test_more_characters_than_room_do_not_stop_the_training(tmp_path: Path) -> None:
    text = "".join(chr(0x4E00 + number % 5000 if number % 3 else 0x4E00 + number % 50) for number in range(40_000))
    path = train_sentencepiece([text], 600, tmp_path)
    tokenizer = load_tokenizer(path)
    assert path.name == "tok600.model"
    assert tokenizer.id_of(chr(0x4E00)) is not None
    assert tokenizer.decode(tokenizer.encode(Utf8.of(pl.Series([text]))).values) == text


@pytest.mark.parametrize(("train", "size"), [(train_sentencepiece, 300), (train_byte_level_bpe, 291)])
def test_a_vocabulary_without_room_is_an_error(tmp_path: Path, train, size: int) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(PipelineError, match=rf"a vocabulary of {size}.*give \d+ or more"):
        train(corpus(), size, tmp_path)


def test_long_lines_are_cut_at_sentence_ends_below_the_limit_of_sentencepiece() -> None:
    line = ("字" * 30 + "。") * 100 + "😀" * 2_500
    pieces = list(_sentences(f"short line\n\n{line}\0tail"))
    assert "".join(pieces) == f"short line{line}tail"
    assert all(len(piece.encode()) <= 4_192 for piece in pieces)
    assert pieces[1].endswith("。")


def test_training_reads_no_more_than_the_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "SAMPLE_BYTES", 10)
    texts = iter(["abcd", "海海海", "abcd", "never read"])
    train_sentencepiece(texts, 512, tmp_path)
    assert list(texts) == ["abcd", "never read"]
