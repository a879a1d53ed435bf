"""Texts without what a comparison leaves aside: case, width, white space, punctuation.

Character by character, so that a table of code points holds all: `normal_form` says in Python what it does. Cost of all
four together: 600 MB/s of Chinese, 700 of English; up to three bytes a byte of text are set aside, and those that are
written are taken.
"""

import unicodedata
from collections.abc import Collection
from functools import cache

import numpy as np
import numpy.typing as npt

from curate.kernels import kernel, stored
from curate.kernels.utf8 import char_at

CASE, WIDTH, SPACES, PUNCTUATION = "case", "width", "spaces", "punctuation"
IGNORABLE = (CASE, WIDTH, SPACES, PUNCTUATION)
"""What can be left aside, in the order of file names and fingerprints."""

_LONGEST, _GROWTH = 8, 3
"""Bytes of a character's normal form, and such bytes for one of its own, at most: U+0390 has two, folded six."""


def normal_form(text: str, ignore: Collection[str]) -> str:
    """Leave aside what `ignore` names, as the kernel does.

    width: what Unicode calls a wide or narrow form (`<wide>`, `<narrow>`: full-width ASCII, half-width kana and
        hangul, full-width ￥, the ideographic space) becomes the usual one, and kana are parted from their voiced
        marks, so that ｶﾞ, which are two characters, is ガ.
    case: full case folding (`str.casefold`): `Straße` is `STRASSE`.
    spaces: what `str.isspace` says, line ends included, is left out.
    punctuation: general categories P* and S* (marks, brackets, currencies, operators, emoji) are left out.
    """
    if WIDTH in ignore:
        text = "".join(map(_usual_width, text))
    if CASE in ignore:
        text = text.casefold()
    if SPACES in ignore:
        text = "".join(text.split())
    if PUNCTUATION in ignore:
        text = "".join(character for character in text if unicodedata.category(character)[0] not in "PS")
    return text


def _usual_width(character: str) -> str:
    kind, _, form = unicodedata.decomposition(character).partition(" ")
    if kind in ("<wide>", "<narrow>"):
        character = chr(int(form, 16))
    return unicodedata.normalize("NFD", character) if "\u3040" <= character <= "\u30ff" else character


Forms = tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint8], npt.NDArray[np.uint8]]


@cache
def normal_forms(ignore: frozenset[str]) -> Forms:
    """Tables for `normalised`: `rows: uint16[0x110000]; forms: uint8[n, 8]; widths: uint8[n]`; 1 s, then kept on disk.

    A character of row 0 stays as it is; one of another row becomes the first `widths[row]` bytes of `forms[row]`.
    """
    options = "-".join(name for name in IGNORABLE if name in ignore)
    rows, forms, widths = stored(f"normal-forms-{options}-{unicodedata.unidata_version}", lambda: _normal_forms(ignore))
    return rows, forms, widths


def _normal_forms(ignore: frozenset[str]) -> Forms:
    rows = np.zeros(0x110000, np.uint16)
    found: dict[bytes, int] = {}
    for point in (*range(0xD800), *range(0xE000, 0x110000)):
        form = normal_form(chr(point), ignore)
        if form != chr(point):
            rows[point] = found.setdefault(form.encode(), len(found) + 1)
    forms = np.zeros((len(found) + 1, _LONGEST), np.uint8)
    for form_bytes, row in found.items():
        forms[row, : len(form_bytes)] = list(form_bytes)
    return rows, forms, np.array([0, *map(len, found)], np.uint8)


@kernel
def normalised(data, offsets, rows, forms, widths):  # type: ignore[no-untyped-def]
    """Return `(data: uint8[n_bytes], offsets: int64[n_docs + 1])`: the texts in normal form; see `normal_forms`.

    A text of which nothing would be left stays as it is: "!!!" and "???" differ although both are punctuation.
    """
    out = np.empty((offsets[-1] - offsets[0]) * _GROWTH, np.uint8)
    ends = np.zeros(len(offsets), np.int64)
    byte, counts = np.arange(128).astype(np.uint8), np.ones(128, np.int64)  # ASCII, without branches
    for b in range(128):
        if rows[b]:
            byte[b], counts[b] = forms[rows[b], 0], widths[rows[b]]
    n = 0
    for d in range(len(offsets) - 1):
        i, stop = offsets[d], offsets[d + 1]
        while i < stop:
            while i < stop and data[i] < 0x80:
                out[n] = byte[data[i]]
                n += counts[data[i]]
                i += 1
            while i < stop and 0xE0 <= data[i] < 0xF0:
                row = rows[(data[i] & 0x0F) << 12 | (data[i + 1] & 0x3F) << 6 | (data[i + 2] & 0x3F)]
                if row:
                    for k in range(widths[row]):
                        out[n + k] = forms[row, k]
                    n += widths[row]
                else:
                    out[n], out[n + 1], out[n + 2] = data[i], data[i + 1], data[i + 2]
                    n += 3
                i += 3
            if i < stop and data[i] >= 0x80:
                point, width = char_at(data, i)
                row = rows[point]
                for k in range(widths[row] if row else width):
                    out[n + k] = forms[row, k] if row else data[i + k]
                n += widths[row] if row else width
                i += width
        if n == ends[d]:
            for i in range(offsets[d], stop):
                out[n] = data[i]
                n += 1
        ends[d + 1] = n
    return out[:n], ends
