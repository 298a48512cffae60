"""The action scorer in torch."""

from pathlib import Path

import numpy as np
import pytest
import torch as th
from gymnasium import spaces
from sb3_contrib import MaskablePPO
from sb3_contrib.common.maskable.distributions import MaskableCategorical

from experiments.scorer import ActionScorerPolicy, Observation
from nba.types import Floats32
from tests.experiments.small_run import CONFIG, trained, vec_env


def scorer() -> ActionScorerPolicy:
    policy = trained().learner.policy
    assert isinstance(policy, ActionScorerPolicy)
    return policy


def met(n_centres: int = 24) -> Observation:
    """Observations met in the centres, as tensors."""
    centres = vec_env(n_centres)
    centres.reset()
    for _ in range(20):
        mask = centres.action_masks()
        seen, _, _, _ = centres.step(mask.cumsum(axis=1).argmax(axis=1))  # the last legal one
    assert isinstance(seen, dict)
    return {name: th.from_numpy(values) for name, values in seen.items()}


def fresh(prior_weight: float) -> ActionScorerPolicy:
    centres = vec_env(2)
    assert isinstance(centres.observation_space, spaces.Dict)
    return ActionScorerPolicy(
        centres.observation_space,
        centres.action_space,
        lambda _: 1e-3,
        hidden=8,
        prior_weight=prior_weight,
    )


def probabilities(policy: ActionScorerPolicy, seen: Observation) -> Floats32:
    with th.no_grad():
        found = policy.get_distribution(seen).distribution
    assert isinstance(found, MaskableCategorical)
    return np.asarray(found.probs.numpy())


def test_it_starts_as_the_softmax_of_the_prior() -> None:
    seen = met()
    weights = np.exp(3.0 * seen["prior"].numpy()) * seen["mask"].numpy()
    expected = weights / weights.sum(axis=1, keepdims=True)
    assert probabilities(fresh(3.0), seen) == pytest.approx(expected, abs=1e-5)


def test_training_moves_it_away_from_there() -> None:
    seen = met()
    gap = probabilities(scorer(), seen) - probabilities(fresh(CONFIG.prior_weight), seen)
    assert np.abs(gap).max() > 1e-3


def test_a_masked_action_has_no_probability() -> None:
    seen = met()
    assert not probabilities(scorer(), seen)[seen["mask"].numpy() == 0.0].any()


def test_permuting_the_actions_permutes_the_probabilities_and_leaves_the_value() -> None:
    seen = met()
    order = th.from_numpy(np.random.default_rng(1).permutation(seen["mask"].shape[1]))
    moved = {**seen, **{name: seen[name][:, order] for name in ("actions", "mask", "prior")}}
    there = probabilities(scorer(), moved)
    assert there == pytest.approx(probabilities(scorer(), seen)[:, order.numpy()], abs=1e-6)
    with th.no_grad():
        values = scorer().predict_values(seen), scorer().predict_values(moved)
    assert values[1].numpy() == pytest.approx(values[0].numpy(), abs=1e-5)


def test_what_stands_in_the_padding_does_not_matter() -> None:
    seen = met()
    rubbish = {**seen, "actions": seen["actions"] + 3.0 * (1.0 - seen["mask"][..., None])}
    gap = probabilities(scorer(), rubbish) - probabilities(scorer(), seen)
    assert np.abs(gap).max() < 1e-6
    with th.no_grad():
        values = scorer().predict_values(seen), scorer().predict_values(rubbish)
    assert values[1].numpy() == pytest.approx(values[0].numpy(), abs=1e-5)


def test_rolling_out_and_evaluating_agree() -> None:
    seen, masks = met(), met()["mask"].numpy() > 0.5
    with th.no_grad():
        actions, values, logged = scorer().forward(seen, action_masks=masks)
        again, evaluated, entropy = scorer().evaluate_actions(seen, actions, th.from_numpy(masks))
    assert entropy is not None
    assert logged.numpy() == pytest.approx(evaluated.numpy(), abs=1e-6)
    assert values.numpy() == pytest.approx(again.numpy(), abs=1e-6)
    assert np.exp(logged.numpy()) == pytest.approx(
        np.take_along_axis(probabilities(scorer(), seen), actions.numpy()[:, None], 1)[:, 0],
        abs=1e-6,
    )


def test_a_saved_learner_comes_back_with_the_same_policy(tmp_path: Path) -> None:
    trained().learner.policy.save(str(tmp_path / "policy.pt"))
    loaded = ActionScorerPolicy.load(str(tmp_path / "policy.pt"))
    assert (loaded.hidden, loaded.prior_weight) == (CONFIG.hidden, CONFIG.prior_weight)
    seen = met()
    assert np.array_equal(probabilities(loaded, seen), probabilities(scorer(), seen))


def test_the_library_predicts_with_it() -> None:
    learner = trained().learner
    assert isinstance(learner, MaskablePPO)
    seen = met()
    observation = {name: values.numpy() for name, values in seen.items()}
    masks = observation["mask"] > 0.5
    chosen, _ = learner.predict(observation, deterministic=True, action_masks=masks)
    assert np.array_equal(chosen, probabilities(scorer(), seen).argmax(axis=1))
