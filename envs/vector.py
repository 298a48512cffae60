"""B contact centres side by side: the native face that training, evaluation and logging use."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, cast

import numpy as np

from envs import kernel
from envs.config import CentreConfig, coefficients
from envs.crew import Crew
from envs.jit import entry
from envs.records import COMPONENTS, FIGURES, Centre, Result, Table, column, table
from envs.state import FIRST_EMPLOYEE, State, allocate
from envs.step import begin, decision_keys, first_illegal, step
from envs.truth import true_values
from nba.errors import CapacityError, InputError
from nba.listen.objective import Objective
from nba.seeding import text_key
from nba.types import Bools, Floats, Floats32, Ints


class ContactCentreVector:
    """B independent centres; each step decides one pending contact in every one of them.

    Centre b is site `first_site + b` of the seed; its first day is `first_site + b` too, so that
    weekdays are spread, and the days that follow are numbered on; `sites` and `days` say otherwise.
    Sites, days, customers and their luck depend on the seed alone, never on B or on the actions.
    `expected_reward` pays expected values when they are decided: less noise, for training only.
    With `threads` above one the centres are stepped side by side; the numbers are the same.
    """

    def __init__(
        self,
        config: CentreConfig,
        n_centres: int,
        seed: int,
        *,
        objective: Objective | None = None,
        first_site: int = 0,
        sites: Sequence[int] | None = None,
        days: Sequence[int] | None = None,
        stagger: bool = False,
        expected_reward: bool = False,
        log: bool = False,
        threads: int = 1,
    ) -> None:
        if n_centres < 1 or threads < 1:
            raise InputError(
                f"n_centres is {n_centres} and threads {threads}; both must be 1 or more"
            )
        self.config = config
        self.n_centres = n_centres
        self.objective = objective or Objective()
        self.n_actions = FIRST_EMPLOYEE + config.n_employees
        self.sites = tuple(range(first_site, first_site + n_centres)) if sites is None else sites
        self.days = self.sites if days is None else days
        if len(self.sites) != n_centres or len(self.days) != n_centres:
            raise InputError(
                f"{len(self.sites)} sites and {len(self.days)} days for {n_centres} centres; "
                "give one of each per centre"
            )
        self._stagger = stagger
        decisions = int(config.contacts_per_day * 4 + 500) if log else 1
        self.state: State = allocate(
            config, n_centres, self.objective, decisions=decisions, expects=expected_reward
        )
        self.place(seed, self.sites, self.days)
        column(self.state.centre, "focal")[:] = -1
        self.coefficients = coefficients(config)
        # The centres' rows as they stood when their last day ended.
        self._closed: Table[Centre] = table(Centre, n_centres)
        self._chosen: Ints = np.zeros(n_centres, dtype=np.int64)
        self._result = table(Result, n_centres)
        self._reward = column(self._result, "reward").view(np.float64)
        self._dt = column(self._result, "dt").view(np.float64)
        self._done = column(self._result, "done").view(np.bool_)
        self.keys = column(self._result, "key").view(np.uint64)
        self._prepare(threads)

    def _prepare(self, threads: int) -> None:
        """Find the compiled step once, and deal the centres out to the threads."""
        edges = np.linspace(0, self.n_centres, threads + 1).astype(int).tolist()
        parts = [
            (
                self.state, self.coefficients, self._chosen, first, last, self.config.day_s,
                self._result, self._closed,
            )
            for first, last in pairwise(edges)
        ]  # fmt: skip
        self._crew = Crew(entry(step, parts[0]), parts)
        self._first_illegal = entry(first_illegal, (self.state.mask, self._chosen))

    def place(self, seed: int, sites: Sequence[int], days: Sequence[int]) -> None:
        """Put the centres at other sites and days of a seed; the next reset starts them there."""
        self.sites, self.days = sites, days
        column(self.state.centre, "site_key")[:] = [
            text_key("site", str(seed), str(site)) for site in sites
        ]

    def reset(self) -> None:
        """Start every centre's first day at opening, or spread over the day with `stagger`."""
        self.state.actions[:] = 0.0  # a bot's row keeps what was seen when it was last legal
        for b in range(self.n_centres):
            start = 0.0
            if self._stagger:
                start = self.config.day_s * 0.95 * b / self.n_centres
            day = self.days[b]
            code = begin(self.state, self.coefficients, b, day, start, self.config.day_s)
            self._check(code)
        decision_keys(self.state, self._result)

    def observe(self) -> tuple[Floats32, Floats32, Bools]:
        """Context (B, d), actions (B, A, p) and mask (B, A): views, rewritten by each step."""
        return self.state.context, self.state.actions, self.state.mask

    def step(self, chosen: Ints) -> tuple[Floats, Floats, Bools]:
        """Apply one action per centre; reward (B,) EUR, elapsed time (B,) s, day over (B,).

        A centre whose day is over stands at its next day's first contact; that day's figures and
        totals are in `day_figures()` and `day_components()`; its open contacts are settled.
        Raises InputError for an illegal action, CapacityError when a customer finds no slot.
        """
        self._chosen[:] = chosen
        b = self._first_illegal(self.state.mask, self._chosen)
        if b >= 0:
            raise InputError(
                f"action {int(self._chosen[b])} is not legal in centre {b}; see its mask"
            )
        code = self._crew.run()
        self._check(code)
        return self._reward, self._dt, self._done

    def arrays(self) -> list[np.ndarray[Any, Any]]:
        """Every array that a step reads or writes, live: copied back, the centres go on as then."""
        tables = (*self.state, self._result, self._closed)
        return [cast("np.ndarray[Any, Any]", rows) for rows in tables]

    def true_values(self) -> Floats:
        """True expected EUR (B, A) of each action now, −inf where illegal: for oracles only."""
        values = np.empty((self.n_centres, self.n_actions))
        true_values(self.state, self.coefficients, values)
        return values

    def so_far(self) -> Mapping[str, Floats]:
        """Contacts and outcome components (B,) of the day that is under way in each centre."""
        totals = column(self.state.centre, "totals")
        found = {name: totals[:, i].astype(np.float64) for i, name in enumerate(COMPONENTS)}
        return {**found, "arrivals": column(self.state.centre, "arrivals").astype(np.float64)}

    def set_objective(self, objective: Objective) -> None:
        """Pay by another objective from the next step on: what a Lagrange multiplier changes."""
        self.objective = objective
        prices = [objective.weights.get(name, 0.0) for name in COMPONENTS]
        column(self.state.fixed, "weights")[:] = prices

    def day_components(self) -> Mapping[str, Floats]:
        """Outcome components (B,) of the day that ended last in each centre."""
        totals = column(self._closed, "totals")
        return {name: totals[:, i].astype(np.float64) for i, name in enumerate(COMPONENTS)}

    def day_figures(self) -> Mapping[str, Floats]:
        """Counts and seconds (B,) of the day that ended last in each centre."""
        return {name: column(self._closed, name).astype(np.float64) for name in FIGURES}

    def _check(self, code: int) -> None:
        if code == kernel.FULL:
            raise CapacityError(
                f"more than {self.state.customer.shape[1]} contacts are open in a centre, or more "
                f"than {self.state.arrival.shape[1]} arrive in a day; the load of "
                f"{self.config.contacts_per_day:g} contacts is too high for "
                f"{self.config.n_employees} employees"
            )
