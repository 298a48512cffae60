"""Every path of the API, in one table: the app serves it and the description is made from it."""

from functools import partial
from typing import Final

from serving.api.activate import activate
from serving.api.batch import decide_many
from serving.api.decide import decide
from serving.api.employees import employee, employees, put_employee, remove_employee
from serving.api.events import event
from serving.api.health import alive, ready
from serving.api.metrics import metrics
from serving.api.outcomes import outcome
from serving.api.override import override
from serving.api.personalizer import activate_event, rank, reward
from serving.api.policies import mode, policies, promote, rollback
from serving.api.trace import trace
from serving.call import Route
from serving.personalizer.wire import (
    PersonalizerErrorReply,
    RankReply,
    RankRequest,
    RewardRequest,
    told_on_the_wire,
)
from serving.schema import (
    DecisionReply,
    DecisionRequest,
    DecisionTrace,
    OutcomeReply,
    OutcomeRequest,
    OverrideReply,
    OverrideRequest,
)
from serving.schema_policies import ModeRequest, PlanReply, PromoteRequest, RollbackRequest
from serving.schema_state import (
    EmployeeReply,
    EmployeeRequest,
    EventReply,
    EventRequest,
    RosterReply,
)

# What Personalizer's SDKs put before the path: its versions, the described one first.
PREFIXES: Final = ("", "/personalizer/v1.1", "/personalizer/v1.0", "/personalizer/v1.1-preview.3")


def _personalizer(prefix: str) -> tuple[Route, ...]:
    """The three calls of Azure Personalizer's single slot under a prefix."""
    described = prefix == ""
    return (
        Route(
            "POST",
            f"{prefix}/rank",
            rank,
            "Personalizer: rank actions",
            "decide",
            request=RankRequest,
            reply=RankReply,
            errors=(400, 409, 413, 503),
            status=201,
            example="rank",
            refusal=PersonalizerErrorReply,
            told=partial(told_on_the_wire, "InvalidRankRequest"),
            described=described,
        ),
        Route(
            "POST",
            f"{prefix}/events/{{id}}/reward",
            reward,
            "Personalizer: tell what an event was worth",
            "outcome",
            request=RewardRequest,
            errors=(400, 404, 413, 503),
            status=204,
            example="reward",
            refusal=PersonalizerErrorReply,
            told=partial(told_on_the_wire, "InvalidRewardRequest"),
            described=described,
        ),
        Route(
            "POST",
            f"{prefix}/events/{{id}}/activate",
            activate_event,
            "Personalizer: a deferred event was shown",
            "outcome",
            errors=(404, 409, 413, 503),
            status=204,
            refusal=PersonalizerErrorReply,
            told=partial(told_on_the_wire, "InvalidEventIdToActivate"),
            described=described,
        ),
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
        example="decision",
        errors=(400, 409, 413, 422, 503),
    ),
    Route(
        "POST",
        "/v1/decisions:batch",
        decide_many,
        "Decide many, one JSON object a line",
        "decide",
        errors=(400, 413, 415, 422, 503),
        content_type="application/x-ndjson",
        also="application/x-ndjson, application/vnd.apache.arrow.stream",
        limit="max_batch_bytes",
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
        "/v1/decisions/{id}/activate",
        activate,
        "A deferred decision was shown",
        "outcome",
        errors=(404, 409, 413, 503),
        status=204,
    ),
    Route(
        "POST",
        "/v1/decisions/{id}/override",
        override,
        "Tell what a person did instead",
        "outcome",
        request=OverrideRequest,
        reply=OverrideReply,
        example="override",
        errors=(400, 404, 409, 413, 422, 503),
    ),
    Route(
        "POST",
        "/v1/outcomes",
        outcome,
        "Tell what came back",
        "outcome",
        request=OutcomeRequest,
        reply=OutcomeReply,
        example="outcome",
        errors=(400, 404, 409, 413, 422, 503),
    ),
    Route(
        "POST",
        "/v1/events",
        event,
        "Tell what happened to a customer",
        "outcome",
        request=EventRequest,
        reply=EventReply,
        example="event",
        errors=(400, 413, 422, 503),
    ),
    Route("GET", "/v1/employees", employees, "Who is on the roster", "outcome", reply=RosterReply),
    Route(
        "GET",
        "/v1/employees/{id}",
        employee,
        "One employee",
        "outcome",
        reply=EmployeeReply,
        errors=(404,),
    ),
    Route(
        "PUT",
        "/v1/employees/{id}",
        put_employee,
        "Put an employee on the roster",
        "outcome",
        request=EmployeeRequest,
        reply=EmployeeReply,
        example="employee",
        errors=(400, 413, 422, 503),
    ),
    Route(
        "DELETE",
        "/v1/employees/{id}",
        remove_employee,
        "Take an employee off the roster",
        "outcome",
        errors=(404, 503),
        status=204,
    ),
    Route("GET", "/v1/policies", policies, "What is served", "admin"),
    Route(
        "POST",
        "/v1/policies:promote",
        promote,
        "Give a policy its role",
        "admin",
        request=PromoteRequest,
        reply=PlanReply,
        errors=(400, 409, 413, 422, 503),
        limit="max_policy_bytes",
        example="promote",
        also="application/octet-stream",
    ),
    Route(
        "POST",
        "/v1/policies:rollback",
        rollback,
        "Go back to the version before",
        "admin",
        request=RollbackRequest,
        example="rollback",
        reply=PlanReply,
        errors=(400, 409, 413, 422, 503),
    ),
    Route(
        "POST",
        "/v1/policies:mode",
        mode,
        "Change how a use case is run",
        "admin",
        request=ModeRequest,
        example="mode",
        reply=PlanReply,
        errors=(400, 409, 413, 422, 503),
    ),
    Route("GET", "/metrics", metrics, "Numbers for Prometheus", "open", content_type="text/plain"),
    Route("GET", "/healthz", alive, "Is the process alive?", "open"),
    Route("GET", "/readyz", ready, "Can it promise anything now?", "open", errors=(503,)),
    *(route for prefix in PREFIXES for route in _personalizer(prefix)),
)
