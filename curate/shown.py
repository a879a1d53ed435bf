"""Documents and clusters of a run, as lines for a terminal.

What a page says is printed as text: control characters as escapes, so that no page moves the cursor. Colours are left
out by `click.echo` where the output is no terminal.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

import click

from curate import judge, members
from curate.contracts import ID
from curate.differences import Hunk, Stretch, hunks, middle_left_out
from curate.errors import CurateError
from curate.run import Run

TEXT_CHARS = 400
"""Characters shown of a document that is one of several."""
CHANGE_CHARS = 120
"""Characters shown of what only one of two texts has in one place."""
MOST_HUNKS = 5
"""Places shown in which two texts differ."""
MARKS = {"one": ("[-", "-]", "red"), "other": ("{+", "+}", "green")}
"""Around what only the survivor has, and what only the other document has: the marks of `git diff --word-diff`."""


def lines(run: Run, *, reason: str | None, id: str | None, cluster: str | None, most: int) -> Iterator[str]:
    """What `curate show` prints, `most` documents of it. Raises: CurateError."""
    if cluster is not None:
        return cluster_lines(run, cluster, most)
    return rejected_lines(run, most) if reason == "rejected" else document_lines(run, reason, id, most)


def rejected_lines(run: Run, most: int) -> Iterator[str]:
    """Rows that could not be read, as JSON."""
    return (json.dumps(row, ensure_ascii=False) for row in islice(run.rejected(), most))


def document_lines(run: Run, reason: str | None, id: str | None, most: int) -> Iterator[str]:
    """Documents with their verdicts; one of them (`id`) whole, with all its signals. Raises: CurateError."""
    found = run.documents(reason, id=id, limit=most)
    if id is not None and found.is_empty():
        raise CurateError(
            f"{run.folder}: no document has the id {id!r}; `curate show {run.folder}` prints some with theirs"
        )
    for row in found.iter_rows(named=True):
        yield _document(run, row, whole=id is not None) + "\n"


def _document(run: Run, row: Mapping[str, Any], whole: bool) -> str:
    broken = [reason for reason in run.reasons() if row[reason]]
    head = [f"── {row['id']}  " + ("kept" if row["kept"] else "dropped: " + ", ".join(broken))]
    if row[judge.DUPLICATE_OF] is not None:
        head.append(f"   duplicate of {_survivor(row)}{_in_cluster(run, row)}")
    if whole:
        aside = {"id", "text", "kept", "cuts", *run.reasons()}
        head += [f"   {name} = {value}" for name, value in row.items() if name not in aside]
    text = _marked(row["text"], row.get("cuts") or [])
    return "\n".join([*head, printable(text if whole else _shortened(text, TEXT_CHARS))])


def _survivor(row: Mapping[str, Any]) -> str:
    place = row.get(judge.DUPLICATE_RUN)
    return f"{row[judge.DUPLICATE_OF]}" + (f" in {place}" if place is not None else "")


def _in_cluster(run: Run, row: Mapping[str, Any]) -> str:
    """Size of the cluster, and similarity with the survivor, as the filter found them that joined the two."""
    label = _joined_by(run, row)
    size, similarity = row.get(f"{label}_cluster_size"), row.get(f"{label}_similarity")
    told = [f"a cluster of {size:,}"] if size is not None else []
    told += [f"similarity {similarity:.3f}"] if similarity is not None else []
    return f"  ({', '.join(told)})" if told else ""


def _joined_by(run: Run, row: Mapping[str, Any]) -> str | None:
    """The filter that dropped a document for another one, else the first that found it in a cluster."""
    labels = [line.label for line in run.plan.corpus_filters]
    drops = (one.rpartition(".")[0] for one in run.reasons() if row[one] and one.rpartition(".")[0] in labels)
    return next(chain(drops, (label for label in labels if row[f"{label}_cluster"] is not None)), None)


def _marked(text: str, cuts: Sequence[Mapping[str, int]]) -> str:
    """The text with ⟦ and ⟧ around what the shards leave out."""
    for cut in reversed(cuts):
        start, end = cut["start"], cut["end"]
        text = f"{text[:start]}⟦{text[start:end]}⟧{text[end:]}"
    return text


def printable(text: str) -> str:
    """Text without control characters: they are shown as Python escapes them."""
    return "".join(char if char.isprintable() or char in "\n\t" else repr(char)[1:-1] for char in text)


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + "…"


# Clusters.


def cluster_lines(run: Run, id: str, most: int) -> Iterator[str]:
    """The survivor of a cluster, then at most `most` - 1 of the others, each with what differs. Raises: CurateError."""
    found = run.cluster(id)
    if found.height == 1:
        raise CurateError(f"{run.folder}: {id} stands alone: {_why_alone(run, id)}")
    own = found.filter(found[members.RUN].is_null())
    kept, earlier = int(own[judge.KEPT].sum()), found.height - own.height
    joined = set(found[members.JOINED_BY].drop_nulls().to_list())
    counts = f"{kept:,} kept, {own.height - kept:,} dropped" + (f", {earlier:,} in earlier runs" if earlier else "")
    yield f"{found.height:,} documents are one cluster by {', '.join(sorted(joined))}: {counts}"
    yield f"{_styled(Stretch('one', 'only the survivor'))} {_styled(Stretch('other', 'only the other one'))}\n"
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
        verdict += f", a duplicate of {_survivor(row)}"
    return [f"── {row[ID]}  {verdict}", "   " + ", ".join(_measured(run, row, text))]


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
    return [_NOT_HERE if text is None else printable(_shortened(text, TEXT_CHARS))]


_NOT_HERE = "   (its text cannot be read: that run is not there any more, or holds no texts)"


def _against(survivor: str | None, text: str | None, seen: Mapping[str, str]) -> list[str]:
    """What a document has that the survivor has not, and the other way round."""
    if text is None:
        return [_NOT_HERE]
    if text in seen:
        return [f"   the same text as {seen[text]}"]
    if survivor is None:
        return _survivor_text(text)
    places = hunks(survivor, text)
    shown = [_hunk(place) for place in places[:MOST_HUNKS]]
    more = len(places) - MOST_HUNKS
    return [*shown, *([f"   and in {more:,} more places"] if more > 0 else [])]


def _hunk(hunk: Hunk) -> str:
    return "   " + "".join(_styled(stretch) for stretch in hunk)


def _styled(stretch: Stretch) -> str:
    text = printable(stretch.text).replace("\n", "↵")
    if stretch.side == "both":
        return text
    before, after, colour = MARKS[stretch.side]
    return click.style(f"{before}{middle_left_out(text, CHANGE_CHARS)}{after}", fg=colour)
