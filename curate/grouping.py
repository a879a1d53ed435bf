"""Group documents that agree in all of their keys; what filters that compare documents share."""

from __future__ import annotations

import polars as pl


def groups_of_equal_keys(keys: pl.DataFrame) -> pl.DataFrame:
    """Group the rows that agree in all key columns: `row` Int64, keys UInt64 in; `group`, `row` Int64 out, sorted.

    Groups are numbered from 0 in the order of their keys. Rows with a null key, and keys of one row alone, are left
    out.
    """
    from curate.kernels.keys import may_repeat

    columns = [name for name in keys.columns if name != "row"]
    there = keys.drop_nulls(columns) if any(keys[name].null_count() for name in columns) else keys
    # Most keys occur once: they are left out before anything is sorted.
    few: pl.DataFrame = there[may_repeat(there[columns[0]].to_numpy())]
    few = few if few["row"].is_sorted() else few.sort("row")
    repeated = few.sort(columns, maintain_order=True).filter(_repeats(columns))
    numbers = (~_same_as_before(columns)).cast(pl.Int64).cum_sum() - 1
    return repeated.select(group=numbers, row="row")


def _same_as_before(columns: list[str]) -> pl.Expr:
    return pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift()) for name in columns)


def _repeats(columns: list[str]) -> pl.Expr:
    same = _same_as_before(columns)
    return same | same.shift(-1, fill_value=False)
