"""Commands that look into runs: show, report, diff."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from curate import completion
from curate.commands import given
from curate.commands.plain_errors import plain_errors


@click.command()
@click.argument("where", metavar="RUN_OR_SHARD", type=click.Path(), shell_complete=completion.runs)
@click.option(
    "--reason", shell_complete=completion.reasons,
    help="Only documents dropped for it, e.g. length.too_short; also `kept`, `dropped`, `rejected`.",
)  # fmt: skip
@click.option("--id", help="Only this document, whole, with all rules and signals.")
@click.option("--cluster", metavar="ID", help="The documents that are this one again: survivor, and what differs.")
@click.option(
    "--near", metavar="RULE", shell_complete=completion.rules,
    help="The documents nearest to a rule's numbers, just kept and just dropped.",
)  # fmt: skip
@click.option("--random", is_flag=True, help="Documents by chance; --reason may go with it.")
@click.option("--seed", type=int, metavar="N", help="Other documents by chance [default: 0].")
@click.option("--diff", is_flag=True, help="With --id: what cleaning changed in its raw text.")
@click.option("--tokens", is_flag=True, help="Of a shard: each token with its id.")
@click.option("--from", "first", type=click.IntRange(min=0), metavar="N", help="Of a shard: the first document shown.")
@click.option(
    "-n", "--limit", "number", type=click.IntRange(min=1), metavar="N", default=5, show_default=True,
    help="Documents at most; with --near, for each number.",
)  # fmt: skip
@plain_errors
def show(where: str, **options: Any) -> None:
    """Show documents of a run with why they were dropped, or documents and tokens of a shard.

    Example: curate show runs/skypile_small --reason toxicity.gambling -n 3
    """
    from curate.show import Asked, lines

    found = False
    for line in lines(where, Asked(**options), in_colour=sys.stdout.isatty() and not os.environ.get("NO_COLOR")):
        click.echo(line)
        found = True
    if not found:
        click.echo("curate: no documents", err=True)


@click.command()
@given.run
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="English or Chinese.")
@plain_errors
def report(run: str, lang: str) -> None:
    """Write the report of a run again: one offline HTML page.

    Example: curate report runs/skypile_small --lang zh
    """
    from curate.report import write_report
    from curate.run import Run

    click.echo(str(write_report(Run.open(run), lang)))


@click.command()
@click.argument("run", metavar="RUN_A", type=click.Path(file_okay=False), shell_complete=completion.runs)
@click.argument("other", metavar="RUN_B", type=click.Path(file_okay=False), shell_complete=completion.runs)
@click.option(
    "-n", "--limit", "number", type=click.IntRange(min=0), metavar="N", default=10, show_default=True,
    help="Samples of each direction.",
)  # fmt: skip
@given.as_json
@plain_errors
def diff(run: str, other: str, number: int, as_json: bool) -> None:
    """Compare two runs over the same corpus: pipelines, verdicts that flipped by rule, tokens, samples.

    Example: curate diff runs/loose runs/strict
    """
    from curate.diff import shown
    from curate.run import Run
    from curate.shown import printable_json

    found = Run.open(run).diff(Run.open(other), samples=number)
    for line in [printable_json(found.to_json())] if as_json else shown.lines(found):
        click.echo(line)
