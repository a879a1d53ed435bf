"""What a filter or a cleaner says of itself: docstring, parameters, signals and rules, as text for a terminal."""

from __future__ import annotations

import inspect
import os
import sys
import textwrap
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from curate import judge, registry
from curate.contracts import Cleaner, CorpusFilter, Filter, Line, Step, StepT
from curate.errors import PipelineError


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
    section = "clean" if name in registry.names("clean") else "filters"
    kind = _class(section, name)
    parameters = [f"  {key}{_default(info)}\n{_indented(info.description)}" for key, info in kind.model_fields.items()]
    pages = [f"{name}: {inspect.getdoc(kind)}"]
    pages += ["Parameters:\n" + "\n".join(parameters)] if parameters else []
    measured, rules = _columns(kind)
    signals = [f"  {signal}: {dtype}" for signal, dtype in measured.items()]
    conditions = [f"  {registry.label_of(name)}.{rule}: {condition}" for rule, condition in rules.items()]
    pages += ["Signals:\n" + "\n".join(signals)] if signals else []
    pages += ["Rules (drop if):\n" + "\n".join(conditions)] if conditions else []
    step = _with_defaults(kind)
    pages += [_clusters_page(name, step)] if isinstance(step, CorpusFilter) else []
    return "\n\n".join(pages)


def _clusters_page(name: str, step: CorpusFilter) -> str:
    """What verdicts say beside the rules; `curate show RUN --cluster ID` puts it together."""
    columns = judge.cluster_columns(Line(registry.label_of(name), "filters", step))
    names = [f"  {column}: {dtype}" for column, dtype in columns.items()]
    return "Columns of the verdicts, beside duplicate_of (null outside of clusters):\n" + "\n".join(names)


_SECTIONS = ("filters", "clean")


def _class(section: str, name: str) -> type[Step]:
    if ":" in name and os.getcwd() not in sys.path:  # of one's own: `shouting:Shouting` beside the pipeline
        sys.path.append(os.getcwd())
    return registry.find(section, name, section)


def _indented(description: str | None) -> str:
    return textwrap.fill(" ".join((description or "").split()), 100, initial_indent=" " * 6, subsequent_indent=" " * 6)


def _default(info: Any) -> str:
    if info.is_required():
        return " (required)"
    return f" = {info.get_default(call_default_factory=True, validated_data={})!r}"


def _columns(kind: type[Step]) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """Signals and rules with default parameters; those of the class where some parameter is required."""
    if not issubclass(kind, Filter):
        assert issubclass(kind, Cleaner)
        return kind.signals, {}
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
