"""The BPE kernel gives the ids of `tokenizers`: on trained and on random merges, for any text."""

import base64
import io
import itertools
import json
import random
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers, trainers

from curate.contracts import Utf8
from curate.kernels.pretokenize import gpt2_piece_end, qwen2_piece_end
from curate.tokenizer import byte_level as byte_level_module
from curate.tokenizer import load_tokenizer
from curate.tokenizer.byte_level import _QWEN2_PATTERN, BYTES, _characters, byte_level_kernel

SHARED = Path(__file__).parents[2] / "shared"
shared = pytest.mark.skipif(not SHARED.exists(), reason="the shared tokenizers and corpora are not on this machine")
GPT2_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
FRAGMENTS = [
    *("'s", "'S", "'\u017f", "'re", "'Re", "'vE", "'ll", "'LL", "'d", "'", "''", " ", "  ", "\n", "\r\n", "\t"),
    *("\u3000", "\xa0", "\x85", "\x1c", "\u200b", "\u2028", "1", "23", "٣", "½", "Ⅻ", "a", "the", " the", "Hello"),
    *("的", "我们", "天气", "龘", "𠀀", "，", "。", "!", "...", "=====", "<|im_end|>", "É", "e\u0301", "\u0301", "ñ"),
    *("한국", "\u1112\u1161\u11ab", "\ud558\u11ab", "が", "かな", "😀", "👩🏽", "ไทย", "हिन्दी"),
    *("\x00", "\ufffd", "\U0010ffff", "\ua7cb", "\u0897"),
]  # fmt: skip
ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=80)
LIKELY_TEXT = st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join)
TEXTS = st.lists(ANY_TEXT | LIKELY_TEXT, max_size=4)


def spec_of(library: tokenizers.Tokenizer) -> dict[str, Any]:
    return json.loads(library.to_str())


def split_like(name: str) -> pre_tokenizers.PreTokenizer:
    if name == "gpt2":
        return pre_tokenizers.ByteLevel(add_prefix_space=False)
    split = pre_tokenizers.Split(Regex(_QWEN2_PATTERN), "isolated")
    return pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def sentences() -> list[str]:
    chance = random.Random(1)
    han = [chr(0x4E00 + int(300 * chance.random() ** 2)) for _ in range(3_000)]
    words = ["the", "cat", "isn't", "sat", "2024", "on", "mats", "...", "naïve", "😀", "한국", "が"]
    return ["".join(chance.choices(han, k=12)) + "，" + " ".join(chance.choices(words, k=6)) for _ in range(1_000)]


@cache
def trained(name: str, size: int = 1_500) -> tokenizers.Tokenizer:
    library = tokenizers.Tokenizer(models.BPE())
    library.pre_tokenizer = split_like(name)
    library.decoder = decoders.ByteLevel()
    if name == "qwen2":
        library.normalizer = normalizers.NFC()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    library.train_from_iterator(
        sentences(), trainers.BpeTrainer(vocab_size=size, show_progress=False, initial_alphabet=alphabet)
    )
    return library


def rows(library: tokenizers.Tokenizer, texts: list[str]) -> list[list[int]]:
    kernel = byte_level_kernel(spec_of(library))
    assert kernel is not None
    return split_rows(*kernel.encode(utf8(texts)))


def utf8(texts: list[str]) -> Utf8:
    return Utf8.of(pl.Series(texts, dtype=pl.String))


def split_rows(values: npt.NDArray[np.int32], offsets: npt.NDArray[np.int64]) -> list[list[int]]:
    return [values[first:stop].tolist() for first, stop in itertools.pairwise(offsets.tolist())]


def expected(library: tokenizers.Tokenizer, texts: list[str]) -> list[list[int]]:
    return [encoding.ids for encoding in library.encode_batch_fast(texts, add_special_tokens=False)]


@pytest.mark.parametrize("name", ["gpt2", "qwen2"])
@settings(max_examples=150, deadline=None)
@given(texts=TEXTS)
def test_ids_are_those_of_the_library(name: str, texts: list[str]) -> None:
    kernel = trained_kernel(name)
    assert split_rows(*kernel.encode(utf8(texts))) == expected(trained(name), texts)


@cache
def trained_kernel(name: str) -> byte_level_module.KernelBpe:
    kernel = byte_level_kernel(spec_of(trained(name)))
    assert kernel is not None
    return kernel


def random_merges(chance: random.Random, alphabet: str, n_merges: int) -> tokenizers.Tokenizer:
    """Merge pairs that stand side by side, in any order of frequency: tokens that hold parts of characters abound."""
    letter = {byte: letter for letter, byte in BYTES.items()}
    words = [[letter[byte] for byte in "".join(chance.choices(alphabet, k=12)).encode()] for _ in range(60)]
    vocabulary = {letter[byte]: byte for byte in range(256)}
    merges = []
    while len(merges) < n_merges:
        word = chance.choice(words)
        if len(word) < 2:
            words.remove(word)
            continue
        at = chance.randrange(len(word) - 1)
        left, right = word[at : at + 2]
        word[at : at + 2] = [left + right]
        if left + right not in vocabulary:
            vocabulary[left + right] = len(vocabulary)
            merges.append((left, right))
    library = tokenizers.Tokenizer(models.BPE(vocabulary, merges))
    library.pre_tokenizer = split_like("gpt2")
    return library


