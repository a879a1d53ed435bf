"""`curate`: the commands of `curate.commands` under one name."""

from __future__ import annotations

import click

from curate import completion as completing
from curate.commands import deciding, pipelines, runs, showing, training


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="curate")
def main() -> None:
    """Turn raw text corpora into tokenized shards for small-model training.

    Example: curate run pipelines/skypile_small.yaml
    """


@main.command()
@click.argument("shell", type=click.Choice(completing.SHELLS))
def completion(shell: str) -> None:
    """Print what a shell reads to complete commands, options, runs, reasons, filters and targets.

    Example: eval "$(curate completion bash)"
    """
    click.echo(completing.script(shell, main))


for command in (
    pipelines.init, pipelines.check, pipelines.filters, pipelines.schema, runs.run, runs.verify, runs.prune, runs.index,
    showing.show, showing.report, showing.diff, deciding.tune, deciding.budget, training.train,
):  # fmt: skip
    main.add_command(command)


if __name__ == "__main__":
    main()
