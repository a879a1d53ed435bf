"""Units: segments of text that are looked for in other documents, each as a hash; who owns them, what is cut.

A segment (a line, a sentence) is what can be cut. A unit is one of them or a run of them, named by one 64-bit hash.
Segments come in the order of the texts. Two texts share a run of whole sentences of at least some weight if and only if
they share the unit that starts with the run's first sentence: no window, no sampling, nothing is missed.
"""

import numpy as np
import numpy.typing as npt
from numba import int64, uint64

from curate.kernels import inlined, kernel
from curate.kernels.code_lines import IS_BLANK, IS_CODE, Lines
from curate.kernels.utf8 import OTHER, PUNCTUATION, SPACE, SYMBOL, char_at, continuations, little_endian


@inlined
def _is_space(code):  # type: ignore[no-untyped-def]
    return code == 0x20 or 0x09 <= code <= 0x0D or code == 0x3000 or code == 0xA0


@kernel
def trimmed(data, starts, stops):  # type: ignore[no-untyped-def]
    """Leave out the white space at both ends of spans (`int64[n]`): new starts and stops, `int64[2, n]`."""
    out = np.empty((2, len(starts)), np.int64)
    for k in range(len(starts)):
        i, stop = starts[k], stops[k]
        while i < stop:
            code, width = char_at(data, i)
            if not _is_space(code):
                break
            i += width
        while stop > i:
            before = stop - 1
            while (data[before] & 0xC0) == 0x80:
                before -= 1
            if not _is_space(char_at(data, before)[0]):
                break
            stop = before
        out[0, k], out[1, k] = i, stop
    return out


@inlined
def _chars(data, start, stop):  # type: ignore[no-untyped-def]
    """Characters that begin from byte `start` to before `stop`."""
    i, end, n = uint64(start), uint64(stop), int64(stop - start)
    while i + uint64(8) <= end:
        n -= int64(continuations(little_endian(data, i)))
        i += uint64(8)
    while i < end:
        n -= (data[i] & 0xC0) == 0x80
        i += uint64(1)
    return n


@kernel
def letter_bytes(data, starts, stops, classes):  # type: ignore[no-untyped-def]
    """Bytes of the letters, digits and Han characters of spans (`int64[n]`, bytes of `data`): `int64[n]`.

    `classes: uint8[0x110000]` as `utf8.character_classes` has them. A Han character has three bytes and says about as
    much as three Latin letters.
    """
    out = np.empty(len(starts), np.int64)
    for k in range(len(starts)):
        i, stop, n = starts[k], stops[k], 0
        while i < stop:
            if 0xE4 <= data[i] <= 0xE9:
                i += 3
                n += 3
                continue
            point, width = char_at(data, i)
            kind = classes[point]
            n += width * (kind != OTHER and kind != SPACE and kind != PUNCTUATION and kind != SYMBOL)
            i += width
        out[k] = n
    return out


@kernel
def chars_at(data, offsets, row, start, text_end, end):  # type: ignore[no-untyped-def]
    """Say where segments lie in characters: `int64[3, n]` for `start`, `text_end` and `end` (bytes of each text)."""
    out = np.empty((3, len(row)), np.int64)
    text, at, chars = -1, 0, 0
    for k in range(len(row)):
        if row[k] != text:
            text, at, chars = row[k], offsets[row[k]], 0
        first = offsets[text]
        out[0, k] = chars + _chars(data, at, first + start[k])
        out[1, k] = out[0, k] + _chars(data, first + start[k], first + text_end[k])
        chars = out[1, k] + _chars(data, first + text_end[k], first + end[k])
        out[2, k], at = chars, first + end[k]
    return out


@kernel
def two_longest(row, length, hashes, n_texts):  # type: ignore[no-untyped-def]
    """Hashes of the longest segment of each text, and of the longest that differs from it: `uint64[2, n_texts]`, or 0.

    `row, length: int64[n_segments]` in the order of texts, `hashes: uint64[n_segments]`. Of equals the first.
    """
    out, lengths = np.zeros((2, n_texts), np.uint64), np.zeros((2, n_texts), np.int64)
    for k in range(len(row)):
        text = row[k]
        if length[k] > lengths[0, text]:
            if hashes[k] != out[0, text]:
                out[1, text], lengths[1, text] = out[0, text], lengths[0, text]
            out[0, text], lengths[0, text] = hashes[k], length[k]
        elif length[k] > lengths[1, text] and hashes[k] != out[0, text]:
            out[1, text], lengths[1, text] = hashes[k], length[k]
    return out


