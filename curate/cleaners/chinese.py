"""Chinese in one script: traditional characters to simplified ones or the other way, by OpenCC.

How much of a text is written in which script is counted first (900 MB/s): a character is traditional only if OpenCC
simplifies it and GB 2312 does not have it, simplified only if OpenCC makes it traditional and Big5 does not have it.
So 乾 (乾隆), 於 (樊於期), 后 and 云, which stand in texts of both scripts, tell nothing. On 48,810 Chinese pages, 0.2
or more of the Han are traditional only in traditional prose (0.13 in verse), 0.02 at most in 99.9 % of the others.

OpenCC then reads only the texts that are written in the other script (15 MB/s); a page in the script that is wanted
costs the count alone. Configurations `t2s` and `s2t`: characters and phrases, so that 乾燥 becomes 干燥 and 乾隆 stays,
著作 stays and 頭髮 becomes 头发; no words of a region are exchanged (軟體 becomes 软体, not 软件).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from curate.contracts import Cleaned, Cleaner, Utf8

_HAN, _TRADITIONAL, _SIMPLIFIED, _KANA = 1, 2, 3, 4
_CONFIGURATIONS = {"simplified": "t2s", "traditional": "s2t"}
_ROUNDS = 4


class Chinese(Cleaner):
    """Convert texts that are written in the other script, and measure in which script each was written.

    Signals, taken before converting (null where there are no Han):
        traditional_ratio: characters that only traditional Chinese has / Han characters; about 0.3 in traditional text.
        simplified_ratio: characters that only simplified Chinese has / Han characters; about 0.3 in simplified text.

    A simplified page that quotes a traditional name is not touched, nor is Japanese: 学 and 學 are both right there.
    """

    signals: ClassVar[Mapping[str, Any]] = {"traditional_ratio": pl.Float64, "simplified_ratio": pl.Float64}

    to: Literal["simplified", "traditional", "keep"] = "simplified"
    """The script that is wanted; keep: measure only."""
    min_ratio: float = Field(0.05, ge=0, le=1)
    """A text is converted if at least this share of its Han is written in the other script only."""
    max_kana_ratio: float = Field(0.1, ge=0, le=1)
    """A text of which more of the Han and kana are kana is Japanese, and stays. Japanese pages have 0.46 and more."""

    def packages(self) -> list[str]:
        return ["opencc"]

    def clean(self, text: pl.Series) -> Cleaned:
        counts = _count(text)
        signals = pl.DataFrame(
            {
                "traditional_ratio": _ratio(counts[:, _TRADITIONAL], _all_han(counts)),
                "simplified_ratio": _ratio(counts[:, _SIMPLIFIED], _all_han(counts)),
            }
        )
        return Cleaned(text if self.to == "keep" else self._converted(text, counts), signals)

    def _converted(self, text: pl.Series, counts: npt.NDArray[np.int64]) -> pl.Series:
        rows = np.flatnonzero(self._in_other_script(counts))
        # Once is enough for any page. A text of a few characters that stay so in one phrase may be read otherwise when
        # the phrase beside it is converted: again, so that cleaning twice is cleaning once.
        for _ in range(_ROUNDS):
            if not len(rows):
                break
            old = text.gather(rows)
            new = pl.Series(_convert(old.to_list(), _CONFIGURATIONS[self.to]), dtype=pl.String)
            changed = (new != old).to_numpy()
            rows, new = rows[changed], new.filter(pl.Series(changed))
            text = text.clone().scatter(rows, new)
            rows = rows[self._in_other_script(_count(new))]
        return text

    def _in_other_script(self, counts: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        other = counts[:, _TRADITIONAL if self.to == "simplified" else _SIMPLIFIED]
        han, kana = _all_han(counts), counts[:, _KANA]
        # `min_ratio: 0` still means that there is something to convert
        return (other > 0) & (other >= self.min_ratio * han) & (kana <= self.max_kana_ratio * (han + kana))


def _convert(texts: list[str], configuration: str) -> list[str]:
    # A loop over documents: only those in the other script come here, and all the work is OpenCC's (C++).
    converter = _converter(configuration)
    return [converter.convert(text) for text in texts]


@cache
def _converter(configuration: str) -> Any:
    from opencc import OpenCC

    return OpenCC(configuration)


def _ratio(part: npt.NDArray[np.int64], whole: npt.NDArray[np.int64]) -> pl.Series:
    return (pl.Series(part, dtype=pl.Float64) / pl.Series(whole)).fill_nan(None)


def _all_han(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return counts[:, _HAN] + counts[:, _TRADITIONAL] + counts[:, _SIMPLIFIED]


def _count(text: pl.Series) -> npt.NDArray[np.int64]:
    from curate.kernels.kinds import count_kinds

    counts = np.empty((len(text), 5), np.int64)
    count_kinds(*Utf8.of(text), _table(), counts)
    return counts


@cache
def _table() -> npt.NDArray[np.uint8]:
    """Kind of every code point: `uint8[0x110000]`; kept on disk by the version of OpenCC."""
    from curate.kernels import stored

    return stored(f"chinese-scripts-{version('opencc')}", lambda: [_make_table()])[0]


def _make_table() -> npt.NDArray[np.uint8]:
    from curate.kernels.utf8 import HAN, KANA, character_classes

    classes = character_classes()
    table = np.zeros(0x110000, np.uint8)
    table[classes == HAN] = _HAN
    table[classes == KANA] = _KANA
    # OpenCC also makes compatibility ideographs plain, which says nothing of the script.
    han = [chr(point) for point in np.flatnonzero(classes == HAN).tolist() if not unicodedata.decomposition(chr(point))]
    for configuration, kind, other in (("t2s", _TRADITIONAL, "gb2312"), ("s2t", _SIMPLIFIED, "big5")):
        converted = _convert(["\n".join(han)], configuration)[0].split("\n")
        changed = [old for old, new in zip(han, converted, strict=True) if old != new]
        table[[ord(one) for one in changed if not one.encode(other, errors="ignore")]] = kind
    return table
