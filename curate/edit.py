"""A condition put into the text of a pipeline: comments, order, indentation and line ends stay, byte for byte.

The place is found by the marks of YAML's composed nodes. The edited text is read again, and must be the same pipeline
but for that rule; else it is an error, and nothing is written.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from curate import disk, judge
from curate.errors import PipelineError
from curate.pipeline import Pipeline
from curate.registry import nearest


def write_rules(path: str | Path, conditions: Mapping[str, str | None], variables: Mapping[str, str]) -> bool:
    """Give rules (`<filter>.<rule>`) of a pipeline file these conditions, None switches one off; whether it changed.

    The file is written whole or not at all. Raises: PipelineError.
    """
    path = Path(path).resolve()  # a link stays one
    pipeline = Pipeline.load(path, variables)
    before = path.read_bytes().decode("utf-8")
    text = before
    for reason, condition in conditions.items():
        label, _, rule = reason.partition(".")
        numbers = {line.label: number for number, line in enumerate(pipeline.filters)}
        if label not in numbers:
            raise PipelineError(f"{path}: no filter is called {label!r}{nearest(label, numbers)}")
        is_own = rule in pipeline.filters[numbers[label]].step.own_rules()
        text = with_rule(text, numbers[label], rule, condition, remove=condition is None and not is_own)
    after = Pipeline.parse(text.removeprefix("\ufeff"), path.parent, variables, default_name=pipeline.name)
    rules = {line.label: judge.merged(line.step) for line in after.filters}
    for reason, condition in conditions.items():
        label, _, rule = reason.partition(".")
        if rules[label].get(rule) != condition:
            raise PipelineError(f"{path}: {reason} would be {rules[label].get(rule)!r} there, not {condition!r}")
    if text == before:
        return False
    with disk.whole_file(path) as temporary:
        temporary.write_bytes(text.encode("utf-8"))
        shutil.copymode(path, temporary)
    return True


def with_rule(text: str, number: int, rule: str, condition: str | None, remove: bool = False) -> str:
    """The text of a pipeline in which the filter at `number` has this rule; `remove`: in which its line is gone.

    Raises: PipelineError where the text does not let that be done in one place.
    """
    try:
        found = _Place(text, number).changed(rule, condition, remove)
        edited = text if found is None else text[: found.start] + found.text + text[found.stop :]
        same = yaml.safe_load(edited) == _wanted(yaml.safe_load(text), number, rule, condition, remove)
    except (yaml.YAMLError, _CannotError) as error:
        why = str(error).split("\n")[0]
        raise PipelineError(_by_hand(number, rule, condition, remove, why)) from error
    if not same:
        raise PipelineError(_by_hand(number, rule, condition, remove, "more than this rule would change"))
    return edited


def _by_hand(number: int, rule: str, condition: str | None, remove: bool, why: str) -> str:
    line = f"take out `{rule}`" if remove else f"write `{rule}: {scalar(condition)}`"
    return f"filters[{number}].drop.{rule}: cannot be edited in one place ({why}); {line} by hand"


def _wanted(tree: Any, number: int, rule: str, condition: str | None, remove: bool) -> Any:
    """The tree that the edited text must have."""
    item = tree["filters"][number]
    ((name, parameters),) = ({item: None} if isinstance(item, str) else item).items()
    rules = dict((parameters or {}).get("drop") or {})
    if remove:
        rules.pop(rule, None)
    else:
        rules[rule] = condition
    filters = list(tree["filters"])
    if not (remove and (parameters or {}).get("drop") is None):
        filters[number] = {name: {**(parameters or {}), "drop": rules}}
    return {**tree, "filters": filters}


class _CannotError(Exception):
    """The text is written in a way that no single place can be changed in."""


class _Change(NamedTuple):
    start: int
    stop: int
    text: str


_ALIAS = "alias"


class _Marks(yaml.SafeLoader):
    """Composes nodes in which an alias is a scalar of its own, with its own place."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.get_event()  # type: ignore[no-untyped-call]
            return yaml.ScalarNode(_ALIAS, event.anchor, event.start_mark, event.end_mark)
        return super().compose_node(parent, index)


