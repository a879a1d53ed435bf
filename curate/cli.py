"""The commands: each calls one function of the library and prints. Data to stdout, progress and messages to stderr.

Exit codes: 0; 1 a run failed or was interrupted; 2 the pipeline or the command line is wrong.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import closing
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from curate import completion as completing

if TYPE_CHECKING:
    from curate.pipeline import Pipeline

Command = TypeVar("Command", bound=Callable[..., Any])


def _plain_errors(command: Command) -> Command:
    """Turn what can be expected to go wrong into one line and an exit code."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        from curate.errors import CurateError

        try:
            return command(*args, **kwargs)
        except CurateError as error:
            _complain(str(error), kwargs.get("pipeline"))
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            _complain("interrupted; what is finished stays, run the same command to go on")
            sys.exit(1)
        except BrokenPipeError:
            raise  # `curate show … | head`: click ends quietly
        except OSError as error:
            _complain(f"{_of_the_system(error)}; what is finished stays, run again to go on")
            sys.exit(1)

    return wrapped  # type: ignore[return-value]


def _complain(text: str, pipeline: str | None = None) -> None:
    """Say what is wrong; on a terminal with the line of the pipeline file that it is about."""
    from curate.terminal import message, width_of

    click.echo(message(f"curate: {text}", sys.stderr), err=True)
    width = width_of(sys.stderr)
    if width and pipeline:
        from curate.excerpt import excerpt

        if place := excerpt(Path(pipeline), text, width):
            click.echo(place, err=True)


def _of_the_system(error: OSError) -> str:
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror or error} ({type(error).__name__})"


def _variables(pairs: tuple[str, ...]) -> dict[str, str]:
    for pair in pairs:
        if "=" not in pair:
            raise click.BadParameter(f"expected NAME=VALUE, not {pair!r}", param_hint="--set")
    return dict(pair.split("=", 1) for pair in pairs)


def _load(path: str, pairs: tuple[str, ...]) -> Pipeline:
    """The pipeline; a variable that it does not have is an error, as what it is meant for would keep its default."""
    from curate.errors import PipelineError
    from curate.pipeline import Pipeline
    from curate.registry import nearest

    variables = _variables(pairs)
    pipeline = Pipeline.load(path, variables)
    for name in variables:
        if name not in pipeline.variables:
            raise PipelineError(f"--set {name}: no ${{{name}}} in {path}{nearest(name, pipeline.variables)}")
    return pipeline


_pipeline = click.argument("pipeline", type=click.Path(dir_okay=False))
_run = click.argument("run", type=click.Path(file_okay=False), shell_complete=completing.runs)
_out = click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Run folder [default: runs/NAME].")
_set = click.option("--set", "pairs", multiple=True, metavar="NAME=VALUE", help="Fill in ${NAME} in the pipeline.")
_limit = click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Read only the first N documents.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="curate")
def main() -> None:
    """Turn raw text corpora into tokenized shards for small-model training.

    Example: curate run pipelines/skypile_small.yaml
    """


@main.command()
@click.option("--input", "inputs", multiple=True, metavar="FILES", help="File, folder or pattern; may be repeated.")
@click.option("--text-field", metavar="FIELD", help="Field that holds the text [default: guessed].")
@click.option("--language", metavar="CODE", help="Language to keep: zh, en, … [default: the sample's].")
@click.option(
    "--target", "targets", multiple=True, metavar="NAME", shell_complete=completing.targets_and_documents,
    help="minimind, whitebox, qwen2.5-0.5b or documents; may be repeated.",
)  # fmt: skip
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write [default: pipeline.yaml].")
@click.option("--name", help="Name of the run [default: the input's].")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", help="Language of comments and messages.")
@click.option("--yes", is_flag=True, help="Ask nothing: take the guesses.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@_plain_errors
def init(lang: str, **given: Any) -> None:
    """Look at text, and write a commented pipeline for it; asks for what is not said.

    Example: curate init --input data/ --target minimind
    """
    from curate import first_steps

    flags = first_steps.Flags(**given, words=lang)
    for line in first_steps.init(flags, lambda told: click.echo(told, err=True)):
        click.echo(line)


@main.command()
@_pipeline
@_out
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Processes [default: cores, as memory allows]."
)
@_limit
@_set
@_plain_errors
def run(pipeline: str, out: Path | None, workers: int | None, limit: int | None, pairs: tuple[str, ...]) -> None:
    """Run a pipeline, or go on with a run that was stopped.

    Example: curate run pipelines/skypile_small.yaml --workers 2
    """
    from curate.progress import for_stream
    from curate.work.passes import run_pipeline

    with closing(for_stream(sys.stderr)) as progress:
        done = run_pipeline(_load(pipeline, pairs), out, workers=workers, limit=limit, progress=progress)
    from curate.report import write_report

    _print_counts(done.record)
    click.echo(f"report     {write_report(done)}")


