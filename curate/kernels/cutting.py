"""Where text may be cut, and which pieces make a row: sentence ends, clause ends, and, at last, any character.

`units` divides texts into pieces of at most about `most` bytes that are never torn inside a character, nor between a
character and its combining marks; each piece says what ends with it. `fill` joins neighbouring pieces to rows. Closing
quotes and brackets stay with their sentence, line ends with the line they end; blanks between words go to the word
that follows, as byte-level BPE has them (" word" is one token, " " at a row's end would be another). Terminators after
Unicode UAX #29 (Sentence_Break), as far as Chinese and European text needs them. `units` takes 200 to 300 MB/s.
"""

import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt

from curate.kernels import inlined, kernel
from curate.kernels.utf8 import char_at

CHARACTER, CLAUSE, SENTENCE, DOCUMENT = 1, 2, 3, 4
"""What ends where a unit ends."""

WHITESPACE = "".join(chr(point) for point in range(0x3001) if chr(point).isspace())
"""What `str.strip` and `str.isspace` mean by white space."""

_SPACE, _NEWLINE, _STOP, _WEAK_STOP, _CLOSER, _COMMA, _WEAK_COMMA, _EXTENDS = (1 << bit for bit in range(8))
_CHARACTERS = {
    _SPACE: WHITESPACE,
    _NEWLINE: "\n\r\v\f\x85\u2028\u2029",
    _STOP: "。！？…｡．‼⁇⁈⁉",
    _WEAK_STOP: ".!?",
    _CLOSER: "”’」』）】》〉〕］｝﹂﹄\"')]}»",
    _COMMA: "，；、：､—",
    _WEAK_COMMA: ",;:",
}


@cache
def character_kinds() -> npt.NDArray[np.uint8]:
    """Bits of every code point, `uint8[0x110000]`: what the kernels ask of a character. Once a process, 0.2 s."""
    table = np.zeros(0x110000, np.uint8)
    for bit, characters in _CHARACTERS.items():
        table[[ord(character) for character in characters]] |= bit
    marks = [point for point in range(0x300, 0x20000) if unicodedata.category(chr(point)) in ("Mn", "Mc", "Me")]
    # Joiner, halfwidth kana marks, skin tones, tag characters, variation selectors.
    extra = [0x200D, 0xFF9E, 0xFF9F, *range(0x1F3FB, 0x1F400), *range(0xE0020, 0xE0080), *range(0xE0100, 0xE01F0)]
    table[marks + extra] |= _EXTENDS
    return table


@inlined
def _kind_at(data, i, kinds):  # type: ignore[no-untyped-def]
    point, width = char_at(data, i)
    return kinds[point], width


@kernel
def _visible_end(data, start, stop, kinds):  # type: ignore[no-untyped-def]
    """One past the last character that is no white space (`start` if there is none)."""
    end = start
    i = start
    while i < stop:
        kind, width = _kind_at(data, i, kinds)
        i += width
        if not kind & _SPACE:
            end = i
    return end


@kernel
def _sentence_end(data, i, stop, limit, kinds):  # type: ignore[no-untyped-def]
    """Where the sentence ends whose terminator starts at `i`; -1 if that is none (the point of 3.5)."""
    strong = False
    last = 0
    while i < stop and i < limit:
        kind, width = _kind_at(data, i, kinds)
        if not kind & (_STOP | _WEAK_STOP | _CLOSER | _EXTENDS):
            break
        if kind & _STOP:
            strong = True
        last = data[i] if kind & _WEAK_STOP else last
        i += width
    if not strong and i < stop:
        kind, width = _kind_at(data, i, kinds)
        # A full stop needs a blank after it; `!` and `?` (as in a URL) a blank or a character beyond ASCII.
        if not (kind & _SPACE or (last != 0x2E and data[i] >= 0x80)):
            return -1
    return _after_line_ends(data, i, stop, limit, kinds)


@kernel
def _after_line_ends(data, i, stop, limit, kinds):  # type: ignore[no-untyped-def]
    """One past the last line end of the white space at `i`; `i` if it holds none."""
    end = i
    while i < stop and i < limit:
        kind, width = _kind_at(data, i, kinds)
        if not kind & _SPACE:
            break
        i += width
        if kind & _NEWLINE:
            end = i
    return end


