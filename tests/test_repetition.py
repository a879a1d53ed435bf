"""`kernels.repetition` against obvious Python versions, and against datatrove 0.10.1 on its own formulas."""

import itertools
import re
from collections import Counter

import numpy as np
import polars as pl
import pytest
from datatrove_truth import datatrove_filters, shared_texts
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.contracts import Documents
from curate.filters.repetition import DUPLICATE, LINES, TOP, Repetition, line_signals, ngram_signals
from curate.kernels.utf8 import DIGIT, LETTER, PUNCTUATION, SYMBOL, character_classes
from curate.words import words_of

any_character = st.characters(exclude_categories=["Cs"])
any_text = st.text(any_character, max_size=40)
repeating = st.lists(
    st.sampled_from(["春眠不覺曉", "処処", "啊", "\n", "\n\n", " ", "abc", "ab", "1", "，", "。。", "--", "-", "🙂"]),
    max_size=40,
).map("".join)
batches = st.lists(st.one_of(any_text, repeating, st.text("啊ab \n", max_size=60)), max_size=4)


def units_of(text: str) -> list[str]:
    """Characters; letters and digits that stand together, and a mark that is repeated, in one; white space left out."""
    kinds = character_classes()
    units: list[str] = []
    last = " "
    for character in text:
        kind, kind_before = kinds[ord(character)], kinds[ord(last)]
        word = kind in (LETTER, DIGIT) and kind_before in (LETTER, DIGIT)
        if word or (kind in (PUNCTUATION, SYMBOL) and character == last):
            units[-1] += character
        elif not character.isspace():
            units.append(character)
        last = character
    return units


def slow_character_ngrams(text: str) -> list[float] | None:
    """Gopher's definition, n-gram by n-gram."""
    units = units_of(text)
    chars = sum(map(len, units))
    if not chars:
        return None
    ratios = []
    for n in range(2, 11):
        grams = [tuple(units[i : i + n]) for i in range(len(units) - n + 1)]
        if n < 5:
            times: Counter[tuple[str, ...]] = Counter()
            end: dict[tuple[str, ...], int] = {}
            for i, gram in enumerate(grams):
                if i >= end.get(gram, 0):
                    times[gram] += 1
                    end[gram] = i + n
            ratios.append(
                max((sum(map(len, gram)) * count for gram, count in times.items() if count > 1), default=0) / chars
            )
        else:
            met, covered = set(), set()
            for i, gram in enumerate(grams):
                if gram in met:
                    covered.update(range(i, i + n))
                met.add(gram)
            ratios.append(sum(len(units[i]) for i in covered) / chars)
    return ratios


@settings(deadline=None)
@given(batches)
def test_character_ngrams_follow_their_definition(batch: list[str]) -> None:
    signals = ngram_signals(Documents.of(batch), None)
    for row, text in zip(signals.rows(), batch, strict=True):
        expected = slow_character_ngrams(text)
        assert row == (pytest.approx(expected, abs=1e-12) if expected else (None,) * 9)


@settings(deadline=None)
@given(batches)
def test_shares_lie_between_0_and_1_and_longer_ngrams_repeat_less(batch: list[str]) -> None:
    signals = ngram_signals(Documents.of(batch), None).drop_nulls()
    assert all(0 <= value <= 1 for row in signals.rows() for value in row)
    for shorter, longer in itertools.pairwise(DUPLICATE):
        assert (signals[shorter] >= signals[longer]).all()


def test_one_long_text_needs_larger_tables_and_the_next_ones_do_not_see_it() -> None:
    texts = ["甲乙丙丁戊" * 20_000, "甲乙丙丁戊己庚辛", "子丑寅卯" + "".join(map(chr, range(0x4E00, 0x9000)))]
    signals = ngram_signals(Documents.of(texts), None)
    assert signals["duplicate_5_gram_ratio"].to_list() == [1 - 5 / 100_000, 0, 0]
    assert signals["top_2_gram_ratio"].to_list() == [pytest.approx(0.4), 0, 0]


def test_a_character_and_a_word_are_not_taken_for_another_pair() -> None:
    signals = ngram_signals(Documents.of(["一cx丁bx", "一cx，一cx"]), None)
    assert signals["top_2_gram_ratio"].to_list() == [0, pytest.approx(6 / 7)]


def slow_lines(text: str) -> list[float | None]:
    lines = [line for line in text.split("\n") if line.strip()]
    paragraphs = [p for p in re.split("\n{2,}", text.strip("\n")) if p.strip()]
    chars = len(text.replace("\n", ""))

    def repeated(parts: list[str]) -> list[str]:
        return [part for i, part in enumerate(parts) if part in parts[:i]]

    return [
        len(repeated(lines)) / len(lines) if lines else None,
        len("".join(repeated(lines))) / chars if chars else None,
        len(repeated(paragraphs)) / len(paragraphs) if paragraphs else None,
        len("".join(repeated(paragraphs))) / len(text) if text else None,
    ]


