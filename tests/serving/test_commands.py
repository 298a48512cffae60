"""The commands as a user types them."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nba.cli import main
from tests.serving.live_server import EXAMPLE, ROOT, example, policy_file, serving

Nba = Callable[..., tuple[int, str, str]]
REQUEST = ROOT / "serving/examples/decision.json"


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return policy_file(tmp_path_factory.mktemp("policy"))


@pytest.fixture
def nba(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Nba:
    """Runs a command: exit code, stdout, stderr."""
    monkeypatch.delenv("NBA_SERVE_PORT", raising=False)

    def run(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        sys.stdout.flush()
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_deciding_twice_gives_the_same_action_and_propensity(nba: Nba, policy: Path) -> None:
    first = nba("decide", REQUEST, "--policy", policy, "--json")
    assert first[0] == 0
    assert nba("decide", REQUEST, "--policy", policy, "--json") == first
    reply = json.loads(first[1])
    assert reply["decision_id"] == "example-0001"
    assert 0 < reply["propensity"] <= 1


def test_a_request_without_an_id_gets_one_from_its_bytes(
    nba: Nba, policy: Path, tmp_path: Path
) -> None:
    path = tmp_path / "request.json"
    path.write_text(json.dumps(example(decision_id=None)))
    first = json.loads(nba("decide", path, "--policy", policy, "--json")[1])
    again = json.loads(nba("decide", path, "--policy", policy, "--json")[1])
    assert first == again
    path.write_text(json.dumps(example(decision_id=None), indent=1))
    other = json.loads(nba("decide", path, "--policy", policy, "--json")[1])
    assert first["decision_id"] != other["decision_id"]


def test_the_command_and_the_server_decide_alike(nba: Nba, policy: Path, tmp_path: Path) -> None:
    told = json.loads(nba("decide", REQUEST, "--policy", policy, "--json")[1])
    with serving(policy, tmp_path / "j", "--durability", "os") as server:
        assert server.client().send("POST", "/v1/decisions", EXAMPLE) == (200, told)


def test_the_words_hold_the_choice_the_reasons_and_the_removals(nba: Nba, policy: Path) -> None:
    reply = json.loads(nba("decide", REQUEST, "--policy", policy, "--json")[1])
    code, told, _ = nba("decide", REQUEST, "--policy", policy)
    assert code == 0
    assert told.startswith(f"{reply['chosen']['id']} ({reply['chosen']['kind']}), propensity ")
    for reason in (*reply["why"], *reply["excluded"], *reply["excluded"].values()):
        assert reason in told


def test_a_policy_file_is_shown(nba: Nba, policy: Path) -> None:
    code, told, _ = nba("show", policy)
    assert code == 0
    assert told.startswith("scorer: a policy of kind action_scorer, version ")
    card = json.loads(nba("show", policy, "--json")[1])
    assert card["version"] in told


def test_mistakes_are_one_line_and_exit_code_2(nba: Nba, policy: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.nba"
    damaged.write_bytes(policy.read_bytes()[:-9])
    unknown = tmp_path / "unknown.json"
    unknown.write_text(json.dumps(example(context=example()["context"] | {"mood": 1})))
    garbled = tmp_path / "garbled.json"
    garbled.write_text("{")
    for words, part in (
        (("show", damaged), "damaged.nba is damaged"),
        (("show", tmp_path / "no"), "cannot be read"),
        (("serve", damaged, "--port", 0), "damaged.nba is damaged"),
        (("serve", policy, "--port", 99999, "--journal", tmp_path), "port is 99999"),
        (("decide", unknown, "--policy", policy), "unknown feature 'mood'"),
        (("decide", garbled, "--policy", policy), "body: "),
        (("decide", tmp_path / "no", "--policy", policy), "cannot be read"),
        (("decide", REQUEST), "--policy"),
    ):
        code, out, err = nba(*words)
        assert (code, out) == (2, ""), words
        assert part in err
        assert err.count("\n") == 1
