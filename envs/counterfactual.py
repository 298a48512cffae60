"""What would have happened: the true value of any policy, and of each alternative at a decision.

A day is replayed up to a decision, the centre is copied once per legal action, and all copies go on
to the day's end with the same customers and the same luck, so that they differ in the action alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from envs.baselines.true_greedy import bound
from envs.config import CentreConfig
from envs.day_blocks import DRAW_SALT, DayBlock, play_block
from envs.evaluate_days import simulate
from envs.records import column
from envs.rng import key
from envs.run_days import Progress
from envs.vector import ContactCentreVector
from nba.act.decide import draw
from nba.errors import InputError
from nba.evaluate.intervals import t_quantile
from nba.listen.objective import Objective
from nba.seeding import keyed_uniforms
from nba.types import Bools, Estimate, Floats, Ints, Policy

_COPIES: Final = 128  # centres side by side: those of a large centre fill 3 MB each
_REDRAWN: Final = 3_000_000  # child of the day's key from which luck after a fork is drawn
# The tables of the state that hold all centres; the timetable and `fixed` are shared.
_PER_CENTRE: Final = (
    "centre", "customer", "person", "desk", "standing", "staff", "event", "place", "free",
    "arrival", "leg", "context", "actions", "mask",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ActionValues:
    """EUR from one decision to the end of its day, for each legal action there."""

    decision: int  # number of the decision in its day
    actions: Ints  # (k,) the legal actions
    taken: int  # the action that the policy took
    before: float  # EUR earned before the decision
    eur: Floats  # (lucks, k); row 0 is the day's own luck

    def estimates(self, *, level: float = 0.95) -> tuple[Estimate, ...]:
        """The mean value of each legal action over the lucks; no interval from a single one."""
        return tuple(_mean(values, "redrawn luck", level) for values in self.eur.T)

    def advantages(self, *, level: float = 0.95) -> tuple[Estimate, ...]:
        """How much more each legal action earns than the one taken, paired by luck."""
        taken = int(np.flatnonzero(self.actions == self.taken)[0])
        gaps = self.eur - self.eur[:, [taken]]
        return tuple(_mean(values, "redrawn luck, paired", level) for values in gaps.T)


def policy_value(
    policy: Policy,
    config: CentreConfig,
    *,
    n_days: int,
    seed: int,
    objective: Objective | None = None,
    level: float = 0.95,
    progress: Progress | None = None,
) -> Estimate:
    """The true value of a policy in EUR per contact: the mean over simulated days, with interval.

    Days of one seed are the same days for every policy, so differences are best taken by day.
    """
    days = simulate(
        policy, config, n_days=n_days, seed=seed, objective=objective, progress=progress
    )
    return _mean(days["eur_per_contact"], "simulation", level)


def action_values(
    config: CentreConfig,
    *,
    seed: int,
    site: int,
    day: int,
    decision: int,
    policy: Policy,
    lucks: int = 1,
    objective: Objective | None = None,
) -> ActionValues:
    """What each legal action at one decision of a day earns, if `policy` decides all others.

    Row 0 of the values keeps the day's own luck; each further one draws anew what happens to
    customers after the decision, the same for all actions; services under way end as they were
    to. Raises InputError for a decision that the day does not have.
    """
    found = decision_values(
        config, seed=seed, site=site, day=day, decisions=[decision], policy=policy,
        lucks=lucks, objective=objective,
    )  # fmt: skip
    return found[0]


def decision_values(
    config: CentreConfig,
    *,
    seed: int,
    site: int,
    day: int,
    decisions: Sequence[int],
    policy: Policy,
    lucks: int = 1,
    objective: Objective | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[ActionValues]:
    """`action_values` at several decisions of one day, which is replayed once.

    `progress` is called with 1 after each decision.
    """
    if lucks < 1:
        raise InputError(f"lucks is {lucks}; at least 1 is needed")
    wanted = sorted(set(decisions))
    if not wanted or wanted[0] < 0:
        raise InputError(f"decisions are {list(decisions)}; numbers of 0 or more are needed")
    found: list[ActionValues] = []
    number, earned = 0, 0.0

    def fork(vector: ContactCentreVector, _active: Bools, chosen: Ints, _odds: Floats) -> None:
        if number == wanted[len(found)]:
            actions = np.flatnonzero(vector.observe()[2][0])
            eur = _futures(policy, vector, seed, actions, lucks)
            found.append(ActionValues(number, actions, int(chosen[0]), earned, eur))

    block = DayBlock(site, day, 1, one_site=True)
    for step in play_block(policy, config, block, seed=seed, objective=objective, before_step=fork):
        if progress is not None and found and found[-1].decision == number:
            progress(1)
        if len(found) == len(wanted):
            return found
        number += 1
        earned += float(step.reward[0])
    raise InputError(
        f"decision {wanted[len(found)]} is not in this day, which has {number}; count from 0"
    )


def _futures(
    policy: Policy, vector: ContactCentreVector, seed: int, actions: Ints, lucks: int
) -> Floats:
    """EUR to the day's end (lucks, k) of each action at the pending decision of a lone centre."""
    first = np.tile(actions, lucks)
    luck = np.repeat(np.arange(lucks), len(actions))
    eur = np.empty(len(first))
    for start in range(0, len(first), _COPIES):
        rows = slice(start, start + _COPIES)
        copies = _copied(vector, seed, luck[rows])
        eur[rows] = _play_on(policy, copies, first[rows])
    return eur.reshape(lucks, len(actions))


def _copied(vector: ContactCentreVector, seed: int, luck: Ints) -> ContactCentreVector:
    """The lone centre of a vector once per entry of `luck`, which is drawn anew where above 0."""
    n = len(luck)
    copies = ContactCentreVector(
        vector.config, n, seed, objective=vector.objective,
        sites=list(vector.sites) * n, days=list(vector.days) * n,
    )  # fmt: skip
    for name in _PER_CENTRE:
        rows = cast("NDArray[np.void]", getattr(copies.state, name))
        rows[:] = getattr(vector.state, name)[0]
    day_key = column(vector.state.centre, "day_key")[0]
    keys = column(copies.state.centre, "luck_key")
    for b in np.flatnonzero(luck):
        keys[b] = key(day_key, _REDRAWN + int(luck[b]))
    copies.keys[:] = vector.keys[0]
    return copies


def _play_on(policy: Policy, copies: ContactCentreVector, first: Ints) -> Floats:
    """EUR (n,) to the day's end of copies that act as in `first`, then follow a policy."""
    policy = bound(policy, copies.true_values)
    earned = np.zeros(copies.n_centres)
    chosen, active = first, np.ones(copies.n_centres, dtype=np.bool_)
    while True:
        reward, _, done = copies.step(chosen)
        earned += np.where(active, reward, 0.0)
        active &= ~done
        if not active.any():
            return earned
        probabilities = policy.batch_probabilities(*copies.observe())
        chosen, _ = draw(probabilities, keyed_uniforms(copies.keys, DRAW_SALT))


def _mean(values: Floats, method: str, level: float) -> Estimate:
    """A mean with its Student interval; infinite from one value."""
    n, value = len(values), float(values.mean())
    error = float(values.std(ddof=1) / np.sqrt(n)) if n > 1 else np.inf
    reach = t_quantile(level, n - 1) * error if n > 1 else np.inf
    return Estimate(value, error, value - reach, value + reach, float(n), method, level)
