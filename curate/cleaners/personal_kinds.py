"""How each kind of personal data is written, and what only looks like it. Precision first.

`find` takes a short stretch of text (what the screen in `kernels/personal_data.py` left) and returns the spans in it.
Shapes are patterns; what a pattern cannot say (checksums, dates, address ranges) is checked; what stands around a bare
number (an order number, a unit, a URL) decides in case of doubt. Full-width digits, letters and `＠` count as the ASCII
ones. Sources: GB 11643 and ISO 7064 (resident ID), ISO/IEC 7812 (Luhn), China's telephone numbering plan (area codes,
mobile ranges), GA 36 (plates), the IANA special-purpose registries as Python's `ipaddress` knows them.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import NamedTuple

KINDS = (
    "email", "mobile", "landline", "resident_id", "bank_card", "passport", "ip", "wechat", "qq", "plate",
)  # fmt: skip
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"

WIDE = {0xFF01 + i: 0x21 + i for i in range(94) if chr(0x21 + i).isalnum() or chr(0x21 + i) in "@.-_+"}
"""Full-width letters, digits and the signs of addresses and numbers, to ASCII: one character for one."""


_ANY_WIDE = re.compile("[０-９Ａ-Ｚａ-ｚ＠．－＿＋]")
_MANY_DIGITS = re.compile(r"\d(?:[^\d\n]{0,2}\d){6}")
"""Without it, no telephone and no identity number: a third of the windows hold nothing but an id's name."""


class Span(NamedTuple):
    """A thing that was found: characters `start` to `end`."""

    start: int
    end: int
    kind: str


def is_resident_id(number: str) -> bool:
    """Whether 18 characters are a resident ID: province, date of birth, ISO 7064 MOD 11-2."""
    total = sum(int(digit) * (2 ** (17 - i) % 11) for i, digit in enumerate(number[:17]))
    if number[17].upper() != "10X98765432"[total % 11]:
        return False
    return number[:2] in _PROVINCE_CODES and _is_birthday(number[6:14])


_PROVINCE_CODES = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83".split()
)


def _is_birthday(digits: str) -> bool:
    try:
        return 1900 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year <= 2035
    except ValueError:
        return False


def is_luhn(number: str) -> bool:
    """Whether the digits pass the Luhn check of ISO/IEC 7812."""
    doubled = [int(digit) * (2 if i % 2 else 1) for i, digit in enumerate(reversed(number))]
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


# ---- what stands around a number

_GLUED_BEFORE = re.compile(r"[0-9A-Za-z_%$￥¥€]$|[A-Za-z_)\]][-/.=&?#+*^~]$|[0-9][-.=&?#+*^~]$|[0-9] ?[-*+=×÷] ?$|[=<>%] ?$")
_GLUED_WORD = re.compile(r"(?:(?<![A-Za-z])[a-z]{2,} |[a-z_]\w*[\"']?\s?[:\[(]\s?)$")
"""A key, an index, the argument of a call, a word in an English list: code and logs."""
_GLUED_AFTER = re.compile(r"[0-9A-Za-z_@%℃°*＊×]|[.:]\d|,\d{3}(?!\d)|[-+*=^]\w|[ ]?[-+*/=×÷][ ]?\d|-{0,1}[._]\w")
_UNIT = re.compile(
    r"\s?(?:[多余]?(?:万(?!先生|女士|总|经理)|[亿元块])|个(?!人)|人(?!事)|次(?!日)|位(?!于)|条(?!件)|只(?![要接加限收])|[件票年天吨股秒字页份]|号(?!码)"
    r"|字节|公里|千米|比特| ?[a-z]{2}| ?[KMGT]?B\b)"
)
_OTHER_NUMBER = re.compile(
    r"(?:订单|单号|运单|[出入]库单|提单|保单|编码|快递|物流|编号|流水|流水号|序列号|条码|条形码|批号|货号|型号|料号|专利|申请|公开|公告|备案|基金|股票|彩票|代码|期号|"
    r"学号|工号|准考证|考号|票号|发票|合同|档案|索书|统一|信用代码|许可证|案号|文号|随机|种子|时间戳|版本|哈希|验证码|"
    r"ISBN|ISSN|DOI|doi|isbn|UID|uid|SN|sn|S/N|EAN|UPC|IMEI|imei|MEID|No|NO|Order|order|seed|timestamp|[A-Za-z_]?[iI][dD])"
    r"(?:码|号码?|编码|[为是])?[\s.:：#＃\"'=（(№-]*$"
)
_PHONE_NAME = re.compile(
    r"(?:电话|電話|手机|手機|座机|座機|固话|传真|傳真|热线|熱線|联系方式|联系|聯絡|聯繫|致电|拨打|来电|咨询|咨詢|报名|预约|订票|"
    r"(?i:tel|phone|mobile|fax|whatsapp|telephone|contact)(?i:_?(?:no|num|number)\b\.?)?)(?:号码?|號碼?|号|\(?[A-Za-z\u4e00-\u9fff]{0,4}\)?)?"
    r"[\s:：.（(）)\[【/\\\"'“是为=-]{0,6}$"
)


