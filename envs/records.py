"""The rows of the kernel's tables: what is held of a centre, a customer, an employee, an event.

A class here is only a description: numpy record types are made from its annotations, and compiled
code reads `s.customer[b, slot].patience` from the table in place.
"""

from typing import Annotated, Final, Generic, Protocol, TypeVar, cast, get_type_hints

import numpy as np
from numpy.typing import NDArray

from nba.listen.contact_features import INTENTS
from nba.types import Floats

# Outcome components of a decision, in this order; the last two carry no price.
COMPONENTS: Final = (
    "resolved", "handle_s", "wait_s", "abandoned", "channel_cost_eur", "churn_loss_eur",
    "overload_s", "late_break_s", "contact_fatigue", "growth", "csat", "churned",
)  # fmt: skip
RESOLVED: Final = 0
HANDLE: Final = 1
WAIT: Final = 2
ABANDONED: Final = 3
COST: Final = 4
CHURN: Final = 5
OVERLOAD: Final = 6
LATE_BREAK: Final = 7
FATIGUE: Final = 8
GROWTH: Final = 9
SURVEY: Final = 10
CHURNED: Final = 11

SEEN: Final = 7  # numbers that are observed of a customer

# Four bytes instead of eight for what is read in every step: a roster then fits the cache.
Short = Annotated[int, "i4"]
Half = Annotated[float, "f4"]


class Centre:
    """One centre and its day so far."""

    site_key: np.uint64
    day_key: np.uint64  # who comes, and when
    luck_key: np.uint64  # what happens to them
    luck: int  # another number is other luck for the same customers
    now: float  # s after opening
    day: int
    n_arrivals: int
    next_arrival: int
    next_shift: int  # the next row of the timetable
    recent: float  # arrivals in an exponential 15-minute window
    recent_at: float
    pending: int  # the slot that needs an action, −1 for none
    focal: int  # the number of the one customer whose decisions are asked for, −1 for all
    n_waiting: int
    n_idle: int  # employees on shift without a contact
    n_staff: int  # employees at work
    outage: int  # bit mask of the bots that are down
    waiting_since: float  # waiting is booked up to here
    credited: float  # EUR credited in expectation since the last decision (training)
    n_events: int
    n_free: int
    failed: bool  # a customer found no slot
    left: bool  # the focal customer's contact has ended for good
    part: Floats  # (C,) outcome of the decision whose part is ending
    old_totals: Floats  # (C,) totals before this step
    of_focal: Floats  # (C,) outcome components of the focal customer
    # figures of the day
    arrivals: int
    fresh: int  # arrivals with a new issue
    resolved_first: int  # of those, resolved in their first contact
    offered: int  # contacts given to employees or their queues
    answered: int
    answer_wait_s: float
    abandons: int
    busy_s: float  # employees' time in contacts, by the share of capacity that they take
    shift_s: float  # employees' time at work, breaks left out
    handled_s: float  # length of the contacts that employees handled
    overload_s: float
    bots: int  # self-service and bot sessions
    contained: int  # of those, ended without an employee
    bot_resolved: int
    finished: int
    still_open: int  # contacts that go on after the day
    decisions: int
    recontacts: int
    follow_ups: int  # contacts with customers who had given up
    surveys: int
    breaks: int
    totals: Floats  # (C,) outcome components so far


class Customer:
    """A customer in a slot; complexity, affinity, sentiment and patience are latent."""

    status: Short
    number: Short  # arrival number of the day
    contact: Short  # earlier contacts of this issue
    step: Short  # actions tried in this contact
    tried: Short  # bit mask over content, chat bot, voice bot, callback, follow-up
    occasion: Short
    intent: Short
    channel: Short
    tier: Short
    touches: Short  # unasked contacts in 7 days
    first: bool  # first contact of an issue that is new today
    second_language: bool
    consent: bool  # to being contacted unasked
    resolves: bool  # whether the service will end resolved; told when it ends
    bot: Short  # the bot talked to
    queue: Short  # the queue waited in
    employee: Short  # the employee talked to
    before: Short  # neighbours in the queue, −1 at its ends
    behind: Short
    decision: Short  # number of the decision in force
    complexity: float
    affinity: float
    sentiment: float
    patience: float  # s left for waiting in this contact
    seen: Floats  # (7,) guess, confidence, complexity, sentiment, missing, affinity, missing
    since: float  # start of the present status
    waited: float  # wait of the present decision, s
    handle_s: float  # of the service going on
    overload: float  # share of it that counts as overload
    touch: float  # what being contacted unasked costs in patience with us
    expected: float  # EUR credited that later events replace (training)


