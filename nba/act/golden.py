"""Golden inputs: plausible rows of a spec, on which a loaded policy proves it is unharmed."""

import numpy as np

from nba.listen.encode import Feature, FeatureSpec
from nba.seeding import generator
from nba.types import Bools, Floats, Floats32

_ROWS = 8
_ACTIONS = 6
_WIDE = 10.0  # from here up a range is a safety limit: typical values lie near its low end
_MISSING_SHARE = 0.25


def golden_inputs(spec: FeatureSpec) -> tuple[Floats32, Floats32, Bools]:
    """Context (8, d), actions (8, 6, p) and mask (8, 6) in raw units, always the same for a spec.

    Masked actions are rows of zeros; every row has at least one unmasked action.
    """
    rng = generator(0, f"golden inputs {spec.version}")
    context = np.array([_row(rng, spec.context) for _ in range(_ROWS)])
    actions = np.array([[_row(rng, spec.action) for _ in range(_ACTIONS)] for _ in range(_ROWS)])
    mask = rng.random((_ROWS, _ACTIONS)) < 0.75
    mask[:, 0] = True
    actions[~mask] = 0.0
    return context.astype(np.float32), actions.astype(np.float32), mask


def _row(rng: np.random.Generator, features: tuple[Feature, ...]) -> Floats:
    return np.concatenate([_columns(rng, feature) for feature in features])


def _columns(rng: np.random.Generator, feature: Feature) -> Floats:
    if feature.levels:
        return np.asarray(np.eye(len(feature.levels))[rng.integers(len(feature.levels))])
    span = feature.high - feature.low
    # A sixth power puts the median of a range of a day, 86,400 s, at about 20 minutes.
    value = feature.low + span * rng.random() ** (6 if span > _WIDE else 1)
    if feature.default is None:
        return np.array([value])
    if rng.random() < _MISSING_SHARE:
        return np.array([feature.default, 1.0])
    return np.array([value, 0.0])
