"""Signals that only some recipes ask for (variety, occurrences, C4's and datatrove's lines) against plain Python."""

import importlib.util
import math
import re
import sys
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from datatrove_truth import datatrove_filters
from hypothesis import given, settings
from hypothesis import strategies as st

from curate import profiles
from curate.contracts import Documents
from curate.errors import PipelineError
from curate.filters.line_signals import PHRASES, c4_signals
from curate.filters.quality import MORE, SENTENCE_MARKS, Quality, variety_signals
from curate.filters.repetition import Repetition, all_line_signals, occurrence_signals
from curate.kernels.utf8 import DIGIT, HAN, HANGUL, KANA, LETTER, SPACE, character_classes
from curate.pipeline import Pipeline
from curate.testing import check_filter
from curate.words import english, words_by, words_of
from curate.work.forecast import forecast
from curate.work.passes import run_pipeline

pieces = st.sampled_from(
    [
        "【甲乙】",
        "【",
        "】",
        "##",
        "# ",
        "…",
        "……",
        "..",
        "。。。",
        "更多",
        "展开 ",
        "readmore",
        "\n",
        "\n\n",
        " ",
        "好吗？",
        "12",
        "_",
        "；x",
    ]
)
any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
texts = st.lists(st.one_of(any_text, st.lists(pieces, max_size=15).map("".join)), max_size=4)
has_spacy = pytest.mark.skipif(importlib.util.find_spec("spacy") is None, reason="spaCy is not installed")


def slow_variety(text: str) -> dict[str, float | None]:
    kinds = [int(character_classes()[ord(character)]) for character in text]
    spelling = sum(kind in (HAN, LETTER, KANA, HANGUL) for kind in kinds)
    digits = kinds.count(DIGIT)
    plain = spelling + digits + kinds.count(SPACE) + text.count("_")
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    n, counts = len(text), Counter(text)
    brackets = re.findall("【([^】\n]*)】", text)
    values: dict[str, float | None] = {
        "text_chars": n,
        "sentences": sum(bool(part.strip()) for part in re.split(f"[{re.escape(SENTENCE_MARKS)}]", text)),
        "chars_per_line": n / (text.count("\n") + 1),
    }
    of_chars = {
        "common_han_ratio": len(re.findall("[\u4e00-\u9fa5]", text)),
        "special_char_ratio": n - spelling,
        "bracketed_ratio": sum(map(len, brackets)),
        "hash_run_ratio": len(re.findall("#+", text)),
        "ellipsis_run_ratio": len(re.findall("…+", text)) + len(re.findall("[.。]{2,}", text)),
        "distinct_char_ratio": len(counts),
    }
    values |= {name: part / n if n else None for name, part in of_chars.items()}
    values["plain_digit_ratio"] = digits / plain if plain else None
    values["more_line_ratio"] = sum(line.endswith(MORE) for line in lines) / len(lines) if lines else None
    values["stops_line_ratio"] = sum(line.endswith("。。。") for line in lines) / len(lines) if lines else None
    values["char_entropy"] = -sum(count / n * math.log(count / n) for count in counts.values()) if n else None
    return values


@settings(deadline=None)  # the first call compiles
@given(texts)
def test_variety_follows_its_definition(batch: list[str]) -> None:
    rows = variety_signals(Documents.of(batch).utf8).fill_nan(None).to_dicts()
    for row, text in zip(rows, batch, strict=True):
        assert row == pytest.approx(slow_variety(text), abs=1e-9)


def slow_occurrences(text: str, words: list[str]) -> list[float]:
    small = re.sub("[ \n\t]", "", text.strip().lower())
    thirteen = Counter(small[i : i + 13] for i in range(len(small) - 13))
    blank = "".join(" " if character.isspace() else character for character in text)
    threes = Counter(blank[i : i + 3] for i in range(len(blank) - 2))
    spelled = [word for word in words if any(map(str.isalpha, word))]
    fives = Counter(tuple(spelled[i : i + 5]) for i in range(len(spelled) - 4))

    def repeated(counts: Counter[Any]) -> float:
        return sum(count for count in counts.values() if count > 1) / max(1, counts.total())

    frequent = sorted((count for count in threes.values() if count > 1), reverse=True)[: math.isqrt(len(threes))]
    return [repeated(thirteen), sum(frequent) / max(1, threes.total()), repeated(fives)]


