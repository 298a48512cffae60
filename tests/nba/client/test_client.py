"""The client against a real server: what it asks is done, once, whatever gets lost on the way."""

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from nba.act.uniform import Uniform
from nba.client import Canary, Candidate, Client, DecisionReply, Request
from nba.errors import ConflictError, NotAllowedError, RequestError, UnknownIdError
from tests.serving.live_server import EXAMPLE, ROOT, LiveServer, example, policy_file, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("client")
    with serving(policy_file(folder), folder / "journal", "--durability", "os") as running:
        yield running


@pytest.fixture
def client(server: LiveServer) -> Iterator[Client]:
    with Client(f"http://127.0.0.1:{server.port}") as opened:
        yield opened


def request(decision_id: str | None = None) -> Request:
    plain = json.loads(EXAMPLE)
    return Request(
        plain["customer"]["id"],
        plain["context"],
        [Candidate(**action) for action in plain["actions"]],
        decision_id=decision_id,
    )


def test_a_decision_its_outcome_and_its_trace(client: Client) -> None:
    reply = client.decide(request())
    assert reply.chosen.id in {ranked.id for ranked in reply.ranked}
    assert reply.propensity == next(r.probability for r in reply.ranked if r.id == reply.chosen.id)
    told = client.outcome(reply.decision_id, {"resolved": 1}, at=7.0)
    assert told.recorded == ("resolved",)
    again = client.outcome(reply.decision_id, {"resolved": 1})
    assert (again.recorded, again.already_known) == ((), ("resolved",))
    trace = client.trace(reply.decision_id)
    assert trace.reply == reply
    assert [(o.component, o.value, o.at) for o in trace.outcomes] == [("resolved", 1.0, 7.0)]


def test_a_decision_has_an_id_of_its_own_unless_it_is_given(client: Client) -> None:
    first, second = client.decide(request()), client.decide(request())
    assert first.decision_id != second.decision_id
    given = client.decide(json.loads(EXAMPLE))
    assert given == client.decide(request("example-0001"))


def test_refusals_name_what_is_wrong(client: Client) -> None:
    with pytest.raises(UnknownIdError, match="decision_id"):
        client.outcome("never-made", {"resolved": 1})
    with pytest.raises(UnknownIdError):
        client.trace("no/such?id")
    asked = json.loads(EXAMPLE) | {"decision_id": "conflict"}
    client.decide(asked)
    with pytest.raises(ConflictError):
        client.decide(asked | {"customer": {"id": "somebody else"}})
    with pytest.raises(RequestError) as caught:
        client.decide(asked | {"decision_id": None, "context": {"hour": 99}})
    assert (caught.value.status, caught.value.field[:7]) == (422, "context")


def test_many_threads_share_a_client(client: Client) -> None:
    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(lambda _: client.decide(request()), range(64)))
    assert len({reply.decision_id for reply in replies}) == 64


def whole(side: socket.socket) -> bytes:
    """A message whose body is one JSON object, and which is the only one under way."""
    data = b""
    while not data.endswith(b"}"):
        data += side.recv(65536)
    return data


