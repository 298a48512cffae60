"""The JSON of what the server is told of employees and customers."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from nba.listen.events import EventType

Text = Annotated[str, Meta(min_length=1, max_length=256)]
Fact = float | str | bool


class EmployeeRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """An employee as they stand now; each call replaces all of it.

    Facts about the work only: what somebody feels is never read, and a feature that says so is
    refused (Regulation (EU) 2024/1689, article 5(1)(f)).
    """

    features: dict[str, Fact] = {}  # as in an action, but for what follows
    available: bool = True
    reason: Annotated[str, Meta(max_length=256)] = ""  # why not, if not
    skills: dict[str, Annotated[float, Meta(ge=0, le=1)]] = {}  # intent → chance to resolve
    idle_since: float | None = None  # seconds since the epoch; gives idle_s
    break_ended: float | None = None  # gives minutes_since_break
    shift_ends: float | None = None  # gives minutes_to_shift_end


class EmployeeReply(Struct, frozen=True):
    """An employee as the roster has them."""

    id: str
    at: float
    available: bool
    reason: str
    features: dict[str, Fact]
    skills: dict[str, float]
    idle_since: float | None
    break_ended: float | None
    shift_ends: float | None


class RosterReply(Struct, frozen=True):
    """Everybody on the roster."""

    employees: list[EmployeeReply]


class EventRequest(Struct, frozen=True):
    """A CloudEvent; attributes that are not named here are kept and not read.

    Source: CloudEvents 1.0.2, JSON event format.
    """

    specversion: Literal["1.0"]
    id: Text  # with the source it names the event: the same again changes nothing
    source: Text
    type: EventType
    subject: Text  # the customer
    time: str | None = None  # RFC 3339; now if absent
    data: dict[str, Fact] = {}


class EventReply(Struct, frozen=True):
    """Whether the event was new, and what is known of the customer now."""

    id: str
    new: bool
    known: dict[str, float | str]  # context features that requests may leave out