phrases = st.sampled_from(["春眠不觉晓，", "处处闻啼鸟。", "ABC abc ", "\n", "1", "\u3000", "啊"])
repeating = st.lists(phrases, max_size=40)


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.one_of(repeating, any_text.map(list)), max_size=4))
def test_occurrences_follow_their_definition(batch: list[list[str]]) -> None:
    documents = Documents.of(["".join(text) for text in batch])
    rows = occurrence_signals(documents, words_of(documents, batch)).rows()
    for row, text in zip(rows, batch, strict=True):
        words = [piece.strip() for piece in text if piece.strip()]
        assert row == pytest.approx(slow_occurrences("".join(text), words), abs=1e-12)


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.one_of(any_text, st.text("a1 \t\n\x0b\x1c\x85\u2028中", max_size=30)), max_size=4))
def test_words_between_white_space_are_those_of_split(batch: list[str]) -> None:
    documents = Documents.of(batch)
    words = words_by("spaces", documents)
    assert words is not None
    data = documents.utf8.data.tobytes()
    found = [data[start:end].decode() for start, end in zip(words.starts, words.ends, strict=True)]
    assert found == [word for text in batch for word in text.split()]
    assert np.diff(words.first_word).tolist() == [len(text.split()) for text in batch]


lines = st.lists(
    st.sampled_from(
        [
            "- one",
            "• two ",
            "three...",
            " four… ",
            "five.",
            "six. ",
            "\n",
            "\n\n",
            "\r\n",
            "\r",
            "\x0b",
            "\u2028",
            " ",
            "\t\n",
            "…",
        ]
    ),
    max_size=16,
).map("".join)


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.one_of(lines, any_text), max_size=4))
def test_all_lines_are_counted_as_datatrove_does(batch: list[str]) -> None:
    step = Quality(profile="gopher_en", words="spaces")
    names = ["bullet_line_ratio", "ellipsis_line_ratio", "ended_line_ratio"]
    for row, text in zip(step.measure(Documents.of(batch)).select(names).rows(), batch, strict=True):
        split, shown = text.splitlines(), [line for line in text.split("\n") if line.strip()]
        ends = tuple(profiles.section("gopher_en", "quality").measure["line_ends"])
        bullets = sum(line.lstrip().startswith(("•", "-")) for line in split)
        ellipses = sum(line.rstrip().endswith(("...", "…")) for line in split)
        assert row == (
            bullets / len(split) if split else None,
            ellipses / len(split) if split else None,
            sum(line.endswith(ends) for line in shown) / len(shown) if shown else None,
        )


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.text("ab \n\r\t\x1c\u3000", max_size=40), max_size=4))
def test_all_lines_and_paragraphs_repeat_as_in_datatrove(batch: list[str]) -> None:
    find = datatrove_filters().repetition.find_duplicates
    for row, text in zip(all_line_signals(Documents.of(batch)).rows(), batch, strict=True):
        split, paragraphs = re.split("\n+", text), re.split("\n{2,}", text.strip())
        (number, chars), (paragraph_number, paragraph_chars) = find(split), find(paragraphs)
        shown = find([line for line in text.split("\n") if line.strip()])[1]
        assert row == pytest.approx(
            (
                number / len(split),
                chars / len(text) if text else None,
                paragraph_number / len(paragraphs),
                paragraph_chars / len(text) if text else None,
                shown / len(text.replace("\n", "")) if text.replace("\n", "") else None,
            )
        )


C4_PIECES = [
    *("This line is a good one.", "Short.", "no mark at the end", "Is it? Yes, it is! Good.", 'He said "no."'),
    *("Wait for it...", "See the Privacy Policy for more.", "We use JavaScript here.", "Lorem Ipsum dolor sit."),
    *("a {b} c d.", "x" * 1001 + " y z.", "It is known.[12] And so on.", "It was here [edit] once."),
    *("Why?[citation needed]", "This one ends here. [3]", "a [b] c.", "\n", "\r\n", " ", "\u2028", "\x85"),
]  # fmt: skip


