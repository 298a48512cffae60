"""Every path of the API, in one table: the app serves it and the description is made from it."""

from typing import Final

from serving.api.decide import decide
from serving.api.health import alive, ready
from serving.api.outcomes import outcome
from serving.api.policies import policies
from serving.api.trace import trace
from serving.call import Route
from serving.schema import (
    DecisionReply,
    DecisionRequest,
    DecisionTrace,
    OutcomeReply,
    OutcomeRequest,
)

ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "POST",
        "/v1/decisions",
        decide,
        "Decide what to do",
        "decide",
        request=DecisionRequest,
        reply=DecisionReply,
        errors=(400, 409, 413, 422, 503),
    ),
    Route(
        "GET",
        "/v1/decisions/{id}",
        trace,
        "One decision and what came back",
        "decide",
        reply=DecisionTrace,
        errors=(404, 503),
    ),
    Route(
        "POST",
        "/v1/outcomes",
        outcome,
        "Tell what came back",
        "outcome",
        request=OutcomeRequest,
        reply=OutcomeReply,
        errors=(400, 404, 409, 413, 422, 503),
    ),
    Route("GET", "/v1/policies", policies, "What is served", "admin"),
    Route("GET", "/healthz", alive, "Is the process alive?", "open"),
    Route("GET", "/readyz", ready, "Can it promise anything now?", "open", errors=(503,)),
)
