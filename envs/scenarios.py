"""What may happen to a centre: each scenario turns a preset's numbers into another day's."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from envs.config import CentreConfig
from nba.errors import InputError


def _peak(config: CentreConfig) -> CentreConfig:
    """A third more contacts than staffed for."""
    return replace(config, contacts_per_day=config.contacts_per_day * 1.3)


def _shortage(config: CentreConfig) -> CentreConfig:
    """Three in ten employees are missing."""
    return replace(config, n_employees=max(1, round(config.n_employees * 0.7)))


def _bot_outage(config: CentreConfig) -> CentreConfig:
    """Chat bot and voice bot are down from the third to the seventh hour."""
    return replace(config, outage_start_s=3 * 3600.0, outage_end_s=7 * 3600.0)


def _drift(config: CentreConfig) -> CentreConfig:
    """Within 40 days the mix of intents turns round: what was rare becomes common."""
    return replace(config, drift_share=config.intent_share[::-1], drift_days=40.0)


def _new_roster(config: CentreConfig) -> CentreConfig:
    """Other people, half of them in their first half year."""
    return replace(config, roster=config.roster + 1, newcomer_share=0.5)


SCENARIOS: Final[dict[str, Callable[[CentreConfig], CentreConfig]]] = {
    "normal": lambda config: config,
    "peak": _peak,
    "shortage": _shortage,
    "bot_outage": _bot_outage,
    "drift": _drift,
    "new_roster": _new_roster,
}


def scenario(config: CentreConfig, name: str) -> CentreConfig:
    """A centre in a named scenario; InputError names the ones there are.

    >>> from envs.presets import preset
    >>> scenario(preset("bank"), "shortage").n_employees < preset("bank").n_employees
    True
    """
    if name not in SCENARIOS:
        raise InputError(f"no scenario {name!r}; there are {', '.join(SCENARIOS)}")
    return SCENARIOS[name](config)
