"""The Gymnasium ids of the environments; `gymnasium.make` finds them after `register()`."""

import gymnasium

ENVIRONMENTS = {"nba/ContactCentre-v0": "envs.contact_centre:ContactCentre"}


def register() -> None:
    """Make the ids known to Gymnasium; calling it again changes nothing."""
    for name, entry_point in ENVIRONMENTS.items():
        if name not in gymnasium.registry:
            gymnasium.register(id=name, entry_point=entry_point)
