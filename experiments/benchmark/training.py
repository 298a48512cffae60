"""How the time of a training step is shared between learner and world."""

import time
from dataclasses import replace
from typing import Final

import numpy as np

from envs.logging import simulate_log
from envs.presets import preset
from envs.vector import ContactCentreVector
from experiments.config import TrainConfig
from experiments.train import train
from experiments.vec_env import Normalisation
from nba.act.uniform import Uniform
from nba.types import Bools, Floats, Floats32

_STEPS: Final = 200


class _NoPrior:
    """Every action is worth the same."""

    def batch_rewards(self, context: Floats32, actions: Floats32) -> Floats:
        """Zeros, (B, A)."""
        return np.zeros(actions.shape[:2])


def environment_share() -> float:
    """Seconds per decision in the world over seconds per decision in training, one thread each."""
    from threadpoolctl import (  # type: ignore[import-untyped]  # it ships no types
        threadpool_limits,
    )

    config = replace(TrainConfig(), total_steps=TrainConfig().n_envs * TrainConfig().rollout_steps)
    log, _ = simulate_log(Uniform(), preset(config.preset), n_days=1, seed=3)
    with threadpool_limits(1):
        start = time.perf_counter()
        trained = train(config, _NoPrior(), Normalisation.of_log(log))
        training = (time.perf_counter() - start) / trained.learner.num_timesteps
        return _world_seconds(config) / training


def _world_seconds(config: TrainConfig) -> float:
    vector = ContactCentreVector(
        preset(config.preset), config.n_envs, 0, stagger=True, expected_reward=True
    )
    vector.reset()
    generator = np.random.default_rng(0)
    spent = 0.0
    for _ in range(_STEPS):
        mask: Bools = vector.observe()[2]
        chosen = np.argmax(generator.random(mask.shape) * mask, axis=1)
        start = time.perf_counter()
        vector.step(chosen)
        spent += time.perf_counter() - start
    return spent / (_STEPS * config.n_envs)
