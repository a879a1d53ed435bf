"""Remains of HTML that are plain: tags and comments taken out, common entities decoded, in one go over the bytes.

`strip_plain` does what `cleaners.markup.strip_remains` does, to the byte, for texts in which nothing rare stands; where
something does (scripts, raised digits, ruby, other entities, an end of a tag that might become a tag), it says so and
leaves the text to that. 150 to 300 MB/s.
"""

import numpy as np
from numba import uint64

from curate.kernels import inlined, kernel

BLOCK, CELL, NEVER_CLOSED, ALWAYS, BREAK, STRUCK, RARE, RAISED = (1 << bit for bit in range(8))
"""Roles of elements: see `cleaners.markup`; `ALWAYS` are tags even when nothing closes them, `RARE` are left alone, `RAISED` in code too."""

SAME, STRIPPED, LEFT = range(3)
"""What became of a text."""

NAME_SLOTS = 4096
_SCATTERS = 0x9E3779B97F4A7C15
_START, _END, _MARK, _NAME, _KIND = range(5)
_TAG, _CLOSE, _BARE, _ATTRIBUTES, _COMMENT, _ENTITY = range(6)
_NO_MARK, _GAP_ENTITY = -1, 0x20


def name_key(name: str) -> int:
    """A name of at most twelve letters and digits as a number, the same for capitals."""
    key = 0
    for character in name.lower():
        key = key * 37 + "0123456789abcdefghijklmnopqrstuvwxyz".index(character) + 1
    return key


def name_slot(key: int) -> int:
    """Where the search for a name begins in a table of `NAME_SLOTS` (open addressing)."""
    return (key * _SCATTERS & 0xFFFFFFFFFFFFFFFF) >> 52


@inlined
def _digit(b):  # type: ignore[no-untyped-def]
    """1 to 36 for a digit or a letter, else 0."""
    lower = b | 0x20
    if 97 <= lower <= 122:
        return lower - 86
    return b - 47 if 48 <= b <= 57 else 0


@inlined
def _space(data, i):  # type: ignore[no-untyped-def]
    """Bytes of the white space (`str.isspace`) at `i`; 0 if there is none."""
    b = data[i]
    if b < 0x80:
        return 1 if b == 32 or 9 <= b <= 13 or 28 <= b <= 31 else 0
    if b == 0xC2:
        return 2 if data[i + 1] == 0x85 or data[i + 1] == 0xA0 else 0
    if b == 0xE3:
        return 3 if data[i + 1] == 0x80 and data[i + 2] == 0x80 else 0
    if b == 0xE1:
        return 3 if data[i + 1] == 0x9A and data[i + 2] == 0x80 else 0
    if b == 0xE2 and data[i + 1] == 0x80:
        c = data[i + 2]
        return 3 if c <= 0x8A or c == 0xA8 or c == 0xA9 or c == 0xAF else 0
    return 3 if b == 0xE2 and data[i + 1] == 0x81 and data[i + 2] == 0x9F else 0


@inlined
def _folds_to_ascii(b):  # type: ignore[no-untyped-def]
    """Whether a byte may begin one of the letters that expressions without case take for k, i or s."""
    return b == 0xC4 or b == 0xC5 or b == 0xE2


@kernel
def _measured(data, first, last):  # type: ignore[no-untyped-def]
    """Characters and line ends of a piece."""
    chars, lines = 0, 0
    for i in range(first, last):
        chars += data[i] & 0xC0 != 0x80
        lines += data[i] == 10
    return chars, lines


@kernel
def _line_end(data, i, stop):  # type: ignore[no-untyped-def]
    while i < stop and data[i] != 10:
        i += 1
    return i


@inlined
def _is_indented(data, i, stop):  # type: ignore[no-untyped-def]
    if i < stop and data[i] == 9:
        return True
    return i + 4 <= stop and data[i] == 32 and data[i + 1] == 32 and data[i + 2] == 32 and data[i + 3] == 32


