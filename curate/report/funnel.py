"""The section on the funnel: what is left after each filter, and what was changed in the texts."""

from __future__ import annotations

from curate.report.collect import Report
from curate.report.markup import Content, Markup, element, number, share, size
from curate.report.parts import bar, cell, figures, name, section, table
from curate.report.shards import tokens_of
from curate.report.wording import Wording
from curate.stats import FIRST, FIRST_BYTES


def funnel_section(report: Report, say: Wording) -> Markup:
    """From the rows that were read to the tokens that were written."""
    stats = report.stats
    rows = stats.documents + report.rejected
    lines = [_line(say("rows read"), rows, rows, None, None)]
    if report.rejected:
        lines.append(_line(say("could be read"), stats.documents, rows, report.rejected, stats.text_bytes))
    left, left_bytes = stats.documents, stats.text_bytes
    for label, tally in zip(report.filters, stats.by_filter, strict=True):
        lost = int(tally[FIRST])
        left, left_bytes = left - lost, left_bytes - int(tally[FIRST_BYTES])
        lines.append(_line(name(label), left, rows, lost, left_bytes))
    lines.append(_line(say("kept"), stats.kept, rows, None, stats.kept_bytes, "total"))
    heads = [
        (say("after"), None), ("", "wide"), (say("documents"), "n"), (say("of all"), "n"),
        (say("fewer by"), "n optional"), (say("text"), "n optional"),
    ]  # fmt: skip
    intro = say(
        "What is still there after the rules of each filter, in the order of the pipeline; a document counts where its "
        "first reason stands."
    )
    tokens = [
        element("tr", cell(name(label)), cell(""), figures(element("b", number(tokens)), say("tokens")))
        for label, tokens in tokens_of(report).items()
    ]
    return section(
        "funnel",
        say("Funnel"),
        element("p", intro, class_="note"),
        table(heads, [*lines, *tokens]),
        _changed_text(report, say),
    )


def _line(
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


def _changed_text(report: Report, say: Wording) -> Markup | None:
    """What cleaners changed before anything was measured, and what filters cut out of kept documents."""
    steps = [(say("cleaned"), report.record.get("cleaned", {})), (say("cut"), report.record.get("cut", {}))]
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
    heads = [
        (say("step"), None), ("", None), (say("documents"), "n"), (say("of all"), "n"), (say("characters"), "n"),
    ]  # fmt: skip
    note = say(
        "Cleaners change text before it is measured; what is cut is measured, but left out of the shards. Characters "
        "taken out or put in, whichever are more."
    )
    return element("div", element("h3", say("Text changed")), element("p", note, class_="note"), table(heads, lines))
