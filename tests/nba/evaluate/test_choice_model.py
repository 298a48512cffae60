"""The logit model: the textbook solution where there is one, and the planted weights."""

import numpy as np
import pytest

from nba.evaluate.choice_model import Choices, fit_choices, probabilities_of
from nba.types import Floats


def ragged(n: int, weights: Floats, seed: int) -> Choices:
    rng = np.random.default_rng(seed)
    offsets = np.concatenate([[0], np.cumsum(rng.integers(2, 6, n))]).astype(np.int64)
    terms = rng.normal(size=(int(offsets[-1]), len(weights)))
    p = probabilities_of(terms @ weights, offsets)
    chosen = [
        rng.choice(offsets[i + 1] - offsets[i], p=p[offsets[i] : offsets[i + 1]]) for i in range(n)
    ]
    return Choices(terms, offsets, np.array(chosen))


def test_planted_weights_are_found_in_ragged_sets() -> None:
    weights = np.array([1.0, -0.5, 0.0])
    np.testing.assert_allclose(fit_choices(ragged(4000, weights, 1), 1e-6), weights, atol=0.08)


def test_without_features_the_shares_come_out() -> None:
    chosen = np.array([0] * 50 + [1] * 30 + [2] * 20)
    choices = Choices(np.ones((100, 1)), np.arange(101) * 3, chosen, n_actions=3)
    p = probabilities_of(choices.logits(fit_choices(choices, 1e-9)), choices.offsets)
    np.testing.assert_allclose(p[:3], [0.5, 0.3, 0.2], atol=1e-4)


def test_the_gradient_is_that_of_the_loss() -> None:
    choices = ragged(50, np.array([0.3, 0.2]), 2)
    fitted = fit_choices(choices, 0.5)
    p = probabilities_of(choices.logits(fitted), choices.offsets)
    p[choices.offsets[:-1] + choices.chosen] -= 1.0
    np.testing.assert_allclose(choices.gradient(p) + 0.5 * fitted, 0.0, atol=1e-3)


def test_a_huge_penalty_leaves_an_even_choice() -> None:
    assert np.abs(fit_choices(ragged(200, np.array([2.0, 1.0]), 3), 1e9)).max() < 1e-5


@pytest.mark.parametrize("rows", [[0, 1, 2], [5, 3], [7]])
def test_taken_rows_are_the_rows(rows: list[int]) -> None:
    choices = ragged(10, np.array([1.0]), 4)
    part = choices.take(np.array(rows))
    for i, row in enumerate(rows):
        mine = part.terms[part.offsets[i] : part.offsets[i + 1]]
        np.testing.assert_array_equal(
            mine, choices.terms[choices.offsets[row] : choices.offsets[row + 1]]
        )
    np.testing.assert_array_equal(part.chosen, choices.chosen[rows])
