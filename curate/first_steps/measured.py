"""What a pipeline's cleaners and filters do to a sample: changes, verdicts, the funnel, what one rule drops alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from curate import judge
from curate.api import apply
from curate.contracts import TEXT, Cleaner, CorpusFilter, Filter, Line

MILDER_SHARE = 0.05
"""What a rule should drop at most, when a milder number is looked for."""


class Step(NamedTuple):
    """One step of the funnel."""

    label: str
    came: pl.Series
    """Whether each document comes here: no filter before dropped it."""
    dropped: int
    """Of those."""
    kept: int
    """What is left of them."""
    rules: dict[str, int]
    """Rule to the documents that break it among those that come; one that drops none is left out."""


def cleaned(text: pl.Series, cleaners: Sequence[tuple[str, Cleaner]]) -> tuple[pl.Series, dict[str, int]]:
    """The text after every cleaner, and how many documents each changed."""
    changed = {}
    for name, cleaner in cleaners:
        after = cleaner.clean(text).text.alias(text.name)
        changed[name] = int((after != text).sum())
        text = after
    return text, changed


def judged(filters: Sequence[Filter], text: pl.Series) -> pl.DataFrame:
    """Signals, rules and verdicts of the documents of a sample (`curate.apply`)."""
    return apply(filters, text.rename(TEXT).to_frame())


def funnel(lines: Sequence[Line[Filter]], verdicts: pl.DataFrame) -> list[Step]:
    """Filter by filter in the order of the pipeline, those that compare documents last, as a run judges."""
    steps = []
    kept = pl.repeat(True, verdicts.height, dtype=pl.Boolean, eager=True)
    for line in sorted(lines, key=lambda line: isinstance(line.step, CorpusFilter)):
        own = [name for name in verdicts.columns if name.startswith(f"{line.label}.")]
        broken = verdicts.select(pl.any_horizontal(*own, pl.lit(False)).alias("broken"))["broken"].fill_null(False)
        rules = {name: int((kept & verdicts[name]).sum()) for name in own}
        left = kept & ~broken
        broken_by = {name: number for name, number in rules.items() if number}
        steps.append(Step(line.label, kept, int((kept & broken).sum()), int(left.sum()), broken_by))
        kept = left
    return steps


_COMPARISON = re.compile(r"\s*(\w+)\s*(<=?|>=?)\s*([\d.]+)\s*")


def signal_of(condition: str) -> str | None:
    """The signal of a condition that compares one with a number; None for any other condition."""
    found = _COMPARISON.fullmatch(condition)
    return found[1] if found else None


def milder(condition: str, verdicts: pl.DataFrame) -> str | None:
    """The condition with the number at which it drops `MILDER_SHARE` of the sample; None where there is none."""
    found = _COMPARISON.fullmatch(condition)
    if not found or found[1] not in verdicts.columns:
        return None
    name, sign, _ = found.groups()
    below = sign.startswith("<")
    at = verdicts[name].cast(pl.Float64).quantile(MILDER_SHARE if below else 1 - MILDER_SHARE, "nearest")
    if at is None:
        return None
    number = round_towards(at, down=below)
    return f"{name} {sign} {number:g}" if number > 0 else None


def round_towards(number: float, down: bool) -> float:
    """Two significant digits of a positive number, downwards or upwards."""
    if number <= 0:
        return 0.0
    from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

    exact = Decimal(repr(number))
    digits = Decimal(1).scaleb(exact.adjusted() - 1)
    return float(exact.quantize(digits, ROUND_FLOOR if down else ROUND_CEILING))


def quantile(verdicts: pl.DataFrame, signal: str, at: float) -> float:
    """A signal of which the share `at` of the sample has less; 0 where it could not be measured."""
    return float(verdicts[signal].cast(pl.Float64).quantile(at, "nearest") or 0.0)


def rules_of(line: Line[Filter]) -> dict[str, str]:
    """Rules of one document that a filter judges by: reason to condition."""
    if isinstance(line.step, CorpusFilter):
        return {}
    return {f"{line.label}.{name}": condition for name, condition in judge.merged(line.step).items()}
