"""Judge duplicates: which kept documents repeat others, and what stands for them.

Nine bytes a document while clusters are made, and 25 for each member of one, beside the survivors' ids; members are
ordered in slices that the filter's `memory` bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import polars as pl

from curate import clusters, judge
from curate.contracts import ID, CorpusFilter, Line
from curate.run import Run
from curate.work.compared import ComparedPart, by_part, gathered, lent_earlier
from curate.work.earlier import compared_parts
from curate.work.tables import frames

MEMBER_BYTES = 400
"""Memory of a member of a cluster while it is judged: its id, what it is ordered by, both sorted."""


class Duplicates(NamedTuple):
    """What a corpus filter found among the documents that are kept so far."""

    line: Line[CorpusFilter]
    members: pl.DataFrame
    """`clusters.MEMBERS` and `similarity`, by row."""
    survivors: pl.DataFrame
    """`row`, `duplicate_of` (id), `duplicate_run`, by row."""

    def dropped(self) -> pl.Series:
        """Rows that break a rule."""
        return self.members.filter(pl.col("reason").is_not_null())["row"]

    def followed(self, later: Duplicates) -> Duplicates:
        """The same, where a later filter has dropped survivors with what stands for them in turn."""
        gone = later.members.filter(pl.col("reason").is_not_null()).select("row", "survivor")
        stands = later.survivors.rename({"row": "survivor"})
        named = self.survivors.join(gone, on="row", how="left", maintain_order="left").join(
            stands, on="survivor", how="left", maintain_order="left", suffix="_later"
        )
        names = (judge.DUPLICATE_OF, judge.DUPLICATE_RUN)
        turned = pl.col("survivor").is_not_null()
        survivors = named.select(
            "row", *(pl.when(turned).then(f"{name}_later").otherwise(name).alias(name) for name in names)
        )
        return self._replace(survivors=survivors)

    def columns(self, first: int, verdicts: pl.DataFrame) -> list[pl.Series]:
        """What the filter adds to the verdicts of a part, or changes; `first`: the number of its first row."""
        start, stop = self.members["row"].search_sorted(pl.Series([first, first + verdicts.height]))
        members = self.members[start:stop].with_columns(place=pl.col("row").cast(pl.Int64) - first)
        columns = []
        for rule in judge.merged(self.line.step):
            breaks = members.filter(pl.col("reason").cast(pl.String) == rule)["place"]
            columns.append(
                pl.repeat(False, verdicts.height, eager=True).scatter(breaks, True).alias(f"{self.line.label}.{rule}")
            )
        repeats = members.filter(pl.col("survivor").is_not_null())
        survivors = self.survivors[self.survivors["row"].search_sorted(repeats["survivor"])]
        names = (judge.DUPLICATE_OF, judge.DUPLICATE_RUN)
        columns += [verdicts[name].scatter(repeats["place"], survivors[name]) for name in names]
        for name, kind in judge.cluster_columns(self.line).items():
            value = members[name.removeprefix(f"{self.line.label}_")].cast(kind)
            nothing = pl.repeat(None, verdicts.height, dtype=kind, eager=True)
            columns.append(nothing.scatter(members["place"], value).alias(name))
        return columns


def duplicates_of(run: Run, line: Line[CorpusFilter], kept: pl.Series, types: dict[str, Any]) -> Duplicates:
    """Find duplicates among the documents of a run that are `kept` so far, and those that earlier runs kept."""
    parts = compared_parts(run, line)
    all_kept = pl.concat([kept, *(lent_earlier(part) for part in parts if part.earlier)]).to_numpy()
    cluster = clusters.connected(frames(run.groups_file(line)), all_kept)
    order = judge.order_of(line.step.prefer, types, f"{line.where}.prefer")
    rules = judge.merged(line.step)
    found = [
        clusters.survivors(_members(run, parts, rows, cluster, order), order, line.step.keep_clusters, rules)
        for rows in clusters.slices(cluster, line.step.memory // MEMBER_BYTES)
    ]
    del cluster
    members = pl.concat([pl.DataFrame(schema=clusters.MEMBERS), *found]).sort("row")
    similar = frames(run.groups_file(line)) if line.step.least_similarity() is not None else ()
    return Duplicates(line, members.with_columns(clusters.similarities(similar, members)), _survivors(parts, members))


def _members(
    run: Run, parts: list[ComparedPart], rows: Any, cluster: Any, order: Sequence[tuple[str, bool]]
) -> pl.DataFrame:
    """What `clusters.survivors` must know of some rows (sorted)."""
    row = pl.Series("row", rows, pl.Int64)
    kinds = {name: run.signal_types()[name] for name, _ in order}
    ordered_by = [_ordered_by(run, part, inside, kinds) for part, inside in by_part(parts, row)]
    members = pl.DataFrame([row, pl.Series("cluster", cluster[rows]), gathered(parts, row, ID)])
    return members.hstack(pl.concat(ordered_by))


def _ordered_by(run: Run, part: ComparedPart, inside: pl.Series, kinds: dict[str, Any]) -> pl.DataFrame:
    """`earlier`, and the signals that order documents: null for those of earlier runs."""
    earlier = pl.repeat(0, len(inside), dtype=pl.Int64, eager=True)
    if part.earlier is not None:
        earlier = part.column(judge.KEPT, inside - part.first).cast(pl.Int64) + 1
    if part.earlier is None and kinds:
        signals = run.part_signals(run.part(part.name), set(kinds)).select(list(kinds))[inside - part.first]
    else:
        nothing = [pl.repeat(None, len(inside), dtype=kind, eager=True).alias(name) for name, kind in kinds.items()]
        signals = pl.DataFrame(nothing)
    return pl.DataFrame([earlier.alias("earlier"), *signals])


def _survivors(parts: list[ComparedPart], members: pl.DataFrame) -> pl.DataFrame:
    """What stands for others: `row`, and what verdicts call it."""
    rows = members["survivor"].drop_nulls().unique().sort()
    runs = [pl.repeat(part.earlier, len(inside), dtype=pl.String, eager=True) for part, inside in by_part(parts, rows)]
    earlier = pl.concat([pl.Series(dtype=pl.String), *runs])
    ids = gathered(parts, rows, ID)
    return pl.DataFrame([rows.alias("row"), ids.alias(judge.DUPLICATE_OF), earlier.alias(judge.DUPLICATE_RUN)])
