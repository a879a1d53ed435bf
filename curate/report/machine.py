"""The section on the run itself: where the time went, inputs, versions, fingerprints, the pipeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from curate.report.collect import Report
from curate.report.markup import Content, Markup, element, seconds, share, shortened, size
from curate.report.parts import bar, cell, code, figures, name, section, table
from curate.report.wording import Wording

PIPELINE_CHARS = 100_000
MOST_INPUTS = 30
MOST_ROWS = 200
"""Passes, versions, fingerprints that are listed."""


def machine_section(report: Report, say: Wording) -> Markup:
    """Times, inputs, versions, fingerprints, pipeline."""
    record = report.record
    versions = {**record.get("versions", {}), "python": record.get("python", "?"), "seed": record.get("seed", "?")}
    variables = {f"${key}": value for key, value in record.get("variables", {}).items()}
    return section(
        "run",
        say("The run"),
        _times(say, record.get("passes", []), float(record.get("wall_seconds") or 0)),
        element(
            "div",
            _inputs(say, report.inputs),
            _pairs(say("Versions"), [*versions.items(), *variables.items()]),
            _pairs(say("Fingerprints"), list(report.fingerprints.items())),
            class_="columns",
        ),
        element("h3", say("Pipeline")),
        element("pre", shortened(report.pipeline, PIPELINE_CHARS)),
    )


def _times(say: Wording, passes: Sequence[Mapping[str, Any]], wall: float) -> Markup | None:
    """Where the time went: passes by the clock, and below each its steps, by the time of its workers."""
    if not passes or not wall:
        return None
    lines: list[Markup] = []
    for one in passes[:MOST_ROWS]:
        taken, n_bytes = float(one["seconds"]), int(one.get("bytes", 0))
        lines.append(_time(_step(say, str(one["pass"])), taken, wall, n_bytes))
        # Of two workers, each half of a second is half a second of the pass.
        at_once = max(1.0, float(one.get("worker_seconds", taken)) / taken) if taken else 1.0
        steps = list(one.get("steps", {}).items())[:MOST_ROWS]
        lines += [_time(_step(say, str(step)), float(spent) / at_once, wall, n_bytes, "rule") for step, spent in steps]
    listed = sum(float(one["seconds"]) for one in passes)
    note = say(
        "Of {time} by the clock, {share} are in these rows.",
        time=seconds(wall),
        share=share(round(1000 * listed), round(1000 * wall)),
    )
    heads: list[tuple[Content, str | None]] = [
        (say("step"), None), ("", "wide"), (say("time"), "n"), (say("share"), "n"), (say("text"), "n optional"),
    ]  # fmt: skip
    title = element("h3", say("Where the time went"))
    return element("div", title, table(heads, lines), element("p", note, class_="note"))


def _step(say: Wording, recorded: str) -> Markup:
    """A step as `run.json` names it (`measure`, `clean html`, `write minimind: plan`), in the reader's language."""
    head, _, detail = recorded.partition(": ")
    kind, _, label = head.partition(" ")
    kinds = {
        "start": say("start"), "compile": say("compile"), "measure": say("measure"), "compare": say("compare"),
        "judge": say("judge"), "write": say("write"), "record": say("record"), "read": say("read"),
        "clean": say("clean"), "store": say("store"),
    }  # fmt: skip
    details = {
        "group": say("group"), "join": say("join"), "pair": say("pair"), "fetch": say("fetch"),
        "verify": say("verify"), "prepare": say("prepare"), "compile": say("compile"), "collect": say("collect"),
        "plan": say("plan"), "shards": say("shards"), "finish": say("finish"),
    }  # fmt: skip
    if kind not in kinds:
        return name(recorded)
    if not label:
        return kinds[kind]
    if not detail:
        return say("{step} {label}", step=kinds[kind], label=name(label))
    return say(
        "{step} {label}: {detail}", step=kinds[kind], label=name(label), detail=details.get(detail, name(detail))
    )


def _time(what: Markup, taken: float, wall: float, n_bytes: int, class_: str | None = None) -> Markup:
    part = share(round(1000 * taken), round(1000 * wall))
    return element(
        "tr",
        cell(what, class_="break"),
        cell(bar([("quiet", min(1.0, taken / wall))]), class_="wide"),
        figures(seconds(taken), part),
        cell(_rate(n_bytes, taken) if n_bytes else "", class_="n optional"),
        class_=class_,
    )


def _rate(n_bytes: int, taken: float) -> str:
    return f"{size(n_bytes / taken)}/s" if taken > 0 else "–"


def _inputs(say: Wording, inputs: Sequence[tuple[str, int]]) -> Markup:
    lines = [
        element("tr", cell(code(path), class_="break"), figures(size(n_bytes)))
        for path, n_bytes in inputs[:MOST_INPUTS]
    ]
    note = None
    if rest := inputs[MOST_INPUTS:]:
        left = size(sum(n_bytes for _, n_bytes in rest))
        more = say.many(len(rest), "and 1 more file, {bytes}", "and {n} more files, {bytes}", bytes=left)
        note = element("p", more, class_="note")
    listed = table([(say("file"), None), (say("on disk"), "n")], lines)
    return element("div", element("h3", say("Input files")), listed, note)


def _pairs(title: Content, pairs: Sequence[tuple[str, Content]]) -> Markup:
    lines = [element("tr", cell(name(key)), cell(code(str(value)), class_="break")) for key, value in pairs[:MOST_ROWS]]
    return element("div", element("h3", title), element("table", element("tbody", lines)))