def slow_c4(text: str, sentences: Any, any_end: bool) -> list[int]:
    """The lines by reason, as datatrove's C4QualityFilter takes them; kept ones and their sentences last."""
    counts = dict.fromkeys(["long", "unended", "few", "script", "policy", "kept", "sentences", "lorem", "curly"], 0)
    split = text.splitlines()
    for line in map(str.strip, split):
        words = line.split()
        cleaned = re.sub(r"\[\d*]|\[edit]|\[citation needed]", "", line)
        low = cleaned.lower()
        reason = "kept"
        if any(len(word) > 1000 for word in words):
            reason = "long"
        elif not any_end and (not cleaned.endswith((".", "?", "!", '"', "'")) or cleaned.endswith("...")):
            reason = "unended"
        elif len(words) < 3:
            reason = "few"
        elif "lorem ipsum" in low:
            reason = "lorem"
        elif "javascript" in low:
            reason = "script"
        elif "{" in cleaned:
            reason = "curly"
        elif any(phrase in low for phrase in PHRASES[2:]):
            reason = "policy"
        counts[reason] += 1
        counts["sentences"] += sentences(cleaned) if reason == "kept" else 0
    lorem, curly = counts.pop("lorem"), counts.pop("curly")
    return [len(split), *counts.values(), bool(lorem), bool(curly)]


def sentences_by_words(line: str) -> int:
    words = line.split()
    ended = [bool(re.search(r"[.!?][\"')\]]*$", word)) for word in words]
    return sum(ended) + (not ended[-1])


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.lists(st.sampled_from(C4_PIECES), max_size=12).map("".join), max_size=3), st.booleans())
def test_c4_leaves_out_the_lines_it_says(batch: list[str], any_end: bool) -> None:
    rows = c4_signals(Documents.of(batch), "spaces", any_end).rows()
    assert [list(row) for row in rows] == [slow_c4(text, sentences_by_words, any_end) for text in batch]


@has_spacy
@settings(deadline=None, max_examples=30)
@given(st.lists(st.lists(st.sampled_from(C4_PIECES), max_size=12).map("".join), max_size=3), st.booleans())
def test_with_spacy_sentences_are_its_sentencizers(batch: list[str], any_end: bool) -> None:
    rows = c4_signals(Documents.of(batch), "spacy", any_end).rows()

    def sentences(line: str) -> int:
        return len(list(english()(line).sents))

    assert [list(row) for row in rows] == [slow_c4(text, sentences, any_end) for text in batch]


@has_spacy
def test_words_of_spacy_are_its_tokens() -> None:
    text = "Don't stop -- it's 3.5km (or so), e.g. at 10:30!\n\n  Next  line…"
    documents = Documents.of([text, "", " \n"])
    words = words_by("spacy", documents)
    assert words is not None and words is words_by("spacy", documents)
    data = documents.utf8.data.tobytes()
    found = [data[start:end].decode() for start, end in zip(words.starts, words.ends, strict=True)]
    assert found == [token.text.strip() for token in english()(text) if token.text.strip()]


def test_without_spacy_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spacy", None)
    english.cache_clear()
    for step in (Quality(profile="c4_en"), Repetition(profile="gopher_en")):
        with pytest.raises(PipelineError, match=r"pip install 'curate\[english\]'; or use `words: spaces`") as caught:
            step.check()
        assert "\n" not in str(caught.value)
    Quality(profile="c4_en", words="spaces").check()


