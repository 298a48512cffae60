"""The columns that predict a contact's reward, linear in their weights and quick in batches.

For each group of action kinds (employee, queue, callback, content, bots, none) the model has one
weight per *term*; a term is a context part times an action part:

- context parts: 1 and every context column, standardised;
- action parts: 1; every action column that is no kind, standardised; the expected wait as its
  first ten minutes and as log(1 + s), since patience is short and the harm of waiting levels off;
  the overload share of an occupancy above 85 %, alone and times the expected handling time, which
  is what overload costs;
- terms: every context part alone, every action part alone, and the products named in `PRODUCTS`
  (a likely resolution is worth more for a valuable customer, skill counts more when it is
  complex, …). What a specification does not name is left out, so any feature spec has a basis.

Because every term is such a product, the reward is bilinear: per decision the context turns the
weights into one small weight row per group, and an action costs one dot product with its group's.
Standardised values are cut at ±5, so a rare reading cannot carry a prediction away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from nba.types import Floats, Floats32
from nba.understand.scale import ScaleSums

KIND_GROUPS: Final = (
    ("employee",),
    ("queue",),
    ("callback",),
    ("content",),
    ("chat_bot", "voice_bot"),
    ("none",),
)
PRODUCTS: Final[tuple[tuple[str, str], ...]] = (  # (action part, context column)
    ("resolve_estimate", "value_tier"),
    ("resolve_estimate", "sentiment_estimate"),
    ("resolve_estimate", "contacts_in_journey"),
    ("resolve_estimate", "complexity_estimate"),
    ("resolve_estimate", "intent_confidence"),
    ("skill_estimate", "complexity_estimate"),
    ("skill_estimate", "intent_confidence"),
    ("skill_mean", "intent_confidence"),
    ("expected_handle_s", "complexity_estimate"),
    ("short_wait", "value_tier"),
    ("short_wait", "sentiment_estimate"),
    ("short_wait", "contacts_in_journey"),
    ("short_wait", "waiting_per_employee"),
    ("language_match", "complexity_estimate"),
)
CUT: Final = 5.0
# Derived action parts: name, column they are made from, and the column they are multiplied with.
DERIVED: Final = (
    ("short_wait", "expected_wait_s", None),
    ("log_wait", "expected_wait_s", None),
    ("overload", "occupancy_1h", None),
    ("overload_work", "occupancy_1h", "expected_handle_s"),
)


@dataclass(frozen=True, slots=True)
class Basis:
    """Which columns the terms are made from, and the scale that standardises them.

    All fields are plain float arrays, so that a model file holds them as they are. Letters: G
    groups, s action parts without the 1, t products; a model has 1 + d + s + t terms per group.
    """

    context_mean: Floats  # (d,)
    context_std: Floats  # (d,)
    action_mean: Floats  # (p,)
    action_std: Floats  # (p,)
    groups: Floats  # (p, G) 1 where the column is a kind of the group; (p, 0) without kinds
    numbers: Floats  # (columns,) the action columns that are standardised
    derived: Floats  # (parts, 3) place in DERIVED, its column, the column it is multiplied with
    products: Floats  # (t, 2) place of the action part, context column

    @property
    def n_groups(self) -> int:
        """How many groups of kinds have weights of their own, at least one."""
        return max(1, int(self.groups.shape[1]))

    @property
    def n_parts(self) -> int:
        """How many action parts there are beside the 1."""
        return len(self.numbers) + len(self.derived)

    @property
    def n_terms(self) -> int:
        """How many weights a group has."""
        return 1 + len(self.context_mean) + self.n_parts + len(self.products)

    def context_parts(self, context: Floats32) -> Floats:
        """1 and the standardised context, (B, d) → (B, 1 + d)."""
        parts = np.empty((len(context), 1 + context.shape[1]))
        parts[:, 0] = 1.0
        scaled = (context - self.context_mean) / self.context_std
        np.clip(scaled, -CUT, CUT, out=parts[:, 1:])
        return parts

    def action_parts(self, actions: Floats32) -> Floats:
        """1, the standardised action columns and the derived ones, (…, p) → (…, 1 + s)."""
        parts = np.empty((*actions.shape[:-1], 1 + self.n_parts))
        parts[..., 0] = 1.0
        numbers = self.numbers.astype(np.intp)
        scaled = (actions[..., numbers] - self.action_mean[numbers]) / self.action_std[numbers]
        end = 1 + len(numbers)
        np.clip(scaled, -CUT, CUT, out=parts[..., 1:end])
        for place, (which, column, other) in enumerate(self.derived.astype(np.intp)):
            value = _derive(DERIVED[which][0], actions[..., column])
            if other >= 0:
                # The other column is standardised already: `numbers` is in ascending order.
                value = value * parts[..., 1 + int(np.searchsorted(numbers, other))]
            parts[..., end + place] = value
        return parts

    def kinds(self, actions: Floats32) -> Floats:
        """1 in the group an action belongs to, (…, p) → (…, G); all zero for a padded row."""
        if not self.groups.shape[1]:
            return np.ones((*actions.shape[:-1], 1))
        return np.asarray(actions @ self.groups)

    def terms(self, context: Floats32, actions: Floats32) -> Floats:
        """The terms of one action per context, (n, d), (n, p) → (n, terms)."""
        x, a = self.context_parts(context), self.action_parts(actions)
        part, column = self.products.astype(np.intp).T
        return np.concatenate([x, a[:, 1:], a[:, part] * x[:, 1 + column]], axis=1)

    def bilinear(self, weights: Floats) -> Floats:
        """Weights (G, terms) as a (1 + d, 1 + s, G) form of context part times action part."""
        d, s = len(self.context_mean), self.n_parts
        form = np.zeros((1 + d, 1 + s, self.n_groups))
        form[:, 0] = weights[:, : 1 + d].T
        form[0, 1:] = weights[:, 1 + d : 1 + d + s].T
        part, column = self.products.astype(np.intp).T
        form[1 + column, part] = weights[:, 1 + d + s :].T
        return form


def make_basis(
    context_names: Sequence[str],
    action_names: Sequence[str],
    *,
    context: Floats32,
    actions: Floats32,
) -> Basis:
    """The basis of a feature spec, scaled by the rows of `context` (n, d) and `actions` (m, p)."""
    return scaled_basis(
        context_names, action_names, context=ScaleSums.of(context), actions=ScaleSums.of(actions)
    )


def scaled_basis(
    context_names: Sequence[str],
    action_names: Sequence[str],
    *,
    context: ScaleSums,
    actions: ScaleSums,
) -> Basis:
    """The basis of a feature spec from sums of its columns: for rows that come in parts."""
    numbers = [i for i, name in enumerate(action_names) if not name.startswith("kind=")]
    place = {action_names[column]: 1 + i for i, column in enumerate(numbers)}
    derived = []
    for which, (name, column, other) in enumerate(DERIVED):
        if column in place and (other is None or other in place):
            times = -1 if other is None else action_names.index(other)
            derived.append((which, action_names.index(column), times))
            place[name] = 1 + len(numbers) + len(derived) - 1
    products = [
        (place[part], context_names.index(column))
        for part, column in PRODUCTS
        if part in place and column in context_names
    ]
    context_mean, context_std = context.mean_and_std()
    action_mean, action_std = actions.mean_and_std()
    return Basis(
        context_mean,
        context_std,
        action_mean,
        action_std,
        groups=_groups(action_names),
        numbers=np.array(numbers, dtype=np.float64),
        derived=np.array(derived, dtype=np.float64).reshape(-1, 3),
        products=np.array(products, dtype=np.float64).reshape(-1, 2),
    )


def _groups(action_names: Sequence[str]) -> Floats:
    columns = []
    for group in KIND_GROUPS:
        members = [name in {f"kind={kind}" for kind in group} for name in action_names]
        if any(members):
            columns.append(members)
    return np.array(columns, dtype=np.float64).reshape(len(columns), len(action_names)).T.copy()


def _derive(name: str, column: Floats32) -> Floats:
    values = column.astype(np.float64)
    if name == "short_wait":
        return np.asarray(np.clip(values, 0.0, 600.0) / 300.0)
    if name == "log_wait":
        return np.asarray(np.log1p(np.maximum(values, 0.0)) / 4.0)
    return np.asarray(np.clip(values - 0.85, 0.0, None) / 0.15)
