"""One call of the API: what a route hands to its use, and what comes back."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import msgspec

from nba.errors import RequestError
from serving.server import Server

Scope = Literal["open", "decide", "outcome", "admin"]  # what a key must be good for
JSON: Final = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Call:
    """A request as its route found it."""

    body: bytes = b""
    id: str = ""  # what stands for {id} in the route's path
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[bytes, bytes] = field(default_factory=dict)
    key: str = ""  # the name of the caller's key; empty without keys


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply that is not plain JSON with status 200."""

    body: bytes
    status: int = 200
    content_type: bytes = b"application/json"
    headers: tuple[tuple[bytes, bytes], ...] = ()


Handle = Callable[[Server, Call], Awaitable[bytes | Answer]]


@dataclass(frozen=True, slots=True)
class Route:
    """A path and method, who may call it, and its description."""

    method: str
    path: str  # with {id} for one part
    handle: Handle
    summary: str
    scope: Scope
    request: type | None = None  # the body's type
    reply: type | None = None
    errors: tuple[int, ...] = ()
    status: int = 200  # when all is well
    content_type: str = "application/json"  # of the reply
    example: str = ""  # of the request, in serving/examples
    also: str = ""  # a content type that the body may have beside JSON
    refusal: type | None = None  # the form of an error, if it is not the house's
    told: Callable[[RequestError], tuple[int, bytes]] | None = None  # its status and body
    described: bool = True  # False: the same as another route, under an older name
    limit: str = "max_body_bytes"  # the setting that limits its body