@kernel
def _indented_block(data, i, stop):  # type: ignore[no-untyped-def]
    """Where the indented lines from `i` on end; whether they hold a sentence, and marks of other code."""
    sentence, marks = False, False
    end = i
    while _is_indented(data, i, stop):
        end = i
        while end < stop and data[end] != 10:
            b = data[end]
            if b == 96 or b == 126:
                marks = True
            if b == 0xE3 and data[end + 1] == 0x80 and data[end + 2] == 0x82:
                sentence = True
            if b == 0xEF and data[end + 1] == 0xBC and (data[end + 2] == 0x81 or data[end + 2] == 0x9F):
                sentence = True
            end += 1
        i = end + 1
    return end, sentence, marks


@inlined
def _fence_at(data, i, end):  # type: ignore[no-untyped-def]
    """One past the mark of a fence on the line `data[i:end]`, or -1."""
    p = i
    while p < end and p - i < 20 and (data[p] == 32 or data[p] == 9 or data[p] == 62):
        p += 1
    if p + 3 <= end and (data[p] == 96 or data[p] == 126) and data[p] == data[p + 1] and data[p] == data[p + 2]:
        return p + 3
    return -1


@kernel
def _code(data, begin, stop, spans):  # type: ignore[no-untyped-def]
    """Write where code stands to `spans: int64[2, …]`; return how many, or -1 where that is not plain."""
    n = 0
    fence, opened, block = 0, 0, False
    i = begin
    while i < stop:
        end = _line_end(data, i, stop)
        indented = _is_indented(data, i, stop)
        block = block and indented
        if indented and i - 2 >= begin and data[i - 1] == 10 and data[i - 2] == 10:
            if fence:
                block = True
            else:
                last, sentence, marks = _indented_block(data, i, stop)
                if marks and not sentence:
                    return -1
                if not sentence:
                    spans[0, n], spans[1, n] = i, last
                    n += 1
                    i = last + 1
                    continue
        mark = _fence_at(data, i, end)
        if fence:
            if mark >= 0 and data[mark - 1] == fence:
                if block:
                    return -1
                spans[0, n], spans[1, n] = opened, mark
                n += 1
                fence = 0
                for p in range(mark, end):
                    if data[p] == 96:
                        return -1
        elif mark >= 0 and end < stop:
            fence, opened, block = data[mark - 1], i, False
        else:
            first = -1
            for p in range(i, end):
                if data[p] == 96:
                    if p + 1 < stop and data[p + 1] == 96:
                        return -1
                    if first < 0:
                        first = p
                    else:
                        spans[0, n], spans[1, n] = first, p + 1
                        n += 1
                        first = -1
        i = end + 1
    if fence:
        spans[0, n], spans[1, n] = opened, stop
        n += 1
    return n


@inlined
def _attributes_end(data, i, stop):  # type: ignore[no-untyped-def]
    """One past the `>` that ends the tag whose attributes begin at `i`, or -1."""
    first = -1
    quote = 0
    while i < stop and data[i] != 60:
        b = data[i]
        if b == 62 and first < 0:
            first = i + 1
        if quote:
            quote = 0 if b == quote else quote
        elif b == 62:
            return i + 1
        elif b == 34 or b == 39:
            quote = b
        i += 1
    return first


@inlined
def _are_plain(data, i, stop):  # type: ignore[no-untyped-def]
    """Whether attributes begin with a name and `=`."""
    while i < stop and (data[i] == 47 or data[i] == 32 or 9 <= data[i] <= 13):
        i += 1
    b = data[i]
    if _digit(b) <= 10 and b != 95 and b != 58 and b != 64 and b != 35:
        return False
    i += 1
    while i < stop and (_digit(data[i]) or data[i] == 95 or data[i] == 58 or data[i] == 46 or data[i] == 45):
        i += 1
    while i < stop and (data[i] == 32 or 9 <= data[i] <= 13):
        i += 1
    return i < stop and data[i] == 61


