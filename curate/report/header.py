"""The head of the page: the name of the run, the sum of its rows, what it came to, warnings; and where to go on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from curate.report.collect import Report
from curate.report.markup import Content, Markup, element, escape, number, seconds, share, size
from curate.report.parts import bar, name
from curate.report.shards import tokens_of
from curate.report.warned import warned
from curate.report.wording import Wording

MOST_WARNINGS = 50
_LANGUAGE_NAMES = {"en": "English", "zh": "中文"}


def header(report: Report, say: Wording, others: Mapping[str, str]) -> Markup:
    """All that stands above the sections; `others`: language to file of the same page."""
    warnings = [str(warning) for warning in report.record.get("warnings", [])]
    listed = [element("li", warned(say, one)) for one in warnings[:MOST_WARNINGS]]
    return element(
        "header",
        element("h1", name(report.name)),
        element("div", _when(report, say), _other_languages(others), class_="quiet"),
        _sum(report, say),
        _facts(report, say),
        element("ul", listed, class_="warnings") if warnings else None,
    )


def _when(report: Report, say: Wording) -> Markup:
    # An index tells runs of one second apart by the fraction; a reader needs none.
    finished = re.sub(r"\.\d+", "", str(report.record.get("finished", "")))
    finished = finished.replace("T", " ").replace("+00:00", " UTC")
    limit = report.record.get("limit")
    if limit is None:
        return say("finished {finished}", finished=finished)
    return say.many(
        limit,
        "finished {finished}, the first document only",
        "finished {finished}, the first {n} documents only",
        finished=finished,
    )


def _other_languages(others: Mapping[str, str]) -> list[Markup | str]:
    links = [element("a", _LANGUAGE_NAMES[one], href=file, lang=one) for one, file in others.items()]
    return [part for link in links for part in (" · ", link)]


def navigation(report: Report, say: Wording) -> Markup:
    """Links to the sections; they stay in sight."""
    titles = {
        "funnel": say("Funnel"),
        "composition": say("What it is made of"),
        "rules": say("Rules"),
        "signals": say("Signals"),
        "shards": say("Shards"),
        "clusters": say("Clusters") if report.clusters else None,
        "samples": say("Documents"),
        "rejected": say("Rejected rows") if report.rejected else None,
        "run": say("The run"),
    }
    links = [element("a", title, href=f"#{anchor}") for anchor, title in titles.items() if title is not None]
    return element("nav", links, aria_label=say.plain("Sections"))


def _sum(report: Report, say: Wording) -> Markup:
    stats = report.stats
    rows, dropped = stats.documents + report.rejected, stats.documents - stats.kept
    read = say.many(rows, "{n} row read", "{n} rows read", n=element("b", number(rows)))
    parts = [
        ("kept", stats.kept, say("{n} kept", n=element("b", number(stats.kept)))),
        ("dropped", dropped, say("{n} dropped", n=element("b", number(dropped)))),
        ("rejected", report.rejected, say("{n} rejected", n=element("b", number(report.rejected)))),
    ]
    terms: list[Content] = [element("span", read, " ")]
    for place, (kind, _, words) in enumerate(parts):
        sign = element("i", "+ " if place else "= ")
        terms.append(element("span", sign, element("span", words, " ", class_=kind)))
    whole = rows or 1
    shares = [(kind, count / whole) for kind, count, _ in parts]
    return escape([element("div", terms, class_="sum"), bar(shares, tall=True)])


def _facts(report: Report, say: Wording) -> Markup:
    stats, record = report.stats, report.record
    of_text = say("of {bytes}, {share}", bytes=size(stats.text_bytes), share=share(stats.kept_bytes, stats.text_bytes))
    facts: list[tuple[Content, Content, Content]] = [
        (
            say("documents kept"),
            share(stats.kept, stats.documents),
            say("of {n} that could be read", n=stats.documents),
        ),
        (say("text kept"), size(stats.kept_bytes), of_text),
    ]
    for label, tokens in tokens_of(report).items():
        facts.append((say("tokens for {writer}", writer=name(label, 40)), number(tokens), None))
    workers, memory, resumed = record.get("workers"), record.get("worker_memory_bytes"), _resumed(record, say)
    if record.get("wall_seconds") is not None:
        busy = say.many(workers, "1 worker process", "{n} worker processes") if workers is not None else None
        more = escape([busy, "; " if busy and resumed else None, resumed])
        facts.append((say("time by the clock"), seconds(record["wall_seconds"]), more))
    if memory:
        facts.append((say("most memory of a worker"), size(memory), None))
    listed = [
        element("div", element("dt", what), element("dd", value, " ", element("small", more) if more else None))
        for what, value, more in facts
    ]
    return element("dl", listed, class_="facts")


def _resumed(record: Mapping[str, Any], say: Wording) -> Markup | None:
    parts = record.get("parts", {})
    done = parts.get("all", 0) - parts.get("measured", 0)
    if not done:
        return None
    return say.many(
        parts["all"],
        "the one part was measured before",
        "{done} of {n} parts were measured before",
        done=done,
    )
