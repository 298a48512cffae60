"""Why this action: three true statements with numbers, the chosen action against the others.

They compare what was given and predicted; which of them moved a net's score is not claimed.
"""

from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

import numpy as np

from nba.act.longest_idle import LongestIdle
from nba.listen.encode import FeatureSpec
from nba.types import ActionSet, Context, Floats, Policy, RewardModel

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
    reasons: list[str] = []
    if len(actions) == 1:
        reasons.append("the only eligible action")
    elif probabilities[chosen_index] < probabilities.max():
        reasons.append(
            f"explored: drawn with probability {probabilities[chosen_index]:.2g}, where the most "
            f"probable action had {probabilities.max():.2g}"
        )
    if rewards is not None:
        reasons.append(_reward_reason(rewards, chosen_index))
    first = _RULE_COLUMNS if isinstance(policy, LongestIdle) else ()
    reasons += _feature_reasons(actions, chosen_index, spec, first)
    reasons.append(
        f"probability {probabilities[chosen_index]:.2g} under {policy.name}, "
        f"{_place(probabilities, chosen_index, 1, 'highest')}"
    )
    reasons.append(f"{len(actions)} eligible actions were compared")
    reasons.append(f"decided by {policy.name}, version {policy.version}")
    return reasons[0], reasons[1], reasons[2]


def _reward_reason(rewards: Floats, chosen: int) -> str:
    own = f"predicted reward {rewards[chosen]:.2f} EUR"
    others = np.delete(rewards, chosen)
    if not len(others):
        return own
    if rewards[chosen] >= others.max():
        return f"{own} against {others.max():.2f} EUR for the second best"
    place = _place(rewards, chosen, 1, "highest")
    return f"{own}, {place} (best {others.max():.2f} EUR)"


def _feature_reasons(
    actions: ActionSet, chosen: int, spec: FeatureSpec, first: tuple[str, ...]
) -> list[str]:
    """The facts in which the chosen action stands out, the most favourable first."""
    kind = actions.actions[chosen].kind
    alike = np.array([action.kind == kind for action in actions.actions])
    facts: list[tuple[float, _Wording, Floats, int]] = []
    for same_kind, rows in ((False, np.arange(len(alike))), (True, np.flatnonzero(alike))):
        if same_kind and kind != "employee":
            continue
        wordings = [
            w for w in _WORDINGS if w.same_kind == same_kind and w.column in spec.action_names
        ]
        values = actions.features[rows][:, [spec.action_column(w.column) for w in wordings]]
        place = int(np.searchsorted(rows, chosen))
        varied = np.ptp(values, axis=0) > 0.0
        lead = (values[place] - values.mean(axis=0)) / np.where(varied, values.std(axis=0), np.inf)
        facts += [
            (w.sign * lead[i] + (10.0 if w.column in first else 0.0), w, values[:, i], place)
            for i, w in enumerate(wordings)
            if varied[i] or w.column in first
        ]
    facts.sort(key=lambda fact: -fact[0])
    return [_fact_text(wording, values, place) for _, wording, values, place in facts[:_REASONS]]


def _fact_text(wording: _Wording, values: Floats, chosen: int) -> str:
    unit = f" {wording.unit}" if wording.unit else ""
    text = f"{wording.label} {_number(values[chosen])}{unit}"
    if len(values) == 1:
        return text
    mean = np.delete(values, chosen).mean()
    place = _place(values, chosen, wording.sign, wording.best)
    return f"{text}, {place} ({_number(mean)}{unit} on average elsewhere)"


def _place(values: Floats, chosen: int, sign: float, best: str) -> str:
    """Where the chosen value stands: "shortest of 7", "equal 3rd shortest of 7"."""
    gaps = sign * (values - values[chosen])
    better, equal = int((gaps > 0.0).sum()), int((gaps == 0.0).sum()) - 1
    rank = f"{_ordinal(better + 1)} {best}" if better else best
    return f"{'equal ' if equal else ''}{rank} of {len(values)}"


def _ordinal(n: int) -> str:
    ending = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100.0 else f"{value:.3g}"
