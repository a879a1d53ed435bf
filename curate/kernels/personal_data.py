"""Where a text may hold personal data: a screen that leaves a few windows in a thousand bytes to the patterns.

One pass over the bytes looks only at how a thing must begin (a number of a possible length and first digit, `@` between
letters, four octets, a province and a letter, an id right after a word that may name it). About 400 MB/s; whatever it
lets through is decided by the patterns of `cleaners/personal_data`, so it may be wrong in one direction only.
"""

import numpy as np
from numba import uint8

from curate.kernels import inlined, kernel

EMAIL, NUMBER, DOTTED, HEX, NAMED, PLATE = 1, 2, 4, 8, 16, 32
"""What may stand in a window, as bits."""

PROVINCE, NAME_END, WECHAT_END, FILLER, CLOSING, WIDE_DIGIT, WIDE_AT = range(1, 8)
"""Classes of the table of characters: `NAME_END` ends a word that may name a number, `WECHAT_END` one that may also
name an id of letters; `FILLER` may stand between the name and what it names, and so may a remark, which ends in
`CLOSING`."""

BEFORE, AFTER = 72, 64
"""Bytes of context at each side of what was found: room for the name of a number, and for its later groups."""


@inlined
def _digit(byte):  # type: ignore[no-untyped-def]
    return uint8(byte - 48) < 10


@inlined
def _alnum(byte):  # type: ignore[no-untyped-def]
    return uint8(byte - 48) < 10 or uint8((byte | 0x20) - 97) < 26


@inlined
def _hex(byte):  # type: ignore[no-untyped-def]
    return uint8(byte - 48) < 10 or uint8((byte | 0x20) - 97) < 6


@inlined
def _joint(byte):  # type: ignore[no-untyped-def]
    """Space, hyphen, full stop, closing bracket: what may stand between the groups of a number."""
    return byte == 0x20 or byte == 0x2D or byte == 0x2E or byte == 0x29


@kernel
def _digits(data, i, stop):  # type: ignore[no-untyped-def]
    """How many digits stand at byte `i`."""
    j = i
    while j < stop and _digit(data[j]):
        j += 1
    return j - i


@inlined
def _is_latin_name(data, start, p):  # type: ignore[no-untyped-def]
    """Whether the ASCII word that ends before byte `p` may name a number, by its last letters.

    QQ, Q, V, VX, WX; and the ends of WeChat, weixin, 微信ID, passport, tel, fax, phone, mobile, No, number.
    """
    low, before = data[p - 1] | 0x20, (data[p - 2] | 0x20) if p - 2 >= start else uint8(0)
    earlier = (data[p - 3] | 0x20) if p - 3 >= start else uint8(0)
    return (
        (low == 0x71 and (before == 0x71 or not _alnum(before)))
        or (low == 0x76 and (before >= 0x80 or before == 0x2B))
        or (low == 0x78 and (before == 0x76 or before == 0x77 or (before == 0x61 and earlier == 0x66)))
        or (low == 0x74 and ((before == 0x61 and earlier == 0x68) or (before == 0x72 and earlier == 0x6F)))
        or (low == 0x6E and before == 0x69 and earlier == 0x78)
        or (low == 0x64 and before == 0x69 and earlier >= 0x80)
        or (low == 0x6C and before == 0x65 and earlier == 0x74)
        or (low == 0x6F and before == 0x6E and not _alnum(earlier))
        or (low == 0x72 and before == 0x65 and earlier == 0x62)
        or (low == 0x65 and ((before == 0x6E and earlier == 0x6F) or (before == 0x6C and earlier == 0x69)))
    )


@inlined
def _is_latin_wechat(data, start, p):  # type: ignore[no-untyped-def]
    """Whether the ASCII word that ends before byte `p` may name an id of letters: V, VX, WX, WeChat, weixin, 微信ID."""
    low, before = data[p - 1] | 0x20, (data[p - 2] | 0x20) if p - 2 >= start else uint8(0)
    earlier = (data[p - 3] | 0x20) if p - 3 >= start else uint8(0)
    return (
        (low == 0x76 and (before >= 0x80 or before == 0x2B))
        or (low == 0x78 and (before == 0x76 or before == 0x77) and not _alnum(earlier))
        or (low == 0x74 and before == 0x61 and earlier == 0x68)
        or (low == 0x6E and before == 0x69 and earlier == 0x78)
        or (low == 0x64 and before == 0x69 and (earlier >= 0x80 or earlier == 0x20))
    )


@kernel
def _opening(data, start, p):  # type: ignore[no-untyped-def]
    """Where the remark begins whose closing bracket is at byte `p`; `p`, if it is longer than eight characters."""
    q = p - 3
    while q >= start and q >= p - 30:
        if data[q] == 0xEF and data[q + 1] == 0xBC and data[q + 2] == 0x88:  # （
            return q if p - q > 6 else p
        q -= 1
    return p


