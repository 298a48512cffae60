"""stable-baselines3's MaskablePPO with a flat net: all that is seen in one row, one logit per slot.

It gets the scorer's decisions and batches, a learning rate tuned for it, the same standardised rows
and the same expected rewards; the rest is the library's own. The net is made for this number of
employees.
Source: Huang, Ontañón 2022 (masks).
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch as th
from gymnasium import spaces
from sb3_contrib import MaskablePPO
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from envs.vector import ContactCentreVector
from experiments.benchmark.quality.protocol import Place
from experiments.learned import exploring_log
from experiments.masked_batch import MaskedBatch
from experiments.vec_env import Normalisation
from nba.act.policy import one_row
from nba.errors import InputError
from nba.types import ActionSet, Bools, Context, Floats, Floats32, Ints, Policy

_GAMMA: Final = 0.97  # per decision: the library has no clock
# At first, then falling to a twentieth. On the bank at peak load, outside of all test days, 3e-4
# earned 0.92, 1e-3 1.04 and 3e-3 0.87 EUR per contact.
_RATE: Final = 1e-3
_NET: Final = (64, 64)  # the library's own shape


def flat_ppo(_: str, place: Place) -> Policy:
    """The flat policy after as many decisions as the scorer's training takes."""
    th.set_num_threads(1)
    config = place.training()
    scale = Normalisation.of_log(exploring_log(place.centre, place.schooling()))
    vector = ContactCentreVector(
        place.centre, config.n_envs, place.seeds.training, stagger=True, expected_reward=True
    )
    vector.reset()
    first, last = _RATE, _RATE / 20
    learner = MaskablePPO(
        "MlpPolicy",
        _FlatCentres(vector, scale, config.reward_scale),
        learning_rate=lambda left: last + (first - last) * left,
        n_steps=config.rollout_steps,
        batch_size=config.batch_size,
        n_epochs=config.epochs,
        gamma=_GAMMA,
        gae_lambda=config.gae_lambda,
        ent_coef=config.entropy_weight,
        policy_kwargs={"net_arch": list(_NET)},
        seed=config.seed,
        device="cpu",
    )
    learner.set_logger(Logger(folder=None, output_formats=[]))
    learner.learn(config.total_steps)
    return FlatPolicy(learner, scale)


def flat_rows(context: Floats32, actions: Floats32, mask: Bools, scale: Normalisation) -> Floats32:
    """Context, action rows (zero where masked) and mask side by side, (B, d + A · p + A)."""
    rows = scale.actions(actions) * mask[:, :, None]
    parts = scale.context(context), rows.reshape(len(mask), -1), mask.astype(np.float32)
    return np.concatenate(parts, axis=1)


def in_slots(actions: Floats32, mask: Bools, slots: int) -> tuple[Floats32, Bools]:
    """Actions and mask of a net for so many slots: employees who are missing are never open.

    Raises InputError if there are more than that.
    """
    absent = slots - mask.shape[1]
    if absent < 0:
        raise InputError(
            f"there are {mask.shape[1]} slots; the flat net was made for {slots}: train it anew"
        )
    return np.pad(actions, ((0, 0), (0, absent), (0, 0))), np.pad(mask, ((0, 0), (0, absent)))


@dataclass(frozen=True, slots=True, eq=False)
class FlatPolicy:
    """The learner's masked distribution over the slots."""

    learner: MaskablePPO
    scale: Normalisation
    name: str = "flat_ppo"
    version: str = "unsaved"

    def probabilities(self, context: Context, actions: ActionSet) -> Floats:
        """The probability of each action, (k,)."""
        return one_row(self, context, actions)

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        """(B, d), (B, A, p), (B, A) → (B, A), zero where masked."""
        n, slots = mask.shape[1], int(self.learner.action_space.n)  # type: ignore[attr-defined]  # it is Discrete
        actions, mask = in_slots(actions, mask, slots)
        rows = th.from_numpy(flat_rows(context, actions, mask, self.scale))
        with th.no_grad():
            given: Any = self.learner.policy.get_distribution(rows, action_masks=mask)
        shares = given.distribution.probs.numpy().astype(np.float64) * mask
        return np.asarray((shares / shares.sum(axis=1, keepdims=True))[:, :n])


class _FlatCentres(MaskedBatch):
    """The centres as the library's flat net sees them."""

    def __init__(
        self, vector: ContactCentreVector, scale: Normalisation, reward_scale: float
    ) -> None:
        self._vector, self._scale, self._reward_scale = vector, scale, reward_scale
        self._chosen: Ints = np.zeros(vector.n_centres, dtype=np.int64)
        self._mask: Bools = vector.observe()[2].copy()
        self._infos: list[dict[str, Any]] = [{} for _ in range(vector.n_centres)]
        width = self._observe().shape[1]
        space = spaces.Box(-np.inf, np.inf, (width,), np.float32)
        super().__init__(vector.n_centres, space, spaces.Discrete(self._mask.shape[1]))

    def reset(self) -> Floats32:
        """Start every centre over."""
        self._vector.reset()
        return self._observe()

    def step_async(self, actions: np.ndarray[Any, Any]) -> None:
        """Remember the chosen slots; `step_wait` acts."""
        self._chosen = actions.astype(np.int64)

    def step_wait(self) -> VecEnvStepReturn:
        """Observation, reward in the learner's unit, whether the day ended, and empty infos."""
        reward, _, done = self._vector.step(self._chosen)
        paid = (reward * self._reward_scale).astype(np.float32)
        return self._observe(), paid, done.copy(), self._infos

    def action_masks(self) -> Bools:
        """Which slots hold a legal action, (B, A)."""
        return self._mask.copy()

    def _observe(self) -> Floats32:
        context, actions, mask = self._vector.observe()
        self._mask = mask.copy()
        return flat_rows(context, actions, mask, self._scale)
