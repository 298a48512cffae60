"""The gate on logs of the simulated contact centre, where every policy's true value can be had.

Truth is what a policy earns when it runs whole days with the same customers and luck, queues and
all; the log only tells what single decisions would have earned under the load that was.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Final

import numpy as np

from envs.evaluate_days import simulate
from envs.logging import WINDOW_S, simulate_log
from envs.presets import preset
from experiments.benchmark.cells import Record
from nba.act.epsilon_greedy import EpsilonGreedy
from nba.act.longest_idle import LongestIdle
from nba.act.uniform import Uniform
from nba.evaluate.difference import difference
from nba.evaluate.doubly_robust import dr
from nba.evaluate.gate import gate
from nba.evaluate.stats import Statistics
from nba.evaluate.target import target_probabilities
from nba.learn.greedy import GreedyLearner
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.objective import Objective
from nba.listen.outcomes import join_outcomes
from nba.types import DecisionLog, Policy, Texts, Verdict
from nba.understand.reward_model import cross_fit_rewards

LOGS: Final[Mapping[int, int]] = {2: 100, 8: 100, 24: 40}  # site-days of a log → logs
_TRUTH_DAYS: Final = 256
_LEARNED_FROM: Final = 16  # days
_PATIENCE_S: Final = 30 * 86_400.0
_UNITS: Final = ("customers", "site-days")
_VERDICTS: Final[tuple[Verdict, ...]] = ("PROMOTE", "HOLD", "CANT_TELL")


def simulator_cells() -> Mapping[str, Callable[[], list[Record]]]:
    """One cell per length of a log; each judges every target by customers and by site-days."""
    return {f"contact centre {n} days": partial(judge_targets, n, logs) for n, logs in LOGS.items()}


def judge_targets(n_days: int, logs: int, *, truth_days: int = _TRUTH_DAYS) -> list[Record]:
    """Verdicts on every target from `logs` logs of n_days site-days each."""
    logging, *targets = policies()
    counts: dict[tuple[str, str], Counter[Verdict]] = {}
    rows = 0
    for number in range(logs):
        log = simulated_log(logging, n_days, seed=1000 + number)
        rows += len(log)
        predictions = cross_fit_rewards(log)
        for policy in (logging, *targets):
            target = target_probabilities(policy, log)
            for unit, names in zip(_UNITS, (log.unit, site_days(log.unit)), strict=True):
                statistics = Statistics()
                statistics.update(replace(log, unit=names), target, reward_predictions=predictions)
                verdict = gate(difference(statistics, dr.estimand)).verdict
                counts.setdefault((policy.name, unit), Counter())[verdict] += 1
    gains = true_gains(truth_days)
    return [
        {
            "world": f"contact centre, {name}, by {unit}",
            "n": rows // logs,
            "truth": "worse" if gains[name] < 0 else "better" if gains[name] > 0 else "no better",
            "gain": gains[name],
            "logs": logs,
            **{verdict: seen[verdict] / logs for verdict in _VERDICTS},
            "false promotion ≤": "-",
        }
        for (name, unit), seen in counts.items()
    ]


def site_days(unit: Texts) -> Texts:
    """The site of each row's customer: each site of a log lives through one day."""
    return np.array([name.rsplit("-", 1)[0] for name in unit], dtype=object)


@cache
def policies() -> tuple[Policy, ...]:
    """The logging policy, then targets that are truly worse, equal and better than it."""
    idle = LongestIdle(CONTACT_CENTRE)
    logging = EpsilonGreedy(idle, 0.2)
    learner = GreedyLearner()
    learner.learn(simulated_log(logging, _LEARNED_FROM, seed=1))
    learned = learner.policy()
    return (
        logging,
        Uniform(),
        EpsilonGreedy(idle, 0.4),
        EpsilonGreedy(idle, 0.1),
        EpsilonGreedy(learned, 0.2),
        learned,
    )


@cache
def true_gains(n_days: int) -> Mapping[str, float]:
    """EUR per contact that each policy earns more than the logging policy on the same days."""
    config = preset("bank")
    logging, *targets = policies()
    earned = {
        policy.name: simulate(policy, config, n_days=n_days, seed=5)["eur_per_contact"]
        for policy in (logging, *targets)
    }
    return {name: float((each - earned[logging.name]).mean()) for name, each in earned.items()}


def simulated_log(policy: Policy, n_days: int, *, seed: int) -> DecisionLog:
    """A log of the simulated centre with its outcomes joined."""
    decisions, outcomes = simulate_log(policy, preset("bank"), n_days=n_days, seed=seed)
    joined, _ = join_outcomes(
        decisions,
        outcomes,
        objective=Objective(),
        now=float(decisions.at.max()) + _PATIENCE_S,
        window_s=WINDOW_S,
    )
    return joined
