"""Columns of any source → the columns of a flat log, by a map; what cannot be read is named by row.

A source hands out `Columns`: numbers, texts and times by the source's own names. Nothing here
knows whether they came from CSV, JSONL, Parquet or a data frame.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Final, Protocol

import numpy as np

from nba.errors import InputError, LogError
from nba.listen.column_map import ColumnMap
from nba.listen.flat_log import FlatLog
from nba.listen.objective import CONTACT_CENTRE_WEIGHTS, Objective
from nba.types import Bools, Floats, Ints, Texts

_YES: Final = ("true", "1", "yes", "y", "t", "1.0")
_NO: Final = ("false", "0", "no", "n", "f", "0.0", "")
_DECIMAL_COMMA: Final = re.compile(r"[-+]?\d*,\d+")
_NOTHING: Final = ("", "nan", "null", "none", "na", "n/a")
# A number of this size or more is no time in seconds (the year 5138) but in a finer unit.
_FINER: Final = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))


class Columns(Protocol):
    """Some rows of a source, by its own column names; row i of them is row first_row + i of it."""

    @property
    def first_row(self) -> int: ...

    def __len__(self) -> int: ...

    def starting_at(self, first_row: int) -> "Columns":
        """The same rows under other numbers: a source may be made of several files."""
        ...

    def numbers(self, name: str) -> Floats:
        """A column as numbers, NaN where empty; LogError names a row that holds none."""
        ...

    def texts(self, name: str) -> Texts:
        """A column as texts, "" where empty."""
        ...

    def times(self, name: str) -> Floats:
        """A column as seconds since the epoch, NaN where empty; LogError names a faulty row."""
        ...


@dataclass(frozen=True, slots=True)
class ObjectColumns:
    """Columns of plain Python values or numpy arrays.

    >>> ObjectColumns({"p": [0.5, None, "0.25"]}, "a list").numbers("p")
    array([0.5 ,  nan, 0.25])
    """

    values: Mapping[str, Sequence[object] | Texts]
    source: str
    first_row: int = 0

    def __len__(self) -> int:
        return len(next(iter(self.values.values()), ()))

    def starting_at(self, first_row: int) -> "ObjectColumns":
        """The same rows under other numbers."""
        return replace(self, first_row=first_row)

    def numbers(self, name: str) -> Floats:
        """Every value as a number; texts of numbers count as numbers."""
        values = self.values[name]
        if isinstance(values, np.ndarray) and values.dtype.kind in "biuf":
            return values.astype(np.float64)
        return _each(self, name, _number, "a number")

    def texts(self, name: str) -> Texts:
        """Every value as text; whole numbers without a decimal point."""
        return np.array([_text(value) for value in self.values[name]], dtype=object)

    def times(self, name: str) -> Floats:
        """Numbers, ISO 8601 texts and date-times of Python or numpy."""
        values = self.values[name]
        if isinstance(values, np.ndarray) and values.dtype.kind == "M":
            since = (values - np.datetime64(0, "s")) / np.timedelta64(1, "s")
            return np.asarray(since, dtype=np.float64)
        return seconds(_each(self, name, _time, "a time (ISO 8601 or seconds)"))


def flat_log(columns: Columns, names: ColumnMap) -> FlatLog:
    """The flat log that these columns are by the map.

    >>> some = ObjectColumns({"item": ["a"], "click": [1], "p": [0.5]}, "a list")
    >>> flat_log(some, ColumnMap("item", "click", propensity="p")).reward
    array([1.])
    """
    texts = {
        ours: columns.texts(column)
        for ours, column in (
            ("decision_id", names.decision_id),
            ("unit", names.unit),
            ("policy_version", names.logging_policy),
            ("episode", names.episode),
        )
        if column
    }
    times = {
        ours: columns.times(column)
        for ours, column in (("at", names.timestamp), ("rewarded_at", names.reward_timestamp))
        if column
    }
    outcomes = {name: columns.numbers(column) for name, column in names.outcomes.items()}
    features = [columns.numbers(column) for column in names.features]
    return FlatLog(
        action=columns.texts(names.action),
        propensity=columns.numbers(names.propensity) if names.propensity else None,
        reward=columns.numbers(names.reward) if names.reward else reward_of(outcomes, names),
        first_row=columns.first_row,
        n_actions=_n_actions(columns, names),
        step=_whole(columns, names.step, "step") if names.step else None,
        opted_out=_opted_out(columns, names.opt_out) if names.opt_out else None,
        outcomes=outcomes,
        targets={name: columns.numbers(column) for name, column in names.target_propensity.items()},
        segments={name: columns.texts(name) for name in names.segments},
        features=np.column_stack(features) if features else np.zeros((0, 0)),
        feature_names=names.features,
        **texts,
        **times,
    )


def reward_of(outcomes: Mapping[str, Floats], names: ColumnMap) -> Floats:
    """The reward in EUR of outcome components, (n,), by the map's weights or the usual ones."""
    return Objective(component_weights(names)).reward(outcomes)


