"""Expected rewards of ragged actions in one pass: no padded block, no array of terms.

The same numbers as `LinearRewardModel.batch_rewards`, action by action where they lie.
"""

import math
from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from nba.evaluate.jit import njit
from nba.types import Floats, Floats32, Ints
from nba.understand.basis import CUT, DERIVED, Basis

_SHORT_WAIT: Final = 0
_LOG_WAIT: Final = 1
_OVERLOAD: Final = 2
_FORMS: Final[Mapping[str, int]] = {
    "short_wait": _SHORT_WAIT,
    "log_wait": _LOG_WAIT,
    "overload": _OVERLOAD,
    "overload_work": _OVERLOAD,
}


def expected_rewards(basis: Basis, rows: Floats, actions: Floats32, offsets: Ints) -> Floats:
    """The reward of every action, (m,), from the weights of each row's action parts, (n, G, 1 + s).

    >>> from nba.understand.basis import make_basis
    >>> actions = np.array([[0.0], [2.0]], dtype=np.float32)
    >>> basis = make_basis((), ("x",), context=np.zeros((1, 0), np.float32), actions=actions)
    >>> expected_rewards(basis, np.array([[[1.0, 0.5]]]), actions, np.array([0, 2]))
    array([0.5, 1.5])
    """
    column, group = np.nonzero(basis.groups)
    numbers = basis.numbers.astype(np.int64)
    which, source, times = basis.derived.astype(np.int64).T.reshape(3, -1)
    forms = np.array([_FORMS[DERIVED[place][0]] for place in which], dtype=np.int64)
    beside = np.where(times >= 0, 1 + np.searchsorted(numbers, times), -1)
    how = _Parts(
        numbers, basis.action_mean[numbers], 1.0 / basis.action_std[numbers], CUT, forms, source,
        beside,
    )  # fmt: skip
    return np.asarray(_rewards(rows, actions, offsets, how, column, group))


class _Parts(NamedTuple):
    """How an action's columns become its parts."""

    numbers: Ints  # columns that are standardised
    mean: Floats
    scale: Floats  # 1 / standard deviation
    cut: float
    forms: Ints  # of the derived parts
    source: Ints  # the column of each
    beside: Ints  # the part that it is multiplied with, or -1


@njit
def _rewards(
    rows: Floats, actions: Floats32, offsets: Ints, how: _Parts, column: Ints, group: Ints
) -> Floats:
    found = np.empty(len(actions))
    parts = np.ones(1 + len(how.numbers) + len(how.forms))
    for row in range(len(rows)):
        for action in range(offsets[row], offsets[row + 1]):
            _fill(parts, actions[action], how)
            total = 0.0 if len(column) else _dot(parts, rows[row, 0])
            for i in range(len(column)):
                share = actions[action, column[i]]
                if share != 0.0:
                    total += share * _dot(parts, rows[row, group[i]])
            found[action] = total
    return found


@njit
def _fill(parts: Floats, action: Floats32, how: _Parts) -> None:
    n_numbers = len(how.numbers)
    for i in range(n_numbers):
        value = (action[how.numbers[i]] - how.mean[i]) * how.scale[i]
        parts[1 + i] = min(max(value, -how.cut), how.cut)
    for i in range(len(how.forms)):
        value = _derived(how.forms[i], float(action[how.source[i]]))
        parts[1 + n_numbers + i] = value * (parts[how.beside[i]] if how.beside[i] >= 0 else 1.0)


@njit
def _dot(first: Floats, second: Floats) -> float:
    total = 0.0  # a loop: for so few numbers a call of BLAS costs more than it saves
    for i in range(len(first)):
        total += first[i] * second[i]
    return total


@njit
def _derived(form: int, value: float) -> float:
    if form == _SHORT_WAIT:
        return min(max(value, 0.0), 600.0) / 300.0
    if form == _LOG_WAIT:
        return math.log1p(max(value, 0.0)) / 4.0
    return max(value - 0.85, 0.0) / 0.15
