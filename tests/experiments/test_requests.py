"""A simulated situation in the words of the API."""

import json

import numpy as np

from experiments.requests import busy_centre, decision_request, play_out
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import Floats32
from serving.schema import DecisionRequest, decode
from tests.experiments.small_run import BANK


def situation() -> tuple[DecisionRequest, tuple[Floats32, Floats32]]:
    context, actions, mask = (part[0].copy() for part in busy_centre(BANK, 5).observe())
    plain = decision_request(context, actions, mask, decision_id="d-1", customer="c-1")
    return decode(json.dumps(plain).encode(), DecisionRequest), (context, actions[mask])


def test_the_server_reads_the_very_numbers_that_were_simulated() -> None:
    request, (context, rows) = situation()
    assert np.array_equal(CONTACT_CENTRE.encode_context(request.context), context)
    assert len(request.actions) == len(rows) > 5
    for candidate, row in zip(request.actions, rows, strict=True):
        values = {"kind": candidate.kind, **candidate.features}
        assert np.array_equal(CONTACT_CENTRE.encode_action(values), row)


def test_ids_are_unique_and_only_employees_are_numbered() -> None:
    request, _ = situation()
    ids = [candidate.id for candidate in request.actions]
    assert len(set(ids)) == len(ids)
    for candidate in request.actions:
        if candidate.kind == "employee":
            assert candidate.id.startswith("employee-")
        else:
            assert candidate.id == candidate.kind


def test_what_comes_of_an_action_is_told_by_priced_components() -> None:
    vector = busy_centre(BANK, 5)
    place = int(np.flatnonzero(vector.observe()[2][0])[-1])
    outcome = play_out(vector, place)
    assert set(outcome) == set(vector.objective.weights)
    assert outcome["handle_s"] > 0.0 or outcome["abandoned"] == 1.0
    again = busy_centre(BANK, 5)
    assert play_out(again, place) == outcome
