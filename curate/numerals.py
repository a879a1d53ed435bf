"""Numbers as people read them, the same in terminals, notebooks and reports.

Rounded for the eye, never to nothing and never to the whole; numbers that are pasted into a pipeline are written by
`tune.numbers`.
"""

from __future__ import annotations

import math

_BYTES = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3))
_SHORT = (("T", 1e12), ("B", 1e9), ("M", 1e6), ("k", 1e3))


def number(value: float | None) -> str:
    """Write a number for reading: thousands apart, four significant digits."""
    if value is None:
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value):
        return str(value)
    if abs(value) >= 10_000:
        return f"{value:,.0f}" if abs(value) < 1e15 else f"{value:.3g}"
    return f"{value:.4g}"


def share(part: int, whole: int) -> str:
    """Write a share as per cent; never `0 %` or `100 %` of what is not."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if 0 < percent < 0.01:
        return "<0.01 %"
    digits = 0 if part in (0, whole) else 2 if percent < 1 or percent > 99 else 1
    written = f"{percent:.{digits}f}"
    return ">99.99 %" if written == "100.00" and part < whole else f"{written} %"


def size(n_bytes: float) -> str:
    """Write a number of bytes in decimal units."""
    for unit, factor in _BYTES:
        if n_bytes >= factor:
            return f"{n_bytes / factor:.3g} {unit}" if n_bytes < 999.5 * factor else f"{n_bytes / factor:.0f} {unit}"
    return f"{n_bytes:.0f} B"


def seconds(value: float) -> str:
    """Write a duration."""
    if value < 60:
        return f"{value:.1f} s" if value >= 0.05 or value == 0 else f"{value * 1000:.1f} ms"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def count(n: int, noun: str) -> str:
    """Write how many there are: `1 epoch`, `4 epochs`."""
    return f"{n:,} {noun}" + ("" if n == 1 else "s")


def about(value: float) -> str:
    """Write three digits and a unit: `63.9 M`, `1.28 B`."""
    for unit, factor in _SHORT:
        if value >= 0.9995 * factor:
            return f"{float(f'{value / factor:.3g}'):g} {unit}"
    return f"{value:g}"


def two_digits(value: float) -> str:
    """Write two digits, and no exponent."""
    exact = float(f"{value:.2g}")
    if exact >= 10:
        return f"{exact:,.0f}"
    return f"{exact:.1f}" if exact >= 1 else f"{exact:.6f}".rstrip("0").rstrip(".")
