"""The bar chart of the results: a bar for each tool in each step, on a logarithmic axis; by Altair and vl-convert.

The picture brings its own background and follows the reader's light or dark scheme by its style, as GitHub shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from comparisons import MINUTE, STEPS
from contest import Row
from steps_section import number

OURS, PEER, INK, QUIET, GRID, PAPER = "#0072b2", "#b4b9bf", "#1c1e21", "#6a6f76", "#e4e5e7", "#ffffff"
DARK = {OURS: "#4aa8e0", PEER: "#5d646c", INK: "#e6e8ea", QUIET: "#9aa1a9", GRID: "#2b3036", PAPER: "#15181c"}
WIDTH, LINE = 430, 19
LOWEST, HIGHEST = 0.1, 1_000.0
FONT = "Helvetica, Arial, sans-serif"


class Bar(NamedTuple):
    """A line of the chart: a bar, or (without a speed) a heading."""

    y: float
    name: str
    speed: float | None
    label: str
    colour: str


def bars(rows: Sequence[Row]) -> list[Bar]:
    """Headings and bars from top to bottom, the fastest of each step first; tools that failed say so."""
    result: list[Bar] = []
    y = 0.0
    for step in STEPS:
        of_step = [row for row in rows if row.step == step.name]
        if not of_step or step.unit == MINUTE:
            continue
        result.append(Bar(y, step.name, None, "", INK))
        y += LINE
        for row in sorted(of_step, key=lambda row: -(row.speed or 0)):
            result.append(_bar(y, row))
            y += LINE
        y += LINE * 0.6
    return result


def _bar(y: float, row: Row) -> Bar:
    colour = OURS if row.tool == "curate" else PEER
    if row.error:
        return Bar(y, row.tool, LOWEST, "failed", colour)
    ratio = f"   ours {number(row.ratio)} ×" if row.ratio else ""
    return Bar(y, row.tool, row.speed, f"{number(row.speed)}{ratio}", colour)


def draw(rows: Sequence[Row]) -> str:
    """The chart as SVG."""
    import vl_convert

    return adaptive(vl_convert.vegalite_to_svg(description(bars(rows)), allowed_base_urls=[]))


def description(lines: Sequence[Bar]) -> dict[str, Any]:
    """The chart in Vega-Lite."""
    import altair as alt

    height = max((line.y for line in lines), default=0) + LINE
    highest = max([HIGHEST, *(line.speed or 0 for line in lines)])
    data = alt.Data(values=[_values(line) for line in lines])
    y = alt.Y("y:Q", scale=alt.Scale(domain=[0, height], reverse=True, nice=False), axis=None)
    ticks = [10.0**power for power in range(-1, 4) if 10.0**power <= highest]
    scale = alt.Scale(type="log", domain=[LOWEST, highest], nice=False)
    axis = alt.Axis(values=ticks, format="~g", orient="top", grid=True, domain=False, ticks=False)
    x = alt.X("speed:Q", scale=scale, axis=axis, title="MB of text a second, one core (logarithmic)")
    base = alt.Chart(data)
    shown = alt.datum.speed != None  # noqa: E711  # an expression of Vega's, not of Python's
    colour = alt.Color("colour:N", scale=None)
    layers = [
        base.transform_filter(shown)
        .mark_bar(height=LINE - 6, cornerRadiusEnd=2)
        .encode(x=x, x2=alt.datum(LOWEST), y=y, color=colour),
        base.transform_filter(shown)
        .mark_text(align="left", dx=6, fontSize=11, color=QUIET)
        .encode(x=x, y=y, text="label:N"),
        base.transform_filter(shown)
        .mark_text(align="right", dx=-8, fontSize=12, color=INK)
        .encode(x=alt.value(0), y=y, text="name:N"),
        base.transform_filter(alt.datum.speed == None)  # noqa: E711
        .mark_text(align="left", dx=-190, fontSize=13, fontWeight="bold", color=INK)
        .encode(x=alt.value(0), y=y, text="name:N"),
    ]
    chart = alt.layer(*layers).properties(width=WIDTH, height=height, background=PAPER, padding=18)
    return chart.configure_view(stroke=None).configure(font=FONT).configure_axis(
        gridColor=GRID, labelColor=QUIET, titleColor=QUIET, titleFontWeight="normal", labelFontSize=11, titleFontSize=11
    ).to_dict()  # fmt: skip


def _values(line: Bar) -> dict[str, Any]:
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
