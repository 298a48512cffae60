"""Which column of somebody's log means what: a mapping file, or a proposal from the names."""

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from nba.errors import InputError

# Our name → what others call it, the most telling name first; compared without case and marks.
_SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "action": (
        "action", "action_id", "chosen_action", "item_id", "arm", "arm_id", "item", "chosen",
        "treatment", "treat", "variant", "offer", "a",
    ),
    "propensity": (
        "propensity", "propensity_score", "pscore", "action_probability", "action_prob",
        "logging_propensity", "logging_prob", "behavior_prob", "behavior_policy_prob", "pi_b",
        "probability", "prob", "p_log", "p",
    ),
    "reward": (
        "reward", "reward_eur", "click", "clicked", "conversion", "converted", "outcome", "revenue",
        "response", "y", "r",
    ),
    "decision_id": (
        "decision_id", "event_id", "impression_id", "request_id", "round_id", "interaction_id",
    ),
    "unit": ("unit", "unit_id", "customer_id", "customer", "user_id", "user", "subject"),
    "timestamp": ("timestamp", "time", "at", "datetime", "ts", "event_time", "decided_at"),
    "reward_timestamp": ("reward_timestamp", "rewarded_at", "outcome_time", "reward_time"),
    "n_actions": ("n_actions", "num_actions", "n_eligible", "action_count", "k"),
    "target_propensity": (
        "target_propensity", "target_probability", "target_prob", "evaluation_prob", "pi_e",
        "p_target", "p_new",
    ),
    "episode": ("episode", "episode_id", "trajectory_id", "journey_id"),
    "step": ("step", "step_number", "t"),
    "logging_policy": (
        "logging_policy", "policy_version", "policy_id", "policy", "logger", "behavior_policy",
    ),
    "opt_out": ("opt_out", "opted_out", "optout"),
}  # fmt: skip
_NEEDED: Final = ("action", "reward")


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Our names → the log's own column names; empty where the log has no such column."""

    action: str
    reward: str = ""  # or outcomes with weights
    propensity: str = ""
    decision_id: str = ""
    unit: str = ""
    timestamp: str = ""
    reward_timestamp: str = ""
    n_actions: str = ""  # a column, or the number itself where it never changes
    episode: str = ""
    step: str = ""
    logging_policy: str = ""
    opt_out: str = ""
    target_propensity: Mapping[str, str] = field(default_factory=dict)  # policy → column
    outcomes: Mapping[str, str] = field(default_factory=dict)  # component → column
    weights: Mapping[str, float] = field(default_factory=dict)  # component → EUR per unit
    segments: tuple[str, ...] = ()
    features: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.action:
            raise InputError('the map names no column for "action"; say which one was chosen in')
        if not self.reward and not self.outcomes:
            raise InputError(
                'the map names neither a "reward" column nor "outcomes"; name what came back'
            )
        if self.reward and self.outcomes and self.weights:
            raise InputError(
                'the map names a "reward" and "weights" of outcomes; give one of the two'
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read, each once."""
        plain = [getattr(self, name) for name in _SYNONYMS if name != "target_propensity"]
        if self.fixed_n_actions is not None:
            plain.remove(self.n_actions)
        listed = [*self.target_propensity.values(), *self.outcomes.values()]
        wanted = [self.action, *plain, *listed, *self.segments, *self.features]
        return tuple(dict.fromkeys(name for name in wanted if name))

    @property
    def fixed_n_actions(self) -> int | None:
        """The number of eligible actions where the map gives the number itself."""
        return int(self.n_actions) if self.n_actions.isdecimal() else None

    def as_json(self) -> str:
        """The map as the text of a mapping file.

        >>> ColumnMap("item", "click").as_json()
        '{"action": "item", "reward": "click"}'
        """
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return json.dumps({name: value for name, value in values.items() if value})


def read_map(path: Path | str) -> ColumnMap:
    """The map in a JSON or TOML file; InputError names the key that is wrong.

    `segments` and `features` are lists, `outcomes`, `weights` and `target_propensity` tables
    (the last one may also be one column name), everything else is one column name.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the map {path} cannot be read ({error}); give a text file") from error
    try:
        found = tomllib.loads(text) if path.suffix.lower() == ".toml" else json.loads(text)
    except ValueError as error:
        kind = "TOML" if path.suffix.lower() == ".toml" else "JSON"
        raise InputError(f"the map {path} is no {kind}: {error}") from error
    if not isinstance(found, dict):
        raise InputError(f"the map {path} is no table of names; see nba/listen/LOG_FORMAT.md")
    return make_map(found)


def make_map(found: Mapping[str, object]) -> ColumnMap:
    """The map that a table of our names → column names describes.

    >>> make_map({"action": "arm", "reward": "y", "target_propensity": "pi"}).target_propensity
    {'target': 'pi'}
    """
    known = [item.name for item in fields(ColumnMap)]
    values: dict[str, object] = {}
    for name, value in found.items():
        if name not in known:
            close = get_close_matches(name, known, n=1)
            remedy = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
            raise InputError(f"the map has an unknown name {name!r}; {remedy}")
        values[name] = _value(name, value)
    return ColumnMap(**{"action": "", **values})  # type: ignore[arg-type]  # _value saw to each


def propose_map(columns: Sequence[str]) -> ColumnMap:
    """The map that the column names suggest; InputError if action or reward cannot be told.

    >>> propose_map(["ts", "item_id", "click", "propensity_score"]).propensity
    'propensity_score'
    """
    by_name = {_plain(column): column for column in reversed(columns)}
    found: dict[str, str] = {}
    for ours, theirs in _SYNONYMS.items():
        match = next((by_name[_plain(name)] for name in theirs if _plain(name) in by_name), "")
        if match and match not in found.values():
            found[ours] = match
    absent = [name for name in _NEEDED if name not in found]
    if absent:
        raise InputError(
            f"no column looks like the {absent[0]}; the log has {_shown(columns)}: give --map with "
            f'{{"{absent[0]}": "<its column>", …}}'
        )
    target = found.pop("target_propensity", "")
    return ColumnMap(**found, target_propensity={target: target} if target else {})  # type: ignore[arg-type]  # the names are those of text fields


def require_columns(wanted: Iterable[str], columns: Sequence[str], source: str) -> None:
    """Raise InputError for the first wanted column that the source does not have."""
    for name in wanted:
        if name not in columns:
            close = get_close_matches(name, columns, n=1)
            remedy = f"did you mean {close[0]!r}?" if close else f"it has {_shown(columns)}"
            raise InputError(f"{source} has no column {name!r}; {remedy}")


def _value(name: str, value: object) -> object:
    if name == "target_propensity" and isinstance(value, str):
        return {"target": value}
    if name == "weights":
        if isinstance(value, dict) and all(_is_number(weight) for weight in value.values()):
            return {str(key): float(weight) for key, weight in value.items()}
        raise InputError('"weights" of the map is a table of component → EUR per unit')
    if name in ("target_propensity", "outcomes"):
        if isinstance(value, dict) and all(isinstance(column, str) for column in value.values()):
            return value
        raise InputError(f'"{name}" of the map is a table of name → column')
    if name in ("segments", "features"):
        if isinstance(value, list) and all(isinstance(column, str) for column in value):
            return tuple(value)
        raise InputError(f'"{name}" of the map is a list of columns, such as ["tier"]')
    if name == "n_actions" and isinstance(value, int) and value > 0:
        return str(value)
    if not isinstance(value, str):
        raise InputError(f'"{name}" of the map is {value!r}; it has to be one column name')
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _shown(columns: Sequence[str]) -> str:
    more = f", … ({len(columns)} in all)" if len(columns) > 12 else ""
    return ", ".join(repr(column) for column in columns[:12]) + more
