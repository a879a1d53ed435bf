"""`kernels.wordlists` against `str.startswith`, and the cases that its bitmap and its hash table could get wrong."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.contracts import Documents
from curate.kernels.wordlists import build_trie, find_words

LETTERS = "ab1鸡鸭é😀\0-"


def found(words, texts):
    utf8 = Documents.of(texts).utf8
    return list(zip(*find_words(utf8.data, utf8.offsets, *build_trie(words)).tolist(), strict=True))


def found_slowly(words, texts):
    hits = []
    for row, text in enumerate(texts):
        i = 0
        while i < len(text):
            here = [word for word in words if text.startswith(word, i) and _is_whole(text, i, i + len(word))]
            if here:
                longest = max(here, key=len)
                hits.append((row, words.index(longest)))
            i += len(longest) if here else 1
    return hits


def _is_whole(text, start, stop):
    return not (_is_latin(text[start - 1 : start + 1]) or _is_latin(text[stop - 1 : stop + 1]))


def _is_latin(pair):
    return len(pair) == 2 and pair.isascii() and pair.isalnum()


@given(
    words=st.lists(st.text(LETTERS, min_size=1, max_size=5), min_size=1, max_size=12, unique=True),
    texts=st.lists(st.text(LETTERS, max_size=15), max_size=5),
)
def test_hits_are_those_of_the_obvious_search(words, texts):
    assert found(words, texts) == found_slowly(words, texts)


def test_a_shorter_word_is_found_where_a_longer_one_breaks_off():
    assert found(["鸡鸭", "鸡鸭鱼肉", "鱼"], ["鸡鸭鱼虾", "鸡鸭鱼肉", "鸡"]) == [(0, 0), (0, 2), (1, 1)]
    assert found(["猫pk", "猫"], ["猫pk1", "猫pk"]) == [(0, 1), (1, 0)]


def test_every_word_of_a_long_list_is_found_in_a_text_of_its_own():
    rng = np.random.default_rng(5)
    points = rng.integers(0x4E00, 0x9FA5, (20_000, 4)).tolist()
    words = sorted({"".join(map(chr, row[: 1 + number % 4])) for number, row in enumerate(points)})
    # More hits than the first buffer holds, and more words than the bitmap can tell apart.
    assert found(words, words) == [(number, number) for number in range(len(words))]


def test_without_texts_or_hits_nothing_is_found():
    assert found(["鸡"], []) == found(["鸡"], ["", "鸭"]) == []
