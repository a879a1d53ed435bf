"""The section on clusters: how large they are, the largest ones, and what differs in two members of some."""

from __future__ import annotations

from collections.abc import Sequence

from curate.differences import Hunk, Stretch, middle_left_out
from curate.report.charts import histogram_svg
from curate.report.collect import Report
from curate.report.largest import Cluster, Clusters, Pair
from curate.report.markup import Markup, element, number
from curate.report.parts import NAME_CHARS, cell, code, figures, name, section, table
from curate.report.wording import Wording

CHANGE_CHARS = 240
"""Characters shown of what only one of two texts has in one place."""


def clusters_section(report: Report, say: Wording, most: int) -> Markup | None:
    """For each filter that compares documents, its `most` largest clusters."""
    if not report.clusters:
        return None
    intro = say(
        "Documents that filters found to be the same, or nearly. Of each cluster the survivor is kept; a filter looks "
        "only at what those before it kept. {command} shows all of a cluster.",
        command=code("curate show RUN --cluster ID"),
    )
    filters = [_filter(say, found, most) for found in report.clusters]
    return section("clusters", say("Largest clusters"), element("p", intro, class_="note"), filters)


def _filter(say: Wording, found: Clusters, most: int) -> Markup:
    largest = found.largest[:most]
    return element(
        "div",
        element("h3", name(found.label)),
        element("p", _summary(say, found), class_="note"),
        element("div", _sizes(say, found), class_="cards") if most and found.sizes.low != found.sizes.high else None,
        _table(say, largest) if largest else None,
        _pairs(say, [(one, one.pair) for one in largest if one.pair], found.compares),
    )


def _summary(say: Wording, found: Clusters) -> list[Markup | str]:
    if not found.clusters:
        return [say("No document is like another one.")]
    held = say.many(
        found.clusters,
        "One cluster holds {documents} documents, of which {dropped} are dropped.",
        "{n} clusters hold {documents} documents, of which {dropped} are dropped.",
        documents=found.documents,
        dropped=found.dropped,
    )
    listed = say("The largest are listed: {n}.", n=len(found.largest)) if found.clusters > len(found.largest) else ""
    return [held, " ", listed]


def _sizes(say: Wording, found: Clusters) -> Markup:
    svg, across, steep = histogram_svg(found.sizes, [], whole=True)
    scale = _scale(say, across.constant is not None, steep)
    label = say.plain(
        "Histogram of the sizes of clusters of {filter}, kept and dropped documents", filter=found.label[:NAME_CHARS]
    )
    return element(
        "figure",
        element("h4", say("size of the cluster"), element("small", scale) if scale else None),
        element("div", svg, class_="chart", role="img", aria_label=label),
        element("figcaption", say("Above the line those that are kept, below it those that are dropped.")),
    )


def _scale(say: Wording, sizes: bool, counts: bool) -> Markup | None:
    if sizes and counts:
        return say("log sizes and counts")
    return say("log sizes") if sizes else say("log counts") if counts else None


def _table(say: Wording, largest: Sequence[Cluster]) -> Markup:
    heads = [(say("size"), "n"), (say("dropped"), "n"), (say("survivor"), None), (say("begins"), "begins")]
    lines = [
        element(
            "tr",
            figures(number(one.size), number(one.dropped)),
            cell(_survivor(say, one), class_="break"),
            cell(name(one.text), class_="break begins"),
        )
        for one in largest
    ]
    return table(heads, lines, "clusters")


def _survivor(say: Wording, one: Cluster) -> Markup:
    if one.earlier:
        return say("{id} in {run}", id=code(one.survivor), run=code(one.earlier))
    return code(one.survivor)


def _pairs(say: Wording, pairs: Sequence[tuple[Cluster, Pair]], compares: bool) -> Markup | None:
    if not pairs:
        return None
    if all(pair.hunks == [] for _, pair in pairs):
        same = say("In the largest of these, the survivor and the one compared with it have the same text.")
        return element("p", same, class_="note")
    return element("div", [_compared(say, one, pair, compares) for one, pair in pairs], class_="documents")


def _compared(say: Wording, one: Cluster, pair: Pair, compares: bool) -> Markup:
    """A card with what differs between a survivor and another member."""
    alike = None
    if pair.similarity is not None:
        alike = say("similarity {value}", value=number(pair.similarity))
    elif compares:
        alike = say("not compared: others are like both")
    header = element(
        "header",
        element("span", say("cluster of {n}", n=element("b", number(one.size)))),
        element("span", element("del", say("only the survivor")), " ", _survivor(say, one)),
        element("span", element("ins", say("only the other one")), " ", code(pair.other)),
        element("span", alike) if alike else None,
    )
    return element("article", header, _places(say, pair))


def _places(say: Wording, pair: Pair) -> list[Markup]:
    if pair.hunks is None:
        gone = say("The text of the survivor cannot be read: its run is not there any more.")
        return [element("p", gone, class_="note")]
    if not pair.hunks:
        return [element("p", say("Both have the same text."), class_="note")]
    hunks = [_hunk(hunk) for hunk in pair.hunks]
    if pair.more:
        more = say.many(pair.more, "And in 1 more place.", "And in {n} more places.")
        hunks.append(element("p", more, class_="note"))
    return hunks


def _hunk(hunk: Hunk) -> Markup:
    return element("div", [_stretch(stretch) for stretch in hunk], class_="hunk")


def _stretch(stretch: Stretch) -> Markup | str:
    text = stretch.text.replace("\n", "↵")
    if stretch.side == "both":
        return text
    return element("del" if stretch.side == "one" else "ins", middle_left_out(text, CHANGE_CHARS))
