"""Any filter of datatrove as one of ours: its verdict as a signal, its reasons as rules.

    - datatrove:
        name: gopher
        filter: datatrove.pipeline.filters.GopherQualityFilter
        min_doc_words: 80

Only the verdict is taken over: some filters also edit the text (C4's removes lines), and that edit is left behind.
One document after the other, at datatrove's own speed: 0.2 to 0.5 MB/s where it cuts words, 85 MB/s for a regular
expression. Where `quality` and `repetition` measure the same (their profiles `gopher_en` and the like), use these.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import inspect
import json
import re
import textwrap
import warnings
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from importlib.metadata import version
from typing import Any, ClassVar

import polars as pl
from pydantic import ConfigDict

from curate.contracts import ID, TEXT, Documents, Filter
from curate.errors import PipelineError

_KEPT, _DROPPED, _REASON = "", "dropped", "datatrove_reason"
_SAMPLE = "This is a sentence of some words.\n这是一句话，有几个词。"


class Datatrove(Filter):
    """Run a filter of datatrove (or a class of your own that inherits its `BaseFilter`), each reason a rule.

    Signal:
        datatrove_reason: why the filter drops the document: its first reason, "dropped" if it names none, "" if it
            keeps it; null where it divides by zero (several do on a text without words), which drops the document.

    The rules are read from the class: one for each reason that stands there as `return False, "reason"`, named after
    it, with what is filled in named too (`top_n_gram`); and `dropped` for all others. A filter stops at its first
    reason, so switching a rule off lets through what other rules would have dropped.

    Every other key is a parameter of the class: `- datatrove: {filter: datatrove.pipeline.filters.X, key: value}`.
    Its documents carry `source` and the reader's `fields` as metadata. Files that a filter loads by itself are not
    part of the fingerprint: after changing one, take another run folder.
    """

    model_config = ConfigDict(extra="allow")

    signals: ClassVar[Mapping[str, Any]] = {_REASON: pl.String}

    filter: str
    """The class: `package.module.Class`."""

    def measured_parameters(self) -> dict[str, Any]:
        kind = _class(self.filter)
        own = kind.__module__.partition(".")[0] != "datatrove"
        source = hashlib.sha256(_source(kind).encode()).hexdigest() if own else None
        return super().measured_parameters() | {"datatrove": version("datatrove"), "source": source}

    def own_rules(self) -> Mapping[str, str | None]:
        kind = _class(self.filter)
        _check_options(kind, self._options())
        return _rules(kind)

    def check(self) -> None:
        step = self._made()
        try:
            step.filter_batch([_document({ID: "0", TEXT: _SAMPLE})])
        except (ImportError, OSError) as error:  # found out as late as this by datatrove: word cutters, downloads
            raise PipelineError(f"{self.filter} cannot run: {_in_short(error)}") from error
        except Exception:  # may need metadata that this document does not have
            return

    def notes(self) -> list[str]:
        kind = _class(self.filter)
        notes = []
        if _edits_text(kind):
            notes.append(f"{kind.__name__} also edits the text; only its verdict is used, the text stays as it is")
        if "language" in _parameters(kind) and "language" not in self._options():
            notes.append(
                f"{kind.__name__} cuts words and sentences as in English; for Chinese say `language: cmn_Hani`"
            )
        return notes

    def measure(self, documents: Documents) -> pl.DataFrame:
        step = self._made()
        rows, size = documents.frame.to_dicts(), max(1, step.batch_size)
        reasons: list[str | None] = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # datatrove takes means of nothing
            for start in range(0, len(rows), size):  # a loop over documents: datatrove knows nothing else
                reasons += _verdicts(step, rows[start : start + size])
        return pl.DataFrame({_REASON: pl.Series(reasons, dtype=pl.String)})

    def _options(self) -> dict[str, Any]:
        return dict(self.model_extra or {})

    def _made(self) -> Any:
        return _make(self.filter, json.dumps(self._options(), sort_keys=True))


@lru_cache(maxsize=8)
def _class(path: str) -> Any:
    """The class of a datatrove filter. Raises: PipelineError."""
    from datatrove.pipeline.filters.base_filter import BaseFilter

    module, _, name = path.replace(":", ".").rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name, None) if module else None
    except Exception as error:  # a module of the user's own may fail in any way
        raise PipelineError(f"cannot import {module}: {_in_short(error)}") from error
    if not (isinstance(found, type) and issubclass(found, BaseFilter)):
        raise PipelineError(f"{path} is no filter of datatrove; such as datatrove.pipeline.filters.RegexFilter")
    if found.__name__ == "SamplerFilter":
        raise PipelineError("SamplerFilter depends on the order of documents; give the reader `sample:` instead")
    return found


def _parameters(kind: Any) -> Mapping[str, inspect.Parameter]:
    found = dict(inspect.signature(kind.__init__).parameters)
    return {name: one for name, one in found.items() if name not in ("self", "exclusion_writer")}


def _check_options(kind: Any, options: Mapping[str, Any]) -> None:
    known = _parameters(kind)
    if any(one.kind is one.VAR_KEYWORD for one in known.values()):
        return
    for name in options:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
            raise PipelineError(f"unknown parameter {name!r} of {kind.__name__}; {hint}")
    for name, one in known.items():
        if one.default is one.empty and one.kind is not one.VAR_POSITIONAL and name not in options:
            raise PipelineError(f"{kind.__name__} needs a parameter {name!r}")
        if "Callable" in str(one.annotation):
            raise PipelineError(f"{kind.__name__} takes Python code as {name!r}; write a filter of your own")


@lru_cache(maxsize=8)
def _make(path: str, options: str) -> Any:
    """Make a filter, once per process: some load a model."""
    kind = _class(path)
    try:
        return kind(**json.loads(options))
    except Exception as error:
        raise PipelineError(f"{path} cannot be made: {_in_short(error)}") from error


def _document(row: Mapping[str, Any]) -> Any:
    from datatrove.data import Document

    metadata = {name: value for name, value in row.items() if name not in (ID, TEXT)}
    return Document(text=row[TEXT], id=row[ID], metadata=metadata)


def _verdicts(step: Any, rows: list[dict[str, Any]]) -> list[str | None]:
    try:
        return [_reason(verdict) for verdict in step.filter_batch([_document(row) for row in rows])]
    except ZeroDivisionError as error:
        if len(rows) == 1:
            return [None]
        raise PipelineError(f"{type(step).__name__}: from {rows[0][ID]} on: {_in_short(error)}") from error
    except Exception as error:
        raise PipelineError(f"{type(step).__name__}: document {rows[0][ID]}: {_in_short(error)}") from error


def _reason(verdict: Any) -> str:
    kept, reason = verdict if isinstance(verdict, tuple) else (verdict, None)
    return _KEPT if kept else str(reason or _DROPPED)


def _in_short(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]


# What the source of a class says.


def _source(kind: Any) -> str:
    """The class and those above it, up to datatrove's base; "" for what was not written in a file."""
    from datatrove.pipeline.filters.base_filter import BaseFilter

    sources = []
    for one in kind.__mro__[: kind.__mro__.index(BaseFilter)]:
        try:
            sources.append(textwrap.dedent(inspect.getsource(one)))
        except (OSError, TypeError):
            continue
    return "\n".join(sources)


