"""E-mail and IP addresses.

IP addresses that are public by nature stay: private, documentation, multicast and network addresses (the IANA
special-purpose registries as Python's `ipaddress` knows them), masks, public name servers; so does mail at example.com.
"""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from curate.cleaners.personal_data.context import Span, is_inside, left_of

_TLD = (
    r"(?:com|net|org|edu|gov|mil|int|info|biz|name|mobi|asia|pro|top|xyz|vip|club|online|site|shop|store|tech|app|dev|wang|"
    r"ltd|group|work|ink|icu|fun|live|email|cloud|space|world|today|link|news|blog|art|wiki|"
    r"games?|software|agency|company|global|design|studio|life|media|social|zone|city|law|ren|host|press|page|center|"
    r"systems|solutions|network|digital|academy|education|school|health|finance|travel|photo|music|video|[a-z]{2})"
)
_LOCAL = r"(?<![A-Za-z0-9._%+@-])(?<![A-Za-z0-9]/)(?P<local>[A-Za-z0-9_](?:[A-Za-z0-9._%+-]{0,62}[A-Za-z0-9_+-])?)"
_HOST = (
    rf"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{{0,60}}[A-Za-z0-9])?\.){{1,5}}(?i:{_TLD})"
    r"(?!(?!QQ|VX|WX|TEL|Tel)[A-Za-z0-9_-]|\.[A-Za-z0-9])"
)
_EMAIL = re.compile(rf"{_LOCAL}(?P<at>@|\s?[\[(（](?i:at)[\])）]\s?)(?P<host>{_HOST})")
# A user on a machine, not a mailbox: ssh and Git addresses, prompts, passwords in URLs.
_ON_HOST_AFTER = re.compile(r":[~/A-Za-z0-9_.-]{1,80}[/.~]|:~|/[A-Za-z]|\s?[~/][^\s\]]{0,80}[\]$#]")
_ON_HOST_BEFORE = re.compile(r"//[!-.0-?A-~]{0,80}$|\b(?:ssh|scp|sftp|rsync|ssh-copy-id)\b[ -~]{0,40}$")
_MAIL_HOSTS = (
    r"(?:qq|vip\.qq|163|vip\.163|126|139|189|gmail|sina|sohu|hotmail|outlook|foxmail|yeah|aliyun|icloud|yahoo)"
)
_HASHED = re.compile(rf"{_LOCAL}#{_MAIL_HOSTS}\.(?:com|net|cn)(?:\.cn)?(?![A-Za-z0-9_-])")
_SAMPLE_HOST = re.compile(
    r"(?i)(?:^|\.)(?:(?:example|(?:your|my)?-?(?:domain|company)|test|xxx|xyz|openssh|libssh)\.(?:com|net|org|edu|cn)|"
    r".*\.(?:example|test|invalid|localhost|local|internal))$"
)
_NOBODY = ("git", "root")
_SAME_TWICE = re.compile(r"(\w+)@\1\.\w+")
_NOT_A_COUNTRY = frozenset(
    ("cs", "db", "go", "gz", "hs", "js", "kt", "md", "ml", "pl", "ps", "py", "rb", "rs", "sh", "so", "ts", "vb", "xz")
)
"""Ends of file names that are country codes too."""
_HOSTS_IN_THEM = re.compile(r"(?i)\.(?:com|co|org|net|gov|edu|ac)\.[a-z]{2}$")


def emails(text: str) -> Iterator[Span]:
    """Mailboxes, also written `name(at)host.com`, `name#qq.com`; users on machines and sample addresses stay."""
    for match in _EMAIL.finditer(text):
        host = match["host"].lower()
        before = text[max(0, match.start() - 120) : match.start()]
        is_file = host.rpartition(".")[2] in _NOT_A_COUNTRY and not _HOSTS_IN_THEM.search(host)
        on_host = _ON_HOST_AFTER.match(text, match.end("host")) or _ON_HOST_BEFORE.search(before)
        if not (
            on_host
            or is_file
            or match["local"] in _NOBODY
            or _SAME_TWICE.fullmatch(match[0])
            or _SAMPLE_HOST.search(host)
        ):
            yield Span(match.start(), match.end("host"), "email")
    for match in _HASHED.finditer(text):
        yield Span(*match.span(), "email")


_IPV4 = re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![0-9A-Za-z_]|\.\w|\s?/\s?\d{1,2}\b|-\w|\+\w|版)")
_IPV6 = re.compile(r"[23][0-9A-Fa-f]{3}(?::[0-9A-Fa-f]{0,4}){3,7}(?![0-9A-Za-z_:]|\s?/\s?\d)")
_ADDRESS_BEFORE = re.compile(r"[0-9A-Fa-f:]:$|\.$")
_PORT = re.compile(r":\d{2,5}\b")
_VERSION = re.compile(
    r"(?:(?<![A-Za-z])(?i:version|ver|release|build|rev|firmware|v|driver|chrome|firefox|sdk|dll)|[A-Za-z]-|"
    r"版本|版|固件|驱动|升级[到至为]?|更新[到至为]?|[第§见])[号为:：\s.\"'=(（是]*$"
)
_PRODUCT = re.compile(r"[A-Z][A-Za-z+#.-]+ $")
_ADDRESS = re.compile(
    r"(?i:\bip\b|ipv4|inet|host|server|ping|ssh|http|from|addr|peer|remote|client)|(?<!\[IP)地址|服务器|主机|来自|登录|访问|节点|攻击|来源"
)
# fmt: off
_RESOLVERS = frozenset([
    "1.0.0.1", "1.1.1.1", "1.2.3.4", "1.2.4.8", "4.2.2.2", "8.8.4.4", "8.8.8.8", "9.9.9.9", "101.226.4.6",
    "114.114.114.114", "114.114.115.115", "119.29.29.29", "123.125.81.6", "180.76.76.76", "208.67.220.220",
    "208.67.222.222", "210.2.4.8", "223.5.5.5", "223.6.6.6", "2001:4860:4860::8844", "2001:4860:4860::8888",
    "2400:3200::1", "2606:4700:4700::1111",
])
# fmt: on
"""Public name servers, and the sample that everybody writes."""


def ips(text: str) -> Iterator[Span]:
    """Public addresses of IPv4 and IPv6 that are no version, no section and no network."""
    for match in _IPV4.finditer(text):
        before = left_of(text, match.start())
        try:
            address = IPv4Address(match[0])
        except AddressValueError:
            continue
        if (
            is_inside(text, match.start())
            or before.endswith(".")
            or not address.is_global
            or address.is_multicast
            or match[0] in _RESOLVERS
            or address.packed[3] in (0, 255)
        ):
            continue
        # Four small numbers are a version or the number of a section, unless something says address.
        small = max(address.packed) < 100 or (address.packed[0] < 30 and bool(_PRODUCT.search(before)))
        said = _ADDRESS.search(before) or _PORT.match(text, match.end())
        if not _VERSION.search(before) and (said or not small):
            yield Span(*match.span(), "ip")
    for match in _IPV6.finditer(text):
        try:
            ours = IPv6Address(match[0]).is_global
        except AddressValueError:
            continue
        before = left_of(text, match.start())
        if (
            ours
            and not is_inside(text, match.start())
            and not _ADDRESS_BEFORE.search(before)
            and match[0].lower() not in _RESOLVERS
        ):
            yield Span(*match.span(), "ip")
