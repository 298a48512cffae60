"""Weights of embeddings: the right answer for actions that the log never chose."""

from dataclasses import replace

import numpy as np
import pytest

from nba.errors import InputError
from nba.evaluate.doubly_robust import dr
from nba.evaluate.marginalized import make_embedding, mips, mips_weights
from nba.evaluate.weighting import ips
from nba.types import DecisionLog, Floats, Ints
from tests.planted_log import PlantedLog, PlantedWorld, draw_log, make_world

WORLD = make_world(np.random.default_rng(1))


def ids(log: DecisionLog) -> Ints:
    """Every action of a row is like no other of it."""
    return np.arange(len(log.actions)) - np.repeat(log.offsets[:-1], np.diff(log.offsets))


def world_of_pairs() -> PlantedWorld:
    """Six actions of two kinds; the log never tries the last of each kind, the target does."""
    logging = np.array([0.5, 0.3, 0.0, 0.1, 0.1, 0.0])
    target = np.array([0.1, 0.1, 0.4, 0.1, 0.1, 0.2])
    base = make_world(np.random.default_rng(2), n_situations=1)
    kind = np.array([0, 0, 0, 1, 1, 1])
    return replace(
        base,
        share=np.ones(1),
        context=base.context[:1],
        offsets=np.array([0, 6]),
        actions=np.column_stack([kind == 0, kind == 1, np.zeros(6)]).astype(np.float32),
        mean_reward=np.where(kind == 0, 2.0, 5.0),
        logging=logging,
        target=target,
    )


PAIRS = world_of_pairs()


def ask(planted: PlantedLog, predictions: Floats | None = None) -> float:
    codes = make_embedding(planted.log, []).codes(planted.log)
    found = mips(
        planted.log,
        planted.target,
        logging=planted.logging,
        embedding=codes,
        reward_predictions=predictions,
    )
    return found.value


def test_with_the_action_itself_as_embedding_it_is_ips_and_dr() -> None:
    planted = draw_log(WORLD, 500, np.random.default_rng(3))
    q = 0.5 * planted.mean_reward
    for predictions, plain in ((None, ips), (q, dr)):
        mine = mips(
            planted.log,
            planted.target,
            logging=planted.logging,
            embedding=ids(planted.log),
            reward_predictions=predictions,
        )
        theirs = plain(planted.log, planted.target, reward_predictions=predictions)
        assert mine.value == pytest.approx(theirs.value, rel=1e-12)
        assert mine.std_error == pytest.approx(theirs.std_error, rel=1e-12)


def test_with_one_embedding_for_all_it_is_the_mean_reward() -> None:
    planted = draw_log(WORLD, 500, np.random.default_rng(4))
    alike = np.zeros(len(planted.log.actions), dtype=np.int64)
    found = mips(planted.log, planted.target, logging=planted.logging, embedding=alike)
    assert found.value == pytest.approx(planted.log.reward.mean(), rel=1e-12)


def test_actions_never_logged_are_judged_by_those_like_them() -> None:
    rng = np.random.default_rng(5)
    errors = [ask(draw_log(PAIRS, 100, rng)) - PAIRS.truth for _ in range(1000)]
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(1000)
    # Plain weighting never sees them and falls far short.
    planted = draw_log(PAIRS, 5000, rng)
    assert ips(planted.log, planted.target).value < 0.6 * PAIRS.truth


def test_a_right_model_of_the_rest_mends_an_embedding_that_hides_something() -> None:
    # The unlogged actions earn 1 more than their kind: MIPS misses it, a model that knows does not.
    hidden = np.array([0, 0, 1, 0, 0, 1])
    world = replace(PAIRS, mean_reward=PAIRS.mean_reward + hidden)
    rng = np.random.default_rng(6)
    errors: dict[str, list[float]] = {"mips": [], "offcem": []}
    for _ in range(1000):
        planted = draw_log(world, 100, rng)
        model = np.tile(0.5 * hidden + 0.5 * hidden, 100) + 1.5  # right only about the difference
        errors["mips"].append(ask(planted) - world.truth)
        errors["offcem"].append(ask(planted, model) - world.truth)
    assert abs(np.mean(errors["mips"])) > 20 * np.std(errors["mips"]) / np.sqrt(1000)
    assert abs(np.mean(errors["offcem"])) < 3 * np.std(errors["offcem"]) / np.sqrt(1000)


def test_what_the_log_cannot_judge_is_told() -> None:
    planted = draw_log(PAIRS, 50, np.random.default_rng(7))
    log = planted.log
    weight, unjudged = mips_weights(log, planted.target, planted.logging, ids(log))
    assert unjudged == pytest.approx(0.6)
    codes = make_embedding(log, []).codes(log)
    weight, unjudged = mips_weights(log, planted.target, planted.logging, codes)
    assert unjudged == 0.0
    np.testing.assert_allclose(sorted(set(weight.round(9))), [0.6 / 0.8, 0.4 / 0.2])


def test_features_cut_actions_into_even_bins() -> None:
    planted = draw_log(
        make_world(np.random.default_rng(8), n_situations=200), 2000, np.random.default_rng(9)
    )
    codes = make_embedding(planted.log, ["resolve_estimate"], bins=4).codes(planted.log)
    counts = np.unique(codes % 4, return_counts=True)[1]
    assert counts.min() > 0.2 * len(codes)
    employee = planted.log.actions[:, planted.log.action_names.index("kind=employee")] > 0.5
    assert set(codes[employee].tolist()).isdisjoint(codes[~employee].tolist())


def test_bad_questions_are_refused() -> None:
    planted = draw_log(WORLD, 20, np.random.default_rng(10))
    log, target = planted.log, planted.target
    with pytest.raises(InputError, match="no action feature 'age'"):
        make_embedding(log, ["age"])
    with pytest.raises(InputError, match="embedding has shape"):
        mips_weights(log, target, planted.logging, np.zeros(3, dtype=np.int64))
    elsewhere = np.zeros(len(target))
    elsewhere[log.offsets[:-1] + (log.chosen + 1) % np.diff(log.offsets)] = 1.0
    with pytest.raises(InputError, match="row 0 chose an action that `logging` gives no prob"):
        mips_weights(log, target, elsewhere, ids(log))
