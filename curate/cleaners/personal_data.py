"""Personal data replaced by a placeholder: addresses, numbers, accounts, plates.

A kernel finds the windows in which such a thing may stand (`kernels/personal_data.py`); only these are decoded and given
to the patterns (`personal_kinds.py`). What is public by nature stays: private, documentation and name-server addresses,
mail at example.com, service numbers (400, 800, 95xxx), public accounts, test cards. So does what is masked already
(`138****5678`).
"""

from collections.abc import Iterator
from functools import cache
from typing import ClassVar, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field, field_validator

from curate.cleaners.personal_kinds import KINDS, PROVINCES, Span, find
from curate.contracts import Cleaned, Cleaner, Utf8

Kind = Literal["email", "mobile", "landline", "resident_id", "bank_card", "passport", "ip", "wechat", "qq", "plate"]

# A word in square brackets: it reads as what it stands for, is no markup that an HTML cleaner takes away, no control
# token of a trainer, none of the brackets that quality rules count, and leaves JSON strings, YAML and Markdown sound.
PLACEHOLDERS: dict[Kind, str] = {
    "email": "[电子邮箱]",
    "mobile": "[手机号]",
    "landline": "[电话号码]",
    "resident_id": "[身份证号]",
    "bank_card": "[银行卡号]",
    "passport": "[证件号]",
    "ip": "[IP地址]",
    "wechat": "[微信号]",
    "qq": "[QQ号]",
    "plate": "[车牌号]",
}

SIGNALS: dict[str, tuple[Kind, ...]] = {
    "personal_emails": ("email",),
    "personal_phones": ("mobile", "landline"),
    "personal_numbers": ("resident_id", "bank_card", "passport"),
    "personal_ips": ("ip",),
    "personal_accounts": ("wechat", "qq"),
    "personal_plates": ("plate",),
}
"""Signal to the kinds that it counts."""

_PASSES = 8
"""A replacement may free a neighbour that it touched; two passes have always been enough."""


class Found(NamedTuple):
    """Something in a batch of texts."""

    row: int
    start: int
    """First byte, counted from the start of the text."""
    end: int
    kind: str


class PersonalData(Cleaner):
    """Replace personal data by a placeholder for each kind, precision first.

    Kinds: `email`; `mobile` (mainland China), `landline` (every other telephone number: with an area code, +852, +1 …,
    or named as one); `resident_id` (its checksum must be right), `bank_card` (Luhn and a known prefix), `passport` (and
    travel permits, when named); `ip` (public ones); `wechat`, `qq` (when named; groups too); `plate`.

    Signals (Int64): replacements in the text, `personal_emails`, `personal_phones` (mobile, landline),
    `personal_numbers` (resident_id, bank_card, passport), `personal_ips`, `personal_accounts` (wechat, qq),
    `personal_plates`: a list of members or contacts can be told by a rule such as `personal_phones > 20`.
    """

    signals: ClassVar[dict[str, pl.DataType]] = dict.fromkeys(SIGNALS, pl.Int64())

    kinds: list[Kind] = Field(default_factory=lambda: list(PLACEHOLDERS))
    """What to replace; a kind that is left out stays in the text, and changes nothing about the others."""
    placeholders: dict[Kind, str] = Field(default_factory=dict)
    """Kind to text, instead of the default (`[手机号]` and the like); an empty text takes the thing out."""

    @field_validator("placeholders")
    @classmethod
    def _is_not_found_again(cls, placeholders: dict[Kind, str]) -> dict[Kind, str]:
        for kind, text in placeholders.items():
            for name in ("", "微信号：", "QQ：", "电话：", "护照号：", "身份证号：", "银行卡号：", "IP "):
                if find(name + text):
                    raise ValueError(f"{text!r} for {kind} would be taken for personal data again; use a word in brackets")
        return placeholders

    def clean(self, text: pl.Series) -> Cleaned:
        counts = np.zeros((len(text), len(SIGNALS)), np.int64)
        result, rows = text, np.arange(len(text))
        for _ in range(_PASSES):
            found = [one for one in locate(result.gather(rows)) if one.kind in self.kinds]
            if not found:
                break
            found = [one._replace(row=int(rows[one.row])) for one in found]
            for one in found:
                counts[one.row, _COLUMN[one.kind]] += 1
            rows = np.unique([one.row for one in found])
            result = self._replace(result, found)
        return Cleaned(result, pl.DataFrame(counts, schema=self.signals))

    def _replace(self, text: pl.Series, found: list[Found]) -> pl.Series:
        words = {kind: word.encode() for kind, word in {**PLACEHOLDERS, **self.placeholders}.items()}
        changed: dict[int, list[bytes]] = {}
        ends: dict[int, int] = {}
        originals: dict[int, bytes] = {}
        # One turn a replacement, in the few texts that have any.
        for row, start, end, kind in found:
            original = originals.setdefault(row, text[row].encode()) if row not in originals else originals[row]
            changed.setdefault(row, []).extend((original[ends.get(row, 0) : start], words[kind]))
            ends[row] = end
        new = {row: b"".join((*pieces, originals[row][ends[row] :])).decode() for row, pieces in changed.items()}
        return text.scatter(list(new), list(new.values()))


_COLUMN = {kind: column for column, kinds in enumerate(SIGNALS.values()) for kind in kinds}


def locate(text: pl.Series) -> Iterator[Found]:
    """Find all personal data in a String column, in order."""
    from curate.kernels.personal_data import windows

    data, offsets = Utf8.of(text)
    view = memoryview(data)
    # One turn a window: the screen leaves about one in 8,000 bytes of ordinary pages.
    for row, first, last, bits in windows(data, offsets, _classes()).T.tolist():
        window = str(view[first:last], "utf-8")
        start, stop = int(offsets[row]), int(offsets[row + 1])
        for span in find(window, bits):
            if not _is_cut(span, window, first > start, last < stop):
                begin = first - start + len(window[: span.start].encode())
                yield Found(row, begin, begin + len(window[span.start : span.end].encode()), span.kind)


def _is_cut(span: Span, window: str, more_before: bool, more_after: bool) -> bool:
    """Whether a span touches a side of its window at which the text goes on: it is no more than context."""
    return (more_before and span.start == 0) or (more_after and span.end == len(window))


@cache
def _classes() -> npt.NDArray[np.uint8]:
    """What the screen has to know about characters: `uint8[0x10000]`."""
    from curate.kernels import personal_data as kernel

    members = {
        kernel.NAME_END: "群扣叩鹅球照證证话話机機线線真系式打询詢维电",
        kernel.WECHAT_END: "信号號码碼微加➕＋薇威",
        kernel.FILLER: "：（【】「」“”是为、，＝转轉❤️①②③④⑤⑥一二三四五",
        kernel.CLOSING: "）",
        kernel.PROVINCE: PROVINCES,
        kernel.WIDE_DIGIT: "".join(map(chr, range(0xFF10, 0xFF1A))),
        kernel.WIDE_AT: "＠",
    }
    table = np.zeros(0x10000, np.uint8)
    for kind, characters in members.items():
        table[list(map(ord, characters))] = kind
    return table
