"""Histograms as static SVG: kept documents above the line, dropped ones below it, thresholds across both.

The charts are described by Altair, once, and drawn by vl-convert when the page is written: they need no script, print,
and take 9 KB each. Each histogram changes the data, domains and ticks of that one description, because Altair takes
90 ms to build and check a chart and vl-convert 25 ms to draw it (after a second to start). Nothing is fetched: the data
is inside, and `allowed_base_urls` is empty.
"""

from __future__ import annotations

import bisect
import copy
import math
import sys
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple

from curate.report.markup import Markup
from curate.stats import Histogram

WIDTH, HEIGHT = 340, 110
KEPT, DROPPED, INK, QUIET, GRID = "#0072b2", "#d55e00", "#1c1e21", "#6a6f76", "#dddddc"
"""Okabe and Ito's blue and vermilion, which the colour-blind tell apart; the page's style maps each of these colours to
the reader's light or dark scheme, by its value."""

_BINS = 40
_FACTOR = 25
"""How many times the rest something may be before an axis turns logarithmic."""
_SPAN = 2.0**40
"""What a logarithmic axis spans at most."""
_LEAST = sys.float_info.min * 4
"""No step is smaller: a part of 5e-324 is 0, which has no logarithm and divides nothing."""
_STEPS = (1.0, 76 / 64, 90 / 64, 108 / 64)
"""A quarter of an octave each, as nearly as the grid allows."""


class Axis(NamedTuple):
    """Where a histogram's bars begin and end."""

    edges: list[float]
    constant: float | None = None
    """Below it a logarithmic axis is linear (symlog); None: linear throughout."""


def axis(histogram: Histogram, marks: Sequence[float], whole: bool) -> Axis:
    """Choose edges that begin bins of the grid, so that counts between them are exact; `marks` lie inside.

    `whole`: the signal is an Int64. The histogram holds at least one value.
    """
    low = min(float(histogram.low or 0), *marks, math.inf)
    high = max(float(histogram.high or 0), *marks, -math.inf)
    constant = _constant(histogram, marks, low, high, whole)
    return _linear(low, high, whole) if constant is None else _logarithmic(low, high, constant, whole)


def _constant(histogram: Histogram, marks: Sequence[float], low: float, high: float, whole: bool) -> float | None:
    """Where the logarithmic part begins, a power of two; None where a linear axis shows it all."""
    bottom, lower, middle, upper = (histogram.quantile(share) or 0 for share in (0.05, 0.25, 0.5, 0.75))
    far, usual = max(abs(low), abs(high)), max(abs(middle), upper - lower)
    is_ratio = low >= 0 and high <= 1
    stretched = not is_ratio and far > _FACTOR * usual
    if not (stretched or any(0 < abs(mark) < far / _FACTOR for mark in marks)):
        return None
    magnitudes = [abs(value) for value in (bottom, usual, *marks) if value] or [far]
    constant = 2.0 ** (math.floor(math.log2(max(min(magnitudes), far / _SPAN, _LEAST))) - 2)
    return max(constant, 1.0) if whole else constant


def _linear(low: float, high: float, whole: bool) -> Axis:
    if 0 < low < (high - low) / 2:
        low = 0.0
    far = max(abs(low), abs(high)) or 1.0
    span = (high - low) or far / 4
    step = 2.0 ** max(math.ceil(math.log2(max(span / _BINS, _LEAST))), math.floor(math.log2(far)) - 6)
    step = max(step, 1.0) if whole else step
    first = math.floor(low / step)
    last = math.floor(high / step) + 1 if whole else max(math.ceil(high / step), first + 1)
    return Axis([place * step for place in range(first, last + 1)])


