"""Logs from a planted world: a contextual bandit small enough that every truth is exact."""

from dataclasses import dataclass

import numpy as np

from nba.listen.encode import Feature, FeatureSpec
from nba.types import DecisionLog, Floats, Floats32, Ints

SPEC = FeatureSpec(
    "planted-1",
    context=(Feature("load"), Feature("value_tier", high=2.0)),
    action=(Feature("kind", levels=("queue", "employee")), Feature("resolve_estimate")),
)
IDS = np.array([f"decision-{i}" for i in range(50_000)], dtype=object)
UNITS = np.array([f"customer-{i}" for i in range(50_000)], dtype=object)
ACTION_IDS = np.array([f"action-{i}" for i in range(50_000)], dtype=object)


@dataclass(frozen=True, slots=True)
class PlantedWorld:
    """Finitely many situations with known shares, action sets, policies and mean rewards."""

    share: Floats  # (s,) probability of each situation
    context: Floats32  # (s, d)
    offsets: Ints  # (s + 1,)
    actions: Floats32  # (m, p)
    mean_reward: Floats  # (m,)
    logging: Floats  # (m,)
    target: Floats  # (m,)
    noise: float  # standard deviation of a reward around its mean
    unit_effect: float = 0.0  # standard deviation of a customer's own mood in every reward
    rows_per_unit: int = 1  # a customer's rows share situation and mood

    def value(self, policy: Floats) -> float:
        """The exact expected reward of a policy given as (m,) probabilities."""
        return float(self.share @ np.add.reduceat(policy * self.mean_reward, self.offsets[:-1]))

    @property
    def truth(self) -> float:
        """The exact expected reward of the target policy."""
        return self.value(self.target)


@dataclass(frozen=True, slots=True)
class PlantedLog:
    """A drawn log with what only the planter knows, all in the log's flat order (m,)."""

    log: DecisionLog
    target: Floats
    logging: Floats
    mean_reward: Floats


def make_world(
    rng: np.random.Generator,
    *,
    n_situations: int = 6,
    sharpness: float = 1.0,
    noise: float = 1.0,
    unit_effect: float = 0.0,
    rows_per_unit: int = 1,
) -> PlantedWorld:
    """A random world; a larger `sharpness` sets target and logging policy further apart."""
    k = rng.integers(2, 6, n_situations)
    offsets = np.concatenate([[0], np.cumsum(k)])
    m = int(offsets[-1])
    employee = rng.random(m) < 0.6
    employee[offsets[:-1]] = False  # the first action of every set is the queue
    resolve = rng.random(m)
    context = np.column_stack([rng.random(n_situations), rng.integers(0, 3, n_situations)])
    situation = np.repeat(np.arange(n_situations), k)
    mean = 2.0 + 3.0 * resolve + employee + resolve * context[situation, 1] - context[situation, 0]
    return PlantedWorld(
        share=rng.dirichlet(np.full(n_situations, 5.0)),
        context=context.astype(np.float32),
        offsets=offsets,
        actions=np.column_stack([~employee, employee, resolve]).astype(np.float32),
        mean_reward=mean,
        logging=_softmax(rng.normal(0, 0.5 * sharpness, m), offsets),
        target=_softmax(rng.normal(0, 1.0 * sharpness, m), offsets),
        noise=noise,
        unit_effect=unit_effect,
        rows_per_unit=rows_per_unit,
    )


def draw_log(world: PlantedWorld, n: int, rng: np.random.Generator) -> PlantedLog:
    """A log of n decisions of the world's logging policy."""
    unit = np.arange(n) // world.rows_per_unit
    n_units = int(unit[-1]) + 1
    situation = rng.choice(len(world.share), n_units, p=world.share)[unit]
    mood = rng.normal(0.0, 1.0, n_units)[unit] * world.unit_effect
    start, k = world.offsets[situation], np.diff(world.offsets)[situation]
    offsets = np.concatenate([[0], np.cumsum(k)])
    source = np.repeat(start - offsets[:-1], k) + np.arange(offsets[-1])
    chosen = _draw(world, situation, rng)
    picked = start + chosen
    reward = world.mean_reward[picked] + mood + rng.normal(0.0, world.noise, n)
    log = DecisionLog(
        decision_id=IDS[:n],
        unit=UNITS[unit],
        at=np.arange(n, dtype=np.float64),
        context=world.context[situation],
        offsets=offsets,
        action_ids=ACTION_IDS[source],
        actions=world.actions[source],
        chosen=chosen,
        propensity=world.logging[picked],
        policy_version=np.full(n, "planted", dtype=object),
        outcomes={"resolved": reward.copy()},
        reward=reward,
        context_names=SPEC.context_names,
        action_names=SPEC.action_names,
        spec_version=SPEC.version,
        segments={"tier": world.context[situation, 1].astype(int).astype(str).astype(object)},
    )
    return PlantedLog(log, world.target[source], world.logging[source], world.mean_reward[source])


def _draw(world: PlantedWorld, situation: Ints, rng: np.random.Generator) -> Ints:
    """One action per row by the inverse of its situation's cumulative probabilities."""
    widest = int(np.diff(world.offsets).max())
    cumulative = np.ones((len(world.share), widest))
    for s in range(len(world.share)):
        row = np.cumsum(world.logging[world.offsets[s] : world.offsets[s + 1]])
        cumulative[s, : len(row) - 1] = row[:-1]
    return np.asarray((rng.random(len(situation))[:, None] >= cumulative[situation]).sum(axis=1))


def _softmax(score: Floats, offsets: Ints) -> Floats:
    weight = np.exp(score)
    return np.asarray(weight / np.repeat(np.add.reduceat(weight, offsets[:-1]), np.diff(offsets)))


def take_rows(log: DecisionLog, rows: Ints) -> DecisionLog:
    """The given rows of a log, in the given order."""
    first, last = log.offsets[rows], log.offsets[rows + 1]
    offsets = np.concatenate([[0], np.cumsum(last - first)])
    flat = flat_of_rows(log, rows)
    return DecisionLog(
        decision_id=log.decision_id[rows],
        unit=log.unit[rows],
        at=log.at[rows],
        context=log.context[rows],
        offsets=offsets,
        action_ids=log.action_ids[flat],
        actions=log.actions[flat],
        chosen=log.chosen[rows],
        propensity=log.propensity[rows],
        policy_version=log.policy_version[rows],
        outcomes={name: values[rows] for name, values in log.outcomes.items()},
        reward=log.reward[rows],
        context_names=log.context_names,
        action_names=log.action_names,
        spec_version=log.spec_version,
        segments={name: values[rows] for name, values in log.segments.items()},
    )


def flat_of_rows(log: DecisionLog, rows: Ints) -> Ints:
    """Where the actions of the given rows stand in the log's flat order."""
    parts = [np.arange(log.offsets[row], log.offsets[row + 1]) for row in rows]
    return np.concatenate(parts).astype(np.int64)
