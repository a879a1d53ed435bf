"""The tables of a run as one lazy frame, a row a document, and sums over it.

Only the columns that are asked for are read, streamed by Polars: memory does not grow with the corpus, and 10 million
documents take about a second. Texts are not touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from curate import comparisons, cuts, disk, judge
from curate.contracts import CorpusFilter, Filter, Line, PassageFilter
from curate.errors import PipelineError
from curate.registry import nearest

if TYPE_CHECKING:
    from curate.run import Run

SIZE = "text_bytes"
ROW = "row?"
"""Number of a document over all parts."""
OTHERS, THEN, FREE = "others?", "then?", "free?"
"""Names of columns that are made here; no signal has such a name."""


class Amount(NamedTuple):
    """Some documents and the bytes of their text."""

    documents: int
    bytes: int

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.documents - other.documents, self.bytes - other.bytes)

    def plus(self, other: Amount) -> Amount:
        return Amount(self.documents + other.documents, self.bytes + other.bytes)


@dataclass(frozen=True)
class Whole:
    """What every answer is measured against."""

    all: Amount
    """Documents that could be read."""
    kept: Amount
    """Kept by the run, after duplicates."""
    tokens_per_byte: Mapping[str, float]
    """Writer to the tokens that its shards make of a byte of kept text."""

    def tokens(self, writer: str, size: int) -> int:
        """Tokens that a writer makes of so many bytes, estimated."""
        return round(size * self.tokens_per_byte[writer])


class Tables:
    """The tables of a finished run."""

    def __init__(self, run: Run) -> None:
        run.must_be_finished()
        self.run = run
        self.types: dict[str, Any] = run.signal_types()

    @cached_property
    def row_rules(self) -> dict[str, str]:
        """Reason to condition of every rule that looks at one document, in the order of the pipeline."""
        return {
            f"{line.label}.{name}": condition
            for line in self.run.pipeline.filters
            if not isinstance(line.step, CorpusFilter)
            for name, condition in judge.merged(line.step).items()
            if not (isinstance(line.step, PassageFilter) and name == line.step.last_rule)
        }

    @cached_property
    def corpus_filters(self) -> set[str]:
        """Labels of the filters that find clusters."""
        return {line.label for line in self.run.plan.corpus_filters}

    @cached_property
    def compared_by(self) -> list[str]:
        """Filters that judge documents by others; estimates leave them out."""
        labels = (reason.partition(".")[0] for reason in self.run.reasons() if reason not in self.row_rules)
        return list(dict.fromkeys(labels))

    def line(self, label: str, what: str) -> Line[Filter]:
        """The filter of this label; `what` opens the message. Raises: PipelineError."""
        lines = {line.label: line for line in self.run.pipeline.filters}
        if label not in lines:
            raise PipelineError(f"{what}: no filter is called {label!r}{nearest(label, lines)}")
        return lines[label]

    def rule(self, reason: str) -> judge.Rule:
        """A row rule, compiled."""
        line, condition = self.line(reason.partition(".")[0], reason), self.row_rules[reason]
        return judge.Rule(reason, condition, judge.compile_rule(condition, self.types, self.own(line), reason))

    def comparisons(self, reason: str) -> list[comparisons.Comparison]:
        """The numbers in a row rule that can be moved."""
        return comparisons.of_rule(self.rule(reason), self.types)

    def own(self, line: Line[Filter]) -> dict[str, str]:
        """Bare name of each signal of a filter to its column."""
        return {name: judge.column(line.label, line.step, name) for name in line.step.signal_types()}

    def breaks_any(self, without: Iterable[str] = ()) -> pl.Expr:
        """Whether a row rule, `without` some, drops a document."""
        names = [reason for reason in self.row_rules if reason not in set(without)]
        return pl.any_horizontal(*names, pl.lit(False))

    def frame(self, signals: Iterable[str], verdicts: Iterable[str | pl.Expr]) -> pl.LazyFrame:
        """Signals (`text_bytes` comes with them), and columns of the verdicts."""
        frames = [self._scan("verdicts").select(*verdicts)]
        wanted = dict.fromkeys([SIZE, *signals])
        by_table: dict[str, dict[str, str]] = {}
        for name in wanted:
            table, stored = self._place(name)
            by_table.setdefault(table, {})[stored] = name
        for table, names in by_table.items():
            source = self._cut_signals() if table == "cuts" else self._scan(table)
            frames.append(source.select(list(names)).rename(names))
        return pl.concat(frames, how="horizontal") if self.run.parts else self._nothing(wanted, verdicts)

    def sums(self, frame: pl.LazyFrame, named: Mapping[str, pl.Expr]) -> dict[str, Amount]:
        """Documents and bytes for which each expression is true."""
        columns = [
            column
            for name, one in named.items()
            for column in (one.sum().alias(f"{name} documents"), pl.col(SIZE).filter(one).sum().alias(f"{name} bytes"))
        ]
        row = frame.select(columns).collect(engine="streaming").row(0, named=True)
        return {name: Amount(int(row[f"{name} documents"] or 0), int(row[f"{name} bytes"] or 0)) for name in named}

    def whole(self, every: Amount, kept: Amount) -> Whole:
        """Totals, with what a byte of kept text gives in tokens."""
        rates = {}
        for label, manifest in self.run.manifests().items():
            made = manifest.get("fingerprint") == self.run.plan.writers.get(label)
            tokens = manifest.get("tokens", 0) + manifest.get("tokens_left_out", 0)
            if made and tokens and kept.bytes:
                rates[label] = tokens / kept.bytes
        return Whole(every, kept, rates)

    # Where columns lie.

    def _place(self, name: str) -> tuple[str, str]:
        """Table of a column, and what it is called there."""
        if name == "source":
            return "documents", name
        if name in cuts.SIGNALS and name in self.run.pipeline.document_signals():
            return "cuts", name
        for line in self.run.pipeline.filters:
            for bare, column in self.own(line).items():
                if column == name:
                    return line.label, bare
        return "clean", name

    def _scan(self, table: str) -> pl.LazyFrame:
        run = self.run
        if not run.parts:
            return pl.LazyFrame()
        files: list[Path]
        if table in ("documents", "verdicts", "clean"):
            place = {"documents": run.documents_file, "verdicts": run.verdicts_file, "clean": run.clean_file}[table]
            files = [place(part) for part in run.parts]
        else:
            line = self.line(table, table)
            of = run.shared_file if isinstance(line.step, PassageFilter) else run.signals_file
            files = [of(line, part) for part in run.parts]
        return pl.scan_parquet(files, glob=False)

    def _cut_signals(self) -> pl.LazyFrame:
        """Signals that are made of the spans of several filters, a part at a time."""
        from polars.io.plugins import register_io_source

        from curate.layout import TEXT_CHARS

        def parts(
            columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, batch_size: int | None
        ) -> Iterator[pl.DataFrame]:
            left = n_rows
            for part in self.run.parts:
                chars = disk.read_frame(self.run.clean_file(part), [TEXT_CHARS]).to_series()
                found = cuts.signals(self.run.part_cuts(part, judged=False), chars)
                found = found if left is None else found.head(left)
                left = None if left is None else left - found.height
                found = found if predicate is None else found.filter(predicate)
                yield found if columns is None else found.select(columns)

        return register_io_source(parts, schema=cuts.SIGNALS)

    def _nothing(self, signals: Iterable[str], verdicts: Iterable[str | pl.Expr]) -> pl.LazyFrame:
        kinds = dict.fromkeys([judge.KEPT, *self.row_rules], pl.Boolean) | {name: self.types[name] for name in signals}
        named = [name for name in verdicts if not isinstance(name, str)]
        return pl.LazyFrame(schema=kinds | {"id": pl.String}).with_columns(named)
