"""What a place that `against` names holds, be it a run or an index (`curate.index`)."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from curate import disk, judge
from curate.contracts import ID
from curate.errors import CurateError
from curate.index import RECORD, HeldPart, Holding, key_set, key_set_name, read
from curate.plan import cleaning
from curate.run import Run


def lent(verdicts: Path) -> pl.DataFrame:
    """Which documents of a part later runs are compared with (`lent`), what stands for each (`id`), and `kept`.

    What the run kept, and what it dropped because of that: a page that repeats a dropped copy repeats its survivor.
    """
    found = disk.read_frame(verdicts)
    of_this_run = pl.col(judge.DUPLICATE_RUN).is_null() if judge.DUPLICATE_RUN in found.columns else pl.lit(True)
    repeats = pl.col(judge.DUPLICATE_OF).is_not_null() & of_this_run
    stands = pl.when(repeats).then(judge.DUPLICATE_OF).otherwise(ID)
    return found.select(stands.alias(ID), judge.KEPT, lent=pl.col(judge.KEPT) | repeats)


def opened(place: str | Path) -> Holding:
    """What a finished run, or an index, holds. Raises: CurateError when it is neither, or files of it are gone."""
    folder = Path(place).absolute()
    if (folder / RECORD).exists():
        return _whole(folder, read(folder), "make the index again with `curate index`")
    if (folder / "run.json").exists():
        return _whole(folder, _of_run(folder), "run its pipeline again in a folder of its own")
    raise CurateError(f"{place}: no run and no index here (no run.json, no {RECORD}); name the folder of one")


def _whole(folder: Path, holding: Holding, way_out: str) -> Holding:
    """Asked for before anything is measured: a run that finds out when it compares has taken hours."""
    for part in holding.parts:
        for file in (part.documents, part.sizes, *part.keys.values()):
            if not file.exists():
                raise CurateError(f"{folder}: {file.relative_to(folder)} is gone; {way_out}")
    return holding


def _of_run(folder: Path) -> Holding:
    try:
        run = Run.open(folder)
    except CurateError as error:
        raise CurateError(f"{folder}: this run cannot be opened: {error}") from error
    run.must_be_finished()
    lines, finished, clean = run.plan.corpus_filters, run.record["finished"], cleaning(run.pipeline)
    parts = [
        HeldPart(
            f"{part.name}-{run.plan.verdicts}", str(folder), finished, rows, clean, run.documents_file(part),
            run.clean_file(part), run.verdicts_file(part),
            {key_set_name(line.step): run.keys_file(line, part) for line in lines},
        )
        for part, rows in zip(run.parts, run.rows(), strict=True)
    ]  # fmt: skip
    return Holding({key_set_name(line.step): key_set(line.step) for line in lines}, parts)
