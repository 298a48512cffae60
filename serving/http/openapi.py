"""The API's description, from the table of routes and the types that decode and encode it."""

from functools import cache
from typing import Any, Final

import msgspec

from nba import __version__
from serving.call import Route
from serving.http.routes import ROUTES
from serving.schema import ErrorReply

_ERRORS: Final = {
    400: "not JSON",
    404: "unknown id",
    409: "the id or component is taken by something else",
    413: "body too long",
    422: "a field is wrong: its name, and the remedy",
    503: "the journal cannot promise it now: retry with the same decision_id",
}


@cache
def openapi() -> dict[str, Any]:
    """The OpenAPI 3.1 document, as JSON values."""
    types = {kind for route in ROUTES for kind in (route.request, route.reply) if kind is not None}
    _, components = msgspec.json.schema_components(
        [*sorted(types, key=lambda kind: kind.__name__), ErrorReply],
        ref_template="#/components/schemas/{name}",
    )
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Next best action", "version": __version__},
        "paths": paths,
        "components": {"schemas": components},
    }


def _operation(route: Route) -> dict[str, Any]:
    content = _json({"type": "object"} if route.reply is None else _reference(route.reply))
    responses: dict[str, Any] = {"200": {"description": "done", "content": content}}
    for status in route.errors:
        refusal = _json(_reference(ErrorReply))
        responses[str(status)] = {"description": _ERRORS[status], "content": refusal}
    operation: dict[str, Any] = {"summary": route.summary, "responses": responses}
    if route.request is not None:
        operation["requestBody"] = {"required": True, "content": _json(_reference(route.request))}
    if "{id}" in route.path:
        where = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
        operation["parameters"] = [where]
    return operation


def _reference(kind: type) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{kind.__name__}"}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
