"""Named centres, calibrated under longest-idle to bands that a test holds."""

from collections.abc import Callable
from typing import Final

from envs.config import CentreConfig
from nba.errors import InputError

PRESETS: Final[dict[str, Callable[[], CentreConfig]]] = {"bank": CentreConfig}


def preset(name: str) -> CentreConfig:
    """The configuration of a named centre; InputError names the ones there are."""
    if name not in PRESETS:
        raise InputError(f"no preset {name!r}; there are {', '.join(PRESETS)}")
    return PRESETS[name]()
