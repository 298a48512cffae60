"""Episodes from a planted Markov chain of choices: small enough that every value is exact."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from nba.evaluate.episodes import Episodes, make_episodes
from nba.types import DecisionLog, Floats, Ints

STATES: Final = 3
STEPS: Final = 3
ACTIONS: Final = 2
_NAMES: Final = np.array([f"episode-{i}" for i in range(20_000)], dtype=object)


@dataclass(frozen=True, slots=True)
class PlantedChain:
    """Rewards, moves and policies by state; an episode ends early with the rest of `move`."""

    start: Floats  # (s,)
    move: Floats  # (s, a, s) probabilities of the next state; what is left ends the episode
    reward: Floats  # (s, a) mean
    logging: Floats  # (s, a)
    target: Floats  # (s, a)
    noise: float = 0.5
    discount: float = 0.9

    def q(self, policy: Floats) -> Floats:
        """The exact return from each step, state and action on, (t, s, a)."""
        found = np.zeros((STEPS + 1, STATES, ACTIONS))
        for t in range(STEPS - 1, -1, -1):
            ahead = (policy * found[t + 1]).sum(axis=1)
            found[t] = self.reward + self.discount * self.move @ ahead
        return found[:STEPS]

    def value(self, policy: Floats) -> float:
        """The exact expected return of an episode."""
        return float(self.start @ (policy * self.q(policy)[0]).sum(axis=1))


@dataclass(frozen=True, slots=True)
class PlantedEpisodes:
    """A drawn log's rows, in the order of episode and step."""

    episode: Ints  # (n,)
    step: Ints  # (n,)
    state: Ints  # (n,)
    action: Ints  # (n,)
    reward: Floats  # (n,)


def make_chain(seed: int = 1) -> PlantedChain:
    """A random chain whose target differs from its logging policy in every state."""
    rng = np.random.default_rng(seed)
    move = rng.dirichlet(np.ones(STATES), (STATES, ACTIONS)) * 0.8
    logging = rng.uniform(0.3, 0.7, STATES)
    target = np.clip(logging + rng.choice([-0.25, 0.25], STATES), 0.1, 0.9)
    return PlantedChain(
        start=rng.dirichlet(np.full(STATES, 3.0)),
        move=move,
        reward=rng.normal(1.0, 1.0, (STATES, ACTIONS)),
        logging=np.stack([logging, 1 - logging], axis=1),
        target=np.stack([target, 1 - target], axis=1),
    )


def draw_episodes(chain: PlantedChain, n: int, rng: np.random.Generator) -> PlantedEpisodes:
    """Rows of n episodes of the chain's logging policy."""
    state = rng.choice(STATES, n, p=chain.start)
    alive = np.arange(n)
    parts = []
    for t in range(STEPS):
        action = (rng.random(len(alive)) >= chain.logging[state, 0]).astype(np.int64)
        reward = chain.reward[state, action] + rng.normal(0, chain.noise, len(alive))
        parts.append((alive, np.full(len(alive), t), state, action, reward))
        reached = np.cumsum(chain.move[state, action], axis=1)
        following = (rng.random(len(alive))[:, None] >= reached).sum(axis=1)
        goes_on = following < STATES
        alive, state = alive[goes_on], following[goes_on]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.lexsort((columns[1], columns[0]))
    return PlantedEpisodes(*(column[order] for column in columns))


def episodes_of(drawn: PlantedEpisodes) -> Episodes:
    """The checked episodes of a drawn log."""
    return make_episodes(_NAMES[drawn.episode], drawn.step)


def log_of(chain: PlantedChain, drawn: PlantedEpisodes) -> DecisionLog:
    """The drawn rows as a decision log whose context tells state and step."""
    n = len(drawn.state)
    context = np.zeros((n, STATES * STEPS), dtype=np.float32)
    context[np.arange(n), drawn.step * STATES + drawn.state] = 1.0
    rows = np.arange(n)
    return DecisionLog(
        decision_id=np.array([f"d{i}" for i in rows], dtype=object),
        unit=_NAMES[drawn.episode],
        at=rows.astype(np.float64),
        context=context,
        offsets=np.arange(n + 1, dtype=np.int64) * ACTIONS,
        action_ids=np.array(["queue", "employee"] * n, dtype=object),
        actions=np.tile(np.eye(ACTIONS, dtype=np.float32), (n, 1)),
        chosen=drawn.action,
        propensity=chain.logging[drawn.state, drawn.action],
        policy_version=np.full(n, "planted", dtype=object),
        outcomes={},
        reward=drawn.reward,
        context_names=tuple(f"state_{i}" for i in range(STATES * STEPS)),
        action_names=("kind=queue", "kind=employee"),
        spec_version="chain-1",
    )
