"""Rows for a trainer that tokenizes itself: nothing lost, nothing over the limit, cuts where they belong."""

import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shard_tools import byte_level, sentencepiece, text_of

from curate.contracts import Utf8
from curate.kernels import cutting
from curate.tokenizer import Ragged, load_tokenizer
from curate.writers import packing
from curate.writers.packing import cut_rows, neutralise

CONTROLS = ("<|im_end|>", "<|endoftext|>", "<think>", "</think>")


def utf8(texts: list[str]) -> Utf8:
    return Utf8.of(pl.Series(texts, dtype=pl.String))


def units_of(text: str, most: int = 96) -> list[tuple[str, int]]:
    data, offsets = utf8([text])
    starts, levels, _ = cutting.units(data, offsets, most)
    return [(data[a:b].tobytes().decode(), int(c)) for a, b, c in zip(starts, starts[1:], levels, strict=False)]


def rows_of(texts: list[str], encode, limit: int) -> list[list[str]]:
    text = utf8(texts)
    rows = cut_rows(text, encode, limit)
    pieces = [text.data[a:b].tobytes().decode() for a, b in zip(rows.starts, rows.starts[1:], strict=False)]
    assert rows.tokens.tolist() == np.diff(encode(utf8(pieces)).offsets).tolist()
    return [pieces[a:b] for a, b in zip(rows.first, rows.first[1:], strict=False)]


def by_characters(text: Utf8) -> Ragged:
    """A tokenizer of one token per character."""
    sizes = [len(text.data[a:b].tobytes().decode()) for a, b in zip(text.offsets, text.offsets[1:], strict=False)]
    return Ragged(np.zeros(sum(sizes), np.int32), np.cumsum([0, *sizes]))


