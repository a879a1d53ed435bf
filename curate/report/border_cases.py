"""Beside the random samples of a rule: the documents nearest to each of its numbers, just dropped and just kept."""

from __future__ import annotations

from collections.abc import Sequence

from curate.comparisons import Comparison
from curate.report.collect import Report
from curate.report.decisions import BorderCase
from curate.report.markup import Content, Markup, element
from curate.report.parts import code
from curate.report.sliders import quantity
from curate.report.wording import Wording


def border_section(report: Report, say: Wording, reason: str, each: int) -> Markup | None:
    """The border cases of a rule, up to `each` on either side of each of its numbers."""
    blocks = []
    for place in report.decisions.of_reason(reason):
        cases = report.borders.get(place, ())
        sides = [[one for one in cases if one.kept == kept][:each] for kept in (False, True)]
        if any(sides):
            blocks.append(_block(report.decisions.comparisons[place], place, say, *sides))
    if not blocks:
        return None
    summary = element(
        "summary", say("At the border: the documents nearest to each number, of those that it decides on")
    )
    return element("details", summary, blocks, class_="borders", open="")


def _block(
    one: Comparison, place: int, say: Wording, dropped: Sequence[BorderCase], kept: Sequence[BorderCase]
) -> Markup:
    title = element("h4", code(f"{quantity(one)} {one.sign} {one.text}"))
    sides = [
        _side(one, say("just dropped"), "dropped", dropped, say),
        _side(one, say("just kept"), "kept", kept, say),
    ]
    return element("div", title, element("div", sides, class_="sides"), class_="border", data_border=place)


def _side(one: Comparison, title: Markup, kind: str, cases: Sequence[BorderCase], say: Wording) -> Markup:
    head = element("h5", title, class_=kind)
    if not cases:
        return element("div", head, element("p", say("No document."), class_="note"))
    return element("div", head, element("ul", [_case(one, case) for case in cases]))


def _case(one: Comparison, case: BorderCase) -> Markup:
    value = f"{case.quantity:.0f}" if one.whole else f"{case.quantity:.10g}"
    pieces: list[Content] = ["…" if case.before else None]
    last = 0
    for start, stop, signal in case.marks:
        pieces += [case.text[last:start], element("mark", case.text[start:stop], title=signal)]
        last = stop
    pieces += [case.text[last:], "…" if case.after else None]
    head = element("div", element("b", value), " ", code(case.id), class_="quiet")
    return element("li", head, element("div", element("bdi", pieces), class_="excerpt"))
