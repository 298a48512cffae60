"""LinUCB is greedy without a width, and takes the unknown with one."""

import numpy as np
import pytest

from nba.act.greedy import Greedy
from nba.act.linucb import LinUcb
from nba.errors import InputError
from tests.nba.act.sample_policies import batch, posterior_sample


def test_without_a_width_it_is_greedy() -> None:
    inputs = batch(1, 60, 8)
    known = posterior_sample()
    np.testing.assert_array_equal(
        LinUcb(known, width=0.0).batch_probabilities(*inputs),
        Greedy(known.model).batch_probabilities(*inputs),
    )


def test_a_huge_width_takes_what_is_known_least() -> None:
    context, actions, mask = batch(2, 60, 8)
    known = posterior_sample()
    spread = known.batch_deviations(context, actions, mask)
    chosen = LinUcb(known, width=1e9).batch_probabilities(context, actions, mask).argmax(axis=1)
    np.testing.assert_array_equal(chosen, np.where(mask, spread, -1.0).argmax(axis=1))


@pytest.mark.parametrize(
    ("width", "floor", "named"), [(-1.0, 0.0, "width"), (np.nan, 0.0, "width"), (1.0, 2.0, "floor")]
)
def test_what_is_out_of_range_is_named(width: float, floor: float, named: str) -> None:
    with pytest.raises(InputError, match=named):
        LinUcb(posterior_sample(), width, floor)
