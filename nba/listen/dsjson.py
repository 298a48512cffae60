"""Vowpal Wabbit's decision-service JSON (dsjson) as a decision log: one event per line.

An event has EventId, Timestamp, `a` (action numbers from 1, the taken one first), `p` (their
probabilities in the same order), `_label_cost` (the reward is its negative) and `c`, the context
with one entry per action in `_multi`. Namespaces and features become columns named
"namespace.feature"; a text becomes an indicator "namespace.feature=text".
Source: the DSJSON page of the Vowpal Wabbit wiki.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from nba.errors import InputError, LogError
from nba.listen.jsonl_rows import iterate_objects
from nba.types import DecisionLog, Floats32, Texts

MOST_FEATURES: Final = 2000  # columns on either side; beyond it, name the ones that matter
_SPEC: Final = "dsjson"
_TOLERANCE: Final = 1e-3  # probabilities are written with few digits


@dataclass(frozen=True, slots=True)
class Event:
    """One line, read and checked."""

    event_id: str
    at: float
    chosen: int  # place in `actions`, from 0
    propensity: float
    reward: float
    model: str
    shared: Mapping[str, float]
    actions: tuple[Mapping[str, float], ...]
    tags: tuple[str, ...]


def read_dsjson(path: Path | str, *, most_features: int = MOST_FEATURES) -> DecisionLog:
    """The decision log in a dsjson file; lines that are no decision, as dangling rewards, are left.

    Raises LogError naming the line that cannot be read, InputError for too many features.
    """
    events = list(iterate_events(Path(path)))
    if not events:
        raise LogError(f"{path} holds no decision event; give a dsjson log")
    context_names = _names((event.shared for event in events), most_features)
    action_names = _names((a for event in events for a in event.actions), most_features)
    offsets = np.concatenate([[0], np.cumsum([len(event.actions) for event in events])])
    ids: Texts = np.array([event.event_id for event in events], dtype=object)
    return DecisionLog(
        decision_id=ids,
        unit=ids,
        at=np.array([event.at for event in events]),
        context=_matrix([event.shared for event in events], context_names),
        offsets=offsets.astype(np.int64),
        action_ids=np.array([tag for event in events for tag in event.tags], dtype=object),
        actions=_matrix([a for event in events for a in event.actions], action_names),
        chosen=np.array([event.chosen for event in events], dtype=np.int64),
        propensity=np.array([event.propensity for event in events]),
        policy_version=np.array([event.model for event in events], dtype=object),
        outcomes={},
        reward=np.array([event.reward for event in events]),
        context_names=context_names,
        action_names=action_names,
        spec_version=_SPEC,
    )


def is_dsjson(path: Path) -> bool:
    """Whether the first line of a file is a decision event."""
    try:
        _, first = next(iterate_objects(path))
    except (LogError, StopIteration):
        return False
    return {"EventId", "a", "c", "p"} <= set(first)


def iterate_events(path: Path) -> Iterator[Event]:
    """Every decision of a dsjson file; LogError names the line that breaks the format."""
    for line, found in iterate_objects(path):
        if "c" not in found or "p" not in found:
            continue
        try:
            yield _event(found)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            said = f"it has no {error}" if isinstance(error, KeyError) else str(error)
            raise LogError(
                f"line {line} of {path} is no dsjson decision: {said}; write EventId, a, p, "
                "_label_cost and c with _multi"
            ) from error


def _event(found: Mapping[str, object]) -> Event:
    context, order, told = _table(found["c"]), _list(found["a"]), _list(found["p"])
    probabilities = [float(str(p)) for p in told]
    listed = [_table(entry) for entry in _list(context["_multi"])]
    if len(order) != len(probabilities):
        raise ValueError(f"a has {len(order)} actions and p {len(probabilities)}")
    if abs(sum(probabilities) - 1.0) > _TOLERANCE:
        raise ValueError(f"p sums to {sum(probabilities):.4g}, and probabilities sum to 1")
    if found.get("pdrop"):
        raise ValueError(f"pdrop is {found['pdrop']}: events were dropped on purpose, and the kept "
                         "ones are not the log; write a log without dropping")  # fmt: skip
    taken = int(str(found.get("_label_Action", order[0]))) - 1
    if not 0 <= taken < len(listed):
        raise ValueError(f"action {taken + 1} was taken of {len(listed)}")
    label = found.get("_label_probability")
    propensity = probabilities[order.index(taken + 1)] if label is None else float(str(label))
    cost = found.get("_label_cost")
    return Event(
        event_id=str(found["EventId"]),
        at=_seconds(str(found.get("Timestamp", ""))),
        chosen=taken,
        propensity=propensity,
        reward=np.nan if cost is None else -float(str(cost)),
        model=str(_table(found.get("VWState", {})).get("m", "")),
        shared=dict(_features(context)),
        actions=tuple(dict(_features(entry)) for entry in listed),
        tags=tuple(str(entry.get("_tag", i + 1)) for i, entry in enumerate(listed)),
    )


def _features(value: object, name: str = "") -> Iterator[tuple[str, float]]:
    """Every feature under a value as (dotted name, number); keys that start with _ are none."""
    if isinstance(value, Mapping):
        for key, inside in value.items():
            if not str(key).startswith("_"):
                yield from _features(inside, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for place, inside in enumerate(value):
            of_object = isinstance(inside, Mapping)
            yield from _features(inside, name if of_object else f"{name}[{place}]")
    elif isinstance(value, bool | int | float):
        yield name, float(value)
    elif isinstance(value, str):
        yield (f"{name}={value}", 1.0) if value else (name, 1.0)


def _names(rows: Iterator[Mapping[str, float]], most: int) -> tuple[str, ...]:
    found = sorted({name for row in rows for name in row})
    if len(found) > most:
        raise InputError(
            f"the log has {len(found)} features, such as {found[0]!r}; at most {most} become "
            "columns: leave out those that are names or ids, or raise most_features"
        )
    return tuple(found)


def _matrix(rows: list[Mapping[str, float]], names: tuple[str, ...]) -> Floats32:
    place = {name: column for column, name in enumerate(names)}
    found = np.zeros((len(rows), len(names)), dtype=np.float32)
    for i, row in enumerate(rows):
        for name, value in row.items():
            found[i, place[name]] = value
    return found


def _seconds(text: str) -> float:
    if not text:
        return 0.0
    head, point, fraction = text.rstrip("Z").partition(".")
    at = datetime.fromisoformat(head).replace(tzinfo=UTC).timestamp()
    return at + (float(f"0.{fraction}") if point else 0.0)


def _table(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{value!r} is no object")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list")
    return value
