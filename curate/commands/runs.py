"""Commands that make a run and look after it: run, verify, prune, index."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from curate import completion
from curate.commands import given
from curate.commands.plain_errors import plain_errors
from curate.numerals import count


@click.command()
@given.pipeline
@given.out
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Processes [default: cores, as memory allows]."
)
@given.limit
@given.variables
@plain_errors
def run(pipeline: str, out: Path | None, workers: int | None, limit: int | None, pairs: tuple[str, ...]) -> None:
    """Run a pipeline, or go on with a run that was stopped.

    Example: curate run pipelines/skypile_small.yaml --workers 2
    """
    from curate.progress import for_stream
    from curate.work.passes import run_pipeline

    with closing(for_stream(sys.stderr)) as progress:
        done = run_pipeline(given.load(pipeline, pairs), out, workers=workers, limit=limit, progress=progress)
    from curate.report import write_report

    _print_counts(done.record)
    click.echo(f"report     {write_report(done)}")


def _print_counts(record: dict[str, Any]) -> None:
    from curate.terminal import padded

    counts, parts = record["counts"], record["parts"]
    kept, dropped, rejected = (f"{counts[name]:,} {name}" for name in ("kept", "dropped", "rejected"))
    click.echo(f"rows       {counts['documents'] + counts['rejected']:,} = {kept} + {dropped} + {rejected}")
    click.echo(f"measured   {parts['measured']:,} of {count(parts['all'], 'part')}")
    for label, change in record["cleaned"].items():
        if change["documents"]:
            click.echo(f"cleaned    {_changed(change)} by {label}")
    for reason, number in record["dropped"].items():
        if number:
            click.echo(f"  {number:>8,}  {reason}")
    for label, change in record["cut"].items():
        click.echo(f"cut        {_changed(change)} by {label}")
    for label, output in record["outputs"].items():
        tokens = [count(output["tokens"], "token")] if "tokens" in output else []
        written = [count(output.get("documents", 0), "document"), *tokens, count(output["shards"], "shard")]
        click.echo(f"{padded(label, 10)} {', '.join(written)}")


def _changed(change: dict[str, int]) -> str:
    return f"{count(change['documents'], 'document')}, {count(change['chars'], 'character')}"


@click.command()
@given.run
@plain_errors
def verify(run: str) -> None:
    """Read every shard of a run again, strictly: hashes, sizes, ids, borders.

    Example: curate verify runs/skypile_small
    """
    from curate.errors import CurateError, VerifyError
    from curate.shards import verify_shards

    inside = Path(run) / "shards"
    folders = sorted(
        path for path in (inside.iterdir() if inside.is_dir() else [Path(run)]) if (path / "manifest.json").exists()
    )
    if not folders:
        raise CurateError(f"{run}: no shards here (no manifest.json); a run with a writer makes some")
    problems = {folder: verify_shards(folder) for folder in folders}
    for folder, found in problems.items():
        click.echo(
            "\n".join(
                [f"{folder}: {len(found)} problems" if found else f"{folder}: sound", *(f"  {one}" for one in found)]
            )
        )
    if any(problems.values()):
        raise VerifyError(f"{run}: the shards named above are not what their manifests say; remove them and run again")


@click.command()
@given.run
@plain_errors
def prune(run: str) -> None:
    """Remove what no current fingerprint of a run names: results of earlier thresholds, models, inputs.

    Example: curate prune runs/skypile_small
    """
    from curate.prune import prune_run
    from curate.run import Run

    removed = prune_run(Run.open(run))
    for path, size in removed:
        click.echo(f"{size:>14,} bytes  {path}")
    if not removed:
        click.echo("curate: nothing to remove", err=True)


@click.command()
@click.argument(
    "sources", nargs=-1, required=True, metavar="RUN_OR_INDEX...", type=click.Path(file_okay=False),
    shell_complete=completion.runs,
)  # fmt: skip
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Index to make or extend.")
@plain_errors
def index(sources: tuple[str, ...], out: Path) -> None:
    """Keep what runs kept, with its keys, for `against` in later runs; the runs themselves may go then.

    Example: curate index runs/2026-10 runs/2026-11 --out index
    """
    from curate.indexing import index_runs
    from curate.progress import for_stream

    with closing(for_stream(sys.stderr)) as progress:
        done = index_runs(sources, out, progress)
    for one in done.taken:
        added = f"{count(len(one.parts), 'part')} added, {count(one.documents, 'document')}"
        instead = f"; {one.replaced} of them instead of earlier verdicts" if one.replaced else ""
        click.echo(f"{one.place}: {added}{instead}; {one.there} there already")
    size = f"{done.size / 1e6:,.1f} MB"
    click.echo(f"{out}: {count(done.parts, 'part')}, {count(done.documents, 'document')}, {size}")
