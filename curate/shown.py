"""What is printed to a terminal: text that cannot move its cursor, in lines of 80 columns.

Han characters take two columns, combining marks none. Whoever prints says whether colours can be seen; where they
cannot, marks stand for them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import click

COLUMNS = 80
_LOOK_BACK = 40
"""Characters at the end of a line in which a blank is looked for, before a word is torn."""
_OPENING, _CLOSING = set("‹⟦⟪（《“‘"), set("›⟧⟫²³⁴⁵⁶，。、；：！？）》”’,.;:!?)")
"""What does not end a line, and what does not begin one."""


_WIDEST = 50
"""Columns that the others of a table may take from the last one."""


class Piece(NamedTuple):
    """Text in one colour."""

    text: str
    colour: str | None = None
    """Of its ground, as `click.style` names it."""


def printable(text: str) -> str:
    """Text without control characters: they are shown as Python escapes them."""
    return "".join(char if char.isprintable() or char in "\n\t" else repr(char)[1:-1] for char in text)


def printable_json(value: Any) -> str:
    """A value as one line of JSON in which what is not printable is escaped as JSON does it."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def shortened(text: str, most: int) -> str:
    """At most so many characters of a text."""
    return text if len(text) <= most else text[:most] + "…"


def folded(text: str, indent: str = "", later: str | None = None) -> list[str]:
    """Text in lines; the first begins with `indent`, others with `later` (the same by default)."""
    return fold([Piece(text)], indent, indent if later is None else later)


def wrapped(text: str, indent: str = "", later: str = "   ") -> list[str]:
    """Text in lines that tear no word: an id or a path that is longer than a line stays whole, to be copied."""
    import textwrap

    return textwrap.wrap(
        printable(text), COLUMNS, initial_indent=indent, subsequent_indent=later, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def fold(pieces: Iterable[Piece], indent: str = "", later: str = "") -> list[str]:
    """Printable text of several colours in lines of `COLUMNS`."""
    lines: list[str] = []
    for line in _lines([(char, piece.colour) for piece in pieces for char in printable(piece.text)], indent, later):
        begin = later if lines else indent
        lines.append(begin + "".join(_styled(text, colour) for text, colour in _runs(line)))
    return lines


_Chars = list[tuple[str, str | None]]


def _lines(chars: _Chars, indent: str, later: str) -> Iterator[_Chars]:
    """A loop over characters, for how wide each is decides where the next one stands; 1 µs each."""
    from rich.cells import cell_len, get_character_cell_size

    start = 0
    width = cell_len(indent)
    place = 0
    while place < len(chars):
        char = chars[place][0]
        if char == "\n":
            yield chars[start:place]
            start, width = place + 1, cell_len(later)
        else:
            width += 8 if char == "\t" else get_character_cell_size(char)
            if width > COLUMNS and place > start:
                end = _break(chars, start, place)
                yield chars[start:end]
                start = end + (chars[end][0] == " ")
                place = start - 1
                width = cell_len(later)
        place += 1
    yield chars[start:]


def _break(chars: _Chars, start: int, stop: int) -> int:
    """Where a line ends that began at `start` and has no room for the character at `stop`."""
    least = max(start + 1, stop - _LOOK_BACK)
    for place in range(stop, least, -1):
        before, after = chars[place - 1][0], chars[place][0]
        torn = before.isascii() and after.isascii() and after != " "
        if not torn and before not in _OPENING and after not in _CLOSING:
            return place
    return stop


def _runs(line: _Chars) -> Iterator[tuple[str, str | None]]:
    start = 0
    for place in range(1, len(line) + 1):
        if place == len(line) or line[place][1] != line[start][1]:
            yield "".join(char for char, _ in line[start:place]), line[start][1]
            start = place


def _styled(text: str, colour: str | None) -> str:
    return click.style(text, fg="black", bg=colour) if colour else text


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "") -> list[str]:
    """Columns flush left, as wide as what they hold; what has no room in the last one goes on below."""
    from rich.cells import cell_len

    widths = [max(cell_len(row[place]) for row in (heads, *rows)) for place in range(len(heads) - 1)]
    lines: list[str] = []
    for row in (heads, *rows):
        cells = [one + " " * (width - cell_len(one)) for one, width in zip(row, widths, strict=False)]
        before = indent + "".join(f"{one}  " for one in cells)
        wide = cell_len(before) > _WIDEST
        lines += [before.rstrip()] if wide else []
        later = " " * (len(indent) + 8 if wide else cell_len(before))
        lines += [line.rstrip() for line in folded(row[-1], later if wide else before, later)]
    return lines


def in_columns(facts: Sequence[str], indent: str) -> list[str]:
    """Short facts side by side, two a line, read downwards; long ones on lines of their own, after them."""
    from rich.cells import cell_len

    room = (COLUMNS - len(indent)) // 2
    short = [fact for fact in facts if cell_len(fact) <= room - 2]
    half = -(-len(short) // 2)
    pairs = zip(short[:half], [*short[half:], ""], strict=False)
    lines = [(indent + one + " " * (room - cell_len(one)) + other).rstrip() for one, other in pairs]
    long = (fact for fact in facts if cell_len(fact) > room - 2)
    return [*lines, *(line for fact in long for line in folded(fact, indent, indent + "  "))]
