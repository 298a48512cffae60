"""The Gymnasium spaces of a centre: bounds from the feature spec, and draws that are legal."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from envs import columns as at
from envs.config import CentreConfig
from envs.state import QUEUE
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.encode import Feature
from nba.types import Floats32, Ints

Observation = dict[str, NDArray[Any]]  # context (d,), actions (A, p), mask (A,)
Flags = NDArray[np.int8]


def observation_space(n_actions: int) -> spaces.Space[Observation]:
    """Context (d,), action rows (A, p) and mask (A,), each number in its feature's range."""
    low, high = _bounds(CONTACT_CENTRE.context)
    rows = [np.tile(bound, (n_actions, 1)) for bound in _bounds(CONTACT_CENTRE.action)]
    parts: dict[str, spaces.Space[Any]] = {
        "context": spaces.Box(low, high, dtype=np.float32),
        # A row of zeros, somebody who is off, lies within every action feature's range.
        "actions": spaces.Box(rows[0], rows[1], dtype=np.float32),
        "mask": spaces.MultiBinary(n_actions),
    }
    return cast("spaces.Space[Observation]", spaces.Dict(parts))


def closing_observation(config: CentreConfig, n_actions: int, day: int) -> Observation:
    """What is seen when a day is over: nobody, the time, and nothing but the shared queue."""
    context = np.zeros(len(CONTACT_CENTRE.context_names), dtype=np.float32)
    context[at.HOUR] = min(24.0, config.open_hour + config.day_s / 3600.0)
    context[at.WEEKDAY] = day % len(config.weekday_factors)
    mask = np.zeros(n_actions, dtype=np.int8)
    mask[QUEUE] = 1
    rows = np.zeros((n_actions, len(CONTACT_CENTRE.action_names)), dtype=np.float32)
    return {"context": context, "actions": rows, "mask": mask}


def _bounds(features: tuple[Feature, ...]) -> tuple[Floats32, Floats32]:
    """Lowest and highest value of every encoded column."""
    pairs = []
    for feature in features:
        flags = [(0.0, 1.0)] * len(feature.columns)
        pairs += flags if feature.levels else [(feature.low, feature.high), *flags[1:]]
    low, high = np.array(pairs, dtype=np.float32).T
    return low, high


class LegalActions(spaces.Discrete):
    """The actions 0 … A − 1; a draw without a mask of its own is one that is legal now."""

    def __init__(self, legal: Flags) -> None:
        super().__init__(len(legal))
        self._legal = legal

    def sample(self, mask: Flags | None = None, probability: Any = None) -> np.int64:  # noqa: ANN401 as in Gymnasium
        """A legal action, or what a mask or probabilities ask for."""
        if mask is None and probability is None:
            return np.int64(self.np_random.choice(np.flatnonzero(self._legal)))
        return np.int64(super().sample(mask=mask, probability=probability))


class LegalChoices(spaces.MultiDiscrete):
    """One action per centre (B,); draws are legal now. `legal` gives the present masks (B, A)."""

    def __init__(self, n_centres: int, n_actions: int, legal: Callable[[], NDArray[Any]]) -> None:
        super().__init__([n_actions] * n_centres)
        self._mask = legal

    def sample(self, mask: Any = None, probability: Any = None) -> Ints:  # noqa: ANN401 as in Gymnasium
        """A legal action in each centre, or what a mask or probabilities ask for."""
        if mask is None and probability is None:
            legal = self._mask()
            return np.asarray(np.argmax(self.np_random.random(legal.shape) * legal, axis=1))
        return np.asarray(super().sample(mask=mask, probability=probability))
