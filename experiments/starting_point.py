"""Where the training of the action scorer starts: a bandit's model as its prior, or a scorer's net.

Source: Nair et al. 2020 (AWAC: offline first, then fine-tuned online).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch as th

from experiments.config import TrainConfig
from experiments.scorer import NET_PARAMETERS, ActionScorerPolicy
from experiments.vec_env import Normalisation
from nba.act.bundle import load_policy
from nba.act.greedy import Greedy
from nba.act.linucb import LinUcb
from nba.act.policy import ActionScorer
from nba.act.softmax import Softmax
from nba.act.squarecb import SquareCb
from nba.act.thompson import Thompson
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import Floats32, Policy
from nba.understand.reward_model import LinearRewardModel


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """The prior that the logits start from, in which units the net sees, and its first weights."""

    prior_model: LinearRewardModel
    prior_weight: float | None = None  # logits per unit of the prior; None: as configured
    normalisation: Normalisation | None = None  # None: the log's
    net: Mapping[str, Floats32] | None = None  # None: a net that starts at zero

    def applied_to(self, config: TrainConfig) -> TrainConfig:
        """The configuration with the prior's weight and the size of the net that go on."""
        plain = config.as_dict()
        if self.prior_weight is not None:
            plain["prior_weight"] = self.prior_weight
        if self.net is not None:
            plain["hidden"] = len(self.net["w_score"])
        return TrainConfig(**plain)

    def load_into(self, policy: ActionScorerPolicy) -> None:
        """Give the torch scorer the weights to go on from, if there are any."""
        with th.no_grad():
            for name, values in (self.net or {}).items():
                getattr(policy, name).copy_(th.from_numpy(values.copy()))


def starting_point(path: Path) -> StartingPoint:
    """What training can take over from a policy file: a scorer whole, of others their model.

    Raises InputError for a policy that has no linear model.
    """
    return starting_from(load_policy(path, spec=CONTACT_CENTRE).policy)


def starting_from(policy: Policy) -> StartingPoint:
    """What training can take over from a policy; InputError if there is nothing.

    >>> from nba.act.uniform import Uniform
    >>> starting_from(Uniform())
    Traceback (most recent call last):
    nba.errors.InputError: training cannot start from a Uniform; give a policy with a linear model
    """
    if isinstance(policy, ActionScorer):
        return _of_scorer(policy)
    if isinstance(policy, Softmax) and isinstance(policy.source, LinearRewardModel):
        return StartingPoint(policy.source, prior_weight=1.0 / policy.temperature)
    if isinstance(policy, Greedy | LinUcb | SquareCb | Thompson):
        model = policy.reward_model
        if isinstance(model, LinearRewardModel):
            return StartingPoint(model)
    raise InputError(
        f"training cannot start from a {type(policy).__name__}; give a policy with a linear model"
    )


def _of_scorer(policy: ActionScorer) -> StartingPoint:
    prior = policy.prior_model or policy.reward_model
    if not isinstance(prior, LinearRewardModel):
        raise InputError(
            f"the scorer {policy.name!r} has no linear model; training needs one as its prior"
        )
    given = policy.parameters
    scale = Normalisation(
        given["context_mean"], given["context_std"], given["action_mean"], given["action_std"]
    )
    net = {name: given[name] for name in NET_PARAMETERS}
    return StartingPoint(prior, policy.prior_weight, scale, net)
