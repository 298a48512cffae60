"""The simulated centres as a stable-baselines3 VecEnv: one native batch, no Python per centre.

Observations are standardised here, once per step instead of once per epoch, and only legal actions
travel: they are moved to the front, so that the net scores rows for the people on shift, not for
the whole roster. `dt` holds the seconds that the last step took in each centre, `paid` its reward.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from envs.staffing import shifts
from envs.state import FIRST_EMPLOYEE
from envs.vector import ContactCentreVector
from experiments.masked_batch import MaskedBatch
from nba.act.folded_net import CLIP
from nba.types import Bools, DecisionLog, Floats, Floats32, Ints, RewardModel


@dataclass(frozen=True, slots=True)
class Normalisation:
    """Mean and spread of every encoded column, from a log; what the net sees is standardised."""

    context_mean: Floats32  # (d,)
    context_std: Floats32  # (d,)
    action_mean: Floats32  # (p,)
    action_std: Floats32  # (p,)

    @classmethod
    def of_log(cls, log: DecisionLog) -> "Normalisation":
        """The columns' figures in a log; a constant column keeps its unit."""
        return cls(*_mean_and_spread(log.context), *_mean_and_spread(log.actions))

    def context(self, values: Floats32) -> Floats32:
        """Standardised context, cut at ±5 as the exported policy cuts it."""
        return np.asarray(np.clip((values - self.context_mean) / self.context_std, -CLIP, CLIP))

    def actions(self, values: Floats32) -> Floats32:
        """Standardised action rows, cut alike."""
        return np.asarray(np.clip((values - self.action_mean) / self.action_std, -CLIP, CLIP))


def _mean_and_spread(rows: Floats32) -> tuple[Floats32, Floats32]:
    """Summed in double precision: naive sums of many float32 rows drift."""
    mean, std = rows.mean(axis=0, dtype=np.float64), rows.std(axis=0, dtype=np.float64)
    return mean.astype(np.float32), np.where(std > 1e-6, std, 1.0).astype(np.float32)


def observation(
    context: Floats32,
    actions: Floats32,
    mask: Bools,
    prior_model: RewardModel,
    normalisation: Normalisation,
) -> dict[str, Floats32]:
    """What the torch scorer reads: standardised rows, mask, and the prior less its best.

    `pooled` (B, 2p) is the mean and the largest of every column over the legal actions: what the
    value is told of them, made once and not in every epoch.
    """
    prior = prior_model.batch_rewards(context, actions)
    best = np.where(mask, prior, -np.inf).max(axis=1, keepdims=True)
    rows = normalisation.actions(actions) * mask[:, :, None]
    shares = (mask / mask.sum(axis=1, keepdims=True)).astype(np.float32)
    mean = (shares[:, None, :] @ rows)[:, 0]
    largest = np.where(mask[:, :, None], rows, -np.inf).max(axis=1)
    return {
        "context": normalisation.context(context),
        "actions": rows,
        "pooled": np.concatenate([mean, largest], axis=1, dtype=np.float32),
        "mask": mask.astype(np.float32),
        "prior": np.where(mask, prior - best, 0.0).astype(np.float32),
    }


class ContactCentreVecEnv(MaskedBatch):
    """B centres for MaskablePPO; a day's end is terminal, its open contacts settled in the reward.

    `reward_scale` turns EUR into the learner's unit; `mean_reward` is in EUR per decision since
    it was last read.
    """

    def __init__(
        self,
        vector: ContactCentreVector,
        prior_model: RewardModel,
        normalisation: Normalisation,
        *,
        reward_scale: float = 1.0,
    ) -> None:
        self.vector = vector
        self.dt: Floats = np.zeros(vector.n_centres)
        self.paid: Floats32 = np.zeros(vector.n_centres, dtype=np.float32)
        self._prior_model = prior_model
        self._normalisation = normalisation
        self._reward_scale = reward_scale
        self._width = FIRST_EMPLOYEE - 1 + _most_on_shift(vector)
        self._places: Ints = np.zeros((vector.n_centres, self._width), dtype=np.int64)
        self._mask: Bools = np.zeros((vector.n_centres, self._width), dtype=np.bool_)
        self._chosen: Ints = np.zeros(vector.n_centres, dtype=np.int64)
        # stable-baselines3 wants a dictionary per centre; nothing is ever written into them.
        self._infos: list[dict[str, Any]] = [{} for _ in range(vector.n_centres)]
        context, actions, _ = vector.observe()
        box = {
            "context": context.shape[1:],
            "actions": (self._width, actions.shape[2]),
            "pooled": (2 * actions.shape[2],),
            "mask": (self._width,),
            "prior": (self._width,),
        }
        space = spaces.Dict(
            {name: spaces.Box(-np.inf, np.inf, shape, np.float32) for name, shape in box.items()}
        )
        super().__init__(vector.n_centres, space, spaces.Discrete(self._width))

    def reset(self) -> dict[str, Floats32]:
        """Start every centre over."""
        self.vector.reset()
        return self._observe()

    def step_async(self, actions: np.ndarray[Any, Any]) -> None:
        """Remember the chosen places; `step_wait` acts."""
        self._chosen = self._places[np.arange(self.num_envs), actions.astype(np.int64)]

    def step_wait(self) -> VecEnvStepReturn:
        """Observation, reward, whether the day ended, and empty infos."""
        reward, dt, done = self.vector.step(self._chosen)
        self.dt = dt.copy()
        self.paid = (reward * self._reward_scale).astype(np.float32)
        return self._observe(), self.paid.copy(), done.copy(), self._infos

    def action_masks(self) -> Bools:
        """Which places hold a legal action, (B, width)."""
        return self._mask.copy()

    def arrays(self) -> list[np.ndarray[Any, Any]]:
        """Every array that the centres' future depends on, live: what a checkpoint holds."""
        return [self.dt, self.paid, self._places, self._mask, *self.vector.arrays()]

    def _observe(self) -> dict[str, Floats32]:
        context, actions, mask = self.vector.observe()
        rows = np.arange(self.num_envs)[:, None]
        self._places = np.argsort(~mask, axis=1, kind="stable")[:, : self._width]
        self._mask = mask[rows, self._places]
        return observation(
            context.copy(),
            actions[rows, self._places],
            self._mask,
            self._prior_model,
            self._normalisation,
        )


def _most_on_shift(vector: ContactCentreVector) -> int:
    """The largest number of employees that are on shift at one time."""
    starts, ends = shifts(vector.config)
    return max(int(((starts <= time) & (time < ends)).sum()) for time in starts)
