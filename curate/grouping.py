"""From keys to groups of documents, in tables: equal keys, pairs of candidates, links. What a run does partition by
partition (`work.compare`), and `compared` does at once in memory."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from curate.contracts import CorpusFilter, Utf8

Packed = npt.NDArray[np.uint64]

ALL_PAIRS_UP_TO = 32
"""Members of a group up to which each is compared with each: at most 496 pairs."""
_LOWER = np.uint64(0xFFFFFFFF)

GROUPS = {"group": pl.Int64, "row": pl.Int64}
"""Columns of groups: a line for each member, members of a group side by side. Links are groups of two, and have a
`similarity` (Float64)."""


def groups_of_equal_keys(keys: pl.DataFrame) -> pl.DataFrame:
    """Group the rows that agree in all key columns: `row` Int64, keys UInt64 in; `GROUPS` out, sorted.

    Groups are numbered from 0 in the order of their keys. Rows with a null key, and keys of one row alone, are left
    out.
    """
    from curate.kernels.keys import may_repeat, note, nothing_seen

    columns = [name for name in keys.columns if name != "row"]
    there = keys.drop_nulls(columns)
    # Most keys occur once: they are left out before anything is sorted.
    seen, first = nothing_seen(there.height), there[columns[0]].to_numpy()
    note(first, seen)
    few: pl.DataFrame = there[may_repeat(first, seen)]
    few = few if few["row"].is_sorted() else few.sort("row")
    repeated = few.sort(columns, maintain_order=True).filter(_repeats(columns))
    numbers = (~_same_as_before(columns)).cast(pl.Int64).cum_sum() - 1
    return repeated.select(group=numbers, row="row")


def _same_as_before(columns: list[str]) -> pl.Expr:
    return pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift()) for name in columns)


def _repeats(columns: list[str]) -> pl.Expr:
    same = _same_as_before(columns)
    return same | same.shift(-1, fill_value=False)


def packed_pairs(groups: pl.DataFrame, first: int, end: int) -> Packed:
    """Pairs of members of a group, `left << 32 | right`, for `first <= left < end`; see `kernels.unionfind`."""
    from curate.kernels.unionfind import pairs_within

    columns = groups["group"].to_numpy(), groups["row"].to_numpy()
    found: Packed = pairs_within(*columns, ALL_PAIRS_UP_TO, first, end)
    return found


def merged(pairs: list[Packed]) -> Packed:
    """All pairs once, sorted."""
    # np.union1d does the same through a hash table (numpy 2.3): ten times as slow on 5 million pairs.
    both = np.concatenate([np.empty(0, np.uint64), *pairs])
    both.sort()
    first = np.ones(len(both), np.bool_)
    first[1:] = both[1:] != both[:-1]
    return both[first]


def unpacked(pairs: Packed) -> pl.DataFrame:
    """Pairs as the columns `left` and `right`, Int64."""
    return pl.DataFrame({"left": (pairs >> np.uint64(32)).view(np.int64), "right": (pairs & _LOWER).view(np.int64)})


def groups_of_links(links: pl.DataFrame) -> pl.DataFrame:
    """Links (`left`, `right`, `similarity`) as groups of two."""
    return pl.DataFrame(
        {
            "group": np.arange(links.height).repeat(2),
            "row": links.select("left", "right").to_numpy().ravel(),
            "similarity": links["similarity"].to_numpy().repeat(2),
        },
        schema={**GROUPS, "similarity": pl.Float64},
    )


def compared(step: CorpusFilter, measured: pl.DataFrame, texts: Utf8) -> pl.DataFrame:
    """Groups of documents in memory; `measured` has their keys."""
    rows = pl.int_range(measured.height, dtype=pl.Int64, eager=True).alias("row")
    grouped = [groups_of_equal_keys(measured.select(rows, *columns)) for columns in step.partitions().values()]
    least = step.least_similarity()
    if least is None:
        starts = np.cumsum([0, *(groups["group"].n_unique() for groups in grouped)])
        return pl.concat(
            groups.with_columns(pl.col("group") + int(start)) for groups, start in zip(grouped, starts, strict=False)
        )
    pairs = unpacked(merged([packed_pairs(groups, 0, measured.height) for groups in grouped]))
    pairs = pairs.with_columns(similarity=pl.Series(step.similarities(texts, pairs), dtype=pl.Float64))
    return groups_of_links(pairs.filter(pl.col("similarity") >= least))
