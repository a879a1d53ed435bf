"""The section on rules: for each what it drops in all, what it alone drops, and for how many it is the first reason."""

from __future__ import annotations

from typing import Any

from curate.report.collect import Report, RuleEntry
from curate.report.markup import Markup, element, number, share
from curate.report.parts import bar, cell, code, figures, name, section, table
from curate.report.wording import Wording
from curate.stats import ALONE, BROKEN, FIRST


def rules_section(report: Report, say: Wording) -> Markup:
    """Filters with their rules, in the order of the pipeline."""
    by_rule = dict(zip((rule.reason for rule in report.rules), enumerate(report.stats.by_reason), strict=True))
    lines: list[Markup] = []
    for label, tally in zip(report.filters, report.stats.by_filter, strict=True):
        lines.append(_filter_line(report, say, label, tally))
        for rule in (one for one in report.rules if one.filter == label):
            place, counts = by_rule[rule.reason]
            lines.append(_rule_line(report, rule, place, counts))
    if not lines:
        nothing = say("This pipeline has no filter: every document is kept.")
        return section("rules", say("Rules"), element("p", nothing, class_="note"))
    heads = [
        (say("rule"), None), (say("drops when"), None), ("", "wide"), (say("drops in all"), "n"),
        (say("of all"), "n optional"), (say("by it alone"), "n"), (say("as first reason"), "n optional"),
    ]  # fmt: skip
    intro = say(
        "A document may break several rules. {alone} (dark in the bar) counts those that break no other: without the "
        "rule they would come back, duplicates aside. A null signal breaks the rule.",
        alone=element("b", say("By it alone")),
    )
    return section("rules", say("Rules"), element("p", intro, class_="note"), table(heads, lines, "rules"))


def _filter_line(report: Report, say: Wording, label: str, tally: Any) -> Markup:
    n_rules = len(report.filters[label])
    what = say.many(n_rules, "1 rule", "{n} rules") if n_rules else say("no rule: measures only")
    return element(
        "tr",
        cell(name(label)),
        cell(element("span", what, class_="quiet")),
        _numbers(report, tally),
        class_="group",
    )


def _rule_line(report: Report, rule: RuleEntry, place: int, tally: Any) -> Markup:
    title = rule.reason.removeprefix(f"{rule.filter}.")
    link = element("a", name(title), href=f"#rule-{place}")
    return element(
        "tr",
        cell(link, class_="break"),
        cell(code(rule.condition), class_="break"),
        _numbers(report, tally),
        class_="rule" if tally[BROKEN] else "rule idle",
    )


def _numbers(report: Report, tally: Any) -> list[Markup]:
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
