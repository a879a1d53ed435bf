"""What a filter says of itself: its docstring, parameters, signals and rules, as text for a terminal."""

from __future__ import annotations

import inspect
import os
import sys

from pydantic.fields import FieldInfo

from curate import judge, registry
from curate.contracts import Filter


def list_filters() -> str:
    """Every filter with its first sentence, one line each."""
    found = {name: _class(name) for name in registry.names("filters")}
    width = max(map(len, found))
    return "\n".join(f"{name:<{width}}  {_summary(kind)}" for name, kind in found.items())


def describe_filter(name: str) -> str:
    """A filter's whole page. Raises: PipelineError for an unknown name."""
    kind = _class(name)
    parameters = [f"  {key}{_default(info)}\n      {info.description or ''}" for key, info in kind.model_fields.items()]
    pages = [f"{name}: {inspect.getdoc(kind)}", "Parameters:\n" + "\n".join(parameters)]
    needs_parameters = any(info.is_required() for info in kind.model_fields.values())
    measured = kind.signals if needs_parameters else kind().signal_types()
    conditions = kind.rules if needs_parameters else judge.merged(kind())
    signals = [f"  {signal}: {dtype}" for signal, dtype in measured.items()]
    rules = [f"  {registry.label_of(name)}.{rule}: {condition}" for rule, condition in conditions.items()]
    pages += ["Signals:\n" + "\n".join(signals)] if signals else []
    pages += ["Rules (drop if):\n" + "\n".join(rules)] if rules else []
    return "\n\n".join(pages)


def _default(info: FieldInfo) -> str:
    return "" if info.is_required() else f" = {info.get_default(call_default_factory=True, validated_data={})!r}"


def _class(name: str) -> type[Filter]:
    if ":" in name and os.getcwd() not in sys.path:  # of one's own: `shouting:Shouting` beside the pipeline
        sys.path.append(os.getcwd())
    kind = registry.find("filters", name, "filters")
    assert issubclass(kind, Filter)
    return kind


def _summary(kind: type[Filter]) -> str:
    return (inspect.getdoc(kind) or "").split("\n\n")[0].replace("\n", " ")
