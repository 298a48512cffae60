"""Policies that learn before they serve, by name: on simulated days that no comparison sees."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from envs.baselines.learning_days import joined_days, learn_over_days
from envs.baselines.lp_routing import LpRouting
from envs.baselines.ucb_routing import UcbRouting
from envs.config import CentreConfig
from experiments.bandit_checkpoint import keep_rounds, restored_rounds
from experiments.parallel import workers
from experiments.seeds import Seeds
from experiments.tune import index_rule, rounds, tune_prices
from nba.act.epsilon_greedy import EpsilonGreedy
from nba.act.longest_idle import LongestIdle
from nba.act.policy import ActionScorer
from nba.learn.awac import Awac
from nba.learn.fitted_q import FittedQ
from nba.learn.greedy import GreedyLearner
from nba.learn.linear_bandit import (
    Explore,
    LinearBandit,
    epsilon_greedy,
    linucb,
    softmax,
    squarecb,
    thompson,
)
from nba.learn.neural_linear import NeuralLinearLearner
from nba.learn.off_policy import OffPolicyGradient, Values
from nba.learn.softmax_fit import Fitting
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.objective import Objective
from nba.terminal import progress
from nba.types import DecisionLog, Learner, Policy
from nba.understand.reward_model import LinearRewardModel

if TYPE_CHECKING:
    from experiments.scorer import ActionScorerPolicy
    from experiments.vec_env import Normalisation

_DECISIONS_PER_UPDATE: Final = 64  # of a net that learns from a log
_EXPLORATION: Final = 0.3  # share of decisions that the logging policy takes at random


class Serves(Protocol):
    """How values become the probabilities of a policy."""

    @property
    def temperature(self) -> float: ...

    @property
    def floor(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Schooling:
    """How much simulation a policy learns from before it serves."""

    seed: int = 0  # whose blocks of days (experiments.seeds) are learned and tuned on
    log_days: int = 40
    rounds: int = 10  # of a learner that serves while it learns
    round_days: int = 4
    candidates: int = 40
    first_days: int = 16
    refinements: int = 2
    refine_days: int = 120
    steps: int = 200_000  # decisions of a net's training
    memory: Path | None = Path("runs/tuning.jsonl")  # what a tuning has simulated so far
    checkpoint: Path | None = None  # the rounds that a bandit has learned from so far


def learned_greedy(centre: CentreConfig, schooling: Schooling) -> Policy:
    """Greedy on the reward model of an exploring log."""
    return _greedy(centre, schooling).policy()


def learned_index_rule(centre: CentreConfig, schooling: Schooling) -> Policy:
    """The index rule on that model, its prices tuned by halving and refinement."""
    model = _greedy(centre, schooling).model
    total = rounds(schooling.candidates, schooling.refinements)
    with workers() as pool, progress("tune the index rule", total) as advance:
        prices = tune_prices(
            pool,
            model,
            CONTACT_CENTRE,
            centre,
            seed=Seeds.of(schooling.seed).tuning,
            n_candidates=schooling.candidates,
            first_days=schooling.first_days,
            refinements=schooling.refinements,
            refine_days=schooling.refine_days,
            memory=schooling.memory,
            progress=advance,
        )
    return index_rule(model, CONTACT_CENTRE, prices)


def off_policy(values: Values) -> Callable[[CentreConfig, Schooling], Policy]:
    """A maker of the policy that climbs its own estimated value on an exploring log."""

    def learned(centre: CentreConfig, schooling: Schooling) -> Policy:
        log = exploring_log(centre, schooling)
        fitting = Fitting(seed=schooling.seed)
        with progress(f"climb the {values} value", fitting.epochs) as advance:
            learner = OffPolicyGradient(values, fitting=fitting, progress=advance)
            learner.learn(log)
        return learner.policy()

    return learned


def learned_fitted_q(centre: CentreConfig, schooling: Schooling) -> Policy:
    """Fitted Q iteration on an exploring log."""
    learner = FittedQ()
    with progress("look further ahead", learner.rounds - 1) as advance:
        learner.progress = advance
        learner.learn(exploring_log(centre, schooling))
    return learner.policy()


def learned_awac(centre: CentreConfig, schooling: Schooling) -> Policy:
    """Advantage-weighted imitation of an exploring log."""
    log = exploring_log(centre, schooling)
    fitting = Fitting(seed=schooling.seed)
    with progress("imitate the better choices", fitting.epochs) as advance:
        learner = Awac(fitting=fitting, progress=advance)
        learner.learn(log)
    return learner.policy()


def learned_neural_linear(centre: CentreConfig, schooling: Schooling) -> Policy:
    """A Bayesian line over the hidden layer of a DQN, learned while it serves."""
    return _by_serving(NeuralLinearLearner(learned_dqn(centre, schooling)), centre, schooling)


def learned_dqn(centre: CentreConfig, schooling: Schooling) -> ActionScorer:
    """Double DQN on simulated days, its scores starting from the reward model of a log."""
    from experiments.dqn import DqnConfig, train_dqn

    config, days = DqnConfig(schooling.steps, seed=schooling.seed), Seeds.of(schooling.seed)
    kept = schooling.checkpoint and schooling.checkpoint.with_suffix(".pt")
    log = exploring_log(centre, schooling)

    def net(model: LinearRewardModel, scale: "Normalisation") -> "ActionScorerPolicy":
        with progress("train a DQN", config.total_steps) as advance:
            return train_dqn(
                config, centre, model, scale, seed=days.training, checkpoint=kept, progress=advance
            )

    return _scorer_of_values("dqn", log, net, config)


def learned_cql(centre: CentreConfig, schooling: Schooling) -> ActionScorer:
    """Masked discrete CQL on an exploring log, its scores starting from the log's reward model."""
    from experiments.cql import CqlConfig, train_cql

    config = CqlConfig(updates=-(-schooling.steps // _DECISIONS_PER_UPDATE), seed=schooling.seed)
    log = exploring_log(centre, schooling)

    def net(model: LinearRewardModel, scale: "Normalisation") -> "ActionScorerPolicy":
        with progress("learn cautious values", config.updates) as advance:
            return train_cql(config, log, model, scale, progress=advance)

    return _scorer_of_values("cql", log, net, config)


def learned_lp_routing(centre: CentreConfig, schooling: Schooling) -> Policy:
    """LP skill routing, planned on a log of longest-idle."""
    learner = LpRouting()
    learner.learn(_log(LongestIdle(CONTACT_CENTRE), centre, schooling))
    return learner.policy()


def learned_ucb_routing(centre: CentreConfig, schooling: Schooling) -> Policy:
    """UCB skill routing after some rounds of its own days."""
    return _by_serving(UcbRouting(), centre, schooling)


def bandit(explore: Explore) -> Callable[[CentreConfig, Schooling], Policy]:
    """A maker of the policy that a shared-parameter bandit ends with after its own days."""

    def learned(centre: CentreConfig, schooling: Schooling) -> Policy:
        learner, kept = LinearBandit(explore), schooling.checkpoint
        done = restored_rounds(kept, learner) if kept else 0
        keep = partial(keep_rounds, kept, learner) if kept else None
        return _by_serving(learner, centre, schooling, done=done, after_round=keep)

    return learned


LEARNED: Final[Mapping[str, Callable[[CentreConfig, Schooling], Policy]]] = MappingProxyType(
    {
        "greedy": learned_greedy,
        "index_rule": learned_index_rule,
        "lp_routing": learned_lp_routing,
        "ucb_routing": learned_ucb_routing,
        "epsilon_greedy": bandit(epsilon_greedy(epsilon=0.1)),
        "softmax": bandit(softmax(temperature=0.3)),
        "linucb": bandit(linucb(width=1.0)),
        "thompson": bandit(thompson(seed=0)),
        "squarecb": bandit(squarecb(scale=0.5)),
        "fitted_q": learned_fitted_q,
        "awac": learned_awac,
        "cql": learned_cql,
        "dqn": learned_dqn,
        "neural_linear": learned_neural_linear,
        "dr_policy": off_policy("dr"),
        "ipw_policy": off_policy("ipw"),
    }
)

# Those of them that a policy file can hold.
FILED: Final = tuple(name for name in LEARNED if name not in {"lp_routing", "ucb_routing"})


def _by_serving(
    learner: Learner,
    centre: CentreConfig,
    schooling: Schooling,
    *,
    done: int = 0,
    after_round: Callable[[int], None] | None = None,
) -> Policy:
    """What a learner knows after serving some rounds of days itself."""
    days = schooling.rounds * schooling.round_days
    with progress("learn by serving", days) as advance:
        advance(done * schooling.round_days)
        return learn_over_days(
            learner,
            LongestIdle(CONTACT_CENTRE),
            centre,
            n_rounds=schooling.rounds,
            days_per_round=schooling.round_days,
            seed=Seeds.of(schooling.seed).learning_log,
            done=done,
            after_round=after_round,
            progress=advance,
        )


def _scorer_of_values(
    name: str,
    log: DecisionLog,
    net: "Callable[[LinearRewardModel, Normalisation], ActionScorerPolicy]",
    serves: "Serves",
) -> ActionScorer:
    """A net of values as the policy that serves; it starts from the reward model of the log."""
    from experiments.export import export_net
    from experiments.vec_env import Normalisation

    greedy = GreedyLearner()
    greedy.learn(log)
    scale = Normalisation.of_log(log)
    return export_net(
        net(greedy.model, scale),
        scale,
        reward_model=greedy.model,
        prior_model=greedy.model,
        temperature=serves.temperature,
        floor=serves.floor,
        name=name,
    )


def _greedy(centre: CentreConfig, schooling: Schooling) -> GreedyLearner:
    learner = GreedyLearner()
    learner.learn(exploring_log(centre, schooling))
    return learner


def exploring_log(centre: CentreConfig, schooling: Schooling) -> DecisionLog:
    """Days under longest-idle with a share of random choices, as a joined log."""
    exploring = EpsilonGreedy(LongestIdle(CONTACT_CENTRE), _EXPLORATION)
    return _log(exploring, centre, schooling)


def _log(policy: Policy, centre: CentreConfig, schooling: Schooling) -> DecisionLog:
    with progress("log days to learn from", schooling.log_days) as advance:
        return joined_days(
            policy,
            centre,
            n_days=schooling.log_days,
            seed=Seeds.of(schooling.seed).learning_log,
            objective=Objective(),
            progress=advance,
        )
