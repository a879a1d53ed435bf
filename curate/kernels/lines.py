"""Lines as the English recipes see them: Python's `splitlines`, and C4's reasons to leave a line out.

`count` and its neighbours in `kernels.counts` divide at "\\n" and skip blank lines; datatrove's Gopher and C4 filters
(0.10.1) divide where `str.splitlines` does, and Gopher's counts blank lines. About 300 and 100 MB/s of English text.
"""

import numpy as np
from numba import int64, uint64

from curate.kernels import inlined, kernel
from curate.kernels.utf8 import SPACE, char_at

SPLIT_COLUMNS = ("split_lines", "split_bullet_lines", "split_ellipsis_lines", "shown_lines", "bare_ended_lines")
"""What `count_split_lines` counts, in the order of its columns."""

C4_COLUMNS = (
    *("c4_lines", "long_word_lines", "unended_lines", "few_word_lines", "javascript_lines", "policy_lines"),
    *("kept_lines", "kept_sentences", "lorem_ipsum", "curly_bracket"),
)
"""What `count_c4_lines` counts, in the order of its columns."""

C4_LINES, LONG_WORD, UNENDED, FEW_WORD, JAVASCRIPT, POLICY, KEPT, SENTENCES, LOREM, CURLY = range(10)

MARK, PUNCTUATION = 1, 2
"""Bits of a trait: ends a sentence; is punctuation (Unicode's P*)."""


@inlined
def _breaks(point):  # type: ignore[no-untyped-def]
    """Whether `str.splitlines` ends a line at this character."""
    return 10 <= point <= 13 or 0x1C <= point <= 0x1E or point == 0x85 or point == 0x2028 or point == 0x2029


@kernel
def count_split_lines(data, offsets, traits, line_end, bullet, out):  # type: ignore[no-untyped-def]
    """Fill `out: int64[n_docs, len(SPLIT_COLUMNS)]`.

    `traits: uint8[0x110000]` has the class of a character in its lower four bits, and the bits `line_end` and `bullet`.
    split_lines: what `str.splitlines` gives, blank lines included; of these, those that start with a bullet, and that
    end in "…" or "...", white space at their ends left out. shown_lines: lines between "\\n" that are not blank; those
    whose last character, white space included, ends a line.
    """
    for doc in range(len(offsets) - 1):
        row = out[doc]
        row[:] = 0
        i, stop = offsets[doc], offsets[doc + 1]
        open_line, visible, bullets, dots, leader = False, False, False, 0, False  # of a line of `splitlines`
        shown, bare = False, False  # of a line between "\n"
        while i < stop:
            point, width = char_at(data, i)
            i += width
            trait = traits[point]
            space = trait & 15 == SPACE
            if point == 10:
                row[3] += shown
                row[4] += shown and bare
                shown, bare = False, False
            else:
                shown |= not space
                bare = (trait & line_end) != 0
            if _breaks(point):
                if point == 13 and i < stop and data[i] == 10:
                    continue
                row[0] += 1
                row[1] += bullets
                row[2] += leader or dots >= 3
                open_line, visible, bullets, dots, leader = False, False, False, 0, False
                continue
            open_line = True
            if not space:
                bullets |= not visible and (trait & bullet) != 0
                # white space after the dots is looked through, white space between them is not
                dots = dots + 1 if point == 46 and (dots == 0 or data[i - 2] == 46) else int64(point == 46)
                leader = point == 0x2026
                visible = True
        row[0] += open_line
        row[1] += open_line and bullets
        row[2] += open_line and (leader or dots >= 3)
        row[3] += shown
        row[4] += shown and bare


@inlined
def _citation_end(data, i, stop):  # type: ignore[no-untyped-def]
    """One past a citation that starts at `i` ("[12]", "[]", "[edit]", "[citation needed]"); `i` if none does."""
    end = i
    if data[i] == 91:
        j = i + 1
        while j < stop and 48 <= data[j] <= 57:
            j += 1
        if j < stop and data[j] == 93:
            end = j + 1
        elif i + 6 <= stop and data[i + 1] == 101 and data[i + 2] == 100 and data[i + 3] == 105:
            if data[i + 4] == 116 and data[i + 5] == 93:
                end = i + 6
        elif i + 17 <= stop and data[i + 1] == 99 and data[i + 2] == 105 and data[i + 16] == 93:
            h = uint64(0)
            for k in range(i + 1, i + 16):
                h = h * uint64(257) + uint64(data[k])
            if h == _CITATION_NEEDED:
                end = i + 17
    return end


def _polynomial(text: bytes) -> int:
    h = 0
    for byte in text:
        h = (h * 257 + byte) % 2**64
    return h


_CITATION_NEEDED = uint64(_polynomial(b"citation needed"))


@inlined
def _phrase_at(data, i, stop, phrases, phrase_offsets):  # type: ignore[no-untyped-def]
    """Number of the phrase (ASCII, lower case) that stands at byte `i`, in any case; -1 if none does."""
    found = -1
    for p in range(len(phrase_offsets) - 1):
        first, last = phrase_offsets[p], phrase_offsets[p + 1]
        if found < 0 and stop - i >= last - first:
            k = first
            while k < last:
                b = data[i + k - first]
                if (b | 32 if 65 <= b <= 90 else b) != phrases[k]:
                    break
                k += 1
            if k == last:
                found = p
    return found


