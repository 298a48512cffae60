"""A peer: the same decisions from FastAPI with typed pydantic models, without a journal.

`python -m experiments.benchmark.serve.fastapi_server PORT POLICY_FILE`
"""

import sys
from pathlib import Path
from typing import Literal

import uvicorn
from fastapi import FastAPI
from msgspec import UNSET
from pydantic import BaseModel, ConfigDict, Field

from experiments.benchmark.serve.work import decider
from serving.journal.records import reply_of
from serving.schema import Candidate, Customer, DecisionReply, DecisionRequest, Kind, Value


class Strict(BaseModel):
    """Unknown fields are refused, as by the server."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class CustomerModel(Strict):
    """As in serving.schema."""

    id: str = Field(min_length=1, max_length=256)
    consent: bool = True


class CandidateModel(Strict):
    """As in serving.schema."""

    id: str = Field(min_length=1, max_length=256)
    kind: Kind
    features: dict[str, Value] = {}
    unavailable: str | None = Field(default=None, min_length=1, max_length=256)


class RequestModel(Strict):
    """As in serving.schema."""

    customer: CustomerModel
    context: dict[str, Value]
    actions: list[CandidateModel] = Field(min_length=1)
    decision_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._:~-]{1,128}$")
    dry_run: bool = False


class ChosenModel(Strict):
    """As in serving.schema."""

    id: str
    kind: str


class RankedModel(Strict):
    """As in serving.schema."""

    id: str
    probability: float
    expected_reward_eur: float | None = None


class ReplyModel(Strict):
    """As in serving.schema."""

    decision_id: str
    chosen: ChosenModel
    propensity: float
    ranked: list[RankedModel]
    why: list[str]
    excluded: dict[str, str]
    policy: str
    policy_version: str
    mode: Literal["policy", "rules", "control", "baseline"]
    fallback: bool


def app_for(policy: Path) -> FastAPI:
    """The app that decides with the policy of a file."""
    decide = decider(policy)
    app = FastAPI()

    @app.post("/v1/decisions")
    async def decisions(request: RequestModel) -> ReplyModel:
        return _modelled(reply_of(decide(_typed(request), b"")))

    return app


def _typed(request: RequestModel) -> DecisionRequest:
    actions = [Candidate(a.id, a.kind, a.features, a.unavailable) for a in request.actions]
    customer = Customer(request.customer.id, request.customer.consent)
    return DecisionRequest(customer, request.context, actions, request.decision_id)


def _modelled(reply: DecisionReply) -> ReplyModel:
    ranked = [
        RankedModel(
            id=one.id,
            probability=one.probability,
            expected_reward_eur=None
            if one.expected_reward_eur is UNSET
            else one.expected_reward_eur,
        )
        for one in reply.ranked
    ]
    return ReplyModel(
        decision_id=reply.decision_id,
        chosen=ChosenModel(id=reply.chosen.id, kind=reply.chosen.kind),
        propensity=reply.propensity,
        ranked=ranked,
        why=reply.why,
        excluded=reply.excluded,
        policy=reply.policy,
        policy_version=reply.policy_version,
        mode=reply.mode,
        fallback=reply.fallback,
    )


if __name__ == "__main__":
    uvicorn.run(
        app_for(Path(sys.argv[2])), host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop",
        http="httptools", access_log=False, log_config=None,
    )  # fmt: skip
