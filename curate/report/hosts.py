"""Which sites the documents come from: hosts of the field `url` (or the like), where a reader was told to keep one.

A host is what is registered (`news.example.com.cn` counts as `example.com.cn`), told by the usual second-level names
under country codes. Counts are exact up to `MOST_HOSTS` different ones; beyond that, those with the fewest documents
are let go after each part, so a rare host may be told too low. Cost: one column of the documents, 20 MB for 200,000
hosts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

from curate import disk, judge
from curate.run import Run
from curate.stats import Tally

URL_FIELDS = ("url", "uri", "link", "href", "warc_target_uri")
"""Names of fields that hold the address of a page, in small letters, `-` as `_`; of a nested one its last part."""
SHOWN_HOSTS = 20
MOST_HOSTS = 200_000

_HOST = r"^(?:(?:[a-z][a-z0-9+.-]*:)?//)?(?:[^/?#@\\\s]*@)?(\[[0-9a-f:.]+\]|[^/?#:@\\\s]+\.[^/?#:@\\\s]+)"
_ADDRESS = r"^(?:\d+(?:\.\d+){3}|\[.*\])$"
_REGISTERED = r"([^.]+\.(?:(?:com|net|org|gov|edu|ac|co|mil|or|ne|go)\.[a-z]{2}|[^.]+))$"


class Hosts(NamedTuple):
    """The hosts with the most documents."""

    field: str
    first: list[tuple[str, Tally]]
    """At most `SHOWN_HOSTS`; the most documents first, then by name."""
    different: int
    """At least so many; exactly, where that is below `MOST_HOSTS`."""
    without: int
    """Documents whose field holds no address."""


def hosts_of(run: Run) -> Hosts | None:
    """Count the hosts of a run, one part in memory at a time; None where no reader keeps an address."""
    total, field = _none(), None
    for part in run.parts:
        found = next(filter(_holds_address, pl.read_parquet_schema(run.documents_file(part))), None)
        if found is None:
            continue
        field = field or found
        counted = _counted(
            disk.read_frame(run.documents_file(part), [found]).to_series(),
            disk.read_frame(run.verdicts_file(part), [judge.KEPT]).to_series(),
            disk.read_frame(run.clean_file(part), ["text_bytes"]).to_series(),
        )
        total = _together([total, counted])
    if field is None:
        return None
    named = total.filter(pl.col("host").is_not_null())
    first = named.head(SHOWN_HOSTS)
    listed = [(host, Tally(*counts)) for host, *counts in first.select("host", *Tally._fields).iter_rows()]
    without = total.filter(pl.col("host").is_null()).select(pl.col("kept") + pl.col("dropped")).sum().item()
    return Hosts(field, listed, named.height, int(without or 0))


def host(url: pl.Expr) -> pl.Expr:
    """The registered host of an address; null for what is none."""
    whole = url.str.strip_chars().str.to_lowercase().str.extract(_HOST).str.strip_chars_end(".")
    registered = whole.str.extract(_REGISTERED)
    return pl.when(whole.str.contains(_ADDRESS)).then(whole).otherwise(pl.coalesce(registered, whole))


def _holds_address(name: str) -> bool:
    return name.lower().replace("-", "_").rpartition(".")[2] in URL_FIELDS


def _counted(url: pl.Series, kept: pl.Series, size: pl.Series) -> pl.DataFrame:
    frame = pl.DataFrame({"url": url.cast(pl.String), "kept": kept, "size": size.cast(pl.Int64)})
    is_kept, size_of = pl.col("kept"), pl.col("size")
    counted = frame.group_by(host(pl.col("url")).str.slice(0, 100).alias("host")).agg(
        kept=is_kept.sum(),
        dropped=(~is_kept).sum(),
        kept_bytes=size_of.filter(is_kept).sum(),
        dropped_bytes=size_of.filter(~is_kept).sum(),
    )
    return counted.cast(_none().schema)


def _together(tables: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Counts of several tables, the most documents first."""
    summed = pl.concat(tables).group_by("host").sum()
    documents = pl.col("kept") + pl.col("dropped")
    return summed.sort(documents, "host", descending=[True, False]).head(MOST_HOSTS)


def _none() -> pl.DataFrame:
    return pl.DataFrame(schema={"host": pl.String, **dict.fromkeys(Tally._fields, pl.Int64)})
