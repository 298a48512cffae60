"""Target probabilities: the policy's own, whatever the blocks."""

from dataclasses import dataclass

import numpy as np
import pytest

from nba.act.uniform import Uniform
from nba.errors import InputError
from nba.evaluate.target import target_probabilities
from nba.types import ActionSet, Bools, Context, Floats, Floats32
from tests.planted_log import draw_log, make_world

LOG = draw_log(make_world(np.random.default_rng(1)), 200, np.random.default_rng(2)).log


@dataclass(frozen=True)
class ByFeature:
    """Probabilities in proportion to the last action feature, times a factor."""

    factor: float = 1.0
    name: str = "by-feature"
    version: str = "1"

    def probabilities(self, context: Context, actions: ActionSet) -> Floats:
        return np.asarray(actions.features[:, -1] / actions.features[:, -1].sum())

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        weight = np.where(mask, actions[..., -1], 0.0).astype(np.float64)
        return np.asarray(self.factor * weight / weight.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("batch", [1, 7, 4096])
def test_probabilities_stand_in_the_flat_order_of_the_log(batch: int) -> None:
    found = target_probabilities(ByFeature(), LOG, batch)
    for row in range(len(LOG)):
        mine = slice(LOG.offsets[row], LOG.offsets[row + 1])
        weight = LOG.actions[mine, -1].astype(np.float64)
        np.testing.assert_allclose(found[mine], weight / weight.sum(), rtol=1e-6)


def test_a_uniform_policy_gives_one_over_k() -> None:
    k = np.diff(LOG.offsets)
    np.testing.assert_allclose(target_probabilities(Uniform(), LOG), 1.0 / np.repeat(k, k))


def test_a_policy_whose_probabilities_do_not_sum_to_one_is_refused() -> None:
    with pytest.raises(InputError, match=r"policy 'by-feature' .* row 0 .* probability of 0\.9"):
        target_probabilities(ByFeature(0.9), LOG)
