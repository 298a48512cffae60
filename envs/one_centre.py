"""One simulated centre behind a Gymnasium face: its spaces, and what it shows of itself."""

from typing import Any

import gymnasium
import numpy as np

from envs.config import CentreConfig
from envs.records import COMPONENTS, column
from envs.spaces import (
    Flags,
    LegalActions,
    Observation,
    closing_observation,
    observation_space,
)
from envs.state import FIRST_EMPLOYEE, QUEUE
from envs.vector import ContactCentreVector
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.objective import Objective


class OneCentre:
    """A centre that starts any day of any site, with observations of one size.

    The size is that of the configuration it is made with; a smaller roster is padded with rows
    of zeros that are never legal.
    """

    def __init__(
        self,
        config: CentreConfig,
        *,
        objective: Objective | None = None,
        expected_reward: bool = False,
    ) -> None:
        self.config = config
        self.n_actions = FIRST_EMPLOYEE + config.n_employees
        self.objective = objective or Objective()
        self.over = True  # the episode
        self.closed = False  # the day whose tables these are
        self._expected = expected_reward
        self._legal: Flags = np.zeros(self.n_actions, dtype=np.int8)
        self._legal[QUEUE] = 1
        self._rows = (self.n_actions, len(CONTACT_CENTRE.action_names))
        self.observation_space = observation_space(self.n_actions)
        self.action_space = LegalActions(self._legal)
        self._vector: ContactCentreVector | None = None

    def start(self, config: CentreConfig, seed: int, site: int, day: int) -> ContactCentreVector:
        """Put the centre at the first decision of a day; InputError for too large a roster."""
        if config.n_employees > self.config.n_employees:
            raise InputError(
                f"the day has {config.n_employees} employees and the environment was made for "
                f"{self.config.n_employees}; make it with the larger roster"
            )
        if self._vector is None or self._vector.config != config:
            self._vector = ContactCentreVector(
                config, 1, seed, objective=self.objective, expected_reward=self._expected
            )
            totals = column(self._vector.state.centre, "totals")
            self._totals, self._before = totals[0], column(self._vector.state.centre, "old_totals")
        self._vector.place(seed, (site,), (day,))
        self._vector.reset()
        self.over = self.closed = False
        return self._vector

    def vector(self) -> ContactCentreVector:
        """The running centre; ResetNeeded when there is none."""
        if self._vector is None or self.over:
            raise gymnasium.error.ResetNeeded("the episode is over or not begun; call reset()")
        return self._vector

    def last(self) -> ContactCentreVector:
        """The centre as it is, be the day over or not; ResetNeeded before the first reset."""
        if self._vector is None:
            raise gymnasium.error.ResetNeeded("nothing has begun; call reset()")
        return self._vector

    def masks(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which actions are legal now, (A,)."""
        return self._legal.astype(np.bool_)

    def observation(self) -> Observation:
        """A copy of what is seen of the pending contact."""
        context, actions, mask = self.vector().observe()
        legal, n = self._legal, mask.shape[1]
        if n == self.n_actions:
            legal[:] = mask[0]
            rows = actions[0].copy()
        else:
            legal[:n], legal[n:] = mask[0], 0
            rows = np.zeros(self._rows, dtype=np.float32)
            rows[:n] = actions[0]
        return {"context": context[0].copy(), "actions": rows, "mask": legal.copy()}

    def closing(self, day: int, *, closed: bool) -> Observation:
        """What is seen when the episode is over: nobody, nothing but the shared queue.

        `closed` says that the tables have gone on to the next day.
        """
        self.over, self.closed = True, closed
        last = closing_observation(self.last().config, self.n_actions, day)
        self._legal[:] = last["mask"]
        return last

    def step_components(self, done: bool) -> dict[str, float]:
        """Outcome components of the last step, in their own units."""
        totals = self._totals
        if done:
            ended = self.last().day_components()
            totals = np.array([ended[name][0] for name in COMPONENTS])
        return dict(zip(COMPONENTS, (totals - self._before[0]).tolist(), strict=True))