@kernel
def _tag(data, i, stop, keys, roles):  # type: ignore[no-untyped-def]
    """End, slot and kind of the tag at `i`; the end is 0 if there is none, -1 if the text is not plain."""
    j = i + 1
    close = j < stop and data[j] == 47
    if close:
        j += 1
    first = j
    key = uint64(0)
    while j < stop and j - first < 12 and _digit(data[j]):
        key = key * uint64(37) + uint64(_digit(data[j]))
        j += 1
        if j - first == 4 and key == uint64(953697):
            return -1, 0, _TAG  # <html: the text may be a page
    if j >= stop:
        return 0, 0, _TAG
    if _folds_to_ascii(data[j]):
        return -1, 0, _TAG
    slot = key * uint64(_SCATTERS) >> uint64(52)
    while keys[slot] != key and keys[slot]:
        slot = (slot + uint64(1)) % uint64(NAME_SLOTS)
    if j == first or not keys[slot]:
        return 0, 0, _TAG
    if data[j] == 62:
        return j + 1, np.int64(slot), _CLOSE if close else _BARE
    width = _space(data, j)
    if width > 1:
        return -1, 0, _TAG
    if width == 0 and data[j] != 47:
        return 0, 0, _TAG
    end = _attributes_end(data, j, stop)
    if end < 0:
        return 0, 0, _TAG
    p = j
    while data[p] == 47 or data[p] == 32 or data[p] == 9 or data[p] == 10:
        p += 1
    if p == end - 1:
        return end, np.int64(slot), _CLOSE if close else _BARE
    if close:
        return end, np.int64(slot), _TAG
    return (end if _are_plain(data, j, end) else -1), np.int64(slot), _ATTRIBUTES


@kernel
def _entity(data, i, stop):  # type: ignore[no-untyped-def]
    """End and character of the entity at `i`; the end is 0 if there is none, -1 if it is not plain."""
    j = i + 1
    if j < stop and data[j] == 35:
        return -1, 0
    key = uint64(0)
    while j < stop and j - i < 34 and _digit(data[j]):
        # Capitals have other values: &LT; is not plain.
        key = key * uint64(131) + uint64(data[j])
        j += 1
    if j < stop and _folds_to_ascii(data[j]):
        return -1, 0
    if j == stop or data[j] != 59 or j - i < 3:
        return 0, 0
    after = data[j + 1] if j + 1 < stop else 32
    joins = _digit(after) > 0 or _folds_to_ascii(after) or after == 35
    if key == uint64(248986965):
        return j + 1, 32  # nbsp
    if key == uint64(256056777):
        return j + 1, 34  # quot
    if key == uint64(1679008) and not joins:
        return j + 1, 38  # amp
    if key == uint64(14264) and not joins and after != 47 and after != 33:
        return j + 1, 60  # lt
    return (j + 1, 62) if key == uint64(13609) else (-1, 0)  # gt


