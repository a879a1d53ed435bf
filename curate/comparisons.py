"""The numbers in rules that can be moved: each comparison `quantity < number` of a condition, and what hangs on it.

Polars' parser tells no positions. A number is found in the text by changing one of its digits: the comparison whose
literal changes is the one it stands in. What is computed with (`0.45` in `a > 0.45 * b`) stands in none. Cost: half a
millisecond a number.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from curate import judge
from curate.contracts import Filter, Line


@dataclass(frozen=True)
class Comparison:
    """One comparison of something measured with a number, at one place in a rule's condition."""

    reason: str
    """`<filter>.<rule>`."""
    condition: str
    """The rule's, as written."""
    start: int
    """Where the number begins in `condition`, its sign included; it ends before `stop`."""
    stop: int
    operator: str
    """`<`, `<=`, `>`, `>=` or `=`, the quantity on its left."""
    number: float
    signal: str | None
    """The quantity's column; None when it is computed from several."""
    whole: bool
    """Whether the quantity is a whole number."""
    quantity: pl.Expr = field(repr=False, compare=False)
    """What is compared with the number; null where it cannot be measured."""
    if_true: pl.Expr = field(repr=False, compare=False)
    """Whether a document breaks the rule if this comparison is true; never null."""
    if_false: pl.Expr = field(repr=False, compare=False)
    """The same if it is false."""

    @property
    def signals(self) -> list[str]:
        """Columns that the rule reads."""
        return self.if_true.meta.root_names() + self.if_false.meta.root_names() + self.quantity.meta.root_names()

    @property
    def sign(self) -> str:
        """The operator as a reader takes it: `!=` is stored as a NOT around `=`."""
        return "!=" if re.search(r"(<>|!=)\s*$", self.condition[: self.start]) else self.operator

    @property
    def text(self) -> str:
        """The number as it is written."""
        return self.condition[self.start : self.stop]

    def edited(self, number: str) -> str:
        """The condition with another number in this place."""
        return self.condition[: self.start] + number + self.condition[self.stop :]


def of_filters(filters: Sequence[Line[Filter]], types: Mapping[str, Any]) -> list[Comparison]:
    """The comparisons of all rules that look at one document, in the order of the pipeline and of the text."""
    return [one for rule in judge.compile_rules(filters, types) for one in of_rule(rule, types)]


def of_rule(rule: judge.Rule, types: Mapping[str, Any]) -> list[Comparison]:
    """The comparisons of one rule, in the order of the text."""
    written, compiled = _tree(pl.sql_expr(rule.condition)), _tree(rule.expression)
    found = []
    for start, stop in _numbers(rule.condition):
        place, side = _parent(_changed_path(rule.condition, start, stop, written))
        literal = _literal(written, place, side)
        # Compiled, the tree stands in a `fill_null`, and what might be NaN in a CASE, which holds it several times.
        place = (*_FILLED, *place)
        if literal is not None and _literal(compiled, place, side) == literal:
            found.append(_comparison(rule, compiled, place, side, (start, stop), types))
    return [one for one in found if one is not None]


_FILLED = ("Function", "input", 0)
_ASIDE = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|--[^\n]*|/\*.*?\*/""", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])")


def _numbers(condition: str) -> Iterator[tuple[int, int]]:
    """Start and stop of what looks like a number, signs left out."""
    blank = _ASIDE.sub(lambda match: "'" * len(match[0]), condition)
    for match in _NUMBER.finditer(blank):
        yield match.span()


_Path = tuple[str | int, ...]


def _changed_path(condition: str, start: int, stop: int, tree: Any) -> _Path:
    """The one place of the tree that changes with a digit of the number."""
    last = re.match(r"[\d.]*\d", condition[start:stop])
    place = start + (last.end() if last else 1) - 1
    other = "2" if condition[place] == "1" else "1"
    try:
        changed = pl.sql_expr(condition[:place] + other + condition[place + 1 :])
    except pl.exceptions.PolarsError:  # a number of a type or a function, which takes no other
        return ()
    return _difference(tree, _tree(changed))


def _difference(one: Any, other: Any) -> _Path:
    """The path to the only place in which two trees differ, as deep as there is one."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        keys: list[Any] = [key for key in one if one[key] != other[key]]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        keys = [place for place in range(len(one)) if one[place] != other[place]]
    else:
        return ()
    return (keys[0], *_difference(one[keys[0]], other[keys[0]])) if len(keys) == 1 else ()


