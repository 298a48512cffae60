"""A rollout buffer for semi-MDPs: discounting follows the time that really passed.

stable-baselines3 discounts by a scalar per step (its issue 1889); here a reward that comes dt
seconds later counts exp(−dt / horizon). Source: Bradtke, Duff 1994, equation 6.
"""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import torch as th
from sb3_contrib.common.maskable.buffers import (
    MaskableDictRolloutBuffer,
    MaskableDictRolloutBufferSamples,
)

from nba.types import Floats, Floats32


class Clock(Protocol):
    """Tells the seconds (B,) that the last step took, and the reward (B,) that it paid."""

    dt: Floats
    paid: Floats32


class SemiMdpRolloutBuffer(MaskableDictRolloutBuffer):
    """Generalised advantages with a discount per transition.

    Rows stay where they were written, and the arrays of a rollout serve the next: the library's
    buffer lays everything out anew for every update and copies each minibatch twice.
    """

    def __init__(  # what is not ours is passed on to the library as it comes
        self,
        *args: Any,  # noqa: ANN401 passed on
        clock: Clock,
        horizon_s: float,
        **kwargs: Any,  # noqa: ANN401 passed on
    ) -> None:
        self._clock = clock
        self._horizon_s = horizon_s
        super().__init__(*args, **kwargs)

    def reset(self) -> None:
        """Forget everything: a rollout overwrites every row of the last one."""
        if hasattr(self, "discounts"):
            self.pos, self.full = 0, False
            return
        super().reset()
        self.discounts = np.zeros((self.buffer_size, self.n_envs), dtype=np.float32)

    def add(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 passed on
        """Store a transition with the discount of its duration.

        Where an episode is cut off the library has added gamma times the value of what would have
        followed; the discount takes gamma's place. Rewards must come as the centres pay them.
        """
        observation, action, reward, *others = args
        discount = np.exp(-self._clock.dt / self._horizon_s)
        self.discounts[self.pos] = discount
        if self.gamma > 0.0:
            following = (reward - self._clock.paid) / self.gamma
            reward = self._clock.paid + discount * following
        super().add(observation, action, reward, *others, **kwargs)

    def compute_returns_and_advantage(
        self, last_values: th.Tensor, dones: np.ndarray[Any, Any]
    ) -> None:
        """Advantages backwards in time; nothing is carried over a day's end."""
        following = last_values.clone().cpu().numpy().flatten()
        goes_on = 1.0 - dones
        advantage = np.zeros(self.n_envs, dtype=np.float32)
        for step in reversed(range(self.buffer_size)):
            if step < self.buffer_size - 1:
                following = self.values[step + 1]
                goes_on = 1.0 - self.episode_starts[step + 1]
            weight = self.discounts[step] * goes_on
            delta = self.rewards[step] + weight * following - self.values[step]
            advantage = delta + weight * self.gae_lambda * advantage
            self.advantages[step] = advantage
        self.returns = self.advantages + self.values

    def get(  # type: ignore[override]  # an iterator is enough
        self, batch_size: int | None = None
    ) -> Iterator[MaskableDictRolloutBufferSamples]:
        """All rows once, in an order that is drawn: the library's batches for the same seed."""
        assert self.full
        # The library draws among rows that lie centre by centre; here they lie step by step.
        drawn = np.random.permutation(self.buffer_size * self.n_envs)  # noqa: NPY002 the library's
        order = th.from_numpy(drawn % self.buffer_size * self.n_envs + drawn // self.buffer_size)
        seen = {name: _rows(array) for name, array in self.observations.items()}
        made = [
            _rows(array)
            for array in (
                self.actions, self.values, self.log_probs, self.advantages, self.returns,
                self.action_masks,
            )
        ]  # fmt: skip
        for rows in th.split(order, batch_size or len(order)):
            yield MaskableDictRolloutBufferSamples(
                {name: each.index_select(0, rows) for name, each in seen.items()},
                *(each.index_select(0, rows) for each in made),
            )


def _rows(array: np.ndarray[Any, Any]) -> th.Tensor:
    """(steps, centres, …) → (steps · centres, …), the same memory."""
    return th.from_numpy(array).flatten(0, 1)
