"""The condition of a rule: SQL as a user writes it to an expression that is safe to judge by.

An expression's nodes, which Polars shows as JSON, must stand on a whitelist: what looks at other rows (aggregates,
windows, subqueries) or at the clock is refused. Then three traps are taken out of the tree, where null is what a rule
drops: NaN (Polars: `0/0 < 0.1` is false and `0/0 > 0.1` is true) and a text that is no number (`CAST`) become null,
and text compared with a number, which Polars does without a word, is an error. Cost: a few milliseconds a rule.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from curate.errors import PipelineError
from curate.registry import nearest


def compile_condition(condition: str, types: Mapping[str, Any], own: Mapping[str, str]) -> pl.Expr:
    """Compile a condition on the columns `types`; `own` maps bare names of signals to columns.

    The expression is true for a document that breaks the rule or whose signals are null; never null. Raises:
    PipelineError without the place.
    """
    try:
        tree = _tree(pl.sql_expr(condition))
    except pl.exceptions.PolarsError as error:
        raise PipelineError(f"{condition!r} is not a condition: {_in_short(error)}") from error
    if foreign := next(_foreign(tree), None):
        raise PipelineError(f"{condition!r} uses {foreign}; a rule is a condition on the signals of one document")
    names = list(dict.fromkeys(_names(tree)))
    for name in names:
        if name not in own and name not in types:
            hint = f"; text stands in single quotes: '{name}'" if f'"{name}"' in condition else ""
            raise PipelineError(f"no signal is called {name!r}{hint or nearest(name, {*own, *types})}")
    if not names:
        raise PipelineError(f"{condition!r} names no signal, so it is the same for all documents; null switches it off")
    columns = [own.get(name, name) for name in names]
    types = {name: types[name] for name in columns if name in types}  # of a hundred signals a rule reads two
    try:
        expression = _expression(_mended(_renamed(tree, own), types, condition))
        result = _probe(types).select(rule=expression)["rule"]
    except pl.exceptions.PolarsError as error:
        raise PipelineError(f"{condition!r} cannot be computed: {_in_short(error)}") from error
    if result.dtype != pl.Boolean:
        raise PipelineError(f"{condition!r} is {result.dtype}, not true or false; compare it with something")
    return expression.fill_null(True)


def _in_short(error: Exception) -> str:
    return " ".join(str(error).partition("This error occurred")[0].split())[:200]


def _tree(expression: pl.Expr) -> Any:
    # JSON is the one public view of an expression's nodes; `meta.is_row_separable()` accepts `chars > AVG(chars)`.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return json.loads(expression.meta.serialize(format="json"))


def _expression(tree: Any) -> pl.Expr:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pl.Expr.deserialize(json.dumps(tree).encode(), format="json")


def _probe(types: Mapping[str, Any]) -> pl.DataFrame:
    """Three documents: nothing measured, zeros, and small values; what fails on them would fail in a run."""
    values = {pl.String: (None, "", "zh"), pl.Boolean: (None, False, True)}
    return pl.DataFrame({name: pl.Series(values.get(kind, (None, 0, 1)), dtype=kind) for name, kind in types.items()})


# What a rule may consist of.

_FUNCTIONS = {
    "Abs", "Coalesce", "MaxHorizontal", "MinHorizontal", "Boolean", "StringExpr", "Sql", "Pow", "Round", "RoundSF",
    "Floor", "Ceil", "Log", "Log1p", "Exp", "Sign", "Negate", "Trigonometry", "Clip", "FillNull", "NullIf",
}  # fmt: skip
_OVER_ROWS = {"Any", "All", "IsUnique", "IsDuplicated", "IsFirstDistinct", "IsLastDistinct", "ConcatVertical"}
_KNOWN = {
    **dict.fromkeys(["Agg", "Len", "Quantile", "Correlation"], "an aggregate"),
    **dict.fromkeys(["Over", "Rank", "Shift"], "a window"),
    "SubPlan": "a subquery",
}
"""What a user calls some nodes that are refused; others go by Polars' name."""
_LITERALS = {"Int", "Float", "String", "Boolean", "Null", "Decimal", "Series"}
_PARTS = {
    "BinaryExpr": ("left", "right"),
    "Ternary": ("predicate", "truthy", "falsy"),
    "Cast": ("expr",),
}
"""Nodes of several expressions, and the keys under which these stand."""


