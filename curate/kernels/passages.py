"""What a language model should read of a text: its prose, gathered by kind of script, in windows of a few kilobytes.

Lines of Han and kana, of Latin letters, and of all others are gathered apart, so that a model never sees Chinese with
an English tail as one text. Code is left out, and inside of prose addresses, tags and `spans`. A text of one kind of
script without any of these is copied as it stands, so that a short one is seen whole. 800 MB/s.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import uint64

from curate.kernels import kernel
from curate.kernels.code_lines import IS_CODE, IS_PROSE, Lines
from curate.kernels.code_points import CJK_BYTES, LATIN_BYTES, MARKUP, OTHER_BYTES, address_end

CJK, LATIN, OTHER = range(3)
"""Kinds of script of a window."""


@kernel
def _group_of(row, before):  # type: ignore[no-untyped-def]
    cjk, latin, other = row[CJK_BYTES], row[LATIN_BYTES], row[OTHER_BYTES]
    if cjk + latin + other == 0:
        return before
    if cjk >= latin and cjk >= other:
        return CJK
    return LATIN if latin >= other else OTHER


@kernel
def _tag_end(data, i, stop):  # type: ignore[no-untyped-def]
    """One past the tag that starts at `i`; `i` if there is none."""
    if i + 1 >= stop:
        return i
    b = data[i + 1]
    if not (65 <= b <= 90 or 97 <= b <= 122 or b == 47 or b == 33):
        return i
    at = i + 1
    while at < stop and data[at] != 60 and data[at] != 10:
        if data[at] == 62:
            return at + 1
        at += 1
    return i


@kernel
def _span_end(data, i, stop):  # type: ignore[no-untyped-def]
    """One past the `span` that starts at `i`; `i` if it does not end in its line."""
    at = i
    while at < stop and data[at] == 96:
        at += 1
    while at < stop and data[at] != 96 and data[at] != 10:
        at += 1
    if at >= stop or data[at] == 10:
        return i
    while at < stop and data[at] == 96:
        at += 1
    return at


@kernel
def _copy(data, i, stop, markup, out, n):  # type: ignore[no-untyped-def]
    """Copy a line of prose to `out[n:]`, addresses, tags and `spans` left out; returns where it ends there."""
    if not markup:
        out[n : n + stop - i] = data[i:stop]
        return n + stop - i
    start = n
    while i < stop:
        b = data[i]
        end = i
        if b == 60:
            end = _tag_end(data, i, stop)
        elif b == 96:
            end = _span_end(data, i, stop)
        elif b == 58 and i + 2 < stop and data[i + 1] == 47 and data[i + 2] == 47:
            end = address_end(data, i, stop)
            while n > start and (97 <= out[n - 1] <= 122 or 65 <= out[n - 1] <= 90):  # its scheme
                n -= 1
        if end > i:
            i = end
            continue
        out[n] = b
        n += 1
        i += 1
    return n


@kernel
def _has_letters(out, i, stop):  # type: ignore[no-untyped-def]
    while i < stop:
        b = out[i]
        if b >= 0x80 or 97 <= b <= 122 or 65 <= b <= 90:
            return True
        i += 1
    return False


@kernel
def _kana_share(out, i, stop):  # type: ignore[no-untyped-def]
    """Kana / (Han and kana), by the first bytes of the characters of Unicode's main blocks."""
    han, kana = 0, 0
    for at in range(uint64(i), uint64(stop)):
        b = out[at]
        han += 0xE4 <= b <= 0xE9
        kana += b == 0xE3 and 0x81 <= out[at + uint64(1)] <= 0x83
    return kana / max(1, han + kana)


@kernel
def _visible(out, i, stop):  # type: ignore[no-untyped-def]
    n = 0
    for at in range(uint64(i), uint64(stop)):
        n += out[at] > 32
    return n


@kernel
def _window_end(out, i, stop, size):  # type: ignore[no-untyped-def]
    """Where the window ends that starts at `i`: at a line end if there is one in its second half."""
    if stop - i <= size + size // 2:
        return stop
    at = i + size
    while at > i + size // 2:
        if out[at - 1] == 10:
            return at
        at -= 1
    at = i + size
    while out[at] & 0xC0 == 0x80:
        at -= 1
    return at


