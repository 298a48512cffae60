"""Open Bandit Pipeline's `bandit_feedback` dictionary as a decision log or a flat log.

Its keys are n_rounds, n_actions, context (n, d), action (n,), reward (n,), pscore (n,), and
sometimes position (n,) and action_context (K, p); Saito et al. 2021.
"""

from collections.abc import Mapping

import numpy as np

from nba.errors import InputError
from nba.listen.flat_log import FlatLog
from nba.types import DecisionLog, Floats, Ints, Texts

_SPEC = "bandit-feedback"


def feedback_log(feedback: Mapping[str, object]) -> DecisionLog:
    """A decision log in which every row offers all K actions, with their features as given.

    Without action_context an action's features are its own indicator. Raises InputError for a
    dictionary that lacks a key or has columns of other lengths; a log without pscore has NaN.
    """
    n, k = _size(feedback)
    features = _array(feedback, "context", (n, None)) if "context" in feedback else np.zeros((n, 0))
    given = feedback.get("action_context")
    actions = np.eye(k) if given is None else _array(feedback, "action_context", (k, None))
    names = [f"action={i}" for i in range(k)] if given is None else _named("action", actions)
    segments = _segments(feedback, n)
    return DecisionLog(
        decision_id=_numbered("round", n),
        unit=_numbered("round", n),
        at=np.arange(n, dtype=np.float64),
        context=features.astype(np.float32),
        offsets=np.arange(n + 1, dtype=np.int64) * k,
        action_ids=np.tile(np.arange(k).astype(str).astype(object), n),
        actions=np.tile(actions.astype(np.float32), (n, 1)),
        chosen=_actions(feedback, n, k),
        propensity=_propensity(feedback, n),
        policy_version=np.full(n, _SPEC, dtype=object),
        outcomes={},
        reward=_array(feedback, "reward", (n,)),
        context_names=tuple(_named("context", features)),
        action_names=tuple(names),
        spec_version=_SPEC,
        segments=segments,
    )


def feedback_flat_log(feedback: Mapping[str, object]) -> FlatLog:
    """The same without features: actions, rewards and propensities alone.

    >>> found = feedback_flat_log({"n_rounds": 2, "n_actions": 3, "action": np.array([0, 2]),
    ...     "reward": np.array([1.0, 0.0]), "pscore": np.array([0.5, 0.25])})
    >>> found.n_actions
    array([3, 3])
    """
    n, k = _size(feedback)
    action = _actions(feedback, n, k)
    return FlatLog(
        action=action.astype(str).astype(object),
        propensity=None if feedback.get("pscore") is None else _propensity(feedback, n),
        reward=_array(feedback, "reward", (n,)),
        n_actions=np.full(n, k, dtype=np.int64),
        segments=_segments(feedback, n),
    )


def feedback_target(feedback: Mapping[str, object], action_dist: Floats) -> Floats:
    """The target's probabilities in a decision log's flat order, (m,), from an action_dist.

    An action_dist is (n, K), or (n, K, positions), of which each row's own position is taken.
    """
    n, k = _size(feedback)
    if action_dist.shape[:2] != (n, k) or action_dist.ndim > 3:
        raise InputError(f"action_dist has shape {action_dist.shape}; ({n}, {k}[, positions])")
    if action_dist.ndim == 3:
        given = feedback.get("position")
        position = np.zeros(n, dtype=np.int64) if given is None else np.asarray(given, np.int64)
        action_dist = action_dist[np.arange(n), :, position]
    return np.ascontiguousarray(action_dist, dtype=np.float64).reshape(-1)


def _size(feedback: Mapping[str, object]) -> tuple[int, int]:
    absent = [k for k in ("action", "reward", "n_actions") if feedback.get(k) is None]
    if absent:
        known = ", ".join(feedback)
        raise InputError(f"bandit_feedback has no {absent[0]!r}; it has {known}")
    return len(np.asarray(feedback["action"])), int(np.asarray(feedback["n_actions"]))


def _array(feedback: Mapping[str, object], key: str, shape: tuple[int | None, ...]) -> Floats:
    try:
        found = np.asarray(feedback[key], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"bandit_feedback[{key!r}] holds something that is no number") from error
    fits = found.ndim == len(shape) and all(
        need in (None, have) for need, have in zip(shape, found.shape, strict=True)
    )
    if not fits:
        raise InputError(f"bandit_feedback[{key!r}] has shape {found.shape}; {shape} is needed")
    return found


def _actions(feedback: Mapping[str, object], n: int, k: int) -> Ints:
    found = _array(feedback, "action", (n,)).astype(np.int64)
    wrong = np.flatnonzero((found < 0) | (found >= k))
    if len(wrong):
        row = int(wrong[0])
        raise InputError(f"row {row}: action {found[row]} of {k}; actions are 0 to {k - 1}")
    return found


def _propensity(feedback: Mapping[str, object], n: int) -> Floats:
    if feedback.get("pscore") is None:
        return np.full(n, np.nan)
    return _array(feedback, "pscore", (n,))


def _segments(feedback: Mapping[str, object], n: int) -> dict[str, Texts]:
    if feedback.get("position") is None:
        return {}
    return {"position": _array(feedback, "position", (n,)).astype(int).astype(str).astype(object)}


def _numbered(name: str, n: int) -> Texts:
    return np.array([f"{name}-{i}" for i in range(n)], dtype=object)


def _named(name: str, features: Floats) -> list[str]:
    return [f"{name}_{i}" for i in range(features.shape[1])]
