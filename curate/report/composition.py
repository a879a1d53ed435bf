"""The section on what a corpus is made of: languages, lengths, sites, sources, of each what is kept and dropped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from curate.report.collect import Report
from curate.report.markup import Content, Markup, element, number, share, size
from curate.report.parts import bar, cell, figures, name, section, table
from curate.report.wording import Wording
from curate.stats import Histogram, Tally, Values

MOST_LINES = 12
SHOWN_AS_TABLES = ("lang", "script", "domain", "source")
_LENGTHS = (0, 128, 512, 2048, 8192, 32_768, 131_072)
"""Characters at which a line begins: bins of the grid begin there, so counts are exact."""


class _Line(NamedTuple):
    what: Content
    kept: int
    dropped: int
    text: str | None = None
    """Size of the text, where it is known."""


def has_table(report: Report, signal: str) -> bool:
    """Whether a signal has its table here, and so needs no card among the signals."""
    counted = report.stats.signals.get(signal)
    return signal in SHOWN_AS_TABLES and isinstance(counted, Values) and bool(counted.counts)


def composition_section(report: Report, say: Wording) -> Markup:
    """A table for each way to divide the documents."""
    titles = {
        "lang": say("Languages"),
        "script": say("Scripts"),
        "domain": say("Kinds of pages"),
        "source": say("Sources"),
    }
    tables = [*_values(report, say, titles), *_lengths(report, say), *_hosts(report, say)]
    intro = say(
        "Where the documents come from and what they are, {kept} and {dropped}. A group that loses far more than the "
        "others shows a rule that does not suit it.",
        kept=element("span", say("kept"), class_="kept"),
        dropped=element("span", say("dropped"), class_="dropped"),
    )
    return section(
        "composition",
        say("What it is made of"),
        element("p", intro, class_="note"),
        element("div", tables, class_="columns tables") if tables else None,
    )


def _values(report: Report, say: Wording, titles: dict[str, Markup]) -> Iterator[Markup]:
    for signal, title in titles.items():
        counted = report.stats.signals.get(signal)
        if not has_table(report, signal) or not isinstance(counted, Values) or counted.counts is None:
            continue
        rows = counted.most_frequent(MOST_LINES)
        left = len(counted.counts) - len(rows)
        more = say.many(left, "and 1 more value", "and {n} more values") if left else None
        glosses = report.glosses[say.language]
        lines = [_tally(say, value, tally, glosses.value(signal, value)) for value, tally in rows]
        yield _table(say, title, lines, more)


def _tally(say: Wording, value: str, tally: Tally, told: str = "") -> _Line:
    what = name(value, 60) if value else element("span", say("(empty)"), class_="quiet")
    more = [" ", element("small", told)] if told else None
    return _Line([what, more], tally.kept, tally.dropped, size(tally.kept_bytes + tally.dropped_bytes))


def _lengths(report: Report, say: Wording) -> Iterator[Markup]:
    counted = report.stats.signals.get("chars")
    if not isinstance(counted, Histogram) or not counted.total:
        return
    counts = counted.into([*_LENGTHS, float("inf")])
    names = [say("{first} to {last}", first=start, last=stop - 1) for start, stop in pairwise(_LENGTHS)]
    names.append(say("{n} and more", n=_LENGTHS[-1]))
    lines = [_Line(what, int(kept), int(dropped)) for what, (kept, dropped) in zip(names, counts, strict=True)]
    yield _table(say, say("Lengths in characters"), [one for one in lines if one.kept + one.dropped])


def _hosts(report: Report, say: Wording) -> Iterator[Markup]:
    hosts = report.hosts
    if hosts is None or not hosts.first:
        return
    lines = [_tally(say, host, tally) for host, tally in hosts.first]
    notes: list[Content] = []
    if (left := hosts.different - len(lines)) > 0:
        notes.append(say.many(left, "and 1 more site", "and {n} more sites"))
    if hosts.without:
        notes.append(say.many(hosts.without, "1 document has no address.", "{n} documents have no address."))
    yield _table(say, say("Sites"), lines, [[note, " "] for note in notes])


def _table(say: Wording, title: Content, lines: Sequence[_Line], note: Content = None) -> Markup:
    widest = max((one.kept + one.dropped for one in lines), default=1)
    with_text = any(one.text is not None for one in lines)
    heads: list[tuple[Content, str | None]] = [
        ("", None), ("", "wide"), (say("documents"), "n"), (say("kept"), "n"),
    ]  # fmt: skip
    if with_text:
        heads.append((say("text"), "n optional"))
    rows = [
        element(
            "tr",
            cell(one.what, class_="break"),
            cell(bar([("kept", one.kept / widest), ("dropped", one.dropped / widest)]), class_="wide"),
            figures(number(one.kept + one.dropped)),
            figures(share(one.kept, one.kept + one.dropped)),
            cell(one.text, class_="n optional") if with_text else None,
        )
        for one in lines
    ]
    more = element("p", note, class_="note") if note else None
    return element("div", element("h3", title), table(heads, rows), more)
