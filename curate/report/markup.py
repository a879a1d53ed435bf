"""HTML in which everything is escaped that is not markup already.

Web text is hostile: a string becomes part of a page only through `element` or `escape`, and a control character shows
as its picture (␀), so that nothing is hidden in it.
"""

from __future__ import annotations

import html
from collections.abc import Iterable

from curate.numerals import number as number
from curate.numerals import seconds as seconds
from curate.numerals import share as share
from curate.numerals import size as size

_PICTURES = {code: 0x2400 + code for code in range(32) if chr(code) not in "\n\t"} | {0x7F: 0x2421}
_VOID = {"rect", "input"}


class Markup(str):
    """Text that is HTML; whoever makes one vouches for it."""

    __slots__ = ()


Content = str | int | float | None | Iterable["Content"]


def escape(content: Content) -> Markup:
    """Turn content into HTML: markup as it is, strings escaped, lists joined, None left out."""
    if content is None:
        return Markup("")
    if isinstance(content, Markup):
        return content
    if isinstance(content, str):
        return Markup(html.escape(content.translate(_PICTURES)))
    if isinstance(content, int | float):
        return Markup(html.escape(number(content)))
    return Markup("".join(map(escape, content)))


def element(name: str, *content: Content, **attributes: str | int | bool | None) -> Markup:
    """Make an element; `class_` stands for class, `aria_label` for aria-label; None leaves an attribute out."""
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(str(value).translate(_PICTURES))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{shown}/>" if name in _VOID else f"<{name}{shown}>{escape(content)}</{name}>")


def shortened(text: str, most: int) -> str:
    """Cut text to `most` characters, and say by `…` that it was."""
    return text if len(text) <= most else text[:most] + "…"
