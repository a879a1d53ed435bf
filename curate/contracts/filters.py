"""Cleaners and filters that look at one document at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, NamedTuple

import polars as pl
from pydantic import Field

from curate.contracts.steps import Step
from curate.contracts.texts import Documents

SIGNAL_TYPES = (pl.Float64, pl.Int64, pl.Boolean, pl.String)
"""What a signal may be. Float32 is left out: 0.65 passes `>= 0.65` as Float32 and fails as Float64."""


class Cleaned(NamedTuple):
    """What a cleaner gives back."""

    text: pl.Series
    """String, as many rows as came in, no nulls."""
    signals: pl.DataFrame | None = None
    """Row-aligned signals, stored as any filter's; None when there are none."""


class Cleaner(Step):
    """Text to text, before anything is measured."""

    signals: ClassVar[Mapping[str, Any]] = {}
    """Name to dtype of the signals that `clean` returns."""

    def clean(self, text: pl.Series) -> Cleaned:
        """Clean a String column (no nulls); must be idempotent."""
        raise NotImplementedError


class Filter(Step):
    """Signals and default rules under one name."""

    signals: ClassVar[Mapping[str, Any]] = {}
    """Name to dtype (one of `SIGNAL_TYPES`) of what `measure` returns."""
    rules: ClassVar[Mapping[str, str]] = {}
    """Name of the defect to its condition, SQL over signals; a document for which it is true or null is dropped."""

    name: str | None = None
    """Prefix of columns and reasons, needed by a second filter of one kind."""
    drop: dict[str, str | None] = Field(default_factory=dict)
    """Rules laid over the filter's own by name; null switches one off. Changing them measures nothing again."""

    def signal_types(self) -> Mapping[str, Any]:
        """Name to dtype of the signals that these parameters measure."""
        return self.signals

    def own_rules(self) -> Mapping[str, str | None]:
        """The rules under `drop`: the class's, or a profile's."""
        return self.rules

    def needs_fields(self) -> list[str]:
        """Fields of the readers that `measure` looks at; one that no reader keeps is an error."""
        return []

    def checks_text(self) -> bool:
        """Whether the filter wants to see the first documents of the input before anything is measured."""
        return False

    def check_text(self, documents: Documents) -> None:
        """Look at the first documents of one input, as they were read.

        Raises: PipelineError, without the place, when the filter does not suit them.
        """

    def text_notes(self, first: Iterable[tuple[str, Documents]]) -> list[str]:
        """Remarks for `curate check` on the first documents of inputs: `(path, documents)` of each, read only if they
        are asked for."""
        return []

    def measure(self, documents: Documents) -> pl.DataFrame:
        """Measure a batch: one row per document in the same order, the columns of `signal_types`, never NaN."""
        raise NotImplementedError

    def evidence(self, documents: Documents) -> pl.DataFrame:
        """Point at what signals count, for the few documents that somebody looks at: the columns `EVIDENCE_COLUMNS`.

        Nothing is decided by it, so it may be slow, and may leave out what has no place in the text. Of each signal the
        first 200 spans in a document are shown (`curate.evidence`).
        """
        return pl.DataFrame(schema=EVIDENCE_COLUMNS)


CUT_COLUMNS = {"row": pl.Int64, "start": pl.Int64, "end": pl.Int64}
"""A cut: the span `start` to `end` (bytes of UTF-8, on character borders) of the text in row `row` of a batch."""


EVIDENCE_COLUMNS = {**CUT_COLUMNS, "signal": pl.String}
"""Evidence: a span as of a cut, and the signal (its name without prefix) for which it counts."""


class Measured(NamedTuple):
    """What a filter gives back that also cuts."""

    signals: pl.DataFrame
    """As `Filter.measure` says."""
    cuts: pl.DataFrame
    """The columns `CUT_COLUMNS`; spans in any order, overlapping or not."""


class CuttingFilter(Filter):
    """A filter that can also leave passages out of the shards; signals and duplicates are measured on whole texts."""

    def cuts_text(self) -> bool:
        """Whether the spans that were found are left out: a decision, which measures nothing again (its parameter is
        one that `measured_parameters` leaves out)."""
        raise NotImplementedError

    def measure_and_cut(self, documents: Documents) -> Measured:
        """Measure a batch, and find the spans that may be cut."""
        raise NotImplementedError

    def measure(self, documents: Documents) -> pl.DataFrame:
        return self.measure_and_cut(documents).signals
