"""What a rule's condition says: comparisons of weighted columns and facts, read from one line.

`action.minutes_to_shift_end * 60 < action.expected_handle_s` is one comparison; `and` joins
several. An alternative is another rule: each removal then has its own name.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from nba.errors import InputError
from nba.listen.encode import Feature, FeatureSpec
from nba.types import Floats32

# What a rule may ask about the customer, with the value of somebody of whom nothing is known.
FACTS: Final[Mapping[str, float]] = {
    "consent": 1.0,
    "touches_1d": 0.0,
    "touches_7d": 0.0,
    "contacts_in_journey": 0.0,
    "hours_since_touch": 1e9,
}
_COMPARES: Final[Mapping[type, tuple[str, Callable[[Any, Any], Any], str]]] = {
    ast.Gt: (">", operator.gt, "above"),
    ast.GtE: (">=", operator.ge, "at least"),
    ast.Lt: ("<", operator.lt, "below"),
    ast.LtE: ("<=", operator.le, "at most"),
    ast.Eq: ("==", operator.eq, "equal to"),
    ast.NotEq: ("!=", operator.ne, "not"),
}


@dataclass(frozen=True, slots=True)
class Sum:
    """A constant and weighted columns of the action, columns of the context, and facts."""

    constant: float = 0.0
    action: Mapping[int, float] = field(default_factory=dict)  # column → weight
    context: Mapping[int, float] = field(default_factory=dict)
    facts: Mapping[str, float] = field(default_factory=dict)
    text: str = ""

    @property
    def is_number(self) -> bool:
        """Is it a constant?"""
        return not (self.action or self.context or self.facts)

    def of_one(self, context: Floats32, facts: Mapping[str, float]) -> float:
        """The part that is the same for all actions of a decision."""
        total = self.constant
        for column, weight in self.context.items():
            total += weight * context.item(column)
        for name, weight in self.facts.items():
            total += weight * facts.get(name, FACTS[name])
        return total

    def of_all(self, one: float, actions: Floats32) -> Floats32 | float:
        """The value for each action (k,), given the part that they share."""
        total: Floats32 | float = one
        for column, weight in self.action.items():
            total = total + weight * actions[:, column]
        return total


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sums and how they must stand for the comparison to hold."""

    left: Sum
    sign: str
    holds: Callable[[Any, Any], Any]
    words: str
    right: Sum

    @property
    def of_actions(self) -> bool:
        """Does it depend on the action?"""
        return bool(self.left.action or self.right.action)

    @property
    def personal(self) -> bool:
        """Does it read anything about the customer but the consent?"""
        sides = (self.left, self.right)
        return any(side.context or set(side.facts) - {"consent"} for side in sides)


def read_condition(text: str, spec: FeatureSpec) -> tuple[Comparison, ...]:
    """The comparisons of a condition; raises InputError naming what cannot be read.

    >>> from nba.listen.contact_features import CONTACT_CENTRE
    >>> [c.words for c in read_condition("action.occupancy_1h > 0.95", CONTACT_CENTRE)]
    ['above']
    """
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise InputError(
            f"{text!r} cannot be read; write a comparison like 'action.occupancy_1h > 0.95'"
        ) from error
    parts = tree.values if isinstance(tree, ast.BoolOp) else [tree]
    if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.Or):
        raise InputError(f"{text!r} has an 'or'; write a rule for each, so that each has a name")
    return tuple(_comparison(part, spec) for part in parts)


def _comparison(node: ast.expr, spec: FeatureSpec) -> Comparison:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        zero = _sum(node.operand, spec)
        return Comparison(zero, "==", operator.eq, "equal to", Sum(text="0"))
    if isinstance(node, ast.Attribute) and _named(node)[0] == "customer":
        return Comparison(_sum(node, spec), "!=", operator.ne, "not", Sum(text="0"))
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        raise InputError(f"{ast.unparse(node)!r} is no comparison of two values")
    kind, right = type(node.ops[0]), node.comparators[0]
    if kind in (ast.In, ast.NotIn) or _is_text(right):
        return _of_levels(node, spec)
    if kind not in _COMPARES:
        raise _unknown(node)
    sign, holds, words = _COMPARES[kind]
    return Comparison(_sum(node.left, spec), sign, holds, words, _sum(right, spec))


