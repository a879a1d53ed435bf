"""The documents that the page shows for each reason: what was measured, why they were dropped, where it stands.

Chosen by `stats`; of the texts only these are read, from the row groups that hold them, and cut at once. What counts
for a rule is asked of the filters again (`evidence`), inside the first `READ_CHARS` characters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from curate import cuts, disk, evidence, judge, why
from curate.contracts import ID, TEXT, Part
from curate.evidence import Evidence
from curate.run import Run
from curate.why import Broken

SAMPLE_CHARS = 600
"""Characters shown of a text."""
READ_CHARS = 20_000
"""Characters read of a text to find what counts in it; fewer where very many documents are shown."""
MOST_READ_CHARS = 20_000_000
"""Of all texts together."""
VALUE_CHARS = 300
"""Characters shown of an id, a field, a String signal."""


@dataclass(frozen=True)
class Sample:
    """A document, cut to what is shown."""

    id: str
    text: str
    """The part that holds most of what counts for the rule; the beginning where nothing does."""
    chars: int
    """Of the whole text."""
    reasons: tuple[str, ...]
    """Every rule that it breaks."""
    duplicate_of: str | None
    fields: Mapping[str, str | None]
    """`source`, and the fields that the reader was told to keep."""
    signals: Mapping[str, Any]
    start: int = 0
    """Characters of the whole text before `text`."""
    broken: tuple[Broken, ...] = ()
    """The same rules, with the values that they saw."""
    marks: tuple[Evidence, ...] = ()
    """What counts for the rule, in characters of `text`."""
    left_out: tuple[tuple[int, int], ...] = ()
    """What the shards leave out, in characters of `text`."""


def samples_of(run: Run, chosen: pl.DataFrame, rules: Sequence[judge.Rule]) -> dict[str, list[Sample]]:
    """Reason, or `kept`, to its samples, in the order of `chosen` (`Stats.samples`); `rules`: those of the run."""
    names = ["kept", *run.reasons()]
    samples: dict[str, list[Sample]] = {name: [] for name in names}
    wanted = chosen.select("part", "row").unique().sort("part", "row")
    if wanted.is_empty():
        return samples
    documents, rows = read_at(run, wanted, min(READ_CHARS, MOST_READ_CHARS // wanted.height))
    broken = why.broken_rules(run.pipeline.filters, run.signal_types(), rows)
    spans = _evidence(run, documents, rows)
    signals = {rule.reason: set(rule.expression.meta.root_names()) for rule in rules}
    places = {place: number for number, place in enumerate(wanted.iter_rows())}
    read = documents.to_dicts()
    for one in chosen.iter_rows(named=True):
        reason, place = names[one["reason"] + 1], places[one["part"], one["row"]]
        marks = [span for span in spans[place] if span.signal in signals.get(reason, ())]
        samples[reason].append(_sample(run, read[place], rows[place], broken[place], marks))
    return samples


_CHARS, _CUTS = "chars of text", "cuts of text"
"""No field is called so: names with blanks."""


def read_at(run: Run, wanted: pl.DataFrame, most: int) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """The documents at `part` and `row` (ascending), `most` characters of each, and of each its verdict and signals."""
    frames, rows = [], []
    for (number,), chosen in wanted.group_by("part", maintain_order=True):
        part, places = run.parts[int(str(number))], chosen["row"]
        verdicts = disk.read_frame(run.verdicts_file(part), None)[places].drop(ID)
        signals = run.part_signals(part)[places].drop("source")
        rows += pl.concat([verdicts, signals], how="horizontal").to_dicts()
        spans = cuts.listed(cuts.of_rows(run.part_cuts(part), places), len(places))
        frames.append(_documents(run, part, places, most).with_columns(spans.alias(_CUTS)))
    return pl.concat(frames, how="diagonal"), rows


def _documents(run: Run, part: Part, rows: pl.Series, most: int) -> pl.DataFrame:
    import pyarrow.parquet as pq

    frames, start = [], 0
    file = pq.ParquetFile(run.documents_file(part))
    for group in range(file.num_row_groups):
        stop = start + file.metadata.row_group(group).num_rows
        inside = rows.filter((rows >= start) & (rows < stop)) - start
        if not inside.is_empty():
            # Taken by Arrow, which copies: what Polars gathers keeps all the text of the row group in memory.
            frame = pl.DataFrame(pl.from_arrow(file.read_row_group(group).take(inside.to_arrow())))
            chars = pl.col(TEXT).str.len_chars().cast(pl.Int64).alias(_CHARS)
            frames.append(frame.with_columns(chars, pl.col(TEXT).str.slice(0, most)))
        start = stop
    return pl.concat(frames)


def _evidence(run: Run, documents: pl.DataFrame, rows: Sequence[Mapping[str, Any]]) -> list[list[Evidence]]:
    """What counts in each document, by the filters that dropped one of them."""
    lines = [
        line
        for line in run.pipeline.filters
        if any(row[f"{line.label}.{rule}"] for rule in judge.merged(line.step) for row in rows)
    ]
    return evidence.of_documents(lines, documents.drop(_CHARS, _CUTS))


def _sample(
    run: Run,
    document: Mapping[str, Any],
    row: Mapping[str, Any],
    broken: Sequence[Broken],
    marks: Sequence[Evidence],
) -> Sample:
    start, stop = evidence.excerpt(document[TEXT], marks, SAMPLE_CHARS)
    aside = {ID, TEXT, _CHARS, _CUTS}
    return Sample(
        id=document[ID],
        text=document[TEXT][start:stop],
        chars=document[_CHARS],
        reasons=tuple(reason for reason in run.reasons() if row[reason]),
        duplicate_of=row[judge.DUPLICATE_OF],
        fields={name: _short(value) for name, value in document.items() if name not in aside},
        signals={name: _short(row[name]) for name in run.signal_types() if name in row},
        start=start,
        broken=tuple(broken),
        marks=tuple(Evidence(*span, one.signal) for one in marks if (span := _inside(one.start, one.end, start, stop))),
        left_out=tuple(
            span for one in document[_CUTS] if (span := _inside(one["start"], one["end"], start, stop))
        ),
    )  # fmt: skip


def _inside(first: int, last: int, start: int, stop: int) -> tuple[int, int] | None:
    """A span as it lies in the excerpt from `start` to `stop`; None outside of it."""
    first, last = max(first, start) - start, min(last, stop) - start
    return (first, last) if first < last else None


def _short(value: Any) -> Any:
    return value[:VALUE_CHARS] if isinstance(value, str) else value
