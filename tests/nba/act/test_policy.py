"""The scorer's fast forward pass against the formula written out, and its refusals."""

import numpy as np
import pytest

from nba.act.policy import (
    PARAMETER_SHAPES,
    ActionScorer,
    best_of,
    masked_softmax,
    with_floor,
)
from nba.errors import InputError
from nba.types import Bools, Floats, Floats32
from tests.nba.act.sample_policies import batch, reward_model, scorer, scorer_parameters


def formula(
    policy: ActionScorer, context: Floats32, actions: Floats32, mask: Bools, row: int
) -> Floats:
    """The probabilities of one row, written out action by action in float64."""
    w = {name: array.astype(np.float64) for name, array in policy.parameters.items()}
    legal = np.flatnonzero(mask[row])
    x = np.clip((context[row] - w["context_mean"]) / w["context_std"], -5, 5)
    each = []
    for i in legal:
        a = np.clip((actions[row, i] - w["action_mean"]) / w["action_std"], -5, 5)
        each.append(np.maximum(0, x @ w["W_xe"] + a @ w["W_ae"] + w["b_e"]))
    pooled = np.mean(each, axis=0)
    scores = []
    for e in each:
        u = np.maximum(0, e @ w["W_eu"] + pooled @ w["W_gu"] + x @ w["W_xu"] + w["b_u"])
        scores.append(u @ w["w_score"])
    logits = np.array(scores)
    source = policy.prior_model or policy.reward_model
    if source is not None:
        prior = source.batch_rewards(context, actions)[row, legal]
        logits += policy.prior_weight * (prior - prior.max())
    weights = np.exp(logits / policy.temperature - (logits / policy.temperature).max())
    p = (1 - policy.floor) * weights / weights.sum() + policy.floor / len(legal)
    result = np.zeros(mask.shape[1])
    result[legal] = p
    return result


@pytest.mark.parametrize(
    "policy",
    [scorer(3, prior_weight=0.0), scorer(3), scorer(3, prior_model=reward_model(8))],
    ids=["no prior", "reward model as prior", "a prior of its own"],
)
def test_the_forward_pass_is_the_formula(policy: ActionScorer) -> None:
    inputs = batch(1, 60, 9)
    found = policy.batch_probabilities(*inputs)
    expected = np.array([formula(policy, *inputs, row) for row in range(60)])
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert found.std(axis=1).mean() > 0.05  # not the uniform policy


def test_a_batch_over_many_blocks_equals_its_parts() -> None:
    policy = scorer(2)
    context, actions, mask = batch(6, 2000, 12)
    whole = policy.batch_scores(context, actions, mask)
    half = policy.batch_scores(context[:999], actions[:999], mask[:999])
    np.testing.assert_allclose(whole[:999][mask[:999]], half[mask[:999]], atol=1e-5)
    assert whole.shape == mask.shape


def test_a_nan_in_the_padding_does_not_spread() -> None:
    policy = scorer(1)
    context, actions, mask = batch(7, 20, 6)
    expected = policy.batch_probabilities(context, actions, mask)
    actions[~mask] = np.nan
    np.testing.assert_array_equal(policy.batch_probabilities(context, actions, mask), expected)


def test_the_floor_holds_for_every_eligible_action() -> None:
    policy = scorer(1, floor=0.3)
    context, actions, mask = batch(7, 200, 6)
    found = policy.batch_probabilities(context, actions, mask)
    least = 0.3 / mask.sum(axis=1, keepdims=True)
    assert (found >= np.where(mask, least, 0.0) - 1e-12).all()


def test_a_lower_temperature_sharpens() -> None:
    context, actions, mask = batch(7, 50, 6)
    warm, cold = (ActionScorer("s", "v", scorer_parameters(0), temperature=t) for t in (1.0, 0.1))
    sharp = cold.batch_probabilities(context, actions, mask).max(axis=1)
    assert sharp.mean() > warm.batch_probabilities(context, actions, mask).max(axis=1).mean()


def test_extreme_logits_stay_finite() -> None:
    logits = np.array([[1e6, -1e6, 0.0], [-1e308, -1e308, 5.0]])
    mask = np.array([[True, True, True], [True, True, False]])
    expected = np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
    np.testing.assert_allclose(masked_softmax(logits, mask), expected)


def test_the_first_of_equal_values_is_best() -> None:
    mask = np.array([[False, True, True]])
    np.testing.assert_array_equal(best_of(np.array([[9.0, 2.0, 2.0]]), mask), [[0.0, 1.0, 0.0]])


def test_a_floor_of_one_is_uniform_over_the_unmasked() -> None:
    mask = np.array([[True, True, False]])
    np.testing.assert_array_equal(
        with_floor(np.array([[1.0, 0.0, 0.0]]), mask, 1.0), [[0.5, 0.5, 0.0]]
    )


def test_the_parameters_are_copied_and_cannot_be_written() -> None:
    parameters = scorer_parameters(0)
    policy = ActionScorer("s", "v", parameters)
    parameters["b_e"][:] = 9.0
    assert not (policy.parameters["b_e"] == 9.0).any()
    with pytest.raises(ValueError, match="read-only"):
        policy.parameters["b_e"][0] = 1.0
    with pytest.raises(TypeError):
        policy.parameters["b_e"] = parameters["b_e"]  # type: ignore[index]  # what must fail


@pytest.mark.parametrize("name", PARAMETER_SHAPES)
def test_an_absent_parameter_is_named(name: str) -> None:
    parameters = scorer_parameters(0)
    del parameters[name]
    with pytest.raises(InputError, match=f"'{name}' is absent"):
        ActionScorer("s", "v", parameters)


@pytest.mark.parametrize("name", PARAMETER_SHAPES)
def test_a_parameter_that_is_not_finite_is_named(name: str) -> None:
    parameters = scorer_parameters(0)
    parameters[name].reshape(-1)[0] = np.nan
    with pytest.raises(InputError, match=name):
        ActionScorer("s", "v", parameters)


def test_a_misshapen_parameter_is_named() -> None:
    parameters = scorer_parameters(0)
    parameters["W_gu"] = parameters["W_gu"][:, :-1]
    with pytest.raises(InputError, match="W_gu has shape"):
        ActionScorer("s", "v", parameters)


def test_settings_out_of_range_are_refused() -> None:
    parameters = scorer_parameters(0)
    with pytest.raises(InputError, match="temperature"):
        ActionScorer("s", "v", parameters, temperature=0.0)
    with pytest.raises(InputError, match="floor"):
        ActionScorer("s", "v", parameters, floor=1.0)
    with pytest.raises(InputError, match="without a reward model"):
        ActionScorer("s", "v", parameters, prior_weight=1.0)
    with pytest.raises(InputError, match="prior_weight"):
        ActionScorer("s", "v", parameters, reward_model=reward_model(), prior_weight=np.nan)
    with pytest.raises(InputError, match="context_std must be above 0"):
        ActionScorer("s", "v", parameters | {"context_std": -parameters["context_std"]})