_GOES_ON = re.compile(r"[0-9*＊]|[.,]\d|[A-Za-z_]\w")


def _is_inside(text: str, start: int) -> bool:
    """Whether a letter or digit (ASCII) touches from the left.

    No lookbehind: Python's `re` skips ahead fast only where a pattern begins with what it consumes.
    """
    before = text[start - 1 : start]
    return before.isascii() and (before.isalnum() or before == "_")


def _before(text: str, start: int) -> str:
    return text[max(0, start - 28) : start]


def _is_number_of_its_own(text: str, start: int, end: int) -> bool:
    """Whether a bare number is not part of a longer one, a URL, a formula or code, nor named otherwise, nor counted."""
    before = _before(text, start)
    if text.endswith("0000000", start, end) or _GLUED_AFTER.match(text, end) or _UNIT.match(text, end) or _OTHER_NUMBER.search(before):
        return False
    return not (_GLUED_BEFORE.search(before[-3:]) or _GLUED_WORD.search(before))


def _is_named_number(text: str, start: int, end: int) -> bool:
    """Whether a word for telephones stands right before, and no digit touches."""
    return bool(_PHONE_NAME.search(_before(text, start))) and not _GOES_ON.match(text, end)


# ---- e-mail

_TLD = (
    r"(?:com|net|org|edu|gov|mil|int|info|biz|name|mobi|asia|pro|top|xyz|vip|club|online|site|shop|store|tech|app|dev|wang|"
    r"ltd|group|work|ink|icu|fun|live|email|cloud|space|world|today|link|news|blog|art|wiki|[a-z]{2})"
)
_LOCAL = r"(?<![A-Za-z0-9._%+@-])(?<![A-Za-z0-9]/)(?P<local>[A-Za-z0-9_](?:[A-Za-z0-9._%+-]{0,62}[A-Za-z0-9_+-])?)"
_HOST = rf"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{{0,60}}[A-Za-z0-9])?\.){{1,5}}(?i:{_TLD})(?![A-Za-z0-9_-]|\.[A-Za-z0-9])"
_EMAIL = re.compile(rf"{_LOCAL}(?P<at>@|\s?[\[(（](?i:at)[\])）]\s?)(?P<host>{_HOST})")
# A user on a machine, not a mailbox: ssh and Git addresses, prompts, passwords in URLs.
_ON_HOST_AFTER = re.compile(r":[~/\w]\S*[/.~]|:~|/\w|\s?[~/][^\s\]]*[\]$#]")
_ON_HOST_BEFORE = re.compile(r"//[^\s/@]*$|\b(?:ssh|scp|sftp|rsync|ssh-copy-id)\b[^\n]*$")
_MAIL_HOSTS = r"(?:qq|vip\.qq|163|vip\.163|126|139|189|gmail|sina|sohu|hotmail|outlook|foxmail|yeah|aliyun|icloud|yahoo)"
_HASHED = re.compile(rf"{_LOCAL}#{_MAIL_HOSTS}\.(?:com|net|cn)(?:\.cn)?(?![A-Za-z0-9_-])")
_SAMPLE_HOST = re.compile(r"(?i)(?:^|\.)(?:example\.(?:com|net|org|edu|cn)|(?:your|my)?-?(?:domain|company|openssh|libssh)\.(?:com|net|org|cn)|.*\.(?:example|test|invalid|localhost|local|internal))$")
_NOT_A_COUNTRY = frozenset("js ts py rb go rs md sh so cs db gz xz vb kt hs pl ps ml".split())
_HOSTS_IN_THEM = re.compile(r"(?i)\.(?:com|co|org|net|gov|edu|ac)\.[a-z]{2}$")


