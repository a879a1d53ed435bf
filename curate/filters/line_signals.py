"""Signals of lines as datatrove's Gopher and C4 filters (0.10.1) have them; used by `quality`.

C4 leaves lines out and then drops documents of which too little is left. Here its lines are counted by the reason for
which they would be left out; the text stays whole.

Signals of C4's lines (of `str.splitlines`, blank ones included; the first reason counts, in this order):
    c4_lines: lines. long_word_lines: with a word (by white space) of more than 1,000 characters.
    unended_lines: that do not end in `. ? ! " '`, or end in "...". few_word_lines: of fewer than three words.
    javascript_lines, policy_lines: that hold "javascript"; one of the phrases of cookie and policy notices.
    kept_lines, kept_sentences: the others, and their sentences.
    lorem_ipsum, curly_bracket: whether "lorem ipsum" or "{" stands in a line that no earlier reason leaves out.
Citations ("[12]", "[edit]", "[citation needed]") are looked through. Sentences are spaCy's with `words: spacy`; else
they end where a word does that ends in a mark.

Source: Raffel et al. 2020 (C4, arXiv 1910.10683), section 2.2; datatrove 0.10.1, `c4_filters.py`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.contracts import Documents, Utf8
from curate.words import WordKind, english, words_by

C4_SIGNALS: Mapping[str, Any] = {
    **dict.fromkeys(["c4_lines", "long_word_lines", "unended_lines", "few_word_lines"], pl.Int64),
    **dict.fromkeys(["javascript_lines", "policy_lines", "kept_lines", "kept_sentences"], pl.Int64),
    **dict.fromkeys(["lorem_ipsum", "curly_bracket"], pl.Boolean),
}
PHRASES = (
    *("lorem ipsum", "javascript"),
    *("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies"),
)
"""What C4 looks for in a line, in any case; from the third on what its code calls policies."""
CITATION = re.compile(r"\[[0-9]*]|\[edit]|\[citation needed]")


def split_line_signals(text: Utf8, traits: npt.NDArray[np.uint8], line_end: int, bullet: int) -> list[pl.Series]:
    """Measure bullets, ellipses and ends of lines as datatrove does; NaN where there are none."""
    from curate.kernels.lines import SPLIT_COLUMNS, count_split_lines

    counts = np.empty((len(text.offsets) - 1, len(SPLIT_COLUMNS)), np.int64)
    count_split_lines(*text, traits, line_end, bullet, counts)
    lines = pl.DataFrame(counts, schema=list(SPLIT_COLUMNS))
    return [
        (lines["split_bullet_lines"] / lines["split_lines"]).alias("bullet_line_ratio"),
        (lines["split_ellipsis_lines"] / lines["split_lines"]).alias("ellipsis_line_ratio"),
        (lines["bare_ended_lines"] / lines["shown_lines"]).alias("ended_line_ratio"),
    ]


@cache
def _sentence_traits(marks: str) -> npt.NDArray[np.uint8]:
    from curate.kernels.lines import MARK, PUNCTUATION

    table = np.zeros(0x110000, np.uint8)
    punctuation = (unicodedata.category(chr(point))[0] == "P" for point in range(0x110000))
    table[np.fromiter(punctuation, np.bool_, 0x110000)] = PUNCTUATION
    for mark in marks:
        table[ord(mark)] |= MARK
    return table


def c4_signals(documents: Documents, kind: WordKind, any_end: bool) -> pl.DataFrame:
    """Count the lines of a batch as C4 tells them apart; `any_end`: lines need no mark at their end."""
    from curate.kernels.lines import C4_COLUMNS, SENTENCES, count_c4_lines
    from curate.kernels.utf8 import character_classes

    marks = "".join(english().get_pipe("sentencizer").punct_chars) if kind == "spacy" else ".!?。！？"
    table = _sentence_traits("".join(sorted(marks)))
    phrases = Utf8.of(pl.Series(PHRASES, dtype=pl.String))
    counts = np.empty((len(documents), len(C4_COLUMNS)), np.int64)
    words = words_by("spacy" if kind == "spacy" else "spaces", documents)
    assert words is not None
    cited = count_c4_lines(
        *documents.utf8, *words, int(kind == "spacy"), character_classes(), table, *phrases, int(any_end), counts
    )
    data = documents.utf8.data
    for row, start, end in cited.T:  # lines that hold citations: one in 300 of English pages
        line = CITATION.sub("", data[start:end].tobytes().decode())
        counts[row, SENTENCES] += _sentences(line, kind)
    flags = [pl.col(name).cast(pl.Boolean) for name, kind in C4_SIGNALS.items() if kind == pl.Boolean]
    return pl.DataFrame(counts, schema=list(C4_COLUMNS)).with_columns(flags)


def _sentences(line: str, kind: WordKind) -> int:
    if kind == "spacy":
        model = english()
        with model.memory_zone():
            return max(1, sum(1 for _ in model(line).sents))
    # Two words more belong to its first sentence; without a citation it may have fewer than the three that C4 asks for.
    return int(c4_signals(Documents.of([f"a b {line}"]), kind, any_end=True)["kept_sentences"].item())
