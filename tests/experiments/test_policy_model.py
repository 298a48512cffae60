"""A policy as an MLflow model answers what the server would, in every form MLflow hands over."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd  # type: ignore[import-untyped]  # without its stubs, for two lines
import pytest

from experiments.config import LearnConfig
from experiments.policy_model import PolicyModel
from experiments.workshop import learn_from_config
from nba.act.bundle import Card, save_policy
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE
from serving.api.decide import decide
from serving.call import Call
from serving.journal.journal import Journal
from serving.policies.store import PolicyStore
from serving.server import Server
from serving.settings import Settings
from tests.nba.act.sample_policies import scorer

ROOT = Path(__file__).resolve().parents[2]
REQUEST = json.loads((ROOT / "serving" / "examples" / "decision.json").read_text())


@pytest.fixture
def policy_file(tmp_path: Path) -> Path:
    path = tmp_path / "policy.nba"
    save_policy(path, scorer(), Card(CONTACT_CENTRE))
    return path


@pytest.fixture
def model(policy_file: Path) -> PolicyModel:
    return PolicyModel(policy_file)


def test_the_answer_is_the_servers(model: PolicyModel, policy_file: Path, tmp_path: Path) -> None:
    settings = Settings(journal=tmp_path / "journal", durability="os")
    store = PolicyStore(policy_file, occupancy_cap=settings.occupancy_cap)
    journal = Journal(settings.journal, durability="os", segment_bytes=2**20, max_waiting=100)
    try:
        server = Server(store, journal, settings, clock=lambda: 0.0, new_id=lambda: "new")
        requests = [REQUEST | {"decision_id": f"d-{i}"} for i in range(60)]
        answers = [
            json.loads(
                asyncio.run(decide(server, Call(json.dumps(r | {"dry_run": True}).encode())))
            )
            for r in requests
        ]
    finally:
        journal.close()
    kept = ("decision_id", "chosen", "propensity")
    assert model.predict(requests) == [{key: answer[key] for key in kept} for answer in answers]
    assert len({answer["chosen"]["id"] for answer in answers}) > 1


def test_a_frame_an_array_and_one_request_are_answered_like_a_list(model: PolicyModel) -> None:
    expected = model.predict([REQUEST])
    assert model.predict(REQUEST) == expected
    assert model.predict(np.array([REQUEST], dtype=object)) == expected
    assert model.predict(pd.DataFrame([REQUEST])) == expected


def test_lists_that_became_arrays_are_read_as_lists(model: PolicyModel) -> None:
    request = REQUEST | {"actions": np.array(REQUEST["actions"], dtype=object)}
    assert model.predict([request]) == model.predict([REQUEST])


def test_a_value_that_json_lacks_is_refused(model: PolicyModel) -> None:
    with pytest.raises(InputError, match="of type object; use JSON's types"):
        model.predict([REQUEST | {"context": object()}])


def test_a_cell_without_a_value_is_an_absent_field(model: PolicyModel) -> None:
    nameless = {key: value for key, value in REQUEST.items() if key != "decision_id"}
    first, second = model.predict(pd.DataFrame([REQUEST, nameless]))
    assert first["decision_id"] == "example-0001"
    assert second["decision_id"] not in {"", "nan", "example-0001"}


def test_a_refused_request_is_named_by_its_row_and_field(model: PolicyModel) -> None:
    with pytest.raises(InputError, match=r"request 1: customer"):
        model.predict([REQUEST, REQUEST | {"customer": {}}])


def test_other_input_is_refused(model: PolicyModel) -> None:
    with pytest.raises(InputError, match="of type int"):
        model.predict(3)


@pytest.mark.slow
def test_mlflow_serves_what_a_training_registered(tmp_path: Path) -> None:
    config = LearnConfig("linucb", rounds=1, round_days=1, log_days=1)
    path, _ = learn_from_config(config, tmp_path / "run")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "mlflow", "models", "serve", "--env-manager", "local"]
    words += ["-m", "models:/next-best-action@challenger", "-h", "127.0.0.1", "-p", str(port)]
    store = {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'run' / 'mlflow.db'}"}
    # MLflow calls uvicorn by its name.
    store["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    served = subprocess.Popen(words, env={**os.environ, **store}, start_new_session=True)
    try:
        answer = _asked(f"http://127.0.0.1:{port}/invocations", served)
    finally:
        os.killpg(served.pid, signal.SIGTERM)
        served.wait(30)
    request = REQUEST | {"decision_id": "d-1"}
    assert answer == {"predictions": PolicyModel(path).predict([request])}


def _asked(url: str, served: subprocess.Popen[bytes]) -> object:
    """The answer, once there is one: MLflow takes its time to start."""
    body = json.dumps({"inputs": [REQUEST | {"decision_id": "d-1"}]}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 our own server
    end = time.monotonic() + 120
    while True:
        assert served.poll() is None, "mlflow models serve has ended"
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:  # noqa: S310 as above
                return json.loads(reply.read())
        except urllib.error.URLError as error:
            if isinstance(error, urllib.error.HTTPError) or time.monotonic() > end:
                raise
            time.sleep(0.5)
