"""HTML in which everything is escaped that is not markup already.

Web text is hostile: a string becomes part of a page only through `element` or `escape`, and a control character shows
as its picture (␀), so that nothing is hidden in it.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable

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


def number(value: float | None) -> str:
    """Write a number for reading: thousands apart, four significant digits."""
    if value is None:
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value):
        return str(value)
    if abs(value) >= 10_000:
        return f"{value:,.0f}" if abs(value) < 1e15 else f"{value:.3g}"
    return f"{value:.4g}"


def share(part: int, whole: int) -> str:
    """Write a share as per cent; never `0 %` or `100 %` of what is not."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if 0 < percent < 0.01:
        return "<0.01 %"
    digits = 0 if part in (0, whole) else 2 if percent < 1 or percent > 99 else 1
    written = f"{percent:.{digits}f}"
    return ">99.99 %" if written == "100.00" and part < whole else f"{written} %"


def size(n_bytes: float) -> str:
    """Write a number of bytes in decimal units."""
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= factor:
            return f"{n_bytes / factor:.3g} {unit}" if n_bytes < 999.5 * factor else f"{n_bytes / factor:.0f} {unit}"
    return f"{n_bytes:.0f} B"


def seconds(value: float) -> str:
    """Write a duration."""
    if value < 60:
        return f"{value:.1f} s" if value >= 0.05 or value == 0 else f"{value * 1000:.1f} ms"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def shortened(text: str, most: int) -> str:
    """Cut text to `most` characters, and say by `…` that it was."""
    return text if len(text) <= most else text[:most] + "…"
