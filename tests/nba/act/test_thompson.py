"""Thompson's probabilities are shares of draws, and stand for the chance to be the best."""

import numpy as np
import pytest

from nba.act.greedy import Greedy
from nba.act.thompson import Thompson
from nba.errors import InputError
from tests.nba.act.sample_policies import batch, posterior_sample


def test_draws_that_are_all_the_mean_make_it_greedy() -> None:
    known = posterior_sample()
    inputs = batch(1, 60, 8)
    same = np.repeat(known.model.weights[None], 5, axis=0)
    np.testing.assert_array_equal(
        Thompson(known.model, same).batch_probabilities(*inputs),
        Greedy(known.model).batch_probabilities(*inputs),
    )


def test_a_probability_is_the_share_of_draws_in_which_the_action_is_best() -> None:
    known = posterior_sample()
    context, actions, mask = batch(3, 20, 6)
    draws = known.draws(50, np.random.default_rng(0))
    wins = np.zeros(mask.shape)
    for weights in draws:
        one = type(known.model)(known.model.basis, weights)
        wins += Greedy(one).batch_probabilities(context, actions, mask)
    found = Thompson(known.model, draws).batch_probabilities(context, actions, mask)
    np.testing.assert_allclose(found, wins / 50)


def test_draws_that_do_not_fit_the_model_are_refused() -> None:
    known = posterior_sample()
    draws = known.draws(3, np.random.default_rng(0))
    with pytest.raises(InputError, match="draws have shape"):
        Thompson(known.model, draws[:, :, 1:])
    with pytest.raises(InputError, match="not finite"):
        Thompson(known.model, np.full_like(draws, np.nan))
