"""What earlier runs kept, lent to a run that compares its documents with them (`against`)."""

from __future__ import annotations

from typing import Any

from curate.contracts import CorpusFilter, Line
from curate.errors import CurateError
from curate.plan import identity
from curate.run import Run
from curate.work.compared import ComparedPart


def compared_parts(run: Run, line: Line[Any]) -> list[ComparedPart]:
    """The parts of a run, then those of the earlier ones that a filter names. Raises: CurateError."""
    found = [
        ComparedPart(
            part.name, 0, rows, None, run.keys_file(line, part), run.documents_file(part), run.clean_file(part), None
        )
        for part, rows in zip(run.parts, run.rows(), strict=True)
    ]
    for place in line.step.against:
        found += earlier_parts(place, line.step)
    first = 0
    numbered = []
    for one in found:
        numbered.append(one._replace(first=first))
        first += one.rows
    return numbered


def earlier_parts(place: str, step: CorpusFilter) -> list[ComparedPart]:
    """The parts of an earlier run. Raises: CurateError when it lacks what is needed."""
    earlier = Run.open(place)
    earlier.must_be_finished()
    line = _same_keys(earlier, step, place)
    return [
        ComparedPart(
            part.name, 0, rows, place, earlier.keys_file(line, part), earlier.documents_file(part),
            earlier.clean_file(part), earlier.verdicts_file(part),
        )
        for part, rows in zip(earlier.parts, earlier.rows(), strict=True)
    ]  # fmt: skip


def _same_keys(earlier: Run, step: CorpusFilter, place: str) -> Line[Any]:
    kind = type(step).__name__
    lines = [line for line in earlier.plan.corpus_filters if type(line.step) is type(step)]
    if not lines:
        raise CurateError(f"against: {place} has no {kind}; add the filter to its pipeline and run it once more")
    for line in lines:
        if identity(line.step) == identity(step):
            return line
    raise CurateError(f"against: {place} measured {kind} with other parameters: {lines[0].step.measured_parameters()}")
