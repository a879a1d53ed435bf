"""Personal data replaced by a placeholder: addresses, numbers, accounts, plates.

A kernel finds the windows in which such a thing may stand (`kernels/personal_data.py`); only these, one byte in 50 of
ordinary pages, are decoded and given to the patterns beside this file. What is public by nature stays: private,
documentation and name-server addresses, mail at example.com, service numbers (400, 800, 95xxx), public accounts, test
cards. So does what is masked already (`138****5678`), and a number whose checksum is wrong.
"""

from collections.abc import Iterator
from functools import cache
from typing import ClassVar, Literal, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field, field_validator

from curate.cleaners.personal_data.accounts import PROVINCES
from curate.cleaners.personal_data.find import find
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

_PASSES = 100
"""A replacement may free a neighbour that it touched: again, until nothing is found. Two passes are usual."""


class Found(NamedTuple):
    """Something in a batch of texts."""

    row: int
    start: int
    """First byte, counted from the start of the text."""
    end: int
    kind: Kind


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
            for before in ("", "微信号：", "QQ：", "电话：", "护照号：", "身份证号：", "银行卡号：", "IP "):
                if find(before + text) or find(f"{text} 87654321") or find(f"{text} lin_tao88"):
                    raise ValueError(
                        f"{text!r} for {kind} would be taken for personal data again; use a word in brackets"
                    )
        return placeholders

    def clean(self, text: pl.Series) -> Cleaned:
        counts = np.zeros((len(text), len(SIGNALS)), np.int64)
        rows = np.arange(len(text))
        for _ in range(_PASSES):
            found = self._found(text, rows)
            for row, spans in found.items():
                for span in spans:
                    counts[row, _COLUMN[span.kind]] += 1
            if not found:
                break
            rows = np.array(list(found))
            replaced = [self._replace(text[row], spans) for row, spans in found.items()]
            text = text.clone().scatter(rows, replaced)
        return Cleaned(text, pl.DataFrame(counts, schema=self.signals))

    def _found(self, text: pl.Series, rows: npt.NDArray[np.int64]) -> dict[int, list[Found]]:
        """What is to be replaced in some rows, by row."""
        found: dict[int, list[Found]] = {}
        for one in locate(text.gather(rows)):
            if one.kind in self.kinds:
                found.setdefault(int(rows[one.row]), []).append(one)
        return found

    def _replace(self, text: str, spans: list[Found]) -> str:
        words = {**PLACEHOLDERS, **self.placeholders}
        data, pieces, done = text.encode(), [], 0
        for span in spans:
            pieces += [data[done : span.start], words[span.kind].encode()]
            done = span.end
        return b"".join([*pieces, data[done:]]).decode()


_COLUMN: dict[Kind, int] = {kind: column for column, kinds in enumerate(SIGNALS.values()) for kind in kinds}


def locate(text: pl.Series) -> Iterator[Found]:
    """Find all personal data in a String column, in order."""
    from curate.kernels.personal_data import windows

    data, offsets = Utf8.of(text)
    view = memoryview(data)  # type: ignore[arg-type]  # any array is a buffer
    # One turn a window: the screen leaves about one in 8,000 bytes of ordinary pages.
    for row, first, last, bits in windows(data, offsets, _classes()).T.tolist():
        window = str(view[first:last], "utf-8")
        start, stop = int(offsets[row]), int(offsets[row + 1])
        done, at = 0, first - start
        for span in find(window, bits):
            # What touches a side at which the text goes on may be a part of something: no more than context.
            if (span.start == 0 and first > start) or (span.end == len(window) and last < stop):
                continue
            begin = at + len(window[done : span.start].encode())
            done, at = span.end, begin + len(window[span.start : span.end].encode())
            yield Found(row, begin, at, cast(Kind, span.kind))


@cache
def _classes() -> npt.NDArray[np.uint8]:
    """What the screen has to know about characters: `uint8[0x10000]`."""
    from curate.kernels import personal_data as kernel

    members = {
        kernel.NAME_END: "群扣叩鹅球照證证话話机機线線真式打询詢维电",
        kernel.WECHAT_END: "信号號码碼微系加➕＋薇威",
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
