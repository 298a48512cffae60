"""One moment of a centre in plain facts, for drawing: people, queues, flows, the decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from envs import columns as at
from envs.evaluate_days import day_key_figures
from envs.records import COMPONENTS, FIGURES, column
from envs.state import (
    AT_WORK,
    CALLED_BACK,
    FIRST_EMPLOYEE,
    FIXED_ACTIONS,
    FREE,
    IN_BOT,
    OFF,
    RETURNING,
    WAITING,
)
from envs.vector import ContactCentreVector
from nba.listen.contact_features import CHANNELS, INTENTS, OCCASIONS
from nba.types import Floats, Ints

WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
TIERS: Final = ("low", "middle", "high")


@dataclass(frozen=True, slots=True)
class Option:
    """A legal action with what is expected of it."""

    name: str
    wait_s: float
    handle_s: float
    resolves: float  # probability
    eur: float  # what these estimates earn under the objective


@dataclass(frozen=True, slots=True)
class Asking:
    """The contact that needs an action, as it is seen."""

    channel: str
    intent: str
    confidence: float
    occasion: str
    tier: str
    complexity: float
    mood: float | None
    contacts: int  # earlier ones of this issue
    options: tuple[Option, ...]  # the best first


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What can be drawn of a centre; people in the order of the roster."""

    name: str
    weekday: str
    hour: float  # h of the day
    status: Ints  # (K,) off, on break, at work
    active: Ints  # (K,) contacts in hand
    waiting: Ints  # (K,) in the own queue
    load: Floats  # (K,) share of the last hour
    shared: int  # customers in the shared queue
    longest_wait_s: float
    bots: tuple[int, ...]  # sessions of content, chat bot, voice bot
    down: tuple[bool, ...]
    callbacks: int
    next_callback_s: float  # inf for none
    returning: int
    counts: Mapping[str, float]  # figures of the day so far
    key_figures: Mapping[str, float]
    asking: Asking | None  # None when the episode is over


def snapshot(
    vector: ContactCentreVector, *, day: int, over: bool = False, closed: bool = False
) -> Snapshot:
    """Centre 0 of a vector, at its pending decision unless the episode is `over`.

    With `closed` the tables have gone on to the next day, and the figures are the last day's.
    """
    config, state = vector.config, vector.state
    desks = state.desk
    n = config.n_employees
    hour = config.open_hour + config.day_s / 3600.0
    now = config.day_s
    counts = {name: _number(v) for name, v in vector.day_figures().items()}
    parts = {name: _number(v) for name, v in vector.day_components().items()}
    status, active, waiting, load = np.zeros((4, n))
    customers = np.full(1, FREE)
    if not closed:
        now = _number(column(state.centre, "now"))
        hour = config.open_hour + now / 3600.0
        status = column(desks, "status")[0, :n].astype(np.float64)
        active = column(desks, "active")[0, :n].astype(np.float64)
        waiting = column(desks, "length")[0, :n].astype(np.float64)
        load = _loads(vector, now) * (status == AT_WORK)
        counts, parts = _so_far(vector, now)
        customers = column(state.customer, "status")[0].astype(np.int64)
    since = column(state.customer, "since")[0].astype(np.float64)
    talking = column(state.customer, "bot")[0][: len(customers)]
    outage = 0 if closed else int(column(state.centre, "outage")[0])
    due = _due(vector, np.flatnonzero(customers == CALLED_BACK))
    waits = now - since[: len(customers)][customers == WAITING]
    return Snapshot(
        name=config.name,
        weekday=WEEKDAYS[day % len(config.weekday_factors) % 7],
        hour=hour,
        status=np.where(status > 0, status, OFF).astype(np.int64),
        active=active.astype(np.int64),
        waiting=waiting.astype(np.int64),
        load=load,
        shared=0 if closed else int(column(desks, "length")[0, n]),
        longest_wait_s=float(waits.max(initial=0.0)),
        bots=tuple(int(((customers == IN_BOT) & (talking == bot)).sum()) for bot in range(3)),
        down=tuple(bool(outage >> bot & 1) for bot in range(3)),
        callbacks=len(due),
        next_callback_s=float(due.min(initial=np.inf) - now),
        returning=int((customers == RETURNING).sum()),
        counts=counts,
        key_figures=_key_figures(vector, counts, parts),
        asking=None if over or closed else _asking(vector),
    )


def _number(values: np.ndarray[Any, Any]) -> float:
    """The number of the only centre."""
    return float(values[0])


