"""One customer's day as a Gymnasium environment: a view on the contact centre's kernel."""

import operator
from typing import Any

import gymnasium
import numpy as np

from envs.config import CentreConfig
from envs.day_options import made_config, read_options
from envs.jit import entry
from envs.journey_step import ASKED, DAY_OVER, FULL, NOBODY, begin_journey, step_journey
from envs.one_centre import OneCentre
from envs.records import COMPONENTS, column
from envs.render import RENDER_MODES, render
from envs.spaces import Observation
from envs.vector import ContactCentreVector
from nba.errors import CapacityError, InputError
from nba.listen.objective import Objective
from nba.types import Bools

OPTIONS = ("scenario", "config", "site", "day", "customer")


class CustomerJourney(gymnasium.Env[Observation, np.int64]):
    """Each step decides for one focal customer, among all the others of a day.

    The others go to the shared queue; whoever of them gave up is left alone. Observation and
    actions are those of `ContactCentre`. Reward: EUR of the focal customer alone since the last
    decision, `reward_components` weighted, and `terminal_value` where the journey stays open.
    Terminated when the contact has ended for good today; truncated when the day ends before.
    The same seed brings the same customer, who meets the same luck under any action.
    """

    metadata = {"render_modes": RENDER_MODES, "render_fps": 4}  # noqa: RUF012 Gymnasium's own form

    def __init__(
        self,
        preset: str = "bank",
        *,
        config: CentreConfig | None = None,
        scenario: str = "normal",
        objective: Objective | None = None,
        render_mode: str | None = None,
    ) -> None:
        self.config = made_config(preset, config, scenario)
        self.render_mode = render_mode
        self._centre = OneCentre(self.config, objective=objective)
        self.observation_space = self._centre.observation_space
        self.action_space = self._centre.action_space
        weights = self._centre.objective.weights
        self._weights = np.array([weights.get(name, 0.0) for name in COMPONENTS])
        self._parts = np.zeros(len(COMPONENTS) + 1)
        self._day = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Run a day up to a customer's arrival; site, day and customer are drawn unless given.

        Options: scenario, config (at most as many employees), site, day (day % 5: the weekday),
        customer (the day's arrival number).
        """
        super().reset(seed=seed)
        wanted = read_options(options, OPTIONS)
        config = wanted.config_of(self.config)
        site, self._day = wanted.site_and_day(config, self.np_random)
        vector = self._centre.start(config, self.np_random_seed or 0, site, self._day)
        number = -1 if wanted.customer is None else wanted.customer
        code = begin_journey(vector.state, vector.coefficients, self._day, number, config.day_s)
        if code != ASKED:
            self._centre.closing(self._day, closed=False)
            _refuse(code, vector, number)
        centre = column(vector.state.centre, "focal")
        info = {"site": site, "day": self._day, "customer": int(centre[0])}
        self._step = entry(step_journey, self._arguments(vector, 0))
        return self._centre.observation(), info

    def step(self, action: np.int64) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Apply an action to the focal customer's contact; InputError for an illegal one."""
        vector = self._centre.vector()
        chosen = operator.index(action)
        mask = vector.observe()[2][0]
        if not 0 <= chosen < len(mask) or not mask[chosen]:
            raise InputError(f"action {chosen} is not legal; see the mask")
        now = column(vector.state.centre, "now")
        started = now[0].item()
        code = self._step(*self._arguments(vector, chosen))
        if code == FULL:
            _refuse(code, vector, chosen)
        parts = self._parts[:-1]
        reward = float(self._weights @ parts)
        info: dict[str, Any] = {
            "dt": now[0].item() - started,
            "reward_components": dict(zip(COMPONENTS, parts.tolist(), strict=True)),
        }
        if code == ASKED:
            return self._centre.observation(), reward, False, False, info
        value = vector.config.open_contact_eur * self._parts[-1].item()
        info["terminal_value"] = value
        truncated = code == DAY_OVER
        return (
            self._centre.closing(self._day, closed=False),
            reward + value,
            not truncated,
            truncated,
            info,
        )

    def action_masks(self) -> Bools:
        """Which actions are legal now, (A,)."""
        return self._centre.masks()

    def render(self) -> Any:  # noqa: ANN401 text or picture, as the render mode says
        """The centre now: some lines of text, or a picture (H, W, 3)."""
        return render(self.render_mode, self._centre, self._day)

    def _arguments(self, vector: ContactCentreVector, action: int) -> tuple[object, ...]:
        return (vector.state, vector.coefficients, action, vector.config.day_s, self._parts)


def _refuse(code: int, vector: ContactCentreVector, number: int) -> None:
    """Raise what went wrong at a journey's beginning or within it."""
    if code == NOBODY:
        n = int(column(vector.state.centre, "n_arrivals")[0])
        raise InputError(f"customer is {number} and the day has {n} arrivals; name a smaller one")
    raise CapacityError(
        f"the load of {vector.config.contacts_per_day:g} contacts is too high for "
        f"{vector.config.n_employees} employees"
    )