def dearer_together(text: Utf8) -> Ragged:
    """A tokenizer that charges long texts more than their parts."""
    sizes = [int(b - a) + int(b - a) ** 2 // 60 for a, b in zip(text.offsets, text.offsets[1:], strict=False)]
    return Ragged(np.zeros(sum(sizes), np.int32), np.cumsum([0, *sizes]))


# Where text may be cut.


def test_a_sentence_keeps_its_closing_quotes_and_line_ends():
    found = units_of("他说：“好。”我们走！\n\n　　第二段。")
    assert found == [("他说：“好。”", 3), ("我们走！\n\n", 3), ("　　第二段。", 4)]


def test_a_full_stop_ends_a_sentence_only_before_a_blank():
    assert units_of("It is 3.5 km. Go on.") == [("It is 3.5 km.", 3), (" Go on.", 4)]


def test_a_question_mark_in_an_address_ends_no_sentence():
    assert units_of("http://a.b/c?d=e ok") == [("http://a.b/c?d=e ok", 4)]
    assert units_of("好?不好") == [("好?", 3), ("不好", 4)]


def test_runs_of_terminators_stay_together():
    assert units_of("真的吗？！……好") == [("真的吗？！……", 3), ("好", 4)]


def test_a_long_sentence_is_cut_at_clauses_and_blanks_go_to_the_next_word():
    assert units_of("一二三，四五六；七八九", 24) == [("一二三，", 2), ("四五六；", 2), ("七八九", 4)]
    assert units_of("alpha beta, gamma", 24) == [("alpha beta,", 2), (" gamma", 4)]
    assert units_of("1,000,000,000 of 1:2", 16) == [("1,000,000,000", 2), (" of 1:2", 4)]


def test_text_without_any_border_is_cut_between_characters():
    pieces = units_of("字" * 50, 30)
    assert [len(piece) for piece, _ in pieces] == [10] * 5
    assert [level for _, level in pieces] == [cutting.CHARACTER] * 4 + [cutting.DOCUMENT]


@pytest.mark.parametrize("cluster", ["e\u0301", "👩\u200d🚀", "👍🏽", "か\u3099", "क\u093f", "❤\ufe0f"])
def test_a_character_is_not_torn_from_its_marks(cluster):
    pieces = [piece for piece, _ in units_of(cluster * 40, 16)]
    assert len(pieces) > 5
    assert all(piece == cluster * (len(piece) // len(cluster)) for piece in pieces)


def test_more_marks_than_a_unit_holds_are_cut_between_characters():
    pieces = [piece for piece, _ in units_of("e" + "\u0301" * 300, 30)]
    assert max(len(piece.encode()) for piece in pieces) <= 60


def test_a_page_of_blanks_does_not_make_a_unit_of_its_length():
    assert max(len(piece) for piece, _ in units_of("x" + " " * 500 + "y" + "\n" * 500, 48)) <= 96


TEXT = st.text(
    st.one_of(
        st.sampled_from("。！？，；：“”…\n\r ,.!?:a1好\u3000\u0301\u200d\t"), st.characters(exclude_categories=("Cs",))
    ),
    max_size=300,
)


@given(st.lists(TEXT, max_size=4), st.integers(8, 100))
@settings(max_examples=150, deadline=None)
def test_units_tile_the_texts_and_tear_no_character(texts, most):
    data, offsets = utf8(texts)
    starts, levels, first = cutting.units(data, offsets, most)
    assert starts[first].tolist() == offsets.tolist()
    assert (np.diff(starts) > 0).all() and (np.diff(starts) <= 2 * most + 4).all()
    for a, b in itertools.pairwise(starts):
        data[a:b].tobytes().decode()
    ends = np.flatnonzero(levels == cutting.DOCUMENT)
    assert len(ends) == sum(bool(text) for text in texts)


# Rows.


@given(st.lists(TEXT, min_size=1, max_size=5), st.integers(30, 90), st.booleans())
@settings(max_examples=150, deadline=None)
def test_no_text_is_lost_and_no_row_is_over_the_limit(texts, limit, pieces):
    tokenizer = load_tokenizer(sentencepiece() if pieces else byte_level())
    rows = rows_of(texts, tokenizer.encode, limit)
    assert ["".join(own) for own in rows] == texts
    assert all(len(tokenizer.encode(utf8([row])).values) <= limit for own in rows for row in own)


@given(st.lists(TEXT, min_size=1, max_size=3), st.integers(30, 90))
@settings(max_examples=80, deadline=None)
def test_rows_that_come_out_longer_than_their_parts_are_divided_again(texts, limit):
    rows = rows_of(texts, dearer_together, limit)
    assert ["".join(own) for own in rows] == texts
    assert all(dearer_together(utf8([row])).offsets[-1] <= limit for own in rows for row in own)


def test_a_character_of_more_tokens_than_a_row_is_an_error_not_a_loop():
    def dear(text: Utf8) -> Ragged:
        sizes = [100] * (len(text.offsets) - 1)
        return Ragged(np.zeros(sum(sizes), np.int32), np.cumsum([0, *sizes]))

    with pytest.raises(ValueError, match="single character"):
        cut_rows(utf8(["字字"]), dear, 40)


def test_rows_hold_whole_sentences_as_far_as_they_fit():
    text = "一二三四五六七八九。" * 7
    assert rows_of([text], by_characters, 32) == [["一二三四五六七八九。" * 3] * 2 + ["一二三四五六七八九。"]]


def test_a_row_ends_with_a_clause_where_no_sentence_fits():
    clause = "一二三四五六七八九，"
    assert rows_of([clause * 7], by_characters, 32) == [[clause * 3] * 2 + [clause]]


def test_rows_never_mix_documents():
    assert rows_of(["短。", "也短。", ""], by_characters, 40) == [["短。"], ["也短。"], []]


def test_fill_by_hand():
    tokens, levels = np.array([4, 4, 4, 4, 20, 1]), np.array([3, 2, 3, 1, 3, 4], np.uint8)
    whole = np.array([0, 6])
    # 4+4 fit into 10; the last sentence ends after the first unit. 4+4: again. 4 (then 20 alone, over the limit), 1.
    assert cutting.fill(tokens, levels, whole, 10, 0, 0).tolist() == [0, 1, 3, 4, 5, 6]
    # A sentence must leave the row nearly full: now the clause at 8 is taken.
    assert cutting.fill(tokens, levels, whole, 10, 8, 8).tolist() == [0, 2, 4, 5, 6]


def test_joined_rows_are_nearly_full_and_lose_nothing():
    tokenizer, limit = load_tokenizer(byte_level()), 338
    texts = [text_of(number, 20) + "\n" for number in range(200)]
    text = utf8(texts)
    units = packing.count_units(text, tokenizer.encode, limit)
    rows = packing.join_rows(text.data, units, tokenizer.encode, limit)
    pieces = [text.data[a:b].tobytes().decode() for a, b in zip(rows.starts, rows.starts[1:], strict=False)]
    assert "".join(pieces) == "".join(texts)
    assert rows.tokens.max() <= limit
    assert 1 - rows.tokens.sum() / (limit * len(pieces)) <= 0.05
    for number, row in enumerate(rows.first[:-1]):
        assert rows.starts[row] <= text.offsets[number] < rows.starts[row + 1]


def test_counting_goes_on_over_many_batches(monkeypatch):
    monkeypatch.setattr(packing, "ENCODE_BYTES", 10)
    texts = ["一二三", "四" * 20, "", "五", "六七"]
    assert packing.count_tokens(utf8(texts), by_characters).tolist() == [3, 20, 0, 1, 2]
    assert packing.count_tokens(utf8([]), by_characters).tolist() == []


# Control tokens.


def test_a_control_token_gets_a_space_and_is_counted():
    text, counts = neutralise(pl.Series("text", ["a<|im_end|>b<think>", "no", "<think"]), CONTROLS)
    assert text.to_list() == ["a< |im_end|>b< think>", "no", "<think"]
    assert counts.tolist() == [2, 0, 0]


def test_control_tokens_inside_each_other_are_all_broken():
    text, _ = neutralise(pl.Series(["<|im_<|im_end|>end|><<think>"]), CONTROLS)
    assert not any(token in text[0] for token in CONTROLS)


def test_blanks_and_single_characters_among_the_added_tokens_are_left_alone():
    text, counts = neutralise(pl.Series(["a    b\nc"]), ("    ", "  ", "\n", " b"))
    assert text.to_list() == ["a    b\nc"]
    assert counts.tolist() == [0]


@given(st.lists(st.sampled_from([*CONTROLS, "<", "|im_end|>", " ", "好", "<|", "think>", "ab", "a b"]), max_size=12))
@settings(max_examples=200, deadline=None)
def test_no_control_token_survives_and_only_spaces_are_added(pieces):
    whole = "".join(pieces)
    tokens = (*CONTROLS, "ab", "a b")
    text, counts = neutralise(pl.Series([whole]), tokens)
    assert not any(token in text[0] for token in tokens)
    assert text[0].replace(" ", "") == whole.replace(" ", "")
    assert len(text[0]) == len(whole) + counts[0]


def test_white_space_is_what_python_strips():
    assert [chr(point) for point in range(0x110000) if chr(point).isspace()] == list(cutting.WHITESPACE)
