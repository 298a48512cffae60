"""The fit follows the gradient it is given, the same way every time, and stops at nonsense."""

import numpy as np
import pytest

from nba.errors import InputError, LogError
from nba.learn.softmax_fit import Fitting, Offers, fit_softmax
from nba.types import Floats, Floats32
from nba.understand.basis import make_basis
from tests.planted_log import draw_log, make_world

PLANTED = draw_log(make_world(np.random.default_rng(1)), 600, np.random.default_rng(2))
LOG = PLANTED.log
BASIS = make_basis(LOG.context_names, LOG.action_names, context=LOG.context, actions=LOG.actions)
OFFERS = Offers.of_log(BASIS, LOG, np.arange(len(LOG)))


def towards(values: Floats) -> Floats:
    def climb(part: Offers, probability: Floats32) -> Floats:
        value = values[part.places]
        mean = np.add.reduceat(probability * value, part.starts[:-1])
        return np.asarray(probability * (value - np.repeat(mean, np.diff(part.starts))))

    return fit_softmax(OFFERS, BASIS.n_groups, climb, Fitting(epochs=40, batch=200))


def test_probabilities_are_a_softmax_within_each_decision() -> None:
    weights = np.random.default_rng(3).normal(size=(BASIS.n_groups, BASIS.n_terms))
    found = OFFERS.probabilities(weights.astype(np.float32))
    for row in range(20):
        mine = slice(*OFFERS.starts[[row, row + 1]])
        score = np.einsum("ut,ut->u", OFFERS.terms[mine], weights[OFFERS.group[mine]])
        expected = np.exp(score - score.max())
        np.testing.assert_allclose(found[mine], expected / expected.sum(), atol=1e-5)


def test_some_decisions_are_the_same_as_in_the_whole() -> None:
    rows = np.array([7, 3, 500])
    part = OFFERS.some(rows)
    for place, row in enumerate(rows):
        mine = slice(*OFFERS.starts[[row, row + 1]])
        np.testing.assert_array_equal(
            part.terms[slice(*part.starts[[place, place + 1]])], OFFERS.terms[mine]
        )
        assert (part.places[part.starts[place]]) == LOG.offsets[row]


def test_what_is_worth_more_becomes_more_probable() -> None:
    weights = towards(PLANTED.mean_reward)
    probability = OFFERS.probabilities(weights.astype(np.float32)).astype(np.float64)
    uniform = 1.0 / np.repeat(np.diff(OFFERS.starts), np.diff(OFFERS.starts))
    best = np.maximum.reduceat(PLANTED.mean_reward, LOG.offsets[:-1]).mean()
    start = (uniform * PLANTED.mean_reward).sum() / len(LOG)
    found = (probability * PLANTED.mean_reward).sum() / len(LOG)
    assert found > start + 0.8 * (best - start)


def test_the_same_arguments_give_the_same_weights() -> None:
    np.testing.assert_array_equal(towards(PLANTED.mean_reward), towards(PLANTED.mean_reward))


def test_values_that_are_not_finite_stop_the_fit() -> None:
    values = PLANTED.mean_reward.copy()
    values[5] = np.nan
    with pytest.raises(LogError, match="weights are not finite after 3 steps"):
        towards(values)


@pytest.mark.parametrize("name", ["epochs", "batch"])
def test_settings_out_of_range_are_named(name: str) -> None:
    with pytest.raises(InputError, match=f"{name} is 0"):
        Fitting(**{name: 0})
