"""The section on the funnel: what is left after each filter, and what was changed in the texts."""

from __future__ import annotations

from curate.report.collect import Report
from curate.report.markup import Content, Markup, element, number, share, size
from curate.report.parts import bar, cell, figures, name, section, table
from curate.report.shards import tokens_of
from curate.report.wording import Wording
from curate.stats import FIRST, FIRST_BYTES


def funnel_section(report: Report, say: Wording) -> Markup:
    """From the bytes that lay on disk to the tokens that were written."""
    stats = report.stats
    rows = stats.documents + report.rejected
    lines = [_input_line(report, say), _line(say("rows read"), rows, rows, None, None)]
    cleaned = say("could be read, cleaned") if report.record.get("cleaned") else say("could be read")
    lines.append(_line(cleaned, stats.documents, rows, report.rejected or None, stats.text_bytes))
    left, left_bytes = stats.documents, stats.text_bytes
    for label, tally in zip(report.filters, stats.by_filter, strict=True):
        lost = int(tally[FIRST])
        left, left_bytes = left - lost, left_bytes - int(tally[FIRST_BYTES])
        lines.append(_line(name(label), left, rows, lost, left_bytes))
    lines.append(_line(say("kept"), stats.kept, rows, None, stats.kept_bytes, "total"))
    lines += [_tokens_line(report, say, label, tokens) for label, tokens in tokens_of(report).items()]
    heads: list[tuple[Content, str | None]] = [
        (say("after"), None), ("", "wide"), (say("documents"), "n"), (say("of all"), "n optional"),
        (say("fewer by"), "n optional"), (say("text"), "n"),
    ]  # fmt: skip
    intro = say(
        "From the bytes on disk to the tokens in the shards: what is still there after the rules of each filter, in "
        "the order of the pipeline. A document counts where its first reason stands."
    )
    return section(
        "funnel",
        say("Funnel"),
        element("p", intro, class_="note"),
        table(heads, lines, "funnel"),
        _changed_text(report, say),
    )


def _input_line(report: Report, say: Wording) -> Markup:
    n_bytes = sum(one for _, one in report.inputs)
    label = say.many(len(report.inputs), "1 input file", "{n} input files")
    told = say("{bytes} on disk", bytes=size(n_bytes))
    return element("tr", cell(label), cell("", class_="wide"), _wide_figure(told), class_="end")


def _tokens_line(report: Report, say: Wording, label: str, tokens: int) -> Markup:
    told = say.many(tokens, "1 token", "{n} tokens", n=element("b", number(tokens)))
    written = say("written for {writer}", writer=name(label, 40))
    return element("tr", cell(written, class_="break"), cell("", class_="wide"), _wide_figure(told), class_="end")


def _wide_figure(words: Content) -> list[Markup]:
    """A figure that is no count of documents, under the last column."""
    return [cell(""), *(cell("", class_="n optional") for _ in range(2)), cell(words, class_="n")]


def _line(
    label: Content, count: int, rows: int, lost: int | None, n_bytes: int | None, class_: str | None = None
) -> Markup:
    whole = rows or 1
    return element(
        "tr",
        cell(label, class_="break"),
        cell(bar([("kept", count / whole), ("faint", (lost or 0) / whole)]), class_="wide"),
        figures(number(count)),
        cell(share(count, rows), class_="n optional"),
        cell("" if lost is None else number(lost), class_="n optional"),
        cell("" if n_bytes is None else size(n_bytes), class_="n"),
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
