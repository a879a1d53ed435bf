"""A text as a sample shows it: what counts for the rule is marked, what the shards leave out is struck through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from curate.report.markup import Content, Markup, element, escape
from curate.report.samples import Sample
from curate.report.wording import Wording


def sample_text(say: Wording, sample: Sample, gloss: Callable[[str], str]) -> Markup:
    """The text of a sample; `gloss` says what a signal counts."""
    if not sample.chars:
        return element("span", say("(empty)"), class_="quiet")
    end = sample.start + len(sample.text)
    before = element("span", "… ", class_="quiet") if sample.start else None
    after = element("span", " …", class_="quiet") if end < sample.chars else None
    return escape([before, _pieces(say, sample, gloss), after])


def excerpt_note(say: Wording, sample: Sample) -> Markup | None:
    """Which part of a longer text is shown."""
    end = sample.start + len(sample.text)
    if not sample.start and end >= sample.chars:
        return None
    return say("characters {first} to {last} of {n}", first=sample.start + 1, last=end, n=sample.chars)


def _pieces(say: Wording, sample: Sample, gloss: Callable[[str], str]) -> Iterator[Content]:
    """Stretches between the ends of spans, each with all that is said of it; spans may overlap."""
    spans = [(one.start, one.end) for one in sample.marks] + list(sample.left_out)
    ends = {end for span in spans for end in span}
    for start, stop in pairwise(sorted({0, len(sample.text), *ends})):
        piece: Content = sample.text[start:stop]
        signals = list(dict.fromkeys(one.signal for one in sample.marks if one.start <= start and stop <= one.end))
        if any(first <= start and stop <= last for first, last in sample.left_out):
            piece = element("s", piece, title=say.plain("left out of the shards"))
        if signals:
            piece = element("mark", piece, title="; ".join(_titles(signals, gloss)))
        yield piece


def _titles(signals: Sequence[str], gloss: Callable[[str], str]) -> Iterator[str]:
    for signal in signals:
        told = gloss(signal)
        yield f"{signal}: {told}" if told else signal
