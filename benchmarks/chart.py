"""The bar chart of the results: a bar for each tool in each step, on a logarithmic axis; by Altair and vl-convert.

The picture brings its own background and follows the reader's light or dark scheme by its style, as GitHub shows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from comparisons import MINUTE, STEPS
from contest import Row
from steps_section import number

OURS, PEER, INK, QUIET, GRID, PAPER = "#0072b2", "#b4b9bf", "#1c1e21", "#6a6f76", "#e4e5e7", "#ffffff"
DARK = {OURS: "#4aa8e0", PEER: "#5d646c", INK: "#e6e8ea", QUIET: "#9aa1a9", GRID: "#2b3036", PAPER: "#15181c"}
WIDTH, FULL, LEFT, LINE = 430, 530, 185, 19
"""Pixels: of the axis, up to the ratios, of the names, and from line to line."""
LOWEST, HIGHEST = 0.1, 1_000.0
TICKS = [0.1, 1, 10, 100, 1_000]
FONT = "Helvetica, Arial, sans-serif"


class Line(NamedTuple):
    """A line of the chart: a bar, or (without a speed) a heading."""

    y: float
    name: str
    speed: float | None
    label: str
    """Of a bar its speed, of a heading what the step does."""
    ratio: str
    colour: str


def lines(rows: Sequence[Row], titles: Mapping[str, str]) -> list[Line]:
    """Headings and bars from top to bottom, the fastest of each step first."""
    result: list[Line] = []
    y = 0.0
    for step in STEPS:
        of_step = [row for row in rows if row.step == step.name]
        if not of_step or step.unit == MINUTE:
            continue
        result.append(Line(y, step.name, None, titles.get(step.name, step.what), "", INK))
        for row in sorted(of_step, key=lambda row: -(row.speed or 0)):
            y += LINE
            result.append(_bar(y, row))
        y += LINE * 1.7
    return result


def _bar(y: float, row: Row) -> Line:
    colour = OURS if row.tool == "curate" else PEER
    if row.error:
        return Line(y, row.tool, LOWEST, "failed", "", colour)
    ratio = f"{number(row.ratio)} ×" if row.ratio else ""
    return Line(y, row.tool, row.speed, number(row.speed), ratio, colour)


def draw(rows: Sequence[Row], titles: Mapping[str, str]) -> str:
    """The chart as SVG; `titles` says what each step does."""
    import vl_convert

    return adaptive(vl_convert.vegalite_to_svg(description(lines(rows, titles)), allowed_base_urls=[]))


def description(shown: Sequence[Line]) -> dict[str, Any]:
    """The chart in Vega-Lite."""
    import altair as alt

    height = max((line.y for line in shown), default=0) + LINE
    highest = max([HIGHEST, *(line.speed or 0 for line in shown)])
    y = alt.Y("y:Q", scale=alt.Scale(domain=[0, height], reverse=True, nice=False), axis=None)
    x = alt.X(
        "speed:Q",
        scale=alt.Scale(type="log", domain=[LOWEST, highest], nice=False),
        axis=alt.Axis(values=TICKS, format="~g", orient="top", domain=False, ticks=False),
        title="MB of text a second on one core, logarithmic",
    )
    headings = alt.Chart(alt.Data(values=[_values(line) for line in shown if line.speed is None]))
    bars = alt.Chart(alt.Data(values=[_values(line) for line in shown if line.speed is not None]))
    heading = {"align": "left", "fontSize": 13, "fontWeight": "bold", "color": INK}
    quiet = {"fontSize": 11, "color": QUIET}
    layers = [
        bars.mark_bar(height=LINE - 6, cornerRadiusEnd=2).encode(
            x=x, x2=alt.datum(LOWEST), y=y, color=alt.Color("colour:N", scale=None)
        ),
        bars.mark_text(align="left", dx=6, **quiet).encode(x=x, y=y, text="label:N"),
        bars.mark_text(align="right", dx=-8, fontSize=12, color=INK).encode(x=alt.value(0), y=y, text="name:N"),
        bars.mark_text(align="right", fontSize=12, color=INK).encode(x=alt.value(FULL), y=y, text="ratio:N"),
        headings.mark_text(dx=-LEFT, **heading).encode(x=alt.value(0), y=y, text="name:N"),
        headings.mark_text(align="left", **quiet).encode(x=alt.value(0), y=y, text="label:N"),
        alt.Chart(alt.Data(values=[{"name": "ours, times as fast"}]))
        .mark_text(align="right", **quiet)
        .encode(x=alt.value(FULL), y=alt.value(-7), text="name:N"),
    ]
    chart = alt.layer(*layers).properties(width=WIDTH, height=height, background=PAPER, padding=20)
    axis = {"gridColor": GRID, "labelColor": QUIET, "titleColor": QUIET, "titleFontWeight": "normal"}
    return chart.configure(font=FONT, view={"stroke": None}, axis=axis).to_dict()


def _values(line: Line) -> dict[str, Any]:
    return {**line._asdict(), "y": line.y + LINE / 2, "speed": line.speed and max(line.speed, LOWEST)}


def adaptive(svg: str) -> str:
    """Give each colour its dark counterpart, for readers who prefer a dark page."""
    rules = [
        f'[{attribute}="{light}"]{{{attribute}:{dark}}}'
        for light, dark in DARK.items()
        for attribute in ("fill", "stroke")
    ]
    start = svg.index(">") + 1
    return f"{svg[:start]}<style>@media (prefers-color-scheme:dark){{{''.join(rules)}}}</style>{svg[start:]}"
