"""GET /v1/policies: what is served, with its card."""

from serving.call import JSON, Call
from serving.policies.card import card_json
from serving.server import Server


async def policies(server: Server, _call: Call) -> bytes:
    """The policies that this server holds."""
    served = card_json(server.store.current.loaded) | {"file": str(server.store.path)}
    return JSON.encode({"active": served["version"], "policies": [served]})
