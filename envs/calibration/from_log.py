"""A decision log as attempts: which rows open a contact, which follow, which come back later.

Columns are addressed by name; one that a log's spec lacks stays unknown.
"""

import re
from dataclasses import replace
from typing import Final

import numpy as np

from envs.calibration.contacts import DAY_S, Contacts, unknown
from nba.errors import InputError
from nba.listen.contact_features import INTENTS
from nba.types import Bools, DecisionLog, Floats, Ints, Texts

BOTS: Final = ("content", "chat_bot", "voice_bot")
# How the simulator names customers: seed-site-day-c…; other names are of one centre.
_NAME: Final = re.compile(r"(\d+-\d+)-\d+-c\d+")
_NEEDED: Final = ("steps_in_contact", "contacts_in_journey")


def contacts_of(log: DecisionLog, *, chat_slots: int) -> Contacts:
    """The attempts in a log, in order of time; InputError for a log of another kind of world.

    A log books staff seconds, of which a chat takes 1 / `chat_slots`: lengths are told here.
    """
    absent = [name for name in _NEEDED if name not in log.context_names]
    if absent:
        raise InputError(
            f"the log has no context column {absent[0]!r}; calibration needs a contact centre's log"
        )
    order = np.lexsort((log.at, np.unique(log.unit.astype(str), return_inverse=True)[1]))
    columns = unknown(len(log)) | _seen(log) | _came_back(log)
    voice = _context(log, "channel=voice")
    columns["handle_s"] = _lengths(_outcome(log, "handle_s"), voice, chat_slots)
    found = Contacts(**{name: np.asarray(values)[order] for name, values in columns.items()})
    step = _context(log, "steps_in_contact")[order]
    follow_up = _context(log, "occasion=follow_up")[order] > 0.5
    # Nobody gets in touch: that decision is no attempt at serving.
    nothing = follow_up & (found.kind.astype(str) == "none")
    let_go, kept = np.append(nothing[1:], False), ~nothing
    found = replace(_own(found, _goes_on(found, step)), let_go=let_go).take(kept)
    linked = _linked(found, step[kept], follow_up[kept])
    return linked.take(np.argsort(linked.at, kind="stable"))


def _seen(log: DecisionLog) -> dict[str, Floats | Ints | Bools | Texts]:
    """What the decision's own row holds: customer, load, and the chosen action."""
    chosen = log.offsets[:-1] + log.chosen
    kinds = [name for name in log.action_names if name.startswith("kind=")]
    codes = np.stack([_action(log, name) for name in kinds])
    kind = np.array([name.removeprefix("kind=") for name in kinds], dtype=object)
    kind = kind[codes[:, chosen].argmax(axis=0)]
    known = {
        "complexity": "complexity_estimate",
        "sentiment": "sentiment_estimate",
        "affinity": "digital_affinity_estimate",
        "contact_no": "contacts_in_journey",
        "confidence": "intent_confidence",
        "voice": "channel=voice",
    }
    columns: dict[str, Floats | Ints | Bools | Texts] = {
        name: _observed(log, column) for name, column in known.items()
    }
    about = {
        "skill": "skill_estimate",
        "skill_mean": "skill_mean",
        "language_match": "language_match",
        "occupancy": "occupancy_1h",
        "in_hand": "active_contacts",
    }
    columns |= {name: _action(log, column)[chosen] for name, column in about.items()}
    guesses = np.stack([_context(log, f"intent={name}") for name in INTENTS])
    tier = np.nan_to_num(_context(log, "value_tier"), nan=-1.0)
    match = _action(log, "language_match")
    centre = _centres(log.unit)
    return columns | {
        "at": log.at,
        "kind": kind,
        "centre": centre,
        "employee": _codes(log.action_ids[chosen], centre, kind == "employee"),
        "customer": np.unique(log.unit.astype(str), return_inverse=True)[1].astype(np.int64),
        "intent": guesses.argmax(axis=0),
        "tier": tier.astype(np.int64),
        "second_language": (np.minimum.reduceat(match, log.offsets[:-1]) < 1.0).astype(float),
        "idle": (kind == "employee") & (_action(log, "idle_s")[chosen] > 0.0),
    }