def _print_counts(record: dict[str, Any]) -> None:
    from curate.terminal import padded

    counts, parts = record["counts"], record["parts"]
    kept, dropped, rejected = (f"{counts[name]:,} {name}" for name in ("kept", "dropped", "rejected"))
    click.echo(f"rows       {counts['documents'] + counts['rejected']:,} = {kept} + {dropped} + {rejected}")
    click.echo(f"measured   {parts['measured']:,} of {_number(parts['all'], 'part')}")
    for label, change in record["cleaned"].items():
        if change["documents"]:
            click.echo(f"cleaned    {_changed(change)} by {label}")
    for reason, number in record["dropped"].items():
        if number:
            click.echo(f"  {number:>8,}  {reason}")
    for label, change in record["cut"].items():
        click.echo(f"cut        {_changed(change)} by {label}")
    for label, output in record["outputs"].items():
        tokens = [_number(output["tokens"], "token")] if "tokens" in output else []
        written = [_number(output.get("documents", 0), "document"), *tokens, _number(output["shards"], "shard")]
        click.echo(f"{padded(label, 10)} {', '.join(written)}")


def _changed(change: dict[str, int]) -> str:
    return f"{_number(change['documents'], 'document')}, {_number(change['chars'], 'character')}"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


@main.command()
@_pipeline
@_out
@_limit
@_set
@_plain_errors
def check(pipeline: str, out: Path | None, limit: int | None, pairs: tuple[str, ...]) -> None:
    """Check a pipeline and say what a run would do, without doing it.

    Example: curate check pipelines/skypile_small.yaml
    """
    from curate.terminal import fitted
    from curate.work.forecast import forecast

    found = forecast(_load(pipeline, pairs), out, limit)
    size = f"{found.text_bytes / 1e6:,.1f} MB"
    inputs = f"{_number(found.inputs, 'input')}, about {size} of text; {found.new_inputs} not read yet"
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


@main.command()
@click.argument("name", required=False, shell_complete=completing.filters)
@_plain_errors
def filters(name: str | None) -> None:
    """List filters and cleaners, or explain one: signals, parameters, rules.

    Example: curate filters quality
    """
    from curate.describe import describe_filter, list_filters
    from curate.terminal import fitted

    click.echo(fitted(describe_filter(name) if name else list_filters()))


@main.command()
@click.argument("where", metavar="RUN_OR_SHARD", type=click.Path(), shell_complete=completing.runs)
@click.option(
    "--reason", shell_complete=completing.reasons,
    help="Only documents dropped for it, e.g. length.too_short; also `kept`, `dropped`, `rejected`.",
)  # fmt: skip
@click.option("--id", help="Only this document, whole, with all rules and signals.")
@click.option("--cluster", metavar="ID", help="The documents that are this one again: survivor, and what differs.")
@click.option(
    "--near", metavar="RULE", shell_complete=completing.rules,
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
@_plain_errors
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


@main.command()
@_run
@click.argument("what", nargs=-1, metavar="[RULE=CONDITION | RULE | SIGNAL]...", shell_complete=completing.rules)
@click.option(
    "--target-keep",
    "keep",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SHARE",
    help="Find the number of a rule that keeps so much.",
)
@click.option(
    "--by",
    type=click.Choice(["documents", "bytes", "tokens"]),
    default="documents",
    show_default=True,
    help="What --target-keep counts; above 1 it is an amount, not a share.",
)
@click.option("--number", type=click.IntRange(min=1), metavar="N", help="Which number of a rule that has several.")
@click.option("--write", type=click.Path(dir_okay=False, path_type=Path), help="Put the condition into this pipeline.")
@click.option(
    "-n",
    "samples",
    type=click.IntRange(min=0),
    metavar="N",
    default=10,
    show_default=True,
    help="Documents shown that would flip.",
)
@_plain_errors
def tune(
    run: str, what: tuple[str, ...], keep: float | None, by: Any, number: int | None, write: Path | None, samples: int
) -> None:  # fmt: skip
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


@main.command()
@_run
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="English or Chinese.")
@_plain_errors
def report(run: str, lang: str) -> None:
    """Write the report of a run again: one offline HTML page.

    Example: curate report runs/skypile_small --lang zh
    """
    from curate.report import write_report
    from curate.run import Run

    click.echo(str(write_report(Run.open(run), lang)))


@main.command()
@_run
@_plain_errors
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


