"""Two runs over the same corpus: which verdicts differ, and by which rules.

Verdicts and sizes are read, text only of the samples. Documents are matched by id (`pairs`). A document that one run
keeps for its copy, and the other the other way round, is exchanged: told apart, as no text is lost or won by it. Cost:
10 million documents and 35 rules take about 10 s; memory for a part, and for the flips of copies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from curate import disk
from curate.contracts import ID
from curate.diff.flips import DROPPED, FLIPS, KEPT, Counting, Flips, flips_of, with_exchanged
from curate.diff.pairs import SIZE, Pairs
from curate.diff.pipelines import Change, changes
from curate.errors import CurateError

if TYPE_CHECKING:
    from curate.run import Run


@dataclass(frozen=True)
class Difference:
    """What `Run.diff` returns; `curate.diff.shown` prints it."""

    run: Run
    other: Run
    changes: Sequence[Change]
    """Between the pipelines."""
    matched: int
    """Documents that both runs have; all that follows is about them."""
    only: tuple[int, int]
    """Documents that only the one run has, and only the other."""
    kept_bytes: tuple[int, int]
    """Text that each run keeps of them."""
    dropped: Flips
    """Kept by the one, dropped by the other."""
    kept: Flips
    """Dropped by the one, kept by the other."""
    exchanged: int
    """Pairs of copies of which each run keeps another one."""
    still_dropped: int
    """Dropped by both, for other reasons."""
    reasons_added: Mapping[str, int]
    """Of those: how many break a rule that they did not break."""
    reasons_gone: Mapping[str, int]
    """Of those: how many break a rule no longer."""
    other_survivor: int
    """Dropped by both as a copy, of another document."""
    resized: int
    """Documents whose cleaned text has another size."""
    samples: pl.DataFrame
    """Some flips of each direction, as in `flips`, with the first `reason`; spread over the rules, always the same."""

    @cached_property
    def flips(self) -> pl.DataFrame:
        """Every document whose verdict changed; takes the memory of all of them.

        Columns: `id`; `now`: dropped or kept; `reasons`: all for which one of the runs drops it; `text_bytes` in the
        one run; `exchanged`: whether a copy is kept instead; `survivor`: what it is dropped for as a copy; `row`,
        `other_row`: its numbers in both runs, as `Run.texts` takes them.
        """
        with Pairs(self.run, self.other) as pairs:
            frames = [flips_of(self.run, self.other, pair) for pair in pairs]
        return with_exchanged(pl.concat([pl.DataFrame(schema=FLIPS), *frames])).sort("now", "row")

    def to_json(self) -> dict[str, Any]:
        """Plain values, for scripts."""
        return {
            "runs": [{"folder": str(run.folder), "name": run.pipeline.name, **_outline(run)} for run in self.runs],
            "changes": [change._asdict() for change in self.changes],
            "matched": self.matched, "only": list(self.only), "kept_bytes": list(self.kept_bytes),
            **{way: _plain(flips) for way, flips in ((DROPPED, self.dropped), (KEPT, self.kept))},
            "exchanged": self.exchanged, "still_dropped": self.still_dropped,
            "reasons_added": dict(self.reasons_added), "reasons_gone": dict(self.reasons_gone),
            "other_survivor": self.other_survivor, "resized": self.resized,
            "samples": self.samples.select(ID, "now", "reasons", SIZE).to_dicts(),
        }  # fmt: skip

    @property
    def runs(self) -> tuple[Run, Run]:
        """The one and the other."""
        return self.run, self.other


def _outline(run: Run) -> dict[str, Any]:
    record = run.record
    return {"counts": record["counts"], "outputs": record["outputs"]}


def _plain(flips: Flips) -> dict[str, Any]:
    return flips._asdict() | {"reasons": {name: reason._asdict() for name, reason in flips.reasons.items()}}


def compare(run: Run, other: Run, samples: int = 10) -> Difference:
    """Compare two finished runs; `samples`: documents that are shown of each direction.

    Raises: CurateError when one is not finished, and when they have no document in common.
    """
    for one in (run, other):
        one.must_be_finished()
    with Pairs(run, other) as pairs:
        counting = Counting(run, other, samples)
        for pair in pairs:
            counting.add(pair)
        counting.finish()
        only = (pairs.only[0], pairs.only[1])
    if not counting.matched:
        raise CurateError(_nothing_in_common(run, other))
    counts = counting.counts
    return Difference(
        run=run,
        other=other,
        changes=changes(run, other),
        matched=counting.matched,
        only=only,
        kept_bytes=(counts["kept_bytes"], counts["other_kept_bytes"]),
        dropped=counting.flips(DROPPED),
        kept=counting.flips(KEPT),
        exchanged=counts["exchanged"],
        still_dropped=counts["still_dropped"],
        reasons_added=counting.moved("added"),
        reasons_gone=counting.moved("gone"),
        other_survivor=counts["other_survivor"],
        resized=counts["resized"],
        samples=counting.samples(),
    )


def _nothing_in_common(run: Run, other: Run) -> str:
    names = [f"{one.folder}{_first_id(one)}" for one in (run, other)]
    return f"{names[0]} and {names[1]} have no document in common: compare runs over the same corpus, with the same ids"


def _first_id(run: Run) -> str:
    ids = (disk.read_frame(run.verdicts_file(part), [ID])[ID] for part in run.parts)
    first = next((found[0] for found in ids if len(found)), None)
    return " (no documents)" if first is None else f" (ids such as {first!r:.60})"
