"""The server's settings; the only place of the project that reads environment variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Final, Literal, get_args

from nba.errors import InputError
from serving.lifecycle_log import LOG_FORMATS

Durability = Literal["fsync", "os"]
DURABILITIES: Final[tuple[str, ...]] = get_args(Durability)
PREFIX: Final = "NBA_SERVE_"
POSITIVE: Final = (
    *("segment_bytes", "max_waiting", "max_body_bytes", "max_batch_bytes", "max_policy_bytes"),
    *(
        "max_actions",
        "max_in_flight",
        "max_profiles",
        "max_lag_s",
        "policy_limit_s",
        "deadline_s",
        "idle_s",
        "promote_timeout_s",
        "drain_s",
    ),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """How one server listens, remembers and limits; each field is also NBA_SERVE_<FIELD>."""

    host: str = "127.0.0.1"
    port: int = 8080  # 0 takes a free one
    journal: Path = Path("runs/journal")  # a folder
    store: str = ""  # the folder of the policies; empty: beside the journal
    workers: int = 1  # processes that share the port
    keys: str = ""  # a file of keys and what they are good for; empty: no key is asked for
    tls_cert: str = ""  # a PEM file; with tls_key the server speaks TLS itself
    tls_key: str = ""
    log_format: str = "text"  # or json: a line an event, on stderr
    durability: str = "fsync"  # fsync: answered when on disk; os: when with the kernel
    segment_bytes: int = 64 * 2**20  # a journal file is closed beyond this size
    max_waiting: int = 20_000  # records that may wait for the disk before 503
    max_body_bytes: int = 2**20
    max_batch_bytes: int = 16 * 2**20  # of many decision requests sent together
    max_policy_bytes: int = 64 * 2**20  # of a policy file sent to the server
    max_in_flight: int = 512  # requests that a worker answers at the same time; beyond: 429
    max_lag_s: float = 0.25  # how late a worker's loop may run; beyond: 429
    policy_limit_s: float = 0.1  # a policy that takes longer, again and again, is left out
    deadline_s: float = 5.0  # an answer that takes longer is given up with 503
    idle_s: int = 75  # a connection that sends nothing for so long is closed
    promote_timeout_s: float = 10.0  # how long a change waits for every worker
    max_actions: int = 500  # candidates of one request
    occupancy_cap: float = 0.95  # share of the last hour above which an employee is left alone
    max_profiles: int = 200_000  # customers whose events are remembered for the next decision
    shared_state: str = ""  # redis://host:port/0 where several machines share what they know
    rules: str = ""  # TOML file of eligibility rules; if empty: consent and the occupancy cap
    drain_s: float = 10.0  # how long a stop waits for running requests
    personalizer: str = ""  # TOML file: how features sent to /rank become the spec's

    def __post_init__(self) -> None:
        if self.durability not in DURABILITIES:
            raise InputError(
                f"durability is {self.durability!r}; use one of {', '.join(DURABILITIES)}"
            )
        if not 0 <= self.port <= 65_535:
            raise InputError(f"port is {self.port}; use 0 to 65535")
        if self.log_format not in LOG_FORMATS:
            raise InputError(
                f"log_format is {self.log_format!r}; use one of {', '.join(LOG_FORMATS)}"
            )
        if not 1 <= self.workers <= 64:
            raise InputError(f"workers is {self.workers}; use 1 to 64")
        if bool(self.tls_cert) != bool(self.tls_key):
            raise InputError("tls_cert and tls_key go together; give both files or neither")
        for name in POSITIVE:
            if not getattr(self, name) > 0:
                raise InputError(f"{name} is {getattr(self, name)}; a number above 0 is needed")
        if not 0.0 < self.occupancy_cap <= 1.0:
            raise InputError(f"occupancy_cap is {self.occupancy_cap}; a share in (0, 1] is needed")


def settings_from(
    environment: Mapping[str, str] | None = None, *, given: Mapping[str, object] | None = None
) -> Settings:
    """Defaults, then NBA_SERVE_ variables, then what was `given` (None counts as not given).

    Raises InputError naming an unknown or unreadable variable.
    """
    found = os.environ if environment is None else environment
    kinds = {field.name: type(field.default) for field in fields(Settings)}
    values: dict[str, object] = {}
    for variable in sorted(found):
        if variable.startswith(PREFIX):
            values |= _read(variable, found[variable], kinds)
    values |= {name: value for name, value in (given or {}).items() if value is not None}
    return replace(Settings(), **values)  # type: ignore[arg-type]  # names and kinds are checked


def _read(variable: str, text: str, kinds: Mapping[str, type]) -> dict[str, object]:
    name = variable.removeprefix(PREFIX).lower()
    if name not in kinds:
        known = ", ".join(PREFIX + known.upper() for known in kinds)
        raise InputError(f"environment variable {variable} is unknown; use one of {known}")
    try:
        return {name: kinds[name](text)}
    except ValueError as error:
        needed = kinds[name].__name__
        raise InputError(
            f"environment variable {variable} is {text!r}; it must be of type {needed}"
        ) from error
