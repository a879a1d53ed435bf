"""How a pipeline, a run and verdicts look in a notebook: tables, small histograms, samples that were dropped.

HTML without a script, styled under a class of its own, in colours that are read on light and dark paper alike; where a
viewer strips styles and drawings (GitHub), the tables still say it. All text is escaped. A run of many documents is
counted whole, but drawn and sampled from its first ones, and says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from curate import evidence, judge
from curate.contracts import ID, SOURCE, TEXT, Filter, Line
from curate.errors import CurateError
from curate.pipeline import Pipeline
from curate.report.markup import Content, Markup, element, escape, number, share, shortened
from curate.report.parts import bar, code, name
from curate.report.sparks import histogram_card, values_card
from curate.report.thresholds import Threshold, thresholds
from curate.report.wording import Wording, wording
from curate.run import Run
from curate.stats import Histogram, Values
from curate.verdicts import Verdicts, tally
from curate.why import condition_in

MOST_DRAWN = 200_000
"""Documents of a run from which histograms are drawn and samples chosen."""
MOST_CARDS = 8
MOST_REASONS = 6
"""Reasons of which a sample is shown."""
MOST_RULES = 40
MOST_SENTENCES = 3
CONDITION_CHARS = 120
SENTENCE_CHARS = 240
TEXT_CHARS = 160


def show(kind: str, value: Any, language: str) -> str:
    """A pipeline, a run or verdicts as HTML."""
    return element("div", element("style", _style()), _DRAWN[kind](wording(language), value), class_="curate-shown")


@cache
def _style() -> Markup:
    return Markup(Path(__file__).with_name("notebook.css").read_text(encoding="utf-8"))


def _table(heads: Sequence[tuple[Content, str | None]], rows: Iterable[Markup]) -> Markup:
    head = element("tr", [element("th", text, class_=kind, scope="col") for text, kind in heads])
    return element("table", element("thead", head), element("tbody", rows))


def _row(*cells: tuple[Content, str | None], class_: str | None = None) -> Markup:
    return element("tr", [element("td", content, class_=kind) for content, kind in cells], class_=class_)


# Pipeline.


def _pipeline(say: Wording, pipeline: Pipeline) -> Content:
    sections: list[tuple[Markup, tuple[Line[Any], ...]]] = [
        (say("read"), pipeline.read), (say("clean"), pipeline.clean), (say("filter"), pipeline.filters),
        (say("write"), pipeline.write),
    ]  # fmt: skip
    rows = [
        _row(
            (title if not place else "", "quiet word"),
            (element("b", name(line.label)), "word"),
            (_told(say, line), None),
        )
        for title, lines in sections
        for place, line in enumerate(lines)
    ]
    heads: list[tuple[Content, str | None]] = [("", None), (say("step"), None), (say("parameters and rules"), None)]
    return [
        element("div", name(pipeline.name), class_="title"),
        element("div", say("A filter drops a document when the condition of one of its rules holds."), class_="note"),
        _table(heads, rows),
    ]


def _told(say: Wording, line: Line[Any]) -> Content:
    """Parameters that the pipeline gives, and rules."""
    given = line.step.model_dump(mode="json", exclude_unset=True, exclude={"drop", "name"})
    told = [element("div", name(key), " = ", code(_value(value)), class_="rule") for key, value in given.items()]
    if not isinstance(line.step, Filter):
        return told
    rules = judge.merged(line.step)
    shown = list(rules.items())[:MOST_RULES]
    told += [
        element("div", name(rule), ": ", code(condition_in(say.language, condition), CONDITION_CHARS), class_="rule")
        for rule, condition in shown
    ]
    if len(rules) > len(shown):
        told.append(say("and {n} more rules", n=number(len(rules) - len(shown))))
    off = [rule for rule in line.step.own_rules() if rule not in rules]
    return told + ([element("div", say("switched off: {rules}", rules=", ".join(off)), class_="quiet")] if off else [])


def _value(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


# Runs and verdicts.


class _Counts(NamedTuple):
    """The funnel of documents, whole."""

    documents: int
    kept: int
    rejected: int
    by_reason: pl.DataFrame
    """As `tally` counts."""


def _run(say: Wording, run: Run) -> Content:
    title = element(
        "div", name(run.pipeline.name), " ", element("span", code(str(run.folder)), class_="quiet"), class_="title"
    )
    try:
        run.must_be_finished()
    except CurateError as error:
        return [title, element("div", str(error), class_="note")]
    record = run.counts()
    files = [run.verdicts_file(part) for part in run.parts]
    broken = pl.scan_parquet(files) if files else pl.LazyFrame(schema=dict.fromkeys(run.reasons(), pl.Boolean))
    counts = _Counts(record["documents"], record["kept"], record["rejected"], tally(broken, run.reasons()))
    return [title, _outputs(say, run), *_decided(say, counts, _first_documents(run))]


def _first_documents(run: Run) -> Verdicts:
    """The verdicts of the first parts, `MOST_DRAWN` documents or as many as a part has."""
    reach = accumulate(run.rows(), initial=0)
    parts = [part for part, before in zip(run.parts, reach, strict=False) if before < MOST_DRAWN]
    return run.verdicts(parts)


def _outputs(say: Wording, run: Run) -> Markup:
    told = [
        say("{target}: {tokens} tokens (shards: {shards})", target=name(label), tokens=number(manifest["tokens"]),
            shards=number(len(manifest.get("shards", []))))
        for label, manifest in run.manifests().items()
        if isinstance(manifest.get("tokens"), int)
    ]  # fmt: skip
    return element("div", [element("div", one) for one in told], class_="quiet")


def _verdicts(say: Wording, verdicts: Verdicts) -> Content:
    kept = int(verdicts.frame[judge.KEPT].sum())
    counts = _Counts(len(verdicts), kept, 0, verdicts.by_reason)
    return _decided(say, counts, verdicts)


def _decided(say: Wording, counts: _Counts, verdicts: Verdicts) -> list[Content]:
    return [
        _sum(say, counts),
        _funnel(say, counts, verdicts),
        _signals(say, counts, verdicts),
        _samples(say, counts, verdicts),
    ]


def _sum(say: Wording, counts: _Counts) -> Markup:
    kept = element("b", number(counts.kept), class_="kept")
    dropped = element("b", number(counts.documents - counts.kept), class_="dropped")
    documents = element("b", number(counts.documents))
    told = say(
        "{documents} documents = {kept} kept + {dropped} dropped", documents=documents, kept=kept, dropped=dropped
    )
    rejected = say("; {n} rows could not be read", n=number(counts.rejected)) if counts.rejected else None
    return element("div", told, rejected, class_="sum")


def _funnel(say: Wording, counts: _Counts, verdicts: Verdicts) -> Markup:
    """What is left after each filter; a document counts where its first reason stands."""
    first = dict(counts.by_reason.select("reason", "first").iter_rows())
    broken = dict(counts.by_reason.select("reason", "dropped").iter_rows())
    labels = [line.label for line in verdicts.filters]
    left, whole, rows = counts.documents, counts.documents or 1, []
    for label in [*(["unreadable"] if first.get("unreadable") else []), *labels]:
        own = [reason for reason in first if reason == label or reason.rpartition(".")[0] == label]
        lost = sum(first[reason] for reason in own)
        left -= lost
        rows.append(
            _row(
                (name(label), "word"),
                (bar([("kept", left / whole), ("faint", lost / whole)]), "wide"),
                (number(left), "n"),
                (share(left, counts.documents), "n"),
                (number(lost) if lost else "", "n"),
                (_most(own, broken), "quiet"),
            )
        )
    heads: list[tuple[Content, str | None]] = [
        (say("after"), None), ("", "wide"), (say("documents"), "n"), (say("of all"), "n"), (say("fewer by"), "n"),
        (say("rules that drop the most"), None),
    ]  # fmt: skip
    return _table(heads, rows)


def _most(reasons: Sequence[str], broken: Mapping[str, int]) -> Content:
    ranked = sorted((one for one in reasons if broken[one]), key=lambda one: -broken[one])
    told = ", ".join(f"{one.rpartition('.')[2]} {broken[one]:,}" for one in ranked[:3])
    return name(told + (" …" if len(ranked) > 3 else ""))


def _signals(say: Wording, counts: _Counts, verdicts: Verdicts) -> Markup | None:
    """Histograms of signals that rules read."""
    marks = thresholds(verdicts.rules)
    shown = [signal for signal in _chosen(counts, verdicts, marks) if signal in verdicts.frame.columns]
    cards = [_card(say, signal, verdicts, marks) for signal in shown]
    if not cards or not len(verdicts):
        return None
    drawn = (
        say("Drawn from the first {n} documents.", n=number(len(verdicts))) if len(verdicts) < counts.documents else ""
    )
    note = say(
        "Kept documents above the line, dropped ones (for whatever reason) below it; heights are square roots. "
        "Dashed: the numbers that rules compare with."
    )
    return element(
        "details", element("summary", say("What the rules look at")), element("div", note, " ", drawn, class_="note"),
        element("div", cards, class_="cards"), open="open",
    )  # fmt: skip


def _chosen(counts: _Counts, verdicts: Verdicts, marks: Sequence[Threshold]) -> list[str]:
    """Signals of the rules that drop the most, two of a filter at most: numbers that are compared, and labels."""
    broken = dict(counts.by_reason.select("reason", "dropped").iter_rows())
    compared = {(mark.reason, mark.signal) for mark in marks if mark.value}
    uses = Counter(signal for rule in verdicts.rules for signal in rule.expression.meta.root_names())
    taken: dict[str, str] = {}
    for rule in sorted(verdicts.rules, key=lambda rule: -broken.get(rule.reason, 0)):
        label = rule.reason.rpartition(".")[0]
        read = sorted(rule.expression.meta.root_names(), key=lambda signal: uses[signal])  # its own before shared ones
        labels = [signal for signal in read if verdicts.types[signal] == pl.String]
        numbers = [signal for signal in read if (rule.reason, signal) in compared]
        for signal in [*labels, *numbers[:1]]:
            if list(taken.values()).count(label) < 2:
                taken.setdefault(signal, label)
    return list(taken)[:MOST_CARDS]


def _card(say: Wording, signal: str, verdicts: Verdicts, marks: Sequence[Threshold]) -> Markup:
    kept, column = verdicts.frame[judge.KEPT].to_numpy(), verdicts.frame[signal]
    if not column.dtype.is_numeric():
        return values_card(say, signal, Values.of(column, kept, pl.zeros(len(column), eager=True).to_numpy()))
    own = list(dict.fromkeys((mark.value, mark.reason) for mark in marks if mark.signal == signal))[:3]
    return histogram_card(say, signal, Histogram.of(column, kept), own, column.dtype == pl.Int64)


def _samples(say: Wording, counts: _Counts, verdicts: Verdicts) -> Markup | None:
    """One document for each of the rules that drop the most, with why, and what counted."""
    ranked = counts.by_reason.filter(pl.col("first") > 0).sort("first", descending=True, maintain_order=True)
    shown: list[Markup] = []
    seen: set[int] = set()
    for reason in ranked["reason"].head(MOST_REASONS):
        row = next((one for one in _candidates(verdicts, reason) if one["row"].item() not in seen), None)
        if row is not None:
            seen.add(row["row"].item())
            shown.append(_sample(say, verdicts, row, reason))
    if not shown:
        return None
    return element("details", element("summary", say("Some that were dropped")), shown, open="open")


def _candidates(verdicts: Verdicts, reason: str) -> Iterable[pl.DataFrame]:
    found = verdicts.sample(reason, MOST_REASONS)
    return (found[place : place + 1] for place in range(found.height))


def _sample(say: Wording, verdicts: Verdicts, row: pl.DataFrame, reason: str) -> Markup:
    (told,) = verdicts.explained(row, say.language)
    document = row[ID].item() if ID in row.columns else f"row {row['row'].item()}"
    more = len(told) - MOST_SENTENCES
    lines = [element("div", sentence) for sentence in [shortened(one, SENTENCE_CHARS) for one in told[:MOST_SENTENCES]]]
    if more > 0:
        lines.append(element("div", say("more reasons: {n}", n=number(more)), class_="quiet"))
    text = row[verdicts.text].item()
    excerpt = element("div", _excerpt(verdicts, text, reason), class_="text quiet") if text is not None else None
    return element("div", element("div", code(str(document))), lines, excerpt, class_="sample")


def _excerpt(verdicts: Verdicts, text: str, reason: str) -> Content:
    """The stretch of a text that holds most of what the rule counted, marked."""
    spans = _evidence(verdicts, text, reason)
    start, end = evidence.excerpt(text, spans, TEXT_CHARS)
    pieces: list[Content] = ["…" if start else ""]
    for one in spans:
        if one.end > start and one.start < end:
            pieces += [
                text[start : max(one.start, start)],
                element("mark", text[max(one.start, start) : min(one.end, end)]),
            ]
            start = max(start, min(one.end, end))
    return escape([*pieces, text[start:end], "…" if end < len(text) else ""])


def _evidence(verdicts: Verdicts, text: str, reason: str) -> list[evidence.Evidence]:
    rule = next((one for one in verdicts.rules if one.reason == reason), None)
    frame = pl.DataFrame({ID: ["shown"], TEXT: [text], SOURCE: [""]})
    return evidence.for_rule(verdicts.filters, frame, rule)[0] if rule is not None else []


_DRAWN: Mapping[str, Callable[[Wording, Any], Content]] = {"pipeline": _pipeline, "run": _run, "verdicts": _verdicts}