@contextmanager
def losing_the_first_answer(port: int) -> Iterator[int]:
    """A wire to a port that cuts the first connection when the answer comes; its own port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def carry() -> None:
            for lost in (True, False):
                near = listener.accept()[0]
                with near, socket.create_connection(("127.0.0.1", port)) as far:
                    far.sendall(whole(near))
                    answer = whole(far)
                    if not lost:
                        near.sendall(answer)

        thread = threading.Thread(target=carry)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_a_lost_answer_is_one_decision(server: LiveServer, client: Client) -> None:
    def made() -> int:
        known: int = server.client().get("/readyz")[1]["decisions_known"]
        return known

    before = made()
    with (
        losing_the_first_answer(server.port) as port,
        Client(f"http://127.0.0.1:{port}") as unlucky,
    ):
        reply = unlucky.decide(request())
    assert made() == before + 1
    assert client.trace(reply.decision_id).reply == reply


def test_what_is_served_is_told(client: Client) -> None:
    ready, policies = client.ready(), client.policies()
    assert (ready.status, ready.durability) == ("ready", "os")
    assert policies.active == ready.policy_version == policies.use_cases["default"].active
    assert policies.policies[0].objective["resolved"] == 7.0


def test_a_deferred_decision_is_activated(client: Client) -> None:
    reply = client.decide(replace(request(), deferred=True))
    assert not client.trace(reply.decision_id).training
    client.activate(reply.decision_id)
    assert client.trace(reply.decision_id).training


def test_a_decision_is_overruled_once(client: Client) -> None:
    reply = client.decide(request())
    told = client.override(reply.decision_id, "queue", by="anna", reason="a hard morning")
    assert (told.action, told.instead_of, told.role) == ("queue", reply.chosen.id, "employee")
    assert client.trace(reply.decision_id).override == told
    with pytest.raises(ConflictError, match="anna"):
        client.override(reply.decision_id, "queue", by="ben")


def test_events_and_the_roster_are_known_to_the_next_decision(client: Client) -> None:
    sent = {"specversion": "1.0", "id": "1", "source": "test", "type": "contact_out"}
    for new in (True, False):
        reply = client.event({**sent, "subject": "c-77"})
        assert (reply.new, reply.known["touches_7d"]) == (new, 1)
    facts = json.loads((ROOT / "serving/examples/employee.json").read_text())
    client.put_employee("anna b", facts)
    asked = {**example(decision_id=None, actions=[]), "roster": True}
    assert [each.id for each in client.decide(asked).ranked] == ["anna b"]
    client.remove_employee("anna b")
    with pytest.raises(UnknownIdError):
        client.remove_employee("anna b")


def test_many_are_decided_by_one_call(client: Client) -> None:
    one = client.decide(example(decision_id="many-1"))
    other = example(decision_id="many-1", dry_run=None, deferred=True)
    found = client.decide_batch([example(decision_id="many-1"), other | {"decision_id": "many-2"}])
    assert found[0] == one
    assert isinstance(found[1], DecisionReply)
    again = client.decide_batch([other])
    assert isinstance(again[0], RequestError)
    assert again[0].field == "decision_id"


def test_policies_are_changed_by_calls(client: Client, tmp_path: Path) -> None:
    first = client.policies().active
    sent = policy_file(tmp_path, Uniform()).read_bytes()
    promoted = client.promote(sent)
    assert promoted.plan.active != first
    assert client.decide(request()).policy == "uniform"
    assert client.rollback().plan.active == first
    canary = client.promote(promoted.plan.active, role="canary", share=0.25)
    assert canary.plan.canary == Canary(promoted.plan.active, 0.25)
    changed = client.mode("shadow", holdout=0.1, canary_share=0.0, shadows=[promoted.plan.active])
    assert (changed.plan.mode, changed.plan.holdout, changed.plan.canary) == ("shadow", 0.1, None)
    assert changed.plan.shadows == (promoted.plan.active,)
    back = client.mode("online", holdout=0.0, shadows=[])
    assert (back.plan.mode, back.plan.shadows) == ("online", ())
    with pytest.raises(RequestError, match="000000000000"):
        client.promote("0" * 12)


def test_a_key_is_sent_and_its_scope_is_respected(tmp_path: Path) -> None:
    keys = tmp_path / "keys.toml"
    keys.write_text('[[keys]]\nname = "desk"\nscopes = ["decide"]\nkey = "0123456789abcdef"\n')
    journal = tmp_path / "journal"
    with serving(policy_file(tmp_path), journal, "--keys", str(keys)) as keyed:
        url = f"http://127.0.0.1:{keyed.port}"
        with Client(url, key="0123456789abcdef") as desk, Client(url) as stranger:
            decision_id = desk.decide(request()).decision_id
            with pytest.raises(NotAllowedError, match="not for outcome") as caught:
                desk.outcome(decision_id, {"resolved": 1})
            assert caught.value.status == 403
            with pytest.raises(NotAllowedError, match="no key was sent") as caught:
                stranger.decide(request())
            assert caught.value.status == 401
