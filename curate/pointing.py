"""The line of a pipeline file that a message speaks of, with a caret under the place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from curate.terminal import columns, shortened

_BY_MARK = re.compile(r"pipeline: line (\d+), column (\d+): ")
_BY_PATH = re.compile(r"((?:name|seed|read|clean|filters|write)(?:\[\d+\])?[^\s:]*)")


def pointed_at(file: Path, message: str, width: int = 80) -> str:
    """`file:line`, the line and a caret; empty where the message names no place in the file.

    A message opens with a place as the pipeline tells it: `filters[2].quality.drop.x`, or `pipeline: line 3, column 5`.
    The deepest part of it that stands in the file is shown. `width`: columns of a line.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ""
    lines = text.splitlines()
    place = _place(text, message)
    if place is None or place[0] >= len(lines):
        return ""
    number, column = place
    line = lines[number].expandtabs(1)
    opening = f"{number + 1:>5} | "
    caret = " " * (len(opening) - 2) + "| " + " " * columns(line[:column]) + "^"
    return "\n".join(
        [f"  {file}:{number + 1}", shortened(opening + line, width), *([caret] if columns(caret) <= width else [])]
    )


def _place(text: str, message: str) -> tuple[int, int] | None:
    """Line and column, from 0."""
    if mark := _BY_MARK.match(message):
        return int(mark[1]) - 1, int(mark[2]) - 1
    path = _BY_PATH.match(message)
    if path is None:
        return None
    try:
        node = yaml.compose(text, yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    found = None
    for key in _keys(path[1]):
        step = _into(node, key)
        if step is None:
            break
        found, node = step
    return (found.line, found.column) if found else None


def _keys(path: str) -> Iterator[str | int]:
    """`filters[2].quality.drop` as its keys and positions; a name may hold dots (`module:Class`, `qwen2.5`)."""
    for part in re.findall(r"\[\d+\]|[^.\[\]]+", path):
        yield int(part[1:-1]) if part.startswith("[") else part


def _into(node: yaml.Node | None, key: str | int) -> tuple[yaml.Mark, yaml.Node] | None:
    """Where the key of a mapping, or the item of a list, stands, and what it holds."""
    if isinstance(key, int) and isinstance(node, yaml.SequenceNode) and key < len(node.value):
        return node.value[key].start_mark, node.value[key]
    if isinstance(node, yaml.MappingNode):
        return next(((name.start_mark, value) for name, value in node.value if name.value == key), None)
    if isinstance(node, yaml.ScalarNode) and node.value == key:  # `- length` stands for `- length: {}`
        return node.start_mark, node
    return None