@kernel
def _cut(data, start, stop, least, most, kinds):  # type: ignore[no-untyped-def]
    """End and level of the unit that starts at `start`; `stop` is the last place for an end."""
    i = start
    seen = False
    joined = False
    while i < stop:
        kind, width = _kind_at(data, i, kinds)
        extends = kind & _EXTENDS or joined
        if i - start + width > most and i > start and (not extends or i - start + width > 2 * most):
            return i, CHARACTER
        joined = width == 3 and data[i] == 0xE2 and data[i + 1] == 0x80 and data[i + 2] == 0x8D
        after = i + width
        if kind & _NEWLINE and seen:
            return _after_line_ends(data, i, stop, start + 2 * most, kinds), SENTENCE
        if kind & (_STOP | _WEAK_STOP) and (seen or kind & _STOP):
            end = _sentence_end(data, i, stop, start + 2 * most, kinds)
            if end > 0:
                return end, SENTENCE
        if i - start >= least and seen:
            if kind & _SPACE:
                return i, CLAUSE
            if kind & (_COMMA | _WEAK_COMMA) and after < stop:
                follows, _ = _kind_at(data, after, kinds)
                if not follows & _NEWLINE and (kind & _COMMA or data[after] >= 0x80 or follows & _SPACE):
                    return after, CLAUSE
        if not kind & _SPACE:
            seen = True
        i = after
    return stop, DOCUMENT


@kernel
def _units(data, offsets, least, most, kinds, ends, levels):  # type: ignore[no-untyped-def]
    first = np.zeros(len(offsets), np.int64)
    n = 0
    for d in range(len(offsets) - 1):
        i, stop = offsets[d], offsets[d + 1]
        visible = _visible_end(data, i, stop, kinds)
        while i < stop:
            end, level = _cut(data, i, stop, least, most, kinds)
            # White space that ends a document belongs to its last sentence, unless there is a page of it.
            if end >= visible and stop - i <= 2 * most:
                end, level = stop, DOCUMENT
            ends[n], levels[n] = end, DOCUMENT if end == stop else level
            n += 1
            i = end
        first[d + 1] = n
    return first


def units(
    data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64], most: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Divide texts into units of at most `most` bytes, or twice that where marks, closing quotes or line ends follow.

    `data: uint8[n_bytes]; offsets: int64[n_docs + 1]`. Returns positions in `data`, `int64[n_units + 1]` (the units
    tile the texts), what each unit ends, `uint8[n_units]`, and the first unit of each text, `int64[n_docs + 1]`.
    """
    room = len(data) // 2 + len(offsets)  # only the last unit of a text can be a single byte
    ends, levels = np.empty(room, np.int64), np.empty(room, np.uint8)
    first = _units(data, offsets, max(1, most // 4), most, character_kinds(), ends, levels)
    n = int(first[-1])
    return np.concatenate([offsets[:1], ends[:n]]), levels[:n].copy(), first


@kernel
def fill(tokens, levels, first, limit, enough, close):  # type: ignore[no-untyped-def]
    """Join neighbouring units to rows of at most `limit` tokens; returns the first unit of each row, and the end.

    `tokens: int64[n_units]; levels: uint8[n_units]; first: int64[n_docs + 1]` (a row never crosses these borders; a
    unit above the limit makes a row of its own). A row ends with the last sentence that fits if that makes `enough`
    tokens; else with the last clause that makes `close` tokens; else with the last unit that fits. Returns
    `int64[n_rows + 1]`.
    """
    rows = np.empty(len(tokens) + 1, np.int64)
    n = 0
    for d in range(len(first) - 1):
        i, stop = first[d], first[d + 1]
        while i < stop:
            rows[n] = i
            n += 1
            total, j = 0, i
            sentence, clause = -1, -1
            while j < stop and (j == i or total + tokens[j] <= limit):
                total += tokens[j]
                j += 1
                if levels[j - 1] >= SENTENCE and total >= enough:
                    sentence = j
                if levels[j - 1] >= CLAUSE and total >= close:
                    clause = j
            if j == stop:
                i = j
            elif sentence > 0:
                i = sentence
            elif clause > 0:
                i = clause
            else:
                i = j
    rows[n] = len(tokens)
    return rows[: n + 1].copy()
