"""The map of rules that fire together: for each pair of rules the documents that break both, exactly.

A table, so that its numbers can be read, selected and printed; the colour of a cell is the share of the rarer rule.
"""

from __future__ import annotations

import math

from curate.report.collect import Report
from curate.report.markup import Markup, element, share
from curate.report.parts import NAME_CHARS, cell, name, section
from curate.report.wording import Wording
from curate.stats import BROKEN

STEPS = 10
"""Of colour."""


def together_section(report: Report, say: Wording, most: int) -> Markup | None:
    """The map of at most `most` rules, those that most documents break, in the order of the pipeline."""
    broken = [int(tally[BROKEN]) for tally in report.stats.by_reason]
    fired = sorted((place for place, count in enumerate(broken) if count), key=lambda place: (-broken[place], place))
    shown = sorted(fired[:most])
    if len(shown) < 2:
        return None
    head = element(
        "tr", element("th", scope="col"), [element("th", str(n + 1), scope="col") for n in range(len(shown) - 1)]
    )
    rows = [_row(report, say, shown, line, broken) for line in range(len(shown))]
    table = element("table", element("thead", head), element("tbody", rows), class_="together")
    left_out = [element("p", _left_out(say, len(fired) - most), class_="note")] if len(fired) > most else None
    intro = element(
        "p",
        say(
            "Documents that break both the rule of the row and the rule of the column, by number. The stronger the "
            "colour, the larger their share of the rarer of the two: rules that always fire together could be one. On "
            "the diagonal: all documents that break the rule."
        ),
        class_="note",
    )
    return section("together", say("Rules that fire together"), intro, element("div", table, class_="scroll"), left_out)


def _left_out(say: Wording, n: int) -> Markup:
    return say("Rules that fired less often and are not drawn: {n}.", n=n)


def _row(report: Report, say: Wording, shown: list[int], line: int, broken: list[int]) -> Markup:
    own = shown[line]
    reason = report.rules[own].reason
    label = [element("span", str(line + 1), class_="quiet"), " ", name(reason)]
    head = element("th", label, scope="row", title=reason[:NAME_CHARS])
    cells = [_cell(report, say, own, other, broken) for other in shown[:line]]
    total = cell(compact(broken[own]), class_="own", title=f"{reason[:NAME_CHARS]}: {broken[own]:,}")
    return element("tr", head, cells, total)


def _cell(report: Report, say: Wording, own: int, other: int, broken: list[int]) -> Markup:
    both, rarer = int(report.stats.together[own, other]), min(broken[own], broken[other])
    if not both:
        return cell()
    first, second = (report.rules[place].reason[:NAME_CHARS] for place in (other, own))
    title = say.plain(
        "{first} and {second}: {both} documents, {share} of the rarer rule's {rarer}",
        first=first, second=second, both=both, share=share(both, rarer), rarer=rarer,
    )  # fmt: skip
    return cell(compact(both), class_=f"heat-{math.ceil(STEPS * both / rarer)}", title=title)


def compact(count: int) -> str:
    """A count in at most four characters or so: 950, 1.2k, 34k, 5.6M."""
    for factor, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= 999.5 * factor / 1e3 and count >= 1000:
            scaled = count / factor
            return f"{scaled:.1f}{unit}" if scaled < 9.95 else f"{scaled:.0f}{unit}"
    return str(count)
