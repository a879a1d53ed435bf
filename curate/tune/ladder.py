"""How many documents lie below any number: counts by value, exact where it matters, in bounded memory.

A first pass groups values that agree in four digits, so a rung of the ladder holds several; a rung in which a border
falls is opened by a second pass, which looks at its values one by one. Rungs don't overlap, so counts between two rungs
are exact without that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.tune.tables import SIZE, Amount

DIGITS = 4
"""Significant digits that values of one rung share."""
LOW, HIGH = "low", "high"

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ladder:
    """Documents of some kinds by what was measured on them."""

    source: pl.LazyFrame
    """A row a document: `value` (Float64, not null), `text_bytes`, and one Boolean for each kind."""
    kinds: tuple[str, ...]
    rungs: pl.DataFrame
    """Ascending: `rung`, `low` and `high` (least and greatest value), and of each kind its documents and bytes."""

    @classmethod
    def of(cls, frame: pl.LazyFrame, value: pl.Expr, kinds: Mapping[str, pl.Expr]) -> Ladder:
        """Count the documents of a frame (with `text_bytes`) that have a value and are of any of the kinds."""
        source = frame.select(SIZE, value.cast(pl.Float64).alias("value"), **kinds)
        source = source.filter(pl.col("value").is_not_null() & pl.any_horizontal(*kinds))
        return cls(source, tuple(kinds), _counted(source.with_columns(rung=_rung()), ["rung"], kinds))

    def opened(self, places: Sequence[int]) -> Ladder:
        """The same, where the rungs at these places are opened: one for each value."""
        shut = self.rungs[sorted({place for place in places if place >= 0})].filter(pl.col(LOW) < pl.col(HIGH))
        if shut.is_empty():
            return self
        inside = self.source.with_columns(rung=_rung()).filter(pl.col("rung").is_in(shut["rung"].to_list()))
        fine = _counted(inside, ["rung", "value"], self.kinds).drop("value")
        rest = self.rungs.filter(~pl.col("rung").is_in(shut["rung"].implode()))
        return Ladder(self.source, self.kinds, pl.concat([rest, fine]).sort(LOW))

    @property
    def low(self) -> Floats:
        return self.rungs[LOW].to_numpy()

    @property
    def high(self) -> Floats:
        return self.rungs[HIGH].to_numpy()

    def documents(self, kind: str) -> Integers:
        """Documents of a kind on each rung."""
        return self.rungs[f"{kind} documents"].to_numpy()

    def bytes(self, kind: str) -> Integers:
        """Bytes of their texts."""
        return self.rungs[f"{kind} bytes"].to_numpy()

    def total(self, kind: str) -> Amount:
        return Amount(int(self.documents(kind).sum()), int(self.bytes(kind).sum()))

    def place_of_rank(self, kind: str, rank: int) -> int:
        """The rung of the document of a kind that has `rank` (from 0) others before it."""
        return int(np.searchsorted(np.cumsum(self.documents(kind)), rank, side="right"))


def _rung() -> pl.Expr:
    value = pl.col("value")
    rounded = value.round_sig_figs(DIGITS)
    # the division in it goes beyond the greatest numbers
    return pl.when(value.abs() < 1e300).then(rounded).otherwise(value)


def _counted(frame: pl.LazyFrame, by: Sequence[str], kinds: Sequence[str] | Mapping[str, pl.Expr]) -> pl.DataFrame:
    sums = [
        column
        for kind in kinds
        for column in (
            pl.col(kind).sum().cast(pl.Int64).alias(f"{kind} documents"),
            pl.col(SIZE).filter(pl.col(kind)).sum().alias(f"{kind} bytes"),
        )
    ]
    ends = [pl.col("value").min().alias(LOW), pl.col("value").max().alias(HIGH)]
    return frame.group_by(by).agg(*ends, *sums).collect(engine="streaming").sort(LOW)
