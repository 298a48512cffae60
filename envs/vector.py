"""B contact centres side by side: the native face that training, evaluation and logging use."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from envs import kernel, rng
from envs.config import CentreConfig, coefficients
from envs.jit import njit
from envs.observe import observe
from envs.outcomes import occasion
from envs.records import COMPONENTS, FIGURES, WAIT, Centre, Table, column, table
from envs.state import FIRST_EMPLOYEE, State, allocate
from nba.errors import CapacityError, InputError
from nba.listen.objective import Objective
from nba.seeding import text_key
from nba.types import Bools, Floats, Floats32, Ints


class ContactCentreVector:
    """B independent centres; each step decides one pending contact in every one of them.

    Centre b is site `first_site + b` of the seed; its first day is `first_site + b` too, so that
    weekdays are spread, and the days that follow are numbered on. Sites, days, customers and
    their luck depend on the seed alone, never on B or on the actions. `expected_reward` pays
    expected values when they are decided: less noise, for training only.
    """

    def __init__(
        self,
        config: CentreConfig,
        n_centres: int,
        seed: int,
        *,
        objective: Objective | None = None,
        first_site: int = 0,
        stagger: bool = False,
        expected_reward: bool = False,
        log: bool = False,
    ) -> None:
        self.config = config
        self.n_centres = n_centres
        self.objective = objective or Objective()
        self.n_actions = FIRST_EMPLOYEE + config.n_employees
        self._first_site = first_site
        self._stagger = stagger
        decisions = int(config.contacts_per_day * 4 + 500) if log else 1
        self.state: State = allocate(
            config, n_centres, self.objective, decisions=decisions, expects=expected_reward
        )
        self._c = coefficients(config)
        column(self.state.centre, "site_key")[:] = [
            text_key("site", str(seed), str(first_site + b)) for b in range(n_centres)
        ]
        self.keys: NDArray[np.uint64] = np.zeros(n_centres, dtype=np.uint64)
        self._reward: Floats = np.zeros(n_centres)
        self._dt: Floats = np.zeros(n_centres)
        self._done: Bools = np.zeros(n_centres, dtype=np.bool_)
        # The centres' rows as they stood when their last day ended.
        self._closed: Table[Centre] = table(Centre, n_centres)

    def reset(self) -> None:
        """Start every centre's first day at opening, or spread over the day with `stagger`."""
        for b in range(self.n_centres):
            start = 0.0
            if self._stagger:
                start = self.config.day_s * 0.95 * b / self.n_centres
            day = self._first_site + b
            self._check(_begin(self.state, self._c, b, day, start, self.config.day_s))
        self._write_keys()

    def observe(self) -> tuple[Floats32, Floats32, Bools]:
        """Context (B, d), actions (B, A, p) and mask (B, A): views, rewritten by each step."""
        return self.state.context, self.state.actions, self.state.mask

    def step(self, chosen: Ints) -> tuple[Floats, Floats, Bools]:
        """Apply one action per centre; reward (B,) EUR, elapsed time (B,) s, day over (B,).

        A centre whose day is over stands at its next day's first contact; that day's figures and
        totals are in `day_figures()` and `day_components()`; its open contacts are settled.
        Raises InputError for an illegal action, CapacityError when a customer finds no slot.
        """
        legal = self.state.mask[np.arange(self.n_centres), chosen]
        if not legal.all():
            b = int(np.flatnonzero(~legal)[0])
            raise InputError(f"action {int(chosen[b])} is not legal in centre {b}; see its mask")
        code = _step(
            self.state, self._c, chosen, self.config.day_s, self._reward,
            self._dt, self._done, self._closed,
        )  # fmt: skip
        self._check(code)
        self._write_keys()
        return self._reward, self._dt, self._done

    def day_components(self) -> Mapping[str, Floats]:
        """Outcome components (B,) of the day that ended last in each centre."""
        totals = column(self._closed, "totals")
        return {name: totals[:, i].astype(np.float64) for i, name in enumerate(COMPONENTS)}

    def day_figures(self) -> Mapping[str, Floats]:
        """Counts and seconds (B,) of the day that ended last in each centre."""
        return {name: column(self._closed, name).astype(np.float64) for name in FIGURES}

    def _write_keys(self) -> None:
        _decision_keys(self.state, self.keys)

    def _check(self, code: int) -> None:
        if code == kernel.FULL:
            raise CapacityError(
                f"more than {self.state.customer.shape[1]} contacts are open in a centre, or more "
                f"than {self.state.arrival.shape[1]} arrive in a day; the load of "
                f"{self.config.contacts_per_day:g} contacts is too high for "
                f"{self.config.n_employees} employees"
            )


@njit
def _begin(s: State, c: CentreConfig, b: int, day: int, start: float, day_end: float) -> int:
    """Start a day and run to its first decision; a day without any is followed by the next."""
    while True:
        if not kernel.start_day(s, c, b, day, start):
            return kernel.FULL
        code = kernel.advance(s, c, b, day_end)
        if code != kernel.DAY_OVER:
            if code == kernel.DECISION:
                observe(s, c, b)
            return code
        day += 1
        start = 0.0


@njit
def _step(
    s: State, c: CentreConfig, chosen: Ints, day_end: float, reward: Floats,
    dt: Floats, done: Bools, closed: Table[Centre],
) -> int:  # fmt: skip
    weights = s.fixed[0].weights
    before = np.empty(weights.shape[0])
    for b in range(chosen.shape[0]):
        centre = s.centre[b]
        started = centre.now
        before[:] = centre.totals
        centre.credited = 0.0
        kernel.act(s, c, b, chosen[b])
        code = kernel.advance(s, c, b, day_end)
        if code == kernel.FULL:
            return code
        over = code == kernel.DAY_OVER
        if s.fixed[0].expects:
            # Waiting is paid as it happens; everything else when it is decided.
            reward[b] = centre.credited + weights[WAIT] * (centre.totals[WAIT] - before[WAIT])
        else:
            reward[b] = (weights * (centre.totals - before)).sum()
            if over:
                reward[b] += c.open_contact_eur * centre.still_open
        dt[b] = centre.now - started
        done[b] = over
        if over:
            closed[b] = centre
            code = _begin(s, c, b, centre.day + 1, 0.0, day_end)
            if code == kernel.FULL:
                return code
        else:
            observe(s, c, b)
    return kernel.DECISION


@njit
def _decision_keys(s: State, keys: NDArray[np.uint64]) -> None:
    for b in range(keys.shape[0]):
        centre = s.centre[b]
        keys[b] = rng.mix(occasion(centre.day_key, s.customer[b, centre.pending]))
