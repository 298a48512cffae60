"""A run that is simulated and logged: what its bytes depend on, and which folder may hold it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from envs.config import CentreConfig
from envs.log_columns import opening_time
from nba import __version__
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.whole_file import is_unfinished, whole_file
from nba.seeding import text_key
from nba.types import Policy

Setting = str | int | float
FORMAT: Final = "nba-simulation"
FORMAT_VERSION: Final = "1"
_SETTINGS: Final = "simulation.json"


class _Header(msgspec.Struct):
    """What simulation.json holds."""

    format: str
    format_version: str
    settings: dict[str, Setting]


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """What to simulate and log."""

    policy: Policy
    config: CentreConfig
    sites: int
    days: int  # of each site
    seed: int
    as_of_days: float  # the log as it stands this long after the last day has closed
    named: Mapping[str, Setting]  # how the user called config and policy

    @property
    def settings(self) -> dict[str, Setting]:
        """All that the bytes of the log depend on."""
        digest = text_key(msgspec.json.encode(asdict(self.config)).decode())
        return {
            **self.named,
            "policy_version": self.policy.version,
            "sites": self.sites,
            "days": self.days,
            "seed": self.seed,
            "as_of_days": self.as_of_days,
            "centre": f"{digest:016x}",
            "spec_version": CONTACT_CENTRE.version,
            "nba_version": __version__,
        }

    @property
    def now(self) -> float:
        """When the log is looked at, s since the epoch."""
        last = np.array([self.sites + self.days - 2])
        close = float(opening_time(self.config, last)[0]) + self.config.day_s
        return close + self.as_of_days * 86_400.0


def write_settings(directory: Path, run: LoggedRun) -> None:
    """Mark the directory as this run's, before anything else is in it."""
    header = msgspec.json.encode(_Header(FORMAT, FORMAT_VERSION, run.settings))
    with whole_file(directory / _SETTINGS) as file:
        file.write(msgspec.json.format(header) + b"\n")


def holds(directory: Path, run: LoggedRun) -> bool:
    """Whether the directory holds this run; False if there is no part of any log in it.

    Raises InputError if it holds anything else, or a log with other settings.
    """
    path = directory / _SETTINGS
    try:
        if not path.exists():
            if directory.exists() and any(not is_unfinished(file) for file in directory.iterdir()):
                raise InputError(
                    f"{directory} is not empty and holds no simulated log; give a new folder"
                )
            return False
        header = msgspec.json.decode(path.read_bytes(), type=_Header)
    except OSError as error:
        raise InputError(f"{directory} cannot be read ({error.strerror})") from error
    except msgspec.MsgspecError as error:
        raise InputError(f"{path} is no {_SETTINGS} ({error}); give another folder") from error
    if (header.format, header.format_version) != (FORMAT, FORMAT_VERSION):
        raise InputError(
            f"{path} has format {header.format!r} version {header.format_version!r}; "
            f"{FORMAT!r} version {FORMAT_VERSION!r} is needed: give another folder"
        )
    if not any(directory.glob("*.parquet")):
        return header.settings == run.settings
    for name, wanted in run.settings.items():
        found = header.settings.get(name)
        if found != wanted:
            raise InputError(
                f"{directory} holds a log with {name} {found}, not {wanted}; give the same "
                "settings to continue it, or another folder"
            )
    return True
