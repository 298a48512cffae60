"""The rooms in order, on simulated contacts: each function is one stage of the walk.

listen (a log with late outcomes) → understand (a reward model) → act (rules and a trained policy)
→ evaluate (offline and by simulation). `experiments.demo` strings them together.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from envs.config import CentreConfig
from envs.evaluate_days import DayTable, simulate
from envs.logging import WINDOW_S, simulate_log
from envs.vector import ContactCentreVector
from experiments.config import TrainConfig
from experiments.export import export, largest_difference, situations
from experiments.seeds import Seeds
from experiments.train import Trained
from nba.act.bundle import Card, save_policy
from nba.act.epsilon_greedy import EpsilonGreedy
from nba.act.longest_idle import LongestIdle
from nba.act.policy import ActionScorer
from nba.errors import NbaError
from nba.evaluate.evaluation import Evaluation, evaluate
from nba.evaluate.target import target_probabilities
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.log import read_log, write_log
from nba.listen.objective import Objective
from nba.listen.outcomes import JoinReport, join_outcomes
from nba.types import DecisionLog, Policy
from nba.understand.prices import Prices
from nba.understand.reward_model import LinearRewardModel

EXPLORATION: Final = 0.3  # share of decisions that the logging policy takes at random
_PATIENCE_S: Final = 30 * 86_400.0  # how long after the last decision outcomes are waited for
_TORCH_TOLERANCE: Final = 1e-5

Progress = Callable[[int], None]


def collect_log(
    directory: Path, config: CentreConfig, *, n_days: int, seed: int, progress: Progress
) -> tuple[DecisionLog, JoinReport]:
    """The log of longest-idle with some exploration, joined, written, and read back."""
    logging = EpsilonGreedy(LongestIdle(CONTACT_CENTRE), EXPLORATION)
    return write_joined_log(directory, logging, config, n_days=n_days, seed=seed, progress=progress)


def write_joined_log(
    directory: Path,
    policy: Policy,
    config: CentreConfig,
    *,
    n_days: int,
    seed: int,
    progress: Progress,
) -> tuple[DecisionLog, JoinReport]:
    """Let a policy serve some days; its log with outcomes joined, as it is read back.

    Outcomes come late, some too late; decisions whose reward stays unknown remain in the log.
    """
    decisions, outcomes = simulate_log(policy, config, n_days=n_days, seed=seed, progress=progress)
    joined, report = join_outcomes(
        decisions,
        outcomes,
        objective=Objective(),
        now=float(decisions.at.max()) + _PATIENCE_S,
        window_s=WINDOW_S,
    )
    write_log(directory, joined)
    return read_log(directory), report


def export_proven(
    trained: Trained,
    config: TrainConfig,
    centre: CentreConfig,
    *,
    reward_model: LinearRewardModel,
    prior_model: LinearRewardModel,
) -> ActionScorer:
    """The trained scorer in numpy; NbaError if it does not compute what torch computes."""
    policy = export(trained, config, reward_model=reward_model, prior_model=prior_model)
    seed = Seeds.of(config.seed).training + 1
    rows = situations(ContactCentreVector(centre, 32, seed), 256, seed)
    gap = largest_difference(trained, policy, prior_model, *rows)
    if not gap <= _TORCH_TOLERANCE:
        raise NbaError(
            f"the exported policy differs from torch by {gap:.2g} in probability; "
            f"{_TORCH_TOLERANCE:g} is allowed: report this as a mistake of the export"
        )
    return policy


def save_trained(
    path: Path,
    policy: ActionScorer,
    config: TrainConfig,
    prices: Prices | None,
    evidence: Mapping[str, object],
) -> str:
    """Write the policy file with how it came about and what speaks for it; its version."""
    training: dict[str, object] = {
        "learner": "MaskablePPO, action scorer, semi-MDP discounting",
        "config": config.as_dict(),
    }
    if prices is not None:
        training["prior"] = {
            "handle_price": prices.handle,
            "skill_price": prices.skill,
            "backlog_price": prices.backlog,
        }
    return save_policy(path, policy, Card(CONTACT_CENTRE, Objective(), training, evidence))


def simulate_each(
    policies: Sequence[Policy],
    config: CentreConfig,
    *,
    n_days: int,
    seed: int,
    progress: Progress,
) -> list[DayTable]:
    """Every policy over the same held-out days, with the same customers and luck."""
    return [
        simulate(policy, config, n_days=n_days, seed=seed, progress=progress) for policy in policies
    ]


def evaluate_offline(
    log: DecisionLog, policies: Sequence[Policy], *, progress: Progress
) -> dict[str, Evaluation]:
    """What each policy would have earned on a log that none of them was fitted on."""
    found = {}
    for policy in policies:
        found[policy.name] = evaluate(log, target_probabilities(policy, log))
        progress(1)
    return found
