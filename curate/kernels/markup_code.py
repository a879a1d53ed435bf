"""Where code stands in a text: fences, backticks, indented blocks; the same as `cleaners.markup` says."""

from curate.kernels import inlined, kernel


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
def fence_at(data, i, end):  # type: ignore[no-untyped-def]
    """One past the mark of a fence on the line `data[i:end]`, or -1."""
    p = i
    while p < end and p - i < 20 and (data[p] == 32 or data[p] == 9 or data[p] == 62):
        p += 1
    if p + 3 <= end and (data[p] == 96 or data[p] == 126) and data[p] == data[p + 1] and data[p] == data[p + 2]:
        return p + 3
    return -1


@kernel
def code(data, begin, stop, spans):  # type: ignore[no-untyped-def]
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
        mark = fence_at(data, i, end)
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
