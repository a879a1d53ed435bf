"""What signals count and what rules mean, in few words: for whoever reads a report without knowing the names.

Those of the built-in filters stand in `glosses.yaml` in each language; a filter of one's own says them in its
docstring, under `Signals:`, one `name: what it counts` a line.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from curate import judge
from curate.contracts import Filter, Line
from curate.report.wording import LANGUAGES


class Glosses:
    """The glosses of a pipeline in one language; empty where nothing is known."""

    def __init__(self, filters: tuple[Line[Filter], ...], language: str) -> None:
        self._language = language
        self._bare = {
            judge.column(line.label, line.step, name): (name, line.step)
            for line in filters
            for name in line.step.signal_types()
        }
        self._kinds = {line.label: _kind(line.step) for line in filters}

    def signal(self, column: str) -> str:
        """What a column counts."""
        name, step = self._bare.get(column, (column, None))
        told = _gloss("signals", name, self._language)
        return told or (_of_docstring(type(step)).get(name, "") if step else "")

    def value(self, column: str, value: str) -> str:
        """What a value of a column stands for: the name of a language, of a script."""
        told = _tables()["values"].get(f"{column}.{value}")
        return told[LANGUAGES.index(self._language)] if told else ""

    def rule(self, reason: str) -> str:
        """What a document is that breaks a rule, as a clause."""
        label, _, name = reason.rpartition(".")
        return _gloss("rules", f"{self._kinds.get(label, label)}.{name}", self._language)


@cache
def _tables() -> Mapping[str, Mapping[str, list[str]]]:
    tables: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("glosses.yaml").read_text(encoding="utf-8"))
    return tables


@cache
def _patterns(table: str) -> list[tuple[re.Pattern[str], list[str]]]:
    categories = "|".join(_tables()["categories"])
    holes = {"<n>": r"(?P<n>\d+)", "<category>": f"(?P<category>{categories})", "<name>": r"(?P<name>\w+?)"}
    found = []
    for key, told in _tables()[table].items():
        pattern = re.escape(key)
        for hole, expression in holes.items():
            pattern = pattern.replace(re.escape(hole), expression)
        found.append((re.compile(pattern), told))
    return found


@cache
def _gloss(table: str, name: str, language: str) -> str:
    place = LANGUAGES.index(language)
    for pattern, told in _patterns(table):
        if match := pattern.fullmatch(name):
            filled = match.groupdict()
            if "category" in filled:
                filled["category"] = _tables()["categories"][filled["category"]][place]
            return told[place].format(**filled)
    return ""


def _kind(step: Filter) -> str:
    """The name under which a filter is registered; that of its class for one of one's own."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(step).__name__).lower()


@cache
def _of_docstring(kind: type[Filter]) -> dict[str, str]:
    """Signals that a docstring explains: the first clause of each."""
    _, _, listed = (inspect.getdoc(kind) or "").partition("\nSignals:\n")
    return {name: told for names, told in _entries(listed) for name in re.split(r",\s*", names)}


def _entries(listed: str) -> Iterator[tuple[str, str]]:
    """`(names, what they count)`: an entry is indented by four, its further lines by more."""
    block = re.match(r"(?:    .*\n?)*", listed)
    for entry in re.split(r"\n?(?m:^) {4}(?! )", block[0] if block else "")[1:]:
        names, _, told = " ".join(entry.split()).partition(": ")
        yield names, re.split(r"[;.](?: |$)", told)[0]
