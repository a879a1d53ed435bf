"""Judge: every part's rules, then duplicates among what is kept; the verdicts are written part by part.

Tables only, one task: a bit per document and rule stays in memory, text is never read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from curate import disk, judge
from curate.contracts import ID, Part
from curate.run import Run
from curate.work.duplicates import Duplicates, duplicates_of
from curate.work.repeats import judge_last


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
    duplicates: list[Duplicates] = []
    for line in run.plan.corpus_filters:
        found = duplicates_of(run, line, kept, types)
        kept = kept.scatter(found.dropped(), False)
        duplicates = [*(one.followed(found) for one in duplicates), found]
    broken, kept = judge_last(run, broken, kept)
    _store(run, broken, kept, duplicates)
    return {"rows": len(kept)}


def _rules_of(run: Run, part: Part, rules: Sequence[judge.Rule], needed: set[str]) -> pl.DataFrame:
    signals = run.part_signals(part, needed | {"source"})
    if not rules:
        return signals.select(pl.repeat(False, pl.len()).alias("none"))
    return signals.select(rule.expression.alias(rule.reason) for rule in rules)


def _store(run: Run, broken: list[pl.DataFrame], kept: pl.Series, duplicates: Sequence[Duplicates]) -> None:
    against = any(line.step.against for line in run.plan.corpus_filters)
    survivor = (judge.DUPLICATE_OF, judge.DUPLICATE_RUN)[: 2 if against else 1]
    more = [name for line in run.plan.corpus_filters for name in judge.cluster_columns(line)]
    first = 0
    for part, frame in zip(run.parts, broken, strict=True):
        stop = first + frame.height
        verdicts = disk.read_frame(run.documents_file(part), [ID])
        verdicts = verdicts.with_columns(
            kept[first:stop].alias(judge.KEPT),
            *(one for one in frame if one.name != "none"),
            pl.lit(None, pl.String).alias(judge.DUPLICATE_OF),
            pl.lit(None, pl.String).alias(judge.DUPLICATE_RUN),
        )
        for found in duplicates:
            verdicts = verdicts.with_columns(found.columns(first, verdicts))
        disk.write_frame(verdicts.select(ID, judge.KEPT, *run.reasons(), *survivor, *more), run.verdicts_file(part))
        first = stop


def dropped_for(run: Run, reason: str) -> int:
    """Documents that break a rule (others may too)."""
    if not run.parts:
        return 0
    files = [run.verdicts_file(part) for part in run.parts]
    return int(pl.scan_parquet(files).select(pl.col(reason).sum()).collect().item() or 0)