def _came_back(log: DecisionLog) -> dict[str, Floats]:
    """Outcome components under the names used here; a repeat's resolution counts like any."""
    found = {name: _outcome(log, name) for name in ("wait_s", "abandoned", "csat")}
    resolved = _outcome(log, "resolved")
    return found | {"resolved": np.where(np.isnan(resolved), np.nan, resolved > 0.0)}


def _outcome(log: DecisionLog, name: str) -> Floats:
    return log.outcomes[name] if name in log.outcomes else np.full(len(log), np.nan)


def _lengths(staff_s: Floats, voice: Floats, chat_slots: int) -> Floats:
    return np.asarray(np.where(voice == 0.0, chat_slots * staff_s, staff_s))


def _own(rows: Contacts, goes_on: Bools) -> Contacts:
    """Rows with their own times: a log adds what follows in a contact to what led to it."""
    own = {}
    for name in ("wait_s", "handle_s", "abandoned"):
        values: Floats = getattr(rows, name)
        after = np.append(values[1:], 0.0)
        # Rounded, as a sum less a part of it may miss zero by the last bit.
        own[name] = np.where(goes_on, (values - after).round(6), values)
    return replace(rows, **own)


def _goes_on(rows: Contacts, step: Floats) -> Bools:
    """Whether the next row belongs to the same contact."""
    same_customer = rows.customer[1:] == rows.customer[:-1]
    return np.append(same_customer & (step[1:] > 0), False)


def _linked(rows: Contacts, step: Floats, follow_up: Bools) -> Contacts:
    """Rows (by customer, then time) with what came before and after them filled in."""
    n = len(rows)
    same_customer = np.append(rows.customer[1:] == rows.customer[:-1], False)
    goes_on = _goes_on(rows, step)
    first = ~np.append(False, goes_on[:-1])  # of its contact
    opens = first & ~np.append(False, same_customer[:-1] & _same_day(rows))
    follows = np.append(rows.at[1:], np.nan)
    kind = rows.kind.astype(str)
    columns = {name: getattr(rows, name) for name in Contacts.__slots__} | {
        "opens": opens,
        "next_at": np.where(goes_on, follows, np.nan),
        "returned_at": np.where(same_customer & ~goes_on, follows, np.nan),
        "tried_bot": _before(np.isin(kind, BOTS), first),
        "called_back": follow_up | _before(follow_up | (kind == "callback"), first),
    }
    assert len(opens) == n
    return Contacts(**columns)


def _same_day(rows: Contacts) -> Bools:
    day = np.floor_divide(rows.at, DAY_S)
    return np.asarray(day[1:] == day[:-1])


def _before(flag: Bools, first: Bools) -> Bools:
    """Whether the flag stood at an earlier row of the same contact."""
    seen: Ints = np.cumsum(flag) - flag
    start = np.maximum.accumulate(np.where(first, np.arange(len(flag)), 0))
    return np.asarray(seen > seen[start])


def _context(log: DecisionLog, name: str) -> Floats:
    if name not in log.context_names:
        return np.full(len(log), np.nan)
    return log.context[:, log.context_names.index(name)].astype(np.float64)


def _observed(log: DecisionLog, name: str) -> Floats:
    """A context column, NaN where its missing flag is set."""
    values = _context(log, name)
    if f"{name}_missing" not in log.context_names:
        return values
    return np.where(_context(log, f"{name}_missing") > 0.5, np.nan, values)


def _action(log: DecisionLog, name: str) -> Floats:
    if name not in log.action_names:
        return np.full(len(log.actions), np.nan)
    return log.actions[:, log.action_names.index(name)].astype(np.float64)


def _centres(unit: Texts) -> Ints:
    names = [_NAME.fullmatch(str(name)) for name in unit]
    if not all(names):
        return np.zeros(len(unit), dtype=np.int64)
    sites = np.array([name[1] for name in names if name])
    return np.unique(sites, return_inverse=True)[1].astype(np.int64)


def _codes(names: Texts, centre: Ints, known: Bools) -> Ints:
    """A code for each name in each centre, −1 where it is not known."""
    codes = np.unique(names.astype(str), return_inverse=True)[1].astype(np.int64)
    return np.where(known, codes * (centre.max() + 1) + centre, -1)
