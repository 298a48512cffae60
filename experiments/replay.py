"""What a batch of centres lived through lately, for learning from it again and again.

Source: Lin 1992 (experience replay).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch as th

from nba.types import Bools, Floats, Floats32, Ints


@dataclass(frozen=True, slots=True)
class Transitions:
    """Some decisions with what followed each."""

    before: dict[str, th.Tensor]
    action: th.Tensor  # (n,)
    reward: th.Tensor  # (n,)
    discount: th.Tensor  # (n,) zero where the day ended
    after: dict[str, th.Tensor]


class Replay:
    """A ring of the last steps of B centres; what follows a step is the ring's next one."""

    def __init__(self, first: Mapping[str, Floats32], n_steps: int) -> None:
        n = len(first["mask"])
        self.count = 0  # steps ever added
        self._seen = {
            name: np.zeros((n_steps, *rows.shape), dtype=np.float32) for name, rows in first.items()
        }
        self._action = np.zeros((n_steps, n), dtype=np.int64)
        self._reward = np.zeros((n_steps, n), dtype=np.float32)
        self._discount = np.zeros((n_steps, n), dtype=np.float32)
        self._n_steps = n_steps

    def __len__(self) -> int:
        return min(self.count, self._n_steps) * self._action.shape[1]

    def add(
        self,
        seen: Mapping[str, Floats32],
        action: Ints,
        reward: Floats32,
        discount: Floats,
        done: Bools,
    ) -> None:
        """Remember one step of all centres; the oldest is forgotten when the ring is full."""
        place = self.count % self._n_steps
        for name, rows in seen.items():
            self._seen[name][place] = rows
        self._action[place], self._reward[place] = action, reward
        self._discount[place] = np.where(done, 0.0, discount)
        self.count += 1

    def arrays(self) -> list[np.ndarray[Any, Any]]:
        """Every array of the ring, live: with `count` all that a checkpoint holds of it."""
        seen = [self._seen[name] for name in sorted(self._seen)]
        return [*seen, self._action, self._reward, self._discount]

    def sample(self, n: int, rng: np.random.Generator) -> Transitions:
        """Steps drawn evenly, the newest left out: what follows it is not there yet."""
        age = rng.integers(2, min(self.count, self._n_steps) + 1, n)
        place = (self.count - age) % self._n_steps
        centre = rng.integers(0, self._action.shape[1], n)
        following = (place + 1) % self._n_steps
        return Transitions(
            {name: th.from_numpy(rows[place, centre]) for name, rows in self._seen.items()},
            th.from_numpy(self._action[place, centre]),
            th.from_numpy(self._reward[place, centre]),
            th.from_numpy(self._discount[place, centre]),
            {name: th.from_numpy(rows[following, centre]) for name, rows in self._seen.items()},
        )
