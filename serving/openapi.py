"""The API's description, from the types that decode and encode it."""

from functools import cache
from typing import Any, Final

import msgspec

from nba import __version__
from serving.schema import (
    DecisionReply,
    DecisionRequest,
    DecisionTrace,
    ErrorReply,
    OutcomeReply,
    OutcomeRequest,
)

_TYPES: Final = (
    DecisionRequest,
    DecisionReply,
    DecisionTrace,
    OutcomeRequest,
    OutcomeReply,
    ErrorReply,
)
_ERRORS: Final = {
    "400": "not JSON",
    "404": "unknown decision",
    "409": "the id or component is taken by something else",
    "413": "body too long",
    "422": "a field is wrong: its name, and the remedy",
    "503": "the journal cannot promise it now: retry with the same decision_id",
}


@cache
def openapi() -> dict[str, Any]:
    """The OpenAPI 3.1 document, as JSON values."""
    _, components = msgspec.json.schema_components(
        _TYPES, ref_template="#/components/schemas/{name}"
    )
    return {
        "openapi": "3.1.0",
        "info": {"title": "Next best action", "version": __version__},
        "paths": {
            "/v1/decisions": {
                "post": _operation(
                    "Decide what to do", DecisionRequest, DecisionReply, "400 409 413 422 503"
                )
            },
            "/v1/decisions/{decision_id}": {"get": _trace()},
            "/v1/outcomes": {
                "post": _operation(
                    "Tell what came back", OutcomeRequest, OutcomeReply, "400 404 409 413 422 503"
                )
            },
            "/v1/policies": {"get": _operation("The policy being served")},
            "/healthz": {"get": _operation("Is the process alive?")},
            "/readyz": {"get": _operation("Can it promise anything now?", errors="503")},
        },
        "components": {"schemas": components},
    }


def _operation(
    summary: str, body: type | None = None, answer: type | None = None, errors: str = ""
) -> dict[str, Any]:
    content = _json({"type": "object"} if answer is None else _reference(answer))
    responses: dict[str, Any] = {"200": {"description": "done", "content": content}}
    for status in errors.split():
        refusal = _json(_reference(ErrorReply))
        responses[status] = {"description": _ERRORS[status], "content": refusal}
    operation: dict[str, Any] = {"summary": summary, "responses": responses}
    if body is not None:
        operation["requestBody"] = {"required": True, "content": _json(_reference(body))}
    return operation


def _trace() -> dict[str, Any]:
    operation = _operation("One decision and what came back", None, DecisionTrace, "404 503")
    where = {"name": "decision_id", "in": "path", "required": True, "schema": {"type": "string"}}
    return {**operation, "parameters": [where]}


def _reference(kind: type) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{kind.__name__}"}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