_OPERATORS = {"Lt": "<", "LtEq": "<=", "Gt": ">", "GtEq": ">=", "Eq": "="}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}


def _parent(path: _Path) -> tuple[_Path, int]:
    """The node in which the literal on a path stands, and on which side of it (0, 1; -1: in none with two sides)."""
    literal = len(path) - 1 - path[::-1].index("Literal") if "Literal" in path else 0
    if path[max(literal - 2, 0) : literal - 1] == ("BinaryExpr",):
        return path[: literal - 2], ("left", "right").index(str(path[literal - 1]))
    if path[max(literal - 3, 0) : literal - 1] == ("Function", "input"):
        return path[: literal - 3], int(path[literal - 1])
    return (), -1


def _literal(tree: Any, place: _Path, side: int) -> Any:
    """The literal on a side of a comparison; None when there is no such place."""
    try:
        operator, sides = _sides(_at(tree, place))
    except (KeyError, IndexError, TypeError):
        return None
    return sides[side] if operator is not None and side >= 0 else None


def _comparison(
    rule: judge.Rule, tree: Any, place: _Path, side: int, span: tuple[int, int], types: Mapping[str, Any]
) -> Comparison | None:
    """The comparison at a place of the tree; None when it compares nothing that is measured with no number."""
    operator, sides = _sides(_at(tree, place))
    number, quantity = _value(sides[side]), _expression(sides[1 - side])
    if operator is None or number is None or not quantity.meta.root_names():
        return None
    dtype = pl.LazyFrame(schema=dict(types)).select(quantity=quantity).collect_schema()["quantity"]
    return Comparison(
        reason=rule.reason,
        condition=rule.condition,
        start=_with_sign(rule.condition, span[0]) if number < 0 else span[0],
        stop=span[1],
        operator=operator if side == 1 else _TURNED[operator],
        number=number,
        signal=sides[1 - side].get("Column"),
        whole=dtype.is_integer(),
        quantity=quantity,
        if_true=_expression(_replaced(tree, place, True)),
        if_false=_expression(_replaced(tree, place, False)),
    )


def _sides(node: Any) -> tuple[str | None, list[Any]]:
    """Operator and both sides of a comparison. SQL compares with decimals by a function."""
    binary, function = node.get("BinaryExpr"), node.get("Function")
    if binary:
        return _OPERATORS.get(binary["op"]), [binary["left"], binary["right"]]
    kind = function["function"] if function else None
    operator = kind["Sql"].get("Binary") if isinstance(kind, dict) and isinstance(kind.get("Sql"), dict) else None
    return _OPERATORS.get(operator or ""), function["input"] if function else []


def _value(node: Any) -> float | None:
    """`{"Literal": {"Dyn": {"Int": 50}}}`, or `{"Literal": {"Scalar": {"Decimal": [65, 2, 2]}}}`: digits and scale."""
    ((_, held),) = node["Literal"].items()
    if not isinstance(held, dict):
        return None
    ((kind, value),) = held.items()
    if kind == "Decimal":
        return float(f"{value[0]}e-{value[2]}")
    return float(value) if isinstance(value, int | float) and kind != "Boolean" else None


def _with_sign(condition: str, start: int) -> int:
    sign = re.search(r"-\s*$", condition[:start])
    return sign.start() if sign else start


def _at(tree: Any, path: _Path) -> Any:
    for key in path:
        tree = tree[key]
    return tree


def _replaced(tree: Any, path: _Path, truth: bool) -> Any:
    if not path:
        return {"Literal": {"Scalar": {"Boolean": truth}}}
    key, rest = path[0], path[1:]
    if isinstance(tree, list):
        return [_replaced(item, rest, truth) if place == key else item for place, item in enumerate(tree)]
    return tree | {key: _replaced(tree[key], rest, truth)}


def _tree(expression: pl.Expr) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Polars: the JSON form is deprecated; it is the one public view of the nodes
        return json.loads(expression.meta.serialize(format="json"))


def _expression(tree: Any) -> pl.Expr:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pl.Expr.deserialize(json.dumps(tree).encode(), format="json")
