"""Where the pieces of a text end: the splitting of GPT-2 and of Qwen2, written out as code.

    GPT-2   's|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+
    Qwen2   (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*
            |\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+

What a letter, a number and white space is comes in as a table, made by the regular expressions of `tokenizers` itself:
its Unicode (16 in release 0.23) is newer than Python's, 9,392 characters newer than Python 3.11's.
"""

from curate.kernels import inlined, kernel
from curate.kernels.utf8 import char_at

OTHER, LETTER, NUMBER, SPACE = range(4)
"""The two lowest bits of a character's entry in `characters: uint8[0x110000]`."""
_CLASS = 3
_NEWLINE, _RETURN, _BLANK, _APOSTROPHE = 10, 13, 32, 39


@inlined
def _contraction(data, start, stop, lower):  # type: ignore[no-untyped-def]
    """End of 's 't 'm 'd 're 've 'll at `start`, or `start`; `lower` is 0x20 to take capitals too, else 0."""
    if start + 1 >= stop:
        return start
    first = data[start + 1] | lower
    if first == 115 or first == 116 or first == 109 or first == 100:
        return start + 2
    if start + 2 >= stop:
        return start
    second = data[start + 2]
    # U+017F, the long s, is an s to a comparison without case.
    if lower and first == 0xE5 and data[start + 1] == 0xC5 and second == 0xBF:
        return start + 3
    second |= lower
    if (first == 114 and second == 101) or (first == 118 and second == 101) or (first == 108 and second == 108):
        return start + 3
    return start


@inlined
def _run(data, start, stop, characters, kind):  # type: ignore[no-untyped-def]
    """End of the run of characters of one kind at `start` (which may be empty)."""
    end = start
    while end < stop:
        point, width = char_at(data, end)
        if characters[point] & _CLASS != kind:
            break
        end += width
    return end


@kernel
def gpt2_piece_end(data, start, stop, characters):  # type: ignore[no-untyped-def]
    """End of the piece that starts at `start < stop`."""
    if data[start] == _APOSTROPHE:
        end = _contraction(data, start, stop, 0)
        if end > start:
            return end
    begin = start
    if data[start] == _BLANK and start + 1 < stop:
        begin += 1
    point, _ = char_at(data, begin)
    kind = characters[point] & _CLASS
    if kind != SPACE:
        return _run(data, begin, stop, characters, kind)
    end = start
    last = start
    while end < stop:
        point, width = char_at(data, end)
        if characters[point] & _CLASS != SPACE:
            return last if last > start else end
        last = end
        end += width
    return end


@kernel
def qwen2_piece_end(data, start, stop, characters):  # type: ignore[no-untyped-def]
    """End of the piece that starts at `start < stop`."""
    first, width = char_at(data, start)
    if first == _APOSTROPHE:
        end = _contraction(data, start, stop, 0x20)
        if end > start:
            return end
    kind = characters[first] & _CLASS
    if kind == LETTER:
        return _run(data, start, stop, characters, LETTER)
    if kind == NUMBER:
        return start + width
    if first != _NEWLINE and first != _RETURN:
        end = _run(data, start + width, stop, characters, LETTER)
        if end > start + width:
            return end
    begin = start + 1 if first == _BLANK else start
    end = _run(data, begin, stop, characters, OTHER)
    if end > begin:
        while end < stop and (data[end] == _NEWLINE or data[end] == _RETURN):
            end += 1
        return end
    end = start
    last = start
    line_end = start
    while end < stop:
        point, width = char_at(data, end)
        if characters[point] & _CLASS != SPACE:
            break
        last = end
        end += width
        if point in (_NEWLINE, _RETURN):
            line_end = end
    if line_end > start:
        return line_end
    return last if end < stop and last > start else end
