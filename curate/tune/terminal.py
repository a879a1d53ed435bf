"""The numbers of all rules on a terminal: ↑ ↓ choose one, ← → move it, and the counts follow.

A number moves from rung to rung of its ladder, where counts are exact; a step lets about one document in a thousand
flip. What is shown is before duplicates, one number moved at a time.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from curate.comparisons import Comparison
from curate.shown import COLUMNS, printable
from curate.tune.rules import Moved, numbers
from curate.tune.shown import around, shortened
from curate.tune.tables import Amount, Tables

if TYPE_CHECKING:
    from curate.run import Run

STEP = 0.001
"""Share of the kept documents that a step lets flip, about."""
ROWS = 14
"""Numbers listed at a time."""
KEYS = {
    b"\x1b[A": "up", b"\x1b[B": "down", b"\x1b[C": "right", b"\x1b[D": "left", b"\x1bOA": "up", b"\x1bOB": "down",
    b"\x1bOC": "right", b"\x1bOD": "left", b"r": "reset", b"q": "quit", b"\r": "quit", b"\n": "quit", b"\x1b": "quit",
    b"\x03": "quit", b"\x04": "quit", b"": "quit",
}  # fmt: skip
"""What a terminal sends for the keys that mean something."""


@dataclass
class View:
    """What is chosen, and where its number stands."""

    tables: Tables
    found: list[Comparison] = field(init=False)
    chosen: int = 0
    offset: int = 0
    """Steps from the run's number, to either side."""
    _moved: dict[int, Moved] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.found = [one for reason in self.tables.row_rules for one in numbers(self.tables, reason)]

    def press(self, key: str) -> None:
        """Do what a key means."""
        if key in ("up", "down"):
            self.chosen = min(max(self.chosen + (1 if key == "down" else -1), 0), len(self.found) - 1)
            self.offset = 0
        elif key == "reset":
            self.offset = 0
        elif key in ("left", "right"):
            further = self.offset + (1 if key == "right" else -1)
            if self._place(further) is not None:
                self.offset = further

    @property
    def moved(self) -> Moved:
        """The chosen number; its ladder is made when it is first looked at."""
        if self.chosen not in self._moved:
            number = self.found[self.chosen]
            self._moved[self.chosen] = Moved(self.tables, number.reason, number)
        return self._moved[self.chosen]

    def _place(self, offset: int) -> int | None:
        """The place on the ladder so many steps away; None: it ends before. 0 is the run's own."""
        moved, side = self.moved, 1 if offset > 0 else -1
        upto = np.concatenate([[0], np.cumsum(moved.ladder.documents("over") + moved.ladder.documents("under"))])
        place = moved.place(moved.ladder, moved.number.number)
        step = max(1.0, STEP * moved.now.documents)
        for _ in range(abs(offset)):
            wanted = upto[place] + side * step
            further = int(np.searchsorted(upto, wanted) if side > 0 else np.searchsorted(upto, wanted, "right") - 1)
            end = len(upto) - 1 if side > 0 else 0
            further = min(max(further, 0), len(upto) - 1)
            if place == end:
                return None
            place = further
        return place

    def number(self) -> str:
        """The number where it stands."""
        place = self._place(self.offset)
        return (
            self.moved.number.text
            if not self.offset or place is None
            else self.moved.number_at(self.moved.ladder, place)
        )

    def kept(self) -> Amount:
        """What is kept with it."""
        place = self._place(self.offset)
        if not self.offset or place is None:
            return self.moved.now
        return self.moved.kept_at(self.moved.ladder, place)

    def lines(self) -> list[str]:
        """The screen."""
        if not self.found:
            return ["no rule of this run compares anything with a number"]
        first = max(min(self.chosen - ROWS // 2, len(self.found) - ROWS), 0)
        listed = []
        for place, one in list(enumerate(self.found))[first : first + ROWS]:
            text = f"{'▸' if place == self.chosen else ' '} {one.reason:<28} "
            listed.append(text + shortened(around(one, COLUMNS - len(text)), COLUMNS - len(text)))
        return [*listed, "", *self._counts(), "", "↑ ↓ choose   ← → move   r as in the run   q done"]

    def _counts(self) -> list[str]:
        moved, kept, whole = self.moved, self.kept(), self.moved.whole
        change = kept - moved.now
        rows = [("documents", kept.documents, change.documents, whole.all.documents)]
        rows += [("bytes", kept.bytes, change.bytes, whole.all.bytes)]
        for name in whole.tokens_per_byte:
            rows.append((f"tokens, {name}", whole.tokens(name, kept.bytes), whole.tokens(name, change.bytes), 0))
        lines = [f"{printable(moved.number.reason)}: {moved.number.text} -> {self.number()}"]
        for name, count, changed, every in rows:
            share = f"{100 * count / every:.2f} %" if every else ""
            lines.append(f"  {name:<22}{count:>18,}{changed:>+18,}{share:>12}".rstrip())
        return [*lines, "  kept before duplicates, and the change"]

    def command(self) -> str:
        """What to type to see what flips; empty where nothing was moved."""
        if not self.offset:
            return ""
        number = self.moved.number
        condition = number.edited(self.number()).replace("'", "'\"'\"'")
        return f"curate tune {self.tables.run.folder} '{number.reason}={condition}'"


def explore(run: Run) -> str:
    """Let numbers be moved on this terminal until a key ends it; returns the command that shows what flips."""
    import termios
    import tty

    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    view, stream = View(Tables(run)), sys.stdin.fileno()
    before = termios.tcgetattr(stream)
    try:
        tty.setcbreak(stream)
        with Live(Text("\n".join(view.lines())), console=Console(), auto_refresh=False, transient=True) as live:
            while view.found and (key := KEYS.get(os.read(stream, 8), "")) != "quit":
                view.press(key)
                live.update(Text("\n".join(view.lines())), refresh=True)
    finally:
        termios.tcsetattr(stream, termios.TCSADRAIN, before)
    return view.command()
