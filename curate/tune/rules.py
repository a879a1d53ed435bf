"""A rule looked at: its numbers, what others would keep, and the number that keeps as much as is wanted.

Exact over the values of the corpus; before duplicates, all other rules as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from curate import judge
from curate.comparisons import Comparison
from curate.errors import CurateError, PipelineError
from curate.registry import nearest
from curate.tune.ladder import Ladder
from curate.tune.numbers import roundest
from curate.tune.tables import OTHERS, Amount, Tables, Whole

if TYPE_CHECKING:
    from curate.run import Run

Measure = Literal["documents", "bytes", "tokens"]

Integers = npt.NDArray[np.int64]

STEPS = (0.001, 0.003, 0.01, 0.03, 0.1)
"""Changes that the table of a number shows on either side, as shares of the documents that are kept now, about."""
MOST = 3
"""Numbers of one rule that get a table each without being asked for."""
OPENED_AT_ONCE = 64


class Step(NamedTuple):
    """A number in the place of another, and what is kept then."""

    number: str
    kept: Amount


@dataclass(frozen=True)
class RuleTable:
    """A rule and its numbers."""

    reason: str
    condition: str
    numbers: tuple[Comparison, ...]
    whole: Whole
    now: Amount
    """Documents that no row rule drops."""
    drops: Amount
    """Documents that break the rule."""
    alone: Amount
    """Those that break no other row rule."""
    steps: Mapping[int, tuple[Step, ...]]
    """Place in `numbers` to other numbers round about it, ascending, its own among them."""
    compared_by: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """The number that keeps as much as is wanted: the least change that does."""

    reason: str
    number: Comparison
    better: str
    """The number to put in its place."""
    whole: Whole
    wanted: float
    """Documents, bytes or tokens, as `by` says."""
    by: Measure
    now: Amount
    kept: Amount
    compared_by: tuple[str, ...]

    @property
    def condition(self) -> str:
        """The condition with the number."""
        return self.number.edited(self.better)


class Drops(NamedTuple):
    """A rule, and the documents that it drops."""

    reason: str
    condition: str
    drops: Amount
    alone: Amount
    """Those that break no other rule."""


def rules(run: Run) -> tuple[Whole, list[Drops]]:
    """Every rule of a run, with what it drops."""
    tables = Tables(run)
    reasons = run.reasons()
    conditions = {
        f"{line.label}.{name}": condition
        for line in run.pipeline.filters
        for name, condition in judge.merged(line.step).items()
    }
    frame = tables.frame([], [judge.KEPT, *reasons])
    is_alone = pl.sum_horizontal(*(pl.col(name).cast(pl.Int32) for name in reasons), pl.lit(0)) == 1
    kinds = {"all": pl.col(judge.KEPT).is_not_null(), "kept": pl.col(judge.KEPT)}
    kinds |= {name: pl.col(name) for name in reasons}
    kinds |= {f"{name} alone": pl.col(name) & pl.col("is alone") for name in reasons}
    found = tables.sums(frame.with_columns(is_alone.alias("is alone")), kinds)
    drops = [Drops(name, conditions[name], found[name], found[f"{name} alone"]) for name in reasons]
    return tables.whole(found["all"], found["kept"]), drops


def numbers(tables: Tables, reason: str) -> list[Comparison]:
    """The numbers of a rule that can be moved. Raises: PipelineError where there is no such rule."""
    known_rule(tables, reason)
    return [one for one in tables.comparisons(reason) if one.operator != "="]


def known_rule(tables: Tables, reason: str) -> None:
    """Raises: PipelineError where no rule of this name looks at one document."""
    if reason in tables.row_rules:
        return
    if reason in tables.run.reasons():
        raise PipelineError(f"{reason}: documents are compared here; only a run with other parameters can try that")
    tables.line(reason.partition(".")[0], reason)
    raise PipelineError(f"no rule is called {reason!r}{nearest(reason, tables.row_rules)}")


class Moved:
    """One number of one rule, moved to and fro."""

    def __init__(self, tables: Tables, reason: str, number: Comparison) -> None:
        self.tables, self.reason, self.number = tables, reason, number
        above, below = number.if_true, number.if_false
        if number.operator.startswith(">"):
            above, below = below, above
        columns: list[str | pl.Expr] = [judge.KEPT, reason, tables.breaks_any([reason]).alias(OTHERS)]
        self._frame = tables.frame(number.signals, columns)
        self._free = ~pl.col(OTHERS)
        # a number lies between quantities; what cannot be measured, or is infinite, has none on both sides
        turns = self._free & number.quantity.cast(pl.Float64).is_finite().fill_null(False) & (above != below)
        self.ladder = Ladder.of(self._frame, number.quantity, {"over": turns & below, "under": turns & above})
        always = self._free & ~turns & ~pl.col(reason)
        base = {"always": always, "now": self._free & ~pl.col(reason)}
        base |= {"all": pl.col(judge.KEPT).is_not_null(), "kept": pl.col(judge.KEPT)}
        base |= {"drops": pl.col(reason), "alone": pl.col(reason) & self._free}
        self.base = tables.sums(self._frame, base)

    @property
    def whole(self) -> Whole:
        return self.tables.whole(self.base["all"], self.base["kept"])

    @property
    def now(self) -> Amount:
        return self.base["now"]

    @property
    def _counts_equal(self) -> bool:
        """Whether a quantity that equals the number lies below it as the comparison sees it."""
        return self.number.operator in ("<=", ">")

    def _breaks(self, number: str) -> pl.Expr:
        own = self.tables.own(self.tables.line(self.reason.partition(".")[0], self.reason))
        return judge.compile_rule(self.number.edited(number), self.tables.types, own, self.reason)

    def kept_with(self, others: list[str]) -> list[Amount]:
        """What is kept with each of these numbers: counted, as a run would judge."""
        kinds = {number: self._free & ~self._breaks(number) for number in others}
        found = self.tables.sums(self._frame, kinds) if kinds else {}
        return [found[number] for number in others]

    def kept(self, ladder: Ladder, measure: str) -> Integers:
        """What is kept when the number lies before the first rung, behind the first, … behind the last one."""
        over, under = (getattr(ladder, measure)(kind) for kind in ("over", "under"))
        base = getattr(self.base["always"], measure) + int(under.sum())
        counts: Integers = base + np.concatenate([[0], np.cumsum(over - under)])
        return counts

    def place(self, ladder: Ladder, value: float) -> int:
        """How many rungs lie below a number, one that it divides not counted."""
        return int(np.searchsorted(ladder.high, value, side="right" if self._counts_equal else "left"))

    def divided(self, ladder: Ladder) -> list[int]:
        """The place of the rung that the run's number divides, if one is."""
        place = self.place(ladder, self.number.number)
        inside = ladder.low[place : place + 1] < ladder.high[place : place + 1]
        return [place] if inside.any() and ladder.low[place] <= self.number.number else []

    def kept_at(self, ladder: Ladder, place: int) -> Amount:
        """What is kept when the number has so many rungs below it."""
        documents, size = (self.kept(ladder, measure)[place] for measure in ("documents", "bytes"))
        return Amount(int(documents), int(size))

    def number_at(self, ladder: Ladder, first: int, last: int | None = None) -> str:
        """The roundest number that has `first` to `last` rungs below it."""
        last = first if last is None else last
        low = float(ladder.high[first - 1]) if first else -np.inf
        high = float(ladder.low[last]) if last < len(ladder.low) else np.inf
        return roundest(low, high, takes_low=self._counts_equal, whole=self.number.whole, near=self.number.number)


