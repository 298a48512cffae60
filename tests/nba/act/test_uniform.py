"""Uniform counts eligible actions only."""

import numpy as np

from nba.act.uniform import Uniform
from tests.nba.act.sample_policies import batch


def test_every_eligible_action_has_the_same_share() -> None:
    inputs = batch(1, 100, 8)
    expected = np.where(inputs[2], 1 / inputs[2].sum(axis=1, keepdims=True), 0.0)
    np.testing.assert_allclose(Uniform().batch_probabilities(*inputs), expected)