@kernel
def _tokens(data, begin, stop, spans, n_spans, keys, roles, tokens, closed, row):  # type: ignore[no-untyped-def]
    """Write tags, comments and entities outside of code to `tokens: int64[5, …]`; return how many, or -1."""
    n, k, brackets, in_tags = 0, 0, 0, 0
    i = begin
    while i < stop:
        b = data[i]
        if b != 60 and b != 38:
            i += 1
            continue
        while k < n_spans and spans[1, k] <= i:
            k += 1
        in_code = k < n_spans and spans[0, k] <= i
        if b == 38:
            if not in_code:
                end, character = _entity(data, i, stop)
                if end < 0:
                    return -1
                if end:
                    tokens[_START, n], tokens[_END, n], tokens[_MARK, n] = i, end, character
                    tokens[_NAME, n], tokens[_KIND, n] = 0, _ENTITY
                    n += 1
            i += 1
            continue
        brackets += 1
        if i + 1 < stop and data[i + 1] == 33:
            if i + 4 <= stop and data[i + 2] == 45 and data[i + 3] == 45:
                if not in_code:
                    tokens[_START, n], tokens[_END, n], tokens[_MARK, n] = i, i + 4, _NO_MARK
                    tokens[_NAME, n], tokens[_KIND, n] = 0, _COMMENT
                    n += 1
            else:
                return -1
            i += 1
            continue
        end, slot, kind = _tag(data, i, stop, keys, roles)
        if end < 0 or (end and (roles[slot] & RAISED or (roles[slot] & RARE and not in_code))):
            return -1
        if end == 0:
            i += 1
            continue
        in_tags += end - i
        if not in_code:
            role = roles[slot]
            tokens[_START, n], tokens[_END, n], tokens[_NAME, n], tokens[_KIND, n] = i, end, slot, kind
            tokens[_MARK, n] = 10 if role & BLOCK else (32 if role & CELL else _NO_MARK)
            n += 1
            if kind == _CLOSE or kind == _TAG:
                closed[slot] = row + 1
        i = end
    if brackets >= 20:
        chars, _ = _measured(data, begin, stop)
        if 2 * in_tags >= chars:
            return -1
    return n


@inlined
def _may_join(data, position, start):  # type: ignore[no-untyped-def]
    """Whether what stands before `start` could become a tag or an entity; true more often than that."""
    j = start - 1
    while j >= position and j >= start - 800 and data[j] != 62:
        if data[j] == 60:
            return True
        j -= 1
    j = start - 1
    while j >= position and j >= start - 140 and (_digit(data[j]) or data[j] >= 0x80 or data[j] == 95 or data[j] == 35):
        j -= 1
    return j >= position and data[j] == 38


@kernel
def _remains(data, begin, stop, tokens, n, roles, closed, row):  # type: ignore[no-untyped-def]
    """Keep those tokens that are remains, at the front of `tokens`; return how many, or -1."""
    kept, position = 0, begin
    line, seen = begin, begin
    for t in range(n):
        start, kind, slot = tokens[_START, t], tokens[_KIND, t], tokens[_NAME, t]
        if start < position:
            continue
        if _may_join(data, position, start):
            return -1
        end = tokens[_END, t]
        if kind == _COMMENT:
            while end + 3 <= stop and not (data[end] == 45 and data[end + 1] == 45 and data[end + 2] == 62):
                end += 1
            if end + 3 > stop:
                return -1
            end += 3
        elif kind == _TAG:
            continue
        elif kind == _BARE or kind == _CLOSE:
            role = roles[slot]
            if role & STRUCK:
                continue
            if kind == _BARE and closed[slot] != row + 1 and not role & ALWAYS:
                if not role & NEVER_CLOSED:
                    continue
                if start > begin and (_digit(data[start - 1]) or data[start - 1] == 95):
                    continue
        if kind != _ENTITY and roles[slot] & BREAK and kind != _COMMENT:
            while seen < start:
                if data[seen] == 10:
                    line = seen + 1
                seen += 1
            if start - line > 2000 and (data[line] == 124 or data[begin] == 124):
                return -1
            if data[line] == 124:
                tokens[_MARK, t] = 32
        tokens[_START, kept], tokens[_END, kept] = start, end
        tokens[_MARK, kept], tokens[_KIND, kept] = tokens[_MARK, t], kind
        position = end
        kept += 1
    return kept


@inlined
def _copy(data, first, last, out, size):  # type: ignore[no-untyped-def]
    for i in range(first, last):
        out[size] = data[i]
        size += 1
    return size


@inlined
def _spaces_back(data, first, last):  # type: ignore[no-untyped-def]
    """Where the white space that ends `data[first:last]` begins."""
    while last > first:
        i = last - 1
        while i > first and data[i] & 0xC0 == 0x80:
            i -= 1
        if not _space(data, i):
            break
        last = i
    return last


