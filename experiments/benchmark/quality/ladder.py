"""The rungs of the ladder, each a way to make a policy in a place."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Final

from envs.baselines.named import rule
from envs.baselines.true_greedy import TrueGreedy
from experiments.benchmark.quality.protocol import Place
from experiments.config import TrainConfig
from experiments.export import export
from experiments.learned import LEARNED, exploring_log
from experiments.starting_point import StartingPoint, starting_from
from experiments.train import Trained, train
from experiments.tune import index_rule, tune_prices
from experiments.vec_env import Normalisation
from nba.act.index_rule import IndexRule
from nba.act.longest_idle import LongestIdle
from nba.act.policy import ActionScorer
from nba.act.uniform import Uniform
from nba.learn.greedy import GreedyLearner
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.encode import FeatureSpec
from nba.listen.objective import Objective
from nba.types import Policy
from nba.understand.prices import Prices, priced
from nba.understand.reward_model import LinearRewardModel

Make = Callable[[Place], Policy]

RULES: Final[Mapping[str, Callable[[], Policy]]] = MappingProxyType(
    {
        "random": lambda: Uniform(name="random"),
        "longest_idle": lambda: LongestIdle(CONTACT_CENTRE),
        "c_mu": lambda: rule("c_mu"),
        "bot_first": lambda: rule("bot_first"),
        "true_greedy": TrueGreedy,
    }
)


def learned(name: str) -> Make:
    """A rung of `experiments.learned` with the place's schooling."""
    return lambda place: LEARNED[name](place.centre, place.schooling())


def tuned_index_rule(place: Place) -> IndexRule:
    """The index rule on the log's reward model, its prices tuned in this process alone."""
    return index_rule(*_model_and_prices(place))


def scorer(place: Place) -> ActionScorer:
    """The action scorer, trained by MaskablePPO from the tuned index rule."""
    return from_start(place, priced_start(place))


def scorer_from_bandit(place: Place) -> ActionScorer:
    """The action scorer, trained by MaskablePPO from what LinUCB has learned: nothing is tuned."""
    return from_start(place, bandit_start(place))


def priced_start(place: Place) -> StartingPoint:
    """Where the scorer starts: the tuned index rule as a model."""
    model, spec, prices = _model_and_prices(place)
    return StartingPoint(priced(model, spec.action_names, prices))


def bandit_start(place: Place) -> StartingPoint:
    """Where the scorer starts without a tuning: what LinUCB has learned."""
    return starting_from(LEARNED["linucb"](place.centre, place.schooling()))


def from_start(
    place: Place,
    start: StartingPoint,
    *,
    config: TrainConfig | None = None,
    objective: Objective | None = None,
    watch: Callable[[ActionScorer, int], None] | None = None,
) -> ActionScorer:
    """The trained scorer; `watch` is shown the policy and the decisions after each update."""
    log = exploring_log(place.centre, place.schooling())
    learner = GreedyLearner()
    learner.learn(log)
    config, prior = start.applied_to(config or place.training()), start.prior_model

    def policy(trained: Trained) -> ActionScorer:
        return export(trained, config, reward_model=learner.model, prior_model=prior)

    def shown(trained: Trained) -> bool:
        if watch is not None:
            watch(policy(trained), trained.learner.num_timesteps)
        return True

    scale = start.normalisation or Normalisation.of_log(log)
    return policy(train(config, prior, scale, start=start, after_update=shown, objective=objective))


# The policies that the headline is about, each learned from ten seeds.
CORE: Final[Mapping[str, Make]] = MappingProxyType(
    {
        "greedy": learned("greedy"),
        "index_rule": tuned_index_rule,
        "linucb": learned("linucb"),
        "scorer": scorer,
    }
)
REST: Final[Mapping[str, Make]] = MappingProxyType(
    {
        "scorer_from_bandit": scorer_from_bandit,
        **{
            name: learned(name)
            for name in LEARNED
            if name not in CORE and name not in {"lp_routing", "ucb_routing"}
        },
    }
)


def _model_and_prices(place: Place) -> tuple[LinearRewardModel, FeatureSpec, Prices]:
    schooling = place.schooling()
    learner = GreedyLearner()
    learner.learn(exploring_log(place.centre, schooling))
    if schooling.memory is not None:
        schooling.memory.parent.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(1) as pool:
        prices = tune_prices(
            pool,
            learner.model,
            CONTACT_CENTRE,
            place.centre,
            seed=place.seeds.tuning,
            n_candidates=schooling.candidates,
            first_days=schooling.first_days,
            refinements=schooling.refinements,
            refine_days=schooling.refine_days,
            memory=schooling.memory,
        )
    return learner.model, CONTACT_CENTRE, prices
