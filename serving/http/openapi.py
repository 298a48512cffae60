"""The API's description, from the table of routes and the types that decode and encode it."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from nba import __version__
from serving.call import Route
from serving.http.routes import ROUTES
from serving.schema import ErrorReply

EXAMPLES: Final = Path(__file__).parents[1] / "examples"
_ERRORS: Final = {
    400: "not JSON, or not what is needed here",
    401: "no key was sent, or an unknown one",
    403: "the key is not good for this",
    404: "unknown id",
    409: "the id or component is taken by something else, or it is too late",
    413: "body too long",
    415: "a content type that is not understood here",
    422: "a field is wrong: its name, and the remedy",
    429: "too many requests at once: wait as long as Retry-After says",
    500: "a fault of the server; nothing was promised",
    503: "it cannot be promised now: retry with the same decision_id as Retry-After says",
}
_IDS: Final = {
    "Employees": "employee-07",
    "Personalizer": "75269AD0-BFEE-4598-8196-C57383D38E10",
}
_ABOUT: Final = (
    "Decides the next best action, remembers every decision with its probability, and takes what "
    "came back. A request may be sent again: the same decision_id and body get the same answer."
)


@cache
def openapi() -> dict[str, Any]:
    """The OpenAPI 3.1 document, as JSON values."""
    routes = [route for route in ROUTES if route.described]
    types = {kind for route in routes for kind in (route.request, route.reply, route.refusal)}
    named = sorted((kind for kind in types if kind is not None), key=lambda kind: kind.__name__)
    _, components = msgspec.json.schema_components(
        [*named, ErrorReply], ref_template="#/components/schemas/{name}"
    )
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    tags = dict.fromkeys(_tag(route) for route in routes)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Next best action",
            "version": __version__,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in tags],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _SCHEMES},
    }


_SCHEMES: Final = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key; a server without keys asks for none.",
    },
    "personalizer": {
        "type": "apiKey",
        "in": "header",
        "name": "Ocp-Apim-Subscription-Key",
        "description": "The same key, where Personalizer's SDKs put it.",
    },
}


def _operation(route: Route) -> dict[str, Any]:
    refusal = ErrorReply if route.refusal is None else route.refusal
    responses: dict[str, Any] = {str(route.status): _done(route)}
    gate = () if route.scope == "open" else (401, 403)
    loaded = (429,) if route.scope in {"decide", "outcome"} else ()
    for status in sorted({*route.errors, *gate, *loaded}):
        content = {"application/json": {"schema": _reference(refusal)}}
        responses[str(status)] = {"description": _ERRORS[status], "content": content}
        if status in {429, 503}:
            responses[str(status)]["headers"] = {
                "Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}
            }
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": route.handle.__name__,
        "tags": [_tag(route)],
        "responses": responses,
    }
    if route.scope != "open":
        operation["security"] = [{name: []} for name in _SCHEMES] + [{}]
        operation["description"] = f"Needs a key with the scope {route.scope!r}."
    if route.request is not None:
        content = {"schema": _reference(route.request)} | _example(route.example)
        kinds: dict[str, Any] = {"application/json": content}
        if route.also:
            kinds[route.also] = {}
        operation["requestBody"] = {"required": True, "content": kinds}
    elif route.also:
        kinds = {name.strip(): {} for name in route.also.split(",")}
        operation["requestBody"] = {"required": True, "content": kinds}
    if "{id}" in route.path:
        where = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
        operation["parameters"] = [where | {"example": _IDS.get(_tag(route), "example-0001")}]
    return operation


def _done(route: Route) -> dict[str, Any]:
    if route.status == 204:
        return {"description": "done"}
    if route.content_type != "application/json":
        return {"description": "done", "content": {route.content_type: {}}}
    schema = {"type": "object"} if route.reply is None else _reference(route.reply)
    return {"description": "done", "content": {route.content_type: {"schema": schema}}}


def _example(name: str) -> dict[str, Any]:
    if not name:
        return {}
    return {"example": json.loads((EXAMPLES / f"{name}.json").read_bytes())}


def _tag(route: Route) -> str:
    """What it is about: the word behind the version."""
    words = route.path.strip("/").replace(":", "/").split("/")
    if route.refusal is not None:
        return "Personalizer"
    return words[1].capitalize() if words[0] == "v1" else "Server"


def _reference(kind: type) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{kind.__name__}"}