line_batches = st.lists(st.one_of(any_text, st.text("ab \n\r", max_size=60), repeating), max_size=5)


@settings(deadline=None)
@given(line_batches)
def test_lines_and_paragraphs_follow_their_definition(batch: list[str]) -> None:
    rows = line_signals(Documents.of(batch)).rows()
    assert [list(row) for row in rows] == [slow_lines(text) for text in batch]


def test_blank_lines_are_not_duplicates() -> None:
    signals = line_signals(Documents.of(["一\n\n \n\n\u3000\n二\n\n\n三\n", "一\r\n\r\n\r\n二\r\n"]))
    assert signals.to_dict(as_series=False) == {name: [0.0, 0.0] for name in LINES}


def test_what_holds_no_characters_is_null() -> None:
    signals = Repetition().measure(Documents.of(["", " \n\u3000", "。"]))
    assert signals[TOP + DUPLICATE].rows() == [(None,) * 9] * 2 + [(0.0,) * 9]
    assert signals["duplicate_line_ratio"].to_list() == [None, None, 0.0]


def slow_word_ngrams(text: str, words: list[str]) -> list[float] | None:
    """datatrove's functions on given words; where it skips a length there is nothing to measure: 0."""
    module = datatrove_filters().repetition
    if not words:
        return None
    grams = {n: module.get_n_grams(words, n) for n in (2, 3, 4)}
    top = [module.find_top_duplicate(grams[n]) / len(text) if grams[n] else 0.0 for n in (2, 3, 4)]
    return top + [module.find_all_duplicate(words, n) / len(text) for n in range(5, 11)]


word_batches = st.lists(
    st.lists(
        st.one_of(st.sampled_from(["a", "b", "ab", "ba", "啊", " "]), st.text(any_character, min_size=1, max_size=3)),
        max_size=30,
    ),
    max_size=4,
)


@settings(deadline=None)
@given(word_batches)
def test_word_ngrams_are_datatroves(batch: list[list[str]]) -> None:
    texts = ["".join(pieces) for pieces in batch]
    documents = Documents.of(texts)
    rows = ngram_signals(documents, words_of(documents, batch)).rows()
    for row, text, pieces in zip(rows, texts, batch, strict=True):
        # words with white space inside don't come from a segmenter; datatrove's joined keys would mix them up
        words = [piece.strip() for piece in pieces if piece.strip()]
        if any(character.isspace() for word in words for character in word):
            continue
        expected = slow_word_ngrams(text, words)
        assert row == (pytest.approx(expected, abs=1e-12) if expected else (None,) * 9)


def test_the_most_frequent_ngram_of_words_is_joined_with_spaces() -> None:
    documents = Documents.of(["风好大风好大风好大"])
    signals = ngram_signals(documents, words_of(documents, [["风", "好", "大"] * 3]))
    # "风 好" three times: 9 characters of 9, the two spaces in it included
    assert signals["top_2_gram_ratio"].to_list() == [1.0]
    assert ngram_signals(documents, None)["top_2_gram_ratio"].to_list() == [pytest.approx(6 / 9)]


@pytest.mark.parametrize("corpus", ["zh_web", "en_web"])
def test_whole_documents_agree_with_datatroves_filter(corpus: str) -> None:
    """Decisions of GopherRepetitionFilter at FineWeb-2's numbers, on lines without white space around them."""
    import rjieba

    texts = ["\n".join(line.strip() for line in text.strip().split("\n")) for text in shared_texts(corpus, 150)]
    documents = Documents.of(texts)
    signals = Repetition(profile="fineweb2_zh").measure(documents)
    words = {text: [word.strip() for word in rjieba.cut(text) if word.strip()] for text in texts}
    rows = [slow_word_ngrams(text, words[text]) for text in texts]
    np.testing.assert_allclose(signals[TOP + DUPLICATE].to_numpy(), np.array(rows), atol=1e-12)
    module = datatrove_filters().repetition
    elements = [module.find_duplicates(re.split("\n+", text)) for text in texts]
    share = [repeated / len(re.split("\n+", text)) for (repeated, _), text in zip(elements, texts, strict=True)]
    np.testing.assert_allclose(signals["duplicate_line_ratio"].to_numpy(), share, atol=1e-12)
    char_share = [chars / len(text.replace("\n", "")) for (_, chars), text in zip(elements, texts, strict=True)]
    np.testing.assert_allclose(signals["duplicate_shown_line_char_ratio"].to_numpy(), char_share, atol=1e-12)


def test_signals_are_what_the_class_says() -> None:
    for profile in ("curate_zh", "fineweb2_zh"):
        step = Repetition(profile=profile)
        assert dict(step.measure(Documents.of(["一二三", ""])).schema) == dict(step.signal_types())
        assert set(step.signal_types().values()) == {pl.Float64}
