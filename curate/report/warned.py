"""Warnings of a run, which its record holds in English, in the reader's language; an unknown one stays English."""

from __future__ import annotations

import re

from curate.report.markup import Markup
from curate.report.parts import name
from curate.report.wording import Wording

MOST_CHARS = 500


def warned(say: Wording, warning: str) -> Markup:
    """A warning as the reader reads it."""
    told = {
        r"cleaner (?P<label>.+) changed nothing": "cleaner",
        r"filter (?P<label>.+) dropped nothing": "filter",
        r"the corpus is empty: .*": "empty",
        r"every document was dropped: .*": "all dropped",
        r"no document was kept: .*": "none kept",
        r"(?P<n>[\d,]+) tokens in whole documents are too little for a validation split: .*": "no validation",
    }
    for pattern, kind in told.items():
        if match := re.fullmatch(f"(?:(?P<writer>[^:]+): )?{pattern}", warning):
            filled = match.groupdict()
            writer = filled.pop("writer")
            sentence = _say(say, kind, **filled)
            return sentence if writer is None else say("{writer}: {warning}", writer=name(writer), warning=sentence)
    return name(warning, MOST_CHARS)


def _say(say: Wording, kind: str, label: str = "", n: str = "") -> Markup:
    shown = name(label)
    return {
        "cleaner": say("The cleaner {label} changed nothing.", label=shown),
        "filter": say("The filter {label} dropped nothing.", label=shown),
        "empty": say("The corpus is empty: there is nothing to measure or write."),
        "all dropped": say("Every document was dropped: look at the rules, then loosen one."),
        "none kept": say("No document was kept: no file was written."),
        "no validation": say(
            "{n} tokens in whole documents are too little for a validation split: all are for training.", n=n
        ),
    }[kind]
