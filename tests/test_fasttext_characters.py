"""Prediction from characters and pairs; the truth is `fasttext.predict` on the text that `splitting` writes.

Where each counts once, the truth is the sum of a dictionary's rows in plain Python.
"""

import itertools
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from classifier_models import write_model
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.contracts import Documents, Utf8
from curate.errors import PipelineError
from curate.fasttext_model import FastTextModel, load_model
from curate.kernels.splitting import split_characters

CHARACTERS = "春天来了，。的一aBc12Ａ２！^$<>/s_ \n\t\u3000\0カ한é👩\u200d\u0301𠀀𠀁"
SOME = st.text(st.sampled_from(CHARACTERS), max_size=40)
TEXTS = st.lists(SOME | st.text(st.characters(codec="utf-8")), max_size=5)


def words_of(texts: list[str]) -> list[str]:
    data, _ = split_characters(*Documents.of(texts).utf8)
    return sorted({word for word in data.tobytes().decode().split(" ") if word})


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[[list[str], int], FastTextModel]:
    """Makes a model that knows the words given, with vectors by chance."""

    def made(words: list[str], n_labels: int) -> FastTextModel:
        vectors = np.random.default_rng(len(words)).normal(0, 1, (len(words), n_labels))
        path = tmp_path_factory.mktemp("model") / "model.bin"
        labels = [f"l{number}" for number in range(n_labels)]
        return load_model(write_model(path, labels, dict(zip(words, vectors.tolist(), strict=True))))

    return made


def assert_alike(model: FastTextModel, texts: Utf8) -> None:
    for k in (1, len(model.labels)):
        labels, scores = model.predict(texts, k, split=True)
        expected_labels, expected_scores = model.predict(Utf8(*split_characters(*texts)), k)
        assert (labels == expected_labels).all()
        assert (scores == expected_scores).all()  # not only within 1e-6: rows are added in the same order


@pytest.mark.parametrize("n_labels", [2, 3, 5, 17])
def test_labels_and_scores_are_those_of_the_text_written_out(
    make: Callable[[list[str], int], FastTextModel], n_labels: int
) -> None:
    words = words_of([CHARACTERS, CHARACTERS[::-1], "春天来了。Spring 2024年来了", "的的一一", "a b", "Ａ！１２"])
    model = make([*words[::2], "ab", "很gpt", "gpt4"], n_labels)

    @settings(max_examples=100, deadline=None)
    @given(TEXTS)
    def check(texts: list[str]) -> None:
        assert_alike(model, Documents.of(texts).utf8)

    check()


@settings(max_examples=30, deadline=None)
@given(known=st.lists(SOME, min_size=1, max_size=3), texts=TEXTS)
def test_whatever_words_a_model_knows(
    make: Callable[[list[str], int], FastTextModel], known: list[str], texts: list[str]
) -> None:
    assert_alike(make(words_of(known), 2), Documents.of([*texts, *known]).utf8)


AT_SOME_EDGE = (
    ["", " \n", "\0", "a\0b", "春", "^", "$", "a", "</s>", "春</s>天", "__label__l0 春", "ＧＰＴ４很好"],
    ["春天" * 3000, "x" * 5000, "ab " * 700, *("一" * length for length in (127, 128, 129, 511, 512, 513))],
)


@pytest.mark.parametrize("text", [text for texts in AT_SOME_EDGE for text in texts])
def test_a_text_at_some_edge(make: Callable[[list[str], int], FastTextModel], text: str) -> None:
    words = words_of(["春天 ^ $ a ab </s> __label__l0 ＧＰＴ４很好 一一", "天春", "bab"])
    assert_alike(make(words, 3), Documents.of(["来了", text, "春天"]).utf8)


def test_a_slice_of_a_batch_is_read_at_its_place(make: Callable[[list[str], int], FastTextModel]) -> None:
    sliced = Documents(Documents.of(["春天", "来了", "秋天"]).frame.slice(1, 2))
    assert_alike(make(words_of(["来了", "天"]), 2), sliced.utf8)


def test_pairs_that_find_their_place_full_lie_in_the_next(make: Callable[[list[str], int], FastTextModel]) -> None:
    # 20,000 pairs at a load of 0.3 to 0.6: some places of eight are full.
    chars = [chr(point) for point in range(0x4E00, 0x4E00 + 142)]
    words = [first + second for first in chars for second in chars]
    model = make(words, 2)
    assert (model.character_tables.pairs[:, -1] != 0).any()
    entries = model.character_tables.pairs
    assert (entries != 0).sum() == len(words)
    assert_alike(model, Documents.of(["".join(np.random.default_rng(0).choice([*chars, "天"], 9000))]).utf8)


