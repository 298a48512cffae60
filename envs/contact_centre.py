"""One contact centre as a Gymnasium environment: an episode is one operating day."""

from typing import Any, cast

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from envs.config import CentreConfig
from envs.presets import preset
from envs.state import QUEUE
from envs.vector import ContactCentreVector
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import Bools

Observation = dict[str, NDArray[Any]]


class ContactCentre(gymnasium.Env[Observation, np.int64]):
    """Each step decides the contact that needs an action; illegal actions are refused.

    Observation: `context` (d,), `actions` (A, p) and `mask` (A,). Reward: EUR since the last
    decision. `info` has `dt` (s), and at the day's end `reward_components` (their weighted sum is
    the day's reward without `terminal_value`) and `terminal_value` (EUR of contacts still open).
    The day's end truncates: the observation is then zero with only the shared queue legal.
    """

    metadata = {"render_modes": ["ansi"]}  # noqa: RUF012 Gymnasium's own form

    def __init__(
        self, config: CentreConfig | str = "bank", *, render_mode: str | None = None
    ) -> None:
        self.config = preset(config) if isinstance(config, str) else config
        self.render_mode = render_mode
        n_actions = QUEUE + 1 + self.config.n_employees
        d, p = len(CONTACT_CENTRE.context_names), len(CONTACT_CENTRE.action_names)
        self.action_space = spaces.Discrete(n_actions)
        self._spaces: dict[str, spaces.Space[Any]] = {
            "context": spaces.Box(-np.inf, np.inf, (d,), np.float32),
            "actions": spaces.Box(-np.inf, np.inf, (n_actions, p), np.float32),
            "mask": spaces.MultiBinary(n_actions),
        }
        self.observation_space = cast("spaces.Space[Observation]", spaces.Dict(self._spaces))
        self._vector: ContactCentreVector | None = None
        self._over = True

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start a day of a site, both drawn from the seed; there are no options."""
        super().reset(seed=seed)
        site_seed = int(self.np_random.integers(2**31))
        weekday = int(self.np_random.integers(5))
        self._vector = ContactCentreVector(self.config, 1, site_seed, first_site=weekday)
        self._vector.reset()
        self._over = False
        return self._observation(), {}

    def step(self, action: np.int64) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Apply an action to the pending contact."""
        vector = self._running()
        reward, dt, done = vector.step(np.array([action], dtype=np.int64))
        info: dict[str, Any] = {"dt": float(dt[0])}
        if done[0]:
            self._over = True
            components = vector.day_components()
            info["reward_components"] = {name: float(v[0]) for name, v in components.items()}
            still_open = float(vector.day_figures()["still_open"][0])
            info["terminal_value"] = self.config.open_contact_eur * still_open
        return self._observation(), float(reward[0]), False, bool(done[0]), info

    def action_masks(self) -> Bools:
        """Which actions are legal now, (A,)."""
        return self._observation()["mask"].astype(np.bool_)

    def render(self) -> str | None:
        """The centre in a line: time, people busy, customers waiting."""
        if self.render_mode != "ansi":
            return None
        context, actions, mask = self._running().observe()
        hour = float(context[0, 0])
        waiting = round(float(context[0, 3]) * max(1, int(mask[0, QUEUE + 1 :].sum())))
        return (
            f"{int(hour):02d}:{int(hour % 1 * 60):02d}  busy {context[0, 4]:.0%}  "
            f"about {waiting} waiting  {int(mask.sum())} legal actions of {actions.shape[1]}"
        )

    def _running(self) -> ContactCentreVector:
        if self._vector is None or self._over:
            raise gymnasium.error.ResetNeeded("the day is over or not begun; call reset() first")
        return self._vector

    def _observation(self) -> Observation:
        if self._over or self._vector is None:
            empty: Observation = {
                name: np.zeros(space.shape or (), dtype=space.dtype)
                for name, space in self._spaces.items()
            }
            empty["mask"][QUEUE] = 1
            return empty
        context, actions, mask = self._vector.observe()
        return {
            "context": context[0].copy(),
            "actions": actions[0].copy(),
            "mask": mask[0].astype(np.int8),
        }
