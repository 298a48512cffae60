"""Masked discrete CQL: values from a log alone, kept low where the log has not been.

A double DQN over the log's trajectories; its loss adds how far the soft maximum over the eligible
actions lies above the action that was taken. A reward holds all that followed in its contact, later
decisions of it too: counting each decision's own part alone, and the rest through the value of what
comes next, was worth less (fitted Q: 1.36 instead of 1.50 EUR per contact), as a later situation
does not tell which choice brought a contact back.
Source: Kumar, Zhou, Tucker, Levine 2020, equation 4.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field

import numpy as np
import torch as th
from gymnasium import spaces

from experiments.dqn import action_values, improve, targets
from experiments.replay import Transitions
from experiments.scorer import ActionScorerPolicy
from experiments.vec_env import Normalisation, observation
from nba.errors import LogError
from nba.learn.trajectory import Horizon
from nba.listen.blocks import padded_blocks
from nba.seeding import generator
from nba.types import DecisionLog, Floats, Ints, RewardModel


@dataclass(frozen=True, slots=True)
class CqlConfig:
    """How the values are learned; units as in `experiments.dqn`."""

    updates: int = 3_000
    batch_size: int = 512
    # Weight of the gap between soft maximum and taken action; 0: plain DQN. On the bank at peak
    # load, outside of all test days, 0, .003, .01 and .03 earned 1.56, 1.57, 1.43 and 1.38 EUR per
    # contact, and 0.3 less than nothing: the logs of the project explore evenly.
    caution: float = 0.003
    learning_rate: float = 1e-3
    follow: float = 0.01
    max_grad_norm: float = 1.0
    reward_scale: float = 0.2
    hidden: int = 32
    temperature: float = 0.02
    floor: float = 0.005
    horizon: Horizon = field(default_factory=Horizon)
    seed: int = 0


def train_cql(
    config: CqlConfig,
    log: DecisionLog,
    prior_model: RewardModel,
    normalisation: Normalisation,
    *,
    progress: Callable[[int], None] | None = None,
) -> ActionScorerPolicy:
    """The net after training; the same arguments give the same weights.

    Raises LogError for a log without a reward.
    """
    th.set_num_threads(1)
    th.manual_seed(config.seed)
    rng = generator(config.seed, "cql")
    lived = _Lived(log, prior_model, normalisation, config)
    net = _net(lived, config)
    slow = deepcopy(net)
    optimizer = th.optim.Adam(net.parameters(), lr=config.learning_rate)
    for _ in range(config.updates):
        loss = _loss(net, slow, lived.sample(rng), config.caution)
        improve(net, slow, optimizer, loss, config)
        if progress is not None:
            progress(1)
    return net


def _loss(
    net: ActionScorerPolicy, slow: ActionScorerPolicy, lived: Transitions, caution: float
) -> th.Tensor:
    with th.no_grad():
        wanted = targets(net, slow, lived)
    values = action_values(net, lived.before)
    taken = values.gather(1, lived.action[:, None])[:, 0]
    legal = values.masked_fill(lived.before["mask"] == 0.0, -th.inf)
    above = (legal.logsumexp(dim=1) - taken).mean()
    return th.nn.functional.smooth_l1_loss(taken, wanted) + caution * above


class _Lived:
    """The log as transitions, padded and standardised as they are drawn."""

    def __init__(
        self,
        log: DecisionLog,
        prior_model: RewardModel,
        normalisation: Normalisation,
        config: CqlConfig,
    ) -> None:
        self._log = log
        self._prior_model, self._normalisation = prior_model, normalisation
        self._size, self._scale = config.batch_size, config.reward_scale
        self._reward: Floats = log.reward
        self._after, self._discount = config.horizon.following(log)
        self._rows = np.flatnonzero(~np.isnan(self._reward))
        if not len(self._rows):
            raise LogError(f"none of the log's {len(log)} rows has a reward; join outcomes first")

    def seen(self, rows: Ints) -> dict[str, th.Tensor]:
        """What the net reads of these rows."""
        (block,) = padded_blocks(self._log, rows, size=len(rows))
        found = observation(
            block.context, block.actions, block.mask, self._prior_model, self._normalisation
        )
        return {name: th.from_numpy(values) for name, values in found.items()}

    def sample(self, rng: np.random.Generator) -> Transitions:
        """Rows drawn evenly, with what followed each; a day's last decision is worth its reward."""
        rows = rng.choice(self._rows, self._size)
        after = self._after[rows]
        return Transitions(
            self.seen(rows),
            th.from_numpy(self._log.chosen[rows].astype(np.int64)),
            th.from_numpy((self._reward[rows] * self._scale).astype(np.float32)),
            th.from_numpy(np.where(after < 0, 0.0, self._discount[rows]).astype(np.float32)),
            self.seen(np.where(after < 0, rows, after)),
        )


def _net(lived: _Lived, config: CqlConfig) -> ActionScorerPolicy:
    """A net whose first scores are the prior in the learner's unit."""
    shapes = {name: values.shape[1:] for name, values in lived.seen(np.zeros(1, np.int64)).items()}
    space = spaces.Dict(
        {name: spaces.Box(-np.inf, np.inf, shape, np.float32) for name, shape in shapes.items()}
    )
    return ActionScorerPolicy(
        space,
        spaces.Discrete(shapes["mask"][0]),
        lambda _: config.learning_rate,
        hidden=config.hidden,
        prior_weight=config.reward_scale,
    )
