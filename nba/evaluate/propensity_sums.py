"""Do the logged propensities belong to the logged choices? One equation per action tells.

Where an action is open, chosen / propensity has mean 1, whatever the policy, or less where the
policy rules it out: a column that is shifted by a row keeps the mean of all weights and brings
some action above 1. A mean below 1 proves nothing: choices that are seldom made carry most of the
weight, and a log may by luck have none of them. It is checked in sums that add up over slices.
Rows of one unit may share a choice (an experiment by customer), so an action is off only if it is
so by the spread of its rows and by that of 64 groups of units.
Sources: Horvitz & Thompson 1952.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from nba.evaluate.buckets import row_buckets, unit_buckets
from nba.evaluate.check import ChoiceCheck
from nba.evaluate.segments import encode_segment
from nba.listen.blocks import chosen_flat
from nba.listen.flat_log import FlatLog
from nba.types import Bools, DecisionLog, Floats, Ints

MIN_PICKS: Final = 20  # with fewer the mean of chosen / propensity is no normal variable yet
MAX_Z: Final = 5.0  # beyond it in one of 1.7 million actions by luck
_GROUPS: Final = 64
_MOST: Final = 10_000  # actions that are told apart
_SHOWN: Final = 20
_PICKS, _SQUARES = 0, 1  # columns of an action's sums; then Σ 1/p and open rows, by group


@dataclass(slots=True)
class PropensitySums:
    """Sums per action over the rows seen so far; `add` and `add_flat` take slices."""

    actions: dict[str, Floats] = field(default_factory=dict)  # each (2 + 2 · 64,)
    rows: Floats = field(default_factory=lambda: np.zeros(_GROUPS))  # of flat logs

    def add(self, log: DecisionLog) -> None:
        """Add a slice whose propensities and choices are sound."""
        action = encode_segment("action", log.action_ids)
        group = (unit_buckets(log.unit) % _GROUPS).astype(np.int64)
        chosen = chosen_flat(log)
        opened = np.bincount(
            action.codes * _GROUPS + np.repeat(group, np.diff(log.offsets)),
            minlength=len(action.values) * _GROUPS,
        ).reshape(-1, _GROUPS)
        self._join(
            action.values, action.codes[chosen], group, log.propensity, opened.astype(np.float64)
        )

    def add_flat(self, log: FlatLog) -> None:
        """Add a chunk; its rows whose propensity is none are left out."""
        if log.propensity is None:
            return
        sound: Bools = (log.propensity > 0) & (log.propensity <= 1 + 1e-9)
        if log.opted_out is not None:
            sound &= ~log.opted_out
        if not sound.any():
            return
        bucket = (
            row_buckets(len(log), log.first_row) if log.unit is None else unit_buckets(log.unit)
        )
        group = (bucket % _GROUPS).astype(np.int64)[sound]
        self.rows += np.bincount(group, minlength=_GROUPS)
        action = encode_segment("action", log.action[sound])
        nothing = np.zeros((len(action.values), _GROUPS))
        self._join(action.values, action.codes, group, log.propensity[sound], nothing)

    def choices(self) -> tuple[ChoiceCheck, ...]:
        """The actions that were chosen often enough, those furthest above 1 first."""
        found = [
            _check(name, sums, self.rows if self.rows.any() else sums[-_GROUPS:])
            for name, sums in self.actions.items()
            if sums[_PICKS] >= MIN_PICKS
        ]
        return tuple(sorted(found, key=lambda each: each.z, reverse=True)[:_SHOWN])

    def doubts(self) -> tuple[str, ...]:
        """What to tell of actions that are clearly above 1; nothing if there is none."""
        off = [c for c in self.choices() if c.z > MAX_Z]
        if not off:
            return ()
        more = f" (and {len(off) - 1} more actions)" if len(off) > 1 else ""
        first = off[0]
        told = (
            f"the propensities do not belong to the choices: for action {first.action!r} chosen / "
            f"propensity has mean {first.mean:.3f}, {first.z:+.1f} standard errors from 1{more}: "
            "is the column shifted by a row, of another policy or on another scale?"
        )
        return (told,)

    def _join(
        self, names: tuple[str, ...], picked: Ints, group: Ints, propensity: Floats, opened: Floats
    ) -> None:
        n, inverse = len(names), 1.0 / propensity
        by_group = np.bincount(picked * _GROUPS + group, inverse, minlength=n * _GROUPS)
        sums = np.column_stack(
            [
                np.bincount(picked, minlength=n),
                np.bincount(picked, inverse**2, minlength=n),
                by_group.reshape(n, _GROUPS),
                opened,
            ]
        )
        for name, fresh in zip(names, sums, strict=True):
            if name in self.actions:
                self.actions[name] += fresh
            elif len(self.actions) < _MOST:
                self.actions[name] = fresh


def _check(name: str, sums: Floats, opened: Floats) -> ChoiceCheck:
    """Mean and the greater of its two standard errors: of rows, and of groups of units."""
    n, weights = float(opened.sum()), sums[2 : 2 + _GROUPS]
    mean = float(weights.sum()) / n
    of_rows = np.sqrt(max(sums[_SQUARES] / n - mean * mean, 0.0) / n)
    filled = int((opened > 0).sum())
    off = weights - mean * opened
    spread = np.sqrt(filled / max(1, filled - 1) * np.square(off).sum()) / n
    return ChoiceCheck(name, int(sums[_PICKS]), mean, float(max(of_rows, spread)))
