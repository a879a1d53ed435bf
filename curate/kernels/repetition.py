"""How much of a text repeats itself: n-grams of characters or words, lines, paragraphs.

`character_ngrams` follows Gopher's definition (Rae et al. 2021, arXiv 2112.11446, table A1) on characters, at 110 MB/s
of mixed Chinese web text on one thread; `word_ngrams` and `line_repeats` count as datatrove 0.10.1 does. Strings are
compared by 64-bit hashes: the chance that two different ones of a document with n n-grams are taken for equal is about
n^2 / 4e19.
"""

import numpy as np
from numba import int32, int64, uint8, uint32, uint64

from curate.kernels import inlined, kernel
from curate.kernels.utf8 import (
    DIGIT,
    LETTER,
    PUNCTUATION,
    SPACE,
    SYMBOL,
    char_at,
    continuations,
    has_newline,
    little_endian,
)

TOP = (2, 3, 4)
"""Lengths of which the most frequent n-gram is measured."""
DUPLICATE = (5, 6, 7, 8, 9, 10)
"""Lengths of which all repeated n-grams are measured."""

LINE_COLUMNS = (
    *("chars", "newlines", "lines", "duplicate_lines", "duplicate_line_chars"),
    *("paragraphs", "duplicate_paragraphs", "duplicate_paragraph_chars"),
)
"""What `line_repeats` counts, in the order of its columns."""

_GOLDEN = uint64(0x9E3779B97F4A7C15)
_ODD = uint64(0xD6E8FEB86659FD93)
_WORD = uint64(0xA0761D6478BD642F)
_BASE = uint64(0x5851F42D4C957F2D)
_FULL = 2_000_000_000


@inlined
def _extended(h, value):  # type: ignore[no-untyped-def]
    """Hash of a sequence followed by `value`."""
    return (h ^ (h >> uint64(29))) * _GOLDEN + value


@inlined
def _spelt(h, letter):  # type: ignore[no-untyped-def]
    """Hash of a word that goes on with `letter`; by a factor of its own, for `_extended` alone would take a character
    and the word after it for another pair with the same sum: 一cx and 丁bx."""
    return (h ^ (h >> uint64(29))) * _WORD + letter


@inlined
def _bits_for(n):  # type: ignore[no-untyped-def]
    """Bits of the smallest table that `n` entries leave half empty; at least 16 places."""
    bits = 4
    while (1 << bits) < 2 * n:
        bits += 1
    return bits


@inlined
def _slot_of(h, bits):  # type: ignore[no-untyped-def]
    return int64((h * _ODD) >> uint64(64 - bits))


@inlined
def _room(array, n):  # type: ignore[no-untyped-def]
    """`array`, or a new one if it has fewer than `n` places."""
    return array if len(array) >= n else np.empty(2 * n, array.dtype)


@inlined
def _table_for(table, used, n):  # type: ignore[no-untyped-def]
    """A table with room for `n` entries, and how many of its entries are old: those up to `used` count as empty."""
    if (1 << _bits_for(n)) > len(table):
        return np.zeros(1 << _bits_for(n), np.int32), int32(0)
    if used > _FULL - n:
        table[:] = 0
        return table, int32(0)
    return table, used


