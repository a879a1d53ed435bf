"""Remove from a run what nothing current names: folders of other fingerprints, parts of inputs that are gone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from curate import disk
from curate.layout import locked
from curate.run import Run


def prune_run(run: Run) -> list[tuple[Path, int]]:
    """Remove and list what was removed: path and bytes. Raises: CurateError while a `curate run` is working there."""
    removed = []
    with locked(run.folder):
        for path in sorted(_superfluous(run)):
            removed.append((path, disk.size(path)))
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    return removed


def _superfluous(run: Run) -> Iterator[Path]:
    plan, folder = run.plan, run.folder
    names = {part.name for part in run.parts}
    signals = {f"documents-{plan.documents}", *(f"{label}-{name}" for label, name in plan.filters.items())}
    cut = {f"{label}-{name}" for label, name in plan.cuts_of.items()}
    groups = {f"{label}-{name}" for label, name in plan.groups.items()}
    shards = {line.label for line in run.pipeline.write}
    current = {f"documents-{plan.documents}", f"verdicts-{plan.verdicts}"}
    for path in folder.iterdir():
        if path.name.startswith(("documents-", "verdicts-")):
            yield from _parts_gone(path, names) if path.name in current else [path]
        elif path.name in ("staging", "cut") or disk.TEMPORARY in path.name:
            yield path
    for inside, kept in (
        *(("signals", signals), ("passages", signals), ("keys", signals)),
        *(("cuts", cut), ("groups", groups), ("shards", shards)),
    ):
        for path in (folder / inside).glob("*"):
            if path.name not in kept:
                yield path
            elif inside in ("signals", "passages", "keys", "cuts"):
                yield from _parts_gone(path, names)
    for line in plan.corpus_filters:
        if run.groups_file(line).exists():
            yield from (path for path in run.groups_folder(line).iterdir() if path != run.groups_file(line))
    yield from _parts_gone(folder / "rejected", names)


def _parts_gone(folder: Path, names: set[str]) -> Iterator[Path]:
    return (path for path in folder.glob("*") if path.stem not in names)