def _emails(text: str) -> Iterator[Span]:
    for match in _EMAIL.finditer(text):
        host = match["host"].lower()
        before = text[: match.start()]
        is_file = host.rpartition(".")[2] in _NOT_A_COUNTRY and not _HOSTS_IN_THEM.search(host)
        on_host = _ON_HOST_AFTER.match(text, match.end("host")) or _ON_HOST_BEFORE.search(before)
        if not (on_host or is_file or match["local"] in ("git", "root") or _SAMPLE_HOST.search(host)):
            yield Span(match.start(), match.end("host"), "email")
    for match in _HASHED.finditer(text):
        yield Span(*match.span(), "email")


# ---- numbers with a checksum

_RESIDENT_ID = re.compile(r"[1-8]\d{5}([ -]?)(?:19|20)\d{6}\1\d{3}[\dXx](?![0-9A-Za-z_])")
_OLD_RESIDENT_ID = re.compile(r"(?:身份证|身份證|证件)(?:件)?(?:号码?|號碼?|编号)?[\s:：（(是为]{0,4}(?P<id>[1-8]\d{7}[01]\d[0-3]\d{4})(?!\d|[A-Za-z])")
_CARD = re.compile(
    r"[3456]\d{3}(?:(?P<group>[ -])\d{4}(?P=group)\d{4}(?P=group)\d{1,4}(?:(?P=group)\d{1,3})?|"
    r"\d{9,15}|[ -]?\d{6}[ -]?\d{5}|\d{8,12} \d{3})(?![0-9A-Za-z_]| ?\d|[.]\d)"
)
_CARD_NAME = re.compile(r"(?:银行|信用卡|储蓄卡|借记卡|卡号|帐号|账号|账户|帐户|卡|行|打款|汇款|转账|银联|运通|[Cc]ard|CARD|VISA|[Vv]isa|account)[^\n。]{0,16}$")
_DECIMAL = re.compile(r"\d[.-]$")
_HEX_DUMP = re.compile(r" ?[0-9a-fA-F]{2,4}\b")
_CARD_PREFIX = re.compile(r"62|4|5[1-5]|2[2-7]|3[47]|35|6011|65|60|81")
_SAMPLE_CARDS = frozenset(
    "4111111111111111 4242424242424242 4012888888881881 5555555555554444 5105105105105100 378282246310005".split()
)
"""Numbers that payment systems publish for tests."""


def _resident_ids(text: str) -> Iterator[Span]:
    if not _MANY_DIGITS.search(text):
        return
    for match in _RESIDENT_ID.finditer(text):
        if not _is_inside(text, match.start()) and is_resident_id(re.sub("[ -]", "", match[0])):
            yield Span(*match.span(), "resident_id")
    for match in _OLD_RESIDENT_ID.finditer(text):
        number = match["id"]
        if number[:2] in _PROVINCE_CODES and _is_birthday("19" + number[6:12]):
            yield Span(*match.span("id"), "resident_id")


def _bank_cards(text: str) -> Iterator[Span]:
    for match in _CARD.finditer(text):
        number = re.sub("[ -]", "", match[0])
        if _is_inside(text, match.start()) or _DECIMAL.search(text[: match.start()][-2:]):
            continue
        if not (13 <= len(number) <= 19 and _CARD_PREFIX.match(number) and is_luhn(number)) or number in _SAMPLE_CARDS:
            continue
        # One number in ten passes Luhn: without a name, only UnionPay's and those in groups are believed.
        named = _CARD_NAME.search(_before(text, match.start()))
        alone = _is_number_of_its_own(text, *match.span()) and not _HEX_DUMP.match(text, match.end())
        if named or (alone and ((number.startswith("62") and len(number) >= 16) or match["group"])):
            yield Span(*match.span(), "bank_card")


# ---- documents that must be named

_NUMBERED = r"[（(，,]?\s?(?:证件号码?|号码?|號碼?|编号|證號|证号|[Nn]o\.?|[Nn]umber|\((?:[Pp]assport|[Nn]o\.?)\))?[\s:：（(为是#.=]{0,5}"
_PASSPORT = re.compile(
    rf"(?:护照|護照|证件号码?[:：]|[Pp]assport|PASSPORT)\s?{_NUMBERED}"
    r"(?P<id>[A-Z]{1,2}[0-9]{7,8}|[A-Z]{2}[0-9]{6}|[A-Za-z][0-9]{8}|E[A-HJ-NP-Za-hj-np-z][0-9]{7}|[0-9]{9})(?![0-9A-Za-z])"
)
_PERMIT = re.compile(
    rf"(?:通行证|通行證|回乡证|回鄉證|台胞证|台胞證|居住证)\s?{_NUMBERED}(?P<id>[A-Z]{{1,2}}[0-9]{{7,10}}|[0-9]{{8}}(?:[0-9]{{2}})?)(?![0-9A-Za-z])"
)


