"""A difference as lines for a terminal of 80 columns; colours are left out by `click.echo` where it is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from curate.diff import Difference
from curate.diff.flips import DROPPED, Flips
from curate.diff.pipelines import Change
from curate.diff.samples import Measured, Sample, samples_of
from curate.numerals import count, size
from curate.shown import COLUMNS, printable
from curate.terminal import columns, wrapped

TEXT_COLUMNS = 2 * (COLUMNS - 3)
"""Of a text that is shown: two lines."""
OLD, NEW = "red", "green"
"""Colours of what only A has, and of what only B has."""


def lines(difference: Difference) -> Iterator[str]:
    """What `curate diff` prints."""
    for letter, run in zip("AB", difference.runs, strict=True):
        yield f"{letter}  {printable(str(run.folder))}  ({run.pipeline.name})"
    yield ""
    yield from _outline(difference)
    yield ""
    yield from _matched(difference)
    yield "\npipeline"
    yield from _changes(difference)
    yield ""
    yield from _verdicts(difference)
    for sample in samples_of(difference):
        yield ""
        yield from _sample(sample)


def _outline(difference: Difference) -> Iterator[str]:
    one, other = (run.record for run in difference.runs)
    rows: list[tuple[str, int | None, int | None]] = [
        (name, one["counts"][name], other["counts"][name]) for name in ("documents", "kept", "dropped", "rejected")
    ]
    for label in dict.fromkeys([*one["outputs"], *other["outputs"]]):
        tokens = [record["outputs"].get(label, {}).get("tokens") for record in (one, other)]
        if any(number is not None for number in tokens):
            rows.append((f"tokens of {label}", *tokens))
    width = max(20, *(len(name) for name, *_ in rows))
    yield f"{'':<{width}}  {'A':>15}  {'B':>15}"
    for name, was, now in rows:
        more = _change(was, now) if name.startswith("tokens") else _more(was, now)
        yield f"{name:<{width}}  {_count(was):>15}  {_count(now):>15}  {more}".rstrip()
    sizes = difference.kept_bytes
    yield f"{'text kept':<{width}}  {size(sizes[0]):>15}  {size(sizes[1]):>15}  {_change(*sizes)}".rstrip()


def _more(was: int | None, now: int | None) -> str:
    return "" if was is None or now is None or was == now else f"{now - was:+,}"


def _change(was: int | None, now: int | None) -> str:
    if not was or now is None or was == now:
        return ""
    percent = 100 * (now - was) / was
    return f"{percent:+.1f} %" if abs(percent) >= 0.05 else _more(was, now)


def _matched(difference: Difference) -> Iterator[str]:
    only = [f"{number:,} only in {run}" for number, run in zip(difference.only, "AB", strict=True) if number]
    beside = f"; {', '.join(only)}: not compared" if only else ""
    yield f"{count(difference.matched, 'document')} in both{beside}"
    if difference.resized:
        yield f"{count(difference.resized, 'document')} with a text of another size"


def _changes(difference: Difference) -> Iterator[str]:
    if not difference.changes:
        yield "  the same"
    for change in difference.changes:
        yield from _told(change)
    if any(change.where.startswith("tokenizer of ") for change in difference.changes):
        yield "  Tokens of different tokenizers compare roughly: see text kept."


def _told(change: Change) -> Iterator[str]:
    where = printable(change.where)
    was, now = (None if value is None else printable(value).replace("\n", " ") for value in change[1:])
    if "there" in (was, now) and None in (was, now):
        sign, colour, only = ("-", OLD, "A") if now is None else ("+", NEW, "B")
        yield click.style(f"  {sign} {where}, only in {only}", fg=colour)
        return
    short = f"  {where}: {was} → {now}"
    if was is not None and now is not None and not where.startswith("rule ") and columns(short) <= COLUMNS:
        yield short
        return
    only = f", only in {'B' if was is None else 'A'}" if None in (was, now) else ""
    yield f"  {where}{only}"
    for sign, value, colour in (("-", was, OLD), ("+", now, NEW)):
        if value is not None:
            yield click.style(_wrapped(f"    {sign} ", value), fg=colour)


def _wrapped(before: str, text: str) -> str:
    return wrapped(text, COLUMNS, " " * len(before), first=before)


def _verdicts(difference: Difference) -> Iterator[str]:
    yield from _flips("kept → dropped", OLD, "rule of B", difference.dropped)
    yield from _flips("dropped → kept", NEW, "rule of A", difference.kept)
    if difference.exchanged:
        exchanged = count(difference.exchanged, "document")
        yield f"exchanged: {exchanged} for a copy that B keeps instead; no text is lost by it"
    if difference.other_survivor:
        yield f"copies of another survivor: {count(difference.other_survivor, 'document')} dropped by both"
    if difference.still_dropped:
        yield f"dropped by both for other reasons: {count(difference.still_dropped, 'document')}"
        signed = (("-", OLD, difference.reasons_gone), ("+", NEW, difference.reasons_added))
        for sign, colour, reasons in signed:
            for name, number in reasons.items():
                yield click.style(f"  {sign + f'{number:,}':>9}  {name}", fg=colour)


def _flips(way: str, colour: str, heading: str, flips: Flips) -> Iterator[str]:
    text = f", {size(flips.bytes)} of text" if flips.documents else ""
    yield click.style(f"{way}: {count(flips.documents, 'document')}{text}", fg=colour, bold=True)
    if not flips.reasons:
        return
    yield f"  {'documents':>9}  {'alone':>9}  {'first':>9}  {heading}"
    for name, reason in sorted(flips.reasons.items(), key=lambda item: -item[1].documents):
        yield f"  {reason.documents:>9,}  {reason.alone:>9,}  {reason.first:>9,}  {name}"


def _sample(sample: Sample) -> Iterator[str]:
    way, colour = ("kept → dropped", OLD) if sample.now == DROPPED else ("dropped → kept", NEW)
    yield f"── {printable(sample.id)}"
    yield click.style(_wrapped("   ", f"{way}: {', '.join(sample.reasons)}"), fg=colour)
    if sample.survivor is not None:
        yield f"   a copy of {printable(sample.survivor)}"
    if sample.signals:
        yield _wrapped("   ", "; ".join(map(_signal, sample.signals)))
    for line in _lines(printable(sample.text).replace("\n", "↵").replace("\t", " ")):
        yield f"   {line}"


def _signal(measured: Measured) -> str:
    name, was, now = measured
    if was == now or was is None or now is None:
        return f"{name} = {_value(was if now is None else now)}"
    return f"{name} = {_value(was)} → {_value(now)}"


def _value(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else printable(str(value))[:40]


# Text and numbers.


def _lines(text: str) -> list[str]:
    """The first `TEXT_COLUMNS` columns of a text, in lines of half of them."""
    found, used = [""], 0
    for place, char in enumerate(text):
        used += columns(char)
        if used > TEXT_COLUMNS // 2:
            if len(found) == 2:
                return [found[0], found[1][:-1] + "…"]
            found.append("")
            used = columns(char)
        found[-1] += char
        if place > TEXT_COLUMNS:
            break
    return found


def _count(number: int | None) -> str:
    return "–" if number is None else f"{number:,}"
