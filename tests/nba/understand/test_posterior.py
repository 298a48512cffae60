"""The posterior is the textbook's, adds up, and covers the truth as often as it says."""

import numpy as np
import pytest

from nba.errors import InputError
from nba.listen.blocks import padded_blocks
from nba.understand.basis import make_basis
from nba.understand.fit import solve
from nba.understand.posterior import Evidence, LinearPosterior, noise_variance, posterior
from tests.planted_log import draw_log, make_world

WORLD = make_world(np.random.default_rng(1), noise=2.0)
PLANTED = draw_log(WORLD, 3_000, np.random.default_rng(2))
LOG = PLANTED.log
BASIS = make_basis(LOG.context_names, LOG.action_names, context=LOG.context, actions=LOG.actions)
ROWS = np.arange(len(LOG))
EVIDENCE = Evidence.of_rows(BASIS, LOG, ROWS)


def test_the_mean_is_the_ridge_regression() -> None:
    found = posterior(BASIS, EVIDENCE, ridge=3.0)
    np.testing.assert_allclose(found.model.weights, solve(EVIDENCE.gram, 3.0), atol=1e-9)


def test_deviations_are_those_of_the_textbooks_covariance() -> None:
    flat = LOG.offsets[:-1] + LOG.chosen
    terms = BASIS.terms(LOG.context, LOG.actions[flat])
    kinds = BASIS.kinds(LOG.actions[flat])
    design = np.concatenate([terms, *(terms * kinds[:, [g]] for g in range(2))], axis=1)
    penalty = np.diag([1e-9 * len(LOG), *np.full(design.shape[1] - 1, 3.0)])
    precision = design.T @ design + penalty
    weights = np.linalg.solve(precision, design.T @ LOG.reward)
    noise = float(np.mean((LOG.reward - design @ weights) ** 2))
    expected = np.sqrt(noise * np.einsum("ij,jk,ik->i", design, np.linalg.inv(precision), design))
    block = next(padded_blocks(LOG, ROWS[:200]))
    found = posterior(BASIS, EVIDENCE, ridge=3.0)
    spread = found.batch_deviations(block.context, block.actions, block.mask)
    np.testing.assert_allclose(spread[np.arange(200), LOG.chosen[:200]], expected[:200], rtol=1e-6)
    assert (spread[~block.mask] == 0.0).all()


def test_the_noise_is_the_mean_squared_residual() -> None:
    found = posterior(BASIS, EVIDENCE, ridge=1.0)
    flat = (LOG.offsets[:-1] + LOG.chosen)[:, None]
    predicted = found.model.batch_rewards(LOG.context, LOG.actions[flat])[:, 0]
    residual = float(np.mean((LOG.reward - predicted) ** 2))
    assert noise_variance(EVIDENCE, found.model.weights) == pytest.approx(residual, rel=1e-9)
    assert np.sqrt(residual) == pytest.approx(WORLD.noise, rel=0.05)


def test_evidence_in_parts_is_evidence_of_the_whole() -> None:
    halves = [Evidence.of_rows(BASIS, LOG, part) for part in np.array_split(ROWS, 2)]
    both = halves[0].plus(halves[1])
    whole = posterior(BASIS, EVIDENCE, ridge=3.0)
    np.testing.assert_allclose(posterior(BASIS, both, ridge=3.0).factors[0] ** 2 @ np.ones(
        BASIS.n_terms), (whole.factors[0] ** 2).sum(axis=1), rtol=1e-6)  # fmt: skip
    assert both.rows == len(LOG)


def test_forgotten_rows_make_the_posterior_wider() -> None:
    halves = [Evidence.of_rows(BASIS, LOG, part) for part in np.array_split(ROWS, 2)]
    block = next(padded_blocks(LOG, ROWS[:50]))
    inputs = block.context, block.actions, block.mask
    sure, less = (
        posterior(BASIS, halves[0].plus(halves[1], keep=keep), ridge=3.0).batch_deviations(*inputs)
        for keep in (1.0, 0.2)
    )
    assert (less[block.mask] > sure[block.mask]).all()


def test_the_truth_lies_inside_as_often_as_the_posterior_says() -> None:
    """Linear truth: with two standard deviations about 95 % of fresh posteriors hold it."""
    rng = np.random.default_rng(8)
    truth = rng.normal(size=(BASIS.n_groups, BASIS.n_terms)) * 0.5
    flat = LOG.offsets[:-1] + LOG.chosen
    terms, kinds = BASIS.terms(LOG.context, LOG.actions[flat]), BASIS.kinds(LOG.actions[flat])
    mean = np.einsum("ng,gt,nt->n", kinds, truth, terms)
    place = slice(0, 40)
    inside = []
    for _ in range(40):
        reward = mean + rng.normal(0.0, 1.0, len(LOG))
        log = type(LOG)(**{f: getattr(LOG, f) for f in LOG.__slots__} | {"reward": reward})
        found = posterior(BASIS, Evidence.of_rows(BASIS, log, ROWS), ridge=0.05)
        rows = flat[place, None]
        predicted = found.model.batch_rewards(LOG.context[place], LOG.actions[rows])[:, 0]
        every = np.ones((40, 1), dtype=np.bool_)
        spread = found.batch_deviations(LOG.context[place], LOG.actions[rows], every)[:, 0]
        inside.append(np.abs(predicted - mean[place]) < 1.96 * spread)
    assert 0.90 < float(np.mean(inside)) < 0.99


def test_draws_scatter_as_the_deviations_say() -> None:
    found = posterior(BASIS, EVIDENCE, ridge=3.0)
    draws = found.draws(4_000, np.random.default_rng(3))
    terms = BASIS.terms(LOG.context[:5], LOG.actions[LOG.offsets[:5]])
    spread = (draws[:, 0] @ terms.T).std(axis=0)
    np.testing.assert_allclose(spread, np.linalg.norm(terms @ found.factors[0], axis=1), rtol=0.08)


def test_the_tensors_restore_it_and_an_absent_one_is_named() -> None:
    found = posterior(BASIS, EVIDENCE, ridge=3.0)
    tensors = found.tensors()
    again = LinearPosterior.from_tensors(tensors)
    np.testing.assert_array_equal(again.factors, found.factors)
    del tensors["factors"]
    with pytest.raises(InputError, match="no tensor 'factors'"):
        LinearPosterior.from_tensors(tensors)


def test_factors_of_another_shape_are_refused() -> None:
    found = posterior(BASIS, EVIDENCE, ridge=3.0)
    with pytest.raises(InputError, match="posterior factors have shape"):
        LinearPosterior(found.model, found.factors[:1])