def rule_table(run: Run, reason: str, number: int | None = None) -> RuleTable:
    """Look at a rule; `number`: only the table of this one, from 1. Raises: PipelineError."""
    tables = Tables(run)
    found = numbers(tables, reason)
    chosen = [_chosen(reason, found, number)] if number is not None else range(len(found) if len(found) <= MOST else 0)
    moved = {place: Moved(tables, reason, found[place]) for place in chosen}
    base = next(iter(moved.values())).base if moved else _base(tables, reason)
    return RuleTable(
        reason=reason,
        condition=tables.row_rules[reason],
        numbers=tuple(found),
        whole=tables.whole(base["all"], base["kept"]),
        now=base["now"],
        drops=base["drops"],
        alone=base["alone"],
        steps={place: _steps(one) for place, one in moved.items()},
        compared_by=tuple(tables.compared_by),
    )


def _chosen(reason: str, found: list[Comparison], number: int) -> int:
    if not 1 <= number <= len(found):
        count = f"{len(found)} number{'' if len(found) == 1 else 's'}"
        raise PipelineError(f"{reason} has {count} that can be moved, so none is {number}: {_listed(found)}")
    return number - 1


def _listed(found: list[Comparison]) -> str:
    return ", ".join(f"{place}: {one.edited(f'[{one.text}]')}" for place, one in enumerate(found, 1))


def _base(tables: Tables, reason: str) -> dict[str, Amount]:
    broken, free = pl.col(reason), ~pl.col(OTHERS)
    frame = tables.frame([], [judge.KEPT, broken, tables.breaks_any([reason]).alias(OTHERS)])
    kinds = {"all": pl.col(judge.KEPT).is_not_null(), "kept": pl.col(judge.KEPT), "now": free & ~broken}
    return tables.sums(frame, kinds | {"drops": broken, "alone": broken & free})


def _steps(moved: Moved) -> tuple[Step, ...]:
    ladder, number = moved.ladder, moved.number
    chosen = {number.number: number.text}
    for one in _about(moved, ladder):
        chosen.setdefault(float(one), one)
    ordered = [chosen[value] for value in sorted(chosen)]
    return tuple(map(Step, ordered, moved.kept_with(ordered)))


