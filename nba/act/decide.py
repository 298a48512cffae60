"""The one place where a choice is drawn, so a logged propensity is the one that was used.

The draw is keyed by decision id and policy version: a retry or a replay draws the same action.
Its compiled form, `_draw.pxd`, is held to it.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from math import nextafter

import numpy as np

from nba.errors import InputError
from nba.seeding import keyed_uniform, keyed_uniforms_of
from nba.types import ActionSet, Context, Decision, Floats, Ints, Policy

_SUM_TOLERANCE = 1e-6


def draw(probabilities: Floats, uniforms: Floats) -> tuple[Ints, Floats]:
    """One index per row by the inverse of its cumulated probabilities, and its propensity.

    (B, A), (B,) in [0, 1) → chosen (B,), propensity (B,). An entry of zero is never chosen.
    Raises InputError naming a row that is not a distribution.

    >>> draw(np.array([[0.25, 0.0, 0.75]] * 2), np.array([0.2, 0.25]))
    (array([0, 2]), array([0.25, 0.75]))
    """
    cumulated = np.cumsum(probabilities, axis=1)
    total = cumulated[:, -1]
    if not (
        np.abs(total - 1.0).max(initial=0.0) <= _SUM_TOLERANCE
        and probabilities.min(initial=0.0) >= 0.0
    ):
        sound = (np.abs(total - 1.0) <= _SUM_TOLERANCE) & (probabilities >= 0.0).all(axis=1)
        row = int(np.flatnonzero(~sound)[0])
        raise InputError(
            f"row {row} of the probabilities sums to {total[row]:.6g} with least entry "
            f"{probabilities[row].min():.3g}; a policy must give numbers >= 0 that sum to 1"
        )
    # Below the total, so that rounding cannot push the index past the last probable action.
    points = np.minimum(uniforms * total, np.nextafter(total, 0.0))
    chosen = (cumulated <= points[:, None]).argmin(axis=1)  # the first that is beyond
    return chosen, probabilities[np.arange(len(chosen)), chosen]


def draw_one(probabilities: list[float], *, decision_id: str, version: str) -> int:
    """The index that `draw` gives for one row and the key of a decision id and policy version.

    Raises InputError if the row is no distribution.

    >>> draw_one([0.0, 1.0], decision_id="d-1", version="a")
    1
    """
    cumulated = list(accumulate(probabilities))
    total = cumulated[-1]
    if not (abs(total - 1.0) <= _SUM_TOLERANCE and min(probabilities) >= 0.0):
        return int(draw(np.array([probabilities]), np.zeros(1))[0][0])  # which says what is wrong
    point = min(keyed_uniform(decision_id, version) * total, nextafter(total, 0.0))
    return bisect_right(cumulated, point)


def draw_many(
    probabilities: Floats, *, decision_ids: Sequence[str], version: str
) -> tuple[Ints, Floats]:
    """What `draw_one` gives for each row (B, A) and its id: chosen (B,), propensity (B,).

    Raises InputError naming a row that is no distribution.

    >>> draw_many(np.array([[0.0, 1.0]]), decision_ids=["d-1"], version="a")
    (array([1]), array([1.]))
    """
    return draw(probabilities, keyed_uniforms_of(decision_ids, version))


def decide(
    policy: Policy,
    context: Context,
    actions: ActionSet,
    *,
    decision_id: str,
    excluded: Mapping[str, str] | None = None,
) -> Decision:
    """The decision that this policy draws for this id: always the same one.

    `excluded` maps actions that are not in the set to the rule that removed them.
    Raises InputError if the policy's probabilities are no distribution.
    """
    probabilities = policy.probabilities(context, actions)
    return drawn(policy, actions, probabilities, decision_id=decision_id, excluded=excluded)


def drawn(
    policy: Policy,
    actions: ActionSet,
    probabilities: Floats,
    *,
    decision_id: str,
    excluded: Mapping[str, str] | None = None,
) -> Decision:
    """The decision drawn from probabilities (k,) that the policy has already given."""
    order = np.argsort(-probabilities, kind="stable").tolist()
    shares = probabilities.tolist()
    chosen = draw_one(shares, decision_id=decision_id, version=policy.version)
    return Decision(
        decision_id=decision_id,
        chosen=actions.actions[chosen],
        propensity=shares[chosen],
        ranked=tuple((actions.actions[i].id, shares[i]) for i in order),
        policy=policy.name,
        policy_version=policy.version,
        excluded=dict(excluded or {}),
    )