@pytest.mark.parametrize(
    "alphabet", ["ab", "a\0", "的一是不了", "éèüab", "a的é😀👩", "地址坛城垃圾", "\u4e00\u4e40\u5e00\u5e40"]
)
def test_random_merges_that_cut_characters_give_the_ids_of_the_library(alphabet: str) -> None:
    chance = random.Random(alphabet)
    for _ in range(4):
        library = random_merges(chance, alphabet, 150)
        texts = ["".join(chance.choices(alphabet, k=chance.randrange(60))) for _ in range(400)]
        assert rows(library, texts) == expected(library, texts)


def test_a_character_whose_bytes_do_not_become_its_token_stays_in_bytes() -> None:
    first, second, third = (letter for byte in "的".encode() for letter, value in BYTES.items() if value == byte)
    merges = [(second, third), (first, second), (first + second, third)]
    vocabulary = {letter: byte for letter, byte in BYTES.items()} | {
        "".join(merge): 256 + rank for rank, merge in enumerate(merges)
    }
    library = tokenizers.Tokenizer(models.BPE(vocabulary, merges))
    library.pre_tokenizer = split_like("gpt2")
    assert (
        rows(library, ["的", "a的的"])
        == expected(library, ["的", "a的的"])
        == [[0xE7, 256], [97, 0xE7, 256, 0xE7, 256]]
    )


def test_long_runs_without_a_border_give_the_ids_of_the_library() -> None:
    chance = random.Random(2)
    noise = base64.b64encode(chance.randbytes(30_000)).decode()
    texts = ["the" * 4_000, noise, noise.replace("+", "的"), "a" * 47, "a" * 48, "a" * 49, " " * 5_000, "=" * 999]
    for name in ("gpt2", "qwen2"):
        assert rows(trained(name), texts) == expected(trained(name), texts)
    library = random_merges(chance, "ab", 200)
    texts = ["".join(chance.choices("ab", k=size)) for size in (40, 49, 500, 20_000)]
    assert rows(library, texts) == expected(library, texts)


@pytest.mark.parametrize("name", ["gpt2", "qwen2"])
def test_pieces_end_where_those_of_the_library_end(name: str) -> None:
    pattern, piece_end = {
        "gpt2": (GPT2_PATTERN, gpt2_piece_end), "qwen2": (_QWEN2_PATTERN, qwen2_piece_end),
    }[name]  # fmt: skip
    split = pre_tokenizers.Split(Regex(pattern), "isolated")
    characters = _characters() & np.uint8(3)
    chance = random.Random(3)
    texts = ["".join(chance.choices(FRAGMENTS, k=40)) for _ in range(300)]
    # Every character below U+3000, the newest of Unicode 16 and 17, and every pair that could be a contraction.
    texts += [
        f"'{chr(point)}'{chr(point)}x {chr(point)}1" for point in [*range(0x3000), 0xA7CB, 0x1C89, 0x105C0, 0x11B60]
    ]
    texts += [f"a'{first}{second} b" for first in "sStTrRvVlLmMdDſ" for second in "eElLxſ1 "]
    for text in texts:
        data = np.frombuffer(text.encode(), np.uint8)
        ends = [0]
        while ends[-1] < len(data):
            ends.append(piece_end(data, ends[-1], len(data), characters))
        pieces = [data[first:stop].tobytes().decode() for first, stop in itertools.pairwise(ends)]
        assert pieces == [piece for piece, _ in split.pre_tokenize_str(text)], text


def test_only_texts_that_nfc_may_change_are_normalised() -> None:
    texts = [
        "plain",
        "e\u0301",
        "的",
        "\u1112\u1161\u11ab",
        "\ud558\u11ab",
        "",
        "a\u0323\u0307b",
        "\uf900",
        "\u0958",
        "end",
    ]
    assert rows(trained("qwen2"), texts) == expected(trained("qwen2"), texts)
    assert rows(trained("gpt2"), ["e\u0301"]) == expected(trained("gpt2"), ["e\u0301"]) != rows(trained("gpt2"), ["é"])


def test_a_second_batch_and_a_slice_use_what_is_remembered_without_mixing_it_up() -> None:
    kernel = trained_kernel("gpt2")
    texts = sentences()[:300]
    whole = utf8(texts)
    once = split_rows(*kernel.encode(whole))
    assert split_rows(*kernel.encode(whole)) == once == expected(trained("gpt2"), texts)
    assert split_rows(*kernel.encode(Utf8(whole.data, whole.offsets[100:201]))) == once[100:200]
    assert split_rows(*kernel.encode(utf8([]))) == []


def test_threads_may_encode_at_the_same_time() -> None:
    kernel = byte_level_kernel(spec_of(trained("gpt2")))
    assert kernel is not None
    batches = [utf8(sentences()[first::7]) for first in range(7)] * 4
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(kernel.encode, batches))
    for batch, (values, offsets) in zip(batches, together, strict=True):
        alone = kernel.encode(batch)
        assert np.array_equal(values, alone[0]) and np.array_equal(offsets, alone[1])


