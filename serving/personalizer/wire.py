"""The JSON of Azure Personalizer's single-slot API, version 1.1, and its form of an error.

Source: Azure/azure-rest-api-specs,
specification/cognitiveservices/data-plane/Personalizer/stable/v1.1/Personalizer.json.
"""

from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from nba.errors import RequestError

Features = list[dict[str, Any]]  # objects in any depth
_Id = Annotated[str, Meta(min_length=1, max_length=256)]


class RankableAction(Struct, frozen=True):
    """An action with its features."""

    id: _Id
    features: Features


class RankRequest(Struct, frozen=True, rename="camel"):
    """What the application knows, and the actions in the order in which it would show them."""

    actions: Annotated[list[RankableAction], Meta(min_length=1)]
    context_features: Features | None = None
    excluded_actions: list[str] | None = None
    event_id: _Id | None = None
    defer_activation: bool | None = False


class RankedAction(Struct, frozen=True):
    """An action with its probability; 0 for an excluded one."""

    id: str
    probability: float


class RankReply(Struct, frozen=True, rename="camel"):
    """The action to show, and all actions: excluded ones keep their place in the list."""

    ranking: list[RankedAction]
    event_id: str
    reward_action_id: str


class RewardRequest(Struct, frozen=True):
    """What showing the action was worth."""

    value: float


class PersonalizerError(Struct, frozen=True):
    """What is wrong."""

    code: str
    message: str


class PersonalizerErrorReply(Struct, frozen=True):
    """Every refusal has this form."""

    error: PersonalizerError


_T = TypeVar("_T", RankRequest, RewardRequest)
_JSON: Final = msgspec.json.Encoder()
_CODES: Final = {
    401: "Unauthorized",
    403: "Unauthorized",
    404: "ResourceNotFound",
    409: "Conflict",
    413: "BadRequest",
    429: "TooManyRequests",
    503: "InternalServerError",
}


def decode_wire(body: bytes, kind: type[_T]) -> _T:
    """The request in a body; raises RequestError 400, as the service answered.

    >>> decode_wire(b'{"value": 1}', RewardRequest).value
    1.0
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise RequestError(400, "body", str(error)) from error
    except RecursionError as error:
        raise RequestError(400, "body", "nested too deeply", "send plain objects") from error


def told_on_the_wire(code: str, error: RequestError) -> tuple[int, bytes]:
    """Status and body of a refusal in Personalizer's form; `code` is that of a wrong request."""
    if error.status in {400, 422}:  # the service knew no 422
        status, found = 400, code
    else:
        status, found = error.status, _CODES.get(error.status, "BadRequest")
    return status, _JSON.encode(PersonalizerErrorReply(PersonalizerError(found, str(error))))