def _passports(text: str) -> Iterator[Span]:
    for pattern in (_PASSPORT, _PERMIT):
        for match in pattern.finditer(text):
            yield Span(*match.span("id"), "passport")


# ---- addresses of machines

_IPV4 = re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![0-9A-Za-z_]|\.\w|\s?/\s?\d{1,2}\b|-\w|\+\w|版)")
_IPV6 = re.compile(r"[23][0-9A-Fa-f]{3}(?::[0-9A-Fa-f]{0,4}){3,7}(?![0-9A-Za-z_:]|\s?/\s?\d)")
_ADDRESS_BEFORE = re.compile(r"[0-9A-Fa-f:]:$|\.$")
_PORT = re.compile(r":\d{2,5}\b")
_VERSION = re.compile(
    r"(?:(?<![A-Za-z])(?i:version|ver|release|build|rev|firmware|v|driver|chrome|firefox|sdk|dll)|[A-Za-z]-|版本|版|固件|驱动|升级[到至为]?|更新[到至为]?|[第§见])[号为:：\s.\"'=(（是]*$"
)
_ADDRESS = re.compile(r"(?i:\bip\b|ipv4|host|server|ping|ssh|http|from|addr|peer|remote|client)|地址|服务器|主机|来自|登录|访问|节点|攻击|来源")
_RESOLVERS = frozenset(
    "8.8.8.8 8.8.4.4 1.1.1.1 1.0.0.1 9.9.9.9 4.2.2.2 208.67.222.222 208.67.220.220 114.114.114.114 114.114.115.115 "
    "223.5.5.5 223.6.6.6 119.29.29.29 180.76.76.76 1.2.4.8 210.2.4.8 101.226.4.6 123.125.81.6 1.2.3.4".split()
)
"""Public name servers, and the sample that everybody writes."""


def _ips(text: str) -> Iterator[Span]:
    for match in _IPV4.finditer(text):
        before = _before(text, match.start())
        try:
            address = IPv4Address(match[0])
        except AddressValueError:
            continue
        if _is_inside(text, match.start()) or before.endswith(".") or not address.is_global or address.is_multicast or match[0] in _RESOLVERS or address.packed[3] in (0, 255):
            continue
        # Four small numbers are a version or the number of a section, unless something says address.
        small = max(address.packed) < 100
        said = _ADDRESS.search(before) or _PORT.match(text, match.end())
        if not _VERSION.search(before) and (said or not small):
            yield Span(*match.span(), "ip")
    for match in _IPV6.finditer(text):
        try:
            ours = IPv6Address(match[0]).is_global
        except AddressValueError:
            continue
        before = text[: match.start()][-2:]
        if ours and not _is_inside(text, match.start()) and not _ADDRESS_BEFORE.search(before) and match[0].lower() not in _RESOLVERS6:
            yield Span(*match.span(), "ip")


_RESOLVERS6 = frozenset("2001:4860:4860::8888 2001:4860:4860::8844 2606:4700:4700::1111 2400:3200::1".split())


# ---- telephones

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
    rf"(?:\+86[- ]?(?:[(（]0?{_AREA}[)）]|0?{_AREA})[- ]?|0086[- ]?0?{_AREA}[- ]?|\((?:0|86-?){_AREA}\)\s?-?|（0{_AREA}）\s?|"
    rf"86-0?{_AREA}-|0{_AREA}\s?[-—–－ ]\s?){_LOCAL_NUMBER}{_EXTENSION}{_MORE}"
)
_NAMED_LOCAL = re.compile(
    rf"[02-8](?<![0-9A-Za-z_.-].)(?:(?<=0){_AREA}[2-8]\d{{6,7}}|(?<=[2-8])(?<![48](?=00))(?:\d{{6,7}}|\d{{2,3}}[- ]\d{{4}}))"
    rf"(?![\d:A-Za-z_]|\.\d|/\d{{1,2}}\b|-\d{{2}}\b){_EXTENSION}{_MORE}"
)
_ABROAD = re.compile(
    r"(?P<code>\+(?:85[23]|886)|00(?:85[23]|886)|\+(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[124]|9[0-58]|[2-9]\d{2}))"
    r"(?P<rest>[- .]?(?:[(（]\d{1,4}[)）][- .]?)?\d{1,11}(?:[- .]\d{2,5}){0,4})(?![0-9A-Za-z_])"
)
_AMERICAN = re.compile(rf"[(2-9](?<![0-9A-Za-z_-].)(?:(?<=\()(?!{_TOLL_FREE})[2-9]\d{{2}}\) ?|(?<!\()(?P<bare>\d\d[-.]))[2-9]\d{{2}}[-.]\d{{4}}(?![0-9A-Za-z_-])")
_DATE = re.compile(r"(?:19|20)\d\d-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])|(?:19|20)\d\d[- ](?:19|20)\d\d")


