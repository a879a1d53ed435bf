"""Text for classifiers that tokenise by white space: Chinese as characters and pairs of characters.

Han characters, kana, punctuation and symbols stand alone; letters (of any alphabet that writes words) and digits stay
in runs. ASCII letters come in lower case, full-width ASCII in half width, and all white space, line ends and NUL too,
as blanks, so that a text is one line. What fastText reads as its own marks (`</s>`, `__label__`) comes out in pieces.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from curate.kernels import inlined, kernel
from curate.kernels.utf8 import DIGIT, HAN, KANA, PUNCTUATION, SPACE, SYMBOL, char_at, character_classes

START, END = ord("^"), ord("$")
BLANK, ALONE, _WORD, _NUMBER = range(4)
"""Kinds of characters: between tokens; a token by itself; part of a run of its kind."""


@cache
def token_kinds() -> npt.NDArray[np.uint8]:
    """Kind of every character: `uint8[0x110000]`."""
    by_class = np.full(16, _WORD, np.uint8)
    by_class[[HAN, KANA, PUNCTUATION, SYMBOL]] = ALONE
    by_class[SPACE], by_class[DIGIT] = BLANK, _NUMBER
    kinds = by_class[character_classes()]
    kinds[0] = BLANK  # fastText reads NUL as white space
    return kinds


@inlined
def _finished(out, n, start, before):  # type: ignore[no-untyped-def]
    """End the token at `start`; write it once more after the one at `before` (-1: it is the first)."""
    end = n
    out[n] = 32
    n += 1
    if before < 0:
        out[n] = START
        n += 1
    else:
        i = before
        while out[i] != 32:
            out[n] = out[i]
            n += 1
            i += 1
    for i in range(start, end):
        out[n] = out[i]
        n += 1
    out[n] = 32
    return n + 1


@kernel
def _split(data, offsets, kinds, out, out_offsets):  # type: ignore[no-untyped-def]
    n = np.int64(0)
    for doc in range(len(offsets) - 1):
        i, stop = offsets[doc], offsets[doc + 1]
        before, start, run = np.int64(-1), n, 0
        while i < stop:
            point, width = char_at(data, i)
            if 0xFF01 <= point <= 0xFF5E:
                point = np.uint32(point - 0xFEE0)
            kind = kinds[point]
            if run and kind != run:
                n = _finished(out, n, start, before)
                before, start, run = start, n, 0
            if kind:
                if run == 0:
                    start = n
                if point < 0x80:
                    out[n] = point + 32 if 65 <= point <= 90 else point
                    n += 1
                else:
                    for j in range(i, i + width):
                        out[n] = data[j]
                        n += 1
                if kind == ALONE:
                    n = _finished(out, n, start, before)
                    before = start
                else:
                    run = kind
            i += width
        if run:
            n = _finished(out, n, start, before)
            before = start
        if before >= 0:
            i = before
            while out[i] != 32:
                out[n] = out[i]
                n += 1
                i += 1
            out[n], out[n + 1] = END, 32
            n += 2
        out_offsets[doc + 1] = n
    return n


def split_characters(
    data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Write the tokens of each text, and every two neighbours as one, its borders among them: `春 ^春 天 春天 天$`.

    Returns `uint8[n_bytes]` and `int64[n_docs + 1]`.
    """
    inside = int(offsets[-1] - offsets[0]) if len(offsets) else 0
    # A token is written by itself, as the second and as the first of a pair, with two blanks; `^` and `$ ` are added.
    out, out_offsets = np.empty(5 * inside + 3 * len(offsets), np.uint8), np.zeros(len(offsets), np.int64)
    n = _split(data, offsets, token_kinds(), out, out_offsets)
    return out[:n], out_offsets
