"""Sequential estimators: what they equal in simple cases, and the exact value of a chain."""

from dataclasses import replace

import numpy as np
import pytest

from nba.errors import InputError, LogError
from nba.evaluate.direct import dm
from nba.evaluate.doubly_robust import dr
from nba.evaluate.episodes import single_steps
from nba.evaluate.estimator import RatioEstimator
from nba.evaluate.sequential import (
    SEQUENTIAL,
    SequentialEstimator,
    fqe,
    pdis,
    seq_dr,
    wdr,
    wpdis,
)
from nba.evaluate.sequential_statistics import EpisodeRows, SequentialStatistics
from nba.evaluate.weighting import ips, snips
from nba.types import Bools, Estimate, Floats
from tests.planted_episodes import (
    PlantedChain,
    PlantedEpisodes,
    draw_episodes,
    episodes_of,
    log_of,
    make_chain,
)
from tests.planted_log import draw_log, make_world

CHAIN = make_chain()
DRAWN = draw_episodes(CHAIN, 400, np.random.default_rng(2))
every_one = pytest.mark.parametrize("estimator", SEQUENTIAL, ids=lambda e: e.name)


def rows_of(
    drawn: PlantedEpisodes, chain: PlantedChain = CHAIN, model: Floats | None = None
) -> EpisodeRows:
    q = np.zeros((3, 3, 2)) if model is None else model
    at = (drawn.step, drawn.state, drawn.action)
    return EpisodeRows(
        episodes_of(drawn),
        weight=(chain.target / chain.logging)[drawn.state, drawn.action],
        reward=drawn.reward,
        unit=np.array([f"unit-{i}" for i in drawn.episode], dtype=object),
        predicted=q[at],
        value=(chain.target[drawn.state] * q[drawn.step, drawn.state]).sum(axis=1),
    )


def ask(name: str, rows: EpisodeRows, discount: float = CHAIN.discount) -> Estimate:
    statistics = SequentialStatistics(discount)
    statistics.update(rows)
    return statistics.finalize(name)


def numbers(found: Estimate) -> Floats:
    return np.array([found.value, found.std_error, found.low, found.high, found.ess])


@pytest.mark.parametrize(
    ("sequential", "bandit"),
    [(pdis, ips), (wpdis, snips), (seq_dr, dr), (fqe, dm)],
    ids=lambda e: e.name,
)
@pytest.mark.parametrize(("sharpness", "n"), [(1.0, 900), (4.0, 60)], ids=["many", "few"])
def test_one_step_equals_the_bandit_estimator(
    sequential: SequentialEstimator, bandit: RatioEstimator, sharpness: float, n: int
) -> None:
    world = make_world(np.random.default_rng(1), sharpness=sharpness, rows_per_unit=3)
    planted = draw_log(world, n, np.random.default_rng(2))
    mine = sequential(planted.log, planted.target, episodes=single_steps(n))
    np.testing.assert_allclose(
        numbers(mine), numbers(bandit(planted.log, planted.target)), rtol=1e-9
    )


def test_one_step_of_wdr_is_the_self_normalised_doubly_robust() -> None:
    world = make_world(np.random.default_rng(1))
    planted = draw_log(world, 500, np.random.default_rng(2))
    q = 0.5 * planted.mean_reward
    found = wdr(planted.log, planted.target, episodes=single_steps(500), reward_predictions=q)
    chosen = planted.log.offsets[:-1] + planted.log.chosen
    weight = planted.target[chosen] / planted.log.propensity
    value = np.add.reduceat(planted.target * q, planted.log.offsets[:-1]).mean()
    wanted = value + weight @ (planted.log.reward - q[chosen]) / weight.sum()
    assert found.value == pytest.approx(wanted, rel=1e-12)


def test_without_a_model_doubly_robust_is_per_decision_importance_sampling() -> None:
    rows = rows_of(DRAWN)
    np.testing.assert_allclose(numbers(ask("seq-dr", rows)), numbers(ask("pdis", rows)), rtol=1e-12)
    np.testing.assert_allclose(numbers(ask("wdr", rows)), numbers(ask("wpdis", rows)), rtol=1e-12)


def test_per_decision_importance_sampling_is_the_sum_written_out() -> None:
    rows, by_hand = rows_of(DRAWN), 0.0
    for e in range(len(rows.episodes)):
        weight = 1.0
        for t, row in enumerate(
            rows.episodes.rows[rows.episodes.starts[e] :][: rows.episodes.lengths[e]]
        ):
            weight *= rows.weight[row]
            by_hand += 0.9**t * weight * rows.reward[row]
    assert ask("pdis", rows).value == pytest.approx(by_hand / len(rows.episodes), rel=1e-12)


@pytest.mark.parametrize("name", ["pdis", "wpdis"])
def test_the_logging_policy_earns_the_mean_return(name: str) -> None:
    rows = replace(rows_of(DRAWN), weight=np.ones(len(DRAWN.state)))
    mean = (0.9**DRAWN.step * DRAWN.reward).sum() / 400
    found = ask(name, rows)
    assert found.value == pytest.approx(mean, rel=1e-12)
    assert found.ess == 400


