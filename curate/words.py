"""The words of a batch, cut once and shared by the filters that count in words.

Chinese has no spaces: its words come from rjieba (jieba's dictionary and HMM in Rust), as FineWeb-2's come from jieba.
It cuts about 11 MB/s. English words stand between white space, 500 MB/s, or come from spaCy's tokenizer, from which
datatrove's Gopher, C4 and FineWeb filters have theirs: 0.8 MB/s, far slower than anything that is then done with them.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.contracts import TEXT, Documents
from curate.errors import PipelineError

WordKind = Literal["characters", "spaces", "jieba", "spacy"]
"""What a filter takes for words: none (it counts characters), what white space parts, rjieba's or spaCy's."""


class Words(NamedTuple):
    """Words of a batch, white space left out, as positions in `documents.utf8.data`."""

    starts: npt.NDArray[np.int64]
    """First byte of each word."""
    ends: npt.NDArray[np.int64]
    """One past its last."""
    first_word: npt.NDArray[np.int64]
    """`n_docs + 1`: words of text `i` are those from `first_word[i]` to `first_word[i + 1]`."""


@cache
def english() -> Any:
    """spaCy's English tokenizer, loaded once per process; with its sentencizer, as datatrove sets it up.

    Raises: PipelineError where spaCy is missing.
    """
    try:
        import spacy
    except ImportError as error:
        raise PipelineError(
            "`words: spacy` needs spaCy: pip install 'curate[english]'; or use `words: spaces`, which is 100 times "
            "faster and takes what white space parts for words"
        ) from error
    model = spacy.blank("en")
    model.add_pipe("sentencizer")
    model.max_length = 2**31  # it counts against parsers, of which there is none
    return model


def packages(kind: WordKind | None) -> list[str]:
    """Distributions that decide where words end."""
    return {"jieba": ["rjieba"], "spacy": ["spacy"]}.get(kind or "", [])


def check_words(kind: WordKind) -> None:
    """Find out whether words of this kind can be cut. Raises: PipelineError."""
    if kind == "spacy":
        english()


def words_by(kind: WordKind, documents: Documents) -> Words | None:
    """The words of a batch, once for all filters; None for `characters`."""
    if kind == "characters":
        return None
    cut = {"spaces": _space_words, "jieba": _jieba_words, "spacy": _spacy_words}[kind]
    return documents.shared(f"words.{kind}", lambda: cut(documents))


def _jieba_words(documents: Documents) -> Words:
    import rjieba

    # One call a text: the segmenter takes nothing else, and its time is 50 times the loop's.
    return words_of(documents, [rjieba.cut(text) for text in documents.frame[TEXT]])


def _spacy_words(documents: Documents) -> Words:
    model = english()
    # The zone: or each new word of the corpus would stay in memory. One for each text, as datatrove has it, forgets
    # what the tokenizer has cached, and costs a third of the speed.
    with model.memory_zone():
        # one call a text, as above; the loop costs nothing beside the tokenizer
        pieces = [[token.text_with_ws for token in model.tokenizer(text)] for text in documents.frame[TEXT]]
    return words_of(documents, pieces)


def _space_words(documents: Documents) -> Words:
    from curate.kernels.utf8 import character_classes
    from curate.kernels.words import space_borders

    data, offsets = documents.utf8
    room = int(offsets[-1] - offsets[0]) // 2 + len(documents)
    starts, ends = np.empty(room, np.int64), np.empty(room, np.int64)
    first_word = np.empty(len(documents) + 1, np.int64)
    n = space_borders(data, offsets, character_classes(), starts, ends, first_word)
    return Words(starts[:n], ends[:n], first_word)


def words_of(documents: Documents, pieces: list[list[str]]) -> Words:
    """Find the borders of words given as strings; the pieces of a text, joined, must be the text."""
    from curate.kernels.utf8 import character_classes
    from curate.kernels.words import borders

    flat = pl.Series([piece for text in pieces for piece in text], dtype=pl.String)
    lengths = flat.str.len_bytes().cast(pl.Int64).to_numpy()
    counts = np.array([len(text) for text in pieces], np.int64)
    data, offsets = documents.utf8
    starts, ends = np.empty(len(flat), np.int64), np.empty(len(flat), np.int64)
    first_word = np.empty(len(documents) + 1, np.int64)
    n = borders(data, offsets, lengths, counts, character_classes(), starts, ends, first_word)
    return Words(starts[:n], ends[:n], first_word)
