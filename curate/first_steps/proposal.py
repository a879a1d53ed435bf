"""From what a sample shows to a pipeline: the recipe of its language, checked rule by rule against the sample.

A rule that drops more than 30 % of the sample is told of. Only `too_short` is made milder at once, because it measures
how long a corpus' documents are and not how good; for others the milder number stands in the file as a comment, to be
taken by a person.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from curate.contracts import TEXT
from curate.first_steps import measured, recipe
from curate.first_steps.looking import Looked, Source
from curate.first_steps.measured import Step
from curate.first_steps.words import Words, share
from curate.first_steps.yaml_text import Entry, pipeline_text
from curate.pipeline import Pipeline

SUSPICIOUS = 0.3
"""Share of the sample from which on a rule is told of."""
MOST_REJECTED = 0.05
"""Share of unreadable rows from which on something is wrong with the input or the field, and `max_rejected` is left."""
LEAST_DOCUMENTS = 20
"""In fewer documents shares say nothing, and nothing is changed."""


class Wish(NamedTuple):
    """What a user decided."""

    language: str
    targets: Sequence[str]
    name: str
    out: Path


class Proposal(NamedTuple):
    """A pipeline, and what it does to the sample."""

    text: str
    pipeline: Pipeline
    documents: int
    steps: list[Step]
    findings: list[str]
    """What a person should look at, in sentences."""


def propose(looked: Looked, wish: Wish, say: Words) -> Proposal:
    """Make a pipeline for a sample. Raises: PipelineError."""
    clean = recipe.cleaners(wish.language)
    filters = recipe.filters(wish.language, looked)
    text, changed = measured.cleaned(looked.sample.frame[TEXT], [(e.name, recipe.step("clean", e)) for e in clean])
    draft = _pipeline(wish, {"read": _read(looked, wish, say), "clean": clean, "filters": filters})
    verdicts = measured.judged([line.step for line in draft.filters], text)
    findings = _common_findings(looked, wish, say)
    if verdicts.height >= LEAST_DOCUMENTS:
        more, again = _checked(draft, filters, verdicts, say)
        findings += more
        if again:
            draft = _pipeline(wish, {"read": _read(looked, wish, say), "clean": clean, "filters": filters})
            verdicts = measured.judged([line.step for line in draft.filters], text)
    else:
        findings.append(
            say("only {n} documents in the sample: its shares say little, and no number was changed", n=verdicts.height)
        )
    steps = measured.funnel(draft.filters, verdicts)
    findings += _left(steps, verdicts.height, say)
    _explain_cleaners(clean, changed, verdicts.height, wish, say)
    _explain_filters(filters, steps, verdicts, looked, say)
    sections = {
        "read": _read(looked, wish, say),
        "clean": [*(e for e in clean if e.active), *(e for e in clean if not e.active)],
        "filters": filters,
        "write": recipe.writers(wish.targets, say),
    }
    written = pipeline_text(_head(looked, wish, verdicts.height, say), wish.name, sections)
    folder = wish.out.parent
    return Proposal(written, Pipeline.parse(written, folder, working=folder), verdicts.height, steps, findings)


def _pipeline(wish: Wish, sections: dict[str, list[Entry]]) -> Pipeline:
    return Pipeline.parse(pipeline_text([], wish.name, sections), wish.out.parent, working=wish.out.parent)


def _head(looked: Looked, wish: Wish, documents: int, say: Words) -> list[str]:
    paths = ", ".join(path for source in looked.sources for path in source.paths)
    what = {
        "paths": paths if len(paths) < 90 else paths[:90] + " …",
        "targets": ", ".join(wish.targets),
        "language": wish.language,
    }
    seen = say(
        "Proposed by `curate init` from {n} documents of {files}; numbers in comments are what was seen in them.",
        n=f"{documents:,}", files=_files(sum(source.files for source in looked.sources), say),
    )  # fmt: skip
    rules = say(
        "Every line under `drop:` can be changed without measuring anything again; `rule: null` switches one off."
    )
    title = say("{paths} ({language}) -> {targets}", **what)
    return [title, "", f"  curate check {wish.out}", f"  curate run {wish.out}", "", seen, rules]


def _files(number: int, say: Words) -> str:
    return say("one file") if number == 1 else say("{n} files", n=f"{number:,}")


def relative(path: str, folder: Path) -> str:
    """A path or pattern as it is written into a pipeline that lies in `folder`."""
    try:
        return Path(os.path.relpath(os.path.abspath(path), folder)).as_posix()
    except ValueError:  # on another drive
        return Path(os.path.abspath(path)).as_posix()


def _read(looked: Looked, wish: Wish, say: Words) -> list[Entry]:
    return [_reader(source, looked, wish, say) for source in looked.sources]


def _reader(source: Source, looked: Looked, wish: Wish, say: Words) -> Entry:
    folder = Path(os.path.abspath(wish.out)).parent
    parameters: dict[str, Any] = {"paths": [relative(path, folder) for path in source.paths]}
    notes = []
    if source.text:
        parameters["text"] = source.text
        chars = next((field.chars for field in source.fields if field.name == source.text), 0)
        note = say(
            "{files}; the text stands in `{field}`, {chars} characters at the median.",
            files=_files(source.files, say), field=source.text, chars=f"{chars:,}",
        )  # fmt: skip
        notes.append(note.lstrip()[0].upper() + note.lstrip()[1:])
        taken = {source.text, "id", "source", "text", "kept"}  # columns of a run
        others = [field.name for field in source.fields if field.name not in taken][:8]
        if others:
            notes.append(
                say("Also there: {names}; `fields: [{first}]` keeps one.", names=", ".join(others), first=others[0])
            )
    rejected, seen = len(looked.sample.rejected), looked.sample.seen
    told = {"n": f"{rejected:,}", "all": f"{seen:,}"}
    if 0.005 * seen < rejected <= MOST_REJECTED * seen:
        parameters["max_rejected"] = round(2 * rejected / seen + 0.005, 2)
        notes.append(say("{n} of {all} rows could not be read: up to this share (0..1) of them a run goes on.", **told))
    elif rejected > MOST_REJECTED * seen:
        notes.append(say("{n} of {all} rows could not be read: a run stops at more than `max_rejected: 0.01`.", **told))
    return Entry(source.kind, notes, parameters)


# What the sample says of the recipe.


def _common_findings(looked: Looked, wish: Wish, say: Words) -> list[str]:
    findings, all_documents = [], sum(looked.languages.values())
    own = looked.languages.get(wish.language, 0)
    others = [label for label in looked.languages if label not in (wish.language, "none")]
    if own < 0.5 * all_documents and others:
        findings.append(
            say(
                "only {own} of the sample are in {language}, {other} are in {label}: is the language right?",
                own=share(own, all_documents), language=wish.language, label=others[0],
                other=share(looked.languages[others[0]], all_documents),
            )
        )  # fmt: skip
    if not recipe.has_profile(wish.language, looked):
        findings.append(
            say("no profile fits {language}: `quality` and `repetition` are left out", language=wish.language)
        )
    if looked.left_out:
        names = ", ".join(Path(file).name for file in looked.left_out[:3])
        findings.append(
            say("left out: {n} files of other kinds ({names} …)", n=f"{len(looked.left_out):,}", names=names)
        )
    rejected = looked.sample.rejected
    if rejected:
        first = rejected[0]
        findings.append(
            say(
                "{n} of {all} rows could not be read; {path}, line {line}: {reason}",
                n=f"{len(rejected):,}", all=f"{looked.sample.seen:,}", path=first.path, line=first.line,
                reason=first.reason,
            )
        )  # fmt: skip
    return findings


def _checked(
    pipeline: Pipeline, filters: Sequence[Entry], verdicts: pl.DataFrame, say: Words
) -> tuple[list[str], bool]:
    """Findings on rules that drop much of what comes to them; whether a rule was changed for it."""
    findings, changed = [], False
    came = {step.label: verdicts.filter(step.came) for step in measured.funnel(pipeline.filters, verdicts)}
    for line, entry in zip(pipeline.filters, filters, strict=True):
        rows = came[line.label]
        for reason, condition in measured.rules_of(line).items():
            dropped = int(rows[reason].sum())
            if rows.height < LEAST_DOCUMENTS or dropped <= SUSPICIOUS * rows.height:
                continue
            name, other = reason.rpartition(".")[2], measured.milder(condition, rows)
            told = _told(reason, condition, dropped, rows, say)
            if name == "too_short" and other:
                entry.parameters.setdefault("drop", {})[name] = other
                findings.append(
                    say(
                        "{one} {two}", one=told, two=say("The texts are short: {rule} is proposed instead.", rule=other)
                    )
                )
                changed = True
                continue
            proposed = f"{name}: {other or 'null'}"
            advice = say("`{rule}` would drop about 5 %.", rule=proposed) if other else ""
            advice = advice or say("`{rule}` switches it off.", rule=proposed)
            told = say("{one} {two}", one=told, two=advice)
            entry.proposed.append((told, proposed))
            findings.append(told)
    return findings, changed


def _told(reason: str, condition: str, dropped: int, verdicts: pl.DataFrame, say: Words) -> str:
    told = say(
        "{reason} drops {share} of the {rows} documents that come to it: {condition}.",
        reason=reason, share=share(dropped, verdicts.height), rows=f"{verdicts.height:,}", condition=condition,
    )  # fmt: skip
    signal = measured.signal_of(condition)
    if signal and signal in verdicts.columns:
        half = measured.quantile(verdicts, signal, 0.5)
        below = say("Half of them have {signal} below {half}.", signal=signal, half=f"{half:.3g}")
        told = say("{one} {two}", one=told, two=below)
    return told


def _left(steps: Sequence[Step], documents: int, say: Words) -> list[str]:
    if documents < LEAST_DOCUMENTS or steps[-1].kept > 0.3 * documents:
        return []
    worst = max(steps, key=lambda step: step.dropped)
    return [
        say(
            "only {share} of the sample are kept, and {label} drops the most: look there first "
            "(`curate show RUN --reason {label}.…` prints what went)",
            share=share(steps[-1].kept, documents), label=worst.label,
        )
    ]  # fmt: skip


# What stands above each line.


def _explain_cleaners(clean: Sequence[Entry], changed: dict[str, int], documents: int, wish: Wish, say: Words) -> None:
    for entry in clean:
        number = changed[entry.name]
        entry.active = number > 0 or entry.name in recipe.ALWAYS
        told = say("changed {n} of {all} documents", n=f"{number:,}", all=f"{documents:,}")
        if not number:
            told = (
                say("nothing to do in the sample") if entry.active else say("nothing to do in the sample, so left out")
            )
        entry.notes.append(say("{what}: {told}.", what=say(recipe.CLEANERS[entry.name]), told=told))
        if entry.name == "chinese" and 2 * number > documents:
            entry.notes.append(say("Most are written in traditional characters: `to: traditional` keeps them so."))


def _explain_filters(
    filters: Sequence[Entry], steps: Sequence[Step], verdicts: pl.DataFrame, looked: Looked, say: Words
) -> None:
    by_label = {step.label: step for step in steps}
    for entry in filters:
        step = by_label[entry.name]
        rows = verdicts.height
        entry.notes.insert(0, say(recipe.FILTERS[entry.name]))
        if entry.name == "length":
            half, few = (f"{measured.quantile(verdicts, 'chars', at):,.0f}" for at in (0.5, 0.05))
            entry.notes.append(
                say("Half of the documents have {half} characters or more, one in twenty less than {few}.",
                    half=half, few=few)
            )  # fmt: skip
        if entry.name == "language":
            shares = [f"{label} {share(n, rows)}" for label, n in list(looked.languages.items())[:4]]
            entry.notes.append(say("Seen: {shares}.", shares=", ".join(shares)))
        told = ", ".join(f"{name.rpartition('.')[2]} {n:,}" for name, n in _most(step))
        came = f"{int(step.came.sum()):,}"
        if not step.dropped:
            drops = say("Drops none of the {came} that come here.", came=came)
        elif entry.name in recipe.COMPARING:
            drops = say("Drops {n} of the {came} that come here.", n=f"{step.dropped:,}", came=came)
        else:
            drops = say("Drops {n} of the {came} that come here: {told}.", n=f"{step.dropped:,}", came=came, told=told)
        entry.notes.append(drops)
        if entry.name in recipe.COMPARING:
            entry.notes.append(say("In a whole corpus there are more copies than in a sample."))


def _most(step: Step) -> list[tuple[str, int]]:
    return sorted(step.rules.items(), key=lambda item: -item[1])[:6]
