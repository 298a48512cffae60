"""The feature spec: names, units, ranges and defaults, shared by simulator, log and server.

A number takes one column, and one more (`name_missing`) if it is optional; a category takes one
column per level (`name=level`). Values are encoded in their own unit: policies normalise.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from nba.errors import InputError
from nba.types import Floats

Value = float | int | str | bool | None


@dataclass(frozen=True, slots=True)
class Feature:
    """One named feature: a number in [low, high] of a unit, or a category with levels."""

    name: str
    unit: str = ""
    low: float = 0.0
    high: float = 1.0
    default: float | None = None  # a number with a default is optional
    levels: tuple[str, ...] = ()  # not empty: a category

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the encoded columns."""
        if self.levels:
            return tuple(f"{self.name}={level}" for level in self.levels)
        return (self.name,) if self.default is None else (self.name, f"{self.name}_missing")


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """The features of a context and of an action; `version` is a digest of all of it."""

    name: str
    context: tuple[Feature, ...]
    action: tuple[Feature, ...]
    context_names: tuple[str, ...] = field(init=False)  # (d,)
    action_names: tuple[str, ...] = field(init=False)  # (p,)
    version: str = field(init=False)

    def __post_init__(self) -> None:
        for side, features in (("context", self.context), ("action", self.action)):
            names = tuple(column for feature in features for column in feature.columns)
            if len(set(names)) < len(names):
                raise InputError(f"{side} features of spec {self.name!r} repeat a column name")
            object.__setattr__(self, f"{side}_names", names)
        text = json.dumps([self.name, _plain(self.context), _plain(self.action)])
        object.__setattr__(self, "version", hashlib.sha256(text.encode()).hexdigest()[:12])

    def context_column(self, column: str) -> int:
        """The index of an encoded context column."""
        return self.context_names.index(column)

    def action_column(self, column: str) -> int:
        """The index of an encoded action column."""
        return self.action_names.index(column)

    def encode_context(self, values: Mapping[str, Value], *, where: str = "context") -> Floats:
        """The encoded row (d,) of a context's named values.

        Raises InputError naming an unknown, absent, mistyped or out-of-range feature.
        """
        return _encode(self.context, values, where)

    def encode_action(self, values: Mapping[str, Value], *, where: str = "action") -> Floats:
        """The encoded row (p,) of an action's named values; errors as for a context."""
        return _encode(self.action, values, where)

    def name_context(self, row: Floats) -> dict[str, Value]:
        """The named values that `encode_context` turns into this row (d,)."""
        return _name(self.context, row)

    def name_action(self, row: Floats) -> dict[str, Value]:
        """The named values that `encode_action` turns into this row (p,)."""
        return _name(self.action, row)

    def to_json(self) -> dict[str, Any]:
        """The spec as plain JSON values; `from_json` restores it."""
        return {
            "name": self.name,
            "context": _plain(self.context),
            "action": _plain(self.action),
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "FeatureSpec":
        """The spec that `to_json` wrote."""
        try:
            sides = {
                side: tuple(
                    Feature(**{**row, "levels": tuple(row["levels"])}) for row in plain[side]
                )
                for side in ("context", "action")
            }
            return cls(plain["name"], **sides)
        except (KeyError, TypeError) as error:
            raise InputError(f"the feature spec is not readable: {error}") from error


def _encode(features: tuple[Feature, ...], values: Mapping[str, Value], where: str) -> Floats:
    known = {feature.name for feature in features}
    unknown = [name for name in values if name not in known]
    if unknown:
        raise InputError(
            f"{where} has an unknown feature {unknown[0]!r}; the policy's spec knows "
            f"{', '.join(sorted(known))}"
        )
    row: list[float] = []
    for feature in features:
        row.extend(_encode_one(feature, values.get(feature.name), where))
    return np.array(row, dtype=np.float64)


def _encode_one(feature: Feature, value: Value, where: str) -> list[float]:
    if feature.levels:
        if not isinstance(value, str) or value not in feature.levels:
            raise InputError(
                f"{where}.{feature.name} is {value!r}; use one of {', '.join(feature.levels)}"
            )
        return [float(value == level) for level in feature.levels]
    if value is None:
        if feature.default is None:
            raise InputError(f"{where}.{feature.name} is absent; a number is needed")
        return [feature.default, 1.0]
    if isinstance(value, str) or not np.isfinite(value):
        raise InputError(f"{where}.{feature.name} is {value!r}; a finite number is needed")
    if not feature.low <= value <= feature.high:
        raise InputError(
            f"{where}.{feature.name} is {value:g} {feature.unit}; its range is "
            f"[{feature.low:g}, {feature.high:g}]".replace("  ", " ")
        )
    return [float(value)] if feature.default is None else [float(value), 0.0]


def _name(features: tuple[Feature, ...], row: Floats) -> dict[str, Value]:
    values: dict[str, Value] = {}
    at = 0
    for feature in features:
        if feature.levels:
            values[feature.name] = feature.levels[
                int(np.argmax(row[at : at + len(feature.levels)]))
            ]
        elif feature.default is None or row[at + 1] == 0.0:
            values[feature.name] = float(row[at])
        else:
            values[feature.name] = None
        at += len(feature.columns)
    return values


def _plain(features: tuple[Feature, ...]) -> list[dict[str, Any]]:
    return [{**asdict(feature), "levels": list(feature.levels)} for feature in features]
