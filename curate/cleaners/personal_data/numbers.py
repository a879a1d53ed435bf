"""Resident IDs and bank cards, which carry a checksum; passports and travel permits, which must be named.

Sources: GB 11643 with ISO 7064 MOD 11-2 (resident ID), GB/T 2260 (provinces), ISO/IEC 7812 (Luhn).
"""

import re
from collections.abc import Iterator
from datetime import date

from curate.cleaners.personal_data.context import MANY_DIGITS, Span, is_inside, is_number_of_its_own, left_of


def is_resident_id(number: str) -> bool:
    """Whether 18 characters are a resident ID: province, date of birth, ISO 7064 MOD 11-2."""
    total = sum(int(digit) * (2 ** (17 - i) % 11) for i, digit in enumerate(number[:17]))
    if number[17].upper() != "10X98765432"[total % 11]:
        return False
    return int(number[:2]) in _PROVINCE_CODES and _is_birthday(number[6:14])


_PROVINCE_CODES = frozenset(
    [*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83]
)
"""GB/T 2260; 81, 82, 83: residence permits for people from Hong Kong, Macau and Taiwan."""


def _is_birthday(digits: str) -> bool:
    try:
        return 1900 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year <= 2035
    except ValueError:
        return False


def is_luhn(number: str) -> bool:
    """Whether the digits pass the Luhn check of ISO/IEC 7812."""
    doubled = [int(digit) * (2 if i % 2 else 1) for i, digit in enumerate(reversed(number))]
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


_RESIDENT_ID = re.compile(r"[1-8]\d{5}([ -]?)(?:19|20)\d{6}\1\d{3}[\dXx](?![0-9A-Za-z_])")
_OLD_RESIDENT_ID = re.compile(
    r"(?:身份证|身份證|证件)(?:件)?(?:号码?|號碼?|编号)?[\s:：（(是为]{0,4}(?P<id>[1-8]\d{7}[01]\d[0-3]\d{4})(?!\d|[A-Za-z])"
)
_CARD = re.compile(
    r"[3456]\d{3}(?:(?P<group>[ -])\d{4}(?P=group)\d{4}(?P=group)\d{1,4}(?:(?P=group)\d{1,3})?|"
    r"\d{9,15}|[ -]?\d{6}[ -]?\d{5}|\d{8,12} \d{3})(?![0-9A-Za-z_]| ?\d|[.]\d)"
)
_CARD_NAME = re.compile(
    r"(?:银行|信用卡|储蓄卡|借记卡|卡号|帐号|账号|账户|帐户|卡|行|打款|汇款|转账|银联|运通|[Cc]ard|CARD|VISA|[Vv]isa|account)[^\n。]{0,16}$"
)
_DECIMAL = re.compile(r"\d[.-]$")
_HEX_DUMP = re.compile(r" ?[0-9a-fA-F]{2,4}\b")
_CARD_PREFIX = re.compile(r"62|4|5[1-5]|2[2-7]|3[47]|35|6011|65|60|81")
_SAMPLE_CARDS = frozenset(
    ("4111111111111111", "4242424242424242", "4012888888881881", "5555555555554444", "378282246310005")
)
"""Numbers that payment systems publish for tests."""


def resident_ids(text: str) -> Iterator[Span]:
    """Resident IDs of 18 characters with their checksum; the old ones of 15 when named."""
    if not MANY_DIGITS.search(text):
        return
    for match in _RESIDENT_ID.finditer(text):
        if not is_inside(text, match.start()) and is_resident_id(re.sub("[ -]", "", match[0])):
            yield Span(*match.span(), "resident_id")
    for match in _OLD_RESIDENT_ID.finditer(text):
        number = match["id"]
        if int(number[:2]) in _PROVINCE_CODES and _is_birthday("19" + number[6:12]):
            yield Span(*match.span("id"), "resident_id")


def bank_cards(text: str) -> Iterator[Span]:
    """Card numbers that pass Luhn: named, of UnionPay, or in groups of four; published test numbers stay."""
    for match in _CARD.finditer(text):
        number = re.sub("[ -]", "", match[0])
        if is_inside(text, match.start()) or _DECIMAL.search(left_of(text, match.start())):
            continue
        if not (13 <= len(number) <= 19 and _CARD_PREFIX.match(number) and is_luhn(number)) or number in _SAMPLE_CARDS:
            continue
        # One number in ten passes Luhn: without a name, only UnionPay's and those in groups are believed.
        named = _CARD_NAME.search(left_of(text, match.start()))
        alone = is_number_of_its_own(text, *match.span()) and not _HEX_DUMP.match(text, match.end())
        if named or (alone and ((number.startswith("62") and len(number) >= 16) or match["group"])):
            yield Span(*match.span(), "bank_card")


_NUMBERED = (
    r"[（(，,]?\s?(?:证件号码?|号码?|號碼?|编号|證號|证号|[Nn]o\.?|[Nn]umber|\((?:[Pp]assport|[Nn]o\.?)\))?"
    r"[\s:：（(为是#.=]{0,5}"
)
_PASSPORT = re.compile(
    rf"(?:护照|護照|证件号码?[:：]|[Pp]assport|PASSPORT)\s?{_NUMBERED}"
    r"(?P<id>[A-Z]{1,2}[0-9]{7,8}|[A-Z]{2}[0-9]{6}|[A-Za-z][0-9]{8}|E[A-HJ-NP-Za-hj-np-z][0-9]{7}|[0-9]{9})(?![0-9A-Za-z])"
)
_PERMIT = re.compile(
    rf"(?:通行证|通行證|回乡证|回鄉證|台胞证|台胞證|居住证)\s?{_NUMBERED}(?P<id>[A-Z]{{1,2}}[0-9]{{7,10}}|[0-9]{{8}}(?:[0-9]{{2}})?)(?![0-9A-Za-z])"
)


def passports(text: str) -> Iterator[Span]:
    """Passports and travel permits right after their name."""
    for pattern in (_PASSPORT, _PERMIT):
        for match in pattern.finditer(text):
            yield Span(*match.span("id"), "passport")
