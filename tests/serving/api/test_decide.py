"""A request is read by the features of the use case that it names."""

from dataclasses import replace
from pathlib import Path

from nba.act.bundle import Card, save_policy
from nba.act.uniform import Uniform
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.encode import Feature
from serving.policies.plan import UseCase
from serving.policies.served import load_served
from tests.serving.asgi import Desk, desk
from tests.serving.live_server import example

OTHER = replace(CONTACT_CENTRE, name="other", context=(Feature("mood", "score", -1, 1),))


def with_other_use_case(counter: Desk, folder: Path) -> None:
    save_policy(folder / "other.nba", Uniform(), Card(OTHER))
    other = load_served(folder / "other.nba", occupancy_cap=0.95)
    version = other.loaded.policy.version
    plan = counter.store.plan.changed("other", UseCase(version))
    counter.store.put_in_place(plan, {**counter.store.loaded, version: other})


def test_another_use_case_may_have_other_features(tmp_path: Path) -> None:
    with desk(tmp_path) as counter:
        with_other_use_case(counter, tmp_path)
        sent = example(use_case="other", context={"mood": 0.5})
        status, _, reply = counter.post("/v1/decisions", sent)
        assert (status, reply["policy"]) == (200, "uniform")
        assert counter.get("/v1/decisions/example-0001")[2]["spec_version"] == OTHER.version


def test_its_refusals_speak_of_its_own_features(tmp_path: Path) -> None:
    with desk(tmp_path) as counter:
        with_other_use_case(counter, tmp_path)
        sent = example(use_case="other", context={"mood": 7})
        status, _, reply = counter.post("/v1/decisions", sent)
        assert (status, reply["error"]["field"]) == (422, "context.mood")
        sent = example(use_case="nowhere", context={})
        status, _, reply = counter.post("/v1/decisions", sent)
        assert (status, reply["error"]["field"]) == (422, "use_case")
