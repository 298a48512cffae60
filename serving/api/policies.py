"""The policies: what is served, and one call each to promote, to roll back and to change mode."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import msgspec

from nba.errors import InputError, RequestError
from serving.api.plan_change import carry_out, folder_of
from serving.call import JSON, Call
from serving.policies.card import card_json
from serving.policies.change import in_role, moved
from serving.policies.folder import file_in, keep_policy
from serving.policies.plan import Plan, rolled_back
from serving.schema import decode
from serving.schema_policies import ModeRequest, PromoteRequest, RollbackRequest
from serving.server import Server

_BINARY = b"application/octet-stream"
_T = TypeVar("_T")


async def policies(server: Server, _call: Call) -> bytes:
    """The plan, the cards of its policies, and which generation each worker serves."""
    store = server.store
    return JSON.encode(
        {
            "active": store.current.loaded.policy.version,
            "policies": [card_json(served.loaded) for served in store.loaded.values()],
            "generation": store.plan.generation,
            "use_cases": store.plan.use_cases,
            "workers": {str(w): int(g) for w, g in server.metrics.generations().items()},
            "scored": server.metrics.scored(),
            "store": str(store.path),
        }
    )


async def promote(server: Server, call: Call) -> bytes:
    """A policy takes its role, verified, in every worker; a bad file changes nothing."""
    folder = folder_of(server)
    request, raw, source = _promotion(call)
    if raw is None and request.file is not None:
        raw, source = await asyncio.to_thread(file_in, folder, request.file), request.file
    if raw is None:
        version = request.version
        if version is None:
            message = "neither a version nor a file is named"
            raise RequestError(422, "version", message, "name one, or send the policy file")
    else:
        cap = server.store.occupancy_cap
        served = await _verified(
            asyncio.to_thread(keep_policy, folder, raw, occupancy_cap=cap, source=source)
        )
        version = served.loaded.policy.version

    def change(plan: Plan) -> Plan:
        return in_role(plan, request, version)

    what = f"promote {version} as {request.role}"
    reply = carry_out(server, request.use_case, what, change, by=call.key)
    return JSON.encode(await _verified(reply))


async def rollback(server: Server, call: Call) -> bytes:
    """The version before the active one is active again."""
    request = decode(call.body, RollbackRequest)

    def change(plan: Plan) -> Plan:
        return rolled_back(plan, request.use_case)

    reply = carry_out(server, request.use_case, "rollback", change, by=call.key)
    return JSON.encode(await _verified(reply))


async def mode(server: Server, call: Call) -> bytes:
    """A use case is off, watched, learning from the caller or online; and who is shared out."""
    request = decode(call.body, ModeRequest)

    def change(plan: Plan) -> Plan:
        return plan.changed(request.use_case, moved(plan.use_case(request.use_case), request))

    reply = carry_out(server, request.use_case, "mode", change, by=call.key)
    return JSON.encode(await _verified(reply))


def _promotion(call: Call) -> tuple[PromoteRequest, bytes | None, str]:
    if call.headers.get(b"content-type", b"").partition(b";")[0].strip() != _BINARY:
        return decode(call.body, PromoteRequest), None, ""
    try:
        request = msgspec.convert(dict(call.query), PromoteRequest, strict=False)
    except msgspec.ValidationError as error:
        raise RequestError(422, "query", str(error), "GET /openapi.json has the types") from error
    return request, call.body, "as sent"


async def _verified(work: Awaitable[_T]) -> _T:
    """What comes of it; a policy file or plan that cannot be served is the caller's to mend."""
    try:
        return await work
    except RequestError:
        raise
    except InputError as error:
        raise RequestError(422, "policy", str(error), "what is served has not changed") from error
