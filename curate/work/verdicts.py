"""Judge: every part's rules, then duplicates among what is kept; the verdicts are written part by part.

Tables only, one task: a bit per document and rule stays in memory, text is never read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from curate import disk, judge
from curate.contracts import Line, Part
from curate.run import Run


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
    drops: dict[str, judge.Duplicates] = {}
    for line in run.plan.corpus_filters:
        if "duplicate" in judge.merged(line.step):
            found = _duplicates(run, line, kept, types)
            drops[f"{line.label}.duplicate"] = found
            kept = kept.scatter(found.row, False)
    _store(run, broken, kept, drops)
    return {"rows": len(kept)}


def _rules_of(run: Run, part: Part, rules: Sequence[judge.Rule], needed: set[str]) -> pl.DataFrame:
    signals = run.part_signals(part, needed | {"source"})
    if not rules:
        return signals.select(pl.repeat(False, pl.len()).alias("none"))
    return signals.select(rule.expression.alias(rule.reason) for rule in rules)


def _duplicates(run: Run, line: Line[Any], kept: pl.Series, types: dict[str, Any]) -> judge.Duplicates:
    order = judge.order_of(line.step.prefer, types, f"{line.where}.prefer")
    groups = pl.read_parquet(run.groups_file(line))
    rows = groups["row"].unique().sort()
    rows = rows.filter(kept.gather(rows))
    columns = [name for name, _ in order]
    return judge.duplicates(groups, _gather(run, rows, columns), order, len(kept))


def _gather(run: Run, rows: pl.Series, columns: list[str]) -> pl.DataFrame:
    """`row`, `id` and signals of some rows (numbers over all parts, sorted)."""
    frames = [
        pl.DataFrame(schema={"row": pl.Int64, "id": pl.String, **{name: run.signal_types()[name] for name in columns}})
    ]
    first = 0
    for part, n_rows in zip(run.parts, run.rows(), strict=True):
        inside = rows.filter((rows >= first) & (rows < first + n_rows))
        if not inside.is_empty():
            ids = pl.read_parquet(run.documents_file(part), columns=["id"])
            frame = (
                pl.concat([ids, run.part_signals(part, set(columns)).select(columns)], how="horizontal")
                if columns
                else ids
            )
            frames.append(frame[inside - first].insert_column(0, inside.alias("row")))
        first += n_rows
    return pl.concat(frames)


def _store(run: Run, broken: list[pl.DataFrame], kept: pl.Series, drops: dict[str, judge.Duplicates]) -> None:
    survivors = (
        pl.concat([found.survivor for found in drops.values()]).unique().sort() if drops else pl.Series(dtype=pl.Int64)
    )
    names = _gather(run, survivors, [])
    first = 0
    for part, frame in zip(run.parts, broken, strict=True):
        stop = first + frame.height
        columns = [pl.read_parquet(run.documents_file(part), columns=["id"])["id"], kept[first:stop].alias(judge.KEPT)]
        columns += [column for column in frame if column.name != "none"]
        duplicate_of = pl.repeat(None, frame.height, dtype=pl.String, eager=True)
        for reason, found in drops.items():
            mine = pl.DataFrame(found._asdict()).filter((pl.col("row") >= first) & (pl.col("row") < stop))
            places = mine["row"] - first
            columns.append(pl.repeat(False, frame.height, eager=True).scatter(places, True).alias(reason))
            ids = names["id"].gather(names["row"].search_sorted(mine["survivor"]))
            duplicate_of = duplicate_of.scatter(places, ids)
        ordered = pl.DataFrame(columns).with_columns(duplicate_of.alias(judge.DUPLICATE_OF))
        disk.write_frame(ordered.select("id", judge.KEPT, *run.reasons(), judge.DUPLICATE_OF), run.verdicts_file(part))
        first = stop


def dropped_for(run: Run, reason: str) -> int:
    """Documents that break a rule (others may too)."""
    if not run.parts:
        return 0
    files = [run.verdicts_file(part) for part in run.parts]
    return int(pl.scan_parquet(files).select(pl.col(reason).sum()).collect().item() or 0)
