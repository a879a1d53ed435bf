"""Commands that train what a pipeline needs: train tokenizer, train classifier."""

from __future__ import annotations

from pathlib import Path

import click

from curate import completion
from curate.commands import given
from curate.commands.plain_errors import plain_errors


@click.group()
def train() -> None:
    """Train what a pipeline needs, apart from a run.

    Example: curate train tokenizer runs/skypile_small --target minimind --out tokenizers/mini
    """


@train.command()
@given.run
@click.option(
    "--target", required=True, metavar="NAME", shell_complete=completion.targets,
    help="minimind or whitebox: decides kind, special tokens, size.",
)  # fmt: skip
@click.option("--vocabulary", type=click.IntRange(min=512), metavar="N", help="Ids [default: the target's].")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write to.")
@plain_errors
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
@plain_errors
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
