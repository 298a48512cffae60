"""The central types refuse to exist wrong, and say why in one line."""

from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest

from nba.errors import InputError, LogError
from nba.types import (
    ACTION_KINDS,
    Action,
    ActionSet,
    Context,
    Decision,
    DecisionLog,
    Outcome,
    Policy,
)


def action(name: str = "a", kind: str = "queue", width: int = 2) -> Action:
    return Action(name, kind, np.zeros(width))


def decision(propensity: float) -> Decision:
    return Decision("d1", action(), propensity, (("a", 1.0),), "uniform", "v1")


def log() -> DecisionLog:
    """Two rounds with two and one actions."""
    return DecisionLog(
        decision_id=np.array(["d1", "d2"], dtype=object),
        unit=np.array(["u1", "u2"], dtype=object),
        at=np.array([0.0, 1.0]),
        context=np.zeros((2, 1), dtype=np.float32),
        offsets=np.array([0, 2, 3]),
        action_ids=np.array(["a", "b", "a"], dtype=object),
        actions=np.zeros((3, 2), dtype=np.float32),
        chosen=np.array([1, 0]),
        propensity=np.array([0.5, 1.0]),
        policy_version=np.array(["v", "v"], dtype=object),
        outcomes={"resolved": np.array([1.0, np.nan])},
        reward=np.array([7.0, np.nan]),
        context_names=("x",),
        action_names=("y", "z"),
        spec_version="s",
        segments={"channel": np.array(["voice", "chat"], dtype=object)},
    )


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_a_feature_that_is_not_finite_is_named_by_its_place(number: float) -> None:
    with pytest.raises(InputError, match=r"context features\[1\] is -?(nan|inf); every feature"):
        Context("c", np.array([0.0, number]))
    with pytest.raises(InputError, match=r"features of action 'a'\[0\]"):
        Action("a", "queue", np.array([number]))


@pytest.mark.parametrize("shape", [(), (1, 2)])
def test_features_are_one_row(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="one row of numbers is needed"):
        Context("c", np.zeros(shape))


@pytest.mark.parametrize("kind", ACTION_KINDS)
def test_every_known_kind_of_action_exists(kind: str) -> None:
    assert action(kind=kind).kind == kind


def test_an_unknown_kind_of_action_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"kind 'pigeon'; use one of content, chat_bot, .*none"):
        action(kind="pigeon")


def test_an_action_set_stacks_its_rows_in_order() -> None:
    rows = [np.array([1.0, 2.0]), np.array([3.0, 4.0])]
    actions = ActionSet((Action("b", "queue", rows[0]), Action("a", "callback", rows[1])))
    assert len(actions) == 2
    assert np.array_equal(actions.features, rows)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ((), "empty; at least one action"),
        ((action("a"), action("b"), action("a")), "'a' stands twice"),
        ((action("a"), action("b", width=3)), r"have \[2, 3\] features"),
    ],
)
def test_an_action_set_that_cannot_be_ranked_is_refused(
    members: tuple[Action, ...], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        ActionSet(members)


@pytest.mark.parametrize("propensity", [0.0, -0.1, 1.1, np.nan])
def test_a_drawn_action_had_a_chance(propensity: float) -> None:
    with pytest.raises(InputError, match=r"'d1' has propensity .* a probability in \(0, 1\]"):
        decision(propensity)


def test_a_certain_action_has_propensity_one() -> None:
    assert decision(1.0).propensity == 1.0


@pytest.mark.parametrize(("value", "at"), [(np.nan, 0.0), (1.0, np.inf)])
def test_an_outcome_is_a_finite_number_at_a_finite_time(value: float, at: float) -> None:
    with pytest.raises(InputError, match="'resolved' of 'd1'"):
        Outcome("d1", "resolved", value, at)


def test_values_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        decision(0.5).propensity = 1.0  # type: ignore[misc]  # the assignment is what must fail


def test_a_log_has_as_many_rounds_as_ids() -> None:
    assert len(log()) == 2


@pytest.mark.parametrize(
    ("column", "needed"),
    [
        ("unit", 2),
        ("at", 2),
        ("context", 2),
        ("offsets", 3),
        ("action_ids", 3),
        ("actions", 3),
        ("chosen", 2),
        ("propensity", 2),
        ("policy_version", 2),
        ("reward", 2),
    ],
)
def test_a_log_names_the_column_with_too_many_rows(column: str, needed: int) -> None:
    whole = log()
    long = np.concatenate([getattr(whole, column), getattr(whole, column)[-1:]])
    changed: dict[str, Any] = {column: long}
    with pytest.raises(LogError, match=f"log column {column} has {needed + 1} rows; {needed} are"):
        replace(whole, **changed)


@pytest.mark.parametrize("family", ["outcomes", "segments"])
def test_a_log_names_the_part_of_a_family_that_is_too_short(family: str) -> None:
    changed: dict[str, Any] = {family: {"short": np.zeros(1)}}
    with pytest.raises(LogError, match=rf"{family}\['short'\] has 1 rows; 2 are needed"):
        replace(log(), **changed)


@pytest.mark.parametrize("names", ["context_names", "action_names"])
def test_a_log_has_a_name_for_every_feature_column(names: str) -> None:
    changed: dict[str, Any] = {names: ("only", "these", "three")}
    with pytest.raises(LogError, match="3 names"):
        replace(log(), **changed)


def test_a_thing_without_probabilities_is_no_policy() -> None:
    assert not isinstance(object(), Policy)
