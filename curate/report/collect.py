"""Everything that the page shows of a run, as one plain value.

Tables are read part by part and added up (`stats`); of the texts only the chosen samples are read, from the row groups
that hold them, and cut at once, so memory is bounded by a part's signals and one row group of text.
"""

from __future__ import annotations

import base64
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from curate import comparisons, disk, judge, stats
from curate.layout import TEXT_CHARS
from curate.report.decisions import BorderCase, Decisions, border_cases
from curate.report.dropped import Dropped, dropped_of
from curate.report.glosses import Glosses
from curate.report.hosts import Hosts, hosts_of
from curate.report.largest import Clusters, clusters_of
from curate.report.samples import Sample, samples_of
from curate.report.thresholds import Threshold, thresholds
from curate.report.wording import LANGUAGES
from curate.run import Run
from curate.stats import Stats

SEED = 0
"""Of the hash that chooses samples: the same documents every time."""
REJECTED_ROWS = 20


@dataclass(frozen=True)
class RuleEntry:
    """A rule as the page tells of it."""

    reason: str
    filter: str
    condition: str
    signals: tuple[str, ...]
    """Columns that the condition reads."""


@dataclass(frozen=True)
class Report:
    """A run, ready to be shown."""

    name: str
    record: Mapping[str, Any]
    """`run.json`."""
    pipeline: str
    stats: Stats
    rejected: int
    rejected_rows: Sequence[Mapping[str, Any]]
    """The first of them: `file`, `offset`, `line`, `reason`, `raw`."""
    rules: Sequence[RuleEntry]
    filters: Mapping[str, list[str]]
    """Label of each filter to its reasons, in the order of the pipeline."""
    signals: Mapping[str, list[str]]
    """Who measures (`documents`, a filter's label) to the names of the columns."""
    types: Mapping[str, Any]
    thresholds: Sequence[Threshold]
    decisions: Decisions
    """What each number of a rule decides."""
    borders: Mapping[int, Sequence[BorderCase]]
    """Number of a comparison in `decisions` to the documents nearest to its number."""
    hosts: Hosts | None
    """Sites of the documents, where a reader keeps their addresses."""
    kept_chars: int
    """Characters of the kept documents, without what is cut."""
    glosses: Mapping[str, Glosses]
    """Language to what signals and rules are."""
    samples: Mapping[str, list[Sample]]
    """Reason, or `kept`, to the documents chosen for it."""
    dropped: Sequence[Dropped]
    """Dropped documents in short."""
    clusters: Sequence[Clusters]
    """What each filter found that compares documents."""
    manifests: Mapping[str, Mapping[str, Any]]
    writers: Sequence[str]
    guides: frozenset[str]
    """Labels of the writers that left a USE.md."""
    fingerprints: Mapping[str, str]
    inputs: Sequence[tuple[str, int]]
    """Path and bytes on disk of the input files."""


def collect(run: Run) -> Report:
    """Read what the page shows. Raises: CurateError for a run that is not finished."""
    run.must_be_finished()
    filters = {
        line.label: [f"{line.label}.{name}" for name in judge.merged(line.step)] for line in run.pipeline.filters
    }
    types = run.signal_types()
    compiled = judge.compile_rules(run.pipeline.filters, types)
    reads = {rule.reason: tuple(sorted(set(rule.expression.meta.root_names()))) for rule in compiled}
    rules = [
        RuleEntry(f"{line.label}.{name}", line.label, condition, reads.get(f"{line.label}.{name}", ()))
        for line in run.pipeline.filters
        for name, condition in judge.merged(line.step).items()
    ]
    total, decisions = add_up(run, filters, types)
    return Report(
        name=run.pipeline.name,
        record=run.record,
        pipeline=run.pipeline.text,
        stats=total,
        rejected=run.rejected_count(),
        rejected_rows=[_readable(row) for row in itertools.islice(run.rejected(), REJECTED_ROWS)],
        rules=rules,
        filters=filters,
        signals=_by_filter(run, types),
        types=types,
        thresholds=thresholds(compiled),
        decisions=decisions,
        borders=border_cases(run, decisions, types),
        hosts=hosts_of(run),
        kept_chars=_kept_chars(run),
        glosses={language: Glosses(run.pipeline.filters, language) for language in LANGUAGES},
        samples=samples_of(run, total.samples, compiled),
        dropped=dropped_of(run, SEED),
        clusters=clusters_of(run),
        manifests=run.manifests(),
        writers=[line.label for line in run.pipeline.write],
        guides=frozenset(line.label for line in run.pipeline.write if (run.shards_folder(line) / "USE.md").exists()),
        fingerprints=_fingerprints(run),
        inputs=[(one["path"], one["size"]) for one in (disk.read_json(run.folder / "inputs.json") or {})["inputs"]],
    )


def add_up(run: Run, filters: Mapping[str, list[str]], types: Mapping[str, Any]) -> tuple[Stats, Decisions]:
    """The stats of a run and what its numbers decide, one part in memory at a time."""
    numbers = comparisons.of_filters(run.pipeline.filters, types)
    reasons = [rule.reason for rule in judge.compile_rules(run.pipeline.filters, types)]
    total, decisions = stats.empty(types, filters), Decisions.none(numbers)
    for place, part in enumerate(run.parts):
        signals, verdicts = run.part_signals(part), pl.read_parquet(run.verdicts_file(part))
        total += Stats.of(place, signals, verdicts, filters, SEED)
        decisions += Decisions.of(numbers, place, signals, verdicts, reasons)
    return total, decisions


def _by_filter(run: Run, types: Mapping[str, Any]) -> dict[str, list[str]]:
    measured = {line.label: list(judge.signal_columns(line)) for line in run.pipeline.filters}
    taken = {name for names in measured.values() for name in names}
    return {"documents": [name for name in types if name not in taken], **measured}


def _fingerprints(run: Run) -> dict[str, str]:
    plan = run.plan
    return {
        "documents": plan.documents,
        **{f"filter {label}": digits for label, digits in plan.filters.items()},
        **{f"groups {label}": digits for label, digits in plan.groups.items()},
        "verdicts": plan.verdicts,
        **{f"shards {label}": digits for label, digits in plan.writers.items()},
    }


def _kept_chars(run: Run) -> int:
    total = 0
    for part in run.parts:
        kept = disk.read_frame(run.verdicts_file(part), [judge.KEPT]).to_series()
        spans = run.part_cuts(part)
        spans = spans.filter(kept.gather(spans["row"]))
        chars = disk.read_frame(run.clean_file(part), [TEXT_CHARS]).to_series()
        total += int(chars.filter(kept).sum()) - int((spans["end_char"] - spans["start_char"]).sum())
    return total


def _readable(row: Mapping[str, Any]) -> dict[str, Any]:
    raw = row.get("raw")
    if raw is None:
        raw = base64.b64decode(row.get("raw_base64", "")).decode("utf-8", "backslashreplace")
    return {**row, "raw": raw}
