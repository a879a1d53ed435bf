"""Border cases: of the documents that a comparison decides, those nearest to its number, just kept and just dropped.

The same ones every time: by distance, then by a hash of the id, then by the id. Of each part only the nearest few are
held, so parts add up in any order, in bounded memory.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from curate.comparisons import Comparison
from curate.contracts import Utf8
from curate.whatif import Turned

EACH = 3
"""Documents on either side of a number."""

COLUMNS = {
    "comparison": pl.Int64, "kept": pl.Boolean, "distance": pl.Float64, "hash": pl.UInt64, "id": pl.String,
    "part": pl.Int64, "row": pl.Int64, "quantity": pl.Float64,
}  # fmt: skip
"""`comparison` and `part` are numbers in their lists; `quantity` is what is compared; `kept`: by this rule, now."""


def of_part(
    part: int, turned: Iterable[tuple[Comparison, Turned]], ids: pl.Series, each: int = EACH, seed: int = 0
) -> pl.DataFrame:
    """The border cases of one part: up to `each` on either side of each comparison. `ids` of all its documents."""
    frames = [
        _side(part, place, one, found, found.dropped == dropped, ids, each, seed)
        for place, (one, found) in enumerate(turned)
        for dropped in (False, True)
    ]
    return nearest(frames, each)


def nearest(frames: Iterable[pl.DataFrame], each: int = EACH) -> pl.DataFrame:
    """The first of several parts, by comparison: dropped ones, then kept ones, each from the nearest on."""
    table = pl.concat([pl.DataFrame(schema=COLUMNS), *frames])
    return (
        table.sort(list(COLUMNS)).group_by("comparison", "kept", maintain_order=True).head(each).select(list(COLUMNS))
    )


def _side(
    part: int, place: int, one: Comparison, found: Turned, inside: np.ndarray, ids: pl.Series, each: int, seed: int
) -> pl.DataFrame:
    from curate.kernels.hashing import hash64

    rows, quantity = found.rows[inside], found.quantity[inside]
    with np.errstate(over="ignore"):
        distance = np.abs(quantity - one.number)
    if len(rows) > each:
        near = distance <= np.partition(distance, each - 1)[each - 1]
        rows, quantity, distance = rows[near], quantity[near], distance[near]
    own = ids[rows]
    columns = {"distance": distance, "hash": hash64(seed, *Utf8.of(own)), "id": own, "row": rows, "quantity": quantity}
    frame = pl.DataFrame(columns).with_columns(
        comparison=pl.lit(place), kept=pl.lit(not bool(found.dropped[inside][:1].any())), part=pl.lit(part)
    )
    return frame.cast(COLUMNS).select(list(COLUMNS))  # type: ignore[arg-type]
