"""All kinds of personal data in a stretch of text.

Full-width digits, letters and `＠` count as the ASCII ones.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache

from curate.cleaners.personal_data.accounts import accounts, plates
from curate.cleaners.personal_data.addresses import emails, ips
from curate.cleaners.personal_data.context import Span
from curate.cleaners.personal_data.numbers import bank_cards, passports, resident_ids
from curate.cleaners.personal_data.phones import landlines, mobiles

WIDE = {0xFF01 + i: 0x21 + i for i in range(94) if chr(0x21 + i).isalnum() or chr(0x21 + i) in "@.-_+"}
"""Full-width letters, digits and the signs of addresses and numbers, to ASCII: one character for one."""


_ANY_WIDE = re.compile("[０-９Ａ-Ｚａ-ｚ＠．－＿＋]")


@cache
def _searches() -> tuple[tuple[int, Callable[[str], Iterator[Span]]], ...]:
    """In order of trust: what overlaps something found before is left alone. With each, where the screen sends it."""
    from curate.kernels.personal_data import DOTTED, EMAIL, HEX, NAMED, NUMBER, PLATE

    return (
        (EMAIL, emails), (NUMBER | NAMED, resident_ids), (NUMBER | NAMED, bank_cards), (DOTTED | HEX, ips),
        (NAMED, passports), (NUMBER | NAMED, mobiles), (NUMBER | NAMED, landlines), (NAMED, accounts),
        (PLATE, plates),
    )  # fmt: skip


def find(text: str, bits: int = -1) -> list[Span]:
    """Find personal data in a stretch of text: spans in order, not overlapping; `bits` says what may be in it."""
    plain = text.translate(WIDE) if _ANY_WIDE.search(text) else text
    taken = bytearray(len(plain))
    spans: list[Span] = []
    for where, search in _searches():
        for span in search(plain) if bits & where else ():
            if not any(taken[span.start : span.end]):
                taken[span.start : span.end] = b"\1" * (span.end - span.start)
                spans.append(span)
    return sorted(spans)
