"""A pipeline with its comments as YAML, in the block style in which a comma breaks no rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from curate.shown import printable
from curate.terminal import plain, wrapped

WIDTH = 100
"""Columns of a comment's line."""


@dataclass
class Entry:
    """One line of a section and what is said above it."""

    name: str
    notes: list[str]
    parameters: dict[str, Any] = field(default_factory=dict)
    proposed: list[tuple[str, str]] = field(default_factory=list)
    """Rules that could be set instead, commented out: what is said, and `name: condition`."""
    active: bool = True
    """Whether it stands in the pipeline, or is commented out."""


def pipeline_text(head: Sequence[str], name: str, sections: Mapping[str, Sequence[Entry]]) -> str:
    """The file."""
    lines = [part for line in head for part in _comment(line, "")]
    lines += [f"name: {scalar(name)}", "seed: 0"]
    for section, entries in sections.items():
        lines += ["", f"{section}:"]
        for number, entry in enumerate(entries):
            lines += [""] if number and len(entry.notes) > 1 else []
            lines += _entry(entry)
    return "\n".join(lines) + "\n"


def scalar(value: Any) -> str:
    """A value as YAML writes it on one line; text that holds YAML's own marks stands in quotes."""
    odd = isinstance(value, str) and any(mark in value for mark in "*{}[],")
    style: Any = {"default_flow_style": True, "allow_unicode": True, "width": float("inf")}
    text: str = yaml.safe_dump(value, default_style='"' if odd else None, **style)
    return text.strip().removesuffix("...").strip()


def _comment(text: str, indent: str) -> list[str]:
    """Lines of a comment. Names of fields and files come from outside: a line end in one would end the comment."""
    inside = " " * (len(text) - len(text.lstrip(" ")))
    return [line.rstrip() for line in wrapped(plain(printable(text)), WIDTH, f"{indent}# {inside}").split("\n")]


def _entry(entry: Entry) -> Iterator[str]:
    for note in entry.notes:
        yield from _comment(note, "  ")
    lines = list(_step(entry))
    yield from lines if entry.active else (f"  # {line[2:]}" for line in lines)


def _step(entry: Entry) -> Iterator[str]:
    whole = entry.parameters or (entry.proposed and entry.active)
    yield f"  - {entry.name}" + (":" if whole and (entry.parameters or entry.proposed) else "")
    drop = entry.parameters.get("drop", {})
    for name, value in entry.parameters.items():
        if name != "drop":
            yield from _parameter(name, value, "      ")
    if drop:
        yield "      drop:"
        for name, condition in drop.items():
            yield f"        {name}: {scalar(condition)}"
    if entry.proposed:
        if not drop:
            yield "      # drop:"
        for said, rule in entry.proposed:
            yield from _comment(said, "        ")
            yield f"        # {rule}"


def _parameter(name: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield f"{indent}{name}:"
        for key, one in value.items():
            yield f"{indent}  {key}: {scalar(one)}"
    elif isinstance(value, list) and sum(map(len, map(str, value))) > 60:
        yield f"{indent}{name}:"
        yield from (f"{indent}  - {scalar(one)}" for one in value)
    elif isinstance(value, list):
        yield f"{indent}{name}: [{', '.join(map(scalar, value))}]"
    else:
        yield f"{indent}{name}: {scalar(value)}"
