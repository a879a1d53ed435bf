"""What filters decided about documents, as a value to ask: what was dropped, for what, why this one.

    verdicts = curate.explain(["length", "language"], frame)      # or run.verdicts()
    verdicts.by_reason                                            # a frame: every rule and what it drops
    verdicts.why(7)                                               # plain sentences

A frozen value over a Polars frame. The texts of a run stay on disk, and are read of the documents that are shown.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from curate import display, judge, why
from curate.contracts import ID, TEXT, Filter, Line, Utf8
from curate.errors import CurateError
from curate.registry import nearest

REASONS = "reasons"
"""A column that lists every rule which a document breaks; frames of `curate.explain` have it, a run's has not."""
_ROW = "row"
_SHOWN_REASONS = 10


def tally(broken: pl.LazyFrame, reasons: Sequence[str]) -> pl.DataFrame:
    """Count each of `reasons`, Boolean columns: `dropped` (documents that break the rule), `alone`, `first`."""
    several = pl.sum_horizontal(*reasons, pl.lit(0))
    places = (pl.when(reason).then(pl.lit(place, pl.Int16)) for place, reason in enumerate(reasons))
    first = pl.coalesce(*places, pl.lit(-1, pl.Int16))  # numbers: ten times as fast as names
    counted = broken.select(*reasons, alone=several == 1, first=first).select(
        *(pl.col(reason).sum().alias(f"dropped {reason}") for reason in reasons),
        *((pl.col(reason) & pl.col("alone")).sum().alias(f"alone {reason}") for reason in reasons),
        *((pl.col("first") == place).sum().alias(f"first {place}") for place in range(len(reasons))),
    )
    numbers = counted.collect(engine="streaming").row(0) if reasons else ()
    columns = {
        name: [numbers[place + kind * len(reasons)] or 0 for place in range(len(reasons))]
        for kind, name in enumerate(["dropped", "alone", "first"])
    }
    return pl.DataFrame(
        {"reason": list(reasons), **columns}, schema={"reason": pl.String, **dict.fromkeys(columns, pl.Int64)}
    )