def _logarithmic(low: float, high: float, constant: float, whole: bool) -> Axis:
    octaves = math.floor(math.log2(max(abs(low), abs(high), constant) / constant)) + 1
    steps = _STEPS[:: 1 if octaves <= _BINS // 2 else 2 if octaves <= _BINS else 4]
    ends = [constant * place / 4 for place in range(4)]
    ends += [constant * 2.0**octave * step for octave in range(octaves) for step in steps]
    ends.append(constant * 2.0**octaves)
    if whole:
        ends = sorted({float(math.ceil(end)) for end in ends})
    edges = [-end for end in reversed(ends[1:]) if low < 0] + ends
    first = max(bisect.bisect_right(edges, low) - 1, 0)
    last = max(bisect.bisect_right(edges, high) if whole else bisect.bisect_left(edges, high), first + 1)
    return Axis(edges[first : last + 1], constant)


def histogram_svg(histogram: Histogram, marks: Sequence[float], whole: bool) -> tuple[Markup, Axis, bool]:
    """Draw a histogram; also returns its axis, and whether counts are on a logarithmic scale."""
    return _drawn(histogram, tuple(marks), whole)


@lru_cache(maxsize=256)  # the page in another language has the same charts
def _drawn(histogram: Histogram, marks: tuple[float, ...], whole: bool) -> tuple[Markup, Axis, bool]:
    import vl_convert

    across = axis(histogram, marks, whole)
    counts = histogram.into(across.edges)
    tallest = [int(counts[:, side].max()) for side in (0, 1)]
    filled = sorted(int(n) for n in counts.ravel() if n)
    # A side that would be lower than a tenth of the other, or bars that dwarf most others, call for a log scale.
    steep = max(tallest) > _FACTOR * filled[len(filled) // 2] or max(tallest) > 10 * (min(tallest) or max(tallest))
    specification = copy.deepcopy(_specification())
    _fill(specification, across, [(int(kept), int(dropped)) for kept, dropped in counts], tallest, steep, marks)
    return Markup(vl_convert.vegalite_to_svg(specification, allowed_base_urls=[])), across, steep


def _fill(
    specification: dict[str, Any],
    across: Axis,
    counts: list[tuple[int, int]],
    tallest: list[int],
    steep: bool,
    marks: Sequence[float],
) -> None:
    up, down, lines, labels = specification["layer"]
    rows = [
        {"x": edge, "kept": kept, "dropped": -dropped}
        for edge, (kept, dropped) in zip(across.edges, [*counts, counts[-1]], strict=True)
    ]
    up["data"] = down["data"] = {"values": rows}
    names = [f"{mark:g}" for mark in marks]
    lines["data"] = labels["data"] = {
        "values": [{"x": mark, "label": name} for mark, name in zip(marks, names, strict=True)]
    }
    x, y = up["encoding"]["x"], up["encoding"]["y"]
    x["scale"] |= {"domain": [across.edges[0], across.edges[-1]]}
    if across.constant is not None:
        x["scale"] |= {"type": "symlog", "constant": across.constant}
        x["axis"] |= {"values": _powers(across)}
    least = max(tallest) / 25 if not steep else 0.5
    y["scale"] |= {"domain": [-max(tallest[1], least), max(tallest[0], least)]}
    y["scale"] |= {"type": "symlog", "constant": 1} if steep else {}
    y["axis"] |= {"values": _counts_to_name(tallest, steep)}


def _powers(across: Axis) -> list[float]:
    """Zero and powers of ten on a logarithmic axis, at most seven."""
    constant = across.constant or 1.0
    low, high = across.edges[0], across.edges[-1]
    exponents = range(
        math.ceil(math.log10(constant * 2)), math.floor(math.log10(max(abs(low), abs(high), constant))) + 1
    )
    powers = [10.0**exponent for exponent in exponents[:: max(1, math.ceil(len(exponents) / 6))]]
    return [value for value in [*(-power for power in reversed(powers)), 0.0, *powers] if low <= value <= high]


def _counts_to_name(tallest: list[int], steep: bool) -> list[int]:
    """Zero and one or two round counts on each side, where there is room for their names."""
    named = [0]
    for side, sign in ((0, 1), (1, -1)):
        for value in _round(tallest[side], steep):
            room = math.log1p(value) / math.log1p(max(tallest)) if steep else value / max(tallest)
            if room > 0.15:
                named.append(sign * value)
    return sorted(named)


def _round(most: int, steep: bool) -> list[int]:
    if most < 1:
        return []
    exponent = math.floor(math.log10(most))
    if steep:
        return sorted({10**exponent, 10 ** (exponent // 2)} if exponent >= 3 else {10**exponent})
    return [next(factor * 10**exponent for factor in (5, 2, 1) if factor * 10**exponent <= most)]


@cache
def _specification() -> dict[str, Any]:
    """The chart as Altair describes it, without data, domains and ticks."""
    import altair as alt

    none = alt.InlineData(values=[])
    size = "abs(datum.value)"
    short = f"{size} >= 1000 ? format({size}, '~s') : {size}"
    signed = f"format(datum.value, {size} >= 1e12 ? '.1~e' : {size} >= 1e4 ? '~s' : '~g')"
    x = alt.X("x:Q", title=None, scale=alt.Scale(nice=False, zero=False))
    x = x.axis(grid=False, labelExpr=signed, labelFlush=False, labelOverlap="greedy", tickCount=6)
    areas = [
        alt.Chart(none)
        .mark_area(interpolate="step-after", color=colour, aria=False)
        .encode(x=x, y=alt.Y(f"{kind}:Q", title=None, scale=alt.Scale(nice=False), axis=alt.Axis(labelExpr=short)))
        for kind, colour in (("kept", KEPT), ("dropped", DROPPED))
    ]
    lines = alt.Chart(none).mark_rule(strokeDash=[4, 2], color=INK, aria=False).encode(x="x:Q")
    labels = (
        alt.Chart(none)
        .mark_text(baseline="bottom", color=INK, fontSize=11, aria=False)
        .encode(x="x:Q", y=alt.value(-3), text="label:N")
    )
    chart = (
        alt.layer(*areas, lines, labels)
        .properties(width=WIDTH, height=HEIGHT, padding=4)
        .configure(font="system-ui, sans-serif", background="transparent", aria=False)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=QUIET, tickColor=GRID, domainColor=GRID, gridColor=GRID, labelFontSize=11, aria=False
        )
    )
    specification: dict[str, Any] = chart.to_dict()
    return specification
