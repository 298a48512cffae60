"""The simulated centres as a plain stable-baselines3 VecEnv: observations in their own units.

For training of one's own; `experiments.vec_env` is what this project's own training reads.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from envs.config import CentreConfig
from envs.contact_centres import ContactCentres
from envs.spaces import Observation
from experiments.masked_batch import MaskedBatch
from nba.listen.objective import Objective
from nba.types import Bools, Floats, Floats32, Ints


def make_vec_env(
    preset: str = "bank",
    *,
    scenario: str = "normal",
    n_centres: int = 8,
    seed: int | None = None,
    config: CentreConfig | None = None,
    objective: Objective | None = None,
    expected_reward: bool = False,
    stagger: bool = False,
    threads: int = 1,
) -> "CentresVecEnv":
    """B centres for MaskablePPO("MultiInputPolicy", …), in one native batch.

    `stagger` spreads the first days' beginnings, and so the days' ends, over the day.
    """
    centres = ContactCentres(
        n_centres,
        preset,
        config=config,
        scenario=scenario,
        objective=objective,
        expected_reward=expected_reward,
        stagger=stagger,
        threads=threads,
    )
    return CentresVecEnv(centres, seed)


class CentresVecEnv(MaskedBatch):
    """Dict observations, masks, and infos with `dt`; at a day's end what SB3 wants of it.

    A day's end truncates, so the learner adds the value of `terminal_observation`, an empty centre
    at its close; contacts still open are settled in the reward. `dt` and `paid` (B,) are the last
    step's time and reward, as `experiments.rollout` reads them.
    """

    def __init__(self, centres: ContactCentres, seed: int | None) -> None:
        self.dt: Floats = np.zeros(centres.num_envs)
        self.paid: Floats32 = np.zeros(centres.num_envs, dtype=np.float32)
        self._centres = centres
        self._seed = seed
        self._chosen: Ints = np.zeros(centres.num_envs, dtype=np.int64)
        super().__init__(
            centres.num_envs, centres.single_observation_space, centres.single_action_space
        )

    def reset(self) -> Observation:
        """Start every centre over: the seed's days first, then drawn ones."""
        observation, _ = self._centres.reset(seed=self._seed)
        self._seed = None
        return observation

    def step_async(self, actions: np.ndarray[Any, Any]) -> None:
        """Remember the actions; `step_wait` acts."""
        self._chosen = actions.astype(np.int64)

    def step_wait(self) -> VecEnvStepReturn:
        """Observation, reward (B,), whether the day ended (B,), and an info for each centre."""
        observation, reward, _, done, info = self._centres.step(self._chosen)
        self.dt, self.paid = info["dt"], reward.astype(np.float32)
        infos: list[dict[str, Any]] = [
            {"dt": dt, "TimeLimit.truncated": over}
            for dt, over in zip(self.dt.tolist(), done.tolist(), strict=True)
        ]
        for b in np.flatnonzero(done).tolist():
            ended = info["final_info"]
            infos[b] |= {
                "terminal_observation": info["final_obs"][b],
                "terminal_value": ended["terminal_value"][b].item(),
                **{group: _of_centre(ended[group], b) for group in ("day_figures", "key_figures")},
            }
        return observation, self.paid.copy(), done, infos

    def action_masks(self) -> Bools:
        """Which actions are legal now, (B, A)."""
        return self._centres.action_masks()

    def seed(self, seed: int | None = None) -> list[int | None]:
        """The next reset starts the seed's days."""
        self._seed = seed
        return [seed] * self.num_envs


def _of_centre(values: Mapping[str, np.ndarray[Any, Any]], b: int) -> dict[str, float]:
    """One centre's numbers, without Gymnasium's masks."""
    return {name: rows[b].item() for name, rows in values.items() if not name.startswith("_")}
