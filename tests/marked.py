"""What evidence of a filter shows, as strings."""

from __future__ import annotations

from curate import evidence
from curate.contracts import Documents, Filter, Line


def spans_of(step: Filter, texts: list[str]) -> list[list[evidence.Evidence]]:
    """The evidence of each text, for all signals of a filter."""
    return evidence.of_documents([Line(step.label("filter"), "filters[0]", step)], Documents.of(texts).frame)


def marked(step: Filter, signal: str, text: str) -> list[str]:
    """What is marked in a text for one signal."""
    return [text[one.start : one.end] for one in spans_of(step, [text])[0] if one.signal == signal]
