"""What the log and the target do with each action, and each kind of them: overlap and support."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from nba.evaluate.answer import Share
from nba.evaluate.check import kind_columns
from nba.evaluate.segments import encode_segment
from nba.listen.blocks import chosen_flat
from nba.types import DecisionLog, Floats

_TRIED_EVEN: Final = 100.0  # 20 · 5 even shares: never chosen by luck in one of 148 such cases
_KEPT: Final = 60  # actions whose shares are told


@dataclass(slots=True)
class ActionSums:
    """Per action and per kind: rows that chose it, Σ of even shares, Σ of the target's shares."""

    rows: int = 0
    kinds: dict[str, Floats] = field(default_factory=dict)  # each (3,)
    actions: dict[str, Floats] = field(default_factory=dict)  # each (3,)

    @classmethod
    def of(cls, log: DecisionLog, target: Floats) -> "ActionSums":
        """The sums of a log for a target's (m,) probabilities."""
        chosen = chosen_flat(log)
        k = np.diff(log.offsets)
        even = 1.0 / np.repeat(k, k)
        kinds = {
            name: np.array([is_kind[chosen].sum(), even[is_kind].sum(), target[is_kind].sum()])
            for name, is_kind in kind_columns(log).items()
        }
        action = encode_segment("action", log.action_ids)
        n = len(action.values)
        columns = (
            np.bincount(action.codes[chosen], minlength=n),
            np.bincount(action.codes, even, minlength=n),
            np.bincount(action.codes, target, minlength=n),
        )
        return cls(
            len(log), kinds, dict(zip(action.values, np.stack(columns, axis=1), strict=True))
        )

    def merge(self, other: "ActionSums") -> None:
        """Add the sums of other rows."""
        self.rows += other.rows
        for mine, theirs in ((self.kinds, other.kinds), (self.actions, other.actions)):
            for name, sums in theirs.items():
                mine[name] = mine[name] + sums if name in mine else sums

    def overlap(self) -> tuple[Share, ...]:
        """How often each kind of action (each action, if there are no kinds) is taken."""
        shares = [
            Share(name, float(picks / self.rows), float(wanted / self.rows))
            for name, (picks, _, wanted) in (self.kinds or self.actions).items()
        ]
        return tuple(sorted(shares, key=lambda s: max(s.log, s.target), reverse=True)[:_KEPT])

    def unsupported(self) -> float:
        """The share of the target's choices that go to action kinds, or actions, never chosen.

        An action counts as never tried if a policy that gave it a twentieth of an even share would
        have chosen it five times: one that was seldom eligible may have been missed by luck.
        """
        of_kinds = _wanted(sums for sums in self.kinds.values() if not sums[0])
        untried = (s for s in self.actions.values() if not s[0] and s[1] >= _TRIED_EVEN)
        return max(of_kinds, _wanted(untried)) / self.rows


def unsupported_share(log: DecisionLog, target: Floats) -> float:
    """The same of a whole log, for a target's (m,) probabilities."""
    return ActionSums.of(log, target).unsupported()


def overlap(log: DecisionLog, target: Floats) -> tuple[Share, ...]:
    """How often each kind of action of a whole log is taken by it and by a target, (m,)."""
    return ActionSums.of(log, target).overlap()


def _wanted(sums: Iterable[Floats]) -> float:
    return float(sum(each[2] for each in sums))
