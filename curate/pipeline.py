"""A pipeline file as a value: load it, check it, describe it.

Everything that can be wrong with the file is found here, before anything is read, as one line that says where
(`filters[2].quality.drop.x`), what, and the nearest right name. Relative paths are looked up from the working
directory, then from the pipeline's own folder. `${NAME}`, `${NAME:-default}` and `${NAME:?what to do}` are filled in
from `--set` or the environment, as a shell would.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from glob import glob, has_magic
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from pydantic import TypeAdapter, ValidationError

from curate import cuts, display, judge, registry
from curate.contracts import ID, SOURCE, TEXT, Cleaner, Filter, InputFile, Line, Reader, Step, StepT, Writer
from curate.errors import PipelineError


@dataclass(frozen=True)
class Pipeline:
    """A checked pipeline."""

    name: str
    seed: int
    read: tuple[Line[Reader], ...]
    clean: tuple[Line[Cleaner], ...]
    filters: tuple[Line[Filter], ...]
    write: tuple[Line[Writer], ...]
    text: str = field(repr=False)
    """The file as it was written."""
    working: Path
    """Where relative paths are looked up first: the working directory of whoever started the run."""
    folder: Path
    """Where they are looked up second, and where modules of one's own are imported from: the pipeline's own folder."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """What `${NAME}` stood for."""

    @classmethod
    def load(cls, path: str | Path, variables: Mapping[str, str] | None = None) -> Pipeline:
        """Load and check a pipeline file. Raises: PipelineError."""
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError as error:
            beside = [one.name for one in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
            near = registry.nearest(path.name, beside) if beside else "; `curate init` writes one"
            raise PipelineError(f"{path}: no such file{near}") from error
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise PipelineError(f"{path}: cannot be read as a pipeline: {reason}") from error
        return cls.parse(text, path.parent, variables, default_name=re.sub(r"[^\w.-]+|^\.", "_", path.stem))

    @classmethod
    def parse(
        cls,
        text: str,
        folder: str | Path = ".",
        variables: Mapping[str, str] | None = None,
        default_name: str = "pipeline",
        working: str | Path | None = None,
    ) -> Pipeline:
        """Check a pipeline given as YAML text. Raises: PipelineError.

        `folder`: where the file lay; `working`: the working directory that relative paths start from, by default this
        process's.
        """
        tree = _load_yaml(text)
        folder, working = Path(folder).resolve(), Path(working or Path.cwd()).resolve()
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
        used: dict[str, str] = {}
        _check_keys(tree)
        tree = _fill(tree, variables or {}, used, "")
        sections = {section: _lines(tree.get(section), section, (working, folder)) for section in registry.SECTIONS}
        if not sections["read"]:
            raise PipelineError("read: a pipeline needs a reader, for example `- jsonl: {paths: [data/*.jsonl]}`")
        name = _folder_name(_text(tree, "name", default_name), "name")
        seed = _whole_number(tree, "seed", 0)
        pipeline = cls(name, seed, **sections, text=text, working=working, folder=folder, variables=used)
        judge.check(pipeline.filters, pipeline.document_signals())
        _check_fields(pipeline)
        return pipeline

    def cleaner_signals(self) -> dict[str, Any]:
        """Signals stored with the documents: name to dtype. Raises: PipelineError for a name that two measure."""
        signals: dict[str, Any] = dict(judge.DOCUMENT_SIGNALS)
        for line in self.clean:
            own = {f"{line.label}_changed_chars": pl.Int64, **line.step.signals}
            for name in own:
                if name in signals:
                    raise PipelineError(f"{line.where}: a signal called {name!r} is there already; is it there twice?")
            signals |= own
        return signals

    def document_signals(self) -> dict[str, Any]:
        """Signals that no filter measures: those of `cleaner_signals`, and `cuts.SIGNALS` where a filter cuts."""
        return self.cleaner_signals() | (cuts.SIGNALS if cuts.cutting(self.filters) else {})

    def __repr__(self) -> str:
        sections = (f"{section}: {[line.label for line in getattr(self, section)]}" for section in registry.SECTIONS)
        return f"Pipeline({self.name!r}, {', '.join(sections)})"

    def _repr_html_(self) -> str:
        return display.html("pipeline", self)


class _StrictLoader(yaml.SafeLoader):
    """YAML in which a key that stands twice is an error: the first of the two would silently be lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        for number, key in enumerate(keys):
            if key in keys[:number]:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def _load_yaml(text: str) -> dict[str, Any]:
    try:
        tree = yaml.load(text, _StrictLoader)
    except yaml.MarkedYAMLError as error:
        raise PipelineError(f"pipeline: {_yaml_fault(error)}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: 2024-13-45 is a date to YAML
        raise PipelineError(f"pipeline: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(tree, dict):
        raise PipelineError("pipeline: expected the sections read, clean, filters, write")
    return tree


_FLOW_HINT = " (a comma or a colon inside {…} breaks a rule: write it as a block)"


def _yaml_fault(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    problem = " ".join((error.problem or error.context or "not YAML").split())
    if "flow" in str(error):
        problem += _FLOW_HINT
    if "\\t" in problem:
        problem += " (indent with spaces, not with tabs)"
    return place + problem


def _check_keys(tree: Mapping[str, Any]) -> None:
    known = ["name", "seed", *registry.SECTIONS]
    for key in tree:
        if key not in known:
            place = key if re.fullmatch(r"\w+", str(key)) else f"pipeline: {key!r:.80}"
            raise PipelineError(f"{place}: unknown key{registry.nearest(str(key), known)}")


def _text(tree: Mapping[str, Any], key: str, default: str) -> str:
    value = tree.get(key, default)
    if not isinstance(value, str):
        raise PipelineError(f"{key}: expected text, not {value!r:.80}; put it in quotes")
    return value


def _whole_number(tree: Mapping[str, Any], key: str, default: int) -> int:
    value = tree.get(key, default)
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):  # out of a variable
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 2**63:
        raise PipelineError(f"{key}: expected a whole number, not {value!r:.80}")
    return value


def _folder_name(name: str, where: str) -> str:
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise PipelineError(f"{where}: {name!r:.80} names a folder: letters, digits, `_`, `-` and `.` only")
    return name


def _check_fields(pipeline: Pipeline) -> None:
    taken = {ID, TEXT, SOURCE, judge.KEPT, judge.DUPLICATE_OF, *pipeline.document_signals()}
    taken |= {name for line in pipeline.filters for name in judge.signal_columns(line)}
    for line in pipeline.read:
        for number, name in enumerate(line.step.fields):
            if name in taken or name in line.step.fields[:number]:
                raise PipelineError(f"{line.where}.fields[{number}]: a column called {name!r} is there already")
    known = {name for line in pipeline.read for name in line.step.fields}
    for filter_line in pipeline.filters:
        for name in sorted(set(filter_line.step.needs_fields()) - known):
            hint = f"no reader keeps a field {name!r}; add it to its `fields`{registry.nearest(name, known)}"
            raise PipelineError(f"{filter_line.where}: {hint}")


_VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)(?::([-?])([^}]*))?\}")


