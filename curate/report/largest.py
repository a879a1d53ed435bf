"""What filters found that compare documents: how many clusters of which size, and the largest of them.

Verdicts are read twice, part by part: to count, and for the members of the largest clusters, of which a few of each
stay. Texts are read of the largest clusters' survivors, and of those that are compared with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from curate import disk, judge, members
from curate.contracts import ID, CorpusFilter, Line
from curate.differences import Hunk, hunks
from curate.run import Run
from curate.stats import Histogram

LARGEST = 10
"""Clusters of each filter that are shown."""
COMPARED = 3
"""Of these, how many with what differs in two members."""
FIRST_CHARS = 100
"""Characters shown of a survivor."""
MOST_HUNKS = 8
"""Places shown in which two members differ."""


@dataclass(frozen=True)
class Pair:
    """The survivor of a cluster beside the member that is least like it."""

    other: str
    """Its id."""
    similarity: float | None
    """Null: the two were not compared."""
    hunks: Sequence[Hunk] | None
    """The first places in which they differ, in order; None: a text is not there any more."""
    more: int
    """Places that are left out."""


@dataclass(frozen=True)
class Cluster:
    """One of the largest clusters of a filter."""

    size: int
    """Documents, those of earlier runs included."""
    dropped: int
    survivor: str
    """Its id."""
    earlier: str | None
    """The earlier run that holds the survivor."""
    text: str
    """How the survivor begins."""
    pair: Pair | None


@dataclass(frozen=True)
class Clusters:
    """What one filter found."""

    label: str
    compares: bool
    """Whether it tells how similar two documents are, not just that they are equal."""
    clusters: int
    documents: int
    """Of the run, that are in a cluster."""
    dropped: int
    sizes: Histogram
    """Cluster size of these documents, kept and dropped by the filter."""
    largest: Sequence[Cluster]


def clusters_of(run: Run) -> list[Clusters]:
    """Everything about the clusters of a run that its page shows."""
    return [_of_filter(run, line) for line in run.plan.corpus_filters]


def _of_filter(run: Run, line: Line[CorpusFilter]) -> Clusters:
    empty = pl.DataFrame(schema={_ROW: pl.Int64, _CLUSTER: pl.Int64, _SIZE: pl.Int64, _DROPPED: pl.Boolean})
    sizes, n_clusters, first = _sizes(empty), 0, empty
    for found in _members(run, line, []):
        sizes += _sizes(found)
        heads = found.filter(pl.col(_ROW) == pl.col(_CLUSTER)).select(empty.columns)
        n_clusters += heads.height
        first = pl.concat([first, heads]).sort(_SIZE, _ROW, descending=[True, False]).head(LARGEST)
    kept, dropped = (int(count) for count in sizes.counts.sum(axis=0))
    largest = _largest(run, line, first[_CLUSTER]) if n_clusters else []
    compares = line.step.least_similarity() is not None
    return Clusters(line.label, compares, n_clusters, kept + dropped, dropped, sizes, largest)


_ROW, _CLUSTER, _SIZE, _DROPPED, _SIMILARITY = "row", "cluster", "size", "dropped", "similarity"


def _sizes(found: pl.DataFrame) -> Histogram:
    return Histogram.of(found[_SIZE], ~found[_DROPPED].to_numpy().astype(np.bool_))


def _members(run: Run, line: Line[CorpusFilter], more: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Documents in clusters of a filter, part by part: `row`, `cluster`, `size`, `dropped` and other columns."""
    reasons = [f"{line.label}.{rule}" for rule in judge.merged(line.step)]
    names = {f"{line.label}_cluster": _CLUSTER, f"{line.label}_cluster_size": _SIZE}
    first = 0
    for part in run.parts:
        verdicts = disk.read_frame(run.verdicts_file(part), [*names, *reasons, *more])
        found = verdicts.with_columns(
            pl.int_range(first, first + pl.len(), dtype=pl.Int64).alias(_ROW),
            pl.any_horizontal(*reasons, False).alias(_DROPPED),
        )
        yield found.rename(names).filter(pl.col(_CLUSTER).is_not_null())
        first += verdicts.height


# The largest.