@lru_cache(maxsize=8)
def _rules(kind: Any) -> Mapping[str, str]:
    tests: dict[str, list[str]] = {}
    for name, pattern in _reasons(ast.parse(_source(kind))):
        text = pattern.replace("'", "''")
        tests.setdefault(name, []).append(f"{_REASON} {'LIKE' if '%' in pattern else '='} '{text}'")
    tests.pop(_DROPPED, None)
    rules = {name: " OR ".join(dict.fromkeys(conditions)) for name, conditions in tests.items()}
    others = [f"{_REASON} != '{_KEPT}'", *(f"NOT ({condition})" for condition in rules.values())]
    return rules | {_DROPPED: " AND ".join(others)}


def _reasons(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Rule and pattern (as of LIKE) of every `return False, "reason"`."""
    for node in ast.walk(tree):
        match node:
            case ast.Return(value=ast.Tuple(elts=[ast.Constant(value=False), ast.Constant(value=str(text))])):
                yield _rule_name(text), text
            case ast.Return(value=ast.Tuple(elts=[ast.Constant(value=False), ast.JoinedStr(values=parts)])):
                filled = [one.value if isinstance(one, ast.FormattedValue) else None for one in parts]
                names = [ast.unparse(one) if one else _text(part) for one, part in zip(filled, parts, strict=True)]
                pattern = ["%" if one else _text(part) for one, part in zip(filled, parts, strict=True)]
                yield _rule_name("".join(names)), "".join(pattern)


def _text(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _rule_name(reason: str) -> str:
    return re.sub(r"\W+", "_", reason.lower().replace("self.", "")).strip("_") or _DROPPED


def _edits_text(kind: Any) -> bool:
    return any(
        isinstance(target, ast.Attribute) and target.attr == "text"
        for node in ast.walk(ast.parse(_source(kind)))
        if isinstance(node, ast.Assign)
        for target in node.targets
    )
