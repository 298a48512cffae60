"""Which centre-day an episode plays: a configuration, a site of a seed, and a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from envs import presets, scenarios
from envs.config import CentreConfig
from nba.errors import InputError


@dataclass(frozen=True, slots=True)
class DayOptions:
    """What `reset(options=…)` may say; None is drawn, or as the environment was made."""

    scenario: str | None = None
    config: CentreConfig | None = None
    site: int | None = None
    day: int | None = None  # day % 5 is the weekday
    customer: int | None = None  # of a journey: the day's arrival number

    def config_of(self, made: CentreConfig) -> CentreConfig:
        """The centre to simulate, in the wanted scenario."""
        config = self.config or made
        return config if self.scenario is None else scenarios.scenario(config, self.scenario)

    def site_and_day(self, config: CentreConfig, generator: np.random.Generator) -> tuple[int, int]:
        """The site and the day; those that are not given are drawn, a drift's days all alike."""
        drawn_site = int(generator.integers(2**31))
        drawn_day = int(generator.integers(max(5, round(config.drift_days))))
        return (
            drawn_site if self.site is None else self.site,
            drawn_day if self.day is None else self.day,
        )


def made_config(preset: str, config: CentreConfig | None, scenario: str) -> CentreConfig:
    """The centre that an environment is made with: a preset, or a configuration of one's own."""
    centre = presets.preset(preset) if config is None else config
    return scenarios.scenario(centre, scenario)


def read_options(options: Mapping[str, Any] | None, allowed: tuple[str, ...]) -> DayOptions:
    """The options of a reset; InputError for one that there is not, or of another type.

    >>> read_options({"site": 3}, ("site", "day")).site
    3
    """
    given = dict(options or {})
    for name, value in given.items():
        if name not in allowed:
            raise InputError(f"reset has no option {name!r}; it has {', '.join(allowed)}")
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= 0
        if name in {"site", "day", "customer"} and not whole:
            raise InputError(f"option {name} is {value!r}; a whole number of 0 or more is needed")
        if name == "config" and not isinstance(value, CentreConfig):
            raise InputError(f"option config is a {type(value).__name__}; give a CentreConfig")
    return DayOptions(**given)
