"""Why a document was dropped, in plain sentences: one for each rule that it breaks, with the values that the rule saw.

    dropped because chars = 43: length.too_short drops when chars < 50

Of a condition of several ways (`a OR b`) only those are told that hold, with the signals that they read; of a long one,
the simplest of them. Cost: some milliseconds for each rule that any of the rows breaks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from curate import judge
from curate.conditions import compile_condition
from curate.contracts import CorpusFilter, Filter, Line, PassageFilter

LANGUAGES = ("en", "zh")
UNREADABLE = "unreadable"
"""The reason of a row without text."""

_LONG = 100
"""Characters of a condition beyond which one way is told of it, in place of the whole."""
_WORDS = {
    "en": {
        "because": "dropped because {facts}: {reason} drops when {condition}",
        "also": "also because {facts}: {reason} drops when {condition}",
        "code": "{code}",
        "and": " and ",
        "unmeasured": "{signal} could not be measured",
        "null": "; a rule also drops what could not be measured",
        "copy": "it is a copy of {survivor}",
        "some_copy": "it is a copy of another document",
        "similar": " (similarity {similarity})",
        "in_run": " in {run}",
        "unreadable": "dropped because it has no text",
        "kept": "kept: it breaks no rule",
        "cut": "too much of it was cut",
    },
    "zh": {
        "because": "因{facts}被丢弃：规则 {reason} 丢弃{condition}的文档",
        "also": "此外{facts}：规则 {reason} 丢弃{condition}的文档",
        "code": " {code} ",
        "and": "、",
        "unmeasured": "{signal} 无法测量",
        "null": "；无法测量的也会被丢弃",
        "copy": "与 {survivor} 重复",
        "some_copy": "与另一篇文档重复",
        "similar": "（相似度 {similarity}）",
        "in_run": "（在 {run} 中）",
        "unreadable": "因没有正文被丢弃",
        "kept": "保留：没有违反任何规则",
        "cut": "切除的内容过多",
    },
}
_OWN_CONDITIONS = {
    "zh": {
        "another document of its group survives": "同组中未被留下",
        "an earlier run has kept a document of its group": "同组文档已在以前的运行中保留",
        "more was cut than is left, and that is below min_left": "切除的多于剩下的、且剩下的不足 min_left",
    }
}
"""What rules say of themselves that are no SQL."""


class Broken(NamedTuple):
    """A rule that a document breaks, and what the rule saw of it."""

    reason: str
    """`<filter>.<rule>`, or `UNREADABLE`."""
    condition: str
    """As the pipeline has it; what the filter says of the rule where its parameters decide."""
    ways: tuple[str, ...] = ()
    """Of a condition `a OR b`, the parts that are told; empty where the rule is no SQL."""
    values: tuple[tuple[str, Any], ...] = ()
    """Columns that the ways read, and this document's values; null: could not be measured."""
    copy_of: str | None = None
    """Id of the document that stands for this one, if a filter dropped it as a duplicate and that is known."""
    copy_run: str | None = None
    """The earlier run that holds it (None: this one)."""
    similarity: float | None = None
    """0..1, with `copy_of`."""


def broken_rules(
    lines: Sequence[Line[Filter]], types: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
) -> list[list[Broken]]:
    """The rules that each document breaks, in the order of the pipeline.

    `types`: columns that rules may read, as in `Run.signal_types`. `rows`: documents with their signals, and true under
    each reason; also `duplicate_of`, `duplicate_run` and `<filter>_similarity`, where they are known.
    """
    found: list[list[Broken]] = [[] for _ in rows]
    for line in lines:
        for name, condition in judge.merged(line.step).items():
            reason = f"{line.label}.{name}"
            places = [place for place, row in enumerate(rows) if row.get(reason)]
            if not places:
                continue
            breaking = [rows[place] for place in places]
            told = (
                _of_filter(line, reason, condition, breaking)
                if _decided_by_parameters(line, name)
                else _of_condition(line, reason, condition, types, breaking)
            )
            for place, one in zip(places, told, strict=True):
                found[place].append(one)
    for row, own in zip(rows, found, strict=True):
        own += [Broken(UNREADABLE, "")] if UNREADABLE in (row.get("reasons") or ()) else []
    return found


def sentences(broken: Sequence[Broken], language: str = "en") -> list[str]:
    """One sentence for each rule that a document breaks, or that it is kept."""
    told = [_sentence(one, _WORDS[language], language, first=not place) for place, one in enumerate(broken)]
    return told or [_WORDS[language]["kept"]]


def condition_in(language: str, condition: str) -> str:
    """A condition for a reader: SQL as it is, what a filter says of a rule that is no SQL in his language."""
    return _OWN_CONDITIONS.get(language, {}).get(condition, condition).strip()


def _decided_by_parameters(line: Line[Filter], name: str) -> bool:
    last = line.step.last_rule if isinstance(line.step, PassageFilter) else None
    return isinstance(line.step, CorpusFilter) or name == last


