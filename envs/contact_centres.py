"""B contact centres as a Gymnasium vector environment: copies, masks, the time that passed."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from envs.config import CentreConfig
from envs.day_options import made_config, read_options
from envs.evaluate_days import day_key_figures
from envs.records import COMPONENTS, column
from envs.spaces import LegalChoices, Observation, closing_observation, observation_space
from envs.state import FIRST_EMPLOYEE
from envs.vector import ContactCentreVector
from nba.listen.objective import Objective
from nba.types import Bools, Floats, Ints


class ContactCentres(VectorEnv[Observation, Ints, np.ndarray[Any, Any]]):
    """Each step decides one contact in every centre; an illegal action anywhere is refused.

    A centre whose day is over goes on with its site's next day in the same step: the day's last
    observation and info are in `final_obs` and `final_info`. `dt` (s) and `reward_components` are
    those of this step in every centre. `stagger` spreads the first days' beginnings over the day.
    """

    metadata = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": []}  # noqa: RUF012 Gymnasium's own form

    def __init__(
        self,
        num_envs: int = 1,
        preset: str = "bank",
        *,
        config: CentreConfig | None = None,
        scenario: str = "normal",
        objective: Objective | None = None,
        expected_reward: bool = False,
        stagger: bool = False,
        threads: int = 1,
    ) -> None:
        self.config = made_config(preset, config, scenario)
        self.num_envs = num_envs
        self._vector = ContactCentreVector(
            self.config,
            num_envs,
            0,
            objective=objective,
            expected_reward=expected_reward,
            stagger=stagger,
            threads=threads,
        )
        n_actions = FIRST_EMPLOYEE + self.config.n_employees
        self.single_observation_space = observation_space(n_actions)
        self.single_action_space = spaces.Discrete(n_actions)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = LegalChoices(num_envs, n_actions, lambda: self._vector.observe()[2])
        self._running = False
        self._earned = np.zeros(num_envs)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start centre b on day b of the seed's site b; without a seed, of one that is drawn."""
        super().reset(seed=seed)
        read_options(options, ())
        drawn = int(self.np_random.integers(2**31)) if seed is None else seed
        sites = range(self.num_envs)
        self._vector.place(drawn, sites, sites)
        self._vector.reset()
        self._running = True
        self._earned[:] = 0.0
        return self._observation(), self._known({"decision_key": self._vector.keys.copy()})

    def step(self, actions: Ints) -> tuple[Observation, Floats, Bools, Bools, dict[str, Any]]:
        """Apply one action per centre, (B,)."""
        if not self._running:
            raise gymnasium.error.ResetNeeded("no day has begun; call reset()")
        days = column(self._vector.state.centre, "day").astype(np.int64)
        reward, dt, done = self._vector.step(np.asarray(actions))
        self._earned += reward
        parts = self._components(done)
        info = self._known(
            {
                "dt": dt.copy(),
                "reward_components": self._known(parts),
                "decision_key": self._vector.keys.copy(),
            }
        )
        if done.any():
            info |= self._final(done, days, dt, parts)
        never = np.zeros(self.num_envs, dtype=np.bool_)
        return self._observation(), reward.copy(), never, done.copy(), info

    def action_masks(self) -> Bools:
        """Which actions are legal now, (B, A)."""
        return self._vector.observe()[2].copy()

    def _known(self, values: dict[str, Any]) -> dict[str, Any]:
        """Infos of all centres in Gymnasium's form: beside each a mask of who has it."""
        masks = {f"_{name}": np.ones(self.num_envs, dtype=np.bool_) for name in values}
        return {**values, **masks}

    def _observation(self) -> Observation:
        context, actions, mask = self._vector.observe()
        return {"context": context.copy(), "actions": actions.copy(), "mask": mask.astype(np.int8)}

    def _components(self, done: Bools) -> dict[str, Any]:
        """Outcome components of the last step, each (B,)."""
        centre = self._vector.state.centre
        totals = column(centre, "totals").astype(np.float64)
        if done.any():
            ended = self._vector.day_components()
            totals[done] = np.stack([ended[name] for name in COMPONENTS], axis=1)[done]
        rows = (totals - column(centre, "old_totals").astype(np.float64)).T.copy()
        return dict(zip(COMPONENTS, rows, strict=True))

    def _final(self, done: Bools, days: Ints, dt: Floats, parts: dict[str, Any]) -> dict[str, Any]:
        """The ended days' last observations and infos."""
        figures = {**self._vector.day_components(), **self._vector.day_figures()}
        values = {
            "dt": dt.copy(),
            "terminal_value": self.config.open_contact_eur * figures["still_open"],
        }
        ended = {name: rows[done] for name, rows in figures.items()}
        key = day_key_figures(self.config, self._earned[done], ended)
        self._earned[done] = 0.0
        groups = {
            "reward_components": parts,
            "day_figures": figures,
            "key_figures": {name: _spread(rows, done) for name, rows in key.items()},
        }
        last = np.full(self.num_envs, None, dtype=object)
        n_actions = self._vector.n_actions
        for b in np.flatnonzero(done).tolist():
            last[b] = closing_observation(self.config, n_actions, int(days[b]))
        return {
            "final_obs": last,
            "_final_obs": done.copy(),
            "final_info": {
                **_only(values, done),
                **_only({name: _only(group, done) for name, group in groups.items()}, done),
            },
            "_final_info": done.copy(),
        }


def _spread(rows: Floats, done: Bools) -> Floats:
    """The ended days' numbers at their centres' places (B,)."""
    values = np.zeros(len(done))
    values[done] = rows
    return values


def _only(values: dict[str, Any], done: Bools) -> dict[str, Any]:
    """The values where a day ended, zero elsewhere, with masks as Gymnasium wants them."""
    kept = {
        name: value if isinstance(value, dict) else np.where(done, value, 0.0)
        for name, value in values.items()
    }
    return kept | {f"_{name}": done.copy() for name in values}
