"""A DQN's training on disk: nets, memory, centres and luck, so that a killed run goes on."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch as th

from experiments.checkpoint import fill, packed, read_state, write_state
from experiments.replay import Replay
from experiments.scorer import ActionScorerPolicy
from experiments.vec_env import ContactCentreVecEnv
from nba.types import Floats32


@dataclass(slots=True)
class DqnRun:
    """All that the rest of a training depends on; the settings in words, to know it again."""

    net: ActionScorerPolicy
    slow: ActionScorerPolicy
    optimizer: th.optim.Optimizer
    replay: Replay
    centres: ContactCentreVecEnv
    seen: dict[str, Floats32]
    rng: np.random.Generator
    settings: str
    rounds: int = field(default=0)  # steps of all centres that are done
    owed: float = field(default=0.0)  # updates that are due

    def save(self, path: Path) -> None:
        """Put this state in place of what the file held."""
        state = {
            "settings": self.settings,
            "nets": [self.net.state_dict(), self.slow.state_dict()],
            "optimizer": self.optimizer.state_dict(),
            "arrays": [packed(array) for array in self._arrays()],
            "luck": json.dumps(self.rng.bit_generator.state),
            "counts": [self.rounds, self.replay.count],
            "owed": self.owed,
        }
        write_state(path, state)

    def load(self, path: Path) -> None:
        """Go on where the file's run was; InputError if it is damaged or another run's."""
        state = read_state(path, self.settings)
        for net, held in zip((self.net, self.slow), state["nets"], strict=True):
            net.load_state_dict(held)
        self.optimizer.load_state_dict(state["optimizer"])
        fill(self._arrays(), state["arrays"])
        self.rng.bit_generator.state = json.loads(state["luck"])
        self.rounds, self.replay.count = state["counts"]
        self.owed = state["owed"]

    def _arrays(self) -> list[np.ndarray]:
        seen = [self.seen[name] for name in sorted(self.seen)]
        return [*seen, *self.replay.arrays(), *self.centres.arrays()]