def _of_filter(line: Line[Filter], reason: str, condition: str, rows: Iterable[Mapping[str, Any]]) -> list[Broken]:
    if isinstance(line.step, CorpusFilter):
        similarity = f"{line.label}_similarity"
        return [
            Broken(
                reason, condition, copy_of=row.get(judge.DUPLICATE_OF), copy_run=row.get(judge.DUPLICATE_RUN),
                similarity=row.get(similarity),
            )
            for row in rows
        ]  # fmt: skip
    read = judge.signal_columns(line)
    return [Broken(reason, condition, values=tuple((name, row.get(name)) for name in read)) for row in rows]


def _of_condition(
    line: Line[Filter], reason: str, condition: str, types: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
) -> list[Broken]:
    own = {name: judge.column(line.label, line.step, name) for name in line.step.signal_types()}
    ways = list(_ways(condition))
    compiled = [compile_condition(way, types, own) for way in ways]
    read = [tuple(dict.fromkeys(expression.meta.root_names())) for expression in compiled]
    needed = sorted({name for names in read for name in names})
    frame = pl.DataFrame([[row.get(name) for name in needed] for row in rows], _schema(needed, types), orient="row")
    fired = frame.select(expression.alias(str(place)) for place, expression in enumerate(compiled)).rows()
    return [
        _broken(reason, condition, [(ways[place], read[place]) for place, fires in enumerate(own_fired) if fires], row)
        for own_fired, row in zip(fired, rows, strict=True)
    ]


def _schema(names: Iterable[str], types: Mapping[str, Any]) -> dict[str, Any]:
    return {name: types[name] for name in names}


def _broken(reason: str, condition: str, fired: Sequence[tuple[str, Sequence[str]]], row: Mapping[str, Any]) -> Broken:
    measured = [(way, read) for way, read in fired if all(row.get(name) is not None for name in read)]
    told = measured or fired  # a way of a null signal is told only where no other way holds
    if len(condition) > _LONG:
        told = [min(told, key=lambda way: len(way[1]))]
    read = dict.fromkeys(name for _, names in told for name in names)
    return Broken(reason, condition, tuple(way for way, _ in told), tuple((name, row.get(name)) for name in read))


_TOKEN = re.compile(r"'[^']*'|\"[^\"]*\"|[()]|\b(?:OR|CASE|END)\b", re.IGNORECASE)


def _ways(condition: str) -> Iterator[str]:
    """The parts of a condition between its outermost ORs."""
    depth = start = 0
    for match in _TOKEN.finditer(condition):
        token = match[0].upper()
        depth += {"(": 1, "CASE": 1, ")": -1, "END": -1}.get(token, 0)
        if token == "OR" and depth == 0:
            yield condition[start : match.start()].strip()
            start = match.end()
    yield condition[start:].strip()


def _sentence(one: Broken, words: Mapping[str, str], language: str, first: bool) -> str:
    if one.reason == UNREADABLE:
        return words["unreadable"]
    shortened = len(one.condition) > _LONG and one.ways and one.ways != (one.condition,)
    code = f"{one.ways[0]} OR …" if shortened else one.condition
    said = condition_in(language, one.condition)
    condition = words["code"].format(code=code) if said == one.condition else said
    told = words["because" if first else "also"].format(
        facts=_facts(one, words), reason=one.reason, condition=condition
    )
    return told.replace(" ：", "：") + (
        words["null"] if one.ways and any(value is None for _, value in one.values) else ""
    )


def _facts(one: Broken, words: Mapping[str, str]) -> str:
    if one.values:
        facts = [
            words["unmeasured"].format(signal=name) if value is None else f"{name} = {shown_value(value, one)}"
            for name, value in one.values
        ]
        return words["code"].format(code=words["and"].join(facts))
    if one.reason.endswith((".duplicate", ".in_earlier_run")):
        run = words["in_run"].format(run=one.copy_run) if one.copy_run is not None else ""
        alike = words["similar"].format(similarity=f"{one.similarity:.3f}") if one.similarity is not None else ""
        copy = words["copy"].format(survivor=one.copy_of) if one.copy_of is not None else words["some_copy"]
        return copy + run + alike
    return words["cut"]


def shown_value(value: Any, one: Broken) -> str:
    """A signal's value as a sentence tells it: rounded, but never to a number that the condition compares with."""
    if isinstance(value, str):
        return f"'{value if len(value) <= 60 else value[:60] + '…'}'"
    if not isinstance(value, float):
        return str(value).lower() if isinstance(value, bool) else f"{value:,}"
    compared = {float(found) for found in re.findall(r"\d+(?:\.\d+)?", one.condition)}
    rounded = (f"{value:.{digits}g}" for digits in range(4, 17))
    return next((text for text in rounded if float(text) not in compared or float(text) == value), repr(value))