def _fill(value: Any, given: Mapping[str, str], used: dict[str, str], where: str) -> Any:
    if isinstance(value, dict):
        return {key: _fill(item, given, used, f"{where}.{key}".lstrip(".")) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, given, used, f"{where}[{number}]") for number, item in enumerate(value)]
    if not isinstance(value, str):
        return value

    def replace(match: re.Match[str]) -> str:
        name, kind, rest = match.groups()
        found = given.get(name, os.environ.get(name))
        if kind and not found:  # with a colon, as in a shell, empty counts as not set
            found = rest if kind == "-" else None
        if found is None:
            advice = rest or f"give it as --set {name}=… or in the environment"
            raise PipelineError(f"{where}: ${{{name}}} is not set: {advice}")
        used[name] = found
        return found

    return _VARIABLE.sub(replace, value)


def _lines(items: Any, section: str, folders: Sequence[Path]) -> tuple[Line[Any], ...]:
    items = [] if items is None else items
    if not isinstance(items, list):
        raise PipelineError(f"{section}: expected a list, each item `- name` or `- name: {{parameters}}`")
    lines = tuple(_line(item, f"{section}[{number}]", section, folders) for number, item in enumerate(items))
    seen: dict[str, str] = {}
    for line in lines:
        if line.label in seen and section in ("filters", "write"):
            raise PipelineError(
                f"{line.where}: {seen[line.label]} is called {line.label!r} too; give this one a `name:`"
            )
        seen[line.label] = line.where
    return lines


def _line(item: Any, where: str, section: str, folders: Sequence[Path]) -> Line[Any]:
    if isinstance(item, str):
        item = {item: {}}
    if not (isinstance(item, dict) and len(item) == 1):
        several = "; parameters stand two spaces further right than the name" if isinstance(item, dict) and item else ""
        raise PipelineError(f"{where}: expected `- name` or `- name: {{parameters}}`, not {item!r:.80}{several}")
    ((name, parameters),) = item.items()
    kind = registry.find(section, str(name), where)
    where = f"{where}.{name}"
    step = make_step(kind, {} if parameters is None else parameters, where, folders)
    _check_own_name(step, f"{where}.name")
    if isinstance(step, Filter):
        _check_rules_load(step, where)
    return Line(step.label(registry.label_of(str(name))), where, step)


def _check_own_name(step: Step, where: str) -> None:
    name = getattr(step, "name", None)
    if name is None:
        return
    if isinstance(step, Filter) and not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise PipelineError(f"{where}: {name!r:.80} prefixes signals: letters, digits and `_` only")
    _folder_name(name, where)


