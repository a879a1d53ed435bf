"""The section on clusters: how large they are, the largest ones, and what differs in two members of some."""

from __future__ import annotations

from collections.abc import Sequence

from curate.differences import Hunk, Stretch, middle_left_out
from curate.report.charts import histogram_svg
from curate.report.collect import Report
from curate.report.largest import Cluster, Clusters, Pair
from curate.report.markup import Markup, element, number
from curate.report.parts import cell, code, figures, name, section, table

CHANGE_CHARS = 240
"""Characters shown of what only one of two texts has in one place."""


def clusters_section(report: Report, most: int) -> Markup | None:
    """For each filter that compares documents, its `most` largest clusters."""
    if not report.clusters:
        return None
    intro = element(
        "p", "Documents that filters found to be the same, or nearly. Of each cluster the survivor is kept; a filter "
        "looks only at what those before it kept. ", code("curate show RUN --cluster ID"), " shows all of a cluster.",
        class_="note",
    )  # fmt: skip
    return section("clusters", "Largest clusters", intro, [_filter(found, most) for found in report.clusters])


def _filter(found: Clusters, most: int) -> Markup:
    largest = found.largest[:most]
    return element(
        "div",
        element("h3", name(found.label)),
        element("p", _summary(found), class_="note"),
        element("div", _sizes(found), class_="cards") if most and found.sizes.low != found.sizes.high else None,
        _table(largest) if largest else None,
        _pairs([(one, one.pair) for one in largest if one.pair], found.compares),
    )


def _summary(found: Clusters) -> str:
    if not found.clusters:
        return "No document is like another one."
    clusters = f"{number(found.clusters)} clusters hold" if found.clusters > 1 else "One cluster holds"
    many = f" The largest are listed: {len(found.largest)}." if found.clusters > len(found.largest) else ""
    return f"{clusters} {number(found.documents)} documents, of which {number(found.dropped)} are dropped.{many}"


def _sizes(found: Clusters) -> Markup:
    svg, across, steep = histogram_svg(found.sizes, [], whole=True)
    scales = [axis for axis, is_log in (("sizes", across.constant is not None), ("counts", steep)) if is_log]
    scale = element("small", f"log {' and '.join(scales)}") if scales else None
    label = f"Histogram of the sizes of clusters of {found.label}, kept and dropped documents"
    return element(
        "figure",
        element("h4", "size of the cluster", scale),
        element("div", svg, class_="chart", role="img", aria_label=label),
        element("figcaption", "Above the line those that are kept, below it those that are dropped."),
    )


def _table(largest: Sequence[Cluster]) -> Markup:
    heads = [("size", "n"), ("dropped", "n"), ("survivor", None), ("begins", "begins")]
    lines = [
        element(
            "tr",
            figures(number(one.size), number(one.dropped)),
            cell(_survivor(one), class_="break"),
            cell(name(one.text), class_="break begins"),
        )
        for one in largest
    ]
    return table(heads, lines, "clusters")


def _survivor(one: Cluster) -> list[Markup | str]:
    return [code(one.survivor), *([" in ", code(one.earlier)] if one.earlier else [])]


def _pairs(pairs: Sequence[tuple[Cluster, Pair]], compares: bool) -> Markup | None:
    if not pairs:
        return None
    if all(pair.hunks == [] for _, pair in pairs):
        return element(
            "p", "In the largest of these, the survivor and the one compared with it have the same text.", class_="note"
        )
    return element("div", [_compared(one, pair, compares) for one, pair in pairs], class_="documents")


def _compared(one: Cluster, pair: Pair, compares: bool) -> Markup:
    """A card with what differs between a survivor and another member."""
    joined = "not compared: others are like both" if compares else ""
    alike = joined if pair.similarity is None else f"similarity {number(pair.similarity)}"
    header = element(
        "header",
        element("span", "cluster of ", element("b", number(one.size))),
        element("span", element("del", "only the survivor"), " ", _survivor(one)),
        element("span", element("ins", "only the other one"), " ", code(pair.other)),
        element("span", alike) if alike else None,
    )
    return element("article", header, _places(pair))


def _places(pair: Pair) -> list[Markup]:
    if pair.hunks is None:
        return [element("p", "The text of the survivor cannot be read: its run is not there any more.", class_="note")]
    if not pair.hunks:
        return [element("p", "Both have the same text.", class_="note")]
    more = [element("p", f"And in {number(pair.more)} more places.", class_="note")] if pair.more else []
    return [*(_hunk(hunk) for hunk in pair.hunks), *more]


def _hunk(hunk: Hunk) -> Markup:
    return element("div", [_stretch(stretch) for stretch in hunk], class_="hunk")


def _stretch(stretch: Stretch) -> Markup | str:
    text = stretch.text.replace("\n", "↵")
    if stretch.side == "both":
        return text
    return element("del" if stretch.side == "one" else "ins", middle_left_out(text, CHANGE_CHARS))
