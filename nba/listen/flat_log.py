"""Decisions of which only the chosen action is known: what a CSV export of a bandit log holds.

No other actions, no action features: weights and rewards are all that an estimate needs. A column
that the source does not have is None (or absent from its mapping), never invented.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np

from nba.errors import LogError
from nba.types import Bools, Floats, Ints, Texts


def _no_features() -> Floats:
    return np.zeros((0, 0))


@dataclass(frozen=True, slots=True)
class FlatLog:
    """Some rows of a flat log, in columns; row i of it is row first_row + i of its source."""

    action: Texts  # (n,)
    propensity: Floats | None  # (n,) NaN where it is missing
    reward: Floats  # (n,) NaN where it has not come back
    first_row: int = 0
    decision_id: Texts | None = None  # (n,)
    unit: Texts | None = None  # (n,) the customer: rows of one unit are not independent
    at: Floats | None = None  # (n,) seconds since the epoch
    rewarded_at: Floats | None = None  # (n,) when the reward came, seconds since the epoch
    n_actions: Ints | None = None  # (n,) how many actions were eligible
    policy_version: Texts | None = None  # (n,) who chose
    episode: Texts | None = None  # (n,)
    step: Ints | None = None  # (n,)
    opted_out: Bools | None = None  # (n,) rows that no estimate may use
    outcomes: Mapping[str, Floats] = field(default_factory=dict)  # component → (n,)
    targets: Mapping[str, Floats] = field(default_factory=dict)  # policy → (n,) its probability
    segments: Mapping[str, Texts] = field(default_factory=dict)  # name → (n,)
    features: Floats = field(default_factory=_no_features)  # (n, d) what was known of the context
    feature_names: tuple[str, ...] = ()  # (d,)

    def __post_init__(self) -> None:
        n = len(self.action)
        for item in fields(self):
            value = getattr(self, item.name)
            parts = value if isinstance(value, Mapping) else {"": value}
            for name, column in parts.items():
                if isinstance(column, np.ndarray) and column.size and len(column) != n:
                    where = f"{item.name}[{name!r}]" if name else item.name
                    raise LogError(f"flat log column {where} has {len(column)} rows; {n} needed")

    def __len__(self) -> int:
        return len(self.action)

    def take(self, rows: Ints | Bools) -> "FlatLog":
        """Some rows, by number or by mask; they are numbered anew from the same first row."""
        changed: dict[str, object] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, Mapping):
                changed[item.name] = {name: column[rows] for name, column in value.items()}
            elif isinstance(value, np.ndarray) and value.size:
                changed[item.name] = value[rows]
        return replace(self, **changed)  # type: ignore[arg-type]  # each field keeps its type


def join_flat(parts: Sequence[FlatLog]) -> FlatLog:
    """One flat log of several with the same columns; LogError if there is none.

    >>> one = FlatLog(np.array(["a"], dtype=object), np.array([0.5]), np.array([1.0]))
    >>> len(join_flat([one, one]))
    2
    """
    if not parts:
        raise LogError("the log holds no decision; give a log with at least one row")
    first = parts[0]
    joined: dict[str, object] = {}
    for item in fields(first):
        value = getattr(first, item.name)
        columns = [getattr(part, item.name) for part in parts]
        if isinstance(value, Mapping):
            joined[item.name] = {
                name: np.concatenate([column[name] for column in columns]) for name in value
            }
        elif isinstance(value, np.ndarray):
            joined[item.name] = np.concatenate(columns)
    return replace(first, **joined)  # type: ignore[arg-type]  # each field keeps its type
