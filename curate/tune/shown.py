"""Answers of `curate tune` as lines for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import click

from curate import terminal
from curate.comparisons import Comparison
from curate.contracts import ID, TEXT
from curate.numerals import count
from curate.shown import COLUMNS, printable, wrapped
from curate.tune.rules import Drops, Found, RuleTable
from curate.tune.signals import Percentile, SignalTable
from curate.tune.tables import Amount, Whole
from curate.tune.what_if import FLIP, WhatIf

VALUE_CHARS = 60
"""Characters shown of a label."""


def rules_lines(whole: Whole, drops: Sequence[Drops]) -> Iterator[str]:
    """Every rule, and what it drops."""
    rows = [[one.reason, _count(one.drops.documents), _count(one.alone.documents)] for one in drops]
    lines = _table(["rule", "drops", "alone"], rows, left=1)
    yield lines[0] + "  condition"
    for line, one in zip(lines[1:], drops, strict=True):
        yield f"{line}  {shortened(printable(one.condition), COLUMNS - len(line) - 2)}"
    kept = f"{_count(whole.kept.documents)} of {count(whole.all.documents, 'document')}"
    yield f"\n{kept} are kept. alone: those that no other rule drops."
    yield "Then: curate tune RUN RULE, curate tune RUN SIGNAL, curate tune RUN 'RULE=SQL'"


def what_if_lines(found: WhatIf) -> Iterator[str]:
    """What flips, in numbers, then some of the documents."""
    for one in found.edits:
        near = f"; did you mean {one.near!r}?" if one.near else ""
        yield one.reason + ("" if one.before is not None else f"  (a new rule{near})")
        yield from wrapped(_condition(one.before), "  now   ", " " * 8)
        yield from wrapped(_condition(one.condition), "  then  ", " " * 8)
    yield ""
    columns = (found.now, found.back, found.go, found.then)
    rows = [
        ["documents", *(_count(one.documents) for one in columns)],
        ["  of all", _share(found.now, found.whole), "", "", _share(found.then, found.whole)],
        ["bytes", *(_count(one.bytes) for one in columns)],
    ]
    for writer in found.whole.tokens_per_byte:
        rows.append([f"tokens, {writer}", *(_count(found.whole.tokens(writer, one.bytes)) for one in columns)])
    yield from _table(["before duplicates", "kept now", "come back", "go", "kept then"], rows, left=1)
    yield ""
    yield from _doubts(found)
    flips = found.back.documents + found.go.documents
    if not flips:
        yield "No document flips."
    elif found.flips.height:
        yield f"\n{_count(found.flips.height)} of {_count(flips)} flip{'' if flips == 1 else 's'}:"
        yield from _flips(found)


def _doubts(found: WhatIf) -> Iterator[str]:
    yield from _tokens_are_estimated(found.whole)
    yield from _duplicates_are_left_out(found.compared_by)
    if found.never_compared == 1:
        yield "The one that comes back was never compared with others: it may be a duplicate."
    elif found.never_compared:
        were = f"The {_count(found.never_compared)} that come back were"
        yield from wrapped(f"{were} never compared with others: some may be duplicates.", later="")
    if found.go_as_duplicates:
        yield f"Of those that go, dropped as duplicates anyway: {_count(found.go_as_duplicates)}."
    if found.stand_for_others:
        yield from wrapped(
            f"Of those that go, standing for a cluster each: {_count(found.stand_for_others)}; another document of it "
            "may be kept instead.",
            later="",
        )


def _flips(found: WhatIf) -> Iterator[str]:
    signals = [name for name in found.flips.columns if name not in (ID, FLIP, TEXT)]
    for row in found.flips.iter_rows(named=True):
        flip = click.style("comes back", fg="green") if row[FLIP] == "back" else click.style("goes", fg="red")
        yield f"── {printable(row[ID])}  {flip}"
        yield from wrapped(", ".join(f"{name} = {_value(row[name])}" for name in signals), "   ")
        yield f"   {head(row[TEXT], COLUMNS - 3)}"


def rule_lines(found: RuleTable) -> Iterator[str]:
    """A rule, and tables of its numbers."""
    yield from wrapped(printable(f"{found.reason}: {found.condition}"), "", "  ")
    alone = f"{_count(found.alone.documents)} of them alone ({_count(found.alone.bytes)} bytes)"
    yield f"drops {count(found.drops.documents, 'document')} ({_count(found.drops.bytes)} bytes), {alone}"
    if not found.numbers:
        yield "No number in it can be moved; try another condition: RULE='CONDITION'"
    for place, number in enumerate(found.numbers):
        if place in found.steps or not place:
            yield ""
        yield f"number {place + 1}: {around(number, COLUMNS - 10)}"
        if place in found.steps:
            yield from _steps(found, place)
    if len(found.steps) < len(found.numbers):
        yield "\nWhat others in the place of one would keep: --number N"
    if found.steps:
        yield ""
        yield from _tokens_are_estimated(found.whole)
        yield from _duplicates_are_left_out(found.compared_by)


def around(number: Comparison, columns: int) -> str:
    """The number in brackets, and what stands around it."""
    room = (columns - 4 - len(number.text)) // 2
    before, after = number.condition[: number.start], number.condition[number.stop :]
    left = before if len(before) <= room else "…" + before[len(before) - room + 1 :]
    return printable(f"{left}[{number.text}]{shortened(after, room)}")


def _steps(found: RuleTable, place: int) -> Iterator[str]:
    writers = list(found.whole.tokens_per_byte)
    rows = []
    for step in found.steps[place]:
        change = step.kept.documents - found.now.documents
        is_now = step.number == found.numbers[place].text
        tokens = [_count(found.whole.tokens(writer, step.kept.bytes)) for writer in writers]
        changed = "now" if is_now else f"{change:+,}"
        rows.append([step.number, _count(step.kept.documents), changed, _count(step.kept.bytes), *tokens])
    if len(rows) == 1:
        yield "No document flips, whatever the number is: other numbers or rules decide."
        return
    yield from _table(["number", "documents kept", "change", "bytes", *writers], rows)


def found_lines(found: Found) -> Iterator[str]:
    """A number that was looked for."""
    measure = "documents" if found.by == "documents" else "bytes"
    rate = 1.0 if found.by != "tokens" else next(iter(found.whole.tokens_per_byte.values()))
    kept, now, every = (getattr(amount, measure) * rate for amount in (found.kept, found.now, found.whole.all))
    yield f"{found.number.text} -> {found.better} keeps {kept:,.0f} of {every:,.0f} {found.by} ({kept / every:.4f});"
    yield f"wanted: {found.wanted:,.0f} ({found.wanted / every:.4f}); now: {now:,.0f} ({now / every:.4f})\n"


def signal_lines(found: SignalTable) -> Iterator[str]:
    """A signal: its percentiles and what cuts would keep, or its values."""
    yield f"{found.signal}: {found.dtype}, measured by {found.measured_by}"
    for reason, condition in found.rules.items():
        yield from wrapped(printable(f"{reason}: {condition}"), "  ", "    ")
    free = f"{count(found.free.documents, 'document')} that no other rule drops"
    yield f"{count(found.whole.all.documents, 'document')}; {free}" + (
        f"; {_count(found.without_value.documents)} without a value" if found.without_value.documents else ""
    )
    if found.percentiles:
        for side in ("below", "above"):
            if side in found.drops:
                yield ""
                yield from _percentiles(found, side)
    elif found.values:
        yield ""
        yield from _values(found)
    yield ""
    yield from _tokens_are_estimated(found.whole)
    yield from _duplicates_are_left_out(found.compared_by)


def _percentiles(found: SignalTable, side: str) -> Iterator[str]:
    writers = list(found.whole.tokens_per_byte)
    sign = "<" if side == "below" else ">"
    rows = []
    for one in found.percentiles:
        kept = one.kept_if_below_goes if side == "below" else one.kept_if_above_goes
        shares = [_share(kept, found.whole), _percent(kept.bytes, found.whole.all.bytes)]
        tokens = [_count(found.whole.tokens(writer, kept.bytes)) for writer in writers]
        rows.append([_percent_name(one), _number(one.of_all, found), _number(one.of_free, found), *shares, *tokens])
    yield from _table(["percent", "all", "other", "documents", "bytes", *writers], rows)
    yield from wrapped("all, other: percentiles of all documents, and of those that no other rule drops.", later="")
    cut = f"{found.signal} {sign} NUMBER"
    yield from wrapped(f"documents, bytes: what is kept of all if {cut} goes, NUMBER out of `other`.", later="")


def _percent_name(one: Percentile) -> str:
    return {0: "min", 100: "max"}.get(one.percent, str(one.percent))


def _number(value: float | None, found: SignalTable) -> str:
    if value is None:
        return "-"
    return str(int(value)) if found.dtype == "Int64" else f"{value:.6g}"


def _values(found: SignalTable) -> Iterator[str]:
    rows = [
        [
            "null" if one.value is None else _value(one.value), _count(one.all.documents), _count(one.all.bytes),
            _count(one.free.documents), _count(one.free.bytes),
        ]
        for one in found.values
    ]  # fmt: skip
    yield from _table(["value", "documents", "bytes", "other", "their bytes"], rows, left=1)
    if found.more_values:
        yield f"and {_count(found.more_values)} more values"
    yield "other: documents that no other rule drops"


# Words and columns.


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], left: int = 0) -> list[str]:
    """Lines of columns, the first `left` of them flush left."""
    return terminal.table([heads, *rows], numbers=range(left, len(heads)))


def head(text: str, width: int) -> str:
    """The beginning of a text on one line of so many columns."""
    return terminal.shortened(printable(terminal.plain(text)[: width + 1]), width)


def _tokens_are_estimated(whole: Whole) -> list[str]:
    if not whole.tokens_per_byte:
        return []
    rates = [f"{writer} {1 / rate:.2f}" for writer, rate in whole.tokens_per_byte.items()]
    return wrapped(f"Tokens are estimated; bytes of kept text a token: {', '.join(rates)}.", later="")


def _duplicates_are_left_out(compared_by: Sequence[str]) -> list[str]:
    names = ", ".join(compared_by)
    return wrapped(f"Duplicates ({names}) are left out: they count as kept.", later="") if names else []


def _condition(condition: str | None) -> str:
    return "off" if condition is None else printable(condition)


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return shortened(printable(str(value)).replace("\n", "↵"), VALUE_CHARS)


def shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: max(most - 1, 0)] + "…"


def _count(number: int) -> str:
    return f"{number:,}"


def _share(amount: Amount, whole: Whole) -> str:
    return _percent(amount.documents, whole.all.documents)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "-"
