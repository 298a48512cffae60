"""The reward model: it finds what was planted, and cross-fitting never peeks at its customer."""

from dataclasses import replace

import numpy as np
import pytest

from nba.errors import InputError, LogError
from nba.listen.blocks import chosen_flat, padded_blocks
from nba.types import DecisionLog, Floats
from nba.understand.reward_model import LinearRewardModel, cross_fit_rewards, fit_reward_model
from tests.planted_log import PlantedLog, draw_log, make_world

WORLD = make_world(np.random.default_rng(1), noise=0.5)


@pytest.fixture(scope="module")
def planted() -> PlantedLog:
    return draw_log(WORLD, 4000, np.random.default_rng(2))


def predictions_of(model: LinearRewardModel, log: DecisionLog) -> Floats:
    found = np.empty(len(log.actions))
    for block in padded_blocks(log):
        found[block.flat] = model.batch_rewards(block.context, block.actions)[block.mask]
    return found


def test_a_planted_linear_reward_is_found(planted: PlantedLog) -> None:
    found = predictions_of(fit_reward_model(planted.log, ridge=1.0), planted.log)
    assert np.abs(found - planted.mean_reward).max() < 0.25
    assert np.corrcoef(found, planted.mean_reward)[0, 1] > 0.995


def test_more_rows_bring_the_model_nearer_to_the_truth() -> None:
    errors = []
    for n in (200, 20_000):
        planted = draw_log(WORLD, n, np.random.default_rng(3))
        found = predictions_of(fit_reward_model(planted.log, ridge=1.0), planted.log)
        errors.append(np.sqrt(np.square(found - planted.mean_reward).mean()))
    assert errors[1] < errors[0] / 3


def test_a_batch_equals_its_rows(planted: PlantedLog) -> None:
    model = fit_reward_model(planted.log)
    block = next(padded_blocks(planted.log, size=64))
    batch = model.batch_rewards(block.context, block.actions)
    for b in range(64):
        k = int(block.mask[b].sum())
        row = model.batch_rewards(block.context[b : b + 1], block.actions[b : b + 1, :k])
        np.testing.assert_allclose(row[0], batch[b, :k], atol=1e-9)


def test_padded_rows_give_finite_numbers(planted: PlantedLog) -> None:
    model = fit_reward_model(planted.log)
    found = model.batch_rewards(np.zeros((2, 2), np.float32), np.zeros((2, 3, 3), np.float32))
    assert found.shape == (2, 3)
    assert np.isfinite(found).all()


def test_permuting_the_actions_permutes_the_rewards(planted: PlantedLog) -> None:
    model = fit_reward_model(planted.log)
    block = next(padded_blocks(planted.log, size=16))
    order = np.random.default_rng(4).permutation(block.actions.shape[1])
    np.testing.assert_allclose(
        model.batch_rewards(block.context, block.actions[:, order]),
        model.batch_rewards(block.context, block.actions)[:, order],
        atol=1e-12,
    )


def test_many_rows_at_once_are_as_each_alone(planted: PlantedLog) -> None:
    model = fit_reward_model(planted.log)
    block = next(padded_blocks(planted.log, size=500))
    together = model.batch_rewards(block.context, block.actions)
    alone = [
        model.batch_rewards(block.context[i : i + 1], block.actions[i : i + 1])[0]
        for i in range(0, 500, 37)
    ]
    np.testing.assert_allclose(together[::37], alone, atol=1e-12)
    assert model.batch_rewards(block.context, block.actions[:, :0]).shape == (500, 0)
    assert model.batch_rewards(block.context[:0], block.actions[:0]).shape[0] == 0


def test_rows_without_a_reward_are_left_out(planted: PlantedLog) -> None:
    reward = planted.log.reward.copy()
    reward[1000:] = np.nan
    open_log = replace(planted.log, reward=reward)
    wild = replace(planted.log, reward=np.where(np.isnan(reward), 1e6, reward))
    truth = predictions_of(fit_reward_model(open_log), planted.log)
    assert np.abs(truth).max() < 20
    assert np.abs(predictions_of(fit_reward_model(wild), planted.log)).max() > 1e3


def test_tensors_bring_the_same_model_back(planted: PlantedLog) -> None:
    model = fit_reward_model(planted.log)
    tensors = model.tensors()
    assert all(array.dtype == np.float64 for array in tensors.values())
    back = LinearRewardModel.from_tensors(tensors)
    np.testing.assert_array_equal(
        predictions_of(back, planted.log), predictions_of(model, planted.log)
    )


def test_an_absent_tensor_is_named(planted: PlantedLog) -> None:
    tensors = fit_reward_model(planted.log).tensors()
    del tensors["action_std"]
    with pytest.raises(InputError, match="no tensor 'action_std'"):
        LinearRewardModel.from_tensors(tensors)


def test_weights_of_another_shape_are_refused(planted: PlantedLog) -> None:
    model = fit_reward_model(planted.log)
    with pytest.raises(InputError, match="weights have shape"):
        LinearRewardModel(model.basis, model.weights[:, 1:])


def test_a_log_without_rewards_is_refused(planted: PlantedLog) -> None:
    log = replace(planted.log, reward=np.full(4000, np.nan))
    for fit in (fit_reward_model, cross_fit_rewards):
        with pytest.raises(LogError, match="none of the log's 4000 rows has a reward"):
            fit(log)


def test_cross_fitted_rewards_ignore_the_customer_they_are_for() -> None:
    world = make_world(np.random.default_rng(1), rows_per_unit=3)
    log = draw_log(world, 300, np.random.default_rng(2)).log
    before = cross_fit_rewards(log, seed=5)
    mine = log.unit == log.unit[0]
    reward = np.where(mine, log.reward + 1000.0, log.reward)
    after = cross_fit_rewards(replace(log, reward=reward), seed=5)
    of_mine = np.repeat(mine, np.diff(log.offsets))
    np.testing.assert_allclose(after[of_mine], before[of_mine], atol=1e-8)
    assert np.abs(after[~of_mine] - before[~of_mine]).max() > 0.1


def test_cross_fitting_does_not_memorise_noise() -> None:
    world = make_world(np.random.default_rng(1), noise=20.0)
    log = draw_log(world, 400, np.random.default_rng(2)).log
    flat = chosen_flat(log)
    inside = predictions_of(fit_reward_model(log, ridge=0.1), log)[flat]
    outside = cross_fit_rewards(log, ridge=0.1)[flat]
    truth = world.mean_reward.mean()
    assert np.corrcoef(inside - truth, log.reward)[0, 1] > 0.1
    assert np.corrcoef(outside - truth, log.reward)[0, 1] < 0.1


def test_folds_depend_on_the_seed(planted: PlantedLog) -> None:
    a, b = cross_fit_rewards(planted.log, seed=1), cross_fit_rewards(planted.log, seed=2)
    np.testing.assert_array_equal(a, cross_fit_rewards(planted.log, seed=1))
    assert not np.array_equal(a, b)