@inlined
def _kind_before(data, start, p, table):  # type: ignore[no-untyped-def]
    """Class of the character of three bytes before byte `p`; 0 where it has another width."""
    if p - 3 < start or data[p - 1] < 0x80 or data[p - 3] < 0xE0:
        return uint8(0)
    return table[(data[p - 3] & 0x0F) << 12 | (data[p - 2] & 0x3F) << 6 | (data[p - 1] & 0x3F)]


@kernel
def _ends_name(data, start, p, table, letters):  # type: ignore[no-untyped-def]
    """Whether a word that may name an id (that begins with letters) ends right before byte `p`."""
    if p <= start:
        return False
    if _alnum(data[p - 1]):
        return _is_latin_wechat(data, start, p) if letters else _is_latin_name(data, start, p)
    kind = _kind_before(data, start, p, table)
    return kind == WECHAT_END or (kind == NAME_END and not letters)


@kernel
def _is_named(data, start, i, table, letters):  # type: ignore[no-untyped-def]
    """Whether a word that may name an id stands before byte `i`, but for a few separators and a remark in brackets."""
    p = i
    for _ in range(6):
        if p <= start or data[p - 1] == 0x0A:
            return False
        if data[p - 1] < 0x80 and not _alnum(data[p - 1]):
            p -= 1
            continue
        kind = _kind_before(data, start, p, table)
        if kind == FILLER:
            p -= 3
        elif kind == CLOSING:
            if _ends_name(data, start, p - 3, table, letters):
                return True
            p = _opening(data, start, p - 3)
        else:
            return _ends_name(data, start, p, table, letters)
    return False


@kernel
def _digits_at_end(data, i, end):  # type: ignore[no-untyped-def]
    """How many digits end the run `data[i:end]`."""
    j = end
    while j > i and _digit(data[j - 1]):
        j -= 1
    return end - j


@kernel
def _word(data, i, stop):  # type: ignore[no-untyped-def]
    """How many ASCII letters, digits, hyphens and low lines stand at byte `i`."""
    j = i
    while j < stop and (_alnum(data[j]) or data[j] == 0x2D or data[j] == 0x5F):
        j += 1
    return j - i


@kernel
def _number(data, start, i, n, stop):  # type: ignore[no-untyped-def]
    """Whether the run of `n` digits at byte `i` may begin a telephone, identity or card number."""
    first = data[i]
    if n >= 8:
        return (
            (n == 11 and first == 0x31 and data[i + 1] >= 0x33)
            or (n == 13 and first == 0x38)
            or (10 <= n <= 12 and first == 0x30)
            or (first == 0x30 and data[i + 1] == 0x30)
            or 15 <= n <= 19
            or (n >= 13 and first == 0x34)
            or (i > start and data[i - 1] == 0x2B)
        )
    after = i + n
    if i > start and data[i - 1] == 0x2B and n <= 4:
        return after < stop and (_joint(data[after]) or data[after] == 0x28)
    if after + 2 >= stop:
        return False
    if not _joint(data[after]):
        # wide brackets and dashes after an area code: （010） 010—
        return first == 0x30 and (n == 3 or n == 4) and data[after] >= 0xE2
    if first == 0x30:
        return ((n == 3 or n == 4) and data[i + 1] != 0x30) or (n == 4 and data[i + 1] == 0x30 and data[i + 2] == 0x38)
    if n == 2:
        return first == 0x38 and data[i + 1] == 0x36
    if data[after] == 0x29:
        return n == 3
    if not _digit(data[after + 1]):
        return False
    if first == 0x31 and data[i + 1] >= 0x33 and (n == 3 or n == 5 or n == 7):
        return _digits(data, after + 1, stop) >= 3
    if n == 4:
        return first >= 0x33 and first <= 0x36 and _digits(data, after + 1, stop) >= 4
    return n == 6 and _digits(data, after + 1, stop) >= 8


@kernel
def _octets(data, i, stop):  # type: ignore[no-untyped-def]
    """Whether four groups of one to three digits stand at byte `i`, with full stops between them."""
    for group in range(4):
        n = _digits(data, i, stop)
        if n == 0 or n > 3:
            return False
        i += n
        if group < 3:
            if i >= stop or data[i] != 0x2E:
                return False
            i += 1
    return True


@kernel
def _colons(data, i, stop):  # type: ignore[no-untyped-def]
    """Colons in the run of hexadecimal digits and colons at byte `i`, as far as an address may reach."""
    n = 0
    stop = min(stop, i + 40)
    while i < stop and (_hex(data[i]) or data[i] == 0x3A):
        n += data[i] == 0x3A
        i += 1
    return n