@kernel
def runs_of(row, start, end, weight, hashes, least):  # type: ignore[no-untyped-def]
    """Find for each segment the shortest run of segments that starts there and weighs `least`.

    `row, start, end, weight: int64[n]`, `hashes: uint64[n]` (of each segment). A run lies in one text, and its segments
    join (`end` is the next `start`). Returns `uint64[n]`, the hash of each run, made of its segments' hashes in order,
    and `int64[n]`, how many segments it has: 0 where what follows is too short.
    """
    n = len(row)
    found, sizes = np.zeros(n, np.uint64), np.zeros(n, np.int64)
    for i in range(n):
        total, h, j = int64(0), uint64(0x9E3779B97F4A7C15), i
        while j < n and row[j] == row[i] and (j == i or start[j] == end[j - 1]):
            total += weight[j]
            h = (h ^ hashes[j]) * uint64(0xFF51AFD7ED558CCD)
            h ^= h >> uint64(32)
            j += 1
            if total >= least:
                found[i], sizes[i] = h, j - i
                break
    return found, sizes


@kernel
def cover(first, sizes, covered):  # type: ignore[no-untyped-def]
    """Mark units in `covered: bool[n_segments]`; unit `k` has `sizes[k]` segments, from `first[k]` on."""
    for k in range(len(first)):
        covered[first[k] : first[k] + sizes[k]] = True


@kernel
def own(row, first, sizes, group, kept, left, chars, min_left, drops, owned, covered, dropped):  # type: ignore[no-untyped-def]
    """Give each group of equal units to the first kept text that has one; later texts lose theirs.

    Units `row, first, sizes, group: int64[n]`, in the order of texts. `kept: bool[n_texts]`; `left: int64[n_texts]`,
    characters of each text; `chars: int64[n_segments]`, those that a text loses with the segment. `owned: uint8` has a
    bit for each group, and is carried from one batch of texts to the next. Marks what is cut in `covered:
    bool[n_segments]`.
    A text that loses more than it keeps, and keeps fewer than `min_left` characters, is marked in `dropped:
    bool[n_texts]` if `drops`; it owns nothing. So what a text loses stands in an earlier one: nothing is lost in a
    circle.
    """
    k = 0
    while k < len(row):
        text, stop = row[k], k
        lost = int64(0)
        while stop < len(row) and row[stop] == text:
            g = group[stop]
            if kept[text] and owned[g >> 3] >> (g & 7) & 1:
                for segment in range(first[stop], first[stop] + sizes[stop]):
                    if not covered[segment]:
                        lost += chars[segment]
                        covered[segment] = True
            stop += 1
        if kept[text]:
            rest = left[text] - lost
            if drops and lost > rest and rest < min_left:
                dropped[text] = True
                for unit in range(k, stop):
                    covered[first[unit] : first[unit] + sizes[unit]] = False
            else:
                for unit in range(k, stop):
                    owned[group[unit] >> 3] |= 1 << (group[unit] & 7)
        k = stop


@kernel
def spans_of(covered, row, start, text_end, end, ends_line, chars):  # type: ignore[no-untyped-def]
    """Join covered segments to spans: `int64[5, n]`: row, start, end (bytes), start, end (characters).

    Segments as in `contracts.SEGMENT_COLUMNS`; `chars: int64[3, n_segments]` has `start`, `text_end`, `end` in
    characters.
    A span ends where its last segment's `end` is, line end included; but one that begins inside a line leaves the line
    end where it is, so that what stood before it does not run into the next line.
    """
    out, n = np.empty((5, np.count_nonzero(covered)), np.int64), 0
    segment, n_segments = 0, len(covered)
    while segment < n_segments:
        if not covered[segment]:
            segment += 1
            continue
        last = segment
        after = last + 1
        while after < n_segments and covered[after] and row[after] == row[segment] and start[after] == end[last]:
            last, after = after, after + 1
        before = segment - 1
        inside = before >= 0 and row[before] == row[segment] and end[before] == start[segment] and not ends_line[before]
        leaves = inside and ends_line[last]
        out[0, n], out[1, n], out[3, n] = row[segment], start[segment], chars[0, segment]
        out[2, n] = text_end[last] if leaves else end[last]
        out[4, n] = chars[1, last] if leaves else chars[2, last]
        n += 1
        segment = last + 1
    return out[:, :n].copy()


def paragraphs_of(lines: Lines) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Find the blocks between blank lines that have no code: `int64[n]` each.

    The first line, and one past the last; blank lines behind a block belong to it.
    """
    n = len(lines.kinds)
    begins = lines.kinds != IS_BLANK
    opens = lines.first[:-1][lines.first[:-1] < n]
    follows = np.append(False, begins[:-1])
    follows[opens] = False
    first = np.flatnonzero(begins & ~follows)
    text = np.searchsorted(lines.first, first, side="right")
    stop = np.minimum(np.append(first[1:], n), lines.first[text])
    code = np.append(0, np.cumsum(lines.kinds == IS_CODE))
    prose = code[stop] == code[first]
    return first[prose], stop[prose]
