"""Numbers for the places of others: written so that SQL gives them back, and as round as the data allow."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Decimal

DECIMAL_DIGITS = 38
"""Digits that SQL's decimals hold; longer numbers must have an exponent."""


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