@kernel
def _split(data, start, stop, classes, units, before):  # type: ignore[no-untyped-def]
    """Cut a text into units, `uint64`, and count the characters before each, `int32[n_units + 1]`.

    Returns the number of units, and of characters other than white space.
    """
    n, chars = uint64(0), int32(0)
    last, in_word = uint32(0), False
    i, end = uint64(start), uint64(stop)
    while i < end:
        begun = i
        # Most of Chinese lies in here (U+4E00 to U+9FA5, all of it Han): a loop of its own, without the table.
        while i < end and 0xE4 <= data[i] <= 0xE9:
            low = uint32(data[i + uint64(1)] & 0x3F) << uint32(6) | uint32(data[i + uint64(2)] & 0x3F)
            point = uint32(data[i] & 0x0F) << uint32(12) | low
            if uint32(point - uint32(0x4E00)) > uint32(0x51A5):
                break
            units[n] = point
            before[n] = chars
            n += uint64(1)
            chars += int32(1)
            i += uint64(3)
        if i > begun:
            last, in_word = uint32(0), False
            continue
        point, width = char_at(data, i)
        i += uint64(width)
        kind = classes[point]
        joins = kind in (LETTER, DIGIT)
        if (joins and in_word) or (point == last and (kind in (PUNCTUATION, SYMBOL))):
            units[n - uint64(1)] = _spelt(units[n - uint64(1)], uint64(point))
            chars += int32(1)
        elif kind != SPACE:
            units[n] = point
            before[n] = chars
            n += uint64(1)
            chars += int32(1)
        last, in_word = point, joins
    before[n] = chars
    return int64(n), int64(chars)


@kernel
def character_ngrams(data, offsets, classes, out):  # type: ignore[no-untyped-def]
    """Fill `out: float64[n_docs, 9]`: shares (0..1) of the characters other than white space.

    A unit is a character; letters and digits that stand together (a Latin word, a number) are one unit, so that code
    and English in a Chinese page do not seem to repeat themselves, and so is a mark that is repeated (a ruler).
    Columns 0 to 2 (n = 2, 3, 4): covered by the n-gram that covers most, counted without overlap; 0 if none occurs
    twice. Columns 3 to 8 (n = 5 to 10): covered by n-grams that occurred before. NaN where there are no characters.
    `classes`: `utf8.character_classes()`.

    An n-gram can repeat only where the (n-1)-grams at its place and at the next one repeat, so each length looks only
    at the places that the length before left over: about three looks a character for all nine lengths. Whether a look
    finds its n-gram is a matter of chance, so nothing branches on it: `fresh` is a mask, -1 for an n-gram that is met
    for the first time, else 0.
    """
    units, hashes = np.empty(1 << 12, np.uint64), np.empty(1 << 12, np.uint64)
    before, place = np.empty(1 << 12, np.int32), np.empty(1 << 12, np.int32)
    times, latest = np.empty(1 << 12, np.int32), np.empty(1 << 12, np.int32)
    repeats = np.empty(1 << 12, np.uint8)
    table, used = np.zeros(1 << 13, np.int32), int32(0)
    for doc in range(len(offsets) - 1):
        room = offsets[doc + 1] - offsets[doc]
        units, hashes, before = _room(units, room), _room(hashes, room), _room(before, room + 1)
        place, repeats = _room(place, room), _room(repeats, room)
        times, latest = _room(times, room), _room(latest, room)
        n, chars = _split(data, offsets[doc], offsets[doc + 1], classes, units, before)
        out[doc] = 0.0 if n else np.nan
        left = max(0, n - 1)
        for i in range(left):
            hashes[i] = _extended(units[i], units[i + 1])
            place[i] = i
        for length in range(2, 11):
            if left < 2:
                break
            table, used = _table_for(table, used, left)
            bits = _bits_for(left)
            shift, mask, size = uint64(64 - bits), uint64((1 << bits) - 1), uint64(length)
            base = int64(used) + 1
            best, covered, until = int64(0), int64(0), int64(0)
            for k in range(left):
                at, h = uint64(place[k]), hashes[k]
                slot = (h * _ODD) >> shift
                first = int64(table[slot]) - base
                fresh = first >> 63
                while (hashes[uint64(first & ~fresh)] ^ h) & uint64(~fresh) != 0:  # another n-gram's place
                    slot = (slot + uint64(1)) & mask
                    first = int64(table[slot]) - base
                    fresh = first >> 63
                entry = uint64(first ^ ((first ^ k) & fresh))
                table[slot] = int32(base + int64(entry))
                repeats[entry] = uint8(fresh + 1)
                repeats[k] = uint8(fresh + 1)
                if length > 4:
                    width = int64(before[at + size]) - before[uint64(max(int64(at), until))]
                    covered += width & ~fresh
                    until ^= (until ^ (int64(at) + length)) & ~fresh
                else:
                    gap = int64(at) - latest[entry]
                    apart = int64(gap >= length) | -fresh
                    met = (int64(times[entry]) & ~fresh) + apart
                    times[entry] = met
                    latest[entry] += int32(gap & -apart)
                    width = int64(before[at + size]) - before[at]
                    best = max(best, (met * width) & -int64(met > 1))
            used += int32(left)
            out[doc, length - 2] = (covered if length > 4 else best) / chars
            kept = 0
            for k in range(left - 1):
                place[kept], hashes[kept] = place[k], hashes[k]
                kept += repeats[k] & repeats[k + 1] & (place[k + 1] == place[k] + 1)
            while kept > 0 and place[kept - 1] + length >= n:
                kept -= 1
            left = kept
            for k in range(left):
                hashes[k] = _extended(hashes[k], units[uint64(place[k]) + size])


