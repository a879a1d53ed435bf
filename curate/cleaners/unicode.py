"""Text as Unicode means it: mojibake repaired, one line end, nothing invisible, NFC, letters and digits of one width.

Columns, not rows. One look at each character tells which texts hold anything to mend (1 GB/s): most Chinese pages hold
nothing. Polars' regular expressions clean the others; only those in which a screen finds a trace of UTF-8 read as
Latin-1 or Windows-1252 are given to ftfy, line by line. 汉 字 间 空 格 has a screen and a module of its own,
`spacing`. All together 240 MB/s of mixed Chinese web text.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.cleaners.spacing import may_be_spaced, repair_spacing
from curate.contracts import Cleaned, Cleaner, Utf8

# A lead byte of UTF-8 and a continuation byte, as Latin-1 or Windows-1252 show them: é of "é¦™", å of "å›½".
_CONTINUATION = r"\x{80}-\x{bf}ŒœŠšŸŽžƒˆ˜–—‘’‚“”„†‡•…‰‹›€™"
MOJIBAKE = rf"[\x{{c2}}-\x{{f4}}][{_CONTINUATION}]"
"""Screen for mojibake: true for every damaged text, and for a few sound ones, which ftfy then leaves as they are."""

_LINE_ENDS = r"\r\n|[\r\x{85}\x{2028}\x{2029}]"
_INVISIBLE = (
    r"[\x{00}-\x{08}\x{0b}\x{0c}\x{0e}-\x{1f}\x{7f}-\x{84}\x{86}-\x{9f}"  # controls, but tab and line end
    r"\x{ad}\x{180e}\x{200b}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2064}\x{2066}-\x{206f}\x{feff}\x{fff9}-\x{fffb}"
    r"\x{fffe}\x{ffff}]"
)
# Joiners mean something inside emoji and in Indic and Arabic scripts; after these characters, or after the marks that
# stand on them (diacritics, the sound marks of kana), they mean nothing.
_JOINERS = (
    r"(^|[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Latin}\p{Greek}\p{Cyrillic}\p{N}\p{P}\p{Z}\n\t"
    r"\x{300}-\x{36f}\x{3099}\x{309a}])[\x{200c}\x{200d}]+"
)
_FULL_WIDTH = "[０-９Ａ-Ｚａ-ｚ]"
_WIDE = [chr(point) for first, last in ("０９", "ＡＺ", "ａｚ") for point in range(ord(first), ord(last) + 1)]
_NARROW = [chr(ord(wide) - 0xFEE0) for wide in _WIDE]
_MAY_CHANGE = rf"{_LINE_ENDS}|{_INVISIBLE}|[\x{{200c}}\x{{200d}}]|[\x{{c2}}-\x{{f4}}]"
"""Where a step below begins to look: a text without these characters, and without those that NFC may change, stays."""


class Unicode(Cleaner):
    """Repair mojibake, make every line end a newline, remove invisible and control characters, compose to NFC.

    Removed: C0 and C1 controls except tab and line end, soft hyphens, zero-width spaces and joiners (joiners stay
    where emoji, Indic and Arabic need them), byte-order marks, direction marks, non-characters. Full-width ASCII
    letters and digits become half-width; punctuation and the ideographic space stay as they are, for they are Chinese.
    Blanks that part the single characters of Chinese text go (`spacing` says by which rule).

    Signals:
        mojibake_repaired: ftfy changed something.
        spaces_repaired: blanks between characters were taken out.
    """

    version: ClassVar[int] = 2

    signals: ClassVar[Mapping[str, Any]] = {"mojibake_repaired": pl.Boolean, "spaces_repaired": pl.Boolean}

    half_width: bool = True
    """Whether full-width ASCII letters and digits become half-width."""
    spaced_han: bool = True
    """Whether 汉 字 间 空 格 is repaired."""

    def packages(self) -> list[str]:
        return ["ftfy"]

    def clean(self, text: pl.Series) -> Cleaned:
        utf8 = Utf8.of(text)
        suspect = _suspects(utf8, half_width=self.half_width)
        cleaned, repaired = _clean(text.filter(suspect), half_width=self.half_width)
        nothing = pl.repeat(False, len(text), eager=True)
        result, spaces = scatter(text, suspect, cleaned), nothing
        if self.spaced_han:
            spaced = may_be_spaced(utf8)
            spaced = scatter(spaced, suspect, may_be_spaced(Utf8.of(cleaned)))  # what was cleaned may be so only now
            before = result.filter(spaced)
            after = repair_spacing(before)
            result, spaces = scatter(result, spaced, after), scatter(nothing, spaced, after != before)
        mojibake = scatter(nothing, suspect, repaired)
        return Cleaned(result, pl.DataFrame({"mojibake_repaired": mojibake, "spaces_repaired": spaces}))


_CHANGES, _WIDTH = 1, 2


def _suspects(utf8: Utf8, *, half_width: bool) -> pl.Series:
    """Whether a text holds any character at which a step may change something."""
    from curate.kernels.utf8 import marks

    found = np.empty(len(utf8.offsets) - 1, np.uint8)
    marks(*utf8, _table(), found)
    return pl.Series((found & (_CHANGES | _WIDTH if half_width else _CHANGES)) != 0)


@cache
def _table() -> npt.NDArray[np.uint8]:
    """Bits for characters at which cleaning may change a text: `uint8[0x110000]`; 2 s to make, then kept on disk."""
    from curate.kernels import stored

    made_by = f"{hashlib.sha256((_MAY_CHANGE + _FULL_WIDTH).encode()).hexdigest()[:12]}-{unicodedata.unidata_version}"
    return stored(f"unicode-cleaner-{made_by}", lambda: [_make_table()])[0]


def _make_table() -> npt.NDArray[np.uint8]:
    from curate.kernels.utf8 import unstable_in_nfc

    points = np.concatenate([np.arange(0xD800), np.arange(0xE000, 0x110000)])
    table = np.zeros(0x110000, np.uint8)
    table[points] = pl.Series(list(map(chr, points.tolist()))).str.contains(_MAY_CHANGE).to_numpy()
    table[unstable_in_nfc()] = _CHANGES
    table[list(map(ord, _WIDE))] |= _WIDTH
    return table


def _clean(text: pl.Series, *, half_width: bool) -> tuple[pl.Series, pl.Series]:
    """Texts cleaned, and whether mojibake was repaired in them."""
    repaired = _repair(text)
    plain = pl.col("text")
    steps = (
        (plain.str.replace_many(_WIDE, _NARROW) if half_width else plain)
        .str.replace_all(_LINE_ENDS, "\n")
        .str.replace_all(_INVISIBLE, "")
        .str.normalize("NFC")
        .str.replace_all(_JOINERS, "${1}")
        .str.normalize("NFC")
    )
    cleaned = repaired.alias("text").to_frame().select(steps).to_series()
    mojibake = repaired != text
    # What one step takes away may have hidden something from the step before: once more, until nothing changes.
    again = (cleaned != text) & (cleaned.str.contains(MOJIBAKE) | cleaned.str.contains(_JOINERS))
    if again.any():
        more, more_mojibake = _clean(cleaned.filter(again), half_width=half_width)
        return scatter(cleaned, again, more), scatter(mojibake, again, more_mojibake | mojibake.filter(again))
    return cleaned, mojibake


def scatter(values: pl.Series, where: pl.Series, new: pl.Series) -> pl.Series:
    """Put `new` at the rows where `where` is true."""
    if new.is_empty():
        return values
    rows = where.cum_sum() - where.cast(pl.UInt32)
    frame = pl.DataFrame({"values": values, "where": where, "new": new.gather(rows.clip(0, len(new) - 1))})
    return frame.select(pl.when("where").then("new").otherwise("values").alias(values.name)).to_series()


def _repair(text: pl.Series) -> pl.Series:
    suspect = text.str.contains(MOJIBAKE)
    # ftfy works on Python strings; the screen leaves it a few documents in a thousand.
    fixed = pl.Series([_repair_lines(one) for one in text.filter(suspect)], dtype=pl.String)
    return scatter(text, suspect, fixed)


_SUSPECT_LINE = re.compile(re.sub(r"\\x\{(..)\}", r"\\x\1", MOJIBAKE))


def _repair_lines(text: str) -> str:
    from ftfy import fix_encoding

    return "\n".join(fix_encoding(line) if _SUSPECT_LINE.search(line) else line for line in text.split("\n"))
