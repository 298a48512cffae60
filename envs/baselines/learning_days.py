"""A learner in the world: policy → simulated days → log with outcomes → learner → next policy."""

from collections.abc import Callable

from envs.config import CentreConfig
from envs.logging import WINDOW_S, simulate_log
from nba.listen.objective import Objective
from nba.listen.outcomes import join_outcomes
from nba.types import DecisionLog, Learner, Policy

_PATIENCE_S = 30 * 86_400.0  # how long after the last decision outcomes are waited for


def learn_over_days(
    learner: Learner,
    first: Policy,
    config: CentreConfig,
    *,
    n_rounds: int,
    days_per_round: int,
    seed: int,
    objective: Objective | None = None,
    done: int = 0,
    after_round: Callable[[int], None] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Policy:
    """The learner's policy after some rounds, each on new days under the policy of the last.

    `first` serves the first round. Round r takes the days of seed + r: keep those out of every
    comparison. `progress` is called with the number of days that have just ended. A learner that
    knows the first `done` rounds goes on after them; `after_round` is told how many it knows.
    """
    serving = learner.policy() if done else first
    for number in range(done, n_rounds):
        log = joined_days(
            serving, config, n_days=days_per_round, seed=seed + number,
            objective=objective or Objective(), progress=progress,
        )  # fmt: skip
        learner.learn(log)
        serving = learner.policy()
        if after_round is not None:
            after_round(number + 1)
    return serving


def joined_days(
    policy: Policy,
    config: CentreConfig,
    *,
    n_days: int,
    seed: int,
    objective: Objective,
    progress: Callable[[int], None] | None = None,
) -> DecisionLog:
    """Some days under a policy, as a log with all outcomes that came in time."""
    decisions, outcomes = simulate_log(policy, config, n_days=n_days, seed=seed, progress=progress)
    now = float(decisions.at.max()) + _PATIENCE_S
    joined, _ = join_outcomes(decisions, outcomes, objective=objective, now=now, window_s=WINDOW_S)
    return joined
