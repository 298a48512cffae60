"""Epsilon-greedy is the stated mixture."""

import numpy as np
import pytest

from nba.act.epsilon_greedy import EpsilonGreedy
from nba.act.longest_idle import LongestIdle
from nba.act.uniform import Uniform
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE
from tests.nba.act.sample_policies import batch

INPUTS = batch(1, 80, 7)
RULE = LongestIdle(CONTACT_CENTRE)


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 1.0])
def test_it_is_the_mixture_of_the_policy_and_uniform(epsilon: float) -> None:
    rule, uniform = RULE.batch_probabilities(*INPUTS), Uniform().batch_probabilities(*INPUTS)
    np.testing.assert_allclose(
        EpsilonGreedy(RULE, epsilon).batch_probabilities(*INPUTS),
        (1 - epsilon) * rule + epsilon * uniform,
    )


def test_policies_that_differ_in_epsilon_differ_in_version() -> None:
    assert EpsilonGreedy(RULE, 0.1).version != EpsilonGreedy(RULE, 0.2).version


def test_a_share_outside_the_unit_interval_is_refused() -> None:
    with pytest.raises(InputError, match=r"epsilon is 1\.5"):
        EpsilonGreedy(RULE, 1.5)
