"""Where in a text stands what signals count: spans to be highlighted when documents are shown.

Asked of the filters again, for the few documents that somebody looks at; nothing of it is stored, nothing is decided by
it. What cleaners changed and what is cut is told elsewhere (`cuts`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from curate import judge
from curate.contracts import EVIDENCE_COLUMNS, TEXT, Documents, Filter, Line
from curate.errors import CurateError

MOST = 200
"""Spans of one signal in one document: the first ones; more are no help to whoever looks."""


class Evidence(NamedTuple):
    """A span of a text that counts for a signal."""

    start: int
    """In characters."""
    end: int
    signal: str
    """Its column: flat, with the filter's prefix."""


def of_documents(lines: Sequence[Line[Filter]], frame: pl.DataFrame) -> list[list[Evidence]]:
    """The evidence of each document of `frame` (`id`, `text`, `source`, fields), in the order of the text.

    Spans of several signals may overlap. Raises: CurateError for one that lies outside its text or inside a character.
    """
    documents = Documents(frame)
    found: list[list[Evidence]] = [[] for _ in range(len(documents))]
    for line in lines:
        spans = line.step.evidence(documents).select(list(EVIDENCE_COLUMNS)).unique().sort("row", "start", "end")
        spans = spans.filter(pl.int_range(pl.len()).over("row", "signal") < MOST)
        # A loop over documents: those on one screen.
        for (row,), own in spans.group_by("row", maintain_order=True):
            first, last = (_chars(frame[TEXT][row], own[place].to_numpy(), line) for place in ("start", "end"))
            names = (judge.column(line.label, line.step, signal) for signal in own["signal"])
            found[row].extend(map(Evidence, first, last, names))
    return [sorted(spans) for spans in found]


def for_rule(lines: Sequence[Line[Filter]], frame: pl.DataFrame, rule: judge.Rule) -> list[list[Evidence]]:
    """The evidence of each document for the signals that a rule looks at; other filters are not asked."""
    signals = set(rule.expression.meta.root_names())
    asked = [line for line in lines if signals & judge.signal_columns(line).keys()]
    return [[one for one in spans if one.signal in signals] for spans in of_documents(asked, frame)]


def excerpt(text: str, spans: Sequence[Evidence], chars: int) -> tuple[int, int]:
    """Where the `chars` characters of a text begin and end that hold the most characters of evidence, centred on it.

    Of equally good places the first; the beginning of a text without evidence; all of a text that is no longer.
    """
    if len(text) <= chars:
        return 0, len(text)
    marked = np.zeros(len(text) + 1, np.int64)
    for one in spans:
        marked[one.start + 1 : one.end + 1] = 1
    before = marked.cumsum()
    first = int((before[chars:] - before[:-chars]).argmax())
    held = np.flatnonzero(marked[first + 1 : first + chars + 1])
    centre = first + (int(held[0] + held[-1]) + 1) // 2 if len(held) else chars // 2
    start = min(max(centre - chars // 2, 0), len(text) - chars)
    return start, start + chars


def _chars(text: str, places: npt.NDArray[np.int64], line: Line[Filter]) -> list[int]:
    """Characters before places in bytes."""
    begins = np.append((np.frombuffer(text.encode(), np.uint8) & 0xC0) != 0x80, True)
    outside = (places < 0) | (places >= len(begins))
    wrong = places[outside | ~begins[np.where(outside, 0, places)]]
    if len(wrong):
        raise CurateError(f"{line.where}: evidence at byte {wrong[0]} lies outside its text, or inside a character")
    return [int(n) for n in (begins.cumsum() - begins)[places]]
