"""Spans of a text, widened to what a reader would call the passage: whole sentences, whole lines."""

from curate.kernels import inlined, kernel
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
