"""What first steps print: what there is, the funnel of the sample, what to look at, what to type next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from curate.first_steps.looking import Looked
from curate.first_steps.measured import Step
from curate.first_steps.proposal import Proposal, Wish
from curate.first_steps.words import Words, share
from curate.shown import printable
from curate.terminal import columns, padded, shortened, table, wrapped

WIDTH = 80
"""Columns of what is printed, on a terminal and elsewhere."""
BAR = 20
"""Columns of the longest bar."""


def looked(what: Looked, say: Words) -> list[str]:
    """What there is, line by line."""
    taken, total = what.sample, sum(what.languages.values())
    kinds = ", ".join(
        f"{source.files:,} {source.kind}" + (f" (`{source.text}`)" if source.text else "") for source in what.sources
    )
    rows = [
        (say("files"), say("{kinds}, about {size} of text", kinds=kinds, size=_size(taken.text_bytes))),
        (say("sample"), say("{n} documents", n=f"{taken.frame.height:,}")),
        (
            say("language"),
            ", ".join(f"{label} {share(number, total)}" for label, number in list(what.languages.items())[:5]),
        ),
    ]
    return list(_labelled(rows))


def _size(number: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= size:
            return f"{number / size:,.1f} {unit}"
    return f"{number} B"


def _labelled(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    width = max(10, *(columns(label) for label, _ in rows)) + 1
    for label, text in rows:
        yield from wrapped(printable(text), WIDTH, " " * width, padded(label, width)).split("\n")


def proposal(what: Looked, made: Proposal, wish: Wish, say: Words) -> list[str]:
    """Everything, for a person to read from top to bottom."""
    lines = [*looked(what, say), "", *funnel(made.steps, made.documents, say)]
    if made.findings:
        lines += ["", say("Look at")]
        for finding in made.findings:
            lines += wrapped(printable(finding), WIDTH, "  ", "* ").split("\n")
    commands = [(f"curate check {wish.out}", say("what a run would do")), (f"curate run {wish.out}", "")]
    return [*lines, "", *_labelled([(say("wrote"), str(wish.out))]), *_next(commands, say)]


def _next(commands: Sequence[tuple[str, str]], say: Words) -> Iterator[str]:
    rows = [[say("next") if not number else "", *command] for number, command in enumerate(commands)]
    for label, command, note in rows:
        yield f"{padded(label, 11)}{command}" + (f"    # {note}" if note else "")


def funnel(steps: Sequence[Step], documents: int, say: Words) -> list[str]:
    """What each filter drops of the sample, and what is left."""
    rows = [["", say("dropped"), "", say("kept"), "", ""]]
    rows.append([say("read"), "", "", f"{documents:,}", share(documents, documents), _bar(documents, documents)])
    for step in steps:
        lost = [f"{step.dropped:,}", share(step.dropped, documents)] if step.dropped else ["", ""]
        kept = [f"{step.kept:,}", share(step.kept, documents), _bar(step.kept, documents)]
        rows.append([shortened(step.label, 24), *lost, *kept])
    title = say("Of {n} documents, filter by filter:", n=f"{documents:,}")
    return [title, *table(rows, numbers=[1, 2, 3, 4])]


def _bar(part: int, whole: int) -> str:
    return "█" * round(BAR * part / whole) if whole else ""