def component_weights(names: ColumnMap) -> dict[str, float]:
    """EUR per unit of each outcome component that the map names; InputError if one has none."""
    if names.weights:
        return dict(names.weights)
    unpriced = [name for name in names.outcomes if name not in CONTACT_CENTRE_WEIGHTS]
    if unpriced:
        raise InputError(
            f"outcome component {unpriced[0]!r} has no weight; give the map "
            f'"weights": {{"{unpriced[0]}": <EUR per unit>, …}}'
        )
    return {name: CONTACT_CENTRE_WEIGHTS[name] for name in names.outcomes}


def seconds(values: Floats) -> Floats:
    """Times in seconds, whatever unit since the epoch the numbers are in: ms, µs and ns are told.

    >>> seconds(np.array([1.7e12]))
    array([1.7e+09])
    """
    known = values[np.isfinite(values)]
    largest = float(np.abs(known).max()) if len(known) else 0.0
    factor = next((divisor for least, divisor in _FINER if largest >= least), 1.0)
    return values / factor


def faulty_cell(source: str, row: int, name: str, value: object, needed: str) -> LogError:
    """The refusal of one cell, with what is needed and what to look for."""
    shown = repr(value) if len(repr(value)) <= 40 else repr(value)[:37] + "…'"
    remedy = "is the column shifted, or does the map name the wrong one?"
    if isinstance(value, str) and _DECIMAL_COMMA.fullmatch(value.strip()):
        remedy = "write numbers with a decimal point"
    return LogError(
        f"row {row} of {source}: column {name!r} is {shown}; {needed} is needed: {remedy}"
    )


def _each(columns: ObjectColumns, name: str, read: "Read", needed: str) -> Floats:
    values = columns.values[name]
    found = np.empty(len(values))
    for i, value in enumerate(values):
        try:
            found[i] = read(value)
        except (TypeError, ValueError) as error:
            row = columns.first_row + i
            raise faulty_cell(columns.source, row, name, value, needed) from error
    return found


class Read(Protocol):
    """Reads one cell as a number."""

    def __call__(self, value: object, /) -> float: ...


def _number(value: object) -> float:
    if value is None or (isinstance(value, str) and value.strip().lower() in _NOTHING):
        return float("nan")
    if isinstance(value, str | int | float | np.number | np.bool_):
        return float(value)
    raise TypeError


def _time(value: object) -> float:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp()
    try:
        return _number(value)
    except ValueError:
        return _time(datetime.fromisoformat(str(value)))


def _text(value: object) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _n_actions(columns: Columns, names: ColumnMap) -> Ints | None:
    if names.fixed_n_actions is not None:
        return np.full(len(columns), names.fixed_n_actions, dtype=np.int64)
    return _whole(columns, names.n_actions, "n_actions") if names.n_actions else None


def _whole(columns: Columns, name: str, ours: str) -> Ints:
    values = columns.numbers(name)
    wrong = np.flatnonzero(~(np.isfinite(values) & (values == np.round(values))))
    if len(wrong):
        row = columns.first_row + int(wrong[0])
        raise faulty_cell(f"the log ({ours})", row, name, float(values[wrong[0]]), "a whole number")
    return values.astype(np.int64)


def _opted_out(columns: Columns, name: str) -> Bools:
    said = [str(value).strip().lower() for value in columns.texts(name)]
    for i, word in enumerate(said):
        if word not in _YES + _NO:
            row = columns.first_row + i
            raise faulty_cell("the log (opt_out)", row, name, word, "true or false")
    return np.array([word in _YES for word in said], dtype=np.bool_)
