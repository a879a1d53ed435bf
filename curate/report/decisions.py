"""What each number of each rule decides, added up over parts, and the texts of the border cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from curate import borders, evidence, judge, whatif
from curate.comparisons import Comparison
from curate.contracts import ID, TEXT
from curate.run import Run
from curate.whatif import Decided

SEED = 0
TEXT_CHARS = 20_000
"""Characters of a border case in which evidence is looked for."""
EXCERPT_CHARS = 160
ID_CHARS = 300


@dataclass(frozen=True, eq=False)
class Decisions:
    """Comparisons, what each decides, and the documents nearest to its number."""

    comparisons: tuple[Comparison, ...]
    decided: tuple[Decided, ...]
    """Of each comparison."""
    nearest: pl.DataFrame
    """`borders.COLUMNS`; `part` is a number in the run's list."""

    @classmethod
    def of(
        cls, comparisons: Sequence[Comparison], part: int, signals: pl.DataFrame, verdicts: pl.DataFrame,
        reasons: Sequence[str],
    ) -> Decisions:  # fmt: skip
        """Count one part; `reasons`: of the rules that look at one document."""
        found = whatif.of_part(comparisons, signals, verdicts.select(reasons))
        turned = zip(comparisons, (turned for turned, _ in found), strict=True)
        nearest = borders.of_part(part, turned, verdicts[ID], seed=SEED)
        return cls(tuple(comparisons), tuple(decided for _, decided in found), nearest)

    @classmethod
    def none(cls, comparisons: Sequence[Comparison]) -> Decisions:
        """What is known of no part at all: what sums start with."""
        nothing = tuple(whatif.empty() for _ in comparisons)
        return cls(tuple(comparisons), nothing, pl.DataFrame(schema=borders.COLUMNS))

    def __add__(self, other: Decisions) -> Decisions:
        decided = tuple(mine + theirs for mine, theirs in zip(self.decided, other.decided, strict=True))
        return Decisions(self.comparisons, decided, borders.nearest([self.nearest, other.nearest]))

    def of_signal(self, signal: str) -> list[int]:
        """Numbers of the comparisons with a signal."""
        return [place for place, one in enumerate(self.comparisons) if one.signal == signal]

    def of_reason(self, reason: str) -> list[int]:
        """Numbers of the comparisons in a rule."""
        return [place for place, one in enumerate(self.comparisons) if one.reason == reason]


class BorderCase(NamedTuple):
    """A document near a number, cut to what is shown."""

    comparison: int
    kept: bool
    """By the comparison, now."""
    quantity: float
    id: str
    text: str
    """The excerpt that holds most evidence of the rule."""
    marks: Sequence[tuple[int, int, str]]
    """Start and end in `text`, and the signal: ascending, without overlap."""
    before: bool
    """Whether there is text before the excerpt."""
    after: bool


def border_cases(run: Run, decisions: Decisions, types: Mapping[str, object]) -> dict[int, list[BorderCase]]:
    """Comparison to its border cases: dropped ones, then kept ones, each from the nearest on."""
    texts = _texts(run, decisions.nearest)
    rules = {rule.reason: rule for rule in judge.compile_rules(run.pipeline.filters, types)}
    cases: dict[int, list[BorderCase]] = {}
    for reason in dict.fromkeys(one.reason for one in decisions.comparisons):
        near = decisions.nearest.filter(pl.col("comparison").is_in(decisions.of_reason(reason)))
        if near.is_empty():
            continue
        documents = near.join(texts, on=["part", "row"], how="left", maintain_order="left")
        spans = evidence.for_rule(
            run.pipeline.filters, documents.select(texts.columns).drop("part", "row"), rules[reason]
        )
        # A loop over documents: those that are shown.
        for row, own in zip(documents.iter_rows(named=True), spans, strict=True):
            cases.setdefault(row["comparison"], []).append(_case(row, own))
    return cases


def _case(row: Mapping[str, object], spans: Sequence[evidence.Evidence]) -> BorderCase:
    text = str(row[TEXT])
    start, stop = evidence.excerpt(text, spans, EXCERPT_CHARS)
    marks: list[tuple[int, int, str]] = []
    last = start
    for one in spans:
        first, end = max(one.start, last), min(one.end, stop)
        if first < end:
            marks.append((first - start, end - start, one.signal))
            last = end
    quantity = float(str(row["quantity"]))
    id_ = str(row[ID])[:ID_CHARS]
    return BorderCase(
        int(str(row["comparison"])), bool(row["kept"]), quantity, id_, text[start:stop], marks, start > 0,
        stop < len(text),
    )  # fmt: skip


def _texts(run: Run, nearest: pl.DataFrame) -> pl.DataFrame:
    """`part`, `row`, and the columns of the documents, text cut to `TEXT_CHARS`; each document once."""
    import pyarrow.parquet as pq

    frames = []
    wanted = nearest.select("part", "row").unique().sort("part", "row")
    for (number,), rows in wanted.group_by("part", maintain_order=True):
        file = pq.ParquetFile(run.documents_file(run.parts[int(str(number))]))
        start = 0
        for group in range(file.num_row_groups):
            stop = start + file.metadata.row_group(group).num_rows
            inside = rows.filter(pl.col("row").is_between(start, stop, closed="left"))
            if not inside.is_empty():
                taken = file.read_row_group(group).take((inside["row"] - start).to_arrow())
                frame = pl.DataFrame(pl.from_arrow(taken)).with_columns(pl.col(TEXT).str.slice(0, TEXT_CHARS))
                frames.append(pl.concat([inside, frame], how="horizontal"))
            start = stop
    empty = pl.DataFrame(schema={"part": pl.Int64, "row": pl.Int64, ID: pl.String, TEXT: pl.String})
    return pl.concat(frames, how="diagonal") if frames else empty
