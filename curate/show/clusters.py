"""Clusters of a run as lines for a terminal: the survivor, and what others have that it has not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from curate import judge, members
from curate.contracts import ID
from curate.differences import Hunk, Stretch, hunks, middle_left_out
from curate.errors import CurateError
from curate.run import Run
from curate.shown import Piece, fold, folded, printable, shortened, wrapped

TEXT_CHARS = 400
"""Characters shown of a document that is one of several."""
CHANGE_CHARS = 120
"""Characters shown of what only one of two texts has in one place."""
MOST_HUNKS = 5
"""Places shown in which two texts differ."""
MARKS = {"one": ("[-", "-]", "red"), "other": ("{+", "+}", "green")}
"""Around what only the survivor has, and what only the other document has: the marks of `git diff --word-diff`."""


def survivor_of(row: Mapping[str, Any]) -> str:
    """The document that stands for one that was dropped, and the earlier run that holds it."""
    place = row.get(judge.DUPLICATE_RUN)
    return printable(f"{row[judge.DUPLICATE_OF]}" + (f" in {place}" if place is not None else ""))


def cluster_lines(run: Run, id: str, most: int) -> Iterator[str]:
    """The survivor of a cluster, then at most `most` - 1 of the others, each with what differs. Raises: CurateError."""
    found = run.cluster(id)
    if found.height == 1:
        raise CurateError(f"{run.folder}: {id} stands alone: {_why_alone(run, id)}")
    own = found.filter(found[members.RUN].is_null())
    kept, earlier = int(own[judge.KEPT].sum()), found.height - own.height
    joined = set(found[members.JOINED_BY].drop_nulls().to_list())
    counts = f"{kept:,} kept, {own.height - kept:,} dropped" + (f", {earlier:,} in earlier runs" if earlier else "")
    yield from wrapped(f"{found.height:,} documents are one cluster by {', '.join(sorted(joined))}: {counts}")
    yield legend("only the survivor", "only the other one") + "\n"
    survives = f": the survivor{_why_survives(run, joined)}"
    shown = found.head(most)
    whole = members.texts(run, shown)
    seen: dict[str, str] = {}
    for place, (row, text) in enumerate(zip(shown.iter_rows(named=True), whole, strict=True)):
        header = _member(run, row, text, survives if not place else "")
        yield "\n".join([*header, *(_survivor_text(text) if not place else _against(whole[0], text, seen))]) + "\n"
        if text is not None:
            seen.setdefault(text, row[ID])
    if found.height > most:
        yield f"{found.height - most:,} more; -n {found.height} shows all"


def _why_alone(run: Run, id: str) -> str:
    """Why a document is in no cluster."""
    row = run.documents(id=id, limit=1).row(0, named=True)
    if not row["kept"]:
        reasons = ", ".join(reason for reason in run.reasons() if row[reason])
        return f"it was dropped ({reasons}) before documents were compared"
    return "no document that is kept so far is like it"


def _member(run: Run, row: Mapping[str, Any], text: str | None, survives: str) -> list[str]:
    if row[members.RUN] is not None:
        verdict = f"kept by an earlier run: {row[members.RUN]}"
    elif row["kept"]:
        verdict = f"kept{survives}"
    else:
        verdict = f"dropped by {row[members.JOINED_BY]}"
    if row[judge.DUPLICATE_OF] is not None:
        verdict += f", a duplicate of {survivor_of(row)}"
    return wrapped(f"── {row[ID]}  {verdict}") + wrapped(", ".join(_measured(run, row, text)), "   ")


def _why_survives(run: Run, labels: Collection[str]) -> str:
    """What the filters prefer that have joined a cluster."""
    steps = {line.label: line.step for line in run.plan.corpus_filters if line.label in labels}
    prefers = [f"{label} prefers {step.prefer}" for label, step in steps.items() if step.prefer]
    return f", as {' and '.join(prefers)}" if prefers else ", first by id"


def _measured(run: Run, row: Mapping[str, Any], text: str | None) -> list[str]:
    told = [f"{len(text):,} characters"] if text is not None else []
    if row[members.SIMILARITY] is not None:
        told.append(f"similarity {row[members.SIMILARITY]:.3f}")
    elif row[judge.DUPLICATE_OF] is not None and row[members.JOINED_BY] in _comparing(run):
        told.append("not compared with the survivor: others that are like both join them")
    told += [f"{name} = {row[name]}" for name in members.preferred(run.plan.corpus_filters, run.signal_types())]
    return told


def _comparing(run: Run) -> list[str]:
    return [line.label for line in run.plan.corpus_filters if line.step.least_similarity() is not None]


def _survivor_text(text: str | None) -> list[str]:
    return [_NOT_HERE] if text is None else folded(shortened(text, TEXT_CHARS))


_NOT_HERE = "   (its text cannot be read: that run is not there any more, or holds no texts)"


def _against(survivor: str | None, text: str | None, seen: Mapping[str, str]) -> list[str]:
    """What a document has that the survivor has not, and the other way round."""
    if text is None:
        return [_NOT_HERE]
    if text in seen:
        return [f"   the same text as {printable(seen[text])}"]
    if survivor is None:
        return _survivor_text(text)
    places = hunks(survivor, text)
    shown = [line for place in places[:MOST_HUNKS] for line in hunk_lines(place)]
    more = len(places) - MOST_HUNKS
    return [*shown, *([f"   and in {more:,} more places"] if more > 0 else [])]


def hunk_lines(hunk: Hunk) -> list[str]:
    """A place where two texts differ."""
    return fold([_piece(stretch) for stretch in hunk], "   ", " " * 5)


def legend(one: str, other: str) -> str:
    """What the marks of differences mean: what is only in one text, and only in the other."""
    (line,) = fold([_piece(Stretch("one", one)), Piece(" "), _piece(Stretch("other", other))])
    return line


def _piece(stretch: Stretch) -> Piece:
    text = printable(stretch.text).replace("\n", "↵")
    if stretch.side == "both":
        return Piece(text)
    before, after, colour = MARKS[stretch.side]
    return Piece(f"{before}{middle_left_out(text, CHANGE_CHARS)}{after}", colour)
