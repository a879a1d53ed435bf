"""What a step says of itself: docstring, parameters, signals and rules; as a value, and as text for a terminal.

The pages of the documentation are made of the same values (`docs/pages.py`).
"""

from __future__ import annotations

import inspect
import os
import sys
import textwrap
import types
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from pydantic import ValidationError

from curate import judge, registry
from curate.contracts import Cleaner, CorpusFilter, Filter, Line, Step, StepT
from curate.errors import PipelineError


class Parameter(NamedTuple):
    """A parameter of a step."""

    name: str
    type: str
    """As Python writes it, without the module's name."""
    default: str | None
    """As Python writes it; None: it must be given."""
    text: str
    """What the field says, on one line."""


class Description(NamedTuple):
    """A reader, cleaner, filter or writer, described."""

    name: str
    text: str
    """The docstring, its first sentence first."""
    parameters: list[Parameter]
    signals: dict[str, str]
    """Name to dtype, with default parameters."""
    rules: dict[str, str]
    """Reason (`<filter>.<rule>`) to condition, with default parameters."""
    clusters: dict[str, str]
    """Columns of the verdicts, and their dtypes, of a filter that compares documents."""


def describe(section: str, name: str) -> Description:
    """Describe a step of a section (`read`, `clean`, `filters`, `write`). Raises: PipelineError for an unknown name."""
    kind = _class(section, name)
    label = registry.label_of(name)
    signals, rules = _columns(kind)
    step = _with_defaults(kind)
    clusters = judge.cluster_columns(Line(label, section, step)) if isinstance(step, CorpusFilter) else {}
    return Description(
        name,
        inspect.getdoc(kind) or "",
        [_parameter(key, info) for key, info in kind.model_fields.items()],
        {signal: str(dtype) for signal, dtype in signals.items()},
        {f"{label}.{rule}": condition for rule, condition in rules.items()},
        {column: str(dtype) for column, dtype in clusters.items()},
    )


def list_filters() -> str:
    """Every filter, then every cleaner, with its first sentence, one line each."""
    found = {section: {name: _class(section, name) for name in registry.names(section)} for section in _SECTIONS}
    width = max(len(name) for steps in found.values() for name in steps)
    blocks = [
        "\n".join(f"{name:<{width}}  {_summary(kind)}" for name, kind in steps.items()) for steps in found.values()
    ]
    return "\n\nCleaners\n".join(blocks)


def describe_filter(name: str) -> str:
    """The whole page of a filter, or of a cleaner. Raises: PipelineError for an unknown name."""
    found = describe("clean" if name in registry.names("clean") else "filters", name)
    sections = {
        "Parameters": [f"  {one.name}{_default(one)}\n{_indented(one.text)}" for one in found.parameters],
        "Signals": _listed(found.signals),
        "Rules (drop if)": _listed(found.rules),
        # `curate show RUN --cluster ID` puts them together.
        "Columns of the verdicts, beside duplicate_of (null outside of clusters)": _listed(found.clusters),
    }
    blocks = ["\n".join([f"{title}:", *lines]) for title, lines in sections.items() if lines]
    return "\n\n".join([f"{name}: {found.text}", *blocks])


_SECTIONS = ("filters", "clean")


def _class(section: str, name: str) -> type[Step]:
    if ":" in name and os.getcwd() not in sys.path:  # of one's own: `shouting:Shouting` beside the pipeline
        sys.path.append(os.getcwd())
    return registry.find(section, name, section)


def _parameter(name: str, info: Any) -> Parameter:
    default = None if info.is_required() else repr(info.get_default(call_default_factory=True, validated_data={}))
    return Parameter(name, _type(info.annotation), default, " ".join((info.description or "").split()))


def _type(annotation: Any) -> str:
    """A type as it is written: `int | None`, `list[str]`, `Literal['a', 'b']`."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation is type(None):
        return "None"
    if origin is Annotated:
        return _type(arguments[0])
    if isinstance(annotation, types.UnionType) or getattr(origin, "__name__", "") == "Union":
        return " | ".join(map(_type, arguments))
    if arguments:
        arguments = arguments[:1] if arguments[-1] is Ellipsis else arguments
        written = [
            repr(one) if not isinstance(one, type) and get_origin(one) is None else _type(one) for one in arguments
        ]
        return f"{getattr(origin, '__name__', str(origin))}[{', '.join(written)}]"
    return str(getattr(annotation, "__name__", annotation))


def _listed(values: Mapping[str, str]) -> list[str]:
    return [f"  {name}: {value}" for name, value in values.items()]


def _indented(text: str) -> str:
    return textwrap.fill(text, 100, initial_indent=" " * 6, subsequent_indent=" " * 6)


def _default(parameter: Parameter) -> str:
    return " (required)" if parameter.default is None else f" = {parameter.default}"


def _columns(kind: type[Step]) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """Signals and rules with default parameters; those of the class where some parameter is required."""
    if issubclass(kind, Cleaner):
        return kind.signals, {}
    if not issubclass(kind, Filter):
        return {}, {}
    step = _with_defaults(kind)
    return (kind.signals, kind.rules) if step is None else (step.signal_types(), judge.merged(step))


def _with_defaults(kind: type[StepT]) -> StepT | None:
    """A step with default parameters; None where some parameter is required."""
    try:
        return kind()
    except (ValidationError, PipelineError):
        return None


def _summary(kind: type[Step]) -> str:
    return (inspect.getdoc(kind) or "").split("\n\n")[0].replace("\n", " ")
