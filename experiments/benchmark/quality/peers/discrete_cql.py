"""d3rlpy's DiscreteCQL on the exploring log: all that is seen in one row, one value per slot.

It learns from the same log as the other offline learners, days as episodes. The library has
neither masks nor a clock: its values of slots that are not eligible stay in its targets, where its
conservatism has to keep them low, and a decision counts gamma, however long it took. It serves
greedily among what is eligible. The net is made for this number of employees.
Sources: Kumar et al. 2020 (CQL); Seno, Imai 2022 (the library).
"""

import logging
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch as th

from envs.state import FIRST_EMPLOYEE, FIXED_ACTIONS
from experiments.benchmark.quality.peers.flat_ppo import flat_rows, in_slots
from experiments.benchmark.quality.peers.place import look_there
from experiments.benchmark.quality.protocol import Place
from experiments.learned import exploring_log
from experiments.vec_env import Normalisation
from nba.act.policy import best_of, one_row
from nba.learn.trajectory import Horizon
from nba.types import ActionSet, Bools, Context, DecisionLog, Floats, Floats32, Ints, Policy

_GAMMA: Final = 0.97  # per decision, as for the flat MaskablePPO
_REWARD_SCALE: Final = 0.2
_BATCH: Final = 256
_UPDATES: Final = 4_000
_RATE: Final = 1e-3
# Weight of conservatism; the library's own is 1. On the bank at peak load, outside of all test
# days, .005, .02, .1 and 1 earned 0.24, 0.29, 0.26 and -0.70 EUR per contact; .02 with a gamma
# of .9 earned 0.21, and with half the updates -0.57.
_ALPHA: Final = 0.02
_NET: Final = (64, 64)  # as the flat MaskablePPO's


def discrete_cql(name: str, place: Place) -> Policy:
    """The greedy policy on the values that the log leaves."""
    look_there()
    import d3rlpy  # type: ignore[import-not-found]  # a peer
    import structlog  # type: ignore[import-not-found]  # with which it tells all it does

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    th.set_num_threads(1)
    d3rlpy.seed(1 + place.seed)
    log = exploring_log(place.centre, place.schooling())
    scale = Normalisation.of_log(log)
    n_slots = FIRST_EMPLOYEE + place.centre.n_employees
    learner = d3rlpy.algos.DiscreteCQLConfig(
        learning_rate=_RATE,
        batch_size=_BATCH,
        gamma=_GAMMA,
        target_update_interval=_UPDATES // 20,
        alpha=_ALPHA,
        encoder_factory=d3rlpy.models.encoders.VectorEncoderFactory(list(_NET)),
    ).create(device="cpu")
    learner.fit(
        d3rlpy.dataset.MDPDataset(
            **episodes(log, scale, n_slots),
            action_space=d3rlpy.ActionSpace.DISCRETE,
            action_size=n_slots,
        ),
        n_steps=_UPDATES,
        n_steps_per_epoch=_UPDATES,
        logger_adapter=d3rlpy.logging.NoopAdapterFactory(),
        show_progress=False,
    )
    return SlotValues(learner.impl.q_function[0], scale, n_slots, name)


def episodes(log: DecisionLog, scale: Normalisation, n_slots: int) -> dict[str, Any]:
    """Flat rows, chosen slots, rewards and where days end, in the order of time.

    Rows without a reward are passed over, but for those that end a day. An employee's slot
    is their number after the fixed actions, as in the centre.
    """
    slots = slots_of(log)
    n = len(log)
    row = np.repeat(np.arange(n), np.diff(log.offsets))
    mask = np.zeros((n, n_slots), dtype=np.bool_)
    mask[row, slots] = True
    actions = np.zeros((n, n_slots, log.actions.shape[1]), dtype=np.float32)
    actions[row, slots] = log.actions
    after, _ = Horizon().following(log)
    ends = after < 0
    known = ~np.isnan(log.reward)
    known[ends] = True  # a day has to end
    lived = np.argsort(log.at, kind="stable")
    lived = lived[known[lived]]
    reward = np.nan_to_num(log.reward, nan=0.0) * _REWARD_SCALE
    return {
        "observations": flat_rows(log.context, actions, mask, scale)[lived],
        "actions": slots[log.offsets[:-1] + log.chosen][lived],
        "rewards": reward[lived].astype(np.float32),
        "terminals": ends[lived].astype(np.float32),
    }


def slots_of(log: DecisionLog) -> Ints:
    """The slot of every offered action, (m,)."""
    fixed = {kind: slot for slot, kind in enumerate(FIXED_ACTIONS)}
    names, place = np.unique(log.action_ids.astype(str), return_inverse=True)
    numbers = [
        fixed[name] if name in fixed else FIRST_EMPLOYEE + int(name.rpartition("-")[2])
        for name in names.tolist()
    ]
    return np.array(numbers, dtype=np.int64)[place]


@dataclass(frozen=True, slots=True, eq=False)
class SlotValues:
    """All probability on the eligible slot of most value."""

    net: Any
    scale: Normalisation
    n_slots: int
    name: str
    version: str = "unsaved"

    def probabilities(self, context: Context, actions: ActionSet) -> Floats:
        """The probability of each action, (k,)."""
        return one_row(self, context, actions)

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        """(B, d), (B, A, p), (B, A) → (B, A), zero where masked."""
        n = mask.shape[1]
        rows = flat_rows(context, *in_slots(actions, mask, self.n_slots), self.scale)
        with th.no_grad():
            values = self.net(th.from_numpy(rows)).q_value.numpy().astype(np.float64)
        return best_of(values[:, :n], mask)
