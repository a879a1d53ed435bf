"""The section on the run itself: where the time went, inputs, versions, fingerprints, the pipeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from curate.report.collect import Report
from curate.report.markup import Content, Markup, element, number, seconds, share, shortened, size
from curate.report.parts import bar, cell, code, figures, name, section, table

PIPELINE_CHARS = 100_000
MOST_INPUTS = 30
MOST_ROWS = 200
"""Passes, versions, fingerprints that are listed."""


def machine_section(report: Report) -> Markup:
    """Times, inputs, versions, fingerprints, pipeline."""
    record = report.record
    versions = {**record.get("versions", {}), "python": record.get("python", "?"), "seed": record.get("seed", "?")}
    variables = {f"${key}": value for key, value in record.get("variables", {}).items()}
    return section(
        "run",
        "The run",
        _times(record.get("passes", []), float(record.get("wall_seconds") or 0)),
        element(
            "div",
            _inputs(report.inputs),
            _pairs("Versions", [*versions.items(), *variables.items()]),
            _pairs("Fingerprints", list(report.fingerprints.items())),
            class_="columns",
        ),
        element("h3", "Pipeline"),
        element("pre", shortened(report.pipeline, PIPELINE_CHARS)),
    )


def _times(passes: Sequence[Mapping[str, Any]], wall: float) -> Markup | None:
    """Where the time went: passes by the clock, and below each its steps, by the time of its workers."""
    if not passes or not wall:
        return None
    lines: list[Markup] = []
    for one in passes[:MOST_ROWS]:
        taken, n_bytes = float(one["seconds"]), int(one.get("bytes", 0))
        lines.append(_time(str(one["pass"]), taken, wall, n_bytes))
        # Of two workers, each half of a second is half a second of the pass.
        at_once = max(1.0, float(one.get("worker_seconds", taken)) / taken) if taken else 1.0
        steps = list(one.get("steps", {}).items())[:MOST_ROWS]
        lines += [_time(str(step), float(spent) / at_once, wall, n_bytes, "rule") for step, spent in steps]
    listed = sum(float(one["seconds"]) for one in passes)
    note = f"Of {seconds(wall)} by the clock, {share(round(1000 * listed), round(1000 * wall))} are in these rows."
    heads = [("", None), ("", "wide"), ("time", "n"), ("share", "n"), ("text", "n")]
    return element("div", element("h3", "Where the time went"), table(heads, lines), element("p", note, class_="note"))


def _time(what: str, taken: float, wall: float, n_bytes: int, class_: str | None = None) -> Markup:
    part = share(round(1000 * taken), round(1000 * wall))
    return element(
        "tr",
        cell(name(what), class_="break"),
        cell(bar([("quiet", min(1.0, taken / wall))]), class_="wide"),
        figures(seconds(taken), part, _rate(n_bytes, taken) if n_bytes else ""),
        class_=class_,
    )


def _rate(n_bytes: int, taken: float) -> str:
    return f"{size(n_bytes / taken)}/s" if taken > 0 else "–"


def _inputs(inputs: Sequence[tuple[str, int]]) -> Markup:
    lines = [
        element("tr", cell(code(path), class_="break"), figures(size(n_bytes)))
        for path, n_bytes in inputs[:MOST_INPUTS]
    ]
    rest = inputs[MOST_INPUTS:]
    more = f"and {number(len(rest))} more files, {size(sum(n_bytes for _, n_bytes in rest))}" if rest else None
    note = element("p", more, class_="note") if more else None
    return element("div", element("h3", "Input files"), table([("file", None), ("on disk", "n")], lines), note)


def _pairs(title: str, pairs: Sequence[tuple[str, Content]]) -> Markup:
    lines = [element("tr", cell(name(key)), cell(code(str(value)), class_="break")) for key, value in pairs[:MOST_ROWS]]
    return element("div", element("h3", title), element("table", element("tbody", lines)))