def test_a_word_that_is_no_utf8_is_never_met(tmp_path: Path) -> None:
    path = Path(write_model(tmp_path / "model.bin", ["a", "b"], {"春": [1, 0], "QQ": [0, 9]}))
    path.write_bytes(path.read_bytes().replace(b"QQ", b"\xc0\x80"))
    assert_alike(load_model(str(path)), Documents.of(["春\0", "\ufffd", "春天"]).utf8)


def test_a_model_with_ngrams_reads_the_text_written_out(tmp_path: Path) -> None:
    path = Path(write_model(tmp_path / "model.bin", ["a", "b"], {"春": [1, 0], "天": [0, 2]}))
    data = bytearray(path.read_bytes())
    struct.pack_into("<i", data, 8 + 4 * 5, 2)  # pairs of words, all in one bucket
    struct.pack_into("<i", data, 8 + 4 * 8, 1)
    model_bytes = bytes(data)
    head = model_bytes.index(struct.pack("<?qq", False, 3, 2))
    rows = np.frombuffer(model_bytes, "<f4", 6, head + 17).reshape(3, 2)
    grown = struct.pack("<?qq", False, 4, 2) + np.vstack([rows, [[3, 0]]]).astype("<f4").tobytes()
    path.write_bytes(model_bytes[:head] + grown + model_bytes[head + 17 + 24 :])
    model = load_model(str(path))
    assert model.character_tables is None
    assert_alike(model, Documents.of(["春天", "天", ""]).utf8)


def in_python(model: FastTextModel, texts: Utf8) -> np.ndarray:
    """The probability of each label: rows of the words known, each once, over the root of their number."""
    tables, n_labels = model.tables, len(model.labels)
    spelling = tables.spelling.tobytes()
    words = [spelling[start:stop] for start, stop in itertools.pairwise(tables.borders.tolist())]
    rows = dict(zip(words, tables.vectors[:, :n_labels].astype(np.float64), strict=True))
    data, offsets = split_characters(*texts)
    found = []
    for start, stop in itertools.pairwise(offsets):
        known = {word for word in [*data[start:stop].tobytes().split(b" "), b"</s>"] if word in rows}
        raised = np.exp(sum(rows[word] for word in known) / np.sqrt(len(known)))
        found.append(raised / raised.sum())
    return np.array(found).reshape(-1, n_labels)


def assert_distinct(model: FastTextModel, texts: Utf8) -> None:
    labels, scores = model.predict(texts, len(model.labels), split=True, distinct=True)
    found = np.zeros(labels.shape)
    np.put_along_axis(found, labels, scores.astype(np.float64), axis=1)
    assert found == pytest.approx(in_python(model, texts), abs=1e-4)  # fastText adds 1e-5 to each


@pytest.mark.parametrize("n_labels", [2, 3, 5, 17])
def test_each_counts_once_over_the_root_of_their_number(
    make: Callable[[list[str], int], FastTextModel], n_labels: int
) -> None:
    model = make(
        words_of([CHARACTERS, CHARACTERS[::-1], "春天来了。Spring 2024年来了", "的的一一", "a b"])[::2], n_labels
    )

    @settings(max_examples=100, deadline=None)
    @given(TEXTS)
    def check(texts: list[str]) -> None:
        assert_distinct(model, Documents.of(texts).utf8)

    check()


def test_each_counts_once_however_far_apart_and_anew_in_each_text(
    make: Callable[[list[str], int], FastTextModel],
) -> None:
    model = make(words_of(["春天来了", "一一"]), 2)
    assert_distinct(model, Documents.of(["春天" * 3000, "春天" * 3000 + "来", *("春天来", "来了", "一") * 300]).utf8)


def test_a_model_with_ngrams_refuses_to_count_each_once(tmp_path: Path) -> None:
    path = Path(write_model(tmp_path / "model.bin", ["a", "b"], {"春": [1, 0]}))
    data = bytearray(path.read_bytes())
    struct.pack_into("<i", data, 8 + 4 * 5, 2)
    struct.pack_into("<i", data, 8 + 4 * 8, 1)
    head = bytes(data).index(struct.pack("<?qq", False, 2, 2))
    struct.pack_into("<q", data, head + 1, 3)
    path.write_bytes(bytes(data[: head + 17]) + bytes(8) + bytes(data[head + 17 :]))
    with pytest.raises(PipelineError, match="distinct"):
        load_model(str(path)).predict(Documents.of(["春"]).utf8, split=True, distinct=True)
