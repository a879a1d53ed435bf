"""A text with what counts in it highlighted: one colour a signal, or ‹ › where no colours are seen; cuts in ⟦ ⟧.

Where spans of several signals overlap, a character belongs to the first of them in the order of the legend.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from curate import evidence, judge
from curate.contracts import ID, SOURCE, TEXT
from curate.evidence import Evidence
from curate.run import Run
from curate.shown import Piece, fold

COLOURS = ("yellow", "cyan", "magenta", "green", "blue", "red")
_NUMERALS = ("", "²", "³", "⁴", "⁵", "⁶")


@dataclass(frozen=True)
class Legend:
    """Which signal has which colour, or which numeral after its mark."""

    signals: tuple[str, ...]
    in_colour: bool

    @classmethod
    def of(cls, documents: Iterable[Sequence[Evidence]], first: Iterable[str], in_colour: bool) -> Legend:
        """Signals that have evidence: those of `first`, then by how much there is."""
        counts = Counter(one.signal for spans in documents for one in spans)
        order = dict.fromkeys(
            [*(name for name in first if name in counts), *(name for name, _ in counts.most_common())]
        )
        return cls(tuple(order), in_colour)

    def lines(self) -> list[str]:
        """What the marks mean; nothing where there are none."""
        if not self.signals:
            return []
        pieces = [Piece("highlighted: ")]
        for place, signal in enumerate(self.signals[: len(COLOURS)]):
            pieces += [Piece("  " if place else ""), *self._marked(signal, signal)]
        more = len(self.signals) - len(COLOURS)
        return fold([*pieces, Piece(f"  (and {more} more signals, unmarked)" if more > 0 else "")], "", "   ")

    def pieces(self, text: str, spans: Sequence[Evidence], cuts: Sequence[Mapping[str, int]]) -> list[Piece]:
        """A text with its marks."""
        owner = _owners(text, spans, self.signals[: len(COLOURS)])
        brackets: dict[int, str] = {}
        for cut in cuts:
            brackets[cut["start"]] = brackets.get(cut["start"], "") + "⟦"
            brackets[cut["end"]] = "⟧" + brackets.get(cut["end"], "")
        borders = sorted({0, len(text), *_borders(owner), *(place for place in brackets if place <= len(text))})
        found: list[Piece] = []
        for start, stop in zip(borders, [*borders[1:], len(text)], strict=True):
            found.append(Piece(brackets.get(start, "")))
            if start < stop:
                signal = owner[start]
                found += self._marked(text[start:stop], signal) if signal else [Piece(text[start:stop])]
        return found

    def _marked(self, text: str, signal: str) -> list[Piece]:
        place = self.signals.index(signal)
        if self.in_colour:
            return [Piece(text, COLOURS[place])]
        return [Piece(f"‹{text}›{_NUMERALS[place]}")]


def _owners(text: str, spans: Sequence[Evidence], signals: Sequence[str]) -> list[str | None]:
    """The signal that each character belongs to."""
    owner: list[str | None] = [None] * len(text)
    for signal in reversed(signals):
        for one in spans:
            if one.signal == signal:
                stop = min(one.end, len(text))
                owner[one.start : stop] = [signal] * max(stop - one.start, 0)
    return owner


def _borders(owner: Sequence[str | None]) -> list[int]:
    return [place for place in range(1, len(owner)) if owner[place] != owner[place - 1]]


def evidence_of(run: Run, documents: pl.DataFrame, signals: set[str] | None = None) -> list[list[Evidence]]:
    """The evidence of documents of a run, for these signals; other filters are not asked."""
    lines = [line for line in run.pipeline.filters if signals is None or signals & judge.signal_columns(line).keys()]
    fields = {field for line in run.pipeline.read for field in line.step.fields}
    frame = documents.select(name for name in documents.columns if name in {ID, TEXT, SOURCE, *fields})
    found = evidence.of_documents(lines, frame)
    return found if signals is None else [[one for one in spans if one.signal in signals] for spans in found]


def read_by(run: Run, reasons: Iterable[str]) -> list[str]:
    """The signals that rules look at, in their order."""
    wanted = set(reasons)
    rules = [one for one in judge.compile_rules(run.pipeline.filters, run.signal_types()) if one.reason in wanted]
    return list(dict.fromkeys(name for rule in rules for name in rule.expression.meta.root_names()))


def excerpt(
    text: str, spans: Sequence[Evidence], cuts: Sequence[Mapping[str, int]], most: int
) -> tuple[str, list[Evidence], list[dict[str, Any]]]:
    """The `most` characters of a text that hold most evidence, and what is marked in them; `…` for what is left out."""
    start, stop = evidence.excerpt(text, spans, most)
    before = "…" if start else ""
    by = len(before) - start
    held = [
        one._replace(start=max(one.start, start) + by, end=min(one.end, stop) + by)
        for one in spans
        if one.start < stop and one.end > start
    ]
    inside = [
        {"start": max(cut["start"], start) + by, "end": min(cut["end"], stop) + by}
        for cut in cuts
        if cut["start"] < stop and cut["end"] > start
    ]
    return before + text[start:stop] + ("…" if stop < len(text) else ""), held, inside
