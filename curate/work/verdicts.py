"""Judge: every part's rules, then duplicates among what is kept; the verdicts are written part by part.

Tables only, one task: a bit per document and rule stays in memory, and 9 bytes a document while clusters are made; text
is never read. Members of clusters are gathered in slices that the filter's `memory` bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from curate import clusters, disk, judge
from curate.contracts import ID, CorpusFilter, Line, Part
from curate.run import Run
from curate.work.compare import frames
from curate.work.compared import ComparedPart, by_part, gathered, kept_earlier
from curate.work.earlier import compared_parts

MEMBER_BYTES = 400
"""Memory of a member of a cluster while it is judged: its id, what it is ordered by, both sorted."""


def judge_all(run: Run, step: int, name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Write the verdicts of all parts."""
    types = run.signal_types()
    rules = judge.compile_rules(run.pipeline.filters, types)
    needed = {name for rule in rules for name in rule.expression.meta.root_names()}
    broken = [_rules_of(run, part, rules, needed) for part in run.parts]
    kept = (
        pl.concat([frame.select(~pl.any_horizontal(pl.all(), False)).to_series() for frame in broken])
        if broken
        else pl.Series()
    )
    repeats: dict[str, pl.DataFrame] = {}
    for line in run.plan.corpus_filters:
        repeats[line.label] = members = _repeats(run, line, kept, types)
        kept = kept.scatter(members.filter(pl.col("reason").is_not_null())["row"], False)
    _store(run, broken, kept, repeats)
    return {"rows": len(kept)}


def _rules_of(run: Run, part: Part, rules: Sequence[judge.Rule], needed: set[str]) -> pl.DataFrame:
    signals = run.part_signals(part, needed | {"source"})
    if not rules:
        return signals.select(pl.repeat(False, pl.len()).alias("none"))
    return signals.select(rule.expression.alias(rule.reason) for rule in rules)


# Duplicates.


def _repeats(run: Run, line: Line[CorpusFilter], kept: pl.Series, types: dict[str, Any]) -> pl.DataFrame:
    """`clusters.MEMBERS` of the kept documents that others resemble, by row, with `similarity`, `duplicate_of` and
    `duplicate_run`."""
    parts = compared_parts(run, line)
    all_kept = pl.concat([kept, *(kept_earlier(part) for part in parts if part.earlier)]).to_numpy()
    cluster = clusters.connected(frames(run.groups_file(line)), all_kept)
    order = judge.order_of(line.step.prefer, types, f"{line.where}.prefer")
    rules = judge.merged(line.step)
    found = [
        clusters.survivors(_members(run, parts, rows, cluster, order), order, line.step.keep_clusters, rules)
        for rows in clusters.slices(cluster, line.step.memory // MEMBER_BYTES)
    ]
    members = pl.concat([pl.DataFrame(schema=clusters.MEMBERS), *found]).sort("row")
    similar = frames(run.groups_file(line)) if line.step.least_similarity() is not None else ()
    return members.with_columns(clusters.similarities(similar, members), *_names(parts, members["survivor"]))


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
    earlier = pl.repeat(part.earlier is not None, len(inside), eager=True).alias("earlier")
    if part.earlier is None and kinds:
        signals = run.part_signals(run.part(part.name), set(kinds)).select(list(kinds))[inside - part.first]
    else:
        nothing = [pl.repeat(None, len(inside), dtype=kind, eager=True).alias(name) for name, kind in kinds.items()]
        signals = pl.DataFrame(nothing)
    return pl.DataFrame([earlier, *signals])


def _names(parts: list[ComparedPart], survivors: pl.Series) -> list[pl.Series]:
    """`duplicate_of` and `duplicate_run` of documents with these survivors (perhaps null)."""
    rows = survivors.drop_nulls().unique().sort()
    ids = gathered(parts, rows, ID)
    runs = [pl.repeat(part.earlier, len(inside), dtype=pl.String, eager=True) for part, inside in by_part(parts, rows)]
    place = pl.Series(rows.search_sorted(survivors.fill_null(-1)), dtype=pl.Int64)
    place = pl.select(pl.when(survivors.is_not_null()).then(place)).to_series()
    earlier = pl.concat([pl.Series(dtype=pl.String), *runs])
    return [ids.gather(place).alias(judge.DUPLICATE_OF), earlier.gather(place).alias(judge.DUPLICATE_RUN)]


# Verdicts.


def _store(run: Run, broken: list[pl.DataFrame], kept: pl.Series, repeats: dict[str, pl.DataFrame]) -> None:
    first = 0
    for part, frame in zip(run.parts, broken, strict=True):
        stop = first + frame.height
        verdicts = pl.DataFrame([pl.read_parquet(run.documents_file(part), columns=[ID])[ID]])
        verdicts = verdicts.with_columns(
            kept[first:stop].alias(judge.KEPT), *(one for one in frame if one.name != "none")
        )
        verdicts = verdicts.with_columns(pl.lit(None, pl.String).alias(name) for name in _SURVIVOR)
        for line in run.plan.corpus_filters:
            members = repeats[line.label]
            mine = members.filter(pl.col("row").is_between(first, stop - 1)).with_columns(pl.col("row") - first)
            verdicts = verdicts.with_columns(_columns_of(line, mine, verdicts))
        against = any(line.step.against for line in run.plan.corpus_filters)
        more = [name for line in run.plan.corpus_filters for name in judge.cluster_columns(line)]
        survivor = _SURVIVOR if against else _SURVIVOR[:1]
        disk.write_frame(verdicts.select(ID, judge.KEPT, *run.reasons(), *survivor, *more), run.verdicts_file(part))
        first = stop


_SURVIVOR = (judge.DUPLICATE_OF, judge.DUPLICATE_RUN)


def _columns_of(line: Line[CorpusFilter], members: pl.DataFrame, verdicts: pl.DataFrame) -> list[pl.Series]:
    """What a corpus filter adds to the verdicts of a part, or changes; `members`: those of the part."""
    columns = []
    for rule in judge.merged(line.step):
        breaks = members.filter(pl.col("reason") == rule)["row"]
        columns.append(
            pl.repeat(False, verdicts.height, eager=True).scatter(breaks, True).alias(f"{line.label}.{rule}")
        )
    repeats = members.filter(pl.col("survivor").is_not_null())
    columns += [verdicts[name].scatter(repeats["row"], repeats[name]) for name in _SURVIVOR]
    for name, kind in judge.cluster_columns(line).items():
        value = members[name.removeprefix(f"{line.label}_")]
        nothing = pl.repeat(None, verdicts.height, dtype=kind, eager=True)
        columns.append(nothing.scatter(members["row"], value).alias(name))
    return columns


def dropped_for(run: Run, reason: str) -> int:
    """Documents that break a rule (others may too)."""
    if not run.parts:
        return 0
    files = [run.verdicts_file(part) for part in run.parts]
    return int(pl.scan_parquet(files).select(pl.col(reason).sum()).collect().item() or 0)
