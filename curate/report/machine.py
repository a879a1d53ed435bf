"""The section on the run itself: where the time went, inputs, versions, fingerprints, the pipeline."""

from __future__ import annotations

from collections.abc import Sequence

from curate.report.collect import Report
from curate.report.markup import Content, Markup, element, number, seconds, shortened, size
from curate.report.parts import bar, cell, code, figures, name, section, table

PIPELINE_CHARS = 100_000
MOST_INPUTS = 30
MOST_ROWS = 200
"""Passes, versions, fingerprints that are listed."""


def machine_section(report: Report) -> Markup:
    """Times, inputs, versions, fingerprints, pipeline."""
    record = report.record
    passes = [(str(one["pass"]), float(one["seconds"])) for one in record.get("passes", [])]
    steps = [(str(step), float(taken)) for step, taken in record.get("seconds", {}).items()]
    parts = record.get("parts", {})
    # After a resumed run the seconds are those of the rest, and a rate over all bytes would be too high.
    measured = report.stats.text_bytes if parts.get("measured") == parts.get("all") else 0
    versions = {**record.get("versions", {}), "python": record.get("python", "?"), "seed": record.get("seed", "?")}
    variables = {f"${key}": value for key, value in record.get("variables", {}).items()}
    return section(
        "run",
        "The run",
        element(
            "div",
            _times("Time by pass", passes, 0),
            _times("Worker time by step of the first pass", steps, measured),
            class_="columns",
        ),
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


def _times(title: str, rows: Sequence[tuple[str, float]], n_bytes: int) -> Markup | None:
    if not rows:
        return None
    longest = max(taken for _, taken in rows) or 1.0
    lines = [
        element(
            "tr",
            cell(name(step), class_="break"),
            cell(bar([("quiet", taken / longest)]), class_="wide"),
            figures(seconds(taken), *([_rate(n_bytes, taken)] if n_bytes else [])),
        )
        for step, taken in rows[:MOST_ROWS]
    ]
    heads = [("", None), ("", "wide"), ("time", "n"), *([("rate", "n")] if n_bytes else [])]
    return element("div", element("h3", title), table(heads, lines))


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