@dataclass(frozen=True, eq=False)
class Verdicts:
    """Documents with their signals and what was decided, row by row."""

    frame: pl.DataFrame = field(repr=False)
    """A row a document: signals, `kept`, one Boolean per rule (null and false: not broken), beside what was there."""
    filters: tuple[Line[Filter], ...] = field(repr=False)
    """What decided."""
    types: dict[str, Any] = field(repr=False)
    """Columns that rules may read, and their dtypes."""
    text: str = TEXT
    """The column of the text."""
    texts: Callable[[pl.Series], pl.Series] | None = field(default=None, repr=False)
    """Reads the texts of rows (ascending), where the frame has none."""

    @property
    def reasons(self) -> list[str]:
        """Every reason for which a document may be dropped, in the order of the filters."""
        rules = [f"{line.label}.{name}" for line in self.filters for name in judge.merged(line.step)]
        return [*rules, *([why.UNREADABLE] if REASONS in self.frame.columns else [])]

    @property
    def kept(self) -> pl.DataFrame:
        """The documents that are kept. Of a run without texts: `Run.documents` has them."""
        return self.frame.filter(judge.KEPT)

    @property
    def dropped(self) -> pl.DataFrame:
        """The documents that are dropped."""
        return self.frame.filter(~pl.col(judge.KEPT))

    @cached_property
    def rules(self) -> list[judge.Rule]:
        """The rules that look at one document, compiled."""
        return judge.compile_rules(self.filters, self.types)

    @cached_property
    def by_reason(self) -> pl.DataFrame:
        """A row for each rule, in the order of the filters.

        Columns: `reason`; `condition`; `dropped`: documents that break it; `alone`: that break no other; `first`: for
        which it is the first reason.
        """
        conditions = [self._conditions().get(reason) for reason in self.reasons]
        table = tally(self._broken().lazy(), self.reasons)
        return table.insert_column(1, pl.Series("condition", conditions, dtype=pl.String))

    def sample(self, reason: str = "dropped", n: int = 5, seed: int = 0) -> pl.DataFrame:
        """Documents dropped for a reason (`kept` and `dropped` work too), chosen by chance, the same ones for a seed.

        First come those that no other rule drops. With `row`, their number in the frame, and with their text. Raises:
        CurateError for an unknown reason.
        """
        from curate.kernels.hashing import hash64

        chosen = self._rows_of(reason)
        several = self._broken()[chosen].select(pl.sum_horizontal(pl.all(), pl.lit(0)) > 1).to_series()
        hashes = pl.Series(hash64(seed, *Utf8.of(self._ids(chosen))), dtype=pl.UInt64)
        order = pl.DataFrame({_ROW: chosen, "several": several, "hash": hashes}).sort("several", "hash", _ROW)
        return self._shown(order[_ROW].head(n))

    def why(self, document: int | str, language: str | None = None) -> list[str]:
        """Say why a document was dropped: a sentence for each rule that it breaks.

        `document`: the number of its row, or its id. `language`: `en` or `zh`, by default $CURATE_LANG. Raises:
        CurateError for a document that is not there.
        """
        place = self._place(document)
        return self.explained(self.frame[place : place + 1], language)[0]

    def explained(self, rows: pl.DataFrame, language: str | None = None) -> list[list[str]]:
        """The sentences of `why` for some rows of the frame."""
        broken = why.broken_rules(self.filters, self.types, rows.to_dicts())
        spoken = language or display.language()
        if spoken not in why.LANGUAGES:
            raise CurateError(f"language: {spoken!r} is not spoken here; {' or '.join(why.LANGUAGES)}")
        return [why.sentences(one, spoken) for one in broken]

    def _place(self, document: int | str) -> int:
        if isinstance(document, str):
            ids = self.frame[ID] if ID in self.frame.columns else pl.Series(ID, [], pl.String)
            found = (ids.cast(pl.String) == document).arg_true()
            if found.is_empty():
                raise CurateError(f"no document has the id {document!r}{nearest(document, ids.head(10_000).to_list())}")
            return int(found[0])
        if not -self.frame.height <= document < self.frame.height:
            raise CurateError(f"no row {document}: there are {self.frame.height:,}, counted from 0")
        return document % self.frame.height

    def _ids(self, rows: pl.Series) -> pl.Series:
        """Names of rows: their ids, or their numbers."""
        return (self.frame[ID][rows] if ID in self.frame.columns else rows).cast(pl.String).fill_null("")

    def _broken(self) -> pl.DataFrame:
        """One Boolean per reason, never null."""
        listed = pl.col(REASONS).list.contains(why.UNREADABLE).alias(why.UNREADABLE)
        columns: list[pl.Expr] = [listed if name == why.UNREADABLE else pl.col(name) for name in self.reasons]
        return self.frame.select(column.fill_null(False) for column in columns)

    def _conditions(self) -> dict[str, str]:
        return {
            f"{line.label}.{name}": condition
            for line in self.filters
            for name, condition in judge.merged(line.step).items()
        }

    def _rows_of(self, reason: str) -> pl.Series:
        kept = pl.col(judge.KEPT)
        known = {"kept": kept, "dropped": ~kept}
        if reason in known:
            return self.frame.select(known[reason].arg_true()).to_series().cast(pl.Int64)
        if reason not in self.reasons:
            raise CurateError(f"no reason is called {reason!r}{nearest(reason, [*known, *self.reasons])}")
        return self._broken()[reason].arg_true().cast(pl.Int64)

    def _shown(self, rows: pl.Series) -> pl.DataFrame:
        """Some rows of the frame with their number and text, in this order."""
        shown = self.frame[rows]
        if _ROW not in shown.columns:
            shown = shown.insert_column(0, rows.alias(_ROW))
        if self.texts is None or rows.is_empty():
            return shown
        ascending = rows.sort()
        return shown.with_columns(self.texts(ascending)[ascending.search_sorted(rows)].alias(self.text))

    def __len__(self) -> int:
        return self.frame.height

    def __repr__(self) -> str:
        kept = int(self.frame[judge.KEPT].sum())
        noun = "document" if len(self) == 1 else "documents"
        head = f"Verdicts: {len(self):,} {noun} = {kept:,} kept + {len(self) - kept:,} dropped"
        ranked = self.by_reason.filter(pl.col("dropped") > 0).sort("dropped", descending=True, maintain_order=True)
        rules = [f"  {row['dropped']:>8,}  {row['reason']}" for row in ranked.head(_SHOWN_REASONS).to_dicts()]
        more = ranked.height - _SHOWN_REASONS
        return os.linesep.join([head, *rules, *([f"            and {more} more rules"] if more > 0 else [])])

    def _repr_html_(self) -> str:
        return display.html("verdicts", self)
