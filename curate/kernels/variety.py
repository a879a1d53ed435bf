"""How varied a text is, and the marks that recipes for Chinese pages count: one pass, 180 MB/s of mixed Chinese text.

The counts of characters lie in a table over all code points; only the entries that a text touched are read and cleared.
"""

import math

import numpy as np
import numpy.typing as npt

from curate.kernels import inlined, kernel
from curate.kernels.utf8 import DIGIT, HAN, HANGUL, KANA, LETTER, SPACE, char_at, character_classes

COLUMNS = (
    *("text_chars", "all_lines", "common_han", "spelling_chars", "plain_chars", "plain_digits", "bracketed_chars"),
    *("sentences", "hash_runs", "ellipsis_runs", "distinct_chars", "shown_lines", "more_lines", "stops_lines"),
)
"""What `count_variety` counts, in the order of its columns."""

CHARS, ALL_LINES, COMMON_HAN, SPELLING, PLAIN, PLAIN_DIGITS, BRACKETED = range(7)
SENTENCES, HASH_RUNS, ELLIPSIS_RUNS, DISTINCT, SHOWN_LINES, MORE_LINES, STOPS_LINES = range(7, 14)

SENTENCE_MARK = 0x10
"""Bit of a trait beside the class of the character, which is in the lower four."""


def variety_traits(sentence_marks: str) -> npt.NDArray[np.uint8]:
    """Class and bit of every code point: `uint8[0x110000]`."""
    table = character_classes().copy()
    for mark in sentence_marks:
        table[ord(mark)] |= SENTENCE_MARK
    return table


@inlined
def _ends_in(data, start, stop, endings, lengths):  # type: ignore[no-untyped-def]
    """Whether `data[start:stop]` ends in one of `endings: uint8[n, longest]`, of `lengths: int64[n]` bytes."""
    found = False
    for e in range(len(lengths)):
        size = lengths[e]
        if not found and stop - start >= size:
            same = True
            for k in range(size):
                same &= data[stop - size + k] == endings[e, k]
            found = same
    return found


@kernel
def count_variety(data, offsets, traits, endings, lengths, out, entropy):  # type: ignore[no-untyped-def]
    """Fill `out: int64[n_docs, len(COLUMNS)]` and `entropy: float64[n_docs]`, NaN for an empty text.

    all_lines: line ends + 1. common_han: U+4E00 to U+9FA5. spelling_chars: letters of any script, Han included.
    plain_chars: these, numbers, "_" and white space; plain_digits: numbers among them. bracketed_chars: between 【 and
    】 on one line. sentences: what lies between marks (`traits`) and holds more than white space. hash_runs: of "#";
    ellipsis_runs: of "…", and of two full stops or more. shown_lines: lines that are not blank; more_lines: those that
    end, white space left out, in one of `endings: uint8[n, longest]` (`lengths: int64[n]`); stops_lines: in "。。。".
    entropy: of the characters, natural logarithm.
    """
    seen = np.zeros(0x110000, np.int32)
    touched = np.empty(0x110000, np.int32)
    for doc in range(len(offsets) - 1):
        row = out[doc]
        row[:] = 0
        distinct, chars, common, spelling, plain, digits = 0, 0, 0, 0, 0, 0
        open_bracket, in_sentence = -1, False  # characters since "【"; -1: none is open
        hashes, dots, leaders, stops = 0, 0, 0, 0  # lengths of runs
        begun, ended = offsets[doc], offsets[doc]  # of the line, white space at its end left out
        i, stop = offsets[doc], offsets[doc + 1]
        shown = False
        while i < stop:
            point, width = char_at(data, i)
            trait = traits[point]
            kind = trait & 15
            if seen[point] == 0:
                touched[distinct] = point
                distinct += 1
            seen[point] += 1
            chars += 1
            i += width
            common += 0x4E00 <= point <= 0x9FA5
            spells = kind in (HAN, LETTER, KANA, HANGUL)
            spelling += spells
            plain += spells or kind in (DIGIT, SPACE) or point == 95
            digits += kind == DIGIT
            if open_bracket >= 0:
                if point == 0x3011:
                    row[BRACKETED] += open_bracket
                    open_bracket = -1
                elif point == 10:
                    open_bracket = -1
                else:
                    open_bracket += 1
            elif point == 0x3010:
                open_bracket = 0
            if trait & SENTENCE_MARK:
                row[SENTENCES] += in_sentence
                in_sentence = False
            elif kind != SPACE:
                in_sentence = True
            hashes = hashes + 1 if point == 35 else 0
            row[HASH_RUNS] += hashes == 1
            leaders = leaders + 1 if point == 0x2026 else 0
            dots = dots + 1 if point == 46 or point == 0x3002 else 0
            row[ELLIPSIS_RUNS] += (leaders == 1) + (dots == 2)
            if point == 10:
                row[ALL_LINES] += 1
                if shown:
                    row[SHOWN_LINES] += 1
                    row[MORE_LINES] += _ends_in(data, begun, ended, endings, lengths)
                    row[STOPS_LINES] += stops >= 3
                begun, shown, stops = i, False, 0
            elif kind != SPACE:
                stops = stops + 1 if point == 0x3002 else 0
                ended, shown = i, True
        row[SENTENCES] += in_sentence
        if shown:
            row[SHOWN_LINES] += 1
            row[MORE_LINES] += _ends_in(data, begun, ended, endings, lengths)
            row[STOPS_LINES] += stops >= 3
        row[CHARS], row[COMMON_HAN], row[SPELLING], row[DISTINCT] = chars, common, spelling, distinct
        row[PLAIN], row[PLAIN_DIGITS] = plain, digits
        row[ALL_LINES] += 1
        # sum of p log p with p = count / chars, by counts
        weighted = 0.0
        for t in range(distinct):
            count = seen[touched[t]]
            weighted += count * math.log(count)
            seen[touched[t]] = 0
        entropy[doc] = math.log(chars) - weighted / chars if chars else np.nan
