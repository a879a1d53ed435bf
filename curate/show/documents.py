"""Documents of a run as lines for a terminal: with why they were dropped, and what counts in them highlighted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

import polars as pl

from curate import chosen, judge, why
from curate.comparisons import Comparison
from curate.contracts import ID, TEXT
from curate.cuts import LISTED
from curate.errors import CurateError
from curate.evidence import Evidence
from curate.run import Run
from curate.show import marks
from curate.show.clusters import TEXT_CHARS, survivor_of
from curate.show.marks import Legend
from curate.shown import fold, folded, in_columns, printable, printable_json, shortened, table, wrapped

MOST_SENTENCES = 3
"""Rules told of a document that is one of several."""
CONDITION_CHARS = 80
"""Characters shown of the condition of a rule that did not fire."""
AROUND_CHARS = 50
"""Characters of a condition shown before a number that what is computed is compared with."""
VALUE_CHARS = 200
"""Characters shown of a label."""


def rejected_lines(run: Run, most: int) -> Iterator[str]:
    """Rows that could not be read, as JSON."""
    return (printable_json(row) for row in islice(run.rejected(), most))


def document_lines(run: Run, found: pl.DataFrame, reason: str | None, in_colour: bool) -> Iterator[str]:
    """Several documents: verdict, why, and an excerpt around what counts for `reason` (by default, for all they
    break)."""
    rows = found.to_dicts()
    broken = why.broken_rules(run.pipeline.filters, run.signal_types(), rows)
    asked = [[reason] if reason in run.reasons() else [one.reason for one in own] for own in broken]
    read = {tuple(own): marks.read_by(run, own) for own in asked}
    signals = {name for names in read.values() for name in names}
    every = marks.evidence_of(run, found, signals)
    spans = [[one for one in own if one.signal in read[tuple(names)]] for own, names in zip(every, asked, strict=True)]
    legend = Legend.of(spans, chain(*read.values()), in_colour)
    if reason is not None:
        yield from legend.lines()
    for row, own_rules, names, own in zip(rows, broken, asked, spans, strict=True):
        # That it is a copy, and of what, stands in the head.
        rules = [one for one in own_rules if one.copy_of is None]
        told = [one for one in rules if one.reason == reason] or ([] if row.get(str(reason)) else rules)
        yield "\n".join(_head(run, row, own_rules) + _sentences(told, len(rules) - len(told)))
        if reason is None:
            legend = Legend.of([own], read[tuple(names)], in_colour)
            yield from legend.lines()
        yield "\n".join(_excerpt(row, own, legend)) + "\n"


def near_lines(run: Run, reason: str, most: int, in_colour: bool) -> Iterator[str]:
    """The documents nearest to each number of a rule, just kept and just dropped by turns. Raises: CurateError."""
    found = run.near(reason, most)
    numbers = chosen.numbers_of(run, reason)
    signals = set(marks.read_by(run, [reason]))
    spans = marks.evidence_of(run, found, signals) if found.height else []
    legend = Legend.of(spans, sorted(signals), in_colour)
    yield from folded(f"{reason} drops when {numbers[0].condition}", "", "   ")
    yield from folded("Nearest to it, of documents that no other row rule drops (before duplicates):")
    yield from legend.lines()
    rows = list(zip(found.iter_rows(named=True), spans, strict=True))
    for place, one in enumerate(numbers):
        own = [(row, own_spans) for row, own_spans in rows if row[chosen.COMPARISON] == place]
        yield "\n" + "\n".join(folded(f"{_compared(one)}{_sides(own, reason, most)}"))
        for row, own_spans in own:
            yield "\n".join(_border(row, reason, one.signal)) + "\n" + "\n".join(_excerpt(row, own_spans, legend))
            yield ""


def _compared(one: Comparison) -> str:
    """A comparison, as a signal or as the condition has it."""
    if one.signal is not None:
        return f"{one.signal} {one.operator} {one.text}"
    return shortened("…" + one.condition[max(one.start - AROUND_CHARS, 0) : one.stop], 2 * AROUND_CHARS)


def _sides(rows: Sequence[tuple[Mapping[str, Any], Any]], reason: str, most: int) -> str:
    """What to say when a side of a number is empty."""
    drops = {bool(row[reason]) for row, _ in rows}
    if not drops:
        return ": decides on no document"
    if len(drops) == 2 or most == 1:
        return ""
    return f": no document is {'kept' if drops == {True} else 'dropped'} by it alone"


def _border(row: Mapping[str, Any], reason: str, signal: str | None) -> list[str]:
    verdict = "just dropped" if row[reason] else "just kept"
    side = "above" if row[chosen.QUANTITY] > float(row[chosen.NUMBER]) else "below"
    distance = f"{row[chosen.DISTANCE]:.4g} {side}" if row[chosen.DISTANCE] else "the number itself"
    value = f"{signal or 'value'} = {row[chosen.QUANTITY]:.6g}, {distance}"
    duplicate = "" if row[reason] or row[judge.KEPT] else f" (dropped as a duplicate of {survivor_of(row)})"
    return wrapped(f"── {row[ID]}  {verdict}: {value}{duplicate}")


def _head(run: Run, row: Mapping[str, Any], broken: Sequence[why.Broken]) -> list[str]:
    verdict = "kept" if row["kept"] else "dropped: " + ", ".join(one.reason for one in broken)
    head = wrapped(f"── {row[ID]}  {verdict}")
    if row[judge.DUPLICATE_OF] is not None:
        head += wrapped(f"duplicate of {survivor_of(row)}{_in_cluster(run, row)}", "   ", "     ")
    return head


def _sentences(broken: Sequence[why.Broken], others: int = 0) -> list[str]:
    told = why.sentences(broken[:MOST_SENTENCES]) if broken else []
    more = others + max(len(broken) - MOST_SENTENCES, 0)
    told += [f"and by {more} more rule{'' if more == 1 else 's'}; --id shows all"] if more else []
    return [line for sentence in told for line in wrapped(sentence, "   ", "     ")]


def _excerpt(row: Mapping[str, Any], spans: Sequence[Evidence], legend: Legend) -> list[str]:
    return fold(legend.pieces(*marks.excerpt(row[TEXT], spans, row.get(LISTED) or [], TEXT_CHARS)))


def _in_cluster(run: Run, row: Mapping[str, Any]) -> str:
    """Size of the cluster, and similarity with the survivor, as the filter found them that joined the two."""
    label = _joined_by(run, row)
    size, similarity = row.get(f"{label}_cluster_size"), row.get(f"{label}_similarity")
    told = [f"a cluster of {size:,}"] if size is not None else []
    told += [f"similarity {similarity:.3f}"] if similarity is not None else []
    return f"  ({', '.join(told)})" if told else ""


def _joined_by(run: Run, row: Mapping[str, Any]) -> str | None:
    """The filter that dropped a document for another one, else the first that found it in a cluster."""
    labels = [line.label for line in run.plan.corpus_filters]
    drops = (one.rpartition(".")[0] for one in run.reasons() if row[one] and one.rpartition(".")[0] in labels)
    return next(chain(drops, (label for label in labels if row[f"{label}_cluster"] is not None)), None)


# One document, whole.


def whole_lines(run: Run, found: pl.DataFrame, in_colour: bool) -> Iterator[str]:
    """Documents of one id: why, every rule with the values it saw, every signal, and the whole text."""
    rows = found.to_dicts()
    spans = marks.evidence_of(run, found)
    for row, own, broken in zip(
        rows, spans, why.broken_rules(run.pipeline.filters, run.signal_types(), rows), strict=True
    ):
        legend = Legend.of([own], marks.read_by(run, (one.reason for one in broken)), in_colour)
        yield "\n".join(
            [*_head(run, row, broken), *(line for one in why.sentences(broken) for line in wrapped(one, later=""))]
        )
        yield "\nrules"
        yield "\n".join(_rules(run, row))
        yield "\nsignals"
        aside = {ID, TEXT, judge.KEPT, judge.DUPLICATE_OF, LISTED, *run.reasons()}
        facts = [f"{name} = {_value(value)}" for name, value in row.items() if name not in aside]
        yield "\n".join(in_columns(facts, "  "))
        yield "\ntext" + (", ⟦ ⟧ around what the shards leave out" if row.get(LISTED) else "")
        yield from legend.lines()
        yield "\n".join(fold(legend.pieces(row[TEXT], own, row.get(LISTED) or []))) + "\n"


def _rules(run: Run, row: Mapping[str, Any]) -> list[str]:
    """Every rule of the run: whether it fired, its condition, the values that it saw."""
    compiled = {rule.reason: rule for rule in judge.compile_rules(run.pipeline.filters, run.signal_types())}
    rows = []
    for line in run.pipeline.filters:
        for name, condition in judge.merged(line.step).items():
            reason = f"{line.label}.{name}"
            read = compiled[reason].expression.meta.root_names() if reason in compiled else []
            seen = [f"{one} = {_seen(row.get(one), reason, condition)}" for one in dict.fromkeys(read)]
            told = condition.strip() if row[reason] else shortened(condition.strip(), CONDITION_CHARS)
            rows.append(["drops" if row[reason] else "-", reason, told + (f"  [{', '.join(seen)}]" if seen else "")])
    return table(["fired", "rule", "drops when  [saw]"], rows, "  ")


def _seen(value: Any, reason: str, condition: str) -> str:
    return "null" if value is None else printable(why.shown_value(value, why.Broken(reason, condition)))


def _value(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else "null" if value is None else str(value)
    return shortened(text, VALUE_CHARS).replace("\n", "↵")


def one_document(run: Run, reason: str | None, id: str) -> pl.DataFrame:
    """The documents of an id. Raises: CurateError when there is none."""
    found = run.documents(reason, id=id)
    if found.is_empty():
        so = f" and the verdict {reason}" if reason else ""
        raise CurateError(
            f"{run.folder}: no document has the id {id!r}{so}; `curate show {run.folder}` prints some with theirs"
        )
    return found
