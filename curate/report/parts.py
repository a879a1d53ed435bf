"""Pieces of which several sections of the page are made: bars, tables, names that came from outside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from curate.report.markup import Content, Markup, element, escape, number, shortened

NAME_CHARS = 300
"""Characters shown of an id, a path, a condition, a warning."""
FACT_CHARS = 200


def bar(shares: Sequence[tuple[str, float]], *, tall: bool = False) -> Markup:
    """Draw a bar of several colours; each `(colour, share)` has its share (0..1) of the width, and is seen if not 0."""
    drawn, start = [], 0.0
    for colour, width in shares:
        if width > 0:
            seen = max(100 * width, 0.35)
            drawn.append(
                element(
                    "rect", class_=f"fill-{colour}", x=f"{min(start, 99.65):.2f}%", width=f"{seen:.2f}%", height="100%"
                )
            )
        start += 100 * width
    return element("svg", drawn, class_="bar tall" if tall else "bar", aria_hidden="true")


def name(text: str, most: int = NAME_CHARS) -> Markup:
    """A name that came from outside: cut, and its direction of writing kept to itself."""
    return element("bdi", shortened(text, most))


def code(text: str, most: int = NAME_CHARS) -> Markup:
    """A piece of code, or an id, in a monospaced font."""
    return element("code", element("bdi", shortened(text, most)))


def cell(*content: Content, **attributes: str | int | None) -> Markup:
    """A cell of a table."""
    return element("td", *content, **attributes)


def figures(*values: Content) -> list[Markup]:
    """Cells of numbers."""
    return [cell(value, class_="n") for value in values]


def table(heads: Iterable[tuple[Content, str | None]], rows: Iterable[Markup], class_: str | None = None) -> Markup:
    """A table that scrolls when it is too wide; heads are `(text, class)`."""
    head = element("tr", [element("th", text, class_=kind, scope="col") for text, kind in heads])
    inner = element("table", element("thead", head), element("tbody", rows), class_=class_)
    return element("div", inner, class_="scroll")


def section(anchor: str, title: Content, *content: Content) -> Markup:
    """A section with its heading."""
    return element("section", element("h2", title), content, id=anchor)


def fact(value: Any) -> Markup:
    """A signal's or a manifest's value as it is read."""
    if value is None:
        return element("span", "null", class_="quiet")
    if isinstance(value, bool):
        return escape("true" if value else "false")
    if isinstance(value, int | float):
        return escape(number(value))
    return name(str(value), FACT_CHARS)