class _Seen(NamedTuple):
    """A cluster, and which of its documents are looked at."""

    size: int
    dropped: int
    survivor: str
    earlier: str | None
    row: int | None
    """Of the survivor, in this run."""
    other: Mapping[str, Any] | None


def _largest(run: Run, line: Line[CorpusFilter], numbers: pl.Series) -> list[Cluster]:
    """The clusters of these numbers, in this order."""
    few, dropped = _few(run, line, numbers)
    seen = []
    for number in numbers:
        found = few.filter(pl.col(_CLUSTER) == number).to_dicts()
        seen.append(_seen(found, dropped[number], marks=bool(line.step.against)))
    rows = [one.row for one in seen] + [one.other[_ROW] for one in seen[:COMPARED] if one.other]
    wanted = pl.Series(rows, dtype=pl.Int64).drop_nulls().unique().sort()
    texts = dict(zip(wanted, run.texts(wanted), strict=True))
    return [_cluster(run, one, texts, place < COMPARED) for place, one in enumerate(seen)]


def _few(run: Run, line: Line[CorpusFilter], numbers: pl.Series) -> tuple[pl.DataFrame, dict[int, int]]:
    """Of each cluster what is kept, and as many of the dropped ones, the least alike first; and how many are dropped.

    Those that others have joined to the survivor (null) count as the least alike.
    """
    similarity = [f"{line.label}_similarity"] if line.step.least_similarity() is not None else []
    against = [judge.DUPLICATE_RUN] if any(one.step.against for one in run.plan.corpus_filters) else []
    tables, counts = [], dict.fromkeys(numbers, 0)
    for found in _members(run, line, [ID, judge.DUPLICATE_OF, *against, *similarity]):
        mine = found.filter(pl.col(_CLUSTER).is_in(numbers.implode()))
        tables.append(_first_of_each(mine, [*similarity, _ROW], line.step.keep_clusters + 1))
        for number, dropped in mine.group_by(_CLUSTER).agg(pl.col(_DROPPED).sum()).iter_rows():
            counts[number] += dropped
    few = _first_of_each(pl.concat(tables), [*similarity, _ROW], line.step.keep_clusters + 1)
    return few.rename({name: _SIMILARITY for name in similarity}), counts


def _first_of_each(found: pl.DataFrame, order: Sequence[str], most: int) -> pl.DataFrame:
    return found.sort(order).group_by(_CLUSTER, _DROPPED, maintain_order=True).head(most)


def _seen(few: Sequence[Mapping[str, Any]], dropped: int, marks: bool) -> _Seen:
    """Choose the two documents of a cluster, out of `_few` of it, that are looked at.

    `marks`: repeats of an earlier run may be kept, and say so.
    """
    kept, others = ([row for row in few if row[_DROPPED] == is_dropped] for is_dropped in (False, True))
    # Where nothing is dropped, another filter may have written the survivor of a kept document.
    told = others or [row for row in kept if marks and row[judge.DUPLICATE_RUN] is not None]
    survivor = told[0][judge.DUPLICATE_OF] if told else kept[0][ID]
    earlier = told[0].get(judge.DUPLICATE_RUN) if told else None
    row = next((one[_ROW] for one in kept if one[ID] == survivor), None) if earlier is None else None
    other = next((one for one in (*others, *kept) if one[_ROW] != row), None)
    return _Seen(few[0][_SIZE], dropped, survivor, earlier, row, other)


def _cluster(run: Run, seen: _Seen, texts: Mapping[int | None, str], compared: bool) -> Cluster:
    text = members.earlier_text(run, seen.earlier, seen.survivor) if seen.earlier else texts.get(seen.row)
    pair = None
    if compared and seen.other:
        places = None if text is None else hunks(text, texts[seen.other[_ROW]])
        pair = _pair(seen.other, places)
    return Cluster(seen.size, seen.dropped, seen.survivor, seen.earlier, (text or "")[:FIRST_CHARS], pair)


def _pair(other: Mapping[str, Any], places: Sequence[Hunk] | None) -> Pair:
    more = max(len(places or ()) - MOST_HUNKS, 0)
    return Pair(other[ID], other.get(_SIMILARITY), None if places is None else places[:MOST_HUNKS], more)
