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
    intro = element(
        "p",
        "Chosen by a hash of the id, the same ones every time; first those that no other rule drops, which would come "
        "back if this rule were off.",
        class_="note",
    )
    shown = {reason: samples[:each] for reason, samples in report.samples.items()}
    kept = _details("kept", [element("b", "kept")], report.stats.kept, shown["kept"], None)
    rules = [
        _rule(report, place, rule, shown[rule.reason], border_section(report, say, rule.reason, borders))
        for place, rule in enumerate(report.rules)
    ]
    return section("samples", "Documents", intro, kept, rules)


def _rule(report: Report, place: int, rule: RuleEntry, samples: Sequence[Sample], borders: Markup | None) -> Markup:
    tally = report.stats.by_reason[place]
    heading = [element("b", name(rule.reason)), " ", code(rule.condition)]
    more = f", {number(int(tally[ALONE]))} by it alone" if tally[BROKEN] else ""
    return _details(f"rule-{place}", heading, int(tally[BROKEN]), samples, rule, more, borders)


def _details(
    anchor: str,
    heading: Sequence[Markup | str],
    count: int,
    samples: Sequence[Sample],
    rule: RuleEntry | None,
    more: str = "",
    borders: Markup | None = None,
) -> Markup:
    counted = element("span", f"{number(count)}{more}", class_="n")
    inner = (
        element("div", [_article(sample, rule) for sample in samples], class_="documents")
        if samples
        else element("p", "No document." if not count else "None is shown, to keep this page small.", class_="note")
    )
    return element("details", element("summary", heading, " ", counted), inner, borders, class_="rule", id=anchor)


def _article(sample: Sample, rule: RuleEntry | None) -> Markup:
    others = [reason for reason in sample.reasons if rule is None or reason != rule.reason]
    header = [element("span", code(sample.id))]
    if sample.duplicate_of is not None:
        header.append(element("span", "survivor: ", code(sample.duplicate_of)))
    compared = rule.signals if rule else ()
    header += [
        element("span", name(signal), " ", element("b", fact(sample.signals.get(signal))))
        for signal in compared
        if signal in sample.signals
    ]
    if others:
        listed = ", ".join(others[:8]) + (" …" if len(others) > 8 else "")
        header.append(element("span", "also ", name(listed)))
    return element(
        "article", element("header", header), element("div", _text(sample), class_="text"), _everything(sample)
    )


def _text(sample: Sample) -> Markup:
    if not sample.chars:
        return element("span", "(empty)", class_="quiet")
    rest = f" … {number(sample.chars)} characters in all" if sample.chars > len(sample.text) else ""
    return escape([sample.text, element("span", rest, class_="quiet") if rest else None])


def _everything(sample: Sample) -> Markup:
    listed = [*sample.fields.items(), *sample.signals.items()][:MOST_SIGNALS]
    rows = [element("div", element("dt", name(key)), element("dd", fact(value))) for key, value in listed]
    return element("details", element("summary", "signals"), element("dl", rows))


def rejected_section(report: Report) -> Markup | None:
    """The first rows that could not be read."""
    if not report.rejected:
        return None
    shown = len(report.rejected_rows)
    first = f"The first {shown} of {number(report.rejected)}" if shown < report.rejected else f"All {number(shown)}"
    intro = element(
        "p", f"{first} rows that could not be read; each is kept, with its place and bytes, in ",
        code("rejected/"), " of the run.", class_="note",
    )  # fmt: skip
    return section(
        "rejected",
        "Rejected rows",
        intro,
        element("div", [_rejected(row) for row in report.rejected_rows], class_="documents"),
    )


def _rejected(row: Mapping[str, Any]) -> Markup:
    place = f"line {row['line']}, " if row.get("line") else ""
    header = element(
        "header", element("span", code(str(row.get("file")))), element("span", f"{place}offset {row.get('offset')}"),
        element("b", name(str(row.get("reason")))),
    )  # fmt: skip
    raw = shortened(str(row.get("raw", "")), RAW_CHARS)
    return element("article", header, element("div", raw, class_="text mono"))