def _of_levels(node: ast.Compare, spec: FeatureSpec) -> Comparison:
    """Is a category one of these levels? The sum of their columns is 1 if it is."""
    right = node.comparators[0]
    listed = right.elts if isinstance(right, ast.List | ast.Tuple) else [right]
    side, name = _named(node.left)
    feature = _feature(side, name, spec)
    columns = spec.context_names if side == "context" else spec.action_names
    weights: dict[int, float] = {}
    for item in listed:
        level = item.value if isinstance(item, ast.Constant) else None
        if level not in feature.levels:
            known = ", ".join(feature.levels) or "none, it is a number"
            raise InputError(f"{ast.unparse(item)} is no level of {side}.{name}; it has {known}")
        weights[columns.index(f"{name}={level}")] = 1.0
    total = replace(Sum(text=ast.unparse(node).replace("context.", "")), **{side: weights})  # type: ignore[arg-type]
    yes = isinstance(node.ops[0], ast.In | ast.Eq)
    if not yes and not isinstance(node.ops[0], ast.NotIn | ast.NotEq):
        raise _unknown(node)
    return Comparison(total, "==", operator.eq, "true", Sum(1.0 if yes else 0.0, text=""))


def _sum(node: ast.expr, spec: FeatureSpec) -> Sum:
    text = ast.unparse(node).replace("action.", "").replace("context.", "")
    match node:
        case ast.Constant(value=bool() | int() | float() as value):
            return Sum(float(np.float32(value)), text=f"{value:g}")  # as features are
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return replace(_scaled(_sum(operand, spec), -1.0), text=text)
        case ast.Attribute():
            return _term(*_named(node), spec)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            factor = 1.0 if isinstance(op, ast.Add) else -1.0
            return replace(_added(_sum(left, spec), _scaled(_sum(right, spec), factor)), text=text)
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
            return _product(_sum(left, spec), op, _sum(right, spec), text)
    raise _unknown(node)


def _product(left: Sum, op: ast.operator, right: Sum, text: str) -> Sum:
    if left.is_number and isinstance(op, ast.Mult):
        left, right = right, left
    if not right.is_number:
        raise InputError(f"{text!r} multiplies or divides by a feature; only a number can be used")
    if isinstance(op, ast.Div) and right.constant == 0.0:
        raise InputError(f"{text!r} divides by zero")
    factor = right.constant if isinstance(op, ast.Mult) else 1.0 / right.constant
    return replace(_scaled(left, factor), text=text)


def _term(side: str, name: str, spec: FeatureSpec) -> Sum:
    if side == "customer":
        if name not in FACTS:
            raise InputError(f"customer.{name} is unknown; use one of {', '.join(FACTS)}")
        return Sum(facts={name: 1.0}, text=f"customer.{name}")
    feature = _feature(side, name, spec)
    if feature.levels:
        raise InputError(f'{side}.{name} is a category; compare it as == "{feature.levels[0]}"')
    columns = spec.context_names if side == "context" else spec.action_names
    weights = {columns.index(name): 1.0}
    return Sum(context=weights, text=name) if side == "context" else Sum(action=weights, text=name)


def _named(node: ast.expr) -> tuple[str, str]:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        side = node.value.id
        if side in {"action", "context", "customer"}:
            return side, node.attr
    raise InputError(
        f"{ast.unparse(node)!r} is no value; write action.NAME, context.NAME or customer.NAME"
    )


def _feature(side: str, name: str, spec: FeatureSpec) -> Feature:
    features = spec.context if side == "context" else spec.action
    for feature in features:
        if feature.name == name and side != "customer":
            return feature
    known = ", ".join(feature.name for feature in features)
    raise InputError(f"{side}.{name} is not in spec {spec.name!r}; it has {known}")


def _added(one: Sum, other: Sum) -> Sum:
    def merged(a: Mapping[Any, float], b: Mapping[Any, float]) -> dict[Any, float]:
        return {key: a.get(key, 0.0) + b.get(key, 0.0) for key in (*a, *b)}

    return Sum(
        one.constant + other.constant,
        merged(one.action, other.action),
        merged(one.context, other.context),
        merged(one.facts, other.facts),
    )


def _scaled(one: Sum, factor: float) -> Sum:
    return Sum(
        one.constant * factor,
        {key: weight * factor for key, weight in one.action.items()},
        {key: weight * factor for key, weight in one.context.items()},
        {key: weight * factor for key, weight in one.facts.items()},
    )


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _unknown(node: ast.expr) -> InputError:
    return InputError(
        f"{ast.unparse(node)!r} is not known in a condition; use numbers, action.NAME, "
        "context.NAME, customer.NAME, + - * /, < <= > >= == !=, in, not, and"
    )
