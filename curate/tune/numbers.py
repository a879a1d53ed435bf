"""The numbers in a rule's condition: where each stands in the text, what is compared with it, and a better one.

Polars' parser tells no positions. A number is therefore found by putting another in its place: the comparison that
changes is the one it belongs to. What is computed with (`0.45` in `a > 0.45 * b`) changes none and cannot be moved.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import polars as pl

from curate.conditions import Comparison, comparisons

LOWEST, HIGHEST = "-1e308", "1e308"
"""Numbers below and above whatever is measured."""
DECIMAL_DIGITS = 38
"""Digits that SQL's decimals hold; longer numbers must have an exponent."""
_SENTINEL = "918273645"


@dataclass(frozen=True)
class Number:
    """A number of a condition that can be moved."""

    condition: str
    """The whole condition."""
    start: int
    """Where the number begins in it, sign included; and where it ends, `stop`."""
    stop: int
    comparison: Comparison
    whole: bool
    """Whether what is compared with it is a whole number."""

    @property
    def value(self) -> float:
        return self.comparison.number

    @property
    def text(self) -> str:
        """As it is written."""
        return self.condition[self.start : self.stop]

    @property
    def counts_equal(self) -> bool:
        """Whether a quantity that equals the number lies below it as the comparison sees it (`<=`, `>`)."""
        return self.comparison.operator in ("<=", ">")

    @property
    def drops_below(self) -> bool:
        """Whether the comparison speaks for dropping where the quantity lies below the number."""
        return self.comparison.operator.startswith("<") != self.comparison.negated

    def condition_with(self, number: str) -> str:
        """The condition with another number in this place."""
        return self.condition[: self.start] + number + self.condition[self.stop :]


def numbers_of(condition: str, types: Mapping[str, Any], own: Mapping[str, str]) -> list[Number]:
    """The numbers of a condition that compiles, in the order of the text; `own` maps bare signals to columns."""
    before = comparisons(condition, types, own)
    found = []
    for start, stop in _literals(condition):
        place = _place(condition[:start] + _SENTINEL + condition[stop:], before, types, own)
        if place is not None:
            found.append(Number(condition, start, stop, before[place], _is_whole(before[place].quantity, types)))
    return found


def _place(changed: str, before: list[Comparison], types: Mapping[str, Any], own: Mapping[str, str]) -> int | None:
    """The one comparison whose number is another in the changed condition."""
    try:
        after = comparisons(changed, types, own)
    except Exception:  # no condition any more: what stood there was no number that is compared with
        return None
    if [one.operator for one in after] != [one.operator for one in before]:
        return None
    moved = [place for place, one in enumerate(after) if one.number == float(_SENTINEL) != before[place].number]
    return moved[0] if len(moved) == 1 else None


def _is_whole(quantity: pl.Expr, types: Mapping[str, Any]) -> bool:
    schema = pl.LazyFrame(schema=dict(types)).select(quantity=quantity).collect_schema()
    return schema["quantity"].is_integer()


_TOKEN = re.compile(
    r"""(?P<aside>'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|--[^\n]*|/\*.*?\*/|\s+)"""
    r"|(?P<word>[^\W\d]\w*)"
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<sign>[+-])|(?P<other>.)",
    re.DOTALL,
)
_BEFORE_OPERAND = {"and", "or", "not", "between", "when", "then", "else", "in", "case"}


def _literals(condition: str) -> Iterator[tuple[int, int]]:
    """Start and end of each number, with its sign."""
    is_operand, sign = False, None
    for token in _TOKEN.finditer(condition):
        kind = token.lastgroup
        if kind == "number":
            yield (token.start() if sign is None else sign), token.end()
        if kind == "sign" and not is_operand:
            sign = token.start()
        elif kind != "aside" or not token[0].isspace():
            sign = None
        if kind == "word":
            is_operand = token[0].lower() not in _BEFORE_OPERAND
        elif kind == "aside":
            is_operand = is_operand or token[0][0] in "'\"`"
        else:
            is_operand = kind == "number" or token[0] == ")"


def written(value: float) -> str:
    """A number as SQL takes it and gives the same Float64 back."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    plain = format(Decimal(repr(value)), "f")
    return plain if len(plain) < DECIMAL_DIGITS else repr(value)


def roundest(low: float, high: float, *, takes_low: bool, whole: bool, near: float) -> str:
    """The number with the fewest digits between two (`[low, high)` if `takes_low`, else `(low, high]`), of several the
    one nearest to `near`. Either end may be infinite; there are numbers between."""

    def fits(value: float) -> bool:
        return low <= value < high if takes_low else low < value <= high

    if fits(near) and (near == int(near) or not whole):
        return written(near)
    wanted = Decimal(repr(min(max(near, low), high)))
    most = max((abs(end) for end in (low, high, near) if math.isfinite(end)), default=0.0)
    for exponent in range(math.ceil(math.log10(most)) if most else 0, -326, -1):
        if whole and exponent < 0:
            break
        step = Decimal(1).scaleb(exponent)
        nearest = (wanted / step).to_integral_value(ROUND_HALF_EVEN) * step
        for candidate in (nearest, nearest - step, nearest + step):
            if fits(float(candidate)):
                return written(float(candidate))
    return written(low if takes_low else high)