@pytest.mark.parametrize("profile", ["fineweb_en", "mapneo_as_meant", "bloom_zh", "chinesewebtext"])
def test_filters_keep_their_promises_under_every_kind_of_profile(profile: str) -> None:
    words = "spaces" if profile.endswith("_en") else None
    odd = [
        "",
        "。",
        "\x00",
        "\u0301",
        "😀" * 3,
        "a" * 100_000,
        "\r\n \x85",
        "Lorem ipsum dolor sit.\n" * 3,
        "他说。。。\n【甲",
    ]
    check_filter(Quality(profile=profile, words=words))
    check_filter(Quality(profile=profile, words=words), odd)
    check_filter(Repetition(profile=profile, words=words))
    check_filter(Repetition(profile=profile, words=words), odd)


def test_only_what_is_asked_for_is_measured() -> None:
    assert not {"char_entropy", "kept_sentences", "words"} & set(Quality().signal_types())
    assert "char_entropy" in Quality(variety=True).signal_types()
    assert "kept_sentences" in Quality(c4="ended_lines").signal_types()
    assert len(Repetition().signal_types()) == 13
    more = set(Repetition(lines="all", occurrences=True, words="jieba").signal_types()) - set(
        Repetition().signal_types()
    )
    assert {name for name in more if "word" in name} == {"repeated_word_5_gram_ratio"} and len(more) == 4


def test_marks_of_sentences_for_c4_are_punctuation() -> None:
    assert all(unicodedata.category(mark)[0] == "P" for mark in ".!?。！？")


CHINESE = pl.Series(["图书馆从下周一起延长开放时间，晚上十点闭馆。"] * 3)


@pytest.mark.parametrize("profile", ["gopher_en", "fineweb_en", "c4_en"])
def test_a_profile_for_text_with_spaces_is_refused_on_chinese(profile: str) -> None:
    step = Quality(profile=profile, words="spaces")
    assert step.checks_text()
    with pytest.raises(PipelineError, match=r"100% of the letters .* are Han, which has no spaces") as caught:
        step.check_text(Documents.of(CHINESE.to_list()))
    assert "\n" not in str(caught.value) and "force: true" in str(caught.value)
    step.check_text(Documents.of(["The library stays open until ten, 图书馆 said.", ""]))
    assert not Quality(profile=profile, force=True).checks_text()
    assert not Quality(profile="curate_zh").checks_text()
    assert Quality(profile="curate_zh", words="spaces").checks_text()


def test_forcing_is_no_part_of_what_is_measured() -> None:
    step = Quality(profile="gopher_en", words="spaces")
    assert step.measured_parameters() == Quality(profile="gopher_en", words="spaces", force=True).measured_parameters()


def test_check_and_run_refuse_before_anything_is_measured(tmp_path: Path) -> None:
    (tmp_path / "pages.jsonl").write_text('{"text": "图书馆晚上十点闭馆。"}\n', encoding="utf-8")
    text = "read:\n  - jsonl: {paths: [pages.jsonl]}\nfilters:\n  - quality: {profile: gopher_en, words: spaces"
    refused = Pipeline.parse(text + "}", folder=tmp_path, working=tmp_path)
    with pytest.raises(PipelineError, match=r"^filters\[0\]\.quality: pages\.jsonl: with gopher_en it counts words"):
        forecast(refused, tmp_path / "run")
    with pytest.raises(PipelineError, match=r"^filters\[0\]\.quality: pages\.jsonl: with gopher_en it counts words"):
        run_pipeline(refused, tmp_path / "run", workers=1)
    assert not (tmp_path / "run").exists() or not list((tmp_path / "run").glob("signals/*"))
    forecast(Pipeline.parse(text + ", force: true}", folder=tmp_path, working=tmp_path), tmp_path / "run")


def test_a_chinese_file_behind_an_english_one_is_seen(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "The library closes at ten."}\n', encoding="utf-8")
    (tmp_path / "b.jsonl").write_text('{"text": "图书馆晚上十点闭馆。"}\n', encoding="utf-8")
    text = "read:\n  - jsonl: {paths: ['*.jsonl']}\nfilters:\n  - repetition: {profile: gopher_en, words: spaces}"
    with pytest.raises(PipelineError, match=r"^filters\[0\]\.repetition: b\.jsonl: "):
        forecast(Pipeline.parse(text, folder=tmp_path, working=tmp_path), tmp_path / "run")
