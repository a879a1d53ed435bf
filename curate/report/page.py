"""The page: one file of HTML and SVG, which asks nothing of any network; its one script moves the sliders.

Its policy (CSP) forbids everything but the style sheet and the script inside, by their hashes; all text goes through
`markup`. Cut down in steps until it is below `MOST_BYTES`. The charts are most of the time, 25 ms each; the same run
gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import re
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from curate.report.clusters import clusters_section
from curate.report.collect import Report, RuleEntry
from curate.report.examples import rejected_section, samples_section
from curate.report.machine import machine_section
from curate.report.markup import Content, Markup, element, escape, number, seconds, share, size
from curate.report.parts import bar, cell, code, figures, name, section, table
from curate.report.shards import shards_section, tokens_of
from curate.report.signals import signals_section
from curate.report.together import together_section
from curate.report.wording import wording
from curate.stats import ALONE, BROKEN, FIRST, FIRST_BYTES

MOST_BYTES = 5_000_000
MOST_WARNINGS = 50


class Detail(NamedTuple):
    """How much a page shows."""

    samples: int
    """For each rule."""
    charts: int
    clusters: int = 0
    """For each filter that compares documents."""
    sliders: int = 0
    """In all."""
    borders: int = 0
    """Border cases on either side of each number."""
    together: int = 0
    """Rules in the map of rules that fire together."""


DETAILS = (
    Detail(5, 120, 10, 150, 3, 30),
    Detail(3, 120, 10, 100, 2, 30),
    Detail(1, 60, 10, 60, 1, 30),
    Detail(0, 20, 3, 20, 0, 20),
    Detail(0, 0),
)
"""Tried in order until the page is small enough; the last one always is, for up to some 5,000 rules."""


def page(report: Report) -> str:
    """Render a page of at most `MOST_BYTES`."""
    for detail in DETAILS:
        text = render(report, detail)
        if len(text.encode("utf-8", "replace")) <= MOST_BYTES:
            break
    return text


def render(report: Report, detail: Detail) -> str:
    """Render a page with so much detail."""
    say = wording("en")
    sections = [
        _funnel(report),
        _rules(report),
        together_section(report, say, detail.together),
        signals_section(report, say, detail.charts, detail.sliders),
        shards_section(report),
        clusters_section(report, detail.clusters),
        samples_section(report, say, detail.samples, detail.borders),
        rejected_section(report),
        machine_section(report),
    ]
    template = Path(__file__).with_name("template.html").read_text(encoding="utf-8")
    body = escape([_header(report), element("main", sections)])
    script = Path(__file__).with_name("page.js").read_text(encoding="utf-8")
    return string.Template(template).substitute(
        policy=_policy(template, script), title=escape(f"{report.name} · curate"), body=body, script=script
    )


def _policy(template: str, script: str) -> str:
    style = re.search("<style>(.*?)</style>", template, re.DOTALL)
    allowed = f"style-src {_hash(style[1] if style else '')}; script-src {_hash(script)}"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _header(report: Report) -> Markup:
    present = {"clusters": report.clusters, "rejected": report.rejected}
    anchors = ["funnel", "rules", "signals", "shards", "clusters", "samples", "rejected", "run"]
    anchors = [anchor for anchor in anchors if present.get(anchor, True)]
    titles = {"samples": "documents", "rejected": "rejected rows", "run": "the run"}
    links = [element("a", titles.get(anchor, anchor), href=f"#{anchor}") for anchor in anchors]
    finished = str(report.record.get("finished", "")).replace("T", " ")
    limit = report.record.get("limit")
    when = f"finished {finished}" + (f", the first {number(limit)} documents only" if limit is not None else "")
    warnings = [str(warning) for warning in report.record.get("warnings", [])]
    return element(
        "header",
        element("h1", name(report.name)),
        element("div", when, class_="quiet"),
        _sum(report),
        _facts(report),
        element("ul", [element("li", name(one, 500)) for one in warnings[:MOST_WARNINGS]], class_="warnings")
        if warnings
        else None,
        element("nav", links, aria_label="Sections"),
    )


def _sum(report: Report) -> Markup:
    stats = report.stats
    rows = stats.documents + report.rejected
    parts = [("kept", stats.kept), ("dropped", stats.documents - stats.kept), ("rejected", report.rejected)]
    terms: list[Content] = [element("span", element("b", number(rows)), " rows read ")]
    for place, (label, count) in enumerate(parts):
        sign = element("i", "+ " if place else "= ")
        terms.append(element("span", sign, element("span", element("b", number(count)), f" {label} ", class_=label)))
    whole = rows or 1
    return escape(
        [
            element("div", terms, class_="sum"),
            bar([(label, count / whole) for label, count in parts], tall=True),
        ]
    )


def _facts(report: Report) -> Markup:
    stats, record = report.stats, report.record
    kept_share = share(stats.kept_bytes, stats.text_bytes)
    facts: list[tuple[str, Content, str]] = [
        ("documents kept", share(stats.kept, stats.documents), ""),
        ("text kept", size(stats.kept_bytes), f"of {size(stats.text_bytes)}, {kept_share}"),
    ]
    facts += [(f"tokens for {label[:40]}", number(tokens), "") for label, tokens in tokens_of(report).items()]
    workers, memory = record.get("workers"), record.get("worker_memory_bytes")
    if record.get("wall_seconds") is not None:
        facts.append(("wall time", seconds(record["wall_seconds"]), _resumed(record)))
    if workers is not None:
        facts.append(("worker processes", number(workers), ""))
    if memory:
        facts.append(("peak memory", size(memory), "a worker"))
    return element(
        "dl",
        [
            element("div", element("dt", what), element("dd", value, " ", element("small", more)))
            for what, value, more in facts
        ],
        class_="facts",
    )


def _resumed(record: Mapping[str, Any]) -> str:
    parts = record.get("parts", {})
    done = parts.get("all", 0) - parts.get("measured", 0)
    return f"{number(done)} of {number(parts['all'])} parts were measured before" if done else ""


def _funnel(report: Report) -> Markup:
    stats = report.stats
    rows = stats.documents + report.rejected
    lines = [_funnel_line("rows read", rows, rows, None, None)]
    if report.rejected:
        lines.append(_funnel_line("could be read", stats.documents, rows, report.rejected, stats.text_bytes))
    left, left_bytes = stats.documents, stats.text_bytes
    for label, tally in zip(report.filters, stats.by_filter, strict=True):
        lost = int(tally[FIRST])
        left, left_bytes = left - lost, left_bytes - int(tally[FIRST_BYTES])
        lines.append(_funnel_line(name(label), left, rows, lost, left_bytes))
    lines.append(_funnel_line("kept", stats.kept, rows, None, stats.kept_bytes, "total"))
    heads = [
        ("after", None), ("", "wide"), ("documents", "n"), ("of all", "n"), ("fewer by", "n optional"),
        ("text", "n optional"),
    ]  # fmt: skip
    intro = element(
        "p", "What is still there after the rules of each filter, in the order of the pipeline; a document counts "
        "where its first reason stands.", class_="note",
    )  # fmt: skip
    tokens = [
        element("tr", cell(name(label)), cell(""), figures(element("b", number(tokens)), "tokens"))
        for label, tokens in tokens_of(report).items()
    ]
    return section("funnel", "Funnel", intro, table(heads, [*lines, *tokens]), _changed_text(report))


def _changed_text(report: Report) -> Markup | None:
    """What cleaners changed before anything was measured, and what filters cut out of kept documents."""
    steps = [("cleaned", report.record.get("cleaned", {})), ("cut", report.record.get("cut", {}))]
    lines = [
        element(
            "tr",
            cell(name(label)),
            cell(element("span", what, class_="quiet")),
            figures(number(change["documents"]), share(change["documents"], report.stats.documents)),
            figures(number(change["chars"])),
        )
        for what, changes in steps
        for label, change in changes.items()
    ]
    if not lines:
        return None
    heads = [("step", None), ("", None), ("documents", "n"), ("of all", "n"), ("characters", "n")]
    note = element(
        "p", "Cleaners change text before it is measured; what is cut is measured, but left out of the shards. "
        "Characters taken out or put in, whichever are more.", class_="note",
    )  # fmt: skip
    return element("div", element("h3", "Text changed"), note, table(heads, lines))


def _funnel_line(
    label: Content, count: int, rows: int, lost: int | None, n_bytes: int | None, class_: str | None = None
) -> Markup:
    whole = rows or 1
    return element(
        "tr",
        cell(label, class_="break"),
        cell(bar([("kept", count / whole), ("faint", (lost or 0) / whole)]), class_="wide"),
        figures(number(count), share(count, rows)),
        cell("" if lost is None else number(lost), class_="n optional"),
        cell("" if n_bytes is None else size(n_bytes), class_="n optional"),
        class_=class_,
    )


def _rules(report: Report) -> Markup:
    by_rule = dict(zip((rule.reason for rule in report.rules), enumerate(report.stats.by_reason), strict=True))
    lines: list[Markup] = []
    for label, tally in zip(report.filters, report.stats.by_filter, strict=True):
        reasons = report.filters[label]
        lines.append(_filter_line(report, label, tally, len(reasons)))
        for rule in (one for one in report.rules if one.filter == label):
            place, counts = by_rule[rule.reason]
            lines.append(_rule_line(report, rule, place, counts))
    if not lines:
        nothing = element("p", "This pipeline has no filter: every document is kept.", class_="note")
        return section("rules", "Rules", nothing)
    heads = [
        ("rule", None), ("drops when", None), ("", "wide"), ("drops in all", "n"), ("of all", "n optional"),
        ("by it alone", "n"), ("as first reason", "n optional"),
    ]  # fmt: skip
    intro = element(
        "p", "A document may break several rules. ", element("b", "By it alone"), " (dark in the bar) counts those "
        "that break no other: without the rule they would come back, duplicates aside. A null signal breaks the rule.",
        class_="note",
    )  # fmt: skip
    return section("rules", "Rules", intro, table(heads, lines, "rules"))


def _filter_line(report: Report, label: str, tally: Any, n_rules: int) -> Markup:
    what = f"{n_rules} rules" if n_rules > 1 else "" if n_rules else "no rule: measures only"
    return element(
        "tr",
        cell(name(label)),
        cell(element("span", what, class_="quiet")),
        _rule_numbers(report, tally),
        class_="group",
    )


def _rule_line(report: Report, rule: RuleEntry, place: int, tally: Any) -> Markup:
    title = rule.reason.removeprefix(f"{rule.filter}.")
    link = element("a", name(title), href=f"#rule-{place}")
    kind = "rule" if tally[BROKEN] else "rule idle"
    return element(
        "tr",
        cell(link, class_="break"),
        cell(code(rule.condition), class_="break"),
        _rule_numbers(report, tally),
        class_=kind,
    )


def _rule_numbers(report: Report, tally: Any) -> list[Markup]:
    documents = report.stats.documents
    broken, alone, first = (int(tally[column]) for column in (BROKEN, ALONE, FIRST))
    most = max((int(one) for one in report.stats.by_filter[:, BROKEN]), default=0) or 1
    return [
        cell(bar([("dropped", alone / most), ("faint", (broken - alone) / most)]), class_="wide"),
        *figures(number(broken)),
        cell(share(broken, documents), class_="n optional"),
        *figures(number(alone)),
        cell(number(first), class_="n optional"),
    ]
