"""Budgets as lines for a terminal of 80 columns, rounded as far as they are known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from curate.budget import LEAST, MOST, USEFUL_EPOCHS, Budget
from curate.budget.training import CONTEXT_BYTES, USABLE, Estimate
from curate.numerals import about, count, two_digits
from curate.shown import printable

_UNITS = (("s", 1 / 3600, 2 / 60), ("min", 1 / 60, 2.0), ("h", 1.0, 72.0), ("days", 24.0, float("inf")))
"""Name, hours in one, and up to how many hours it is used."""


def lines(budgets: Sequence[Budget]) -> Iterator[str]:
    """What `curate budget` prints."""
    for budget in budgets:
        yield from _one(budget)
        yield ""
    yield from _assumptions(budgets)


def _one(budget: Budget) -> Iterator[str]:
    model, corpus = budget.model, budget.corpus
    yield f"{model.target}: {model.name}, {about(model.parameters)} parameters with {model.vocabulary:,} ids"
    padding = "" if not corpus.padding else f", {100 * corpus.padding:.0f} % padding"
    padding = ", taken to be full" if corpus.padding is None else padding
    kind = "rows" if model.counts == "rows" else "windows"
    length = model.sequence_length
    yield f"  an epoch   {corpus.tokens:,} tokens: {corpus.samples:,} {kind} of {length}{padding}"
    yield from (f"  {line}" for line in _wanted(budget))
    yield f"  its own    {model.own}"
    yield ""
    yield from (f"  {line}" for line in _table(budget))
    yield from _commands(budget)


def _wanted(budget: Budget) -> Iterator[str]:
    wanted = about(budget.wanted_tokens)
    if budget.model.continued:
        yield f"20 N       {wanted} tokens, which only training from scratch asks for"
        return
    epochs = budget.epochs_wanted
    if epochs <= 1:
        yield f"20 N       {wanted} tokens (20 a parameter): one epoch is {two_digits(1 / epochs)} times that"
        return
    yield f"20 N       {wanted} tokens (20 a parameter) would be {two_digits(epochs)} epochs of this"
    if epochs > USEFUL_EPOCHS:
        share = f"{two_digits(100 * USEFUL_EPOCHS / epochs)} % of 20 N"
        yield f"train      {USEFUL_EPOCHS} epochs, {share}; further repeats add little"
    else:
        yield f"train      {count(budget.epochs, 'epoch')}, about 20 N"


def _table(budget: Budget) -> Iterator[str]:
    several = [f"{budget.epochs} epochs"] if budget.epochs > 1 else []
    last = "method" if budget.model.continued else "20 N"
    heads = ["card", "type", "memory", "batch", "steps", "an epoch", *several, last]
    rows = [_cells(budget, one) for one in budget.estimates]
    columns = zip(heads, *(row for row in rows if len(row) == len(heads)), strict=True)
    widths = [max(map(len, column)) for column in columns]
    for row in [heads, *rows]:
        padded = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False))
        yield "  ".join(padded).rstrip()


def _cells(budget: Budget, one: Estimate) -> list[str]:
    name, precision = printable(one.card.name), one.card.precision.replace("bfloat", "bf").replace("float", "fp")
    if one.method is None:
        return [name, precision, f"does not fit: {_gigabytes(one.memory_bytes)}, it has {one.card.memory_gib:g} GiB"]
    hours, method = one.hours_per_epoch, one.method.name
    return [
        name,
        precision,
        _gigabytes(one.memory_bytes),
        f"{one.batch} x {one.accumulation}",
        f"{one.steps(budget.epochs):,}",
        duration(hours),
        *([duration(hours * budget.epochs)] if budget.epochs > 1 else []),
        method if budget.model.continued else duration(hours * budget.epochs_wanted),
    ]


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:.1f} GB"


def _commands(budget: Budget) -> Iterator[str]:
    """What to type, once for all cards that are given the same."""
    groups: dict[str, list[str]] = {}
    for one in budget.estimates:
        if one.method is not None:
            groups.setdefault(_command(budget, one), []).append(printable(one.card.name))
    for command, names in groups.items():
        yield f"  {', '.join(names)}:"
        yield from (f"    {line}" for line in command.splitlines())


def _command(budget: Budget, one: Estimate) -> str:
    model, precision = budget.model, one.card.precision
    typed = model.command.format(
        epochs=budget.epochs, batch=one.batch, accumulation=one.accumulation, length=model.sequence_length,
        vocabulary=model.vocabulary, steps=one.steps(budget.epochs), precision=precision,
        dtype=model.dtype.get(precision, ""),
    )  # fmt: skip
    by_hand = model.by_hand.get(precision)
    return f"{typed}\n{by_hand}" if by_hand else typed


def _assumptions(budgets: Sequence[Budget]) -> Iterator[str]:
    cards = {one.card.name: one.card for budget in budgets for one in budget.estimates}
    yield f"Estimates, nothing was measured. Hours: x{LEAST} to x{MOST} of"
    yield "  positions x (6 N + 12 L d T) / (peak x share x efficiency)"
    yield "  N parameters, L layers, d width, T length; checkpointing x4/3, LoRA x2/3"
    yield from (
        f"  {printable(name)}: {card.tflops:g} TFLOPS in {card.precision}, share {card.mfu:g}"
        for name, card in cards.items()
    )
    for model in (budget.model for budget in budgets if budget.model.efficiency < 1):
        yield f"  {model.name}: efficiency {model.efficiency:g}, too small to keep a card busy;"
        yield "    set by a 3060, faster cards gain less than told"
    yield "Memory: AdamW in mixed precision, V ids:"
    yield f"  16 N + batch x T x (34 L d + 10 V) + {CONTEXT_BYTES / 1e9:g} GB; float32: 68 L d + 12 V"
    yield f"  8-bit Adam: 10 N, LoRA: 2 N; {100 * USABLE:.0f} % of a card is taken to be usable"
    yield "Steps: of all epochs told. Batch: samples at a time x accumulation."
    yield f"{USEFUL_EPOCHS} epochs: Muennighoff et al. 2023, arXiv 2305.16264. 20 N: Hoffmann et al. 2022."
    for wheel in sorted({card.wheel for card in cards.values() if card.wheel}):
        names = ", ".join(name for name, card in cards.items() if card.wheel == wheel)
        yield f"{names}: recent builds of PyTorch leave them out, take one for {wheel}."


def duration(hours: float) -> str:
    """The range of a time, in the unit that fits: `27-66 h`."""
    low, high = hours * LEAST, hours * MOST
    name, size = next((name, size) for name, size, upto in _UNITS if high <= upto)
    if high / size < 1:
        return f"under 1 {name}"
    return f"{two_digits(low / size)}-{two_digits(high / size)} {name}"
