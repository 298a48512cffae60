"""Components become EUR by weights that can be moved later."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba.errors import InputError
from nba.listen.objective import CONTACT_CENTRE_WEIGHTS, Objective

MONEY = st.floats(-1e6, 1e6)
COLUMNS = {name: np.array([1.0, 0.0]) for name in CONTACT_CENTRE_WEIGHTS}


@given(MONEY, MONEY, st.floats(-100, 100), st.floats(-100, 100))
def test_the_reward_is_the_weighted_sum_of_the_components(
    a: float, b: float, weight_a: float, weight_b: float
) -> None:
    objective = Objective({"a": weight_a, "b": weight_b})
    reward = objective.reward({"a": np.array([a, 0.0]), "b": np.array([b, 0.0])})
    assert reward == pytest.approx([weight_a * a + weight_b * b, 0.0])


def test_a_component_without_a_weight_changes_nothing() -> None:
    objective = Objective({"a": 2.0})
    assert objective.reward({"a": np.ones(1), "b": np.array([np.nan])}) == pytest.approx([2.0])


def test_the_reward_is_open_while_a_weighted_component_is_missing() -> None:
    reward = Objective({"a": 1.0, "b": 1.0}).reward(
        {"a": np.array([1.0, 1.0]), "b": np.array([2.0, np.nan])}
    )
    assert reward[0] == 3.0
    assert np.isnan(reward[1])


def test_an_unlogged_component_is_named_with_the_remedy() -> None:
    with pytest.raises(InputError, match=r"'b' is not in the log, which has a, c; drop its weight"):
        Objective({"a": 1.0, "b": 1.0}).reward({"c": np.ones(1), "a": np.ones(1)})


def test_a_lever_moves_one_weight_of_a_copy() -> None:
    before = Objective()
    after = before.with_levers({"resolved": 20.0})
    assert after.weights == {**CONTACT_CENTRE_WEIGHTS, "resolved": 20.0}
    assert before.weights == CONTACT_CENTRE_WEIGHTS
    assert after.reward(COLUMNS)[0] - before.reward(COLUMNS)[0] == pytest.approx(13.0)


def test_an_unknown_lever_is_answered_with_the_known_ones() -> None:
    with pytest.raises(
        InputError, match=r"no component 'smiles' in the objective; it has resolved"
    ):
        Objective().with_levers({"smiles": 1.0})


@pytest.mark.parametrize("weight", [np.nan, np.inf])
def test_a_weight_that_is_not_finite_is_refused(weight: float) -> None:
    with pytest.raises(InputError, match="weight of 'resolved' is"):
        Objective().with_levers({"resolved": weight})


def test_only_resolution_and_growth_earn_and_everything_else_costs() -> None:
    earning = [name for name, weight in CONTACT_CENTRE_WEIGHTS.items() if weight > 0]
    assert earning == ["resolved", "growth"]


def test_two_objectives_do_not_share_their_default_weights() -> None:
    assert Objective().weights is not Objective().weights