def changed(**parts: Any) -> dict[str, Any]:
    spec = spec_of(trained("gpt2"))
    spec["model"] |= parts.pop("model", {})
    return spec | parts


ODD: dict[str, dict[str, Any]] = {
    "dropout": changed(model={"dropout": 0.1}),
    "ignore_merges": changed(model={"ignore_merges": True}),
    "byte_fallback": changed(model={"byte_fallback": True}),
    "a suffix": changed(model={"end_of_word_suffix": "</w>"}),
    "a product made twice": changed(model={"merges": [["a", "b"], ["b", "c"], ["ab", "c"], ["a", "bc"]]}),
    "a part made later": changed(model={"merges": [["ab", "c"], ["a", "b"]]}),
    "no id for a byte": changed(model={"vocab": {"a": 0}, "merges": []}),
    "another model": changed(model={"type": "WordLevel"}),
    "a prefix blank": changed(pre_tokenizer={"type": "ByteLevel", "add_prefix_space": True, "use_regex": True}),
    "no splitting": changed(pre_tokenizer={"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}),
    "other splitting": changed(pre_tokenizer={"type": "Whitespace"}),
    "none at all": changed(pre_tokenizer=None),
    "other normalisation": changed(normalizer={"type": "NFKC"}),
}


@pytest.mark.parametrize("name", ODD)
def test_what_the_kernel_does_not_do_exactly_is_left_to_the_library(name: str) -> None:
    assert byte_level_kernel(ODD[name]) is None


@pytest.mark.parametrize("name", ["gpt2", "qwen2"])
def test_a_file_is_loaded_decoded_and_guarded_as_the_library_would(tmp_path: Path, name: str) -> None:
    library = tokenizers.Tokenizer.from_str(trained(name).to_str())
    library.add_special_tokens([AddedToken("<|im_end|>", normalized=False)])
    library.add_tokens([AddedToken("<think>", normalized=False)])
    library.save(str(tmp_path / "tokenizer.json"))
    tokenizer = load_tokenizer(tmp_path)
    assert tokenizer.kind == "byte_level_bpe"
    assert tokenizer.vocabulary == library.get_vocab_size()
    assert tokenizer.control_tokens == ("<|im_end|>", "<think>")
    assert tokenizer.id_of("<think>") == library.token_to_id("<think>")
    text = "的<|im_end|> the <think>"
    values, _ = tokenizer.encode(utf8([text]))
    assert values.tolist() == expected(trained(name), [text])[0]
    assert tokenizer.decode(values) == text
    chance = random.Random(5)
    for _ in range(200):
        ids = [chance.randrange(tokenizer.vocabulary) for _ in range(8)]
        assert tokenizer.decode(ids) == library.decode(ids, skip_special_tokens=False)


@shared
@pytest.mark.parametrize("name", ["minimind", "qwen2.5"])
@settings(max_examples=150, deadline=None)
@given(texts=TEXTS)
def test_minimind_and_qwen_give_the_ids_of_the_library(name: str, texts: list[str]) -> None:
    library = plain(name)
    assert split_rows(*load_tokenizer(SHARED / "tokenizers" / name).encode(utf8(texts))) == expected(library, texts)


@cache
def plain(name: str) -> tokenizers.Tokenizer:
    spec = json.loads((SHARED / "tokenizers" / name / "tokenizer.json").read_bytes())
    return tokenizers.Tokenizer.from_str(json.dumps(spec | {"added_tokens": []}))


@shared
@pytest.mark.parametrize("name", ["minimind", "qwen2.5"])
@pytest.mark.parametrize("corpus", ["zh_web", "en_web", "multi"])
def test_real_pages_have_the_ids_of_the_library(name: str, corpus: str) -> None:
    zstandard = pytest.importorskip("zstandard")
    with (SHARED / "corpora" / f"{corpus}.jsonl.zst").open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf-8")
        texts = [json.loads(line)["text"] for line in itertools.islice(lines, 0, 4_000, 50)]
    assert split_rows(*load_tokenizer(SHARED / "tokenizers" / name).encode(utf8(texts))) == expected(plain(name), texts)


@shared
@pytest.mark.parametrize("name", ["minimind", "qwen2.5"])
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_strings_of_vocabulary_entries_have_the_ids_of_the_library(name: str, data: st.DataObject) -> None:
    entries = st.sampled_from(readable_entries(name))
    texts = data.draw(st.lists(st.lists(entries | st.sampled_from(FRAGMENTS), max_size=30).map("".join), max_size=3))
    assert split_rows(*load_tokenizer(SHARED / "tokenizers" / name).encode(utf8(texts))) == expected(plain(name), texts)


@cache
def readable_entries(name: str) -> list[str]:
    spelt = [bytes(BYTES.get(letter, 32) for letter in token) for token in sorted(plain(name).get_vocab())]
    return [token.decode(errors="ignore") for token in spelt]
