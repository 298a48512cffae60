"""A reward model less prices: what an action earns minus what it takes from later contacts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nba.errors import InputError
from nba.understand.reward_model import LinearRewardModel


@dataclass(frozen=True, slots=True)
class Prices:
    """What staff is worth to the contacts still to come; the index rule's three numbers."""

    handle: float  # EUR per second of expected handling by an employee or from the queue
    skill: float  # EUR per unit of mean skill of the employee
    backlog: float  # EUR per customer waiting for that employee or in the queue


def priced(
    model: LinearRewardModel, action_names: Sequence[str], prices: Prices
) -> LinearRewardModel:
    """The linear model whose prediction is the index: reward − prices · columns.

    Exact within five standard deviations of a column's mean, where the basis cuts. Raises
    InputError if a priced column or kind is not in the model's basis.
    """
    weights = model.weights.copy()
    for kind, column, price in (
        ("employee", "expected_handle_s", prices.handle),
        ("queue", "expected_handle_s", prices.handle),
        ("employee", "skill_mean", prices.skill),
        ("employee", "backlog", prices.backlog),
        ("queue", "backlog", prices.backlog),
    ):
        group, number = _places(model, action_names, kind, column)
        at = list(action_names).index(column)
        weights[group, 0] -= price * model.basis.action_mean[at]
        weights[group, number] -= price * model.basis.action_std[at]
    return replace(model, weights=weights)


def _places(
    model: LinearRewardModel, action_names: Sequence[str], kind: str, column: str
) -> tuple[int, int]:
    """The group of a kind, and the term of a column, in the model's weights."""
    names = list(action_names)
    if f"kind={kind}" not in names or column not in names:
        raise InputError(f"the feature spec has no kind={kind} or no {column}; prices need both")
    group = int(np.argmax(model.basis.groups[names.index(f"kind={kind}")]))
    number = int(np.flatnonzero(model.basis.numbers == names.index(column))[0])
    return group, 1 + len(model.basis.context_mean) + number
