"""Which script each letter belongs to, and which Han characters only simplified or only traditional Chinese has.

The script is the first word of a letter's Unicode name; codes are those of ISO 15924 in lower case, and `zzzz` stands
for all that is not listed. A Han character is simplified if GB 2312 (1980, the set of the mainland) has it and Big5
(1984, the set of Taiwan) has not, traditional the other way round: Python's codecs know both sets. So 后, 里, 台 and
於, which both use, tell nothing. On 768 labelled pages of 21 characters and more the majority was never wrong.
The cleaner `chinese` counts fewer: of these only what OpenCC would change.
"""

import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt

from curate.kernels import stored

_NAMES = {
    "LATIN": "latn", "HAN": "hani", "KANA": "kana", "HANGUL": "hang", "CYRILLIC": "cyrl", "ARABIC": "arab",
    "DEVANAGARI": "deva", "GREEK": "grek", "HEBREW": "hebr", "THAI": "thai", "BENGALI": "beng", "TAMIL": "taml",
    "TELUGU": "telu", "GUJARATI": "gujr", "GURMUKHI": "guru", "KANNADA": "knda", "MALAYALAM": "mlym",
    "SINHALA": "sinh", "LAO": "laoo", "KHMER": "khmr", "MYANMAR": "mymr", "GEORGIAN": "geor", "ARMENIAN": "armn",
    "ETHIOPIC": "ethi", "TIBETAN": "tibt", "MONGOLIAN": "mong", "BOPOMOFO": "bopo", "OTHER": "zzzz",
}  # fmt: skip
_ALIASES = {"CJK": "HAN", "IDEOGRAPHIC": "HAN", "HIRAGANA": "KANA", "KATAKANA": "KANA", "KATAKANA-HIRAGANA": "KANA"}

SCRIPTS = ("", *_NAMES.values())
"""Codes by number; 0: no letter."""
LATIN, HAN, KANA, HANGUL = range(1, 5)

SCRIPT, WHITE, SIMPLIFIED, TRADITIONAL = 0x1F, 0x20, 0x40, 0x80
"""Bits of a letter: its script's number, white space, and the sets that have it."""


@cache
def letters() -> npt.NDArray[np.uint8]:
    """Bits of every code point: `uint8[0x110000]`; 0.5 s to make, then kept on disk."""
    (table,) = stored(f"letters-and-scripts-{unicodedata.unidata_version}", lambda: [_letters()])
    return table


def _letters() -> npt.NDArray[np.uint8]:
    table = np.zeros(0x110000, np.uint8)
    numbers = {name: number for number, name in enumerate(_NAMES, 1)}
    for point in range(0x110000):
        category = unicodedata.category(chr(point))
        if category[0] == "L" or point in (0x3005, 0x3007):  # 々 and 〇 are used as Han characters are
            words = [*unicodedata.name(chr(point), "OTHER").split(), ""]
            first = words[1] if words[0] in ("HALFWIDTH", "FULLWIDTH") else words[0]
            table[point] = numbers.get(_ALIASES.get(first, first), numbers["OTHER"])
        elif chr(point).isspace():
            table[point] = WHITE
    for point in range(0x4E00, 0xA000):
        simplified, traditional = _encodes(point, "gb2312"), _encodes(point, "big5")
        table[point] |= SIMPLIFIED * (simplified and not traditional) | TRADITIONAL * (traditional and not simplified)
    return table


def _encodes(point: int, codec: str) -> bool:
    try:
        return bool(chr(point).encode(codec))
    except UnicodeEncodeError:
        return False
