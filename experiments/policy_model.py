"""A policy file as an MLflow model: batch scoring with the server's own decision, without a server.

MLflow loads it by this module's name (its `loader_module`), so nothing of it is ever pickled.
"""

import math
import secrets
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

import msgspec
import numpy as np

from nba.errors import InputError, RequestError
from serving.journal.records import reply_of
from serving.path.asked import check_size
from serving.path.decision import make_decision
from serving.policies.store import PolicyStore
from serving.schema import DecisionRequest, decode
from serving.settings import Settings


@runtime_checkable
class _Frame(Protocol):
    """What is used of a pandas DataFrame; pandas itself takes half a second to import."""

    def to_dict(self, *, orient: str) -> list[dict[str, object]]: ...


class PolicyModel:
    """Requests in the form of POST /v1/decisions → what was chosen, with its propensity."""

    def __init__(self, policy_file: Path) -> None:
        self._settings = Settings()
        self._store = PolicyStore(policy_file, occupancy_cap=self._settings.occupancy_cap)

    def predict(
        self, model_input: object, params: Mapping[str, object] | None = None
    ) -> list[dict[str, object]]:
        """One {decision_id, chosen, propensity} per request, in order; nothing is remembered.

        `model_input` is a request, several, or a DataFrame with a request's fields as columns.
        Raises InputError naming the row and the field of a request that the server would refuse.
        """
        answers = []
        for row, request in enumerate(_requests(model_input)):
            try:
                answers.append(self._answer(request))
            except RequestError as error:
                raise InputError(f"request {row}: {error}") from error
        return answers

    def _answer(self, plain: object) -> dict[str, object]:
        body = msgspec.json.encode(plain, enc_hook=_without_numpy)
        request = decode(body, DecisionRequest)
        check_size(len(request.actions), self._settings.max_actions)
        decision_id = request.decision_id or secrets.token_hex(12)
        record = make_decision(
            request, body, self._store.current, decision_id=decision_id, now=time.time()
        )
        reply = reply_of(record)
        return {
            "decision_id": reply.decision_id,
            "chosen": msgspec.to_builtins(reply.chosen),
            "propensity": reply.propensity,
        }


def _requests(model_input: object) -> Iterable[object]:
    if isinstance(model_input, Mapping):
        return [model_input]
    if isinstance(model_input, list | tuple):
        return model_input
    if isinstance(model_input, np.ndarray):
        return list(model_input.ravel())
    if isinstance(model_input, _Frame):  # a cell without a value is an absent field
        rows = model_input.to_dict(orient="records")
        return [{k: v for k, v in row.items() if not _absent(v)} for row in rows]
    raise InputError(
        f"the model's input is of type {type(model_input).__name__}; give a list of requests in "
        "the form of POST /v1/decisions, or a DataFrame with their fields as columns"
    )


def _without_numpy(value: object) -> object:
    """What MLflow's scoring server made of a list or a number, as it was."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise InputError(f"a request holds a value of type {type(value).__name__}; use JSON's types")


def _absent(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _load_pyfunc(data_path: str) -> PolicyModel:
    """The model of a policy file; MLflow calls this when it loads a registered version."""
    return PolicyModel(Path(data_path))
