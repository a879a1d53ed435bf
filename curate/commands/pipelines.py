"""Commands about a pipeline file: init, check, filters, schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from curate import completion
from curate.commands import given
from curate.commands.plain_errors import plain_errors
from curate.numerals import count


@click.command()
@click.option("--input", "inputs", multiple=True, metavar="FILES", help="File, folder or pattern; may be repeated.")
@click.option("--text-field", metavar="FIELD", help="Field that holds the text [default: guessed].")
@click.option("--language", metavar="CODE", help="Language to keep: zh, en, … [default: the sample's].")
@click.option(
    "--target", "targets", multiple=True, metavar="NAME", shell_complete=completion.targets_and_documents,
    help="minimind, whitebox, qwen2.5-0.5b or documents; may be repeated.",
)  # fmt: skip
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write [default: pipeline.yaml].")
@click.option("--name", help="Name of the run [default: the input's].")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", help="Language of comments and messages.")
@click.option("--yes", is_flag=True, help="Ask nothing: take the guesses.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@plain_errors
def init(lang: str, **given: Any) -> None:
    """Look at text, and write a commented pipeline for it; asks for what is not said.

    Example: curate init --input data/ --target minimind
    """
    from curate import first_steps

    flags = first_steps.Flags(**given, words=lang)
    for line in first_steps.init(flags, lambda told: click.echo(told, err=True)):
        click.echo(line)


@click.command()
@given.pipeline
@given.out
@given.limit
@given.variables
@plain_errors
def check(pipeline: str, out: Path | None, limit: int | None, pairs: tuple[str, ...]) -> None:
    """Check a pipeline and say what a run would do, without doing it.

    Example: curate check pipelines/skypile_small.yaml
    """
    from curate.terminal import fitted
    from curate.work.forecast import forecast

    found = forecast(given.load(pipeline, pairs), out, limit)
    size = f"{found.text_bytes / 1e6:,.1f} MB"
    inputs = f"{count(found.inputs, 'input')}, about {size} of text; {found.new_inputs} not read yet"
    click.echo(fitted(f"{found.folder}: {inputs}"))
    total = {"together": sum(found.disk.values()), "free": found.free}
    disk = [f"{folder}: about {size / 1e6:,.1f} MB" for folder, size in {**found.disk, **total}.items()]
    sections = {
        "passes": found.passes,
        "columns": found.columns,
        "rules": found.rules,
        "disk": disk,
        "notes": found.notes,
    }
    for title, lines in sections.items():
        if lines:
            click.echo("\n".join([f"\n{title}", *(fitted(f"  {line}") for line in lines)]))


@click.command()
@click.argument("name", required=False, shell_complete=completion.filters)
@plain_errors
def filters(name: str | None) -> None:
    """List filters and cleaners, or explain one: signals, parameters, rules.

    Example: curate filters quality
    """
    from curate.describe import describe_filter, list_filters
    from curate.terminal import fitted

    click.echo(fitted(describe_filter(name) if name else list_filters()))


@click.command()
def schema() -> None:
    """Print the JSON Schema of a pipeline file, so that editors complete and check.

    Example: curate schema > curate.schema.json
    """
    from curate.pipeline import json_schema

    click.echo(json.dumps(json_schema(), ensure_ascii=False, indent=1))
