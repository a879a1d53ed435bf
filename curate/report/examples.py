"""The sections of texts: documents kept, documents dropped by each rule, rows that could not be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from curate.report.border_cases import border_section
from curate.report.collect import Report, RuleEntry, Sample
from curate.report.markup import Markup, element, escape, number, shortened
from curate.report.parts import code, fact, name, section
from curate.report.wording import Wording
from curate.stats import ALONE, BROKEN

RAW_CHARS = 600
MOST_SIGNALS = 120
"""Signals listed with a sample."""


def samples_section(report: Report, say: Wording, each: int, borders: int) -> Markup:
    """Up to `each` documents for every rule, and as many that were kept."""
    intro = say(
        "Chosen by a hash of the id, the same ones every time; first those that no other rule drops, which would come "
        "back if this rule were off."
    )
    shown = {reason: samples[:each] for reason, samples in report.samples.items()}
    title = [element("b", say("kept")), " ", _counted(number(report.stats.kept))]
    kept = _details(say, "kept", title, shown["kept"], None, report.stats.kept)
    rules = [
        _rule(report, say, place, rule, shown[rule.reason], border_section(report, say, rule.reason, borders))
        for place, rule in enumerate(report.rules)
    ]
    return section("samples", say("Documents"), element("p", intro, class_="note"), kept, rules)


def _rule(
    report: Report, say: Wording, place: int, rule: RuleEntry, samples: Sequence[Sample], borders: Markup | None
) -> Markup:
    broken, alone = (int(report.stats.by_reason[place][column]) for column in (BROKEN, ALONE))
    counted = say("{n}, {alone} by it alone", n=broken, alone=alone) if broken else number(0)
    title = [element("b", name(rule.reason)), " ", code(rule.condition), " ", _counted(counted)]
    return _details(say, f"rule-{place}", title, samples, rule, broken, borders)


def _counted(words: str) -> Markup:
    return element("span", words, class_="n")


def _details(
    say: Wording,
    anchor: str,
    title: Sequence[Markup | str],
    samples: Sequence[Sample],
    rule: RuleEntry | None,
    n: int,
    borders: Markup | None = None,
) -> Markup:
    if samples:
        inner = element("div", [_article(say, sample, rule) for sample in samples], class_="documents")
    else:
        none = say("None is shown, to keep this page small.") if n else say("No document.")
        inner = element("p", none, class_="note")
    return element("details", element("summary", title), inner, borders, class_="rule", id=anchor)


def _article(say: Wording, sample: Sample, rule: RuleEntry | None) -> Markup:
    others = [reason for reason in sample.reasons if rule is None or reason != rule.reason]
    header = [element("span", code(sample.id))]
    if sample.duplicate_of is not None:
        header.append(element("span", say("survivor: {id}", id=code(sample.duplicate_of))))
    compared = rule.signals if rule else ()
    header += [
        element("span", name(signal), " ", element("b", fact(sample.signals.get(signal))))
        for signal in compared
        if signal in sample.signals
    ]
    if others:
        listed = ", ".join(others[:8]) + (" …" if len(others) > 8 else "")
        header.append(element("span", say("also {reasons}", reasons=name(listed))))
    text = element("div", _text(say, sample), class_="text")
    return element("article", element("header", header), text, _everything(say, sample))


def _text(say: Wording, sample: Sample) -> Markup:
    if not sample.chars:
        return element("span", say("(empty)"), class_="quiet")
    if sample.chars <= len(sample.text):
        return escape(sample.text)
    rest = element("span", " … ", say("{n} characters in all", n=sample.chars), class_="quiet")
    return escape([sample.text, rest])


def _everything(say: Wording, sample: Sample) -> Markup:
    listed = [*sample.fields.items(), *sample.signals.items()][:MOST_SIGNALS]
    rows = [element("div", element("dt", name(key)), element("dd", fact(value))) for key, value in listed]
    return element("details", element("summary", say("signals")), element("dl", rows))


def rejected_section(report: Report, say: Wording) -> Markup | None:
    """The first rows that could not be read."""
    if not report.rejected:
        return None
    shown, folder = len(report.rejected_rows), code("rejected/")
    if shown < report.rejected:
        intro = say(
            "The first {shown} of {n} rows that could not be read; each is kept, with its place and bytes, in {folder} "
            "of the run.",
            shown=shown, n=report.rejected, folder=folder,
        )  # fmt: skip
    else:
        intro = say.many(
            shown,
            "The one row that could not be read; it is kept, with its place and bytes, in {folder} of the run.",
            "All {n} rows that could not be read; each is kept, with its place and bytes, in {folder} of the run.",
            folder=folder,
        )
    rows = element("div", [_rejected(say, row) for row in report.rejected_rows], class_="documents")
    return section("rejected", say("Rejected rows"), element("p", intro, class_="note"), rows)


def _rejected(say: Wording, row: Mapping[str, Any]) -> Markup:
    if row.get("line"):
        place = say("line {line}, offset {offset}", line=str(row["line"]), offset=str(row.get("offset")))
    else:
        place = say("offset {offset}", offset=str(row.get("offset")))
    header = element(
        "header", element("span", code(str(row.get("file")))), element("span", place),
        element("b", name(str(row.get("reason")))),
    )  # fmt: skip
    raw = shortened(str(row.get("raw", "")), RAW_CHARS)
    return element("article", header, element("div", raw, class_="text mono"))
