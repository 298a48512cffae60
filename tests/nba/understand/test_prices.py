"""A priced reward model is the index rule in the form of a linear model."""

import numpy as np
import pytest

from envs.logging import simulate_log
from envs.presets import preset
from nba.act.greedy import Greedy
from nba.act.index_rule import IndexRule
from nba.act.uniform import Uniform
from nba.errors import InputError
from nba.evaluate.target import target_probabilities
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.objective import Objective
from nba.listen.outcomes import join_outcomes
from nba.types import DecisionLog
from nba.understand.prices import Prices, priced
from nba.understand.reward_model import LinearRewardModel, fit_reward_model


@pytest.fixture(scope="module")
def log() -> DecisionLog:
    decisions, outcomes = simulate_log(Uniform(), preset("bank"), n_days=3, seed=1)
    now = float(decisions.at.max()) + 1e8
    return join_outcomes(decisions, outcomes, objective=Objective(), now=now, window_s=1e9)[0]


@pytest.fixture(scope="module")
def model(log: DecisionLog) -> LinearRewardModel:
    return fit_reward_model(log)


def test_greedy_on_the_priced_model_is_the_index_rule(
    log: DecisionLog, model: LinearRewardModel
) -> None:
    prices = Prices(handle=0.004, skill=0.6, backlog=0.3)
    rule = IndexRule(model, CONTACT_CENTRE, prices.handle, prices.skill, prices.backlog)
    linear = Greedy(priced(model, CONTACT_CENTRE.action_names, prices))
    same = target_probabilities(rule, log) == target_probabilities(linear, log)
    assert same.mean() > 0.9995  # the basis cuts a value beyond five standard deviations
    assert not np.array_equal(
        target_probabilities(linear, log), target_probabilities(Greedy(model), log)
    )


def test_zero_prices_change_nothing(model: LinearRewardModel) -> None:
    same = priced(model, CONTACT_CENTRE.action_names, Prices(0.0, 0.0, 0.0))
    assert np.array_equal(same.weights, model.weights)


def test_a_spec_without_the_priced_columns_is_refused(model: LinearRewardModel) -> None:
    with pytest.raises(InputError, match="prices need both"):
        priced(model, ("backlog",), Prices(1.0, 0.0, 0.0))
