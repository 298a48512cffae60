"""Golden inputs are valid, varied, and the same everywhere."""

import hashlib

import numpy as np

from nba.act.golden import golden_inputs
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.encode import Feature, FeatureSpec


def test_they_are_the_same_in_every_run() -> None:
    spec = FeatureSpec("tiny", (Feature("x"),), (Feature("y", levels=("a", "b")),))
    context, actions, mask = golden_inputs(spec)
    found = hashlib.sha256(context.tobytes() + actions.tobytes() + mask.tobytes()).hexdigest()
    again = golden_inputs(spec)
    assert all((a == b).all() for a, b in zip((context, actions, mask), again, strict=True))
    assert found[:12] == "5655deea35e2"


def test_they_respect_ranges_levels_and_the_mask() -> None:
    context, actions, mask = golden_inputs(CONTACT_CENTRE)
    channel = [i for i, n in enumerate(CONTACT_CENTRE.context_names) if n.startswith("channel=")]
    assert (context[:, channel].sum(axis=1) == 1).all()
    kinds = [i for i, n in enumerate(CONTACT_CENTRE.action_names) if n.startswith("kind=")]
    np.testing.assert_array_equal(actions[:, :, kinds].sum(axis=2), mask)
    for side, rows in (
        (CONTACT_CENTRE.context, context),
        (CONTACT_CENTRE.action, actions[mask]),
    ):
        names = [column for feature in side for column in feature.columns]
        for feature in side:
            if not feature.levels:
                values = rows[:, names.index(feature.name)]
                assert feature.low <= values.min() < values.max() <= feature.high
    assert mask.any(axis=1).all()
    assert not mask.all()