@kernel
def word_ngrams(data, offsets, starts, ends, first_word, out):  # type: ignore[no-untyped-def]
    """Fill `out: float64[n_docs, 9]` as datatrove's GopherRepetitionFilter computes it; NaN for a text without words.

    Words of document `d` are `data[starts[w]:ends[w]]` for `w` from `first_word[d]` to `first_word[d + 1]`. Shares are
    of all characters of the text. Columns 0 to 2 (n = 2, 3, 4): characters of the most frequent n-gram (of those, the
    first) joined *with spaces*, times its count. Columns 3 to 8 (n = 5 to 10): characters of n-grams, joined without
    spaces, that were met before; after one of them the search goes on behind it.
    """
    words, powers = np.empty(1 << 10, np.uint64), np.empty(1 << 10, np.uint64)
    hashes = np.empty(1 << 10, np.uint64)
    before, times = np.empty(1 << 10, np.int64), np.empty(1 << 10, np.int32)
    table, used = np.zeros(1 << 13, np.int32), int32(0)
    for doc in range(len(offsets) - 1):
        w0 = first_word[doc]
        n = first_word[doc + 1] - w0
        out[doc] = 0.0 if n else np.nan
        words, powers, hashes = _room(words, n), _room(powers, n), _room(hashes, n)
        before, times = _room(before, n + 1), _room(times, n)
        chars = 0
        for i in range(offsets[doc], offsets[doc + 1]):
            chars += (data[i] & 0xC0) != 0x80
        before[0] = 0
        for k in range(n):
            h, power, length = uint64(0), uint64(1), 0
            for i in range(starts[w0 + k], ends[w0 + k]):
                h = h * _BASE + uint64(data[i]) + uint64(1)
                power *= _BASE
                length += (data[i] & 0xC0) != 0x80
            words[k], powers[k], hashes[k] = h, power, h
            before[k + 1] = before[k] + length
        for g in range(2, 5):
            count = n - g + 1
            if count < 1:
                break
            table, used = _table_for(table, used, count)
            bits = _bits_for(count)
            best = 0
            for k in range(count):
                h = _extended(hashes[k], words[k + g - 1])
                hashes[k] = h
                times[k] = 0
                slot = _slot_of(h, bits)
                while True:
                    entry = table[slot] - used - 1
                    if entry < 0:
                        table[slot] = used + k + 1
                        entry = k
                    if hashes[entry] == h:
                        times[entry] += 1
                        # of equally frequent ones the first met stands, as in Counter.most_common
                        if times[entry] > times[best] or (times[entry] == times[best] and entry < best):
                            best = entry
                        break
                    slot = (slot + 1) & ((1 << bits) - 1)
            used += int32(count)
            out[doc, g - 2] = (before[best + g] - before[best] + g - 1) * times[best] / chars
        for k in range(n):
            hashes[k] = words[k]
        for g in range(2, 11):
            count = n - g + 1
            if count < 1:
                break
            for k in range(count):
                hashes[k] = hashes[k] * powers[k + g - 1] + words[k + g - 1]
            if g < 5:
                continue
            table, used = _table_for(table, used, count)
            bits = _bits_for(count)
            repeated, k = 0, 0
            while k < count:
                h = hashes[k]
                slot = _slot_of(h, bits)
                step = 1
                while True:
                    entry = table[slot] - used - 1
                    if entry < 0:
                        table[slot] = used + k + 1
                        break
                    if hashes[entry] == h:
                        repeated += before[k + g] - before[k]
                        step = g
                        break
                    slot = (slot + 1) & ((1 << bits) - 1)
                k += step
            used += int32(count)
            out[doc, g - 2] = repeated / chars


