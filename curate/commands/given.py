"""What several commands are given: a pipeline, a run, options."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from curate import completion

if TYPE_CHECKING:
    from curate.pipeline import Pipeline


pipeline = click.argument("pipeline", type=click.Path(dir_okay=False))
run = click.argument("run", type=click.Path(file_okay=False), shell_complete=completion.runs)
out = click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Run folder [default: runs/NAME].")
variables = click.option("--set", "pairs", multiple=True, metavar="NAME=VALUE", help="Fill in ${NAME} in the pipeline.")
limit = click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Read only the first N documents.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def load(path: str, pairs: tuple[str, ...]) -> Pipeline:
    """The pipeline; a variable that it does not have is an error, as what it is meant for would keep its default."""
    from curate.errors import PipelineError
    from curate.pipeline import Pipeline
    from curate.registry import nearest

    filled = _pairs(pairs)
    loaded = Pipeline.load(path, filled)
    for name in filled:
        if name not in loaded.variables:
            raise PipelineError(f"--set {name}: no ${{{name}}} in {path}{nearest(name, loaded.variables)}")
    return loaded


def _pairs(pairs: tuple[str, ...]) -> dict[str, str]:
    for pair in pairs:
        if "=" not in pair:
            raise click.BadParameter(f"expected NAME=VALUE, not {pair!r}", param_hint="--set")
    return dict(pair.split("=", 1) for pair in pairs)
