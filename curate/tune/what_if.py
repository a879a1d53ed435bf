"""What would flip if conditions were others: documents, bytes, tokens, and some of the documents.

A document counts as kept when no row rule drops it: duplicates, and rules that are judged last, are left out. The
counts are those of a run with the edited pipeline, before its duplicates.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from curate import judge
from curate.contracts import ID, TEXT, CorpusFilter, Line, PassageFilter
from curate.errors import PipelineError
from curate.tune.tables import OTHERS, ROW, THEN, Amount, Tables, Whole

if TYPE_CHECKING:
    from curate.run import Run

FLIP = "flip"
"""Column of the documents that flip: `back` or `go`."""


@dataclass(frozen=True)
class Edit:
    """A rule with another condition."""

    reason: str
    """`<filter>.<rule>`."""
    before: str | None
    """Its condition in the run; None: there is no such rule, or it is off."""
    condition: str | None
    """Its condition if; None: switched off."""
    breaks: pl.Expr = field(repr=False)
    """Whether a document breaks it then."""
    signals: tuple[str, ...] = ()
    """What both conditions read."""
    near: str = ""
    """Of a new rule: a rule of its filter that has nearly this name; else empty."""


@dataclass(frozen=True)
class WhatIf:
    """What would flip."""

    edits: tuple[Edit, ...]
    whole: Whole
    now: Amount
    """Documents that no row rule drops."""
    then: Amount
    back: Amount
    """Dropped now, and not then."""
    go: Amount
    """Dropped then, and not now."""
    go_as_duplicates: int
    """Of those that go, documents that the run has dropped for another one anyway."""
    stand_for_others: int
    """Of those that go, documents that the run kept for a whole cluster: another one of it may be kept instead."""
    compared_by: tuple[str, ...]
    """Filters that the estimate leaves out; no document that comes back was compared by them."""
    flips: pl.DataFrame = field(repr=False)
    """Some that flip, the same every time: `id`, `flip`, the signals that the conditions read, `text`."""

    @property
    def never_compared(self) -> int:
        """Documents that come back and may be duplicates: rules dropped them before documents were compared."""
        return self.back.documents if self.compared_by else 0


def what_if(run: Run, conditions: Mapping[str, str | None], samples: int = 10) -> WhatIf:
    """Say what flips if these rules (`<filter>.<rule>`) had these conditions, all together; None switches one off.

    `samples`: documents that are shown. Raises: PipelineError for a condition that a pipeline could not have.
    """
    tables = Tables(run)
    edits = [edit_of(tables, reason, condition) for reason, condition in conditions.items()]
    own = [one.reason for one in edits if one.before is not None]
    signals = list(dict.fromkeys(name for one in edits for name in one.signals))
    compared = tables.compared_by
    clusters = [f"{label}_cluster" for label in compared if label in tables.corpus_filters]
    others, kept = tables.breaks_any(own), pl.col(judge.KEPT)
    in_cluster = pl.any_horizontal(*(pl.col(name).is_not_null() for name in clusters), pl.lit(False))
    columns = [
        pl.col(ID), kept, others.alias(OTHERS), pl.any_horizontal(*own, pl.lit(False)).alias("breaks now"),
        in_cluster.alias("in cluster"),
    ]  # fmt: skip
    frame = tables.frame(signals, columns).with_columns(
        pl.any_horizontal(*(one.breaks for one in edits), pl.lit(False)).alias(THEN)
    )
    free, now, then = ~pl.col(OTHERS), ~pl.col("breaks now"), ~pl.col(THEN)
    found = tables.sums(
        frame,
        {
            "all": kept.is_not_null(), "kept": kept, "now": free & now,
            "then": free & then, "back": free & then & ~now, "go": free & now & ~then,
            "duplicates": free & now & ~then & ~kept, "survivors": free & now & ~then & kept & pl.col("in cluster"),
        },
    )  # fmt: skip
    return WhatIf(
        edits=tuple(edits),
        whole=tables.whole(found["all"], found["kept"]),
        now=found["now"],
        then=found["then"],
        back=found["back"],
        go=found["go"],
        go_as_duplicates=found["duplicates"].documents,
        stand_for_others=found["survivors"].documents,
        compared_by=tuple(compared),
        flips=_flips(run, frame, free & (now != then), then, signals, samples),
    )


def edit_of(tables: Tables, reason: str, condition: str | None) -> Edit:
    """Compile one edit. Raises: PipelineError, as a pipeline with it would."""
    label, dot, name = reason.partition(".")
    if not dot or not re.fullmatch(r"\w[\w-]*", name):
        raise PipelineError(f"{reason!r} is no name of a rule; write it as FILTER.RULE, for example length.too_short")
    line = tables.line(label, reason)
    if isinstance(line.step, CorpusFilter) or (isinstance(line.step, PassageFilter) and name == line.step.last_rule):
        raise PipelineError(
            f"{reason}: documents are compared by the filter's parameters, which only a run can try; tune the rules "
            "that look at one document"
        )
    before = judge.merged(line.step).get(name)
    drop = {**line.step.drop, name: condition}
    if condition is None and before is not None and name not in line.step.own_rules():
        del drop[name]  # a rule of the pipeline's own is not switched off, but taken out
    edited = Line(line.label, line.where, line.step.model_copy(update={"drop": drop}))
    rules = {rule.reason: rule.expression for rule in judge.compile_rules([edited], tables.types)}
    breaks = rules.get(reason, pl.lit(False))
    reads = dict.fromkeys(breaks.meta.root_names())
    if before is not None:
        reads |= dict.fromkeys(judge.compile_rule(before, tables.types, tables.own(line), reason).meta.root_names())
    near = "" if before is not None else _near(name, judge.merged(line.step))
    return Edit(reason, before, condition, breaks, tuple(reads), near)


def _near(name: str, known: Mapping[str, str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return close[0] if close else ""


_GOLDEN = 0x9E3779B97F4A7C15


def _flips(
    run: Run, frame: pl.LazyFrame, flips: pl.Expr, kept: pl.Expr, signals: Sequence[str], samples: int
) -> pl.DataFrame:
    # Chosen by the number of the row, mixed: hashes of ids would read them all, Polars' own change with its version.
    mixed = (pl.col(ROW).cast(pl.UInt64) + 1) * pl.lit(_GOLDEN, pl.UInt64)
    shown = pl.when(kept).then(pl.lit("back")).otherwise(pl.lit("go")).alias(FLIP)
    rows = frame.with_row_index(ROW).filter(flips).select(ROW, ID, shown, *signals, mixed.alias("mixed?"))
    chosen = rows.bottom_k(samples, by="mixed?").collect(engine="streaming").sort("mixed?")
    places = chosen[ROW].sort()
    texts = run.texts(places.cast(pl.Int64)) if len(places) else pl.Series(TEXT, [], pl.String)
    by_row = pl.DataFrame([places, texts])
    return chosen.join(by_row, on=ROW, maintain_order="left").select(ID, FLIP, *signals, TEXT)
