"""What earlier runs kept, lent to a run that compares its documents with them (`against`): by the runs themselves, or
by an index."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from curate.contracts import CorpusFilter, Line
from curate.errors import CurateError, PipelineError
from curate.held import opened
from curate.index import Holding, KeySet, key_set, key_set_name
from curate.pipeline import Pipeline
from curate.plan import cleaning
from curate.run import Run
from curate.work.compared import ComparedPart


def check_earlier(pipeline: Pipeline, folder: Path) -> dict[str, list[str]]:
    """Label of each filter to digests of what the places in its `against` hold; `folder`: that of the run.

    Raises: PipelineError when a place cannot be compared with.
    """
    found: dict[str, list[str]] = {}
    for line, _, holding in _all_lent(pipeline, folder):
        found.setdefault(line.label, []).append(holding.digest)
    return found


def earlier_notes(pipeline: Pipeline, folder: Path) -> list[str]:
    """Remarks for `curate check`."""
    notes, own = [], cleaning(pipeline)
    for line, place, holding in _all_lent(pipeline, folder):
        if other := sorted({part.run for part in holding.parts if part.clean != own}):
            notes.append(
                f"{line.where}.against: {_named(place, other)} went through other cleaners than these documents will: "
                "copies in which they changed something may not be found"
            )
    return notes


def compared_parts(run: Run, line: Line[Any]) -> list[ComparedPart]:
    """The parts of a run, then those of the earlier ones that a filter names. Raises: CurateError."""
    found = [
        ComparedPart(
            part.name, 0, rows, None, run.keys_file(line, part), run.documents_file(part), run.clean_file(part), None
        )
        for part, rows in zip(run.parts, run.rows(), strict=True)
    ]
    for place, digest in zip(line.step.against, run.plan.earlier.get(line.label, []), strict=True):
        found += _earlier_parts(run, line, place, digest)
    numbered: dict[str, ComparedPart] = {}
    first = 0
    for one in found:
        if one.name not in numbered:  # a run, and an index that holds it, lend the same
            numbered[one.name] = one._replace(first=first)
            first += one.rows
    return list(numbered.values())


def _earlier_parts(run: Run, line: Line[Any], place: str, digest: str) -> list[ComparedPart]:
    holding, keys = _lent(place, run.folder), key_set_name(line.step)
    if holding.digest != digest:
        raise CurateError(f"{line.where}.against: {place} has changed meanwhile; run the same command again")
    return [
        ComparedPart(
            part.name, 0, part.rows, part.run, part.keys[keys], part.documents, part.sizes, part.verdicts
        )
        for part in holding.parts
    ]  # fmt: skip


def _lent(place: str, folder: Path) -> Holding:
    """What a place lends to the run in `folder`: an index that has grown by that run leaves it out."""
    holding = opened(place)
    own = {name for name in {part.run for part in holding.parts} if Path(name).resolve() == folder.resolve()}
    return holding._replace(parts=[part for part in holding.parts if part.run not in own])


def _all_lent(pipeline: Pipeline, folder: Path) -> Iterator[tuple[Line[Any], str, Holding]]:
    """Every place that a filter names, and what it lends. Raises: PipelineError."""
    for line in pipeline.filters:
        seen = {folder.resolve(): "is this run itself"}
        for place in line.step.against if isinstance(line.step, CorpusFilter) else ():
            where, resolved = f"{line.where}.against", Path(place).resolve()
            if resolved in seen:
                raise PipelineError(f"{where}: {place} {seen[resolved]}; leave it out")
            seen[resolved] = "stands there twice"
            try:
                holding = _lent(place, folder)
            except CurateError as error:
                raise PipelineError(f"{where}: {error}") from error
            _check_keys(line, place, holding)
            yield line, place, holding


def _check_keys(line: Line[Any], place: str, holding: Holding) -> None:
    """Raises: PipelineError when there are documents without the keys that a filter needs."""
    name = key_set_name(line.step)
    lacking = [part for part in holding.parts if name not in part.keys]
    if not lacking:
        return
    others = [holding.key_sets[one] for one in sorted({one for part in lacking for one in part.keys})]
    where, runs = f"{line.where}.against", sorted({part.run for part in lacking})
    again = "run it again" if runs == [place] else "run and index it again"
    raise PipelineError(f"{where}: {_named(place, runs)} {_why(line, others)}, then {again}")


def _named(place: str, runs: list[str]) -> str:
    """Runs, and the index that holds them."""
    if runs == [place]:
        return place
    more = f" and {len(runs) - 1} other{'s' if len(runs) > 2 else ''}" if len(runs) > 1 else ""
    return f"{place}: {runs[0]}{more}"


def _why(line: Line[Any], others: list[KeySet]) -> str:
    """Why no keys of `others` will do, and what to change before those runs are run again."""
    wanted, kind = key_set(line.step), line.where.partition(".")[2]
    same = next((one for one in others if one.filter == wanted.filter), None)
    if same is None:
        return f"has no {kind}; add it to that pipeline"
    differ = [
        f"{name} {same.parameters.get(name)!r} instead of {value!r}"
        for name, value in wanted.parameters.items()
        if same.parameters.get(name) != value
    ]
    if not differ:
        return f"measured {kind} with another version of it; take this one"
    return f"measured {kind} with {', '.join(differ)}; take the same parameters, or change them there"
