"""Why this action: three true statements with numbers, the chosen action against the others.

They compare what was given and predicted; which of them moved a net's score is not claimed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from math import sqrt
from typing import Final, NamedTuple, Protocol, Self, runtime_checkable

import numpy as np

from nba.act.longest_idle import LongestIdle
from nba.listen.encode import FeatureSpec
from nba.types import ActionSet, Context, Floats, Floats32, Policy, RewardModel

_REASONS: Final = 3


@runtime_checkable
class _Predicting(Protocol):
    """A policy that decides with a reward model, or could."""

    @property
    def reward_model(self) -> RewardModel | None: ...


@dataclass(frozen=True, slots=True)
class _Wording:
    """How one action column is told: its label, the word for its best value, and for whom."""

    column: str
    label: str
    unit: str
    best: str
    sign: float  # 1 if more is better, -1 if less is
    same_kind: bool = False  # compared among actions of the chosen one's kind only


_WORDINGS: Final = (
    _Wording("expected_wait_s", "expected wait", "s", "shortest", -1),
    _Wording("resolve_estimate", "estimated chance to resolve", "", "highest", 1),
    _Wording("expected_handle_s", "expected handling time", "s", "shortest", -1),
    _Wording("channel_cost_eur", "channel cost", "EUR", "lowest", -1),
    _Wording("backlog", "customers waiting there", "", "fewest", -1),
    _Wording("language_match", "language match", "", "highest", 1),
    _Wording("skill_estimate", "skill for this intent", "", "highest", 1, same_kind=True),
    _Wording("idle_s", "idle for", "s", "longest", 1, same_kind=True),
    _Wording("occupancy_1h", "occupancy of the last hour", "", "lowest", -1, same_kind=True),
    _Wording(
        "minutes_to_shift_end", "time to the shift's end", "min", "longest", 1, same_kind=True
    ),
)
_RULE_COLUMNS: Final = ("idle_s", "language_match", "expected_wait_s")  # what longest-idle looks at


def reward_model_of(policy: Policy) -> RewardModel | None:
    """The reward model that a policy decides with, if it has one."""
    return policy.reward_model if isinstance(policy, _Predicting) else None


def predicted_rewards(policy: Policy, context: Context, actions: ActionSet) -> Floats | None:
    """Expected reward of each action in EUR, (k,); None for a policy without a reward model."""
    model = reward_model_of(policy)
    if model is None:
        return None
    row = context.features.astype(np.float32)[None]
    return np.asarray(model.batch_rewards(row, actions.features.astype(np.float32)[None])[0])


def why(
    policy: Policy,
    context: Context,
    actions: ActionSet,
    chosen_index: int,
    spec: FeatureSpec,
    *,
    probabilities: Floats | None = None,
    rewards: Floats | None = None,
) -> tuple[str, str, str]:
    """Three true reasons in words with numbers.

    `probabilities` (k,) and `rewards` (k,) are computed from the policy where they are not given.
    """
    if probabilities is None:
        probabilities = policy.probabilities(context, actions)
    if rewards is None:
        rewards = predicted_rewards(policy, context, actions)
    kinds = [action.kind for action in actions.actions]
    shares = probabilities.tolist()
    told = None if rewards is None else rewards.tolist()
    return Explainer.of(policy, spec).why(kinds, actions.features, chosen_index, shares, told)


@dataclass(frozen=True, slots=True)
class Explainer:
    """What the reasons of one policy have in common."""

    policy: str
    version: str
    wordings: tuple[_Wording, ...]  # those the spec has: first the ones told of every kind
    columns: np.ndarray[tuple[int], np.dtype[np.intp]]  # (w,)
    favour: tuple[tuple[float, float], ...]  # per wording: its sign, and what puts it in front
    of_all: int  # how many of the wordings are told of every kind

    @classmethod
    def of(cls, policy: Policy, spec: FeatureSpec) -> Self:
        """The explainer of a policy's decisions on a spec."""
        first = _RULE_COLUMNS if isinstance(policy, LongestIdle) else ()
        known = [w for w in _WORDINGS if w.column in spec.action_names]
        wordings = (
            *(w for w in known if not w.same_kind),
            *(w for w in known if w.same_kind),
        )
        return cls(
            policy.name,
            policy.version,
            wordings,
            np.array([spec.action_column(w.column) for w in wordings], dtype=np.intp),
            tuple((w.sign, 10.0 if w.column in first else 0.0) for w in wordings),
            sum(not w.same_kind for w in wordings),
        )

    def why(
        self,
        kinds: Sequence[str],
        features: Floats | Floats32,
        chosen: int,
        probabilities: list[float],
        rewards: list[float] | None,
    ) -> tuple[str, str, str]:
        """Three true reasons for the chosen one of k actions with features (k, p)."""
        reasons: list[str] = []
        own, most = probabilities[chosen], max(probabilities)
        if len(kinds) == 1:
            reasons.append("the only eligible action")
        elif own < most:
            reasons.append(
                f"explored: drawn with probability {own:.2g}, where the most "
                f"probable action had {most:.2g}"
            )
        if rewards is not None:
            reasons.append(_reward_reason(rewards, chosen))
        reasons += self._facts(kinds, features, chosen, _REASONS - len(reasons))
        if len(reasons) < _REASONS:
            reasons.append(
                f"probability {own:.2g} under {self.policy}, "
                f"{_place(probabilities, chosen, 1, 'highest')}"
            )
            reasons.append(f"{len(kinds)} eligible actions were compared")
            reasons.append(f"decided by {self.policy}, version {self.version}")
        return reasons[0], reasons[1], reasons[2]

    def _facts(
        self, kinds: Sequence[str], features: Floats | Floats32, chosen: int, number: int
    ) -> list[str]:
        """The facts in which the chosen action stands out, the most favourable first."""
        kind = kinds[chosen]
        alike = [other == kind for other in kinds] if kind == "employee" else None
        values = features.take(self.columns, axis=1)  # (k, w)
        gaps = np.subtract(values, values[chosen], dtype=np.float64)
        sides = [_Side.of(gaps, None)]
        if alike is not None:
            sides.append(sides[0] if all(alike) else _Side.of(gaps, alike))
        facts: list[tuple[float, int]] = []
        for i, (sign, bonus) in enumerate(self.favour):
            within = i >= self.of_all
            if within and alike is None:
                break
            side = sides[within]
            square, mean = side.squares[i], side.totals[i] / side.size
            variance = square / side.size - mean * mean
            lead = bonus
            if square > 0.0 and variance > 0.0:
                lead = -sign * mean / sqrt(variance) + bonus
            if square > 0.0 or bonus:
                facts.append((-lead, i))
        facts.sort()
        return [
            _fact_text(
                self.wordings[i],
                values[:, i].tolist(),
                chosen,
                alike if i >= self.of_all else None,
                sides[i >= self.of_all].totals[i],
            )
            for _, i in facts[:number]
        ]