@main.command()
@click.argument("run", metavar="RUN_A", type=click.Path(file_okay=False), shell_complete=completing.runs)
@click.argument("other", metavar="RUN_B", type=click.Path(file_okay=False), shell_complete=completing.runs)
@click.option(
    "-n",
    "--limit",
    "number",
    type=click.IntRange(min=0),
    metavar="N",
    default=10,
    show_default=True,
    help="Samples of each direction.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_plain_errors
def diff(run: str, other: str, number: int, as_json: bool) -> None:  # fmt: skip
    """Compare two runs over the same corpus: pipelines, verdicts that flipped by rule, tokens, samples.

    Example: curate diff runs/loose runs/strict
    """
    from curate.diff import shown
    from curate.run import Run
    from curate.shown import printable_json

    found = Run.open(run).diff(Run.open(other), samples=number)
    for line in [printable_json(found.to_json())] if as_json else shown.lines(found):
        click.echo(line)


@main.command()
@click.argument("run", required=False, type=click.Path(file_okay=False), shell_complete=completing.runs)
@click.option("--tokens", type=float, metavar="N", help="Instead of a run: so many tokens, 1.2e9 for example.")
@click.option(
    "--target", "targets", multiple=True, metavar="NAME", shell_complete=completing.targets,
    help="minimind, whitebox, qwen2.5-0.5b [default: all].",
)  # fmt: skip
@click.option(
    "--card",
    "cards",
    multiple=True,
    metavar="CARD",
    help="3060, V100 … [default: all]; your own: name=mine,tflops=20,memory=16GB.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_plain_errors
def budget(
    run: str | None, tokens: float | None, targets: tuple[str, ...], cards: tuple[str, ...], as_json: bool
) -> None:  # fmt: skip
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


@main.command()
@_run
@_plain_errors
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


@main.command()
@click.argument(
    "sources", nargs=-1, required=True, metavar="RUN_OR_INDEX...", type=click.Path(file_okay=False),
    shell_complete=completing.runs,
)  # fmt: skip
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Index to make or extend.")
@_plain_errors
def index(sources: tuple[str, ...], out: Path) -> None:
    """Keep what runs kept, with its keys, for `against` in later runs; the runs themselves may go then.

    Example: curate index runs/2026-10 runs/2026-11 --out index
    """
    from curate.indexing import index_runs
    from curate.progress import for_stream

    with closing(for_stream(sys.stderr)) as progress:
        done = index_runs(sources, out, progress)
    for one in done.taken:
        added = f"{_number(len(one.parts), 'part')} added, {_number(one.documents, 'document')}"
        instead = f"; {one.replaced} of them instead of earlier verdicts" if one.replaced else ""
        click.echo(f"{one.place}: {added}{instead}; {one.there} there already")
    size = f"{done.size / 1e6:,.1f} MB"
    click.echo(f"{out}: {_number(done.parts, 'part')}, {_number(done.documents, 'document')}, {size}")


@main.group()
def train() -> None:
    """Train what a pipeline needs, apart from a run.

    Example: curate train tokenizer runs/skypile_small --target minimind --out tokenizers/mini
    """


@train.command()
@_run
@click.option(
    "--target", required=True, metavar="NAME", shell_complete=completing.targets,
    help="minimind or whitebox: decides kind, special tokens, size.",
)  # fmt: skip
@click.option("--vocabulary", type=click.IntRange(min=512), metavar="N", help="Ids [default: the target's].")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write to.")
@_plain_errors
def tokenizer(run: str, target: str, vocabulary: int | None, out: Path) -> None:
    """Train a tokenizer on the kept text of a run, so that a changed threshold keeps the vocabulary.

    Example: curate train tokenizer runs/skypile_small --target minimind --out tokenizers/mini
    """
    from curate.run import Run
    from curate.work.write import train_tokenizer

    path = train_tokenizer(Run.open(run), target, vocabulary, out)
    click.echo(f"{path}\nuse it: - tokens: {{target: {target}, tokenizer: {path}}}")


@train.command()
@click.option("--positive", multiple=True, metavar="FILES", help="What the classifier shall find; may be repeated.")
@click.option("--negative", multiple=True, metavar="FILES", help="What it shall tell apart from that.")
@click.option("--label", "labels", multiple=True, metavar="NAME=FILES", help="Instead of both: a label and its files.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Model to write (.bin).")
@click.option("--text-field", default="text", show_default=True, help="Field that holds the text.")
@click.option(
    "--source-field", metavar="FIELD", help="Field that names the source: url, meta.site [default: the file]."
)
@click.option("--per-label", type=click.IntRange(min=50), metavar="N", help="Texts of each label at most.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the division into parts, and of the training.")
@_plain_errors
def classifier(
    positive: tuple[str, ...], negative: tuple[str, ...], labels: tuple[str, ...], out: Path,
    text_field: str, source_field: str | None, per_label: int | None, seed: int,
) -> None:  # fmt: skip
    """Train a fastText classifier on labelled files, and write its card beside it.

    Example: curate train classifier --positive good.jsonl --negative 'web/*.jsonl.zst' --out quality.bin
    """
    from curate.classifier import shown, training

    patterns = training.labelled(positive, negative, labels)
    done = training.train_classifier(
        patterns, out, positive="positive" if positive else None, text_field=text_field, source_field=source_field,
        per_label=per_label, seed=seed,
    )  # fmt: skip
    click.echo(shown.shown(done.model, done.card))


@main.command()
def schema() -> None:
    """Print the JSON Schema of a pipeline file, so that editors complete and check.

    Example: curate schema > curate.schema.json
    """
    from curate.pipeline import json_schema

    click.echo(json.dumps(json_schema(), ensure_ascii=False, indent=1))


@main.command()
@click.argument("shell", type=click.Choice(completing.SHELLS))
def completion(shell: str) -> None:
    """Print what a shell reads to complete commands, options, runs, reasons, filters and targets.

    Example: eval "$(curate completion bash)"
    """
    click.echo(completing.script(shell, main))


if __name__ == "__main__":
    main()
