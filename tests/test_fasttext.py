"""Models of every kind are written here, byte by byte, and predicted by fastText itself (the truth) and by the kernel.

The file layout follows fastText 0.9.2; weights are random, which is as good as trained ones for comparing two readers.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import fasttext
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curate.contracts import Documents
from curate.errors import PipelineError
from curate.fasttext_model import FastTextModel, built_in_language_model, load_model

SHARED = Path(__file__).parents[2] / "shared"
HS, NS, SOFTMAX, OVA = 1, 2, 3, 4
WORDS = ["</s>", "the", "猫", "数据", "data", "é", "𠀀𠀁", "a", "word", "，", "你好世界"]
LABELS = {"__label__zh": 90, "__label__en": 60, "__label__猫": 31, "__label__d": 30, "__label__e": 2, "__label__f": 1}
TEXTS = [
    "",
    " \t\r\n\v\f ",
    "the 猫 data",
    "你好世界，数据清洗 the unknown wordsé 𠀀𠀁 𠀀",
    "a b c d e f g h " * 40,
    "no spaces" * 700,
    "数据" * 3000,
    "xq zv 新词 the " * 400,
    "未知的很长的词" * 90 + " " + "另一个未知的词" * 700,
    "line\nbreaks\r\nare spaces\n",
    "__label__zh __label__unknown the",
    "the end </s> 猫 data is not read",
    "zero\0byte",
    "﻿bom and \u3000 ideographic space",
]


def quantiser(rng: np.random.Generator, dim: int, width: int) -> tuple[bytes, int]:
    parts, last = -(-dim // width), dim % width or width
    centroids = rng.normal(0, 0.5, dim * 256).astype("<f4")
    return struct.pack("<4i", dim, parts, width, last) + centroids.tobytes(), parts


def matrix(rng: np.random.Generator, rows: int, dim: int, *, quantised: bool, norms: bool = True) -> bytes:
    if not quantised:
        return struct.pack("<qq", rows, dim) + rng.normal(0, 0.7, rows * dim).astype("<f4").tobytes()
    table, parts = quantiser(rng, dim, 3)
    codes = rng.integers(0, 256, rows * parts, np.uint8).tobytes()
    data = struct.pack("<?qqi", norms, rows, dim, rows * parts) + codes + table
    return data + rng.integers(0, 256, rows, np.uint8).tobytes() + quantiser(rng, 1, 1)[0] if norms else data


def write_model(path: Path, **changed: Any) -> str:
    """Write a model file; `kept`: None for an unpruned one, else how many buckets are left."""
    given = {"loss": HS, "dim": 10, "word_ngrams": 1, "bucket": 300, "minn": 2, "maxn": 4, "version": 12, "kind": 3}
    given |= {
        "quantised": False,
        "quantised_output": False,
        "kept": None,
        "norms": True,
        "words": WORDS,
        "labels": LABELS,
    }
    p = given | changed
    rng = np.random.default_rng(7)
    data = struct.pack("<ii", 793712314, p["version"])
    data += struct.pack("<12id", p["dim"], 5, 5, 1, 5, p["word_ngrams"], p["loss"], p["kind"], p["bucket"], p["minn"],
                        p["maxn"], 100, 1e-4)  # fmt: skip
    kept = -1 if p["kept"] is None else p["kept"]
    words, labels = p["words"], p["labels"]
    data += struct.pack("<iiiqq", len(words) + len(labels), len(words), len(labels), 999, kept)
    for word in words:
        data += word.encode() + b"\0" + struct.pack("<qb", 5, 0)
    for label, count in labels.items():
        data += label.encode() + b"\0" + struct.pack("<qb", count, 1)
    buckets = rng.permutation(p["bucket"])[: max(0, kept)]
    for bucket, row in zip(buckets, rng.permutation(len(buckets)), strict=True):
        data += struct.pack("<ii", bucket, row)
    rows = len(words) + (p["bucket"] if p["kept"] is None else p["kept"])
    data += struct.pack("<?", p["quantised"]) + matrix(rng, rows, p["dim"], quantised=p["quantised"], norms=p["norms"])
    data += struct.pack("<?", p["quantised_output"])
    data += matrix(rng, len(labels), p["dim"], quantised=p["quantised_output"], norms=p["norms"])
    path.write_bytes(data)
    return str(path)


def by_fasttext(path: str, texts: list[str], k: int) -> list[list[tuple[str, float]]]:
    model = fasttext.load_model(path)
    found = (model.f.predict(text.replace("\n", " ") + "\n", k, 0.0, "strict") for text in texts)
    return [[(label.removeprefix("__label__"), score) for score, label in pairs] for pairs in found]


def by_curate(model: FastTextModel, texts: list[str], k: int) -> list[list[tuple[str, float]]]:
    labels, scores = model.predict(Documents.of(texts).utf8, k)
    return [
        [(model.labels[label], float(score)) for label, score in zip(row, row_scores, strict=True) if label >= 0]
        for row, row_scores in zip(labels, scores, strict=True)
    ]


def assert_same(path: str, texts: list[str], k: int) -> None:
    for text, theirs, ours in zip(
        texts, by_fasttext(path, texts, k), by_curate(load_model(path), texts, k), strict=True
    ):
        assert [label for label, _ in ours] == [label for label, _ in theirs], text[:80]
        assert [score for _, score in ours] == pytest.approx([score for _, score in theirs], abs=1e-5), text[:80]


KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "no character n-grams": {"maxn": 0, "minn": 0, "bucket": 0},
    "n-grams from one character": {"minn": 1, "maxn": 3},
    "n-grams from nought, as training with maxn alone leaves it": {"minn": 0, "maxn": 3},
    "word n-grams": {"word_ngrams": 3},
    "word n-grams alone": {"word_ngrams": 2, "maxn": 0},
    "version 11": {"version": 11},
    "quantised": {"quantised": True},
    "quantised without norms": {"quantised": True, "norms": False},
    "quantised and pruned": {"quantised": True, "kept": 70, "word_ngrams": 2},
    "pruned to words": {"quantised": True, "kept": 0},
    "quantised output": {"quantised": True, "quantised_output": True, "kept": 200},
    "wide": {"dim": 16, "bucket": 1 << 16, "quantised": True, "kept": 60_000},
    "no end of text": {"words": WORDS[1:]},
    "two labels": {"labels": {"__label__good": 3, "__label__bad": 3}},
}


@pytest.mark.parametrize("loss", [HS, NS, SOFTMAX, OVA])
@pytest.mark.parametrize("kind", KINDS)
def test_labels_and_scores_are_those_of_fasttext(tmp_path: Path, kind: str, loss: int) -> None:
    path = write_model(tmp_path / "model.bin", loss=loss, **KINDS[kind])
    texts = [text for text in TEXTS if text.strip()] if kind == "no end of text" else TEXTS
    assert_same(path, texts, 1)
    if loss in (HS, SOFTMAX):
        assert_same(path, texts, 3)
    # All labels: sigmoids come out of fastText's table of 512, so scores tie, and ties come in no promised order.
    for theirs, ours in zip(by_fasttext(path, texts, 50), by_curate(load_model(path), texts, 50), strict=True):
        assert dict(ours) == pytest.approx(dict(theirs), abs=1e-5)
        assert [score for _, score in ours] == sorted((score for _, score in ours), reverse=True)


def test_a_text_without_features_has_no_label(tmp_path: Path) -> None:
    path = write_model(tmp_path / "model.bin", words=WORDS[1:])
    assert by_curate(load_model(path), ["", "the"], 2)[0] == []
    assert by_fasttext(path, [""], 2) == [[]]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(st.sampled_from("thea猫数据é𠀀 \n\t</s>_bl，"), max_size=60), min_size=1, max_size=4))
def test_any_text_scores_as_in_fasttext(tmp_path: Path, texts: list[str]) -> None:
    path = tmp_path / "model.ftz"
    if not path.exists():
        write_model(path, quantised=True, kept=150, word_ngrams=2)
    assert_same(str(path), texts, 6)


def test_the_built_in_model_agrees_with_fasttext() -> None:
    texts = [
        "今天天气很好，我们去公园散步。",
        "The cat sat on the mat.",
        "これは日本語の文章です。",
        "Привет, как дела?",
        "",
        "!?",
    ]
    assert_same(built_in_language_model(), texts, 5)


def test_a_batch_in_halves_gives_the_same_bits() -> None:
    model = load_model(built_in_language_model())
    whole = model.predict(Documents.of(TEXTS).utf8, 3)
    halves = [model.predict(Documents.of(half).utf8, 3) for half in (TEXTS[:5], TEXTS[5:])]
    for together, first, second in zip(whole, *halves, strict=True):
        assert np.array_equal(together, np.concatenate([first, second]))


def test_a_slice_of_a_batch_is_read_at_its_place() -> None:
    model = load_model(built_in_language_model())
    documents = Documents.of(TEXTS)
    sliced = Documents(documents.frame.slice(3, 4))
    assert np.array_equal(model.predict(sliced.utf8)[1], model.predict(documents.utf8)[1][3:7])


def test_an_empty_batch_gives_empty_arrays() -> None:
    labels, scores = load_model(built_in_language_model()).predict(Documents.of([]).utf8, 2)
    assert labels.shape == scores.shape == (0, 2)


def test_a_model_is_loaded_once_and_again_when_its_file_changes(tmp_path: Path) -> None:
    path = write_model(tmp_path / "model.bin")
    assert load_model(path) is load_model(path)
    before = load_model(path)
    write_model(tmp_path / "model.bin", dim=12)
    assert load_model(path) is not before


def test_a_file_cut_anywhere_is_an_error_of_one_line(tmp_path: Path) -> None:
    whole = Path(
        write_model(tmp_path / "whole.ftz", quantised=True, kept=20, quantised_output=True, bucket=50)
    ).read_bytes()
    for length in [0, 3, 8, 40, 70, 90, 100, 200, 300, *range(400, len(whole), 997), len(whole) - 1]:
        path = tmp_path / f"{length}.ftz"
        path.write_bytes(whole[:length])
        with pytest.raises(
            PipelineError, match=rf"{length}\.ftz: not a usable fastText model \(.*\); copy or download"
        ) as error:
            load_model(str(path))
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("kind", ["word n-grams", "quantised and pruned", "quantised output"])
def test_a_file_with_wrong_bytes_is_an_error_or_a_model_and_never_a_crash(tmp_path: Path, kind: str) -> None:
    whole = Path(write_model(tmp_path / "whole.ftz", **KINDS[kind])).read_bytes()
    rng = np.random.default_rng(11)
    outcomes = set()
    for number in range(120):
        damaged = bytearray(whole)
        damaged[rng.integers(rng.choice([100, 400, len(whole)]))] = rng.choice([0, 1, 127, 128, 255])
        path = tmp_path / f"{number}.ftz"
        path.write_bytes(damaged)
        try:
            labels, _ = load_model(str(path)).predict(Documents.of(TEXTS[2:5]).utf8, 3)
            outcomes.add("model")
            assert labels.max() < len(LABELS)
        except PipelineError:
            outcomes.add("error")
    assert outcomes == {"model", "error"}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"kind": 1}, "word vectors"),
        ({"version": 13}, "format version 13"),
        ({"loss": 9}, "settings"),
        ({"bucket": 0}, "no buckets"),
        ({"kept": 10}, "pruned and not quantised"),
        ({"labels": {}}, "no labels"),
    ],
)
def test_a_model_that_cannot_be_used_says_why(tmp_path: Path, changed: dict[str, Any], reason: str) -> None:
    path = write_model(tmp_path / "model.bin", **changed)
    with pytest.raises(PipelineError, match=f"model.bin: not a usable fastText model .*{reason}"):
        load_model(path)


def test_a_missing_model_names_its_path(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r'none\.bin: no fastText model .*correct the path under "model"'):
        load_model(str(tmp_path / "none.bin"))


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.bin").write_text("not a model at all, only text")
    with pytest.raises(PipelineError, match="does not start like one"):
        load_model(str(tmp_path / "text.bin"))