def _about(moved: Moved, ladder: Ladder) -> Iterator[str]:
    """Round numbers on either side, by how many documents they let flip."""
    upto = np.concatenate([[0], np.cumsum(ladder.documents("over") + ladder.documents("under"))])
    here = moved.place(ladder, moved.number.number)
    for side in (-1, 1):
        for share in STEPS:
            flip = max(1.0, share * moved.now.documents)
            ends = sorted(upto[here] + side * np.array([0.7, 1.4]) * flip)
            first, last = int(np.searchsorted(upto, ends[0])), int(np.searchsorted(upto, ends[1], side="right")) - 1
            first, last = max(first, here + 1 if side > 0 else 0), min(last, here if side < 0 else len(upto) - 1)
            if first <= last and (first, last) != (here, here):
                yield moved.number_at(ladder, first, last)


def number_for(run: Run, reason: str, keep: float, *, by: Measure = "documents", number: int | None = None) -> Found:
    """Find the number with which `keep` is kept: a share (up to 1) of all that was read, or an amount (above).

    Where less is kept now, the least change that keeps at least so much, else the least that keeps at most so much.
    `number`: which one of the rule, from 1, where it has several. Raises: CurateError where no number reaches it.
    """
    tables = Tables(run)
    found = numbers(tables, reason)
    if not found:
        raise PipelineError(f"{reason}: no number can be moved in {tables.row_rules[reason]!r}; give a condition")
    if number is None and len(found) > 1:
        raise PipelineError(f"{reason} has {len(found)} numbers: say which with --number ({_listed(found)})")
    moved = Moved(tables, reason, found[_chosen(reason, found, number or 1)])
    if not moved.whole.all.documents:
        raise CurateError(f"{run.folder}: no documents")
    rate = _tokens_per_byte(tables, moved.whole) if by == "tokens" else 1.0
    measure = "documents" if by == "documents" else "bytes"
    limit = keep * getattr(moved.whole.all, measure) if keep <= 1 else keep / rate
    nearest = _nearest(moved, limit, measure)
    if nearest is None:
        raise CurateError(f"{reason}: {_out_of_reach(moved, limit, measure, rate, by)}")
    better, kept = nearest
    return Found(
        reason, moved.number, better, moved.whole, limit * rate, by, moved.now, kept, tuple(tables.compared_by)
    )


def _tokens_per_byte(tables: Tables, whole: Whole) -> float:
    if not whole.tokens_per_byte:
        raise CurateError(f"{tables.run.folder}: no shards tell how many tokens a byte makes; use --by bytes")
    return next(iter(whole.tokens_per_byte.values()))


def _out_of_reach(moved: Moved, limit: float, measure: str, rate: float, by: Measure) -> str:
    kept = moved.kept(moved.ladder, measure) * rate
    whole = getattr(moved.whole.all, measure) * rate
    least, most = (f"{amount:,.0f} ({amount / whole:.4f})" for amount in (kept.min(), kept.max()))
    return (
        f"no number keeps {limit * rate:,.0f} {by} ({limit * rate / whole:.4f} of all); this one can keep {least} to "
        f"{most}, other rules decide the rest"
    )


def _nearest(moved: Moved, limit: float, measure: str) -> Step | None:
    """The nearest number that reaches the limit from where the run stands; None: there is none."""
    now = getattr(moved.now, measure)
    if now == limit:
        return Step(moved.number.text, moved.now)
    sign = 1 if now < limit else -1
    ladder = moved.ladder
    while True:
        kept, here = moved.kept(ladder, measure), moved.place(ladder, moved.number.number)
        good = np.flatnonzero(sign * kept >= sign * limit)
        left, right = good[good <= here][-1:], good[good >= here][:1]
        # The run's number may divide a rung; what lies between it and the nearest good place may hold a nearer one.
        shut = np.flatnonzero(_may_reach(moved, ladder, kept, measure, sign, limit))
        nearer = shut[(shut >= (left[0] if len(left) else 0)) & (shut < (right[0] if len(right) else len(kept)))]
        opened = [*moved.divided(ladder), *nearer[np.argsort(np.abs(nearer - here))][:OPENED_AT_ONCE].tolist()]
        if not opened:
            break
        ladder = ladder.opened(opened)
    found = [Step(moved.number_at(ladder, int(place)), moved.kept_at(ladder, int(place))) for place in (*left, *right)]
    return min(found, key=lambda one: abs(float(one.number) - moved.number.number), default=None)


def _may_reach(
    moved: Moved, ladder: Ladder, kept: Integers, measure: str, sign: int, limit: float
) -> npt.NDArray[np.bool_]:
    """Which rungs hold several values, and may reach the limit between two of them."""
    best = getattr(ladder, measure)("over" if sign > 0 else "under")
    reaches: npt.NDArray[np.bool_] = (ladder.low < ladder.high) & (sign * kept[:-1] + best >= sign * limit)
    return reaches
