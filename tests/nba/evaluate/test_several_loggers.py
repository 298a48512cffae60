"""Several loggers: weights over their mixture are right, and quieter than each row by its own."""

from dataclasses import replace

import numpy as np
import pytest

from nba.errors import InputError
from nba.evaluate.doubly_robust import dr
from nba.evaluate.several_loggers import balanced_weights, weighted_loggers
from nba.evaluate.stats import Statistics
from nba.evaluate.weighting import ips
from nba.types import DecisionLog, Floats
from tests.planted_log import PlantedLog, PlantedWorld, draw_log, make_world

WORLD = make_world(np.random.default_rng(1))
# A second logger on the same world: nearly the target's opposite.
FAR = replace(WORLD, logging=make_world(np.random.default_rng(1), sharpness=5.0).logging)


def two_logs(n: int, rng: np.random.Generator) -> tuple[DecisionLog, Floats, dict[str, Floats]]:
    """Rows of both loggers, the target, and each logger's probability of every logged action."""
    parts = [draw(WORLD, "near", n // 2, rng), draw(FAR, "far", n - n // 2, rng)]
    joined = join([part.log for part in parts])
    target = np.concatenate([part.target for part in parts])
    flat = joined.offsets[:-1] + joined.chosen
    propensities = {
        name: np.concatenate([probabilities(part, world) for part in parts])[flat]
        for name, world in (("near", WORLD), ("far", FAR))
    }
    return joined, target, propensities


def draw(world: PlantedWorld, name: str, n: int, rng: np.random.Generator) -> PlantedLog:
    planted = draw_log(world, n, rng)
    log = planted.log
    ids = np.array([f"{name}-{i}" for i in range(n)], dtype=object)
    version = np.full(n, name, dtype=object)
    return replace(planted, log=replace(log, policy_version=version, decision_id=ids, unit=ids))


def probabilities(part: PlantedLog, world: PlantedWorld) -> Floats:
    """A world's logging probabilities of a log's actions: they follow from its mean rewards."""
    places = {value: place for place, value in enumerate(WORLD.mean_reward.tolist())}
    return np.array([world.logging[places[value]] for value in part.mean_reward.tolist()])


def join(logs: list[DecisionLog]) -> DecisionLog:
    first, second = logs

    def both(name: str) -> np.ndarray:
        return np.concatenate([getattr(first, name), getattr(second, name)])

    return replace(
        first,
        decision_id=both("decision_id"),
        unit=both("unit"),
        at=both("at"),
        context=both("context"),
        offsets=np.concatenate([first.offsets, first.offsets[-1] + second.offsets[1:]]),
        action_ids=both("action_ids"),
        actions=both("actions"),
        chosen=both("chosen"),
        propensity=both("propensity"),
        policy_version=both("policy_version"),
        reward=both("reward"),
        outcomes={},
        segments={},
    )


def test_with_one_logger_it_is_ips() -> None:
    planted = draw(WORLD, "near", 400, np.random.default_rng(2))
    own = {"near": planted.log.propensity}
    weight = balanced_weights(planted.log, planted.target, own)
    statistics = Statistics()
    statistics.update(planted.log, planted.target, weight=weight)
    plain = ips(planted.log, planted.target)
    assert statistics.finalize(ips.estimand) == plain
    part = Statistics()
    part.update(planted.log, planted.target)
    weighted = weighted_loggers({"near": part}, ips.estimand)
    assert weighted.value == pytest.approx(plain.value, rel=1e-12)
    assert weighted.std_error == pytest.approx(plain.std_error, rel=1e-12)
    assert weighted.method == "weighted-ips"


@pytest.fixture(scope="module")
def errors() -> dict[str, Floats]:
    """Errors over many logs of two loggers, with a wrong model for the doubly robust one."""
    rng = np.random.default_rng(3)
    found: dict[str, list[float]] = {"naive": [], "balanced": [], "balanced dr": [], "weighted": []}
    for _ in range(1000):
        log, target, propensities = two_logs(120, rng)
        weight = balanced_weights(log, target, propensities)
        q = np.full(len(target), 3.0)
        sums = Statistics()
        sums.update(log, target, weight=weight, reward_predictions=q)
        parts = {}
        for name in ("near", "far"):
            parts[name] = Statistics()
            parts[name].update(log, target, rows=log.policy_version == name)
        values = {
            "naive": ips(log, target),
            "balanced": sums.finalize(ips.estimand),
            "balanced dr": sums.finalize(dr.estimand),
            "weighted": weighted_loggers(parts, ips.estimand),
        }
        for key, estimate in values.items():
            found[key].append(estimate.value - WORLD.truth)
    return {key: np.array(values) for key, values in found.items()}


@pytest.mark.parametrize("name", ["naive", "balanced", "balanced dr"])
def test_estimates_are_unbiased(errors: dict[str, Floats], name: str) -> None:
    assert abs(errors[name].mean()) < 3 * errors[name].std() / np.sqrt(1000)


@pytest.mark.parametrize("name", ["balanced", "balanced dr", "weighted"])
def test_all_are_quieter_than_each_row_by_its_own_propensity(
    errors: dict[str, Floats], name: str
) -> None:
    mine, naive = np.square(errors[name]).mean(), np.square(errors["naive"]).mean()
    assert mine < 0.6 * naive


def test_weighting_parts_by_their_worth_has_little_bias(errors: dict[str, Floats]) -> None:
    assert abs(errors["weighted"].mean()) < 0.05 * WORLD.truth


def test_shares_of_a_larger_log_may_be_given() -> None:
    log, target, propensities = two_logs(100, np.random.default_rng(4))
    counted = balanced_weights(log, target, propensities)
    given = balanced_weights(log, target, propensities, shares={"near": 0.5, "far": 0.5})
    np.testing.assert_allclose(counted, given)


def test_propensities_that_do_not_fit_are_refused() -> None:
    log, target, propensities = two_logs(100, np.random.default_rng(5))
    with pytest.raises(InputError, match="version 'far' wrote rows and has no propensities"):
        balanced_weights(log, target, {"near": propensities["near"]})
    off = propensities["near"].copy()
    off[3] *= 0.5
    with pytest.raises(InputError, match="row 3 was logged by 'near' with propensity"):
        balanced_weights(log, target, {**propensities, "near": off})
    off[3] = np.nan
    with pytest.raises(InputError, match="propensity of 'near' in row 3 is nan"):
        balanced_weights(log, target, {**propensities, "near": off})
    with pytest.raises(InputError, match="no sums of any logger"):
        weighted_loggers({}, ips.estimand)
