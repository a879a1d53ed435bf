"""Filters that compare documents with each other: as a whole, or passage by passage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from curate.contracts.filters import Filter
from curate.contracts.steps import ByteSize, InputFile
from curate.contracts.texts import Documents, Utf8


class CorpusFilter(Filter):
    """A filter that compares documents with each other: keys to groups, groups to duplicates.

    `measure` returns the key columns (UInt64) beside the signals. Rows are numbered over all parts, from 0; those of
    earlier runs come after them. A rule can only be switched off: `drop: {duplicate: null}` compares without dropping.
    """

    prefer: str | None = None
    """`signal [ASC|DESC], …`: which member of a cluster survives; ties, and null, by id."""
    keep_clusters: int = Field(default=1, ge=1)
    """Copies of a cluster that are kept."""
    against: Annotated[list[str], InputFile()] = Field(default_factory=list)
    """Earlier runs, and folders made by `curate index`: what they kept survives, whatever repeats it is dropped."""
    memory: ByteSize = Field("400MB", ge=1000, validate_default=True)
    """What a worker may hold while it compares, beyond the 300 MB that it takes anyway. With less it reads more often;
    the result is the same."""

    def own_rules(self) -> Mapping[str, str | None]:
        earlier = {"in_earlier_run": "an earlier run has kept a document of its group"} if self.against else {}
        return {"duplicate": "another document of its group survives", **earlier}

    def measured_parameters(self) -> dict[str, Any]:
        decides = {"drop", "name", "prefer", "keep_clusters", "against", "memory"}
        return self.model_dump(exclude=decides)

    def partitions(self) -> Mapping[str, list[str]]:
        """Partition name to its key columns; documents that agree in all columns of a partition form a group. A
        document with a null key is in none."""
        raise NotImplementedError

    def least_similarity(self) -> float | None:
        """Similarity (0..1) at which two documents of a group are linked. None: all documents of a group are, and no
        text is looked at."""
        return None

    def similarities(self, texts: Utf8, pairs: pl.DataFrame) -> npt.NDArray[np.float64]:
        """Similarity (0..1) of each pair; `left` and `right` are positions in `texts`."""
        raise NotImplementedError


SEGMENT_COLUMNS = {
    **{"row": pl.Int64, "start": pl.Int64, "text_end": pl.Int64, "end": pl.Int64, "ends_line": pl.Boolean},
    **{"hash": pl.UInt64, "unit": pl.Int64},
}
"""A segment, which may be cut: the text in row `row` of a batch from `start` to `text_end`, and to `end` with the
white space behind it (bytes); whether a line ends there; and the unit that starts with it: its hash, and how many
segments it has (0: none starts here). Ordered by row and start; none overlaps another."""

UNIT_COUNTS = {"documents": pl.Int64, "in_source": pl.Int64, "of_source": pl.Int64}
"""What is known of a unit in a document: how many documents have it, how many of the same source, and how many
documents that source has (the last two are null where `PassageFilter.sources` gives none)."""


class PassageFilter(Filter):
    """A filter that cuts passages which several documents have: segments to units, units to passages.

    Its one signal is made when documents are compared: characters of a document that stand in repeated units.
    """

    judged_last: ClassVar[bool] = False
    """False: every repeated unit is cut, wherever it stands, before rules are judged. True: after duplicates are
    judged, the first document that is kept keeps it, the later ones lose it; and `last_rule` is judged."""
    last_rule: ClassVar[str | None] = None
    """The rule that is judged with the cuts: a document that loses more than it keeps, and keeps too little."""
    copies_count_once: ClassVar[bool] = False
    """Whether documents whose longest other segment is the same count as one: a page that was copied a hundred times is
    no furniture."""
    stored_bytes: ClassVar[int] = 0
    """Disk that a document of 2,700 bytes takes, about, in keys and segments; for `curate check`."""

    memory: ByteSize = Field("400MB", ge=1000, validate_default=True)
    """What a worker may hold while it compares, beyond the 300 MB that it takes anyway; the result is the same for
    any."""

    def compared_parameters(self) -> dict[str, Any]:
        """Parameters that say what counts as repeated; changing them compares again, and measures nothing."""
        return {}

    def measured_parameters(self) -> dict[str, Any]:
        return self.model_dump(exclude={"drop", "name", "memory", *self.compared_parameters()})

    def segments(self, documents: Documents) -> pl.DataFrame:
        """Divide a batch into segments (`SEGMENT_COLUMNS`)."""
        raise NotImplementedError

    def sources(self, documents: Documents) -> pl.Series | None:
        """Where each document comes from (String, null: nowhere), if units are counted by source."""
        return None

    def repeated(self) -> pl.Expr:
        """Whether a unit is repeated, by `UNIT_COUNTS`; only units of two documents or more are asked for."""
        raise NotImplementedError

    def least_left(self) -> int:
        """Characters that `last_rule` wants a document to keep."""
        return 0