def _further(match: re.Match[str], kind: str) -> Iterator[Span]:
    """Further numbers of the same kind, after commas."""
    for number in re.finditer(r"\d+", match["more"]):
        yield Span(match.start("more") + number.start(), match.start("more") + number.end(), kind)


def _mobiles(text: str) -> Iterator[Span]:
    if not _MANY_DIGITS.search(text):
        return
    for match in _MOBILE.finditer(text):
        start, end = match.span()
        prefix = _MOBILE_PREFIX.search(_before(text, start))
        if prefix:
            start -= len(prefix[0])
        if _is_inside(text, start):
            continue
        if prefix or _is_named_number(text, start, end) or _is_number_of_its_own(text, start, end):
            yield Span(start, end, "mobile")
    for match in _ODD_MOBILE.finditer(text):
        if not _is_inside(text, match.start()) and _is_named_number(text, *match.span()):
            yield Span(*match.span(), "mobile")


def _landlines(text: str) -> Iterator[Span]:
    if not _MANY_DIGITS.search(text):
        return
    for match in _LANDLINE.finditer(text):
        before = _before(text, match.start())
        if not re.search(r"[0-9A-Za-z_]$|[0-9][-.~]$|[A-Za-z][-=/]$", before[-2:]) and not _OTHER_NUMBER.search(before):
            yield Span(match.start(), match.start("more"), "landline")
            yield from _further(match, "landline")
    for match in _ABROAD.finditer(text):
        digits = re.sub(r"\D", "", match["code"] + match["rest"])
        grouped = re.search(r"\d[- .(]", match["rest"].strip(" -.")) or match["rest"][0] in " -("
        before = text[match.start() - 1 : match.start()]
        if before == ")" or _is_inside(text, match.start()):
            continue
        if 10 <= len(digits) <= 15 and (grouped or len(digits) >= 11) and not _GLUED_AFTER.match(text, match.end()):
            yield Span(*match.span(), "landline")
    for match in _AMERICAN.finditer(text):
        if (not match["bare"] or not _TOLL_FREE_START.match(match[0])) and (not match["bare"] or _is_named_number(text, *match.span())):
            yield Span(*match.span(), "landline")
    for match in _NAMED_LOCAL.finditer(text):
        start, end = match.start(), match.start("more")
        if _is_named_number(text, start, end) and not _DATE.match(match[0]) and not _UNIT.match(text, end):
            yield Span(start, end, "landline")
            yield from _further(match, "landline")


# ---- accounts that must be named

