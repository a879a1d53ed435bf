"""WeChat and QQ ids, which must be named as such; licence plates (GA 36)."""

import re
from collections.abc import Iterator

from curate.cleaners.personal_data.context import UNIT, Span, further, is_inside, left_of

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
"""What a plate begins with."""

# No closing square bracket: a placeholder, `[QQ号]`, names nothing.
_BETWEEN = r"[\s:：（()）【】\[「」“\"'是为=＝❤\ufe0f]"
_WECHAT_ID = r"(?P<id>[A-Za-z][-_A-Za-z0-9]{5,19}|[1-9]\d{4,10})(?![-_A-Za-z0-9@]|\.\w)"
_WECHAT_NAME = (
    r"(?P<name>微信|薇信|威信|维信|微訊|v信|V信|vx|VX|Vx|wx|WX|Wx|wechat|WeChat|Wechat|WECHAT|weixin|Weixin|WEIXIN)"
    r"\s?(?:帐号|账号|賬號|号码|號碼|号|號|ID|id|联系|咨询|/\s?(?:手机|电话|QQ)(?:号码?)?)?"
    r"(?:[（(][\u4e00-\u9fffA-Za-z]{1,8}[）)])?\s?"
)
_WECHAT_ADD = r"[加➕＋+]\s?(?:我|本人|老师|客服|小编|店主|个)?(?:微信?|薇|威|[Vv](?!ip|IP))"
_WECHAT = re.compile(rf"{_WECHAT_NAME}{_BETWEEN}{{0,4}}{_WECHAT_ID}")
_ADDED = re.compile(rf"{_WECHAT_ADD}{_BETWEEN}{{0,3}}{_WECHAT_ID}")
_NO_WECHAT_ID = re.compile(
    r"(?i)wechat|weixin|android|iphone|ipad|windows|openid|unionid|appid|wx[0-9a-f]{16}$|gh_[0-9a-f]{12}$|https?|"
    r"javascript|v\d"
)
_QQ = re.compile(
    r"(?P<name>QQ|qq|Qq|qQ|扣扣|叩叩|企鹅|球球|Q(?=\s?[群号:：])|q(?=\s?[群号:：])|加我?\s?[Qq扣]|＋\s?[Qq扣]|\+\s?[Qq扣]|"
    r"(?=群号)群|加[1-9一二三四五]?(?=群))(?:\s?[/&、和]\s?微信)?(?:[\u4e00-\u9fff]{0,4}群)?[①-⑩一二三四五]?"
    rf"(?:号码|帐号|账号|賬號|号|號|码)?(?:[（(][\u4e00-\u9fff]{{1,6}}[）)])?\s?{_BETWEEN}{{0,4}}(?P<id>[1-9]\d{{4,10}})"
    r"(?P<more>(?:\s?[、/,，；;或]\s?[1-9]\d{5,10}(?![\d.]))*)(?!\d|[.,:]\d|[-_@A-Za-z][0-9A-Za-z_])"
)


_ELEVEN_DIGITS = re.compile(r"(?<!\d)1\d{10}$")


def _is_wechat_id(text: str, match: re.Match[str]) -> bool:
    """Whether what follows the name can only be an id: a colon or the like before it, or its own look."""
    name = match["id"]
    if _NO_WECHAT_ID.match(name) or UNIT.match(text, match.end()):
        return False
    spelled = re.search(r"[:：是为=＝]|号|ID|id", text[match.start() : match.start("id")])
    if name[0].isdigit():
        if left_of(text, match.start()).endswith(("Q/", "q/", "Q、", "q、", "Q&", "Q和")):
            return False
        return bool(spelled) or match.re is _ADDED
    # `wx:for-index`, `wx:else`: attributes of mini-programs
    plain = bool(spelled) and name.islower() and not match[0].lower().startswith(("wx", "vx"))
    return plain or bool(re.search(r"[\d_]", name))


def accounts(text: str) -> Iterator[Span]:
    """WeChat and QQ ids (and groups) right after their name; public accounts and app ids stay."""
    for pattern in (_WECHAT, _ADDED):
        for match in pattern.finditer(text):
            latin = pattern is _WECHAT and match["name"].isascii() and is_inside(text, match.start())
            if not latin and _is_wechat_id(text, match):
                yield Span(*match.span("id"), "wechat")
    for match in _QQ.finditer(text):
        inside = match["name"][0] in "Qq" and is_inside(text, match.start())
        if (not inside or _ELEVEN_DIGITS.search(left_of(text, match.start()))) and not UNIT.match(text, match.end()):
            yield Span(*match.span("id"), "qq")
            yield from further(match, "qq")


_PLATE = re.compile(
    rf"[{PROVINCES}][A-HJ-Z][·•・. -]?(?P<tail>[A-HJ-NP-Z0-9]{{4}}[A-HJ-NP-Z0-9挂学警港澳]|"
    r"[A-HJK][A-HJ-NP-Z0-9]\d{4}|\d{5}[A-HJK])(?![0-9A-Za-z]|\.\d)"
)
_PLACES = frozenset(("北京", "南京", "东京", "天津", "江苏", "四川", "辽宁", "西宁", "南宁", "西藏"))


def plates(text: str) -> Iterator[Span]:
    """Plates of five characters, or six (electric cars), two digits at least."""
    for match in _PLATE.finditer(text):
        place = text[max(0, match.start() - 1) : match.start() + 1] in _PLACES
        if sum(map(str.isdigit, match["tail"])) >= 2 and not place and not UNIT.match(text, match.end()):
            yield Span(*match.span(), "plate")