def _so_far(vector: ContactCentreVector, now: float) -> tuple[dict[str, float], dict[str, float]]:
    """Counts and components of the running day, work and time not yet booked included."""
    centre, desks = vector.state.centre, vector.state.desk
    counts = {name: _number(column(centre, name)) for name in FIGURES}
    at_work = column(desks, "status")[0, :-1] == AT_WORK
    activity = column(desks, "activity")[0, :-1].astype(np.float64)
    booked = column(desks, "booked_at")[0, :-1].astype(np.float64)
    if now < vector.config.day_s:  # at the close all is booked
        counts["busy_s"] += float((activity * (now - booked))[at_work].sum())
        counts["shift_s"] += now * float(at_work.sum())
    totals = column(centre, "totals")[0].astype(np.float64).tolist()
    return counts, dict(zip(COMPONENTS, totals, strict=True))


def _key_figures(
    vector: ContactCentreVector, counts: Mapping[str, float], parts: Mapping[str, float]
) -> dict[str, float]:
    """The day's key figures; what nothing has been counted of yet is zero."""
    weights = vector.objective.weights
    earned = sum(weight * parts[name] for name, weight in weights.items())
    earned += vector.config.open_contact_eur * counts["still_open"]
    rows = {name: np.array([value]) for name, value in {**parts, **counts}.items()}
    for name in ("arrivals", "fresh", "shift_s"):
        rows[name] = np.maximum(rows[name], 1.0)
    key = day_key_figures(vector.config, np.array([earned]), rows)
    return {name: _number(value) for name, value in key.items()}


def _loads(vector: ContactCentreVector, now: float) -> Floats:
    """Each employee's share of capacity in use in the last hour, (K,)."""
    desks = vector.state.desk
    fade = column(desks, "fade")[0, :-1].astype(np.float64)
    activity = column(desks, "activity")[0, :-1].astype(np.float64)
    return np.asarray(activity + fade * np.exp(-now / vector.config.occupancy_window_s))


def _due(vector: ContactCentreVector, slots: Ints) -> Floats:
    """When the events of these customers are due, s after opening."""
    places = vector.state.place[0][slots]
    return np.asarray(column(vector.state.event, "due")[0][places], dtype=np.float64)


def _asking(vector: ContactCentreVector) -> Asking:
    context = vector.observe()[0][0]
    mood = float(context[at.CONFIDENCE + 2])
    missing = context[at.CONFIDENCE + 3] > 0.5
    return Asking(
        channel=CHANNELS[int(context[at.CHANNEL : at.CHANNEL + len(CHANNELS)].argmax())],
        intent=INTENTS[int(context[at.INTENT : at.INTENT + len(INTENTS)].argmax())],
        confidence=float(context[at.CONFIDENCE]),
        occasion=OCCASIONS[int(context[at.OCCASION : at.OCCASION + len(OCCASIONS)].argmax())],
        tier=TIERS[int(context[at.TIER])],
        complexity=float(context[at.CONFIDENCE + 1]),
        mood=None if missing else mood,
        contacts=int(context[at.CONTACT]),
        options=_options(vector),
    )


def _options(vector: ContactCentreVector) -> tuple[Option, ...]:
    """The legal actions, by what their own estimates earn."""
    _, actions, mask = vector.observe()
    weights = vector.objective.weights
    found = []
    for a in np.flatnonzero(mask[0]).tolist():
        row = actions[0, a]
        told = {
            "resolved": row[at.RESOLVE], "wait_s": row[at.WAIT], "channel_cost_eur": row[at.COST],
            "handle_s": row[at.HANDLE] if a >= FIRST_EMPLOYEE or row[at.SKILL_MAX] > 0 else 0.0,
        }  # fmt: skip
        eur = sum(float(value) * weights.get(name, 0.0) for name, value in told.items())
        wait, handle, resolves = row[[at.WAIT, at.HANDLE, at.RESOLVE]].tolist()
        found.append(Option(action_name(a), wait, handle, resolves, eur))
    return tuple(sorted(found, key=lambda option: -option.eur))


def action_name(action: int) -> str:
    """An action in words.

    >>> action_name(4), action_name(6)
    ('queue', 'employee 1')
    """
    if action < FIRST_EMPLOYEE:
        return FIXED_ACTIONS[action].replace("_", " ")
    return f"employee {action - FIRST_EMPLOYEE + 1}"
