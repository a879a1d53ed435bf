"""Small histograms for notebooks: SVG drawn by hand, no script, no style of its own, colours of the text around it.

The bins are those of the page's charts, each as wide as the next, so an axis of many magnitudes is logarithmic. Heights
are square roots, or ten documents would not be seen beside ten thousand.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from curate.report.charts import axis
from curate.report.markup import Markup, element, number
from curate.report.parts import bar, name
from curate.report.wording import Wording
from curate.stats import Histogram, Values

WIDTH, HEIGHT = 200, 60
MOST_VALUES = 6


def histogram_card(
    say: Wording, signal: str, counted: Histogram, marks: Sequence[tuple[float, str]], whole: bool
) -> Markup:
    """A signal: kept documents above the line, dropped ones below it; `marks`: numbers that rules compare with."""
    head = element("div", name(signal), class_="head")
    if not counted.total:
        return element("div", head, element("div", say("no document has a value"), class_="quiet"), class_="card")
    drawn, ends = _drawn(counted, sorted({value for value, _ in marks}), whole)
    lines = [element("div", "┆ ", element("b", f"{value:g}"), " ", name(reason)) for value, reason in marks]
    missing = sum(counted.nulls)
    nulls = element("div", say("not measured: {n}", n=number(missing)), class_="quiet") if missing else None
    return element("div", head, drawn, ends, lines, nulls, class_="card")


def _drawn(counted: Histogram, marks: Sequence[float], whole: bool) -> tuple[Markup, Markup]:
    edges = axis(counted, marks, whole).edges
    heights = np.sqrt(counted.into(edges).astype(float))
    tallest = heights.max(axis=0)
    room = HEIGHT / (sum(tallest) or 1.0)
    zero, width = float(tallest[0] * room), WIDTH / len(heights)
    bars = [
        element(
            "rect", class_=f"fill-{kind}", x=_short(place * width), y=_short(zero - height * room if up else zero),
            width=_short(width * 0.92), height=_short(height * room),
        )
        for place, pair in enumerate(heights)
        for kind, height, up in (("kept", float(pair[0]), True), ("dropped", float(pair[1]), False))
        if height
    ]  # fmt: skip
    lines = [_line(0, WIDTH, zero, zero, "zero")]
    lines += [_line(x, x, 0, HEIGHT, "mark") for x in (_across(mark, edges) * WIDTH for mark in marks)]
    svg = element(
        "svg", bars, lines, class_="spark", viewBox=f"0 0 {WIDTH} {HEIGHT}", preserveAspectRatio="none",
        aria_hidden="true",
    )  # fmt: skip
    low, high = (number(float(f"{end:.4g}")) for end in (counted.low or 0.0, counted.high or 0.0))
    return svg, element("div", element("span", low), element("span", high), class_="ends")


def _short(value: float) -> str:
    return f"{value:.1f}"


def _line(x1: float, x2: float, y1: float, y2: float, kind: str) -> Markup:
    return element("line", class_=kind, x1=_short(x1), x2=_short(x2), y1=_short(y1), y2=_short(y2))


def _across(value: float, edges: Sequence[float]) -> float:
    """Where a number lies, 0..1, when all bins are equally wide."""
    place = float(np.interp(value, edges, range(len(edges))))
    return 0.0 if math.isnan(place) else place / (len(edges) - 1)


def values_card(say: Wording, signal: str, counted: Values) -> Markup:
    """A label: its most frequent values."""
    rows = counted.most_frequent(MOST_VALUES)
    most = max((tally.documents for _, tally in rows), default=1)
    lines = [
        element(
            "tr",
            element("td", name(value, 30)),
            element("td", bar([("kept", tally.kept / most), ("dropped", tally.dropped / most)]), class_="wide"),
            element("td", number(tally.documents), class_="n"),
        )
        for value, tally in rows
    ]
    different = len(counted.counts or {})
    more = different - len(rows)
    rest = element("div", say("and {n} more values", n=number(more)), class_="quiet") if more > 0 else None
    body = element("table", element("tbody", lines)) if rows else say("too many different values")
    return element("div", element("div", name(signal), class_="head"), body, rest, class_="card")