class _Side(NamedTuple):
    """The gaps between the chosen action and those that it is compared with, summed in order.

    In this order the sums are the same to the bit wherever they are taken, so is what is told.
    """

    size: int
    totals: list[float]  # (w,)
    squares: list[float]  # (w,) zero if and only if all values are the chosen one's

    @classmethod
    def of(cls, gaps: Floats, alike: list[bool] | None) -> Self:
        """Of all gaps (k, w), or of those alike."""
        own = gaps if alike is None else gaps[np.array(alike)]
        both = np.add.accumulate([own, np.square(own)], axis=1)[:, -1]
        return cls(len(own), *both.tolist())


def _reward_reason(rewards: list[float], chosen: int) -> str:
    own = f"predicted reward {rewards[chosen]:.2f} EUR"
    others = rewards[:chosen] + rewards[chosen + 1 :]
    if not others:
        return own
    best = max(others)
    if rewards[chosen] >= best:
        return f"{own} against {best:.2f} EUR for the second best"
    place = _place(rewards, chosen, 1, "highest")
    return f"{own}, {place} (best {best:.2f} EUR)"


def _fact_text(
    wording: _Wording,
    values: list[float],
    chosen: int,
    alike: list[bool] | None,
    total_gap: float,
) -> str:
    if alike is not None:
        chosen, values = sum(alike[:chosen]), list(compress(values, alike))
    unit = f" {wording.unit}" if wording.unit else ""
    text = f"{wording.label} {_number(values[chosen])}{unit}"
    if len(values) == 1:
        return text
    mean = values[chosen] + total_gap / (len(values) - 1)
    place = _place(values, chosen, wording.sign, wording.best)
    return f"{text}, {place} ({_number(mean)}{unit} on average elsewhere)"


def _place(values: list[float], chosen: int, sign: float, best: str) -> str:
    """Where the chosen value stands: "shortest of 7", "equal 3rd shortest of 7"."""
    own = values[chosen]
    if sign > 0.0:
        better = sum([value > own for value in values])
    else:
        better = sum([value < own for value in values])
    rank = f"{_ordinal(better + 1)} {best}" if better else best
    return f"{'equal ' if values.count(own) > 1 else ''}{rank} of {len(values)}"


def _ordinal(n: int) -> str:
    ending = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100.0 else f"{value:.3g}"
