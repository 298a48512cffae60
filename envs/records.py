"""The rows of the kernel's tables: what is held of a centre, a customer, an employee, an event.

A class here is only a description: numpy record types are made from its annotations, and compiled
code reads `s.customer[b, slot].patience` from the table in place.
"""

from typing import Final, Generic, Protocol, TypeVar, cast, get_type_hints

import numpy as np
from numpy.typing import NDArray

from nba.listen.contact_features import INTENTS
from nba.types import Floats

# Outcome components of a decision, in this order; the first seven carry a price.
COMPONENTS: Final = (
    "resolved", "handle_s", "wait_s", "abandoned", "channel_cost_eur", "churn_loss_eur",
    "overload_s", "csat",
)  # fmt: skip
RESOLVED: Final = 0
HANDLE: Final = 1
WAIT: Final = 2
ABANDONED: Final = 3
COST: Final = 4
CHURN: Final = 5
OVERLOAD: Final = 6
SURVEY: Final = 7

SEEN: Final = 7  # numbers that are observed of a customer


class Centre:
    """One centre and its day so far."""

    site_key: np.uint64
    day_key: np.uint64
    now: float  # s after opening
    day: int
    n_arrivals: int
    next_arrival: int
    recent: float  # arrivals in an exponential 15-minute window
    recent_at: float
    pending: int  # the slot that needs an action, −1 for none
    n_waiting: int
    waiting_since: float  # waiting is booked up to here
    credited: float  # EUR credited in expectation since the last decision (training)
    n_events: int
    n_free: int
    # figures of the day
    arrivals: int
    fresh: int  # arrivals with a new issue
    resolved_first: int  # of those, resolved in their first contact
    offered: int  # contacts given to employees or their queues
    answered: int
    answer_wait_s: float
    abandons: int
    busy_s: float
    shift_s: float
    overload_s: float
    bots: int  # self-service and bot sessions
    contained: int  # of those, ended without an employee
    bot_resolved: int
    finished: int
    still_open: int  # contacts that go on after the day
    decisions: int
    recontacts: int
    totals: Floats  # (C,) outcome components so far


class Customer:
    """A customer in a slot; complexity, affinity, sentiment and patience are latent."""

    status: int
    number: int  # arrival number of the day
    contact: int  # earlier contacts of this issue
    step: int  # actions tried in this contact
    first: bool  # first contact of an issue that is new today
    tried: int  # bit mask over content, chat bot, voice bot, callback
    intent: int
    channel: int
    tier: int
    second_language: bool
    complexity: float
    affinity: float
    sentiment: float
    patience: float  # s left for waiting in this contact
    seen: Floats  # (7,) guess, confidence, complexity, sentiment, missing, affinity, missing
    bot: int  # the bot talked to
    queue: int  # the queue waited in
    before: int  # neighbours in the queue, −1 at its ends
    behind: int
    since: float  # start of the present status
    waited: float  # wait of the present decision, s
    expected: float  # EUR credited that later events replace (training)
    decision: int  # number of the decision in force


class Employee:
    """An employee and the own queue; the last row of the table is the shared queue."""

    skill: Floats  # (I,) latent
    skill_seen: Floats  # (I,)
    speed: float  # latent
    speed_seen: float
    stamina: float  # latent: how little load tires
    bilingual: bool
    shift_start: float
    shift_end: float
    serving: int  # the slot served, −1 idle, −2 off shift
    idle_since: float
    occupancy: float  # exponential average of being busy
    occupancy_at: float
    handle_s: float  # of the contact being served
    overload: float  # share of it that counts as overload
    resolves: bool  # whether it will end resolved; told when it ends
    head: int
    tail: int
    length: int


class Event:
    """Row i: the entity at place i of the heap, the place of entity i, and when it is due."""

    entity: int
    place: int
    due: float


class Leg:
    """What came of one decision, NaN until known."""

    customer: int
    parent: int  # the earlier decision of the same contact, −1 for none
    start: float
    end: float
    outcome: Floats  # (C,)


class Fixed:
    """Numbers derived from the configuration that do not change."""

    rates: Floats  # (24,) mean arrivals per second by hour after opening, zero beyond
    weights: Floats  # (C,) EUR per unit of each component
    expects: bool  # whether expected values are credited (training)


Row = TypeVar("Row")


class Table(Protocol, Generic[Row]):
    """A numpy record array, seen as rows."""

    shape: tuple[int, ...]

    def __getitem__(self, at: int | tuple[int, int], /) -> Row: ...

    def __setitem__(self, at: int | tuple[int, int], row: Row, /) -> None: ...


_SHAPES: Final = {
    "totals": (len(COMPONENTS),),
    "outcome": (len(COMPONENTS),),
    "weights": (len(COMPONENTS),),
    "seen": (SEEN,),
    "skill": (len(INTENTS),),
    "skill_seen": (len(INTENTS),),
    "rates": (24,),
}
_CODES: Final = {float: "f8", int: "i8", bool: "?", np.uint64: "u8"}


def record_type(row: type) -> np.dtype[np.void]:
    """The numpy record type that a class's annotations describe."""
    parts = [
        (name, "f8", _SHAPES[name]) if name in _SHAPES else (name, _CODES[kind])
        for name, kind in get_type_hints(row).items()
    ]
    return np.dtype(parts, align=True)


def table(row: type[Row], *shape: int) -> Table[Row]:
    """A table of zeros with one row per index."""
    return cast("Table[Row]", np.zeros(shape, dtype=record_type(row)))


def column(rows: Table[Row], name: str) -> NDArray[np.generic]:
    """One column of a table as an array, a view."""
    return cast("NDArray[np.void]", rows)[name]


_CENTRE: Final = tuple(get_type_hints(Centre))
FIGURES: Final = _CENTRE[_CENTRE.index("arrivals") : _CENTRE.index("totals")]
