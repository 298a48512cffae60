"""A simulated situation in the words of the API: what a caller would send for it."""

from typing import Final

import numpy as np

from envs.config import CentreConfig
from envs.logging import contact_outcome
from envs.records import COMPONENTS, column
from envs.state import FIRST_EMPLOYEE, FIXED_ACTIONS, QUEUE
from envs.vector import ContactCentreVector
from nba.errors import NbaError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import Bools, Floats32

_WARM_UP: Final = 400  # decisions after opening: the middle of the morning


def decision_request(
    context: Floats32, actions: Floats32, mask: Bools, *, decision_id: str, customer: str
) -> dict[str, object]:
    """The body of POST /v1/decisions for one observation, (d,), (A, p), (A,)."""
    candidates = []
    for place in np.flatnonzero(mask):
        features = CONTACT_CENTRE.name_action(actions[place].astype(np.float64))
        kind = features.pop("kind")
        if place < FIRST_EMPLOYEE:
            name = FIXED_ACTIONS[place]
        else:
            name = f"employee-{place - FIRST_EMPLOYEE:03d}"
        candidates.append({"id": name, "kind": kind, "features": features})
    return {
        "decision_id": decision_id,
        "customer": {"id": customer},
        "context": CONTACT_CENTRE.name_context(context.astype(np.float64)),
        "actions": candidates,
    }


def play_out(vector: ContactCentreVector, place: int) -> dict[str, float]:
    """Take an action for the pending contact of a one-centre vector; what came of it, by name.

    The centre goes on with the shared queue for everybody until the contact has ended; later
    steps of the same contact are added in, as in a log. The vector must keep a log. Only
    components that the objective prices are told. Raises NbaError if the day ends before.
    """
    number = int(column(vector.state.centre, "decisions")[0])
    _, _, done = vector.step(np.array([place]))
    while not done[0]:
        outcome = contact_outcome(vector.state, 0, number)
        if outcome is not None:
            named = zip(COMPONENTS, outcome.tolist(), strict=True)
            priced = vector.objective.weights
            return {name: value for name, value in named if name in priced}
        _, _, done = vector.step(np.array([QUEUE]))
    raise NbaError("the day ended before the contact did; start earlier in the day")


def busy_centre(config: CentreConfig, seed: int) -> ContactCentreVector:
    """One centre in the middle of a day, with a contact that asks for an action."""
    vector = ContactCentreVector(config, 1, seed, log=True)
    vector.reset()
    for _ in range(_WARM_UP):
        vector.step(np.array([QUEUE]))
    return vector
