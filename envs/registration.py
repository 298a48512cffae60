"""The Gymnasium ids of the environments; importing `envs` registers them."""

from typing import Any, Final

import gymnasium

_ONE: Final = "envs.contact_centre:ContactCentre"
_MANY: Final = "envs.contact_centres:ContactCentres"

# Id → entry point, vector entry point, arguments.
ENVIRONMENTS: Final[dict[str, tuple[str, str | None, dict[str, Any]]]] = {
    "nba/ContactCentre-v0": (_ONE, _MANY, {}),
    "nba/ContactCentreTelecom-v0": (_ONE, _MANY, {"preset": "telecom"}),
    "nba/ContactCentreBank-v0": (_ONE, _MANY, {"preset": "bank"}),
    "nba/ContactCentreRetail-v0": (_ONE, _MANY, {"preset": "retail"}),
    "nba/ContactCentreBank2003-v0": (_ONE, _MANY, {"preset": "bank-2003"}),
    "nba/CustomerJourney-v0": ("envs.journey:CustomerJourney", None, {}),
}


def register() -> None:
    """Make the ids known to Gymnasium; calling it again changes nothing."""
    for name, (one, many, arguments) in ENVIRONMENTS.items():
        if name not in gymnasium.registry:
            gymnasium.register(
                id=name, entry_point=one, vector_entry_point=many, kwargs=dict(arguments)
            )
