"""The numbers that rules compare signals with, read off the rules' expressions.

`chars < 50` compares; so do both halves of `lang != 'zh' OR lang_score < 0.65`, `20 > lines` and `x BETWEEN 1 AND 3`.
`a + b > 0.5` compares a sum, which is no signal, and gives nothing.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import polars as pl

from curate.judge import Rule

_COMPARISONS = {"Lt", "LtEq", "Gt", "GtEq", "Eq", "NotEq", "EqValidity", "NotEqValidity"}


class Threshold(NamedTuple):
    """A number that a rule compares a signal with."""

    signal: str
    value: float
    reason: str


def thresholds(rules: Iterable[Rule]) -> list[Threshold]:
    """Every comparison of a signal with a number, in the order of the rules, each once."""
    found = (Threshold(signal, value, rule.reason) for rule in rules for signal, value in compared(rule.expression))
    return list(dict.fromkeys(found))


def compared(expression: pl.Expr) -> list[tuple[str, float]]:
    """Signal and number of each comparison in an expression."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Polars: the JSON form is deprecated; it is the one public view of the nodes
        tree = json.loads(expression.meta.serialize(format="json"))
    return list(_walk(tree))


def _walk(node: Any) -> Iterator[tuple[str, float]]:
    if isinstance(node, list):
        for item in node:
            yield from _walk(item)
    elif isinstance(node, dict):
        yield from _comparison(node)
        for key, item in node.items():
            if key != "Literal":
                yield from _walk(item)


def _comparison(node: dict[str, Any]) -> Iterator[tuple[str, float]]:
    sides = _sides(node)
    for one, other in (sides, sides[::-1]) if sides else ():
        signal, value = _signal(one), _number(other)
        if signal is not None and value is not None:
            yield signal, value


def _sides(node: dict[str, Any]) -> tuple[Any, Any] | None:
    """Both sides of a comparison. SQL compares with whole numbers by a BinaryExpr, with decimals by a function."""
    binary, function = node.get("BinaryExpr"), node.get("Function")
    if binary and binary["op"] in _COMPARISONS:
        return binary["left"], binary["right"]
    kind = function["function"] if function else None
    operator = kind["Sql"] if isinstance(kind, dict) and "Sql" in kind else None
    if function and isinstance(operator, dict) and operator.get("Binary") in _COMPARISONS:
        left, right = function["input"]
        return left, right
    return None


def _signal(node: Any) -> str | None:
    if not isinstance(node, dict):
        return None
    if "Cast" in node:
        return _signal(node["Cast"]["expr"])
    if "Ternary" in node:  # the form of `fill_nan(None)`, which a condition puts around whatever might be NaN
        choice = node["Ternary"]
        is_null = choice["falsy"] == {"Literal": {"Scalar": {"Null": "Null"}}}
        return _signal(choice["truthy"]) if is_null else None
    return node.get("Column")


def _number(node: Any) -> float | None:
    """`{"Literal": {"Dyn": {"Int": 50}}}`, or `{"Literal": {"Scalar": {"Decimal": [65, 2, 2]}}}`: digits and scale."""
    literal = node.get("Literal") if isinstance(node, dict) else None
    ((_, held),) = literal.items() if isinstance(literal, dict) and len(literal) == 1 else ((None, None),)
    if not isinstance(held, dict) or len(held) != 1:
        return None
    ((kind, value),) = held.items()
    if kind == "Decimal":
        return float(f"{value[0]}e-{value[2]}")
    return float(value) if isinstance(value, int | float) and kind != "Boolean" else None
