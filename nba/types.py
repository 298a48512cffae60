"""The central types: frozen, slotted, and refusing to exist wrong.

Letters in the shape comments: n rounds, k actions of one decision, B decisions of a batch,
A actions after padding, d context features, p action features, m actions over all rounds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from nba.errors import InputError, LogError

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Texts = NDArray[Any]  # numpy arrays of Python strings (dtype object)

ACTION_KINDS: Final = ("content", "chat_bot", "voice_bot", "callback", "queue", "employee", "none")
Verdict = Literal["PROMOTE", "HOLD", "CANT_TELL"]


@dataclass(frozen=True, slots=True)
class Context:
    """What is known when the choice is made.

    >>> Context("customer-1", np.array([0.5])).features.shape
    (1,)
    """

    subject: str
    features: Floats  # (d,)

    def __post_init__(self) -> None:
        _finite_vector("context features", self.features)


@dataclass(frozen=True, slots=True)
class Action:
    """One thing we may do: its id is for people and logs, never a feature."""

    id: str
    kind: str
    features: Floats  # (p,)

    def __post_init__(self) -> None:
        if self.kind not in ACTION_KINDS:
            raise InputError(
                f"action {self.id!r} has kind {self.kind!r}; use one of {', '.join(ACTION_KINDS)}"
            )
        _finite_vector(f"features of action {self.id!r}", self.features)


@dataclass(frozen=True, slots=True)
class ActionSet:
    """The eligible actions of one decision; their order is the order of every probability row.

    >>> ActionSet((Action("a", "queue", np.zeros(2)), Action("b", "callback", np.ones(2)))).features
    array([[0., 0.],
           [1., 1.]])
    """

    actions: tuple[Action, ...]
    features: Floats = field(init=False)  # (k, p), the actions' rows

    def __post_init__(self) -> None:
        if not self.actions:
            raise InputError("an action set is empty; at least one action must be eligible")
        ids = [action.id for action in self.actions]
        if len(set(ids)) < len(ids):
            twice = next(i for i in ids if ids.count(i) > 1)
            raise InputError(f"action id {twice!r} stands twice in one set; ids must differ")
        widths = {action.features.shape[0] for action in self.actions}
        if len(widths) > 1:
            raise InputError(f"actions of one set have {sorted(widths)} features; use one number")
        object.__setattr__(self, "features", np.stack([a.features for a in self.actions]))

    def __len__(self) -> int:
        return len(self.actions)


@dataclass(frozen=True, slots=True)
class Decision:
    """What we did: the chosen action with the probability it had, and why others were not open."""

    decision_id: str
    chosen: Action
    propensity: float
    ranked: tuple[tuple[str, float], ...]  # (action id, probability), most probable first
    policy: str  # policy name
    policy_version: str  # digest of the policy file or rule
    excluded: Mapping[str, str] = field(default_factory=dict)  # action id → rule that removed it

    def __post_init__(self) -> None:
        if not 0.0 < self.propensity <= 1.0 + 1e-9:
            raise InputError(
                f"decision {self.decision_id!r} has propensity {self.propensity:.3g}; "
                "a drawn action has a probability in (0, 1]"
            )


@dataclass(frozen=True, slots=True)
class Outcome:
    """One named thing that came back for a decision, in the component's own unit."""

    decision_id: str
    component: str
    value: float
    at: float  # seconds since the epoch

    def __post_init__(self) -> None:
        if not np.isfinite(self.value) or not np.isfinite(self.at):
            raise InputError(
                f"outcome {self.component!r} of {self.decision_id!r} has value {self.value} at "
                f"{self.at}; both must be finite numbers"
            )


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its error, interval and effective sample size."""

    value: float
    std_error: float
    low: float
    high: float
    ess: float
    method: str
    level: float = 0.95
    diagnostics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DecisionLog:
    """Decisions with their rewards, in columns; action sets are ragged (flat rows + offsets)."""

    decision_id: Texts  # (n,)
    unit: Texts  # (n,) the customer: rows of one unit are not independent
    at: Floats  # (n,) seconds since the epoch
    context: Floats32  # (n, d)
    offsets: Ints  # (n + 1,) row i holds actions offsets[i]:offsets[i + 1]
    action_ids: Texts  # (m,)
    actions: Floats32  # (m, p)
    chosen: Ints  # (n,) index within the row's own action set
    propensity: Floats  # (n,)
    policy_version: Texts  # (n,)
    outcomes: Mapping[str, Floats]  # component → (n,), NaN where it has not come back
    reward: Floats  # (n,) EUR, NaN where the reward window is still open
    context_names: tuple[str, ...]  # (d,)
    action_names: tuple[str, ...]  # (p,)
    spec_version: str
    segments: Mapping[str, Texts] = field(default_factory=dict)  # name → (n,)

    def __post_init__(self) -> None:
        n, m = len(self.decision_id), int(self.offsets[-1]) if len(self.offsets) else -1
        columns: dict[str, tuple[NDArray[Any], int]] = {
            "unit": (self.unit, n),
            "at": (self.at, n),
            "context": (self.context, n),
            "offsets": (self.offsets, n + 1),
            "action_ids": (self.action_ids, m),
            "actions": (self.actions, m),
            "chosen": (self.chosen, n),
            "propensity": (self.propensity, n),
            "policy_version": (self.policy_version, n),
            "reward": (self.reward, n),
        }
        columns |= {f"outcomes[{name!r}]": (values, n) for name, values in self.outcomes.items()}
        columns |= {f"segments[{name!r}]": (values, n) for name, values in self.segments.items()}
        for name, (values, needed) in columns.items():
            if len(values) != needed:
                raise LogError(f"log column {name} has {len(values)} rows; {needed} are needed")
        if self.context.shape[1:] != (len(self.context_names),):
            raise LogError(
                f"context has shape {self.context.shape}; {len(self.context_names)} names"
            )
        if self.actions.shape[1:] != (len(self.action_names),):
            raise LogError(
                f"actions have shape {self.actions.shape}; {len(self.action_names)} names"
            )

    def __len__(self) -> int:
        return len(self.decision_id)


@runtime_checkable
class Policy(Protocol):
    """Context and action set → probabilities. It never draws: `nba.act.decide` does."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    def probabilities(self, context: Context, actions: ActionSet) -> Floats:
        """The probability of each action, (k,), summing to one."""
        ...

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        """The same for many rows: (B, d), (B, A, p), (B, A) → (B, A), zero where masked."""
        ...


@runtime_checkable
class RewardModel(Protocol):
    """Context and action → expected reward in EUR."""

    def batch_rewards(self, context: Floats32, actions: Floats32) -> Floats:
        """(B, d), (B, A, p) → (B, A)."""
        ...


class Learner(Protocol):
    """Reads logs, hands out an immutable policy."""

    def learn(self, log: DecisionLog) -> None: ...

    def policy(self) -> Policy: ...


class Estimator(Protocol):
    """A log and a target policy's probabilities of every logged action → an estimate in EUR."""

    @property
    def name(self) -> str: ...

    def __call__(self, log: DecisionLog, target: Floats, *, level: float = 0.95) -> Estimate:
        """`target` is (m,): the target's probability of each action, in the log's flat order."""
        ...


def _finite_vector(name: str, values: Floats) -> None:
    if values.ndim != 1:
        raise InputError(f"{name} have shape {values.shape}; one row of numbers is needed")
    if not np.isfinite(values).all():
        bad = int(np.flatnonzero(~np.isfinite(values))[0])
        raise InputError(f"{name}[{bad}] is {values[bad]}; every feature must be a finite number")