_BETWEEN = r"[\s:：（()）【】\[\]「」“\"'是为=＝>❤\ufe0f]"
_WECHAT_ID = r"(?P<id>[A-Za-z][-_A-Za-z0-9]{5,19}|[1-9]\d{4,10})(?![-_A-Za-z0-9@]|\.\w)"
_WECHAT_NAME = (
    r"(?P<name>微信|薇信|威信|维信|微訊|v信|V信|vx|VX|Vx|wx|WX|Wx|wechat|WeChat|Wechat|WECHAT|weixin|Weixin|WEIXIN)"
    r"\s?(?:帐号|账号|賬號|号码|號碼|号|號|ID|id|/\s?(?:手机|电话|QQ)(?:号码?)?)?(?:[（(][\u4e00-\u9fffA-Za-z]{1,8}[）)])?\s?"
)
_WECHAT_ADD = r"[加➕＋+]\s?(?:我|本人|老师|客服|小编|店主|个)?(?:微信?|薇|威|[Vv](?!ip|IP))"
_WECHAT = re.compile(rf"{_WECHAT_NAME}{_BETWEEN}{{0,4}}{_WECHAT_ID}")
_ADDED = re.compile(rf"{_WECHAT_ADD}{_BETWEEN}{{0,3}}{_WECHAT_ID}")
_NO_WECHAT_ID = re.compile(r"(?i)wechat|weixin|android|iphone|ipad|windows|openid|unionid|appid|wx[0-9a-f]{16}$|gh_[0-9a-f]{12}$|https?|javascript|v\d")
_QQ = re.compile(
    r"(?P<name>QQ|qq|Qq|qQ|扣扣|叩叩|企鹅|球球|Q(?=\s?[群号:：])|q(?=\s?[群号:：])|加我?\s?[Qq扣]|＋\s?[Qq扣]|\+\s?[Qq扣]|(?=群号)群|加[1-9一二三四五]?(?=群))"
    r"(?:\s?[/&、和]\s?微信)?(?:[\u4e00-\u9fff]{0,4}群)?[①-⑩一二三四五]?(?:号码|帐号|账号|賬號|号|號|码)?(?:[（(][\u4e00-\u9fff]{1,6}[）)])?"
    rf"\s?{_BETWEEN}{{0,4}}(?P<id>[1-9]\d{{4,10}})(?P<more>(?:\s?[、/,，；;或]\s?[1-9]\d{{5,10}}(?![\d.]))*)(?!\d|[.,:]\d|[-_@A-Za-z]\w)"
)


def _is_wechat_id(text: str, match: re.Match[str]) -> bool:
    """Whether what follows the name can only be an id: a colon or the like before it, or its own look."""
    name = match["id"]
    if _NO_WECHAT_ID.match(name) or _UNIT.match(text, match.end()):
        return False
    spelled = re.search(r"[:：是为=＝]|号|ID|id", text[match.start() : match.start("id")])
    if name[0].isdigit():
        if text[: match.start()].endswith(("Q/", "q/", "Q、", "q、", "Q&", "Q和")):
            return False
        return bool(spelled) or match.re is _ADDED
    return bool(re.search(r"[\d_]", name)) or (bool(spelled) and name.islower())


def _accounts(text: str) -> Iterator[Span]:
    for pattern in (_WECHAT, _ADDED):
        for match in pattern.finditer(text):
            latin = pattern is _WECHAT and match["name"].isascii() and _is_inside(text, match.start())
            if not latin and _is_wechat_id(text, match):
                yield Span(*match.span("id"), "wechat")
    for match in _QQ.finditer(text):
        latin = match["name"][0] in "Qq" and _is_inside(text, match.start())
        if not latin and not _UNIT.match(text, match.end()):
            yield Span(*match.span("id"), "qq")
            yield from _further(match, "qq")


# ---- plates

_PLATE = re.compile(
    rf"[{PROVINCES}][A-HJ-Z][·•・. -]?(?P<tail>[A-HJ-NP-Z0-9]{{4}}[A-HJ-NP-Z0-9挂学警港澳]|[A-HJK][A-HJ-NP-Z0-9]\d{{4}}|\d{{5}}[A-HJK])(?![0-9A-Za-z]|\.\d)"
)


def _plates(text: str) -> Iterator[Span]:
    for match in _PLATE.finditer(text):
        if sum(map(str.isdigit, match["tail"])) >= 2:
            yield Span(*match.span(), "plate")


@cache
def _searches() -> tuple[tuple[int, Callable[[str], Iterator[Span]]], ...]:
    """In order of trust: what overlaps something found before is left alone. With each, where the screen sends it."""
    from curate.kernels.personal_data import DOTTED, EMAIL, HEX, NAMED, NUMBER, PLATE

    return (
        (EMAIL, _emails), (NUMBER | NAMED, _resident_ids), (NUMBER | NAMED, _bank_cards), (DOTTED | HEX, _ips),
        (NAMED, _passports), (NUMBER | NAMED, _mobiles), (NUMBER | NAMED, _landlines), (NAMED, _accounts),
        (PLATE, _plates),
    )  # fmt: skip


def find(text: str, bits: int = -1) -> list[Span]:
    """Find personal data in a stretch of text: spans in order, not overlapping; `bits` says what may be in it."""
    plain = text.translate(WIDE) if _ANY_WIDE.search(text) else text
    spans: list[Span] = []
    for where, search in _searches():
        if bits & where:
            for span in search(plain):
                if all(span.end <= other.start or other.end <= span.start for other in spans):
                    spans.append(span)
    return sorted(spans)
