"""The peer's side of the benchmark: Open Bandit Pipeline's estimators on arrays made by a recipe.

Run by an interpreter that has obp: `python peer_obp.py values|time|intervals ROWS ACTIONS SEED`
(or `widths ROWS 0 LOGS`) prints one JSON object. The recipes need numpy alone: our side uses
them too.
Source: Saito, Aihara, Matsutani, Narita 2021 (Open Bandit Dataset and Pipeline), version 0.5.7.
"""

import json
import resource
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SWITCH: Final = 5.0  # λ of Switch-DR
DROS: Final = 100.0  # λ of DRos
NAMES: Final = ("ips", "snips", "dm", "dr", "sndr", "switch-dr", "dros")
RESAMPLES: Final = 100  # timed beyond the first; the time of 1,000 follows from them


class Arrays(NamedTuple):
    """A log and a target as plain arrays."""

    target: Floats  # (n, k)
    predictions: Floats  # (n, k)
    chosen: NDArray[np.int64]  # (n,)
    propensity: Floats  # (n,)
    reward: Floats  # (n,)


def draw(n: int, k: int, seed: int) -> Arrays:
    """The recipe: uniform numbers, in this order; weights reach about 40."""
    rng = np.random.default_rng(seed)
    target = rng.random((n, k))
    target *= target
    target /= target.sum(axis=1, keepdims=True)
    predictions = rng.random((n, k))
    chosen = rng.integers(0, k, n)
    propensity = np.asarray((0.1 + 3.0 * rng.random(n)) / (4 * k))
    reward = (rng.random(n) < 0.4).astype(np.float64)
    return Arrays(target, predictions, chosen, propensity, reward)


def draw_high_rewards(n: int, seed: int) -> tuple[Arrays, float]:
    """A log in which most rewards are 1, with its own propensities, and the target's value.

    Five actions without a context; the target leans away from the logging policy.
    """
    rng = np.random.default_rng(seed)
    logging = np.array([0.4, 0.25, 0.2, 0.1, 0.05])
    target = logging[::-1].copy()
    chance = np.array([0.75, 0.8, 0.85, 0.9, 0.95])
    chosen = np.searchsorted(np.cumsum(logging)[:-1], rng.random(n), side="right")
    reward = np.where(rng.random(n) < chance[chosen], 1.0, 0.0)
    arrays = Arrays(np.tile(target, (n, 1)), np.zeros((n, 5)), chosen, logging[chosen], reward)
    return arrays, float(target @ chance)


def reset_peak() -> None:
    """Forget the memory that making the arrays took, where the system allows it."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak_bytes() -> int:
    """The largest resident memory since `reset_peak`."""
    status = Path("/proc/self/status")
    for line in status.read_text().splitlines() if status.exists() else []:
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def seconds(work: Callable[[], object], rounds: int) -> list[float]:
    """The processor time of each round, after one that is not counted.

    On one thread it is the time on the clock of a quiet machine, and it stays so on a busy one.
    """
    work()
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return taken


def _estimators() -> Mapping[str, Any]:
    from obp import ope  # type: ignore[import-not-found]  # lives in the peer's environment

    return {
        "ips": ope.InverseProbabilityWeighting(),
        "snips": ope.SelfNormalizedInverseProbabilityWeighting(),
        "dm": ope.DirectMethod(),
        "dr": ope.DoublyRobust(),
        "sndr": ope.SelfNormalizedDoublyRobust(),
        "switch-dr": ope.SwitchDoublyRobust(lambda_=SWITCH),
        "dros": ope.DoublyRobustWithShrinkage(lambda_=DROS),
    }


def _inputs(arrays: Arrays) -> Mapping[str, Any]:
    return {
        "reward": arrays.reward,
        "action": arrays.chosen,
        "pscore": arrays.propensity,
        "action_dist": arrays.target[:, :, None],
        "estimated_rewards_by_reg_model": arrays.predictions[:, :, None],
        "position": np.zeros(len(arrays.reward), dtype=np.int64),
    }


def _values(arrays: Arrays) -> dict[str, float]:
    given = _inputs(arrays)
    return {
        name: float(estimator.estimate_policy_value(**given))
        for name, estimator in _estimators().items()
    }


def _intervals(arrays: Arrays) -> dict[str, float]:
    """Seconds per 1,000 resamples, per estimator: the first one's and what each more adds."""
    given = _inputs(arrays)
    taken = {}
    for name, estimator in _estimators().items():
        ends: list[float] = []
        estimator.estimate_interval(**given, n_bootstrap_samples=1, random_state=0)
        for resamples in (1, 1 + RESAMPLES):
            start = time.process_time()
            estimator.estimate_interval(**given, n_bootstrap_samples=resamples, random_state=0)
            ends.append(time.process_time() - start)
        taken[name] = ends[0] + 999 * (ends[1] - ends[0]) / RESAMPLES
    return taken


def _snips_widths(n: int, seeds: int) -> list[float]:
    """The width of the self-normalised estimator's 95 % interval in each of some logs."""
    estimator = _estimators()["snips"]
    widths = []
    for seed in range(seeds):
        given = _inputs(draw_high_rewards(n, seed)[0])
        found = estimator.estimate_interval(**given, n_bootstrap_samples=200, random_state=seed)
        widths.append(float(found["95.0% CI (upper)"] - found["95.0% CI (lower)"]))
    return widths


def main(arguments: list[str]) -> None:
    """Print what was asked for as one JSON object."""
    what, n, k, seed = arguments[0], *(int(word) for word in arguments[1:4])
    told: dict[str, object]
    if what == "widths":
        sys.stdout.write(json.dumps({"widths": _snips_widths(n, seed)}) + "\n")
        return
    arrays = draw(n, k, seed)
    reset_peak()
    if what == "values":
        told = {"values": _values(arrays)}
    elif what == "intervals":
        told = {"seconds": _intervals(arrays)}
    else:
        told = {"seconds": seconds(lambda: _values(arrays), 3)}
    sys.stdout.write(json.dumps({**told, "peak_bytes": peak_bytes()}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