@inlined
def _spaces_on(data, first, last):  # type: ignore[no-untyped-def]
    """Where the white space that begins at `first` ends, `last` at most."""
    while first < last:
        width = _space(data, first)
        if not width:
            break
        first += width
    return first


@kernel
def _write(data, begin, stop, tokens, n, out, first_out):  # type: ignore[no-untyped-def]
    """As `cleaners.markup._without`; returns where the text ends in `out`."""
    size, position, t = first_out, begin, 0
    while t < n:
        start, end, mark = tokens[_START, t], tokens[_END, t], tokens[_MARK, t]
        if tokens[_KIND, t] == _ENTITY and mark != _GAP_ENTITY:
            size = _copy(data, position, start, out, size)
            out[size] = mark
            size += 1
            position = end
            t += 1
            continue
        kept = _spaces_back(data, position, start)
        size = _copy(data, position, kept, out, size)
        longest, lines = _measured(data, kept, start)
        longest_at, longest_end = kept, start
        has_mark, has_line, most_lines = mark != _NO_MARK, mark == 10 or lines > 0, lines
        t += 1
        while True:
            after = _spaces_on(data, end, stop)
            joined = (
                t < n
                and tokens[_START, t] <= after
                and (tokens[_KIND, t] != _ENTITY or tokens[_MARK, t] == _GAP_ENTITY)
            )
            upper = tokens[_START, t] if joined else after
            chars, lines = _measured(data, end, upper)
            if chars > longest:
                longest, longest_at, longest_end = chars, end, upper
            has_line |= lines > 0
            most_lines = max(most_lines, lines)
            if not joined:
                position = after
                break
            has_mark |= tokens[_MARK, t] != _NO_MARK
            has_line |= tokens[_MARK, t] == 10
            end = tokens[_END, t]
            t += 1
        if size > first_out:
            if position == stop:
                if data[stop - 1] == 10:
                    out[size] = 10
                    size += 1
            elif not has_mark:
                size = _copy(data, longest_at, longest_end, out, size)
            else:
                out[size] = 10 if has_line else 32
                size += 1
                if has_line and most_lines > 1:
                    out[size] = 10
                    size += 1
    return _copy(data, position, stop, out, size)


@kernel
def strip_plain(data, offsets, keys, roles):  # type: ignore[no-untyped-def]
    """Strip remains of HTML from texts in which nothing rare stands.

    `data: uint8[n_bytes]; offsets: int64[n_texts + 1]`; `keys: uint64[NAME_SLOTS]` are names of elements, by
    `name_slot` (0: none), `roles: uint8[NAME_SLOTS]` what they are. Returns bytes, `uint8[…]`, and offsets,
    `int64[n_texts + 1]`, of the new texts (empty where the state is not `STRIPPED`), and states, `uint8[n_texts]`.
    """
    n_texts = len(offsets) - 1
    largest = 0
    for row in range(n_texts):
        largest = max(largest, offsets[row + 1] - offsets[row])
    spans, tokens = np.empty((2, largest + 2), np.int64), np.empty((5, largest + 2), np.int64)
    closed = np.zeros(NAME_SLOTS, np.int64)
    out, ends = np.empty(len(data), np.uint8), np.zeros(n_texts + 1, np.int64)
    states = np.full(n_texts, LEFT, np.uint8)
    for row in range(n_texts):
        begin, stop = offsets[row], offsets[row + 1]
        size = ends[row]
        ends[row + 1] = size
        n_spans = _code(data, begin, stop, spans)
        if n_spans < 0:
            continue
        n = _tokens(data, begin, stop, spans, n_spans, keys, roles, tokens, closed, row)
        if n < 0:
            continue
        n = _remains(data, begin, stop, tokens, n, roles, closed, row)
        if n >= 0:
            states[row] = STRIPPED if n else SAME
        if n > 0:
            ends[row + 1] = _write(data, begin, stop, tokens, n, out, size)
    return out[: ends[n_texts]], ends, states
