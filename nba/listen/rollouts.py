"""Rollouts of a Gymnasium environment as a log: episodes of decisions with their propensities.

Gymnasium itself is not imported; anything with its `reset` and `step` will do.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nba.errors import InputError
from nba.listen.flat_log import FlatLog
from nba.types import DecisionLog, Floats, Texts

Chances = Callable[[NDArray[Any]], Floats]  # observation → probability of each action, (K,)


class Env(Protocol):
    """The part of gymnasium.Env that a rollout uses."""

    def reset(self, *, seed: int | None = None) -> tuple[Any, dict[str, Any]]: ...

    def step(self, action: Any, /) -> tuple[Any, Any, bool, bool, dict[str, Any]]: ...  # noqa: ANN401 as Gymnasium has it


@dataclass(frozen=True, slots=True)
class Rollouts:
    """Decisions of whole episodes; all K actions were open in each."""

    observations: Floats  # (n, d)
    chances: Floats  # (n, K) the behaviour's
    action: NDArray[np.int64]  # (n,)
    reward: Floats  # (n,)
    episode: Texts  # (n,)
    step: NDArray[np.int64]  # (n,) from 0

    def flat_log(self) -> FlatLog:
        """The flat log, with episode, step and the observation as features."""
        n, k = self.chances.shape
        return FlatLog(
            action=self.action.astype(str).astype(object),
            propensity=self.chances[np.arange(n), self.action],
            reward=self.reward,
            unit=self.episode,
            n_actions=np.full(n, k, dtype=np.int64),
            episode=self.episode,
            step=self.step,
            features=self.observations,
            feature_names=tuple(f"observation_{i}" for i in range(self.observations.shape[1])),
        )

    def decision_log(self) -> DecisionLog:
        """The decision log, in which an action's features are its own indicator.

        Units are episodes; `episode` and `step` go to nba.evaluate.episodes.make_episodes.
        """
        n, k = self.chances.shape
        names = zip(self.episode, self.step, strict=True)
        return DecisionLog(
            decision_id=np.array([f"{episode}-{step}" for episode, step in names], dtype=object),
            unit=self.episode,
            at=np.arange(n, dtype=np.float64),
            context=self.observations.astype(np.float32),
            offsets=np.arange(n + 1, dtype=np.int64) * k,
            action_ids=np.tile(np.arange(k).astype(str).astype(object), n),
            actions=np.tile(np.eye(k, dtype=np.float32), (n, 1)),
            chosen=self.action,
            propensity=self.chances[np.arange(n), self.action],
            policy_version=np.full(n, "rollouts", dtype=object),
            outcomes={},
            reward=self.reward,
            context_names=tuple(f"observation_{i}" for i in range(self.observations.shape[1])),
            action_names=tuple(f"action={i}" for i in range(k)),
            spec_version="rollouts",
        )

    def target(self, chances: Chances) -> Floats:
        """Another policy's probabilities in the decision log's flat order, (n · K,)."""
        return np.concatenate([chances(observation) for observation in self.observations])


def roll_out(
    env: Env, chances: Chances, *, episodes: int, rng: np.random.Generator, longest: int = 10_000
) -> Rollouts:
    """Whole episodes of a behaviour that draws from its own probabilities.

    Episodes are cut after `longest` steps. Raises InputError for probabilities that are none.
    """
    rows: list[tuple[Floats, Floats, int, float, str, int]] = []
    for number in range(episodes):
        seen, _ = env.reset(seed=int(rng.integers(2**31)))
        for step in range(longest):
            observation = np.ravel(np.asarray(seen, dtype=np.float64))
            given = _checked(chances(observation), number, step)
            action = int(rng.choice(len(given), p=given))
            seen, reward, terminated, truncated, _ = env.step(action)
            rows.append((observation, given, action, float(reward), f"episode-{number}", step))
            if terminated or truncated:
                break
    return _collected(rows)


def _collected(rows: Sequence[tuple[Floats, Floats, int, float, str, int]]) -> Rollouts:
    if not rows:
        raise InputError("no episode was asked for; give at least one")
    observations, chances, action, reward, episode, step = zip(*rows, strict=True)
    return Rollouts(
        np.stack(observations),
        np.stack(chances),
        np.array(action, dtype=np.int64),
        np.array(reward),
        np.array(episode, dtype=object),
        np.array(step, dtype=np.int64),
    )


def _checked(given: Floats, episode: int, step: int) -> Floats:
    if given.ndim != 1 or (given < 0).any() or abs(float(given.sum()) - 1.0) > 1e-6:
        raise InputError(
            f"episode {episode}, step {step}: the behaviour's probabilities are {given}; one per "
            "action is needed, from 0 up, with sum 1"
        )
    return np.asarray(given / given.sum(), dtype=np.float64)
