"""What is printed for people: lines no wider than the terminal, in which a Han character takes two columns.

Elsewhere (a pipe, a file) a message stays one line, because scripts read it.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import TextIO
from unicodedata import combining, east_asian_width

_OPENING, _CLOSING = "([{（《「『【“‘`'\"", ")]}，。；：！？、）》」』】”’`'\",.;:!?%…"
"""Marks that a line does not end with, and marks that it does not begin with."""


def columns(text: str) -> int:
    """Columns that a text takes: two for what East Asian fonts draw wide."""
    return sum(0 if combining(char) else 1 + (east_asian_width(char) in "WF") for char in text)


def padded(text: str, width: int) -> str:
    """The text with blanks behind it, up to `width` columns; a negative width puts them before it."""
    blanks = " " * (abs(width) - columns(text))
    return text + blanks if width > 0 else blanks + text


def shortened(text: str, width: int) -> str:
    """The text in at most `width` columns; `…` stands for what is left out."""
    if columns(text) <= width:
        return text
    return _head(text, width - 1) + "…"


def _head(text: str, width: int) -> str:
    taken = 0
    for place, char in enumerate(text):
        taken += columns(char)
        if taken > width:
            return text[:place]
    return text


def wrapped(text: str, width: int, indent: str = "", first: str | None = None) -> str:
    """The text in lines of at most `width` columns, broken at blanks and between wide characters.

    `indent` opens every line; `first`, if given, the first one instead. A word that is longer than a line is divided.
    """
    lines, line = [], indent if first is None else first
    start = line
    for piece in _pieces(text):
        if columns(line) + columns(piece.rstrip()) > width and line.strip() != start.strip():
            lines.append(line.rstrip())
            line = start = indent
        piece = piece.lstrip() if line == start else piece
        while columns(line) + columns(piece.rstrip()) > width and (fits := _head(piece, width - columns(line))):
            lines.append(line + fits)
            line, start, piece = indent, indent, piece[len(fits) :]
        line += piece
    return "\n".join([*lines, line.rstrip()])


def _pieces(text: str) -> Iterator[str]:
    """What stays together: a word with the blank behind it, a wide character with the marks that cling to it."""
    held = ""
    for char in text:
        if held and _may_break(held[-1], char):
            yield held
            held = ""
        held += char
    yield held


def _may_break(before: str, after: str) -> bool:
    if before == " ":
        return after not in " %"
    if before in _OPENING or after in _CLOSING or after == " ":
        return False
    return columns(before) == 2 or columns(after) == 2


def width_of(stream: TextIO, most: int = 100) -> int | None:
    """Columns of the terminal that a stream writes to, at most `most`; None where it is no terminal."""
    return min(shutil.get_terminal_size().columns, most) if stream.isatty() else None


def message(text: str, stream: TextIO | None = None) -> str:
    """A message as the stream should show it: wrapped under itself on a terminal, one line elsewhere."""
    width = width_of(stream or sys.stderr)
    return wrapped(text, width, "  ", "") if width else text


def fitted(text: str, stream: TextIO | None = None) -> str:
    """Lines as a terminal should show them: longer ones go on under their second column; elsewhere as they are."""
    width = width_of(stream or sys.stdout)
    if not width:
        return text
    return "\n".join(_fitted(line, width) for line in text.split("\n"))


def _fitted(line: str, width: int) -> str:
    if columns(line) <= width:
        return line
    opening = re.match(r"\s*\S+ {2,}|\s*", line)
    assert opening
    second = columns(opening[0])
    indent = second if 0 < second <= width // 2 else 0
    return wrapped(line[opening.end() :], width, " " * (indent if opening[0].strip() else indent + 2), opening[0])


def table(rows: Sequence[Sequence[str]], numbers: Sequence[int] = (), gap: str = "  ") -> list[str]:
    """Rows with their cells under each other; columns of which the number is in `numbers` end at the same place."""
    widths = [max(columns(row[place]) for row in rows) for place in range(len(rows[0]))]
    signed = [-width if place in numbers else width for place, width in enumerate(widths)]
    return [gap.join(padded(cell, width) for cell, width in zip(row, signed, strict=True)).rstrip() for row in rows]


def plain(text: str) -> str:
    """The text on one line: white space of any kind becomes one blank."""
    return re.sub(r"\s+", " ", text).strip()
