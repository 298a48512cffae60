"""One contact centre as a Gymnasium environment: an episode is one operating day."""

import operator
from typing import Any

import gymnasium
import numpy as np

from envs.config import CentreConfig
from envs.day_options import made_config, read_options
from envs.evaluate_days import day_key_figures
from envs.one_centre import OneCentre
from envs.render import RENDER_MODES, render
from envs.spaces import Observation
from nba.listen.objective import Objective
from nba.types import Bools, Ints

OPTIONS = ("scenario", "config", "site", "day")


class ContactCentre(gymnasium.Env[Observation, np.int64]):
    """Each step decides the contact that needs an action; illegal actions are refused.

    Observation: `context` (d,), `actions` (A, p) and `mask` (A,). Reward: EUR since the last
    decision. `info` has `dt` (s), `decision_key`, and `reward_components`, whose weighted sum is
    the reward. The day's end truncates; the reward then has in it `terminal_value` (EUR of
    contacts still open), and `info` the day's `day_figures` and `key_figures`. With
    `expected_reward` the components are still what happened, and do not sum up to the reward.
    """

    metadata = {"render_modes": RENDER_MODES, "render_fps": 4}  # noqa: RUF012 Gymnasium's own form

    def __init__(
        self,
        preset: str = "bank",
        *,
        config: CentreConfig | None = None,
        scenario: str = "normal",
        objective: Objective | None = None,
        expected_reward: bool = False,
        render_mode: str | None = None,
    ) -> None:
        self.config = made_config(preset, config, scenario)
        self.render_mode = render_mode
        self._centre = OneCentre(self.config, objective=objective, expected_reward=expected_reward)
        self.observation_space = self._centre.observation_space
        self.action_space = self._centre.action_space
        self._chosen: Ints = np.zeros(1, dtype=np.int64)
        self._earned = 0.0
        self._day = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start a day of a site, drawn unless `options` name them, of the seed's sites.

        Options: scenario, config (at most as many employees), site, day (day % 5: the weekday).
        """
        super().reset(seed=seed)
        wanted = read_options(options, OPTIONS)
        config = wanted.config_of(self.config)
        site, self._day = wanted.site_and_day(config, self.np_random)
        vector = self._centre.start(config, self.np_random_seed or 0, site, self._day)
        self._earned = 0.0
        info = {"site": site, "day": self._day, "decision_key": vector.keys[0]}
        return self._centre.observation(), info

    def step(self, action: np.int64) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Apply an action to the pending contact; InputError for an illegal one."""
        centre = self._centre
        vector = centre.vector()
        self._chosen[0] = operator.index(action)
        rewards, dt, done = vector.step(self._chosen)
        reward, over = rewards.item(), done.item()
        self._earned += reward
        info: dict[str, Any] = {
            "dt": dt.item(),
            "reward_components": centre.step_components(over),
        }
        if over:
            info |= self._day_info()
            return centre.closing(self._day, closed=True), reward, False, True, info
        info["decision_key"] = vector.keys[0]
        return centre.observation(), reward, False, False, info

    def action_masks(self) -> Bools:
        """Which actions are legal now, (A,)."""
        return self._centre.masks()

    def render(self) -> Any:  # noqa: ANN401 text or picture, as the render mode says
        """The centre now: some lines of text, or a picture (H, W, 3)."""
        return render(self.render_mode, self._centre, self._day)

    def _day_info(self) -> dict[str, Any]:
        vector = self._centre.vector()
        figures = {**vector.day_components(), **vector.day_figures()}
        key = day_key_figures(vector.config, np.array([self._earned]), figures)
        return {
            "terminal_value": vector.config.open_contact_eur * figures["still_open"].item(),
            "day_figures": {name: values.item() for name, values in figures.items()},
            "key_figures": {name: values.item() for name, values in key.items()},
        }
