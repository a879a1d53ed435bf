"""Flips: documents whose verdict changed; counted by rule, chosen as samples, listed.

Counts are integers and samples the first by `hash(seed, id)`, so the answer does not depend on parts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from curate import judge
from curate.contracts import ID, Utf8
from curate.diff.pairs import ROW, SIZE, Pair

if TYPE_CHECKING:
    from curate.run import Run

Booleans = npt.NDArray[np.bool_]

ROWS_AT_ONCE = 100_000
"""Documents whose verdicts differ that are counted at a time."""
DROPPED, KEPT = "dropped", "kept"
"""Directions: what is dropped now and was kept, what is kept now and was dropped."""
FLIPS: dict[str, Any] = {
    ID: pl.String, "now": pl.String, "reasons": pl.List(pl.String), SIZE: pl.Int64, "exchanged": pl.Boolean,
    "survivor": pl.String, "row": pl.Int64, "other_row": pl.Int64,
}  # fmt: skip
"""Columns of `Difference.flips`."""


class Reason(NamedTuple):
    """How a rule takes part in the flips of one direction."""

    documents: int
    """That break it (others too, maybe)."""
    alone: int
    """That break no other."""
    first: int
    """For which it is the first in the order of the pipeline."""
    first_bytes: int
    """Of their text."""


class Flips(NamedTuple):
    """Documents whose verdict changed in one direction; those that were exchanged are left out."""

    documents: int
    bytes: int
    reasons: Mapping[str, Reason]
    """Of the run that drops them, in the order of its pipeline; those that dropped something."""


def flips_of(run: Run, other: Run, pair: Pair) -> pl.DataFrame:
    """The flips among some documents, with the columns of `FLIPS`; none of them is known to be exchanged yet."""
    frames = []
    for now, dropping, frame in ((DROPPED, other, pair.other), (KEPT, run, pair.one)):
        chosen = (pair.one[judge.KEPT] != pair.other[judge.KEPT]) & ~frame[judge.KEPT]
        broken = frame.filter(chosen)
        names = [pl.when(pl.col(reason)).then(pl.lit(reason)) for reason in dropping.reasons()]
        reasons = pl.concat_list(names).list.drop_nulls() if names else pl.lit([], pl.List(pl.String))
        frames.append(
            broken.select(
                ID,
                pl.lit(now).alias("now"),
                reasons.alias("reasons"),
                pair.one[SIZE].filter(chosen),
                pl.lit(False).alias("exchanged"),
                _survivor(broken).alias("survivor"),
                pair.one[ROW].filter(chosen).alias("row"),
                pair.other[ROW].filter(chosen).alias("other_row"),
            )
        )
    return pl.concat(frames)


def _survivor(dropped: pl.DataFrame) -> pl.Expr:
    """What dropped documents are copies of, in the same run."""
    if judge.DUPLICATE_RUN not in dropped.columns:
        return pl.col(judge.DUPLICATE_OF)
    return pl.when(pl.col(judge.DUPLICATE_RUN).is_null()).then(pl.col(judge.DUPLICATE_OF))


def with_exchanged(flips: pl.DataFrame) -> pl.DataFrame:
    """All flips, with `exchanged` filled in: the one is dropped for the other, which was dropped for the one."""
    copies = flips.filter(pl.col("survivor").is_not_null())
    lost, won = (copies.filter(pl.col("now") == way).select(ID, "survivor") for way in (DROPPED, KEPT))
    both = lost.join(won, left_on=[ID, "survivor"], right_on=["survivor", ID], how="semi")
    swapped = pl.concat([both[ID], both["survivor"]])
    return flips.with_columns(pl.col(ID).is_in(swapped.implode()).alias("exchanged"))


_CHOSEN = {"now": pl.String, "reason": pl.String, "hash": pl.UInt64}
"""Columns of samples beside those of `FLIPS`: the first reason, and what they are chosen by."""


class Counting:
    """What is counted while two runs are walked through; `finish` closes it.

    Flips of copies wait until all are there, as only then it is known which were exchanged.
    """

    def __init__(self, run: Run, other: Run, most: int) -> None:
        self.run, self.other, self.most = run, other, most
        self.matched = 0
        self.counts: Counter[str] = Counter()
        self._reasons = list(dict.fromkeys([*run.reasons(), *other.reasons()]))
        self._tallies = {
            way: np.zeros((len(dropping.reasons()), len(Reason._fields)), np.int64)
            for way, dropping in ((DROPPED, other), (KEPT, run))
        }
        self._totals = {way: np.zeros(2, np.int64) for way in self._tallies}
        self._moved: dict[str, Counter[str]] = {"added": Counter(), "gone": Counter()}
        self._waiting: list[Pair] = []
        self._copies = [pl.DataFrame(schema=FLIPS)]
        self._samples = pl.DataFrame(schema=FLIPS | _CHOSEN)

    def add(self, pair: Pair) -> None:
        """Count some documents."""
        self.matched += pair.one.height
        sizes = [frame[SIZE].to_numpy() for frame in pair]
        kept = [frame[judge.KEPT].to_numpy() for frame in pair]
        self.counts["kept_bytes"] += int(sizes[0][kept[0]].sum())
        self.counts["other_kept_bytes"] += int(sizes[1][kept[1]].sum())
        self.counts["resized"] += int((sizes[0] != sizes[1]).sum())
        changed = self._changed(pair)
        if changed.any():
            mask = pl.Series(changed)
            self._waiting.append(Pair(*(frame.filter(mask) for frame in pair)))
        if sum(waiting.one.height for waiting in self._waiting) >= ROWS_AT_ONCE:
            self._add_changed()

    def _add_changed(self) -> None:
        """Count the documents that wait, whose verdicts differ."""
        if not self._waiting:
            return
        pair = Pair(*(pl.concat(frames) for frames in zip(*self._waiting, strict=True)))
        self._waiting = []
        self._add_still_dropped(pair)
        flips = flips_of(self.run, self.other, pair)
        copies = flips["survivor"].is_not_null()
        self._copies.append(_apart(flips.filter(copies)))
        self._add_flips(flips.filter(~copies))

    def finish(self) -> None:
        """Count what waits, and the copies that were not exchanged."""
        self._add_changed()
        copies = with_exchanged(pl.concat(self._copies))
        self.counts["exchanged"] = int(copies["exchanged"].sum()) // 2
        self._add_flips(copies.filter(~pl.col("exchanged")))

    def _changed(self, pair: Pair) -> Booleans:
        """Documents of which anything in the verdict differs."""
        # In numpy: an expression of Polars for each column of each part takes ten times as long.
        changed: Booleans = _column(pair.one, judge.KEPT) != _column(pair.other, judge.KEPT)
        for reason in self._reasons:
            changed |= _column(pair.one, reason) != _column(pair.other, reason)
        survivors = [frame[judge.DUPLICATE_OF] for frame in pair]
        changed |= survivors[0].ne_missing(survivors[1]).to_numpy()
        return changed

    def _add_still_dropped(self, pair: Pair) -> None:
        neither = ~pair.one[judge.KEPT] & ~pair.other[judge.KEPT]
        one, other = (frame.filter(neither) for frame in pair)
        self.counts["other_survivor"] += int((one[judge.DUPLICATE_OF] != other[judge.DUPLICATE_OF]).sum())
        changed = np.zeros(one.height, np.bool_)
        for reason in self._reasons:
            was, now = _column(one, reason), _column(other, reason)
            changed |= was != now
            self._moved["added"][reason] += int((~was & now).sum())
            self._moved["gone"][reason] += int((was & ~now).sum())
        self.counts["still_dropped"] += int(changed.sum())

    def _add_flips(self, flips: pl.DataFrame) -> None:
        for way, dropping in ((DROPPED, self.other), (KEPT, self.run)):
            self._add_one_way(way, dropping.reasons(), flips.filter(pl.col("now") == way))

    def _add_one_way(self, way: str, reasons: Sequence[str], flips: pl.DataFrame) -> None:
        if flips.is_empty():
            return
        size = flips[SIZE].to_numpy()
        self._totals[way] += (flips.height, int(size.sum()))
        first = flips["reasons"].list.first()
        order = pl.Enum(reasons)
        lone = flips["reasons"].list.len() == 1
        tally = self._tallies[way]
        tally[:, 0] += _counted(flips["reasons"].list.explode(keep_nulls=False, empty_as_null=False), order)
        tally[:, 1] += _counted(first.filter(lone), order)
        tally[:, 2] += _counted(first, order)
        np.add.at(tally[:, 3], first.cast(order).to_physical().to_numpy(), size)
        if self.most:  # of groups, Polars' head(0) is a row of nulls each
            self._choose(flips.with_columns(first.alias("reason")))

    def _choose(self, flips: pl.DataFrame) -> None:
        from curate.kernels.hashing import hash64

        hashes = pl.Series("hash", hash64(self.run.pipeline.seed, *Utf8.of(flips[ID])), pl.UInt64)
        found = pl.concat([self._samples, flips.with_columns(hashes).select(self._samples.columns)])
        found = found.sort("hash", ID, "row").group_by("now", "reason", maintain_order=True).head(self.most)
        self._samples = found.select(self._samples.columns)

    def flips(self, way: str) -> Flips:
        """What is counted of one direction."""
        reasons = (self.other if way == DROPPED else self.run).reasons()
        rows = zip(reasons, self._tallies[way].tolist(), strict=True)
        documents, size = self._totals[way].tolist()
        return Flips(documents, size, {name: Reason(*row) for name, row in rows if row[0]})

    def moved(self, how: str) -> dict[str, int]:
        """Reasons that documents dropped by both have `added`, or have no longer (`gone`), the most frequent first."""
        return {name: number for name, number in self._moved[how].most_common() if number}

    def samples(self) -> pl.DataFrame:
        """So many of each direction, from every rule in turn; by rule, in the order of the pipelines."""
        nth = pl.int_range(pl.len()).over("now", "reason")
        ordered = self._samples.with_columns(nth.alias("nth")).sort("nth", "hash", ID)
        chosen = ordered.group_by("now", maintain_order=True).head(max(self.most, 1))
        places = {reason: place for place, reason in enumerate([*self.other.reasons(), *self.run.reasons()])}
        place = pl.col("reason").replace_strict(places, default=-1, return_dtype=pl.Int64)
        return chosen.sort("now", place, "nth").select(*FLIPS, "reason")


def _apart(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame of its own: rows that Polars chooses keep the memory of all from which they were chosen."""
    copied = pl.from_arrow(frame.to_arrow(compat_level=pl.CompatLevel.oldest()))
    assert isinstance(copied, pl.DataFrame)
    return copied


def _column(frame: pl.DataFrame, reason: str) -> Booleans:
    """Which documents break a rule; none where the run does not have it."""
    if reason not in frame.columns:
        return np.zeros(frame.height, np.bool_)
    broken: Booleans = frame[reason].to_numpy()
    return broken


def _counted(reasons: pl.Series, order: pl.Enum) -> npt.NDArray[np.int64]:
    numbers = reasons.cast(order).to_physical().to_numpy()
    counts: npt.NDArray[np.int64] = np.bincount(numbers, minlength=len(order.categories))
    return counts
