"""Telephone numbers: mainland mobiles, and every other number.

Source: China's telephone numbering plan (mobile ranges, area codes), ITU-T E.164 (country codes).
"""

import re
from collections.abc import Iterator

from curate.cleaners.personal_data.context import (
    GLUED_AFTER,
    MANY_DIGITS,
    OTHER_NUMBER,
    UNIT,
    Span,
    further,
    is_inside,
    is_named_number,
    is_number_of_its_own,
    left_of,
)

_MOBILE_START = r"1(?:3\d|4[014-9]|5[0-35-9]|6[2567]|7[0-8]|8\d|9[0-35-9])"
_MOBILE = re.compile(rf"{_MOBILE_START}([- .]?)\d{{4}}\1\d{{4}}(?!\d)")
_MOBILE_PREFIX = re.compile(r"(?:(?:\+|00)86[- ]?|\(\+?86\)[- ]?|(?<![0-9A-Za-z_+])86[- ]?)$")
_ODD_MOBILE = re.compile(r"1[ .-]?[3-9](?:[ .-]?\d){9}(?!\d| \d)")
_AREA = (
    r"(?:10|2[0-57-9]|3(?:1\d|35|49|5\d|7\d|9[1-8])|4(?:1\d|2[179]|3\d|40|5\d|6[4789]|7\d|8[23])|"
    r"5(?:1\d|2[37]|3\d|4[36]|5\d|6[1-6]|7\d|80|9\d)|6(?:3[1-5]|6[0238]|9[12])|"
    r"7(?:01|1\d|2[248]|3\d|4[3-6]|5\d|6[0236-9]|7\d|9\d)|8(?:1[2-8]|2\d|3\d|5\d|7\d|8[0-8]|9[1-8])|"
    r"9(?:0[1-9]|1\d|3\d|4[13]|5[1-5]|7\d|9\d))"
)
_LOCAL_NUMBER = r"[2-8]\d{2,3}[- ]?\d{4}(?!\d)"
_EXTENSION = r"(?:\s?[-—(（]?\s?(?:转|轉|分机|分機|ext\.?|EXT\.?)[\s:：]?\d{1,6}[)）]?|[-—]\d{1,5}(?![\d-]))?"
_MORE = r"(?P<more>(?:(?:\s?[、/,，或]\s?|\s)[2-8]\d{6,7}(?![\d-]))*)"
_TOLL_FREE = r"(?:[48]00|8(?:33|44|55|66|77|88))"
_TOLL_FREE_START = re.compile(_TOLL_FREE)
_LANDLINE = re.compile(
    rf"(?:\+86[- ]?(?:[(（]0?{_AREA}[)）]|0?{_AREA})[- ]?|0086[- ]?0?{_AREA}[- ]?|\((?:0|86-?){_AREA}\)\s?-?|"
    rf"（0{_AREA}）\s?|86-0?{_AREA}-|0{_AREA}\s?[-—–－ ]\s?){_LOCAL_NUMBER}{_EXTENSION}{_MORE}"
)
_NAMED_LOCAL = re.compile(
    rf"[02-8](?<![0-9A-Za-z_.-].)(?:(?<=0){_AREA}[2-8]\d{{6,7}}|"
    r"(?<=[2-8])(?<![48](?=00))(?:\d{6,7}|\d{2,3}[- ]\d{4}))"
    rf"(?![\d:A-Za-z_]|\.\d|/\d{{1,2}}\b|-\d{{2}}\b){_EXTENSION}{_MORE}"
)
_ABROAD = re.compile(
    r"(?P<code>\+(?:85[23]|886)|00(?:85[23]|886)|\+(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[124]|9[0-58]|[2-9]\d{2}))"
    r"(?P<rest>[- .]?(?:[(（]\d{1,4}[)）][- .]?)?\d{1,11}(?:[- .]\d{2,5}){0,4})(?![0-9A-Za-z_])"
)
_AMERICAN = re.compile(
    rf"[(2-9](?<![0-9A-Za-z_-].)(?:(?<=\()(?!{_TOLL_FREE})[2-9]\d{{2}}\) ?|(?<!\()(?P<bare>\d\d[-.]))"
    r"[2-9]\d{2}[-.]\d{4}(?![0-9A-Za-z_-])"
)
_DATE = re.compile(r"(?:19|20)\d\d-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])|(?:19|20)\d\d[- ](?:19|20)\d\d")


def mobiles(text: str) -> Iterator[Span]:
    """Mobiles of mainland China, with or without +86, in groups or not; in odd groups when named."""
    if not MANY_DIGITS.search(text):
        return
    for match in _MOBILE.finditer(text):
        start, end = match.span()
        prefix = _MOBILE_PREFIX.search(left_of(text, start))
        if prefix:
            start -= len(prefix[0])
        inside = is_inside(text, start)
        alone = not inside and (prefix or is_number_of_its_own(text, start, end))
        if alone or is_named_number(text, start, end):
            yield Span(start, end, "mobile")
    for match in _ODD_MOBILE.finditer(text):
        if not is_inside(text, match.start()) and is_named_number(text, *match.span()):
            yield Span(*match.span(), "mobile")


def landlines(text: str) -> Iterator[Span]:
    """Numbers with an area code or country code, or named; 400, 800 and short numbers stay: they belong to services."""
    if not MANY_DIGITS.search(text):
        return
    for match in _LANDLINE.finditer(text):
        before = left_of(text, match.start())
        if not re.search(r"[0-9A-Za-z_]$|[0-9][-.~]$|[A-Za-z][-=/]$", before[-2:]) and not OTHER_NUMBER.search(before):
            yield Span(match.start(), match.start("more"), "landline")
            yield from further(match, "landline")
    for match in _ABROAD.finditer(text):
        digits = re.sub(r"\D", "", match["code"] + match["rest"])
        grouped = re.search(r"\d[- .(]", match["rest"].strip(" -.")) or match["rest"][0] in " -("
        before = text[match.start() - 1 : match.start()]
        if before == ")" or is_inside(text, match.start()):
            continue
        if 10 <= len(digits) <= 15 and (grouped or len(digits) >= 11) and not GLUED_AFTER.match(text, match.end()):
            yield Span(*match.span(), "landline")
    for match in _AMERICAN.finditer(text):
        toll_free = _TOLL_FREE_START.match(match[0])
        if not match["bare"] or (not toll_free and is_named_number(text, *match.span())):
            yield Span(*match.span(), "landline")
    for match in _NAMED_LOCAL.finditer(text):
        start, end = match.start(), match.start("more")
        if is_named_number(text, start, end) and not _DATE.match(match[0]) and not UNIT.match(text, end):
            yield Span(start, end, "landline")
            yield from further(match, "landline")