def _children(kind: str, content: Any) -> list[Any]:
    if kind == "Function":
        return list(content["input"])
    return [content[part] for part in _PARTS.get(kind, ())]


def _foreign(node: Any) -> Iterator[str]:
    """Names of nodes that no rule may use, from the outside in."""
    if isinstance(node, str):
        yield _KNOWN.get(node, node)
        return
    ((kind, content),) = node.items()
    if kind == "Function":
        yield from _foreign_function(content["function"])
    elif kind == "Literal":
        yield from _foreign_literal(content)
    elif kind == "Alias":
        yield f"AS {content[1]}"
    elif kind not in ("Column", *_PARTS):
        yield _KNOWN.get(kind, kind)
    for child in _children(kind, content):
        yield from _foreign(child)


def _head(value: Any) -> str:
    return str(next(iter(value), "")) if isinstance(value, dict) else str(value)


def _foreign_function(function: Any) -> Iterator[str]:
    name = _head(function)
    inner = _head(function[name]) if isinstance(function, dict) else ""
    if name not in _FUNCTIONS:
        yield _KNOWN.get(name, name)
    elif inner in _OVER_ROWS:
        yield "an aggregate"


def _foreign_literal(literal: Any) -> Iterator[str]:
    outer = _head(literal)
    kind = outer if outer == "Series" else _head(literal[outer])
    if kind not in _LITERALS and not kind.lstrip("U").startswith("Int"):
        yield f"a {kind.lower()}"  # NOW() and CURRENT_DATE come as one: a rule that changes by the hour


def _names(node: Any) -> Iterator[str]:
    ((kind, content),) = node.items()
    if kind == "Column":
        yield content
    for child in _children(kind, content):
        yield from _names(child)


# Changes to the tree.


def _with_children(node: Any, change: Any) -> Any:
    ((kind, content),) = node.items()
    if kind == "Function":
        return {kind: content | {"input": [change(child) for child in content["input"]]}}
    return {kind: content | {part: change(content[part]) for part in _PARTS[kind]}} if kind in _PARTS else node


def _renamed(node: Any, names: Mapping[str, str]) -> Any:
    if "Column" in node:
        return {"Column": names.get(node["Column"], node["Column"])}
    return _with_children(node, lambda child: _renamed(child, names))


_COMPARISONS = {"Eq", "NotEq", "Lt", "LtEq", "Gt", "GtEq", "EqValidity", "NotEqValidity"}


def _mended(node: Any, types: Mapping[str, Any], condition: str) -> Any:
    node = _with_children(node, lambda child: _mended(child, types, condition))
    ((kind, content),) = node.items()
    if kind == "Cast":
        return {kind: content | {"options": "NonStrict"}}
    if not _is_comparison(kind, content):
        return node
    kinds = [_dtype(child, types) for child in _children(kind, content)]
    if pl.String in kinds and any(dtype.is_numeric() for dtype in kinds):
        raise PipelineError(f"{condition!r} compares text with a number")
    return _with_children(node, lambda child: _without_nan(child, types))


def _is_comparison(kind: str, content: Any) -> bool:
    if kind == "BinaryExpr":
        return content["op"] in _COMPARISONS
    function = content["function"] if kind == "Function" else None
    return (
        isinstance(function, dict)
        and _head(function.get("Sql")) == "Binary"
        and function["Sql"]["Binary"] in _COMPARISONS
    )


def _dtype(node: Any, types: Mapping[str, Any]) -> pl.DataType:
    return pl.LazyFrame(schema=dict(types)).select(node=_expression(node)).collect_schema()["node"]


def _without_nan(node: Any, types: Mapping[str, Any]) -> Any:
    if "Column" in node or "Literal" in node or not _dtype(node, types).is_float():
        return node
    return _tree(_expression(node).fill_nan(None))
