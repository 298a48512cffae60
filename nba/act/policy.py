"""The action scorer: one small net scores every eligible action, whatever their number.

Shapes: B decisions, A actions after padding, d context and p action features, h hidden units.
Sources: Zaheer et al. 2017 (Deep Sets) for the pooled set; Huang and Ontañón 2022 (action masks).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np

from nba.act.folded_net import FoldedNet
from nba.errors import InputError
from nba.types import ActionSet, Bools, Context, Floats, Floats32, Policy, RewardModel

# The letters are the sizes along each axis.
PARAMETER_SHAPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "context_mean": "d",
        "context_std": "d",
        "action_mean": "p",
        "action_std": "p",
        "W_xe": "dh",
        "W_ae": "ph",
        "b_e": "h",
        "W_eu": "hh",
        "W_gu": "hh",
        "W_xu": "dh",
        "b_u": "h",
        "w_score": "h",
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class ActionScorer:
    """A softmax over the net's scores, with an optional reward-model prior and a floor.

    Raises InputError naming a parameter that is absent, misshapen or not finite.
    """

    name: str
    version: str
    parameters: Mapping[str, Floats32]  # shapes: PARAMETER_SHAPES; kept as read-only float32
    reward_model: RewardModel | None = None  # what an action is predicted to earn, in EUR
    prior_model: RewardModel | None = None  # what the logits start from; None: the reward model
    prior_weight: float = 0.0  # logits per EUR of the prior
    temperature: float = 1.0
    floor: float = 0.0  # share spread evenly over the eligible actions
    net: FoldedNet = field(init=False, repr=False)  # the same parameters, made to be quick

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", _checked_parameters(self.parameters))
        object.__setattr__(self, "net", FoldedNet.of(self.parameters))
        if not (np.isfinite(self.temperature) and self.temperature > 0.0):
            raise InputError(f"temperature is {self.temperature}; a number above 0 is needed")
        _check_share("floor", self.floor)
        if not np.isfinite(self.prior_weight):
            raise InputError(f"prior_weight is {self.prior_weight}; a finite number is needed")
        if self.prior_weight != 0.0 and self.reward_model is None and self.prior_model is None:
            raise InputError(
                f"prior_weight is {self.prior_weight:g} without a reward model; "
                "give a reward model or set prior_weight to 0"
            )

    @property
    def sizes(self) -> tuple[int, int, int]:
        """(d, p, h)."""
        (d, h), p = self.parameters["W_xe"].shape, len(self.parameters["W_ae"])
        return d, p, h

    def probabilities(self, context: Context, actions: ActionSet) -> Floats:
        """The probability of each action, (k,)."""
        return one_row(self, context, actions)

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        """(B, d), (B, A, p), (B, A) → (B, A), zero where masked."""
        check_some_action(mask)
        logits = self.net.scores(context, actions, mask).astype(np.float64)
        source = self.prior_model or self.reward_model
        if source is not None and self.prior_weight != 0.0:
            prior = source.batch_rewards(context, actions)
            best = np.where(mask, prior, -np.inf).max(axis=1, keepdims=True)
            logits += self.prior_weight * (prior - best)
        logits /= self.temperature
        return with_floor(masked_softmax(logits, mask), mask, self.floor)

    def batch_scores(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats32:
        """The net's score of each action, (B, A): no prior, temperature or floor; any if masked."""
        return self.net.scores(context, actions, mask)

    def batch_hidden(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats32:
        """The last hidden layer, (B, A, h), which the scores are a weighted sum of."""
        return self.net.hidden(context, actions, mask)


def one_row(policy: Policy, context: Context, actions: ActionSet) -> Floats:
    """A policy's probabilities of one decision, (k,), through its batch form."""
    everything = np.ones((1, len(actions)), dtype=np.bool_)
    features = context.features.astype(np.float32)[None]
    rows = actions.features.astype(np.float32)[None]
    return np.asarray(policy.batch_probabilities(features, rows, everything)[0])


def masked_softmax(logits: Floats, mask: Bools) -> Floats:
    """Softmax over the unmasked entries of each row, (B, A) → (B, A); zero where masked.

    Raises InputError naming a row without one unmasked action.

    >>> masked_softmax(np.array([[0.0, 0.0, 9.0]]), np.array([[True, True, False]]))
    array([[0.5, 0.5, 0. ]])
    """
    check_some_action(mask)
    legal = logits if mask.all() else np.where(mask, logits, -np.inf)
    weights = np.asarray(legal - legal.max(axis=1, keepdims=True))
    np.exp(weights, out=weights)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def with_floor(probabilities: Floats, mask: Bools, floor: float) -> Floats:
    """Probabilities mixed with a share `floor` of the uniform one over unmasked actions, (B, A).

    >>> with_floor(np.array([[1.0, 0.0]]), np.array([[True, True]]), 0.1)
    array([[0.95, 0.05]])
    """
    if floor == 0.0:
        return probabilities
    mixed = (1.0 - floor) * probabilities
    if mask.all():
        mixed += floor * (1.0 / mask.shape[1])
    else:
        mixed += floor * (mask / mask.sum(axis=1, keepdims=True))
    return mixed


def best_of(values: Floats, mask: Bools) -> Floats:
    """All probability on each row's largest unmasked value, (B, A); the first among equals.

    >>> best_of(np.array([[1.0, 3.0, 9.0]]), np.array([[True, True, False]]))
    array([[0., 1., 0.]])
    """
    check_some_action(mask)
    best = np.where(mask, values, -np.inf).argmax(axis=1)
    probabilities = np.zeros(mask.shape)
    probabilities[np.arange(len(mask)), best] = 1.0
    return probabilities


def check_some_action(mask: Bools) -> None:
    """Refuse a batch in which some row has every action masked."""
    if mask.all() and mask.shape[1]:
        return
    some = mask.any(axis=1)
    if not some.all():
        row = int(np.flatnonzero(~some)[0])
        raise InputError(f"row {row} has no unmasked action; at least one must be eligible")


def _checked_parameters(given: Mapping[str, Floats32]) -> Mapping[str, Floats32]:
    if set(given) != set(PARAMETER_SHAPES):
        odd = min(set(given) ^ set(PARAMETER_SHAPES))
        found = "unknown" if odd in given else "absent"
        raise InputError(f"scorer parameter {odd!r} is {found}; use {', '.join(PARAMETER_SHAPES)}")
    arrays = {name: np.array(given[name], dtype=np.float32) for name in PARAMETER_SHAPES}
    sizes: dict[str, int] = {}
    for name, letters in PARAMETER_SHAPES.items():
        array = arrays[name]
        if array.ndim != len(letters):
            raise InputError(f"scorer parameter {name} has {array.ndim} axes, not {len(letters)}")
        for letter, size in zip(letters, array.shape, strict=True):
            if sizes.setdefault(letter, size) != size:
                raise InputError(
                    f"scorer parameter {name} has shape {array.shape}; "
                    f"its size {letter} is {sizes[letter]} elsewhere"
                )
        if not np.isfinite(array).all():
            raise InputError(f"scorer parameter {name} is not finite everywhere")
        if name.endswith("_std") and not (array > 0.0).all():
            raise InputError(f"scorer parameter {name} must be above 0 everywhere")
        array.flags.writeable = False
    return MappingProxyType(arrays)


def _check_share(name: str, value: float) -> None:
    if not 0.0 <= value < 1.0:
        raise InputError(f"{name} is {value}; a share in [0, 1) is needed")
