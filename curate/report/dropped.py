"""Dropped documents in short: all of them where a run drops at most `MOST_DROPPED`, else so many by a hash of the id.

So that a reader who misses a document finds why on the page itself. Verdicts are read once more, part by part; of the
texts the beginnings of those that are listed.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from curate import disk, judge, why
from curate.contracts import ID, TEXT
from curate.report.samples import read_at
from curate.run import Run
from curate.stats import id_hashes
from curate.why import Broken

MOST_DROPPED = 2_000
FIRST_CHARS = 80
"""Characters shown of a text."""


class Dropped(NamedTuple):
    """A dropped document, in short."""

    id: str
    text: str
    """How it begins."""
    broken: tuple[Broken, ...]
    """The rules that it breaks, and what they saw."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Every rule that it breaks."""
        return tuple(one.reason for one in self.broken)


def dropped_of(run: Run, seed: int) -> list[Dropped]:
    """The documents that are listed, by part and row."""
    wanted = _chosen(run, seed)
    if wanted.is_empty():
        return []
    documents, rows = read_at(run, wanted, FIRST_CHARS)
    broken = why.broken_rules(run.pipeline.filters, run.signal_types(), rows)
    texts = documents.select(ID, TEXT).iter_rows()
    return [Dropped(id, text, tuple(rules)) for (id, text), rules in zip(texts, broken, strict=True)]


def _chosen(run: Run, seed: int) -> pl.DataFrame:
    """`part` and `row` of the documents that are listed, ascending."""
    schema = {"hash": pl.UInt64, ID: pl.String, "part": pl.Int64, "row": pl.Int64}
    chosen = pl.DataFrame(schema=schema)
    for place, part in enumerate(run.parts):
        verdicts = disk.read_frame(run.verdicts_file(part), [ID, judge.KEPT])
        rows = verdicts.select((~pl.col(judge.KEPT)).arg_true()).to_series()
        ids = verdicts[ID].gather(rows)
        columns = {"hash": id_hashes(ids, seed), ID: ids, "part": [place] * len(ids), "row": rows.cast(pl.Int64)}
        found = pl.DataFrame(columns, schema=schema)
        chosen = pl.concat([chosen, found]).sort("hash", ID, "part", "row").head(MOST_DROPPED)
    return chosen.select("part", "row").sort("part", "row")
