"""Decisions of a journal in columns, as a log holds them: gathered record by record.

The compiled gatherer takes a record's bytes as they are; a row that has been decoded may be added
to either, in the order of reading.
"""

import mmap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from msgspec import Raw, Struct
from numpy.typing import NDArray

from nba.compiled import compiled
from nba.listen.encode import FeatureSpec
from nba.types import Bools, DecisionLog, Floats, Floats32, Ints, Texts
from serving.journal.records import float32s, float64s

Buffer = bytes | mmap.mmap
_SEGMENTS: Final = ("mode", "use_case", "control")


class DecisionRow(Struct, frozen=True, array_like=True, tag="d", gc=False):
    """A DecisionRecord as far as a log needs it: the same fields in the same places."""

    decision_id: str
    at: float
    unit: str
    mode: str
    training: bool
    fallback_reason: Raw
    policy: Raw
    policy_version: str
    spec_version: str
    action_ids: list[str]
    chosen: int
    chosen_kind: Raw
    probabilities: bytes
    rewards: Raw
    context: bytes
    actions: bytes
    why: Raw
    excluded: Raw
    request: Raw
    use_case: str = "default"
    control: str = ""


@dataclass(frozen=True, slots=True)
class Columns:
    """Decisions made with one feature spec: n rows with m actions."""

    decision_id: Texts  # (n,)
    unit: Texts  # (n,)
    mode: Texts  # (n,)
    use_case: Texts  # (n,)
    control: Texts  # (n,)
    policy_version: Texts  # (n,)
    action_codes: NDArray[np.int32]  # (m,) each one's place among the names
    action_names: Texts
    at: Floats  # (n,)
    propensity: Floats  # (n,)
    sizes: Ints  # (n,) how many of the actions are a row's
    chosen: Ints  # (n,)
    context: Floats32  # (n · d,)
    actions: Floats32  # (m · p,)

    def __len__(self) -> int:
        return len(self.decision_id)

    def where(self, rows: Bools) -> "Columns":
        """These rows (n,) alone."""
        if rows.all():
            return self
        actions = np.repeat(rows, self.sizes)
        found = {name: getattr(self, name)[rows] for name in _OF_ROWS}
        return Columns(
            **found,
            action_codes=self.action_codes[actions],
            action_names=self.action_names,
            context=self.context.reshape(len(rows), -1)[rows].reshape(-1),
            actions=self.actions.reshape(len(actions), -1)[actions].reshape(-1),
        )

    def log(self, spec: FeatureSpec) -> DecisionLog:
        """The log of them, made with this spec, without outcomes and rewards."""
        n, m = len(self), len(self.action_codes)
        return DecisionLog(
            decision_id=self.decision_id,
            unit=self.unit,
            at=self.at,
            context=self.context.reshape(n, len(spec.context_names)),
            offsets=np.concatenate([[0], np.cumsum(self.sizes)]),
            action_ids=self.action_names[self.action_codes],
            actions=self.actions.reshape(m, len(spec.action_names)),
            chosen=self.chosen,
            propensity=self.propensity,
            policy_version=self.policy_version,
            outcomes={},
            reward=np.full(n, np.nan),
            context_names=spec.context_names,
            action_names=spec.action_names,
            spec_version=spec.version,
            segments={name: getattr(self, name) for name in _SEGMENTS},
        )


_OF_ROWS: Final = (
    "decision_id", "unit", "policy_version", *_SEGMENTS, "at", "propensity", "sizes", "chosen",
)  # fmt: skip


class Gatherer(Protocol):
    """Gathers decisions by the version of their feature spec."""

    def run(self, data: Buffer, begin: int, stop: int) -> int:
        """Take decisions of a segment from an offset on; where the first other thing begins."""

    def take(self, payload: memoryview) -> bool:
        """Is it a decision for learning in the form of today? Then it is taken."""

    def add(self, row: DecisionRow) -> None:
        """Take a decision that has been decoded."""

    def columns(self) -> dict[str, Mapping[str, object]]:
        """Spec version → the fields of a `Columns`."""


class PlainGatherer:
    """Gathers rows in Python."""

    def __init__(self) -> None:
        self._rows: dict[str, list[DecisionRow]] = {}

    def run(self, data: Buffer, begin: int, stop: int) -> int:
        """Leaves all payloads to be read."""
        return begin

    def take(self, payload: memoryview) -> bool:
        """Leaves all payloads to be decoded."""
        return False

    def add(self, row: DecisionRow) -> None:
        """Take a row."""
        self._rows.setdefault(row.spec_version, []).append(row)

    def columns(self) -> dict[str, Mapping[str, object]]:
        """Spec version → the fields of a `Columns`."""
        return {version: _fields(rows) for version, rows in self._rows.items()}


_compiled = compiled("serving.journal._columns")
new_gatherer: Final[Callable[[], Gatherer]] = (
    PlainGatherer if _compiled is None else _compiled.CompiledGatherer
)


def columns_of(gatherer: Gatherer) -> dict[str, Columns]:
    """What was gathered, by the version of the feature spec."""
    return {version: Columns(**found) for version, found in gatherer.columns().items()}  # type: ignore[arg-type]  # as named


def texts(values: "list[str]") -> Texts:
    """A text column."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _fields(rows: list[DecisionRow]) -> Mapping[str, object]:
    sizes = np.fromiter((len(row.action_ids) for row in rows), dtype=np.int64, count=len(rows))
    chosen = np.fromiter((row.chosen for row in rows), dtype=np.int64, count=len(rows))
    named = [name for row in rows for name in row.action_ids]
    codes = {name: code for code, name in enumerate(dict.fromkeys(named))}
    probabilities = float64s(b"".join([row.probabilities for row in rows]))
    return {
        **{
            name: texts([getattr(row, name) for row in rows])
            for name in ("decision_id", "unit", "policy_version", *_SEGMENTS)
        },
        "action_codes": np.array([codes[name] for name in named], dtype=np.int32),
        "action_names": texts(list(codes)),
        "at": np.fromiter((row.at for row in rows), dtype=np.float64, count=len(rows)),
        "propensity": probabilities[np.cumsum(sizes) - sizes + chosen],
        "sizes": sizes,
        "chosen": chosen,
        "context": float32s(b"".join([row.context for row in rows])),
        "actions": float32s(b"".join([row.actions for row in rows])),
    }
