"""From groups to clusters, and which of their members survive.

A cluster is what groups connect, through documents that are kept so far. Tables and arrays only; 9 bytes a document
while groups are followed, 24 a member of a cluster after that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.errors import CurateError

Order = Sequence[tuple[str, bool]]
"""Columns, and whether the largest value comes first."""
_MOST_ROWS = 1 << 31

Reason = pl.Enum(["duplicate", "in_earlier_run"])
MEMBERS: dict[Any, Any] = {
    "row": pl.Int32, "survivor": pl.Int32, "cluster_size": pl.Int32, "reason": Reason, "cluster": pl.Int32,
}  # fmt: skip
"""What is known of a document in a cluster, in 17 bytes; the cluster is named by its smallest row. `survivor`: the row
that stands for it, null where it stands for itself; `reason`: the rule that it breaks, null where it is kept."""


def connected(groups: Iterable[pl.DataFrame], kept: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Each row's cluster, named by its smallest row. Raises: CurateError for 2**31 rows or more."""
    from curate.kernels.unionfind import link_groups, settle

    if len(kept) >= _MOST_ROWS:
        raise CurateError(f"more than {_MOST_ROWS:,} documents to compare; run on fewer at a time")
    parent = np.arange(len(kept), dtype=np.int32)
    for frame in groups:
        link_groups(parent, frame["group"].to_numpy(), frame["row"].to_numpy(), kept)
    settle(parent)
    return parent


def slices(cluster: npt.NDArray[np.int32], most: int) -> Iterable[npt.NDArray[np.int64]]:
    """The rows of clusters of two and more, ascending, in slices of about `most` rows that split no cluster."""
    from curate.kernels.unionfind import sizes

    size = sizes(cluster)
    rows = np.flatnonzero(size[cluster] > 1)
    clusters = cluster[rows]
    roots = clusters[clusters == rows]  # ascending: a cluster is named by its smallest row
    number = (np.cumsum(size[roots]) // most)[np.searchsorted(roots, clusters)]
    return (found for one in np.unique(number) if len(found := rows[number == one]))


def survivors(members: pl.DataFrame, order: Order, keep: int, rules: Iterable[str]) -> pl.DataFrame:
    """Judge whole clusters: `MEMBERS`, by row, of the run's own documents.

    `members`: `row`, `cluster`, `id`, `earlier` (2: an earlier run kept it, 1: dropped it for another one, whose id
    stands here, 0: of this run) and the columns of `order`. The first
    `keep` documents of a cluster by `order`, then id, are kept, and the others break `duplicate`; null comes last.
    Where an earlier run has a member, all of the run's own break `in_earlier_run`. Only `rules` count.
    """
    names, descending = [name for name, _ in order], [down for _, down in order]
    ordered = members.sort(
        ["cluster", "earlier", *names, "id", "row"],
        descending=[False, True, *descending, False, False],
        nulls_last=True,
    )
    cluster, row, lent = (ordered[name].to_numpy() for name in ("cluster", "row", "earlier"))
    earlier = lent > 0
    starts = np.flatnonzero(np.concatenate([[True], cluster[1:] != cluster[:-1]])) if len(cluster) else np.empty(0, int)
    size = np.diff(np.append(starts, len(cluster)))
    n_earlier, n_copies = (
        np.add.reduceat(one, starts, dtype=np.int64) if len(starts) else starts for one in (earlier, lent == 1)
    )
    own_place = np.arange(len(cluster)) - np.repeat(starts + n_earlier, size)
    repeats = np.repeat(n_earlier > 0, size)
    in_earlier_run = repeats & ("in_earlier_run" in rules)
    duplicate = (own_place >= keep) & ~in_earlier_run & ("duplicate" in rules)
    first, first_own = np.repeat(row[starts], size), np.repeat(row[np.minimum(starts + n_earlier, len(row) - 1)], size)
    survivor = np.where(duplicate, first_own, first)
    reason = np.where(in_earlier_run, "in_earlier_run", np.where(duplicate, "duplicate", ""))
    counted = np.repeat(
        size - n_copies + ((n_copies > 0) & (n_copies == n_earlier)), size
    )  # what stands for copies, too
    found = pl.DataFrame({"row": row, "survivor": survivor, "cluster_size": counted, "reason": reason})
    found = found.with_columns(ordered["cluster"])
    stands_for_itself = (pl.col("reason") == "") & ~pl.Series(repeats)
    return (
        found.with_columns(pl.when(~stands_for_itself).then("survivor"), pl.when(pl.col("reason") != "").then("reason"))
        .filter(~pl.Series(earlier))
        .cast(MEMBERS)
        .sort("row")
    )


def similarities(groups: Iterable[pl.DataFrame], members: pl.DataFrame) -> pl.Series:
    """Similarity of each of `members` (sorted by row) to its survivor, null where links don't tell."""
    rows, survivor = members["row"].to_numpy(), members["survivor"].fill_null(-1).to_numpy()
    found = np.full(len(rows), np.nan)
    for frame in groups:
        pairs = frame["row"].to_numpy().reshape(-1, 2).astype(rows.dtype)
        similarity = frame["similarity"].to_numpy()[::2]
        for one, other in ((0, 1), (1, 0)):
            place = np.searchsorted(rows, pairs[:, one]).clip(max=max(len(rows) - 1, 0))
            tells = (rows[place] == pairs[:, one]) & (survivor[place] == pairs[:, other]) if len(rows) else place < 0
            found[place[tells]] = similarity[tells]
    return pl.Series("similarity", found).fill_nan(None)
