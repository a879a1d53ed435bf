"""Whether shingles are too short for a language: texts that have nothing to do with each other share many.

Measured, not looked up: the median Jaccard similarity of pairs of documents, up to 150 of each kind:

    characters in a shingle                           5           7           9          13
    Chinese: forum, poetry, classics, wiki         .000        .000        .000        .000
    Chinese: documentation of software             .004        .001        .000        .000
    Japanese, Korean                          .008-.011   .002-.003        .001        .000
    Russian, Arabic, German, French           .024-.040   .008-.012   .002-.004        .000
    English: web pages, pages of government   .025-.053   .008-.022   .003-.011   .000-.003
    English: novels                                .122        .042        .013        .001
    Chinese news, each with the same frame         .068        .059        .052        .043
    Chinese pages around the same kind of code     .158        .128        .110        .085

At .12, five characters make 100 false candidates of each document in a million novels, nine make none. Frames and code
are no matter of the language: longer shingles hardly change what is shared, and nothing is said.
"""

from __future__ import annotations

import numpy as np

from curate.contracts import TEXT, Documents, Utf8

RESEMBLING = 0.02
"""Median similarity from which on unrelated texts share too much."""
LONGER = 4
"""Characters that are added to see whether it is a matter of length: at least half of what is shared must go."""
LONGEST = 21
"""Characters of the longest shingle that is proposed."""
DOCUMENTS, LEAST_DOCUMENTS = 50, 10
"""How many documents are looked at, and how few say nothing."""
CHARS, LEAST_CHARS = 20_000, 200
"""How much is looked at of each, and how short one may be."""


def long_enough(documents: Documents, shingle: int) -> int:
    """The least number of characters, from `shingle` on by twos, with which the texts hardly share a shingle.

    `shingle` itself where they are too few, or where longer ones would not help.
    """
    texts = documents.frame[TEXT].str.slice(0, CHARS)
    texts = texts.filter(texts.str.len_chars() >= LEAST_CHARS).head(DOCUMENTS)
    if len(texts) < LEAST_DOCUMENTS:
        return shingle
    utf8 = Utf8.of(texts)
    for chars in range(shingle, LONGEST, 2):
        resembling = median_similarity(utf8, chars)
        if resembling < RESEMBLING or median_similarity(utf8, chars + LONGER) > resembling / 2:
            return chars
    return max(shingle, LONGEST)


def median_similarity(texts: Utf8, shingle: int) -> float:
    """Median of the Jaccard similarities (0..1) of all pairs of the texts."""
    from curate.kernels.shingles import jaccard, shingle_sets

    hashes, starts = shingle_sets(*texts, shingle)
    return float(np.median(jaccard(hashes, starts, *np.triu_indices(len(texts.offsets) - 1, 1))))