@pytest.mark.parametrize("name", ["seq-dr", "wdr", "fqe"])
def test_the_true_model_leaves_only_the_noise_of_rewards_and_moves(name: str) -> None:
    exact = ask(name, rows_of(DRAWN, model=CHAIN.q(CHAIN.target)))
    assert exact.std_error < ask("pdis", rows_of(DRAWN)).std_error
    assert abs(exact.value - CHAIN.value(CHAIN.target)) < 3 * exact.std_error


def many_logs(name: str, n: int, logs: int, model: Floats | None) -> tuple[Floats, float]:
    """Errors of `logs` logs, and how often the interval held the truth."""
    rng, truth = np.random.default_rng(3), CHAIN.value(CHAIN.target)
    found = [ask(name, rows_of(draw_episodes(CHAIN, n, rng), model=model)) for _ in range(logs)]
    held = np.mean([e.low <= truth <= e.high for e in found])
    return np.array([e.value - truth for e in found]), float(held)


@pytest.mark.parametrize("name", ["pdis", "seq-dr"])
def test_the_mean_over_a_thousand_logs_is_the_exact_value(name: str) -> None:
    wrong = 0.5 * CHAIN.q(CHAIN.target) + 1.0
    errors, held = many_logs(name, 100, 1000, wrong)
    assert abs(errors.mean()) < 3 * errors.std() / np.sqrt(1000)
    assert held >= 0.93


@pytest.mark.parametrize("name", ["wpdis", "wdr"])
def test_self_normalised_estimates_come_near_and_are_covered(name: str) -> None:
    wrong = 0.5 * CHAIN.q(CHAIN.target) + 1.0
    errors, held = many_logs(name, 400, 400, wrong)
    assert abs(errors.mean()) < 0.25 * errors.std()  # biased in 1/n, consistent
    assert held >= 0.93


def test_wrong_propensities_need_the_right_model() -> None:
    drawn = draw_episodes(CHAIN, 4000, np.random.default_rng(4))
    truth = CHAIN.value(CHAIN.target)
    right, wrong = CHAIN.q(CHAIN.target), np.zeros((3, 3, 2))
    off = np.random.default_rng(5).uniform(0.5, 2.0, (3, 2))
    for model, near in ((right, True), (wrong, False)):
        rows = rows_of(drawn, model=model)
        found = ask("seq-dr", replace(rows, weight=rows.weight * off[drawn.state, drawn.action]))
        assert (abs(found.value - truth) < 3 * found.std_error) == near, (found, truth)


def rows_where(keep: Bools) -> PlantedEpisodes:
    return PlantedEpisodes(
        DRAWN.episode[keep],
        DRAWN.step[keep],
        DRAWN.state[keep],
        DRAWN.action[keep],
        DRAWN.reward[keep],
    )


@every_one
def test_shards_of_whole_episodes_merge_to_the_whole(estimator: SequentialEstimator) -> None:
    model = 0.5 * CHAIN.q(CHAIN.target)
    kept = (DRAWN.episode % 3 != 1) | (DRAWN.step == 0)  # the episodes of one shard are shorter
    parts = []
    for shard in range(3):
        part = SequentialStatistics(0.9)
        part.update(rows_of(rows_where(kept & (DRAWN.episode % 3 == shard)), model=model))
        parts.append(part)
    whole = ask(estimator.name, rows_of(rows_where(kept), model=model))
    for order in ((0, 1, 2), (1, 2, 0)):
        merged = SequentialStatistics(0.9)
        for k in order:
            merged.merge(parts[k])
        found = merged.finalize(estimator.name)
        np.testing.assert_allclose(numbers(found), numbers(whole), rtol=1e-12)


def test_an_episode_without_all_its_rewards_is_left_out_and_counted() -> None:
    reward = DRAWN.reward.copy()
    reward[np.flatnonzero(DRAWN.episode == 7)[-1]] = np.nan
    found = ask("pdis", rows_of(replace(DRAWN, reward=reward)))
    assert found.diagnostics["episodes_without_reward"] == 1
    assert found.diagnostics["episodes"] == 399
    with pytest.raises(LogError, match="no episode of the log has all its rewards"):
        ask("pdis", rows_of(replace(DRAWN, reward=np.full(len(reward), np.nan))))


def test_equal_rewards_say_nothing_of_rarer_ones() -> None:
    found = ask("pdis", rows_of(replace(DRAWN, reward=np.zeros(len(DRAWN.reward)))))
    assert (found.low, found.high) == (-np.inf, np.inf)


def test_bad_weights_and_other_discounts_are_refused() -> None:
    rows = rows_of(DRAWN)
    with pytest.raises(InputError, match=r"weight\[0\] is nan"):
        replace(rows, weight=np.full(len(rows.weight), np.nan))
    with pytest.raises(InputError, match="discount"):
        SequentialStatistics(0.9).merge(SequentialStatistics(0.5))


def test_a_log_goes_straight_to_an_estimate() -> None:
    drawn = draw_episodes(CHAIN, 3000, np.random.default_rng(6))
    log = log_of(CHAIN, drawn)
    target = CHAIN.target[drawn.state].ravel()
    truth = CHAIN.value(CHAIN.target)
    for estimator in SEQUENTIAL:
        found = estimator(log, target, episodes=episodes_of(drawn), discount=0.9)
        assert abs(found.value - truth) < 3.5 * found.std_error + 0.02, (found, truth)
