"""Where in a text stands what signals count: spans to be highlighted when documents are shown.

Asked of the filters again, for the few documents that somebody looks at; nothing of it is stored, nothing is decided by
it. What cleaners changed and what is cut is told elsewhere (`cuts`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from curate import judge
from curate.contracts import EVIDENCE_COLUMNS, TEXT, Documents, Filter, Line
from curate.errors import CurateError


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
    texts = [text.encode() for text in frame[TEXT]]
    found: list[list[Evidence]] = [[] for _ in texts]
    for line in lines:
        # A loop over spans: of the documents on one screen.
        for row, start, end, signal in line.step.evidence(documents).select(list(EVIDENCE_COLUMNS)).iter_rows():
            first, last = _chars(texts[row], start, line), _chars(texts[row], end, line)
            found[row].append(Evidence(first, last, judge.column(line.label, line.step, signal)))
    return [sorted(set(spans)) for spans in found]


def _chars(text: bytes, place: int, line: Line[Filter]) -> int:
    """Characters before a place in bytes."""
    if not 0 <= place <= len(text) or (text + b" ")[place] & 0xC0 == 0x80:
        raise CurateError(f"{line.where}: evidence at byte {place} lies outside its text, or inside a character")
    return len(text[:place].decode())