@kernel
def _run(data, start, i, end, stop, table):  # type: ignore[no-untyped-def]
    """What may begin at the run `data[i:end]` of ASCII letters and digits."""
    found = 0
    if _digit(data[i]):
        n = _digits(data, i, end)
        whole = i + n == end
        if not whole and n == 11 and data[i + n] | 0x20 >= 0x71:  # 13912345678QQ12345678, 13912345678vx
            found |= NUMBER | NAMED
        if whole or n >= 15:
            if (n > 1 or (i > start and data[i - 1] == 0x2B)) and _number(data, start, i, n, stop):
                found |= NUMBER
            spaced = n == 1 and data[i] == 0x31 and end + 1 < stop and _joint(data[end]) and _digit(data[end + 1])
            if (n >= 5 or spaced) and _is_named(data, start, i, table, False):
                found |= NAMED
        if whole and n <= 4 and end + 1 < stop:
            if n <= 3 and data[end] == 0x2E and _octets(data, i, stop):
                found |= DOTTED
            grouped = n > 2 and (data[end] == 0x2D or data[end] == 0x20) and data[i] > 0x31
            if grouped and _is_named(data, start, i, table, False):
                found |= NAMED
    else:
        n = _digits_at_end(data, i, end) if _digit(data[end - 1]) else 0
        letters = n < 6
        low = data[i] | 0x20
        if n >= 5 and (low == 0x71 or (low == 0x76 and (data[i + 1] | 0x20) == 0x78)):  # QQ12345678, VX12345678
            found |= NAMED
        if n == 11 and low == 0x74:  # Tel13912345678
            found |= NUMBER
        if _is_named(data, start, i, table, letters) and _word(data, i, stop) >= 6:
            found |= NAMED
    global_address = end - i == 4 and (data[i] == 0x32 or data[i] == 0x33) and end < stop and data[end] == 0x3A
    if global_address and _colons(data, i, stop) >= 3:
        found |= HEX
    return found


@kernel
def _sign(data, start, i, stop):  # type: ignore[no-untyped-def]
    """What may stand around the sign at byte `i`: an address, also as `name(at)host.com`, `name#host.com`."""
    b = data[i]
    if i == start or i + 4 >= stop:
        return 0
    before, after = data[i - 1], data[i + 1]
    if b == 0x40:
        return EMAIL if (_alnum(before) or before == 0x5F or before == 0x2D) and _alnum(after) else 0
    if b == 0x28 or b == 0x5B:
        closing = 0x29 if b == 0x28 else 0x5D
        return EMAIL if after | 0x20 == 0x61 and data[i + 2] | 0x20 == 0x74 and data[i + 3] == closing else 0
    if b == 0x23 and _alnum(before) and _alnum(after):
        j = i + 1
        while j < stop and _alnum(data[j]):
            j += 1
        return EMAIL if j + 1 < stop and data[j] == 0x2E and data[j + 1] == 0x63 else 0
    return 0


@kernel
def _wide(data, start, i, stop, kind):  # type: ignore[no-untyped-def]
    """What may begin at a character of three bytes."""
    if kind == PROVINCE:
        # a letter, then something of letters and digits, at most a joint of three bytes between them
        letter = i + 3 < stop and uint8(data[i + 3] - 65) < 26
        return PLATE if letter and i + 8 < stop and _alnum(data[i + 7]) else 0
    if kind == WIDE_AT:
        return EMAIL
    return NUMBER | NAMED | DOTTED if kind == WIDE_DIGIT else 0


@kernel
def windows(data, offsets, table):  # type: ignore[no-untyped-def]
    """Find the windows of `data: uint8[n_bytes]` that may hold personal data, texts between `offsets: int64[n + 1]`.

    `table: uint8[0x10000]` gives the classes of characters. Windows of a text that touch are joined. Returns
    `int64[4, n_windows]`, in order: the text, first byte, one past the last (on character borders), the bits.
    """
    out = np.empty((4, 1024), np.int64)
    n = 0
    for row in range(len(offsets) - 1):
        start, stop = offsets[row], offsets[row + 1]
        i = start
        while i < stop:
            b = data[i]
            first, found = i, 0
            if b >= 0xE0 and b < 0xF0:
                kind = table[(b & 0x0F) << 12 | (data[i + 1] & 0x3F) << 6 | (data[i + 2] & 0x3F)]
                i += 3
                if kind != PROVINCE and kind < WIDE_DIGIT:
                    continue
                found = _wide(data, start, first, stop, kind)
            elif _alnum(b):
                i += 1
                while i < stop and _alnum(data[i]):
                    i += 1
                found = _run(data, start, first, i, stop, table)
            else:
                i += 1
                if b == 0x40 or b == 0x23 or b == 0x28 or b == 0x5B:
                    found = _sign(data, start, first, stop)
            if found == 0:
                continue
            left, right = max(start, first - BEFORE), min(stop, i + AFTER)
            while left > start and data[left] & 0xC0 == 0x80:
                left -= 1
            while right < stop and data[right] & 0xC0 == 0x80:
                right += 1
            if n and out[0, n - 1] == row and out[2, n - 1] >= left:
                out[2, n - 1] = right
                out[3, n - 1] |= found
                continue
            if n == out.shape[1]:
                out = np.concatenate((out, np.empty_like(out)), axis=1)
            out[0, n], out[1, n], out[2, n], out[3, n] = row, left, right, found
            n += 1
    return out[:, :n]
