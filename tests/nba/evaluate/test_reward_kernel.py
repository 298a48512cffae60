"""The compiled pass over ragged actions gives the numbers of the model's own batches."""

import numpy as np
import pytest

from nba.evaluate.reward_kernel import expected_rewards
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import Floats32
from nba.understand.basis import make_basis
from nba.understand.reward_model import LinearRewardModel


def drawn(names: tuple[str, ...], n: int, rng: np.random.Generator) -> Floats32:
    values = (rng.normal(0.0, 300.0, (n, len(names)))).astype(np.float32)
    kinds = [place for place, name in enumerate(names) if name.startswith("kind=")]
    if kinds:
        values[:, kinds] = np.eye(len(kinds), dtype=np.float32)[rng.integers(0, len(kinds), n)]
    return values


@pytest.mark.parametrize("kinds", [True, False])
def test_it_is_what_the_model_gives(kinds: bool) -> None:
    rng = np.random.default_rng(1)
    names = tuple(n for n in CONTACT_CENTRE.action_names if kinds or not n.startswith("kind="))
    context = drawn(CONTACT_CENTRE.context_names, 50, rng)
    actions = drawn(names, 250, rng)
    basis = make_basis(CONTACT_CENTRE.context_names, names, context=context, actions=actions)
    weights = rng.normal(0.0, 1.0, (basis.n_groups, basis.n_terms))
    model = LinearRewardModel(basis, weights)
    rows = np.tensordot(basis.context_parts(context), model.form, axes=1)
    found = expected_rewards(basis, rows, actions, np.arange(51) * 5)
    wanted = model.batch_rewards(context, actions.reshape(50, 5, -1)).ravel()
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-9)