Pair = tuple[Any, Any]
"""Nodes of a key and of its value."""


class _Place:
    """The place of a filter in the text of a pipeline."""

    def __init__(self, text: str, number: int) -> None:
        self.text = text
        root: Any = yaml.compose(text, _Marks)
        self.filters = next(value for key, value in root.value if key.value == "filters")
        self.item = self.filters.value[number] if isinstance(self.filters, yaml.SequenceNode) else None
        self.newline = next(iter(re.findall(r"\r\n|\n|\r", text)), "\n")

    def changed(self, rule: str, condition: str | None, remove: bool) -> _Change | None:
        """What to change; None: nothing."""
        item = self.item
        if isinstance(item, yaml.ScalarNode) and item.tag != _ALIAS:
            return None if remove else self._named(item, {"drop": {rule: condition}})
        if not isinstance(item, yaml.MappingNode) or len(item.value) != 1:
            raise _CannotError("the filter stands elsewhere, behind an alias")
        ((name, parameters),) = item.value
        if not isinstance(parameters, yaml.MappingNode):
            return None if remove else self._filled(name, parameters, {"drop": {rule: condition}}, item)
        drop = next((pair for pair in parameters.value if pair[0].value == "drop"), None)
        if drop is None:
            return None if remove else self._added(parameters, "drop", {rule: condition})
        key, rules = drop
        if not isinstance(rules, yaml.MappingNode):
            return None if remove else self._filled(key, rules, {rule: condition}, parameters)
        there = next((pair for pair in rules.value if pair[0].value == rule), None)
        if there is None:
            return None if remove else self._added(rules, rule, condition)
        return self._removed(rules, there) if remove else self._replaced(there[1], condition, rules)

    def _named(self, item: Any, value: Any) -> _Change:
        """`- toxicity` -> a mapping of one key."""
        start, stop = item.start_mark.index, item.end_mark.index
        if self.filters.flow_style:
            return _Change(start, stop, f"{{{self.text[start:stop]}: {flow(value)}}}")
        end = self._line_end(stop)
        below = self._below(item.start_mark.column + self._step(), value)
        return _Change(stop, end, f":{self.text[stop:end]}{below}")

    def _filled(self, key: Any, node: Any, value: Any, parent: Any) -> _Change:
        """A value where there is none, `null`, or an alias."""
        start, stop = node.start_mark.index, node.end_mark.index
        if node.tag == _ALIAS:
            ours = flow(value)
            return _Change(start, stop, f"{{<<: {self.text[start:stop]}, {ours[1:]}")
        if parent.flow_style:
            between = self.text[key.end_mark.index : start]
            colon = "" if ":" in between else ":"
            return _Change(start, stop, f"{colon}{'' if between.endswith(' ') else ' '}{flow(value)}")
        end = self._line_end(stop)
        before = len(self.text[:start].rstrip(" ")) if start < stop and not self.text[stop:end].strip() else start
        below = self._below(key.start_mark.column + self._step(), value)
        return _Change(before, end, f"{self.text[stop:end]}{below}")

    def _added(self, mapping: Any, name: str, value: Any) -> _Change:
        """A key more, behind the last one."""
        if mapping.flow_style:
            pair = f"{_key(name)}: {flow(value)}"
            if not mapping.value:
                end = mapping.end_mark.index - 1
                return _Change(end, end, pair)
            end = self._end(mapping.value[-1][1])
            return _Change(end, end, f", {pair}")
        end = self._line_end(self._end(mapping.value[-1][1]))
        return _Change(end, end, self._below(mapping.value[0][0].start_mark.column, {name: value}))

    def _replaced(self, node: Any, condition: str | None, mapping: Any) -> _Change:
        start, stop = node.start_mark.index, self._end(node)
        style = getattr(node, "style", None)
        new = scalar(condition, flow=bool(mapping.flow_style), style=style)
        if style in ("|", ">"):  # a remark may stand beside the mark of such a block
            remark = re.match(r"[^\n\r]*?(\s+#[^\n\r]*)", self.text[start:stop])
            new += remark[1] if remark else ""
        space = "" if self.text[start - 1] in " \t" else " "
        return _Change(start, stop, space + new)

    def _removed(self, mapping: Any, pair: Pair) -> _Change:
        place = next(number for number, one in enumerate(mapping.value) if one is pair)
        start, stop = pair[0].start_mark.index, self._end(pair[1])
        if len(mapping.value) == 1:
            return _Change(start, stop, "" if mapping.flow_style else "{}")
        if not mapping.flow_style:
            end = self._line_end(stop)
            if self.text[stop:end].strip():  # what is said of it stays
                return _Change(start, end, self.text[stop:end].strip())
            first = start - pair[0].start_mark.column
            return _Change(first, min(end + len(self.newline), len(self.text)), "")
        if place:
            return _Change(self._end(mapping.value[place - 1][1]), stop, "")
        return _Change(start, mapping.value[1][0].start_mark.index, "")

    # Where things end.

    def _end(self, node: Any) -> int:
        """Where the text of a node ends; marks of blocks lie on the next token, comments and blank lines behind."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style:
            last = node.value[-1]
            return self._end(last[1] if isinstance(node, yaml.MappingNode) else last)
        start, stop = node.start_mark.index, node.end_mark.index
        if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
            stop = start + len(self.text[start:stop].rstrip())
        return int(stop)

    def _line_end(self, index: int) -> int:
        found = re.compile(r"[\r\n]").search(self.text, index)
        return found.start() if found else len(self.text)

    def _below(self, column: int, value: Mapping[str, Any]) -> str:
        """Keys and values as lines of a block, each behind a line end."""
        lines = ""
        for key, item in value.items():
            lines += f"{self.newline}{' ' * column}{_key(key)}:"
            lines += self._below(column + self._step(), item) if isinstance(item, Mapping) else f" {scalar(item)}"
        return lines

    def _step(self) -> int:
        """Columns by which this file indents parameters under the name of a filter."""
        for item in self.filters.value:
            if isinstance(item, yaml.MappingNode) and not item.flow_style:
                key, value = item.value[0]
                if isinstance(value, yaml.MappingNode) and not value.flow_style:
                    return int(value.value[0][0].start_mark.column - key.start_mark.column)
        return 2


# How values are written.


def scalar(condition: str | None, flow: bool = False, style: str | None = None) -> str:
    """A condition as YAML: plain where that is read as it stands, else in quotes (single ones if `style` says so)."""
    if condition is None:
        return "null"
    if style == "'" and "'" not in condition and condition.isprintable():
        return f"'{condition}'"
    around = ("{k: ", ", j: 1}") if flow else ("k: ", " # remark")
    if style != '"' and "\n" not in condition and _read(around[0] + condition + around[1]).get("k") == condition:
        return condition
    return re.sub(r"[\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]", lambda one: f"\\u{ord(one[0]):04x}", _quoted(condition))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def flow(value: Any) -> str:
    """Nested values in braces."""
    if not isinstance(value, Mapping):
        return scalar(value, flow=True)
    return "{" + ", ".join(f"{_key(key)}: {flow(item)}" for key, item in value.items()) + "}"


def _key(name: str) -> str:
    return name if list(_read(f"{name}: 1")) == [name] else _quoted(name)


def _read(text: str) -> dict[Any, Any]:
    try:
        tree = yaml.safe_load(text)
    except yaml.YAMLError:
        return {}
    return tree if isinstance(tree, dict) else {}