@kernel
def gather(  # type: ignore[no-untyped-def]
    data, starts, first_line, rows, kinds, size, out, ends, docs, groups, weights, kana
):
    """Copy the prose of each text, in windows of at most 1.5 times `size` bytes; returns how many there are.

    `out: uint8[bytes of text]`; window `i` is `out[ends[i - 1]:ends[i]]` (from 0), of text `docs[i]`, of script
    `groups[i]`, with `weights[i]` bytes other than white space, and a share `kana[i]` of kana among Han and kana. All
    are `int64[n]` but `kana: float64[n]`, n at least the bytes of text / (size / 2) + 3 n_docs. A text whose prose has
    no letter has no window.
    """
    n, windows = 0, 0
    for doc in range(len(first_line) - 1):
        first, stop = first_line[doc], first_line[doc + 1]
        before = -1
        for line in range(first, stop):
            if kinds[line] == IS_PROSE:
                before = _group_of(rows[line], before)
                if before >= 0:
                    break
        seen = np.zeros(3, np.bool_)
        of_line = before
        for line in range(first, stop):
            if kinds[line] != IS_CODE:
                of_line = _group_of(rows[line], of_line)
                if of_line >= 0:
                    seen[of_line] = True
        for group in range(3):
            if not seen[group]:
                continue
            begin = n
            of_line = before
            for line in range(first, stop):
                if kinds[line] != IS_CODE:
                    of_line = _group_of(rows[line], of_line)
                    if of_line == group:
                        n = _copy(data, starts[line], starts[line + 1], rows[line, MARKUP], out, n)
            if not _has_letters(out, begin, n):
                n = begin
                continue
            at = begin
            while at < n:
                before_at = at
                at = _window_end(out, at, n, size)
                ends[windows], docs[windows], groups[windows] = at, doc, group
                weights[windows] = _visible(out, before_at, at)
                kana[windows] = _kana_share(out, before_at, at) if group == CJK else 0.0
                windows += 1
    return windows


@kernel
def vote(docs, groups, weights, labels, scores, n_labels, best, score, size, group):  # type: ignore[no-untyped-def]
    """Find the label of each text that has the most weight times probability; of equals the first one met.

    `docs, groups, weights: int64[n]` (`docs` sorted), `labels: int32[n]` (-1: none), `scores: float[n]`. Fills, where
    a text has a window with a label, `best: int32[n_docs]`; `score: float64[n_docs]`, the mean probability of the label
    over its windows; `size: int64[n_docs]`, their weight; `group: int64[n_docs]`, the script that most of it has.
    """
    power, length = np.zeros(n_labels), np.zeros(n_labels, np.int64)
    by_group = np.zeros(3, np.int64)
    first = 0
    while first < len(docs):
        doc, stop = docs[first], first
        while stop < len(docs) and docs[stop] == doc:
            if labels[stop] >= 0:
                length[labels[stop]] += weights[stop]
                power[labels[stop]] += scores[stop] * weights[stop]
            stop += 1
        for window in range(first, stop):
            label = labels[window]
            if label >= 0 and (best[doc] < 0 or power[label] > power[best[doc]]):
                best[doc] = label
        if best[doc] >= 0:
            score[doc], size[doc] = power[best[doc]] / length[best[doc]], length[best[doc]]
            by_group[:] = 0
            for window in range(first, stop):
                if labels[window] == best[doc]:
                    by_group[groups[window]] += weights[window]
            group[doc] = by_group.argmax()
        for window in range(first, stop):
            if labels[window] >= 0:
                power[labels[window]] = 0
                length[labels[window]] = 0
        first = stop


class Windows(NamedTuple):
    """Windows of a batch of texts, in the order of the texts."""

    data: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]
    """`int64[n + 1]`: window `i` is `data[offsets[i]:offsets[i + 1]]`."""
    docs: npt.NDArray[np.int64]
    """Which text each is of."""
    groups: npt.NDArray[np.int64]
    """`CJK`, `LATIN` or `OTHER`."""
    weights: npt.NDArray[np.int64]
    """Bytes other than white space."""
    kana: npt.NDArray[np.float64]
    """Kana among Han and kana, 0..1; 0 in windows of other scripts."""


def windows_of(data: npt.NDArray[np.uint8], lines: Lines, size: int) -> Windows:
    """Gather the prose of the texts of `lines` in windows of `size` to 1.5 times `size` bytes; the last may be less."""
    n_bytes = int(lines.starts[-1] - lines.starts[0])
    room = n_bytes // (size // 2) + 3 * len(lines.first)
    out = np.empty(n_bytes, np.uint8)
    offsets = np.zeros(room + 1, np.int64)
    docs, groups, weights = (np.empty(room, np.int64) for _ in range(3))
    where = lines.starts, lines.first, lines.rows, lines.kinds
    kana = np.empty(room)
    n = gather(data, *where, size, out, offsets[1:], docs, groups, weights, kana)
    return Windows(out, offsets[: n + 1], docs[:n], groups[:n], weights[:n], kana[:n])
