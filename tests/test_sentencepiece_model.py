"""The kernel gives the ids of SentencePiece for models as we train them; other models are left to the library."""

import io
import itertools
import random
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.contracts import Utf8
from curate.tokenizer import load_tokenizer
from curate.tokenizer.sentencepiece_model import sentencepiece_kernel
from curate.tokenizer.training import train_sentencepiece

SHARED = Path(__file__).parents[2] / "shared" / "tokenizers"
WORDS = [
    "天气",
    "很好",
    "我们",
    "一起",
    "去看",
    "大海",
    "the cat",
    "  sat",
    " on",
    "2024",
    ",",
    "。",
    "x = y",
    "▁mark",
    "😀",
]
FRAGMENTS = [
    *WORDS,
    " ",
    "   ",
    "\u2581",
    "\u2581 \u2581",
    "\n",
    "\t",
    "\0",
    "龘",
    "é",
    "<s>",
    "<unk>",
    "<0x41>",
    "\ufffd",
]
OURS: dict[str, Any] = {
    "model_type": "bpe", "vocab_size": 360, "hard_vocab_limit": False, "byte_fallback": True, "num_threads": 1,
    "normalization_rule_name": "identity", "remove_extra_whitespaces": False, "add_dummy_prefix": False,
    "minloglevel": 2,
}  # fmt: skip


def sentences() -> list[str]:
    chance = random.Random(0)
    return ["".join(chance.choices(WORDS, k=12)) for _ in range(400)]


def model_of(**settings_changed: Any) -> bytes:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences()), model_writer=model, **(OURS | settings_changed)
    )
    return model.getvalue()


@cache
def ours() -> bytes:
    return model_of()


def rows(raw: bytes, texts: list[str]) -> list[list[int]]:
    kernel = sentencepiece_kernel(raw)
    assert kernel is not None
    values, offsets = kernel.encode(Utf8.of(pl.Series(texts, dtype=pl.String)))
    return [values[first:stop].tolist() for first, stop in itertools.pairwise(offsets.tolist())]


def expected(raw: bytes, texts: list[str]) -> list[list[int]]:
    library = sentencepiece.SentencePieceProcessor(model_proto=raw)
    return [library.encode(text) for text in texts]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.text(st.characters(codec="utf-8"), max_size=40) | st.lists(st.sampled_from(FRAGMENTS)).map("".join),
        max_size=4,
    )
)
def test_ids_are_those_of_the_library(texts: list[str]) -> None:
    assert rows(ours(), texts) == expected(ours(), texts)


def test_pieces_across_blanks_and_long_runs_have_the_ids_of_the_library() -> None:
    raw = model_of(split_by_whitespace=False, split_by_unicode_script=False, split_by_number=False)
    chance = random.Random(1)
    texts = ["".join(chance.choices(FRAGMENTS, k=60)) for _ in range(200)]
    texts += ["天气很好" * 5_000, "x" * 3_000, " " * 3_000, "the cat  sat" * 999, "\u2581" * 99]
    texts += [text.replace("  ", either) for text in sentences()[:50] for either in (" \u2581", "\u2581 ")]
    assert rows(raw, texts) == expected(raw, texts)


def test_a_trained_model_is_encoded_by_the_kernel(tmp_path: Path) -> None:
    path = train_sentencepiece(sentences(), 600, tmp_path)
    assert sentencepiece_kernel(path.read_bytes()) is not None
    values = load_tokenizer(path).encode(Utf8.of(pl.Series(["天气 很好"]))).values
    assert values.tolist() == expected(path.read_bytes(), ["天气 很好"])[0]


@pytest.mark.parametrize(
    "change",
    [
        {"add_dummy_prefix": True},
        {"remove_extra_whitespaces": True},
        {"normalization_rule_name": "nmt_nfkc"},
        {"byte_fallback": False, "vocab_size": 100},
        {"model_type": "unigram"},
        {"user_defined_symbols": ["<think>"]},
        {"treat_whitespace_as_suffix": True},
    ],
)
def test_what_the_kernel_does_not_do_exactly_is_left_to_the_library(tmp_path: Path, change: dict[str, Any]) -> None:
    raw = model_of(**change)
    assert sentencepiece_kernel(raw) is None
    (tmp_path / "odd.model").write_bytes(raw)
    values = load_tokenizer(tmp_path).encode(Utf8.of(pl.Series(["天气  很好 the cat"]))).values
    assert values.tolist() == expected(raw, ["天气  很好 the cat"])[0]


@pytest.mark.skipif(not SHARED.exists(), reason="the shared tokenizers are not on this machine")
def test_the_model_of_tinyllm_joins_blanks_and_is_left_to_the_library() -> None:
    assert sentencepiece_kernel((SHARED / "whitebox" / "tok4096.model").read_bytes()) is None