def _check_rules_load(step: Filter, where: str) -> None:
    try:
        step.own_rules(), step.signal_types()  # may read a file (a profile, a list of words)
    except PipelineError as error:
        raise PipelineError(f"{where}: {error}") from error


def make_step(kind: type[StepT], parameters: Any, where: str, folders: Sequence[Path]) -> StepT:
    """Build one step from its YAML parameters. Raises: PipelineError in one line."""
    if not isinstance(parameters, dict):
        raise PipelineError(f"{where}: expected parameters as `key: value`, not {parameters!r:.80}")
    if odd := [key for key in parameters if not isinstance(key, str)]:
        raise PipelineError(f"{where}: {odd[0]!r:.80} is no name of a parameter; put it in quotes")
    _check_rule_names(parameters.get("drop"), f"{where}.drop")
    try:
        step = kind.model_validate(parameters)
        paths = {
            name: _resolve(getattr(step, name), mark, folders)
            for name, mark in input_fields(kind).items()
            if name in parameters
        }
        return step.model_copy(update=paths)
    except ValidationError as error:
        raise PipelineError(_one_line(error, kind, where)) from error


def _check_rule_names(rules: Any, where: str) -> None:
    for name in rules if isinstance(rules, dict) else ():
        if not (isinstance(name, str) and re.fullmatch(r"\w[\w-]*", name)):
            raise PipelineError(f"{where}: {name!r:.80} is no name of a rule{_FLOW_HINT}")


def input_fields(kind: type[Step]) -> dict[str, InputFile]:
    """Parameters that name a file: their value is resolved, and its bytes, not its name, enter the fingerprint."""
    marks = {name: InputFile.of(info) for name, info in kind.model_fields.items()}
    return {name: mark for name, mark in marks.items() if mark is not None}


def _resolve(value: Any, mark: InputFile, folders: Sequence[Path]) -> Any:
    if isinstance(value, list):
        return [_resolve(item, mark, folders) for item in value]
    if not isinstance(value, str) or value in mark.names:
        return value
    for candidate in (folder / Path(value).expanduser() for folder in folders):
        if candidate.exists() or (has_magic(value) and glob(str(candidate), recursive=True)):
            return str(candidate.absolute())
    return value


_PLAIN = {
    "bool_parsing": "expected true or false",
    "bool_type": "expected true or false",
    "dict_type": "expected `name: value` lines",
    "float_parsing": "expected a number",
    "float_type": "expected a number",
    "int_from_float": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_type": "expected a whole number",
    "list_type": "expected a list, such as [a, b]",
    "string_type": "expected text",
}
"""What pydantic's kinds of faults are called here."""


def _one_line(error: ValidationError, kind: type[Step], where: str) -> str:
    first = error.errors()[0]
    place = ".".join([where, *(str(key) for key in first["loc"] if key != "function-after")])
    if first["type"] == "extra_forbidden":
        return f"{place}: unknown parameter{registry.nearest(str(first['loc'][-1]), kind.model_fields)}"
    given = first.get("input")
    if first["loc"][0] == "drop" and len(first["loc"]) == 2:
        return f"{place}: a rule is a condition, such as `chars < 100`, or null to switch it off, not {given!r:.80}"
    words = first["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ").split()
    message = _PLAIN.get(first["type"], " ".join(words))
    message = message[0].lower() + message[1:] if message.startswith(("Input", "Field", "List")) else message
    shown = "" if first["type"] in ("missing", "value_error") else f", not {given!r:.80}"
    known = re.findall(r"'([^']*)'", first["ctx"]["expected"]) if first["type"] == "literal_error" else []
    hint = registry.nearest(given, known) if isinstance(given, str) and known else ""
    return f"{place}: {message}{shown}{hint if 'did you mean' in hint else ''}"


def json_schema() -> dict[str, Any]:
    """JSON Schema of the pipeline file, for editors."""
    properties: dict[str, Any] = {"name": {"type": "string"}, "seed": {"type": "integer", "default": 0}}
    definitions: dict[str, Any] = {}
    for section in registry.SECTIONS:
        choices: list[dict[str, Any]] = [{"type": "string"}]
        for name in registry.names(section):
            schema = TypeAdapter(registry.find(section, name, section)).json_schema(ref_template="#/$defs/{model}")
            definitions |= schema.pop("$defs", {})
            definitions[f"{section}.{name}"] = schema
            step = {"anyOf": [{"$ref": f"#/$defs/{section}.{name}"}, {"type": "null"}]}
            choices.append(
                {"type": "object", "properties": {name: step}, "required": [name], "additionalProperties": False}
            )
        own = {
            "type": "object",
            "patternProperties": {"^.+:.+$": {}},
            "additionalProperties": False,
            "minProperties": 1,
        }
        properties[section] = {"type": "array", "items": {"anyOf": [*choices, own]}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "curate pipeline", "type": "object",
        "required": ["read"], "properties": properties, "additionalProperties": False, "$defs": definitions,
    }  # fmt: skip
