"""Lines that hold one of many words near their start or their end.

Furniture of a page stands on short lines and at the ends of long ones: the middle of a paragraph is never looked at.
"""

import numpy as np
from numba import uint32, uint64

from curate.kernels import inlined, kernel
from curate.kernels.markup_code import fence_at
from curate.kernels.markup_tokens import space
from curate.kernels.utf8 import has_newline, little_endian
from curate.kernels.wordlists import _char, _is_marked, _longest, _start


@inlined
def _line_end(data, i, stop):  # type: ignore[no-untyped-def]
    """The newline at byte `i: uint64` or behind it, or `stop`."""
    while i + uint64(8) <= stop and not has_newline(little_endian(data, i)):
        i += uint64(8)
    while i < stop and data[i] != 10:
        i += uint64(1)
    return i


@inlined
def _kinds_of_words(data, line, first, stop, starts, edges, children, word, kinds):  # type: ignore[no-untyped-def]
    """The kinds of all words in `data[first:stop]`, or-ed together; `line` is where the line starts."""
    i = first
    one, after = _char(data, i, stop)
    two, third_at = _char(data, after, stop)
    found = uint64(0)
    while i < stop:
        three, end = _char(data, third_at, stop)
        marked = (
            _is_marked(starts, _start(one, two, three))
            | _is_marked(starts, _start(one, two, uint32(0)))
            | _is_marked(starts, _start(one, uint32(0), uint32(0)))
        )
        if marked & uint64(1):
            best, _ = _longest(data, line, i, stop, edges, children, word)
            if best >= 0:
                found |= kinds[best]
        i, one, after, two, third_at = after, two, third_at, three, end
    return found


@kernel
def lines_with_words(data, offsets, starts, edges, children, word, kinds, head, tail):  # type: ignore[no-untyped-def]
    """Find lines of `data: uint8[n_bytes]`, texts between `offsets: int64[n_texts + 1]`, with a word of a trie.

    `kinds: uint64[words]` has a bit for each kind that a word belongs to. Of a line longer than `head + tail` bytes
    only the first `head` and the last `tail` are looked at. Returns `int64[4, hits]`, in order: the text, the line's
    first byte, one past its last (its line end left out), the kinds of its words.
    """
    found = np.empty((4, 1024), np.int64)
    n = 0
    for row in range(len(offsets) - 1):
        begin, stop = uint64(offsets[row]), uint64(offsets[row + 1])
        while begin < stop:
            end = _line_end(data, begin, stop)
            first, last = np.int64(begin), np.int64(end)
            # One search for the whole line, or for its head and then its tail: the code of it stands here once.
            lower, upper = first, last
            if last - first > head + tail:
                upper = first + head
                while data[upper] & 0xC0 == 0x80:
                    upper -= 1
            bits = uint64(0)
            while True:
                bits |= _kinds_of_words(data, first, lower, upper, starts, edges, children, word, kinds)
                if upper == last:
                    break
                lower, upper = last - tail, last
                while data[lower] & 0xC0 == 0x80:
                    lower += 1
            if bits:
                if n == found.shape[1]:
                    found = np.concatenate((found, np.empty_like(found)), axis=1)
                found[0, n], found[1, n], found[2, n], found[3, n] = row, first, last, np.int64(bits)
                n += 1
            begin = end + uint64(1)
    return found[:, :n]


@inlined
def _copy(data, first, last, out, size):  # type: ignore[no-untyped-def]
    for i in range(uint64(first), uint64(last)):
        out[uint64(size)] = data[i]
        size += 1
    return size


@kernel
def pieces(data, start, end):  # type: ignore[no-untyped-def]
    """Join `data[start[i]:end[i]]` (`int64[n]` both); returns the bytes, `uint8[…]`, and offsets, `int64[n + 1]`."""
    offsets = np.zeros(len(start) + 1, np.int64)
    for i in range(len(start)):
        offsets[i + 1] = offsets[i] + end[i] - start[i]
    out = np.empty(offsets[-1], np.uint8)
    for i in range(len(start)):
        _copy(data, start[i], end[i], out, offsets[i])
    return out, offsets


@kernel
def in_fences(data, offsets, row, start):  # type: ignore[no-untyped-def]
    """Whether lines stand in fences of code, `bool_[n]`; `row, start: int64[n]`: text and first byte in it, ordered."""
    inside = np.zeros(len(row), np.bool_)
    n = 0
    while n < len(row):
        number = row[n]
        begin, stop = offsets[number], offsets[number + 1]
        fence, i = 0, np.int64(begin)
        while i < stop and n < len(row) and row[n] == number:
            end = np.int64(_line_end(data, uint64(i), uint64(stop)))
            mark = fence_at(data, i, end)
            found = fence != 0
            if found and mark >= 0 and data[mark - 1] == fence:
                fence = 0
            elif not found and mark >= 0 and end < stop:
                fence, found = data[mark - 1], True
            if start[n] == i - begin:
                inside[n] = found
                n += 1
            i = end + 1
    return inside


@inlined
def _is_blank(data, i, stop):  # type: ignore[no-untyped-def]
    while i < stop:
        width = space(data, i)
        if not width:
            return False
        i += width
    return True


@kernel
def without_lines(data, offsets, rows, row, start, whole, left):  # type: ignore[no-untyped-def]
    """Take lines out of the texts `rows: int64[n_texts]` of `data`, or cut their ends off.

    Of each change, in order: `row: int64[n]`, the line's first byte in its text, whether all of it goes (`bool_[n]`),
    and how many bytes stay else. Of the blank lines around lines that go one stays, and none at the text's start and
    end. Returns bytes and offsets, `int64[n_texts + 1]`, of the new texts.
    """
    total = 0
    for number in range(len(rows)):
        total += offsets[rows[number] + 1] - offsets[rows[number]]
    out, ends = np.empty(total, np.uint8), np.zeros(len(rows) + 1, np.int64)
    n, size = 0, 0
    for number in range(len(rows)):
        begin, stop = offsets[rows[number]], offsets[rows[number] + 1]
        closed = stop > begin and data[stop - 1] == 10
        last = stop - 1 if closed else stop
        kept, removed = False, False
        gap, gap_end = np.int64(-1), np.int64(-1)  # the first of the blank lines that wait
        i = np.int64(begin)
        while i <= last:
            end = np.int64(_line_end(data, uint64(i), uint64(last)))
            goes, upper = False, end
            if n < len(row) and row[n] == rows[number] and start[n] == i - begin:
                goes = whole[n]
                upper = end if goes else i + left[n]
                n += 1
            if goes:
                removed = True
            elif _is_blank(data, i, upper):
                if gap < 0:
                    gap, gap_end = i, end
            else:
                # Without lines that went, what waits is all that stands before this line.
                if gap >= 0 and (kept or not removed):
                    if kept:
                        out[size] = 10
                        size += 1
                    size = _copy(data, gap, gap_end if removed else i - 1, out, size)
                    kept = True
                if kept:
                    out[size] = 10
                    size += 1
                size = _copy(data, i, upper, out, size)
                kept, removed, gap = True, False, np.int64(-1)
            i = end + 1
        if gap >= 0 and not removed:
            if kept:
                out[size] = 10
                size += 1
            size = _copy(data, gap, last, out, size)
            kept = True
        if kept and closed:
            out[size] = 10
            size += 1
        ends[number + 1] = size
    return out[:size], ends
