"""The rows of `bench.py` as a section of the results, and as lines on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from comparisons import MINUTE, STEPS, Step, speed_in, verdicts
from contest import Row
from results import Section, Table

COLUMNS = ["tool", "speed", "ours beside it", "ratio", "text", "memory", "of it the step", "version", "remarks"]
HOW = """\
Ours and each peer run in turn, on one core and one thread, on the same texts, {runs} counted times each. Speed is the
median, in MB of UTF-8 a second; ratio is the median of the ratios of two times that followed each other. A slower tool
gets fewer texts, and ours beside it the same few. Loading models and texts is not counted, nor is the first time.
Memory is the peak of the process, and what the step took of it beyond what was loaded before.

Text: {text}. Machine: {machine}. {date}, commit {commit}. Made by `{command}`.

![Speed of each tool in each step](results.svg)"""


def cells(row: Row, step: Step) -> list[str]:
    """One row of a table."""
    if row.error:
        return [row.tool, *[""] * (len(COLUMNS) - 2), f"failed: {row.error}"]
    minute = step.unit == MINUTE
    unit = "M/min" if minute else "MB/s"
    return [
        row.tool,
        f"{number(speed_in(step, row.speed))} {unit}",
        f"{number(row.our_speed)} {unit}" if row.our_speed else "",
        f"{number(row.ratio)} ×" if row.ratio else "",
        "" if minute else f"{number(row.amount)} MB",
        f"{(row.memory or 0) / 1e6:,.0f} MB",
        f"{(row.own_memory or 0) / 1e6:,.0f} MB",
        next(iter(row.versions.values()), ""),
        remarks(row),
    ]


def remarks(row: Row) -> str:
    """Whether answers were the same; whether it was one thread."""
    same = {"": "", "same": "same answers"}.get(row.same, row.same)
    threads = f"{row.threads:.1f} threads" if row.threads and row.threads > 1.15 else ""
    return ", ".join(filter(None, [same, threads]))


def number(value: float | None) -> str:
    """Three digits that count."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def line(row: Row, step: Step) -> str:
    """One row on the terminal."""
    shown = cells(row, step)
    widths = [29, 12, 12, 9, 9, 9, 9, 9]
    padded = [
        shown[0].ljust(widths[0]),
        *(cell.rjust(width) for cell, width in zip(shown[1:-1], widths[1:], strict=True)),
    ]
    return f"  {' '.join(padded)}  {shown[-1]}".rstrip() if not row.error else f"  {padded[0]} {shown[-1]}"


def bounds_table(rows: Sequence[Row]) -> Table:
    """What ours must reach in the steps that were done, and whether it does."""
    done = {row.step for row in rows}
    found = [verdict for step in STEPS if step.name in done for verdict in verdicts(step, rows)]
    states = {True: "met", False: "**not met**", None: "not measured"}
    shown = [[one.step, one.wanted, number(one.reached), states[one.met]] for one in found]
    return Table(["step", "must", "reached", ""], shown, "Bounds")


def bound_lines(rows: Sequence[Row]) -> list[str]:
    """The same on the terminal."""
    shown = [[cell.replace("*", "") for cell in row] for row in bounds_table(rows).rows]
    return [f"{step:12} {must:42} {reached:>8}  {state}" for step, must, reached, state in shown]


def section(rows: Sequence[Row], titles: dict[str, str], facts: dict[str, Any]) -> Section:
    """All rows. `titles` says more of a step than its table does; `facts` fill `HOW`."""
    done = [step for step in STEPS if any(row.step == step.name for row in rows)]
    tables = [
        Table(
            COLUMNS,
            [cells(row, step) for row in rows if row.step == step.name],
            step.name,
            titles.get(step.name, step.what) + ".",
        )
        for step in done
    ]
    data = {**facts, "rows": [asdict(row) for row in rows]}
    return Section("Step by step, beside other tools", HOW.format(**facts), [bounds_table(rows), *tables], data)
