"""Border cases are the nearest documents on either side, the same in whatever parts the corpus is read."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from curate import borders, whatif
from curate.comparisons import of_rule
from curate.conditions import compile_condition
from curate.judge import Rule, rule_frame

TYPES = {"chars": pl.Int64, "flag": pl.Boolean, "text_bytes": pl.Int64}
CONDITION = "flag OR chars < 5"
RULE = Rule("f.0", CONDITION, compile_condition(CONDITION, TYPES, {}))
OTHER = Rule("f.1", "chars = 6", compile_condition("chars = 6", TYPES, {}))
COMPARISONS = of_rule(RULE, TYPES)
ROWS = st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 10)), st.booleans()), max_size=40)


def bordering(rows: list[tuple[int | None, bool]], cuts: list[int]) -> pl.DataFrame:
    frame = pl.DataFrame([(*row, 1) for row in rows], schema=TYPES, orient="row")
    ids = pl.Series([f"id {place}" for place in range(len(rows))], dtype=pl.String)
    frames = []
    for start, stop in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        part = frame[start:stop]
        turned = [found for found, _ in whatif.of_part(COMPARISONS, part, rule_frame(part, [RULE, OTHER]))]
        frames.append(borders.of_part(0, zip(COMPARISONS, turned, strict=True), ids[start:stop]))
    return borders.nearest(reversed(frames))


@settings(deadline=None, max_examples=40)
@given(ROWS, st.integers(0, 40), st.integers(0, 40))
def test_they_are_the_same_in_one_part_and_in_three(rows, first, second) -> None:
    cuts = sorted([min(first, len(rows)), min(second, len(rows))])
    columns = ["comparison", "kept", "distance", "id", "quantity"]
    assert bordering(rows, cuts).select(columns).rows() == bordering(rows, []).select(columns).rows()


def test_the_nearest_on_either_side_are_found_and_what_the_number_does_not_decide_is_not() -> None:
    # chars 5 to 9 are kept but for 6, which the other rule drops; a flag drops whatever the number is; null drops.
    rows = [
        (4, False),
        (5, True),
        (9, False),
        (8, False),
        (5, False),
        (6, False),
        (7, False),
        (None, False),
        (1, False),
    ]
    found = bordering(rows, []).sort("kept", "distance").select("kept", "quantity", "distance", "row").rows()
    assert found == [(False, 4, 1, 0), (False, 1, 4, 8), (True, 5, 0, 4), (True, 7, 2, 6), (True, 8, 3, 3)]
