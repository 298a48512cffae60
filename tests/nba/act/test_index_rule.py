"""The index is the predicted reward less its prices."""

from typing import Final

import numpy as np
import pytest

from nba.act.greedy import Greedy
from nba.act.index_rule import IndexRule
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.encode import Feature, FeatureSpec
from tests.nba.act.sample_policies import batch, reward_model

PRICES: Final = {"handle_price": 0.02, "skill_price": 3.0, "backlog_price": 0.5}


def rule(spec: FeatureSpec = CONTACT_CENTRE, /, **prices: float) -> IndexRule:
    asked = dict.fromkeys(PRICES, 0.0) | prices
    return IndexRule(
        reward_model(),
        spec,
        handle_price=asked["handle_price"],
        skill_price=asked["skill_price"],
        backlog_price=asked["backlog_price"],
    )


def test_without_prices_it_is_greedy() -> None:
    inputs = batch(1, 200, 8)
    np.testing.assert_array_equal(
        rule().batch_probabilities(*inputs), Greedy(reward_model()).batch_probabilities(*inputs)
    )


def test_it_takes_the_action_with_the_largest_index() -> None:
    context, actions, mask = batch(2, 100, 8)
    chosen = rule(**PRICES).batch_probabilities(context, actions, mask)
    rewards = reward_model().batch_rewards(context, actions)
    column = CONTACT_CENTRE.action_column
    for row in range(100):
        index = {}
        for k in np.flatnonzero(mask[row]):
            a = actions[row, k].astype(np.float64)
            staffed = a[column("kind=employee")] + a[column("kind=queue")]
            index[k] = (
                rewards[row, k]
                - PRICES["handle_price"] * a[column("expected_handle_s")] * staffed
                - PRICES["skill_price"] * a[column("skill_mean")] * a[column("kind=employee")]
                - PRICES["backlog_price"] * a[column("backlog")]
            )
        assert chosen[row].argmax() == max(index, key=index.__getitem__)


@pytest.mark.parametrize("price", PRICES)
def test_a_price_changes_some_choice(price: str) -> None:
    inputs = batch(3, 400, 8)
    dear = rule(**{price: PRICES[price]})
    assert (rule().batch_probabilities(*inputs) != dear.batch_probabilities(*inputs)).any()


def test_a_price_that_is_no_number_is_refused() -> None:
    with pytest.raises(InputError, match="skill_price is nan"):
        rule(skill_price=float("nan"))


def test_a_spec_without_its_columns_is_refused_by_name() -> None:
    spec = FeatureSpec("other", context=(Feature("x"),), action=(Feature("y"),))
    with pytest.raises(InputError, match="kind=employee"):
        rule(spec)
