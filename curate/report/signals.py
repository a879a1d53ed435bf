"""The section on signals: a histogram of each number with its thresholds, the most frequent values of each label."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from curate.report.charts import histogram_svg
from curate.report.collect import Report
from curate.report.markup import Markup, element, number, share, size
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
        if len(shown) + len(folded) < len(names):
            missing = len(names) - len(shown) - len(folded)
            groups.append(element("p", f"{missing:,} more signals are not drawn.", class_="note"))
    intro = element(
        "p",
        "What was measured on each document: ",
        element("span", element("span", class_="swatch"), " kept", class_="kept"), " above the line, ",
        element("span", element("span", class_="swatch"), " dropped", class_="dropped"),
        " (for whatever reason) below it. Dashed lines are the numbers that rules compare with. Quantiles are read off "
        "the bins: up to 1.6 % too low.",
        class_="note",
    )  # fmt: skip
    return section("signals", "Signals", intro, words(report, say) if n_sliders else None, groups)


def _group(
    report: Report, say: Wording, label: str, shown: Sequence[str], folded: Sequence[str], n_sliders: int
) -> list[Markup]:
    if not (shown or folded):
        return []
    parts = [element("h3", name(label))]
    if shown:
        drawn = [_card(report, say, one, n_sliders) for one in shown]
        parts.append(element("div", drawn, computed(report, say, label, n_sliders), class_="cards"))
    if folded:
        word = "signal" if len(folded) == 1 else "signals"
        summary = element("summary", f"{len(folded)} {word} that no rule reads", class_="note")
        cards = element("div", [_card(report, say, one, n_sliders) for one in folded], class_="cards")
        parts.append(element("details", summary, cards))
    return parts


def _card(report: Report, say: Wording, signal: str, n_sliders: int) -> Markup:
    counted = report.stats.signals[signal]
    marks = [one for one in report.thresholds if one.signal == signal]
    if isinstance(counted, Values):
        return _values_card(signal, counted)
    return _histogram_card(report, say, signal, counted, marks, n_sliders)


def _histogram_card(
    report: Report, say: Wording, signal: str, counted: Histogram, marks: Sequence[Threshold], n_sliders: int
) -> Markup:
    whole = report.types[signal] == pl.Int64
    scales, chart, across = "", Markup(""), None
    if counted.total and counted.low != counted.high:
        positions = sorted({mark.value for mark in marks})[:MOST_MARKS]
        svg, across, steep = histogram_svg(counted, positions, whole)
        logarithmic = [axis for axis, is_log in (("values", across.constant is not None), ("counts", steep)) if is_log]
        scales = f"log {' and '.join(logarithmic)}" if logarithmic else ""
        label = f"Histogram of {signal[:NAME_CHARS]}, kept and dropped documents"
        chart = element("div", pointer(svg, across), class_="chart", role="img", aria_label=label)
    heading = element("h4", name(signal), element("small", scales) if scales else None)
    numbers = sliders(report, say, report.decisions.of_signal(signal)[:MOST_MARKS], across, n_sliders)
    return element("figure", heading, chart, element("figcaption", _summary(counted), numbers or _marks(marks)))


def _summary(counted: Histogram) -> str:
    nulls = sum(counted.nulls)
    missing = f" · null in {number(nulls)} ({number(counted.nulls[1])} dropped)" if nulls else ""
    if not counted.total:
        return f"no document has a value{missing}"
    if counted.low == counted.high:
        return f"{number(counted.low)} in each of {number(counted.total)} documents{missing}"
    low, middle, high = (number(float(f"{counted.quantile(part):.3g}")) for part in (0.01, 0.5, 0.99))
    ends = f"from {number(counted.low)} to {number(counted.high)}"
    return f"median {middle} · 98 % in {low} … {high} · {ends}{missing}"


def _marks(marks: Sequence[Threshold]) -> Markup | None:
    if not marks:
        return None
    return element(
        "ul",
        [element("li", "┆ ", element("b", f"{mark.value:g}"), " ", name(mark.reason)) for mark in marks[:MOST_MARKS]],
    )


def _values_card(signal: str, counted: Values) -> Markup:
    rows = counted.most_frequent(MOST_FREQUENT)
    tallies = list((counted.counts or {}).values())
    total, kept = (sum(numbers) for numbers in ((t.documents for t in tallies), (t.kept for t in tallies)))
    text, kept_text = sum(t.kept_bytes + t.dropped_bytes for t in tallies), sum(t.kept_bytes for t in tallies)
    widest = max((tally.documents for _, tally in rows), default=1)
    lines = [
        element(
            "tr",
            cell(name(value, 60) if value else element("span", "(empty)", class_="quiet")),
            cell(bar([("kept", tally.kept / widest), ("dropped", tally.dropped / widest)]), class_="wide"),
            figures(
                number(tally.documents), share(tally.documents, total), share(tally.kept, kept),
                size(tally.kept_bytes + tally.dropped_bytes), share(tally.kept_bytes + tally.dropped_bytes, text),
                share(tally.kept_bytes, kept_text),
            ),
        )
        for value, tally in rows
    ]  # fmt: skip
    heads = ["", "", "documents", "of all", "of kept", "text", "of all", "of kept"]
    head = element("tr", [element("th", text, class_="n" if text else None, scope="col") for text in heads])
    body = element("table", element("thead", head), element("tbody", lines), class_="values") if lines else None
    return element(
        "figure",
        element("h4", name(signal)),
        element("div", body, class_="scroll") if body else None,
        element("figcaption", _values_summary(counted, len(rows), total)),
    )


def _values_summary(counted: Values, shown: int, total: int) -> str:
    nulls = sum(counted.nulls)
    missing = f" · null in {number(nulls)} ({number(counted.nulls[1])} dropped)" if nulls else ""
    if counted.counts is None:
        return f"too many different values to count{missing}"
    different = len(counted.counts)
    values = f"{number(different)} different values" if different != 1 else "one value"
    others = total - sum(tally.documents for _, tally in counted.most_frequent(shown))
    return values + (f", {number(others)} documents with others than these" if others else "") + missing
