"""Ridge from Gram matrices: they add up, and their solution is the textbook's."""

import numpy as np
import pytest

from nba.understand.basis import make_basis
from nba.understand.fit import Gram, gram_of_rows, solve
from tests.planted_log import draw_log, make_world

PLANTED = draw_log(make_world(np.random.default_rng(1)), 800, np.random.default_rng(2))
LOG = PLANTED.log
BASIS = make_basis(LOG.context_names, LOG.action_names, context=LOG.context, actions=LOG.actions)
ROWS = np.arange(len(LOG))


def test_grams_of_parts_add_up_to_the_whole() -> None:
    whole = gram_of_rows(BASIS, LOG, ROWS)
    parts = Gram.sum_of([gram_of_rows(BASIS, LOG, part) for part in np.array_split(ROWS, 7)])
    np.testing.assert_allclose(parts.terms, whole.terms, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(parts.rewards, whole.rewards, rtol=1e-12, atol=1e-9)


def test_subtracting_a_part_leaves_the_others() -> None:
    whole, part = gram_of_rows(BASIS, LOG, ROWS), gram_of_rows(BASIS, LOG, ROWS[:300])
    rest = gram_of_rows(BASIS, LOG, ROWS[300:])
    np.testing.assert_allclose(whole.without(part).terms, rest.terms, atol=1e-9)
    np.testing.assert_allclose(whole.without(part).rewards, rest.rewards, atol=1e-9)


@pytest.mark.parametrize("ridge", [0.5, 50.0])
def test_the_solution_is_the_ridge_regression_of_all_rows(ridge: float) -> None:
    flat = LOG.offsets[:-1] + LOG.chosen
    terms = BASIS.terms(LOG.context, LOG.actions[flat])
    kinds = BASIS.kinds(LOG.actions[flat])
    own = [terms * kinds[:, [group]] for group in range(BASIS.n_groups)]
    design = np.concatenate([terms, *own], axis=1)
    penalty = np.sqrt(ridge) * np.eye(design.shape[1])[1:]  # the common intercept goes free
    stacked = np.concatenate([design, penalty])
    rewards = np.concatenate([LOG.reward, np.zeros(len(penalty))])
    textbook = np.linalg.lstsq(stacked, rewards, rcond=None)[0].reshape(-1, BASIS.n_terms)
    weights = solve(gram_of_rows(BASIS, LOG, ROWS), ridge)
    np.testing.assert_allclose(weights, textbook[0] + textbook[1:], atol=1e-6)


def test_a_huge_ridge_predicts_the_mean_reward() -> None:
    weights = solve(gram_of_rows(BASIS, LOG, ROWS), 1e12)
    np.testing.assert_allclose(weights[:, 0], LOG.reward.mean(), rtol=1e-3)
    np.testing.assert_allclose(weights[:, 1:], 0.0, atol=1e-6)


def test_a_kind_without_rows_is_predicted_like_the_others() -> None:
    flat = LOG.offsets[:-1] + LOG.chosen
    queue = LOG.actions[flat, 0] > 0.5
    gram = gram_of_rows(BASIS, LOG, ROWS[queue])
    weights = solve(gram, 1.0)
    assert np.isfinite(weights).all()
    seen, unseen = BASIS.groups[0].argmax(), BASIS.groups[1].argmax()
    assert abs(weights[unseen, 0] - weights[seen, 0]) < 0.5 * LOG.reward.std()
