"""Components are regressions that add up to the reward's, under any weights."""

from dataclasses import replace

import numpy as np
import pytest

from nba.errors import InputError
from nba.listen.objective import Objective
from nba.types import DecisionLog
from nba.understand.reward_model import LinearRewardModel, fit_reward_model
from tests.planted_log import draw_log, make_world

OBJECTIVE = Objective({"resolved": 7.0, "wait_s": -0.01})


def a_log(n: int = 4000, *, seed: int = 1) -> DecisionLog:
    """A planted log whose outcomes depend on the action and whose reward is their sum."""
    rng = np.random.default_rng(seed)
    log = draw_log(make_world(rng), n, rng).log
    chosen = log.actions[log.offsets[:-1] + log.chosen]
    resolved = chosen[:, 0] * 0.1 + rng.normal(0.5, 0.1, n)
    wait = 100.0 + 20.0 * chosen[:, -1] + rng.normal(0.0, 5.0, n)
    outcomes = {"resolved": resolved, "wait_s": wait}
    return replace(log, outcomes=outcomes, reward=OBJECTIVE.reward(outcomes))


def test_the_weighted_components_are_the_reward() -> None:
    model = fit_reward_model(a_log())
    assert model.components is not None
    assert model.components.names == ("resolved", "wait_s")
    summed = model.components.change(OBJECTIVE.weights)
    np.testing.assert_allclose(summed, model.weights, rtol=1e-6, atol=1e-8)


def test_other_weights_give_the_model_that_learning_anew_gives() -> None:
    log = a_log()
    model = fit_reward_model(log)
    other = Objective({"resolved": 3.0, "wait_s": -0.05})
    anew = fit_reward_model(replace(log, reward=other.reward(log.outcomes)))
    assert model.components is not None
    by = {name: other.weights[name] - OBJECTIVE.weights[name] for name in other.weights}
    changed = model.weights + model.components.change(by)
    np.testing.assert_allclose(changed, anew.weights, rtol=1e-6, atol=1e-8)


def test_expectations_hold_the_truth_as_often_as_they_say() -> None:
    """The planted mean of the wait lies within two standard errors in about 95 % of new logs."""
    inside = 0
    for seed in range(60):
        log = a_log(1500, seed=seed)
        model = fit_reward_model(log, ridge=1e-3)
        assert model.components is not None
        row = log.actions[log.offsets[0]]
        mean, error = model.components.expected(model.basis, log.context[0], row)["wait_s"]
        inside += abs(mean - (100.0 + 20.0 * float(row[-1]))) < 2.0 * error
    assert 50 <= inside <= 60


def test_a_component_that_some_rewarded_row_lacks_is_not_learned() -> None:
    log = a_log()
    wait = log.outcomes["wait_s"].copy()
    wait[5] = np.nan
    model = fit_reward_model(replace(log, outcomes={**log.outcomes, "wait_s": wait}))
    assert model.components is not None
    assert model.components.names == ("resolved",)
    with pytest.raises(InputError, match="wait_s"):
        model.components.change({"wait_s": 1.0})
    assert fit_reward_model(replace(log, outcomes={})).components is None


def test_it_is_kept_among_the_models_tensors() -> None:
    model = fit_reward_model(a_log())
    again = LinearRewardModel.from_tensors(model.tensors())
    assert again.components is not None
    assert model.components is not None
    assert again.components.names == model.components.names
    np.testing.assert_array_equal(again.components.weights, model.components.weights)
