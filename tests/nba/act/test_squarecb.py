"""SquareCB's probabilities are the inverse gaps of the paper."""

import numpy as np
import pytest

from nba.act.squarecb import SquareCb
from nba.errors import InputError
from tests.nba.act.sample_policies import batch, reward_model


def test_the_others_have_the_inverse_gap_and_the_best_the_rest() -> None:
    context, actions, mask = batch(4, 30, 7)
    model = reward_model()
    found = SquareCb(model, gamma=3.0).batch_probabilities(context, actions, mask)
    rewards = model.batch_rewards(context, actions)
    for row in range(30):
        legal = np.flatnonzero(mask[row])
        best = legal[rewards[row, legal].argmax()]
        others = legal[legal != best]
        gap = rewards[row, best] - rewards[row, others]
        expected = 1.0 / (len(legal) + 3.0 * gap)
        np.testing.assert_allclose(found[row, others], expected)
        assert found[row, best] == pytest.approx(1.0 - expected.sum())


def test_without_gamma_it_is_uniform() -> None:
    context, actions, mask = batch(4, 30, 7)
    found = SquareCb(reward_model(), gamma=0.0).batch_probabilities(context, actions, mask)
    np.testing.assert_allclose(found, mask / mask.sum(axis=1, keepdims=True))


def test_a_gamma_below_zero_is_refused() -> None:
    with pytest.raises(InputError, match="gamma is -1"):
        SquareCb(reward_model(), gamma=-1.0)