@kernel
def line_repeats(data, offsets, classes, blank, out):  # type: ignore[no-untyped-def]
    """Fill `out: int64[n_docs, len(LINE_COLUMNS)]`.

    Lines lie between "\\n", paragraphs between two or more of them; each is compared as it stands, and counted as a
    duplicate from its second occurrence on. Without `blank` (0 or 1) those are left out that hold nothing but white
    space. With it lines and paragraphs are what splitting at "\\n+" and at "\\n{2,}" gives: blank ones that hold white
    space count, and so do empty lines at both ends of a text. `classes`: `utf8.character_classes()`.
    """
    hashes, chars = np.empty(1 << 8, np.uint64), np.empty(1 << 8, np.int64)
    table, used = np.zeros(1 << 10, np.int32), int32(0)
    for doc in range(len(offsets) - 1):
        row = out[doc]
        row[:] = 0
        stop = offsets[doc + 1]
        newlines = 0
        for i in range(offsets[doc], stop):
            newlines += data[i] == 10
        # lines stand at the front of `hashes`, paragraphs behind them; of each at most newlines + 1
        room = newlines + 1
        hashes, chars = _room(hashes, 2 * room), _room(chars, 2 * room)
        lines, paragraphs = 0, room
        open_chars, open_visible, open_hash = 0, False, uint64(0)
        i = offsets[doc]
        while i <= stop:
            start, h, others, visible = i, uint64(0), 0, False
            while i + 8 <= stop:  # eight bytes at a time, up to those that hold the line's end
                word = little_endian(data, uint64(i))
                if has_newline(word):
                    break
                h = _extended(h, word)
                others += continuations(word)
                i += 8
            tail = uint64(1)
            while i < stop and data[i] != 10:
                tail = tail << uint64(8) | uint64(data[i])
                others += (data[i] & 0xC0) == 0x80
                i += 1
            h = _extended(h, tail)  # fewer than eight bytes: the 1 above them says how many
            length, at = i - start - others, start
            while at < i and not visible:
                point, width = char_at(data, at)
                visible = classes[point] != SPACE
                at += width
            row[0] += length
            if visible or (blank and (length > 0 or start == offsets[doc] or i >= stop)):
                hashes[lines], chars[lines] = h, length
                lines += 1
            if length:
                open_chars += length + (open_chars > 0)
                open_visible |= visible
                open_hash = _extended(open_hash, h)
            if (length == 0 or i >= stop) and open_chars:
                if open_visible or blank:
                    hashes[paragraphs], chars[paragraphs] = open_hash, open_chars
                    paragraphs += 1
                open_chars, open_visible, open_hash = 0, False, uint64(0)
            i += 1
        row[0] += newlines
        row[1] = newlines
        for kind in range(2):
            first, last = (room, paragraphs) if kind else (0, lines)
            row[2 + 3 * kind] = last - first
            table, used = _table_for(table, used, last - first)
            bits = _bits_for(last - first)
            for k in range(last - first):
                slot = _slot_of(hashes[first + k], bits)
                while True:
                    entry = table[slot] - used - 1
                    if entry < 0:
                        table[slot] = used + k + 1
                        break
                    if hashes[first + entry] == hashes[first + k]:
                        row[3 + 3 * kind] += 1
                        row[4 + 3 * kind] += chars[first + k]
                        break
                    slot = (slot + 1) & ((1 << bits) - 1)
            used += int32(last - first)