@inlined
def _ends_sentence(data, start, stop, traits):  # type: ignore[no-untyped-def]
    """Whether the last character of a word, quotes and brackets left out, ends a sentence."""
    i = stop
    ends = False
    while i > start:
        i -= 1
        while i > start and (data[i] & 0xC0) == 0x80:
            i -= 1
        point = char_at(data, i)[0]
        if traits[point] & MARK:
            ends = True
            break
        if not (traits[point] & PUNCTUATION):
            break
    return ends


@inlined
def _sentences(data, starts, ends, word, last, apart, traits):  # type: ignore[no-untyped-def]
    """Sentences of the words from `word` to `last`; with `apart` marks are words of their own, as spaCy cuts."""
    n, seen, before = 0, True, starts[word] if word < last else 0
    while word < last:
        point, width = char_at(data, starts[word])
        gap = starts[word] - before
        if not apart:
            n += seen
            seen = _ends_sentence(data, starts[word], ends[word], traits)
        else:
            if seen and (gap > 1 or (gap == 1 and data[before] != 32)):  # white space that is a word to spaCy
                n += 1
                seen = False
            mark = width == ends[word] - starts[word] and (traits[point] & MARK) != 0
            punctuation, i = True, starts[word]
            while i < ends[word] and punctuation:
                point, width = char_at(data, i)
                punctuation = (traits[point] & PUNCTUATION) != 0
                i += width
            if n == 0 or (seen and not mark and not punctuation):
                n += 1
                seen = mark
            elif mark:
                seen = True
        before = ends[word]
        word += 1
    return n


@kernel
def count_c4_lines(  # type: ignore[no-untyped-def]
    data, offsets, starts, ends, first_word, apart, classes, traits, phrases, phrase_offsets, any_end, out
):
    """Fill `out: int64[n_docs, len(C4_COLUMNS)]`, and return the kept lines that hold citations: `int64[3, n]`.

    Lines are those of `str.splitlines`, white space at their ends left out; the first reason that a line gives to be
    left out counts, in the order of the columns, and the sentences of those that are kept. `any_end` (0 or 1): lines
    need no mark at their end. `phrases: uint8`, `phrase_offsets`: "lorem ipsum", "javascript", then the policies'.
    lorem_ipsum, curly_bracket: 1 if one stands in a line that was not left out before it was looked for.
    Words are positions, as in `count_words`, `apart` if marks are words of their own. Sentences of lines that hold
    citations are not counted: their row, start and end are returned.
    """
    cited = np.empty((3, 64), np.int64)
    n_cited = 0
    begins = np.zeros(1 << 16, np.uint8)  # pairs of letters with which a phrase begins
    for p in range(len(phrase_offsets) - 1):
        for case in range(4):
            first = int64(phrases[phrase_offsets[p]]) - 32 * (case & 1)
            begins[first << 8 | (int64(phrases[phrase_offsets[p] + 1]) - 16 * (case & 2))] = 1
    for doc in range(len(offsets) - 1):
        row = out[doc]
        row[:] = 0
        word = first_word[doc]
        i, stop = offsets[doc], offsets[doc + 1]
        while i < stop:
            start, end = int64(-1), i  # of the line, white space at its ends left out
            words, length, longest = 0, 0, 0
            while i < stop:
                point, width = char_at(data, i)
                if _breaks(point):
                    break
                if classes[point] == SPACE:
                    length = 0
                else:
                    words += length == 0
                    length += 1
                    longest = max(longest, length)
                    start = i if start < 0 else start
                    end = i + width
                i += width
            if i < stop:
                point, width = char_at(data, i)
                i += width
                if point == 13 and i < stop and data[i] == 10:
                    i += 1
            row[C4_LINES] += 1
            if longest > 1000:
                row[LONG_WORD] += 1
                continue
            last, before, third, cites, curly, lorem, script, policy = 0, 0, 0, False, False, False, False, False
            k = max(start, int64(0))
            while start >= 0 and k < end:
                after = _citation_end(data, k, end)
                if after > k:
                    cites = True
                    k = after
                    continue
                b = int64(data[k])
                third, before, last = before, last, b
                curly |= b == 123
                if k + 1 < end and begins[b << 8 | data[k + 1]]:
                    phrase = _phrase_at(data, k, end, phrases, phrase_offsets)
                    lorem |= phrase == 0
                    script |= phrase == 1
                    policy |= phrase > 1
                k += 1
            marked = last == 46 or last == 63 or last == 33 or last == 34 or last == 39
            if not any_end and (not marked or (last == 46 and before == 46 and third == 46)):
                row[UNENDED] += 1
                continue
            if words < 3:
                row[FEW_WORD] += 1
                continue
            if lorem:
                row[LOREM] = 1
                continue
            if script:
                row[JAVASCRIPT] += 1
                continue
            if curly:
                row[CURLY] = 1
                continue
            if policy:
                row[POLICY] += 1
                continue
            row[KEPT] += 1
            if cites:
                if n_cited == cited.shape[1]:
                    cited = np.concatenate((cited, np.empty_like(cited)), axis=1)
                cited[0, n_cited], cited[1, n_cited], cited[2, n_cited] = doc, start, end
                n_cited += 1
                continue
            while word < first_word[doc + 1] and starts[word] < start:
                word += 1
            beyond = word
            while beyond < first_word[doc + 1] and starts[beyond] < end:
                beyond += 1
            row[SENTENCES] += _sentences(data, starts, ends, word, beyond, apart, traits)
            word = beyond
    return cited[:, :n_cited]
