"""The words of a batch, cut once and shared by the filters that count in words.

Chinese has no spaces: words come from rjieba (jieba's dictionary and HMM in Rust), as FineWeb-2's come from jieba. It
cuts about 11 MB/s, far slower than anything that is then done with the words.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.contracts import TEXT, Documents


class Words(NamedTuple):
    """Words of a batch, white space left out, as positions in `documents.utf8.data`."""

    starts: npt.NDArray[np.int64]
    """First byte of each word."""
    ends: npt.NDArray[np.int64]
    """One past its last."""
    first_word: npt.NDArray[np.int64]
    """`n_docs + 1`: words of text `i` are those from `first_word[i]` to `first_word[i + 1]`."""


def jieba_words(documents: Documents) -> Words:
    """Cut a batch into words with rjieba, once for all filters."""

    def cut() -> Words:
        import rjieba

        # One call a text: the segmenter takes nothing else, and its time is 50 times the loop's.
        return words_of(documents, [rjieba.cut(text) for text in documents.frame[TEXT]])

    return documents.shared("words.jieba", cut)


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
