"""The roster: who may be offered, as rows that are encoded when a fact changes, not when asked.

What runs with the clock (idle time, minutes to the shift's end) and what depends on the customer
(the skill for their intent) is worked out at the moment of the decision, in columns.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from nba.errors import InputError
from nba.listen.encode import FeatureSpec
from nba.types import Floats, Floats32
from serving.journal.records import EmployeeRecord

_KIND: Final = "employee"
_NEVER: Final = np.nan
# Feature → the time it runs from or to, its sign, and seconds in its unit.
_CLOCKS: Final[Mapping[str, tuple[str, float, float]]] = {
    "idle_s": ("idle_since", 1.0, 1.0),
    "minutes_since_break": ("break_ended", 1.0, 60.0),
    "minutes_to_shift_end": ("shift_ends", -1.0, 60.0),
}


class Offered(NamedTuple):
    """The employees who are registered, as candidates of a decision."""

    ids: list[str]
    rows: Floats32  # (n, p)
    unavailable: dict[str, str]  # id → why


class Roster:
    """Employees by id; `offered` gives them as rows of any feature spec."""

    def __init__(self) -> None:
        self.employees: dict[str, EmployeeRecord] = {}
        self._tables: dict[str, _Table] = {}  # by spec version

    def __len__(self) -> int:
        return len(self.employees)

    def note(self, record: EmployeeRecord) -> None:
        """An employee stands so from here on; what is older than what is known is passed over."""
        known = self.employees.get(record.id)
        if known is not None and known.at > record.at:
            return
        if record.gone:
            self.employees.pop(record.id, None)
        else:
            self.employees[record.id] = record
        for table in self._tables.values():
            table.put(record)

    def offered(self, spec: FeatureSpec, context: Floats32, now: float) -> Offered:
        """The employees whom this spec can describe."""
        table = self._tables.get(spec.version)
        if table is None:
            table = self._tables[spec.version] = _Table(spec)
            for record in self.employees.values():
                table.put(record)
        return table.offered(context, now)


def encoded(record: EmployeeRecord, spec: FeatureSpec) -> Floats:
    """The row (p,) of an employee, without what is worked out at the decision.

    Raises InputError naming a feature that is wrong or absent.
    """
    names = {feature.name for feature in spec.action}
    given = dict(record.features)
    skills = list(record.skills.values())
    if skills:
        found = {"skill_mean": sum(skills) / len(skills), "skill_max": max(skills)}
        given |= {name: value for name, value in found.items() if name in names}
    later = [name for name, clock in _CLOCKS.items() if getattr(record, clock[0]) is not None]
    later += ["skill_estimate"] if skills else []
    given |= {name: 0.0 for name in later if name in names}
    return spec.encode_action({"kind": _KIND, **given}, where="features")


def _row(record: EmployeeRecord, spec: FeatureSpec) -> Floats | None:
    try:
        return encoded(record, spec)
    except InputError:
        return None


class _Table:
    """The rows of one spec, without gaps: who leaves is replaced by the last one."""

    def __init__(self, spec: FeatureSpec) -> None:
        self._spec = spec
        names = spec.action_names
        self._clocks = [
            (names.index(name), field, sign, unit)
            for name, (field, sign, unit) in _CLOCKS.items()
            if name in names
        ]
        self._most = {
            feature.name: feature.high for feature in spec.action if feature.name in _CLOCKS
        }
        intents = [i for i, name in enumerate(spec.context_names) if name.startswith("intent=")]
        self._intents = np.array(intents, dtype=np.intp)
        self._intent_names = [spec.context_names[i].removeprefix("intent=") for i in intents]
        self._skill = names.index("skill_estimate") if "skill_estimate" in names else -1
        self._ids: list[str] = []
        self._places: dict[str, int] = {}
        self._unavailable: dict[str, str] = {}
        self._rows = np.zeros((0, len(names)), dtype=np.float32)
        self._times = np.zeros((0, len(self._clocks)))  # seconds since the epoch, NaN: not told
        self._skills = np.zeros((0, len(intents)), dtype=np.float32)  # NaN: not told

    def put(self, record: EmployeeRecord) -> None:
        """An employee's new facts; one whom this spec cannot describe is not offered."""
        self._unavailable.pop(record.id, None)
        row = None if record.gone else _row(record, self._spec)
        if row is None:
            self._remove(record.id)
            return
        place = self._places.get(record.id)
        if place is None:
            place = self._places[record.id] = len(self._ids)
            self._ids.append(record.id)
            self._grow()
        self._rows[place] = row
        told = [getattr(record, field) for _, field, _, _ in self._clocks]
        self._times[place] = [_NEVER if time is None else time for time in told]
        mean = sum(record.skills.values()) / max(1, len(record.skills))
        self._skills[place] = [
            record.skills.get(name, mean) if record.skills else _NEVER
            for name in self._intent_names
        ]
        if not record.available:
            self._unavailable[record.id] = record.reason or "not available"

    def offered(self, context: Floats32, now: float) -> Offered:
        n = len(self._ids)
        rows = self._rows[:n].copy()
        for place, (column, _, sign, unit) in enumerate(self._clocks):
            times = self._times[:n, place]
            told = ~np.isnan(times)
            most = self._most[self._spec.action_names[column]]
            rows[told, column] = np.clip(sign * (now - times[told]) / unit, 0.0, most)
        if self._skill >= 0 and len(self._intents):
            skill = self._skills[:n] @ context[self._intents]
            told = ~np.isnan(skill)
            rows[told, self._skill] = skill[told]
        return Offered(self._ids.copy(), rows, dict(self._unavailable))

    def _grow(self) -> None:
        n = len(self._rows)
        if len(self._ids) <= n:
            return
        more = max(16, n)
        self._rows = np.concatenate(
            [self._rows, np.zeros_like(self._rows, shape=(more, self._rows.shape[1]))]
        )
        self._times = np.concatenate([self._times, np.zeros((more, self._times.shape[1]))])
        self._skills = np.concatenate(
            [self._skills, np.zeros_like(self._skills, shape=(more, self._skills.shape[1]))]
        )

    def _remove(self, name: str) -> None:
        place = self._places.pop(name, None)
        if place is None:
            return
        last = self._ids.pop()
        if last != name:
            self._ids[place] = last
            self._places[last] = place
            for array in (self._rows, self._times, self._skills):
                array[place] = array[len(self._ids)]
