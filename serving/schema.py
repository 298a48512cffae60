"""The API's JSON: strict types, and refusals that name the field and the remedy."""

import re
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from nba.errors import RequestError
from serving.policies.plan import DEFAULT, UseCaseName

Value = float | str | bool | None
Mode = Literal["policy", "rules", "control", "baseline"]  # who chose
Kind = Literal["content", "chat_bot", "voice_bot", "callback", "queue", "employee", "none"]
Role = Literal["employee", "supervisor"]  # who overruled
DecisionId = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9._:~-]{1,128}$(?!\n)",  # $ alone lets a last line break pass
        description="1 to 128 letters, digits or . _ : ~ -; it makes a retry safe",
    ),
]
_Name = Annotated[str, Meta(min_length=1, max_length=256)]


class Customer(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom the decision is about; consent false asks for a decision without personalisation."""

    id: _Name
    consent: bool = True


class Candidate(Struct, frozen=True, forbid_unknown_fields=True):
    """An action that could be taken, with its features by name (all but its kind)."""

    id: _Name
    kind: Kind
    features: dict[str, Value] = {}
    unavailable: _Name | None = None  # the caller's own reason why it cannot be taken now


class DecisionRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """What is known, and what could be done."""

    customer: Customer
    context: dict[str, Value]  # what the server knows of the customer itself may be left out
    actions: list[Candidate] = []  # one at least, or roster
    decision_id: DecisionId | None = None
    dry_run: bool = False  # decide, but remember nothing
    use_case: UseCaseName = DEFAULT  # which of the server's policies decides
    baseline: _Name | None = None  # the action that the caller would take itself
    roster: bool = False  # the employees registered with the server are candidates too
    levers: dict[str, float] = {}  # EUR per unit of a component, for this decision alone
    expected: bool = False  # tell what outcome components are expected of the chosen action
    deferred: bool = False  # it may never be shown: no learner sees it until it is activated


class Chosen(Struct, frozen=True):
    """The action to take."""

    id: str
    kind: str


class Ranked(Struct, frozen=True, omit_defaults=True, gc=False):
    """An eligible action with its probability."""

    id: str
    probability: float
    expected_reward_eur: float | UnsetType = UNSET


class Expected(Struct, frozen=True):
    """An outcome component of the chosen action, in its own unit."""

    mean: float
    std_error: float  # of the mean, as far as the log that was learned from leaves it open


class DecisionReply(Struct, frozen=True):
    """The decision, with the probability it had and three reasons."""

    decision_id: str
    chosen: Chosen
    propensity: float
    ranked: list[Ranked]  # most probable first
    why: list[str]
    excluded: dict[str, str]  # action → the rule that removed it
    policy: str
    policy_version: str
    mode: Mode
    fallback: bool
    expected: dict[str, Expected] | UnsetType = UNSET  # if asked for


class OutcomeRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """What came back for a decision, each component in its own unit."""

    decision_id: DecisionId
    components: Annotated[dict[str, float], Meta(min_length=1)]
    at: float | None = None  # seconds since the epoch; now if absent


class OutcomeReply(Struct, frozen=True):
    """Which components are new, and which the server already had."""

    decision_id: str
    recorded: list[str]
    already_known: list[str]


class OutcomeKnown(Struct, frozen=True):
    """A component of a decision's outcome."""

    component: str
    value: float
    at: float


class OverrideRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """What a person did instead of the decision."""

    action: _Name  # one of the actions of the request, also one that a rule had removed
    by: _Name  # who it was, by an id of yours
    role: Role = "employee"
    reason: Annotated[str, Meta(max_length=1024)] = ""


class OverrideReply(Struct, frozen=True):
    """The override as it is remembered."""

    decision_id: str
    action: str  # what was done
    instead_of: str  # what had been decided
    by: str
    role: Role
    reason: str
    at: float


class DecisionTrace(Struct, frozen=True):
    """A decision as the journal holds it, with the outcomes that have come back."""

    at: float
    training: bool  # false: the customer opted out, no learner sees this decision
    spec_version: str
    fallback_reason: str
    funnel: dict[str, int]  # how many actions were left after each stage of the rules
    levers: dict[str, float]
    control: str  # "holdout" or "canary", if the customer belongs to one
    request: msgspec.Raw
    reply: DecisionReply
    outcomes: list[OutcomeKnown]
    override: OverrideReply | None  # what a person did instead


class ErrorText(Struct, frozen=True, omit_defaults=True):
    """What is wrong with which field, and what to do instead."""

    field: str
    message: str
    remedy: str = ""


class ErrorReply(Struct, frozen=True):
    """Every refusal has this form."""

    error: ErrorText


_T = TypeVar("_T", bound=Struct)
_WHERE: Final = re.compile(r"(?P<what>.*?)(?: - at (?:key in )?`\$\.?(?P<path>.*)`)?", re.DOTALL)
_MEMBER: Final = re.compile(r"Object (?:contains unknown|missing required) field `(?P<name>.*)`")


def decode(body: bytes, kind: type[_T]) -> _T:
    """The request in a body; raises RequestError: 400 for what is no JSON, 422 for what is wrong.

    >>> decode(b'{"decision_id": "d-1", "components": {"resolved": 1}}', OutcomeRequest).components
    {'resolved': 1.0}
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RequestError(400, "body", str(error), "send one JSON object in UTF-8") from error
    except RecursionError as error:  # of a member that is passed over
        raise RequestError(400, "body", "nested too deeply", "send plain objects") from error


def _refusal(text: str) -> RequestError:
    """The refusal that names the field which msgspec's message points to."""
    match = _WHERE.fullmatch(text)
    assert match is not None
    what, path = match["what"], match["path"] or ""
    member = _MEMBER.fullmatch(what)
    if member is not None:
        path = f"{path}.{member['name']}".removeprefix(".")
    return RequestError(422, path or "body", what, "GET /openapi.json has the types")
