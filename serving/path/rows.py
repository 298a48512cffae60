"""From a feature spec to types that msgspec checks while it reads, and from their values to rows.

A struct with one field per feature has range, level and unknown name checked while the JSON is
read; its values then become an encoded row without a look at each. What these types refuse is read
again by the general ones of `serving.schema`, whose messages are for people.
"""

import math
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, Literal

import msgspec
import numpy as np
from msgspec import Meta, Struct

from nba.listen.encode import Feature, FeatureSpec
from nba.types import Floats32

_NUMBERS: Final = msgspec.msgpack.Encoder()
_WIDTH: Final = 9  # bytes of a float64 in MessagePack: a tag and the number, big-endian
_SHORT: Final = 16  # a list from here on has a header of three bytes instead of one
_NAN: Final = float("nan")


def values_type(name: str, features: Sequence[Feature]) -> type[Struct]:
    """The struct of these features' values, in their order; an optional one left out is NaN."""
    members = [(f"f{i}", *_member(feature)) for i, feature in enumerate(features)]
    names = {f"f{i}": feature.name for i, feature in enumerate(features)}
    return msgspec.defstruct(
        name, members, frozen=True, forbid_unknown_fields=True, gc=False, rename=names, kw_only=True
    )


def _member(feature: Feature) -> tuple[Any, ...]:
    if feature.levels:
        return (Literal[feature.levels],)
    bounds = {"ge": feature.low, "le": feature.high}
    number = Annotated[float, Meta(**{k: v for k, v in bounds.items() if math.isfinite(v)})]
    return (number,) if feature.default is None else (number | None, _NAN)


class ContextRow:
    """Makes the encoded row of one struct, whatever its features."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self._parts: list[Callable[[Any], tuple[float, ...]] | None] = [
            _part(feature) for feature in features
        ]
        plain = all(part is None for part in self._parts)
        self._special = [] if plain else [i for i, part in enumerate(self._parts) if part]

    def __call__(self, values: Struct) -> Floats32:
        """The row (d,)."""
        found: tuple[Any, ...] = msgspec.structs.astuple(values)
        if not self._special:
            return np.array(found, dtype=np.float32)
        row: list[float] = []
        start = 0
        for place in self._special:
            row += found[start:place]
            part = self._parts[place]
            assert part is not None
            row += part(found[place])
            start = place + 1
        row += found[start:]
        return np.array(row, dtype=np.float32)


def _part(feature: Feature) -> Callable[[Any], tuple[float, ...]] | None:
    """How a value becomes several columns; None for a number that is one as it is."""
    if feature.levels:
        size = len(feature.levels)
        table = {
            level: tuple(float(i == place) for i in range(size))
            for place, level in enumerate(feature.levels)
        }
        return table.__getitem__
    if feature.default is None:
        return None
    default = feature.default

    def optional(value: float | None) -> tuple[float, float]:
        return (default, 1.0) if value is None or value != value else (value, 0.0)  # noqa: PLR0124 NaN

    return optional


class ActionRows:
    """Makes the encoded rows (k, p) of a decision's actions from their kinds and structs."""

    def __init__(self, spec: FeatureSpec) -> None:
        place = next(i for i, feature in enumerate(spec.action) if feature.name == "kind")
        kinds, others = spec.action[place], [f for f in spec.action if f.name != "kind"]
        self._one = ContextRow(others)
        self._kind_columns = slice(
            start := spec.action_column(kinds.columns[0]), start + len(kinds.levels)
        )
        self._codes = {level: code for code, level in enumerate(kinds.levels)}
        self._templates = np.zeros((len(kinds.levels), len(spec.action_names)), dtype=np.float32)
        self._templates[:, self._kind_columns] = np.eye(len(kinds.levels))
        self._columns = [spec.action_column(f.columns[0]) for f in others]
        self._numeric = not any(feature.levels for feature in others)
        self._optional = [
            (i, self._columns[i], f.default) for i, f in enumerate(others) if f.default is not None
        ]
        self._rest = np.array(
            [i for i in range(len(spec.action_names)) if i not in self._kinds_range()],
            dtype=np.intp,
        )
        needed = [i for i, feature in enumerate(others) if feature.default is None]
        self._runs = _runs(needed, self._columns)
        for _, column, default in self._optional:
            self._templates[:, column : column + 2] = (default, 1.0)  # as if left out

    def _kinds_range(self) -> range:
        return range(self._kind_columns.start, self._kind_columns.stop)

    def __call__(self, kinds: Sequence[str], values: Sequence[Struct]) -> Floats32:
        """The rows; the values are given in the order of the kinds."""
        codes = self._codes
        rows: Floats32 = self._templates.take([codes[kind] for kind in kinds], axis=0)
        found = list(map(msgspec.structs.astuple, values))
        numbers = self._matrix(found) if self._numeric else None
        if numbers is None:
            rows[:, self._rest] = [self._one(value) for value in values]
            return rows
        for start, stop, column in self._runs:
            rows[:, column : column + stop - start] = numbers[:, start:stop]
        for place, column, _ in self._optional:
            given = numbers[:, place]
            present = given == given  # noqa: PLR0124 NaN, which stands for left out, is unequal
            if present.tobytes().count(1):
                rows[present, column] = given[present]
                rows[present, column + 1] = 0.0
        return rows

    def _matrix(self, found: list[tuple[Any, ...]]) -> np.ndarray[Any, Any] | None:
        """The numbers (k, n) as a view of their MessagePack; None if one of them is null.

        Writing floats as MessagePack and viewing them is the quickest way from many small tuples
        to an array: twice as quick as numpy's own.
        """
        n, k = len(self._columns), len(found)
        data = _NUMBERS.encode(found)
        width = _WIDTH * n + (1 if n < _SHORT else 3)
        if len(data) - width * k not in (1, 3, 5):
            return None
        start = len(data) - width * k + width - _WIDTH * n + 1
        return np.ndarray((k, n), ">f8", data, start, (width, _WIDTH))


def _runs(places: Sequence[int], columns: Sequence[int]) -> list[tuple[int, int, int]]:
    """Stretches of values that lie side by side: from, to, and the column of the first."""
    runs: list[tuple[int, int, int]] = []
    for place in places:
        column = columns[place]
        if runs and runs[-1][1] == place and column == runs[-1][2] + place - runs[-1][0]:
            runs[-1] = (runs[-1][0], place + 1, runs[-1][2])
        else:
            runs.append((place, place + 1, column))
    return runs
