"""What `curate show` prints: documents of a run, or documents and tokens of a shard; a generator of lines.

What a page says is printed as text: control characters as escapes, so that no page moves the cursor.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from curate.run import Run

DOCUMENTS = 5
"""Documents that are shown if nobody says how many."""


@dataclass(frozen=True)
class Asked:
    """The options of `curate show`."""

    reason: str | None = None
    id: str | None = None
    cluster: str | None = None
    near: str | None = None
    random: bool = False
    seed: int | None = None
    diff: bool = False
    tokens: bool = False
    first: int | None = None
    """Of a shard, the first document shown."""
    number: int = DOCUMENTS


def lines(where: str | Path, asked: Asked, in_colour: bool = False) -> Iterator[str]:
    """Print a run or a shard. Raises: CurateError; click.UsageError for options that do not go together."""
    path = Path(where)
    if (path / "run.json").exists():
        from curate.run import Run

        _check_for_run(asked)
        return _run_lines(Run.open(path), asked, in_colour)
    from curate.show.shards import shard_lines

    _check_for_shard(path, asked)
    return shard_lines(
        path, id=asked.id, first=asked.first or 0, most=asked.number, each_token=asked.tokens, in_colour=in_colour
    )


def _run_lines(run: Run, asked: Asked, in_colour: bool) -> Iterator[str]:
    from curate.show import cleaning, clusters, documents

    if asked.cluster is not None:
        return clusters.cluster_lines(run, asked.cluster, asked.number)
    if asked.near is not None:
        return documents.near_lines(run, asked.near, asked.number, in_colour)
    if asked.reason == "rejected":
        return documents.rejected_lines(run, asked.number)
    if asked.id is not None:
        found = documents.one_document(run, asked.reason, asked.id)
        return cleaning.diff_lines(run, found) if asked.diff else documents.whole_lines(run, found, in_colour)
    found = (
        run.sample(asked.reason, asked.number, asked.seed or 0)
        if asked.random
        else run.documents(asked.reason, limit=asked.number)
    )
    return documents.document_lines(run, found, asked.reason, in_colour)


def _check_for_run(asked: Asked) -> None:
    """Refuse what does not go together, and say what does."""
    others = _given(asked) - {"-n"}
    if asked.cluster is not None and others > {"--cluster"}:
        raise click.UsageError(f"--cluster stands alone: leave out {_listed(others - {'--cluster'})}")
    if asked.near is not None and others > {"--near"}:
        raise click.UsageError(f"--near stands alone: leave out {_listed(others - {'--near'})}")
    if others & {"--tokens", "--from"}:
        raise click.UsageError("--tokens and --from look into a shard: give a folder under shards/ in place of the run")
    if asked.diff and asked.id is None:
        raise click.UsageError("--diff compares one document with its raw text: name it with --id")
    if asked.seed is not None and not asked.random:
        raise click.UsageError("--seed goes with --random")
    if asked.random and asked.id is not None:
        raise click.UsageError("--id names one document: leave out --random")
    if asked.reason == "rejected" and others > {"--reason"}:
        raise click.UsageError(f"rejected rows are no documents: leave out {_listed(others - {'--reason'})}")


def _check_for_shard(path: Path, asked: Asked) -> None:
    unfit = _given(asked) - {"--id", "--tokens", "--from", "-n"}
    if unfit and path.exists():
        raise click.UsageError(f"{_listed(unfit)}: only a run knows; {path} is no run. A shard takes --id, --from, -n")


def _given(asked: Asked) -> set[str]:
    options = {
        "--reason": asked.reason, "--id": asked.id, "--cluster": asked.cluster, "--near": asked.near,
        "--random": asked.random or None, "--seed": asked.seed, "--diff": asked.diff or None,
        "--tokens": asked.tokens or None, "--from": asked.first,
    }  # fmt: skip
    return {name for name, value in options.items() if value is not None}


def _listed(options: set[str]) -> str:
    return " and ".join(sorted(options))
