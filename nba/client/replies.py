"""What a server answers, as frozen data; fields that this version does not know are left out."""

import json
import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from nba.errors import RequestError, UnavailableError

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The action to take."""

    id: str
    kind: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """An eligible action with its probability."""

    id: str
    probability: float
    expected_reward_eur: float | None = None


@dataclass(frozen=True, slots=True)
class DecisionReply:
    """The decision, with the probability it had and three reasons."""

    decision_id: str
    chosen: Chosen
    propensity: float
    ranked: tuple[Ranked, ...]  # most probable first
    why: tuple[str, ...]
    excluded: Mapping[str, str]  # action → the rule that removed it
    policy: str
    policy_version: str
    mode: str
    fallback: bool


@dataclass(frozen=True, slots=True)
class OutcomeReply:
    """Which components are new, and which the server already had."""

    decision_id: str
    recorded: tuple[str, ...]
    already_known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OutcomeKnown:
    """A component of a decision's outcome."""

    component: str
    value: float
    at: float  # seconds since the epoch


@dataclass(frozen=True, slots=True)
class OverrideReply:
    """What a person did instead of a decision."""

    decision_id: str
    action: str  # what was done
    instead_of: str  # what had been decided
    by: str
    role: str  # "employee" or "supervisor"
    reason: str
    at: float  # seconds since the epoch


@dataclass(frozen=True, slots=True)
class DecisionTrace:
    """A decision as the journal holds it, with the outcomes that have come back."""

    at: float  # seconds since the epoch
    training: bool  # False: no learner sees this decision
    spec_version: str
    fallback_reason: str
    funnel: Mapping[str, int]  # how many actions were left after each stage of the rules
    levers: Mapping[str, float]
    control: str  # "holdout" or "canary", if the customer belongs to one
    request: Mapping[str, object]
    reply: DecisionReply
    outcomes: tuple[OutcomeKnown, ...]
    override: OverrideReply | None


@dataclass(frozen=True, slots=True)
class EventReply:
    """Whether an event was new, and what is known of the customer now."""

    id: str
    new: bool
    known: Mapping[str, object]  # context features that requests may leave out


@dataclass(frozen=True, slots=True)
class Canary:
    """A version that acts for a share of the customers."""

    version: str
    share: float


@dataclass(frozen=True, slots=True)
class UseCase:
    """What is served for one use case."""

    active: str  # a policy version
    previous: tuple[str, ...]  # the latest last
    mode: str  # off, shadow, apprentice or online
    canary: Canary | None
    holdout: float  # share of the customers whom the safe rule serves
    shadows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanReply:
    """A use case as every worker serves it now."""

    generation: int
    use_case: str
    plan: UseCase
    workers: int  # that have it


@dataclass(frozen=True, slots=True)
class PolicyCard:
    """What a policy file says about itself, in short."""

    name: str
    kind: str
    version: str
    digest: str
    spec_version: str
    objective: Mapping[str, float]  # EUR a unit of each outcome component


@dataclass(frozen=True, slots=True)
class PoliciesReply:
    """The plan of all use cases, and the policies that it needs."""

    active: str
    policies: tuple[PolicyCard, ...]
    generation: int
    use_cases: Mapping[str, UseCase]


@dataclass(frozen=True, slots=True)
class ReadyReply:
    """What a server that can promise something serves, and has done."""

    status: str
    policy: str
    policy_version: str
    spec_version: str
    durability: str
    decisions_known: int
    decisions: int
    fallbacks: int
    opt_outs: int
    outcomes: int


def read_row(kind: type[_T], line: bytes) -> _T | RequestError:
    """One line of many: the reply, or why there is none."""
    found = json.loads(line)
    if isinstance(found, dict) and "error" in found:
        error = found["error"]
        status = 503 if error["field"] == "journal" else 409
        return RequestError(status, error["field"], error["message"], error.get("remedy", ""))
    return read(kind, line)


def read(kind: type[_T], body: bytes) -> _T:
    """The reply in a body; raises UnavailableError for one of another form.

    >>> read(OutcomeReply, b'{"decision_id":"d","recorded":["resolved"],"already_known":[]}')
    OutcomeReply(decision_id='d', recorded=('resolved',), already_known=())
    """
    try:
        value = json.loads(body)
    except ValueError as error:
        raise _of_another_form("reply", body[:100], "JSON") from error
    found: _T = _made(kind, value, "reply")
    return found


def _made(kind: Any, value: Any, where: str) -> Any:  # noqa: ANN401 JSON in, any annotation out
    """The value as the annotation asks for it: data, tuples, mappings and plain values."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:  # X | None
        return None if value is None else _made(inner[0], value, where)
    if is_dataclass(kind) and isinstance(value, dict):
        return _data(kind, value, where)
    if origin is tuple and isinstance(value, list):
        return tuple(_made(inner[0], v, f"{where}[{i}]") for i, v in enumerate(value))
    if origin is Mapping and isinstance(value, dict):
        return {name: _made(inner[1], v, f"{where}.{name}") for name, v in value.items()}
    if kind is object or type(value) is kind or (kind is float and type(value) is int):
        return value
    raise _of_another_form(where, value, getattr(kind, "__name__", str(kind)))


def _data(kind: Any, value: dict[str, Any], where: str) -> Any:  # noqa: ANN401 as above
    hints, values = get_type_hints(kind), {}
    for field in fields(kind):
        if field.name in value:
            values[field.name] = _made(
                hints[field.name], value[field.name], f"{where}.{field.name}"
            )
        elif field.default is MISSING and field.default_factory is MISSING:
            raise _of_another_form(f"{where}.{field.name}", "absent", hints[field.name])
    return kind(**values)


def _of_another_form(where: str, found: object, needed: object) -> UnavailableError:
    message = f"{where} is {found!r:.100}; {needed} is needed"
    remedy = "is this the right address, and a server of this version?"
    return UnavailableError(0, "reply", message, remedy)
