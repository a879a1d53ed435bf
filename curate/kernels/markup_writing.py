"""Texts without their remains of HTML, and one gap where tags and white space meet."""

from curate.kernels import inlined, kernel
from curate.kernels.markup_tokens import END, ENTITY, GAP_ENTITY, KIND, MARK, NO_MARK, START, measured, space


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
        if not space(data, i):
            break
        last = i
    return last


@inlined
def _spaces_on(data, first, last):  # type: ignore[no-untyped-def]
    """Where the white space that begins at `first` ends, `last` at most."""
    while first < last:
        width = space(data, first)
        if not width:
            break
        first += width
    return first


@kernel
def write(data, begin, stop, tokens, n, out, first_out):  # type: ignore[no-untyped-def]
    """As `cleaners.markup._without`; returns where the text ends in `out`."""
    size, position, t = first_out, begin, 0
    while t < n:
        start, end, mark = tokens[START, t], tokens[END, t], tokens[MARK, t]
        if tokens[KIND, t] == ENTITY and mark != GAP_ENTITY:
            size = _copy(data, position, start, out, size)
            if mark < 0x80:
                out[size] = mark
                size += 1
            else:
                out[size], out[size + 1], out[size + 2] = 0xE0 | mark >> 12, 0x80 | mark >> 6 & 0x3F, 0x80 | mark & 0x3F
                size += 3
            position = end
            t += 1
            continue
        kept = _spaces_back(data, position, start)
        size = _copy(data, position, kept, out, size)
        longest, lines = measured(data, kept, start)
        longest_at, longest_end = kept, start
        has_mark, has_line, most_lines = mark != NO_MARK, mark == 10 or lines > 0, lines
        t += 1
        while True:
            after = _spaces_on(data, end, stop)
            joined = (
                t < n and tokens[START, t] <= after and (tokens[KIND, t] != ENTITY or tokens[MARK, t] == GAP_ENTITY)
            )
            upper = tokens[START, t] if joined else after
            chars, lines = measured(data, end, upper)
            if chars > longest:
                longest, longest_at, longest_end = chars, end, upper
            has_line |= lines > 0
            most_lines = max(most_lines, lines)
            if not joined:
                position = after
                break
            has_mark |= tokens[MARK, t] != NO_MARK
            has_line |= tokens[MARK, t] == 10
            end = tokens[END, t]
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
