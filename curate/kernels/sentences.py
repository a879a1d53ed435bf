"""Sentences: texts divided into them, and spans widened to what a reader would call the passage.

A sentence ends at 。！？；… or a full stop before white space, at ! and ? unless ASCII follows, with the quotes and
brackets that close it, and at each line end. Texts are divided at about 360 MB/s of Chinese pages.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curate.kernels import inlined, kernel
from curate.kernels.code_lines import IS_BLANK, IS_CODE, Lines
from curate.kernels.utf8 import char_at


@inlined
def _ends_sentence(data, i, stop, code):  # type: ignore[no-untyped-def]
    """Whether the character `code` ends a sentence or a line: 。！？；… ! ? or a full stop before white space.

    `i` is the byte behind it.
    """
    ended = code == 0x0A or code == 0x3002 or code == 0x2026 or code == 0x21 or code == 0x3F
    ended |= code == 0xFF01 or code == 0xFF1F or code == 0xFF1B
    return ended or (code == 0x2E and (i >= stop or data[i] == 32 or data[i] == 10))


@inlined
def _closes(code):  # type: ignore[no-untyped-def]
    """Whether a character belongs to the sentence that ended before it: another mark, a closing quote or bracket."""
    closing = code == 0x201D or code == 0x2019 or code == 0x300D or code == 0x300F or code == 0xFF09 or code == 0x29
    marks = code == 0x3002 or code == 0x2026 or code == 0x21 or code == 0x3F or code == 0xFF01 or code == 0xFF1F
    return closing or marks or code == 0x22


@inlined
def _past_closing(data, i, stop):  # type: ignore[no-untyped-def]
    """Where the marks and quotes that close a sentence end."""
    while i < stop:
        code, width = char_at(data, i)
        if not _closes(code):
            break
        i += width
    return i


@inlined
def _is_option(data, i, stop):  # type: ignore[no-untyped-def]
    """Whether the label of an option stands at byte `i`: A to H and `.`, `)`, `:`, `．`, `、`, `：` or `）`."""
    labelled = False
    if i + 1 < stop and 65 <= data[i] <= 72:
        code = char_at(data, i + 1)[0]
        labelled = code == 0x2E or code == 0x29 or code == 0x3A
        labelled |= code == 0xFF0E or code == 0x3001 or code == 0xFF1A or code == 0xFF09
    return labelled


@kernel
def widen(data, offsets, rows, starts, ends, reach):  # type: ignore[no-untyped-def]
    """Widen spans to the sentences and lines they lie in, and over lines of options below; change `starts`, `ends`.

    `rows, starts, ends: int64[n]`: text, first byte and one past the last. A side where no border stands within
    `reach` bytes stays. A span that becomes a whole line takes its line end with it.
    """
    for k in range(len(rows)):
        first, stop = offsets[rows[k]], offsets[rows[k] + 1]
        i, limit = starts[k], max(first, starts[k] - reach)
        while i > limit:
            before = i - 1
            while (data[before] & 0xC0) == 0x80:
                before -= 1
            if _ends_sentence(data, i, stop, char_at(data, before)[0]):
                break
            i = before
        if i > limit or i == first:
            i = min(_past_closing(data, i, stop), starts[k]) if i > first else i
            while i < starts[k] and (data[i] == 32 or data[i] == 10):
                i += 1
            starts[k] = i
        i, limit = ends[k], min(stop, ends[k] + reach)
        ended = i > first and data[i - 1] == 10
        while i < limit and not ended and data[i] != 10:
            code, width = char_at(data, i)
            i += width
            ended = _ends_sentence(data, i, stop, code)
        if ended or i == stop or data[i] == 10:
            ends[k] = _past_closing(data, i, stop)
        i = ends[k]
        while i < stop and (data[i] == 32 or data[i] == 10):
            i += 1
        while _is_option(data, i, stop):
            while i < stop and data[i] != 10:
                i += 1
            ends[k] = i
            while i < stop and (data[i] == 32 or data[i] == 10):
                i += 1
        while ends[k] < stop and data[ends[k]] == 32:
            ends[k] += 1
        if ends[k] < stop and data[ends[k]] == 10 and (starts[k] == first or data[starts[k] - 1] == 10):
            ends[k] += 1


@inlined
def _is_blank(code):  # type: ignore[no-untyped-def]
    """Whether a character is white space inside a line."""
    return code == 0x20 or code == 0x09 or code == 0x0D or code == 0x3000 or code == 0xA0


@inlined
def _past_blanks(data, i, stop):  # type: ignore[no-untyped-def]
    while i < stop:
        code, width = char_at(data, i)
        if not _is_blank(code):
            break
        i += width
    return i


@kernel
def _sentence_in_line(data, i, stop):  # type: ignore[no-untyped-def]
    """One past the sentence that starts at `i`, white space behind it left out; `stop` is where its line ends."""
    visible = i
    while i < stop:
        b = data[i]
        if 0xE4 <= b <= 0xE9:  # Han, nearly all of a Chinese text
            i += 3
            visible = i
            continue
        if 0x40 <= b < 0x80:
            i += 1
            visible = i
            continue
        code, width = char_at(data, i)
        i += width
        if not _is_blank(code):
            visible = i
            if _ends_sentence(data, i, stop, code):
                after = _past_closing(data, i, stop)
                # A mark of ASCII inside of ASCII ends nothing: `page?id=1`, `!pip`, `a != b`.
                if code >= 0x80 or after == stop or data[after] >= 0x80 or data[after] <= 0x20:
                    return after
    return visible


@kernel
def _divide(data, line_starts, first_line, kinds, row, start, text_end, end, ends_line):  # type: ignore[no-untyped-def]
    """Say where sentences lie, see `Sentences`; returns how many there are."""
    n = 0
    for doc in range(len(first_line) - 1):
        joined = False  # whether the sentence before reaches to where we are
        for line in range(first_line[doc], first_line[doc + 1]):
            i, stop = line_starts[line], line_starts[line + 1]
            if kinds[line] == IS_BLANK:
                if joined:
                    end[n - 1] = stop
                continue
            if kinds[line] == IS_CODE:
                joined = False
                continue
            visible = stop - 1 if data[stop - 1] == 10 else stop
            i = _past_blanks(data, i, visible)
            while i < visible:
                after = _sentence_in_line(data, i, visible)
                following = _past_blanks(data, after, visible)
                if joined:
                    end[n - 1] = i
                row[n], start[n], text_end[n] = doc, i, after
                end[n] = stop if following == visible else following
                ends_line[n] = following == visible
                joined = True
                n += 1
                i = following
    return n


class Sentences(NamedTuple):
    """The sentences of a batch of texts, in order; all arrays are `int64[n]`, positions are bytes of `data`."""

    row: npt.NDArray[np.int64]
    """The text of each."""
    start: npt.NDArray[np.int64]
    """Its first byte that is no white space."""
    text_end: npt.NDArray[np.int64]
    """One past its last one."""
    end: npt.NDArray[np.int64]
    """Where the next sentence starts, if nothing but white space lies between; else where its line ends."""
    ends_line: npt.NDArray[np.bool_]
    """Whether it is the last of its line."""


def sentences_of(data: npt.NDArray[np.uint8], lines: Lines) -> Sentences:
    """Divide the prose of texts into sentences; lines of code belong to none, and none reaches across them."""
    room = int(lines.starts[-1] - lines.starts[0]) // 2 + len(lines.kinds)  # the least sentence, and what ends it
    row, start, text_end, end = np.empty((4, room), np.int64)
    ends_line = np.empty(room, np.bool_)
    n = _divide(data, lines.starts, lines.first, lines.kinds, row, start, text_end, end, ends_line)
    return Sentences(*(array[:n].copy() for array in (row, start, text_end, end, ends_line)))  # type: ignore[arg-type]