class Person:
    """What is true of an employee, and never observed."""

    skill: Floats  # (I,)
    speed: float  # factor on service times
    empathy: float  # standard deviations
    stamina: float  # 0 to 1: how little load tires


class Desk:
    """An employee at work and the own queue; the last row of the table is the shared queue."""

    shift_end: float
    break_due: float  # inf without one
    idle_since: float
    booked_at: float  # work is booked up to here
    fade: float  # occupancy is activity + fade · exp(−now / window)
    break_s: Half  # length of the next break
    rested_at: Half  # start of the shift or end of the last break
    activity: Half  # share of capacity in use now
    status: Short
    active: Short  # contacts in hand
    voice: Short  # of those, calls
    length: Short
    head: Short
    tail: Short
    bilingual: Short
    typical_s: Half  # expected handling time over all intents
    skill_seen: Floats  # (I,) estimate
    handle_seen: Floats  # (I,) s, for a customer of mean complexity
    odds_seen: Floats  # (I,) odds of not resolving, for a customer of mean complexity


class Event:
    """A place of the heap of pending events."""

    due: float
    entity: Short


class Leg:
    """What came of one decision, NaN until known."""

    customer: Short
    parent: Short  # the earlier decision of the same contact, −1 for none
    start: float
    end: float
    outcome: Floats  # (C,)


class Shift:
    """One row of the day's timetable, the same on every day."""

    time: float  # s after opening
    kind: Short
    employee: Short  # −1 for what concerns the whole centre
    length: float  # of a break, s


class Result:
    """What one step brought in one centre."""

    reward: float  # EUR
    dt: float  # s since the last decision
    key: np.uint64  # of the decision that is pending now
    done: bool  # whether the day ended


class Fixed:
    """Numbers derived from the configuration that do not change."""

    rates: Floats  # (24,) mean arrivals per second by hour after opening, zero beyond
    weights: Floats  # (C,) EUR per unit of each component
    expects: bool  # whether expected values are credited (training)
    log_sigma: float  # spread of the logarithm of a service time
    typical_s: float  # mean service time over intents
    tiring: float  # logits lost per unit of load above 75 %, at mean stamina
    stranger: float  # factor on the odds of not resolving in a foreign language


Row = TypeVar("Row")


class Table(Protocol, Generic[Row]):
    """A numpy record array, seen as rows."""

    shape: tuple[int, ...]

    def __getitem__(self, at: int | tuple[int, int], /) -> Row: ...

    def __setitem__(self, at: int | tuple[int, int], row: Row, /) -> None: ...


_VECTORS: Final[dict[str, tuple[str, int]]] = {
    "part": ("f8", len(COMPONENTS)),
    "old_totals": ("f8", len(COMPONENTS)),
    "of_focal": ("f8", len(COMPONENTS)),
    "totals": ("f8", len(COMPONENTS)),
    "outcome": ("f8", len(COMPONENTS)),
    "weights": ("f8", len(COMPONENTS)),
    "seen": ("f4", SEEN),
    "skill": ("f8", len(INTENTS)),
    "skill_seen": ("f4", len(INTENTS)),
    "handle_seen": ("f4", len(INTENTS)),
    "odds_seen": ("f4", len(INTENTS)),
    "rates": ("f8", 24),
}
_CODES: Final[dict[object, str]] = {
    float: "f8", int: "i8", bool: "?", np.uint64: "u8", Short: "i4", Half: "f4",
}  # fmt: skip


def record_type(row: type) -> np.dtype[np.void]:
    """The numpy record type that a class's annotations describe."""
    parts: list[tuple[str, str] | tuple[str, str, tuple[int]]] = []
    for name, kind in get_type_hints(row, include_extras=True).items():
        if name in _VECTORS:
            code, length = _VECTORS[name]
            parts.append((name, code, (length,)))
        else:
            parts.append((name, _CODES[kind]))
    return np.dtype(parts, align=True)


def table(row: type[Row], *shape: int) -> Table[Row]:
    """A table of zeros with one row per index."""
    return cast("Table[Row]", np.zeros(shape, dtype=record_type(row)))


def column(rows: Table[Row], name: str) -> NDArray[np.generic]:
    """One column of a table as an array, a view."""
    return cast("NDArray[np.void]", rows)[name]


_CENTRE: Final = tuple(get_type_hints(Centre))
FIGURES: Final = _CENTRE[_CENTRE.index("arrivals") : _CENTRE.index("totals")]
