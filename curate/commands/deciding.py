"""Commands for what to decide next: tune, budget."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from curate import completion
from curate.commands import given
from curate.commands.plain_errors import plain_errors


@click.command()
@given.run
@click.argument("what", nargs=-1, metavar="[RULE=CONDITION | RULE | SIGNAL]...", shell_complete=completion.rules)
@click.option(
    "--target-keep", "keep", type=click.FloatRange(min=0, min_open=True), metavar="SHARE",
    help="Find the number of a rule that keeps so much.",
)  # fmt: skip
@click.option(
    "--by", type=click.Choice(["documents", "bytes", "tokens"]), default="documents", show_default=True,
    help="What --target-keep counts; above 1 it is an amount, not a share.",
)  # fmt: skip
@click.option("--number", type=click.IntRange(min=1), metavar="N", help="Which number of a rule that has several.")
@click.option("--write", type=click.Path(dir_okay=False, path_type=Path), help="Put the condition into this pipeline.")
@click.option(
    "-n", "samples", type=click.IntRange(min=0), metavar="N", default=10, show_default=True,
    help="Documents shown that would flip.",
)  # fmt: skip
@plain_errors
def tune(
    run: str, what: tuple[str, ...], keep: float | None, by: Any, number: int | None, write: Path | None, samples: int
) -> None:
    """Say what would come and go if a rule were another, or find its number; nothing is measured again.

    Example: curate tune runs/skypile_small 'length.too_short=chars < 200' --write pipelines/skypile_small.yaml
    """
    from curate.run import Run
    from curate.tune import command

    if not what and write is None and keep is None and sys.stdin.isatty() and sys.stdout.isatty():
        click.echo(command.explore(Run.open(run)))
        return  # with the command that shows what flips
    options: Any = {"keep": keep, "by": by, "number": number, "write": write, "samples": samples}
    for line in command.lines(Run.open(run), what, **options, tell=lambda message: click.echo(message, err=True)):
        click.echo(line)


@click.command()
@click.argument("run", required=False, type=click.Path(file_okay=False), shell_complete=completion.runs)
@click.option("--tokens", type=float, metavar="N", help="Instead of a run: so many tokens, 1.2e9 for example.")
@click.option(
    "--target", "targets", multiple=True, metavar="NAME", shell_complete=completion.targets,
    help="minimind, whitebox, qwen2.5-0.5b [default: all].",
)  # fmt: skip
@click.option(
    "--card", "cards", multiple=True, metavar="CARD",
    help="3060, V100 … [default: all]; your own: name=mine,tflops=20,memory=16GB.",
)  # fmt: skip
@given.as_json
@plain_errors
def budget(
    run: str | None, tokens: float | None, targets: tuple[str, ...], cards: tuple[str, ...], as_json: bool
) -> None:
    """Estimate epochs, steps, memory and hours of training on the shards of a run.

    Example: curate budget runs/skypile_small --card 3060
    """
    from curate.budget import budgets_of, budgets_of_tokens, shown
    from curate.budget.cards import find_card
    from curate.run import Run

    chosen = [find_card(card) for card in cards]
    if (run is None) == (tokens is None) or (tokens is not None and not 1 <= tokens < 1e18):
        raise click.UsageError("give a run, or --tokens N of 1 or more")
    found = (
        budgets_of_tokens(int(tokens or 0), targets, chosen)
        if run is None
        else budgets_of(Run.open(run), targets, chosen)
    )
    click.echo(json.dumps([one.to_json() for one in found]) if as_json else "\n".join(shown.lines(found)))
