"""From torch to the policy that serves: plain arrays, proven to compute the same."""

from typing import Final

import numpy as np
import torch as th

from envs.vector import ContactCentreVector
from experiments.config import TrainConfig
from experiments.scorer import NET_PARAMETERS, ActionScorerPolicy
from experiments.train import Trained
from experiments.vec_env import Normalisation, observation
from nba.act.policy import ActionScorer, masked_softmax, with_floor
from nba.types import Bools, Floats, Floats32, RewardModel
from nba.understand.reward_model import LinearRewardModel

TOLERANCE: Final = 1e-5


def export(
    trained: Trained,
    config: TrainConfig,
    *,
    reward_model: LinearRewardModel,
    prior_model: LinearRewardModel,
) -> ActionScorer:
    """The trained scorer in numpy, with the configured temperature and floor."""
    net = trained.learner.policy
    assert isinstance(net, ActionScorerPolicy)
    return export_net(
        net,
        trained.normalisation,
        reward_model=reward_model,
        prior_model=prior_model,
        temperature=config.temperature,
        floor=config.floor,
    )


def export_net(
    net: ActionScorerPolicy,
    scale: Normalisation,
    *,
    reward_model: LinearRewardModel,
    prior_model: LinearRewardModel,
    temperature: float,
    floor: float,
    name: str = "trained",
) -> ActionScorer:
    """A torch scorer in numpy, however it was trained."""
    weights = {each: getattr(net, each).detach().numpy().copy() for each in NET_PARAMETERS}
    return ActionScorer(
        name=name,
        version="unsaved",
        parameters={
            "context_mean": scale.context_mean,
            "context_std": scale.context_std,
            "action_mean": scale.action_mean,
            "action_std": scale.action_std,
            **weights,
        },
        reward_model=reward_model,
        prior_model=prior_model,
        prior_weight=net.prior_weight,
        temperature=temperature,
        floor=floor,
    )


def largest_difference(
    trained: Trained,
    policy: ActionScorer,
    prior_model: RewardModel,
    context: Floats32,
    actions: Floats32,
    mask: Bools,
) -> float:
    """The largest gap between torch's probabilities and the exported policy's, over all rows.

    `prior_model` is the one that training used, so that a wrong one in the policy shows.
    """
    net = trained.learner.policy
    assert isinstance(net, ActionScorerPolicy)
    seen = observation(context, actions, mask, prior_model, trained.normalisation)
    return net_difference(net, policy, seen, (context, actions, mask))


def net_difference(
    net: ActionScorerPolicy,
    policy: ActionScorer,
    seen: dict[str, Floats32],
    rows: tuple[Floats32, Floats32, Bools],
) -> float:
    """The largest gap in probability; `seen` is what the net reads of the rows."""
    with th.no_grad():
        logits = net.logits({name: th.from_numpy(v) for name, v in seen.items()})
    scaled = logits.numpy().astype(np.float64) / policy.temperature
    mask = rows[2]
    expected: Floats = with_floor(masked_softmax(scaled, mask), mask, policy.floor)
    return float(np.abs(expected - policy.batch_probabilities(*rows)).max())


def situations(
    vector: ContactCentreVector, n_rows: int, seed: int
) -> tuple[Floats32, Floats32, Bools]:
    """Observations met under random legal actions: the rows on which an export is proven."""
    generator = np.random.default_rng(seed)
    contexts, rows, masks = [], [], []
    vector.reset()
    for _ in range(-(-n_rows // vector.n_centres)):
        context, actions, mask = vector.observe()
        contexts.append(context.copy())
        rows.append(actions.copy())
        masks.append(mask.copy())
        vector.step(np.argmax(generator.random(mask.shape) * mask, axis=1))
    context, actions, mask = np.concatenate(contexts), np.concatenate(rows), np.concatenate(masks)
    return context[:n_rows], actions[:n_rows], mask[:n_rows]
