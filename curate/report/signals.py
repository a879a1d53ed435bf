"""The section on signals: a histogram of each number with its thresholds, the most frequent values of each label."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from curate.report.charts import histogram_svg
from curate.report.collect import Report
from curate.report.markup import Content, Markup, element, number, share, size
from curate.report.parts import NAME_CHARS, bar, cell, figures, name, section
from curate.report.sliders import computed, pointer, sliders, words
from curate.report.thresholds import Threshold
from curate.report.wording import Wording
from curate.stats import Histogram, Values

MOST_FREQUENT = 12
MOST_MARKS = 12
"""Thresholds drawn into one chart."""


def signals_section(report: Report, say: Wording, most: int, n_sliders: int) -> Markup:
    """Charts of at most `most` signals, those that a rule reads before the others."""
    left = most
    groups: list[Markup] = []
    read = {signal for rule in report.rules for signal in rule.signals}
    for label, names in report.signals.items():
        ruled, others = [one for one in names if one in read], [one for one in names if one not in read]
        shown, folded = ruled[:left], others[: max(left - len(ruled), 0)]
        left -= len(shown) + len(folded)
        groups += _group(report, say, label, shown, folded, n_sliders)
        if missing := len(names) - len(shown) - len(folded):
            more = say.many(missing, "1 more signal is not drawn.", "{n} more signals are not drawn.")
            groups.append(element("p", more, class_="note"))
    intro = say(
        "What was measured on each document: those that are {kept} above the line, those that are {dropped} (for "
        "whatever reason) below it. Dashed lines are the numbers that rules compare with. Quantiles are read off the "
        "bins: up to 1.6 % too low.",
        kept=_swatch("kept", say("kept")),
        dropped=_swatch("dropped", say("dropped")),
    )
    what_if = words(report, say) if n_sliders else None
    return section("signals", say("Signals"), element("p", intro, class_="note"), what_if, groups)


def _swatch(kind: str, word: Markup) -> Markup:
    return element("span", element("span", class_="swatch"), " ", word, class_=kind)


def _group(
    report: Report, say: Wording, label: str, shown: Sequence[str], folded: Sequence[str], n_sliders: int
) -> list[Markup]:
    if not (shown or folded):
        return []
    parts = [element("h3", say("all documents") if label == "documents" else name(label))]
    if shown:
        drawn = [_card(report, say, one, n_sliders) for one in shown]
        parts.append(element("div", drawn, computed(report, say, label, n_sliders), class_="cards"))
    if folded:
        title = say.many(len(folded), "1 signal that no rule reads", "{n} signals that no rule reads")
        cards = element("div", [_card(report, say, one, n_sliders) for one in folded], class_="cards")
        parts.append(element("details", element("summary", title, class_="note"), cards))
    return parts


def _card(report: Report, say: Wording, signal: str, n_sliders: int) -> Markup:
    counted = report.stats.signals[signal]
    marks = [one for one in report.thresholds if one.signal == signal]
    if isinstance(counted, Values):
        return _values_card(say, signal, counted)
    return _histogram_card(report, say, signal, counted, marks, n_sliders)


def _histogram_card(
    report: Report, say: Wording, signal: str, counted: Histogram, marks: Sequence[Threshold], n_sliders: int
) -> Markup:
    scales, chart, across = None, Markup(""), None
    if counted.total and counted.low != counted.high:
        positions = tuple(sorted({mark.value for mark in marks})[:MOST_MARKS])
        svg, across, steep = histogram_svg(counted, positions, report.types[signal] == pl.Int64)
        scales = _scales(say, across.constant is not None, steep)
        label = say.plain("Histogram of {signal}, kept and dropped documents", signal=signal[:NAME_CHARS])
        chart = element("div", pointer(svg, across), class_="chart", role="img", aria_label=label)
    heading = element("h4", name(signal), element("small", scales) if scales else None)
    numbers = sliders(report, say, report.decisions.of_signal(signal)[:MOST_MARKS], across, n_sliders)
    return element("figure", heading, chart, element("figcaption", _summary(say, counted), numbers or _marks(marks)))


def _scales(say: Wording, values: bool, counts: bool) -> Markup | None:
    if values and counts:
        return say("log values and counts")
    return say("log values") if values else say("log counts") if counts else None


def _summary(say: Wording, counted: Histogram) -> list[Content]:
    if not counted.total:
        told = say("no document has a value")
    elif counted.low == counted.high:
        told = say.many(
            counted.total, "{value} in the one document", "{value} in each of {n} documents", value=counted.low
        )
    else:
        low, middle, high = (number(float(f"{counted.quantile(part):.3g}")) for part in (0.01, 0.5, 0.99))
        told = say(
            "median {middle} · 98 % in {low} … {high} · from {least} to {greatest}",
            middle=middle, low=low, high=high, least=counted.low, greatest=counted.high,
        )  # fmt: skip
    return [told, _missing(say, counted.nulls)]


def _missing(say: Wording, nulls: tuple[int, int]) -> Markup | None:
    if not sum(nulls):
        return None
    return say(" · null in {n} ({dropped} dropped)", n=sum(nulls), dropped=nulls[1])


def _marks(marks: Sequence[Threshold]) -> Markup | None:
    if not marks:
        return None
    return element(
        "ul",
        [element("li", "┆ ", element("b", f"{mark.value:g}"), " ", name(mark.reason)) for mark in marks[:MOST_MARKS]],
    )


def _values_card(say: Wording, signal: str, counted: Values) -> Markup:
    rows = counted.most_frequent(MOST_FREQUENT)
    tallies = list((counted.counts or {}).values())
    total, kept = (sum(numbers) for numbers in ((t.documents for t in tallies), (t.kept for t in tallies)))
    text, kept_text = sum(t.kept_bytes + t.dropped_bytes for t in tallies), sum(t.kept_bytes for t in tallies)
    widest = max((tally.documents for _, tally in rows), default=1)
    lines = [
        element(
            "tr",
            cell(name(value, 60) if value else element("span", say("(empty)"), class_="quiet")),
            cell(bar([("kept", tally.kept / widest), ("dropped", tally.dropped / widest)]), class_="wide"),
            figures(
                number(tally.documents), share(tally.documents, total), share(tally.kept, kept),
                size(tally.kept_bytes + tally.dropped_bytes), share(tally.kept_bytes + tally.dropped_bytes, text),
                share(tally.kept_bytes, kept_text),
            ),
        )
        for value, tally in rows
    ]  # fmt: skip
    heads: list[Content] = [
        "", "", say("documents"), say("of all"), say("of kept"), say("text"), say("of all"), say("of kept"),
    ]  # fmt: skip
    head = element("tr", [element("th", text, class_="n" if text else None, scope="col") for text in heads])
    body = element("table", element("thead", head), element("tbody", lines), class_="values") if lines else None
    return element(
        "figure",
        element("h4", name(signal)),
        element("div", body, class_="scroll") if body else None,
        element("figcaption", _values_summary(say, counted, len(rows), total), _missing(say, counted.nulls)),
    )


def _values_summary(say: Wording, counted: Values, shown: int, total: int) -> Markup:
    if counted.counts is None:
        return say("too many different values to count")
    different = len(counted.counts)
    others = total - sum(tally.documents for _, tally in counted.most_frequent(shown))
    if not others:
        return say.many(different, "one value", "{n} different values")
    return say("{n} different values, {others} documents with others than these", n=different, others=others)
