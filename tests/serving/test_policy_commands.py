"""The store's plan from the terminal: each change is checked, printed, and seen by a server."""

import json
from pathlib import Path

import pytest

from nba.act.bundle import Card, save_policy
from nba.act.uniform import Uniform
from nba.cli import main
from nba.listen.contact_features import CONTACT_CENTRE
from serving.policies.store import PolicyStore
from tests.nba.act.sample_policies import scorer


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    code = main(["policies", *(str(word) for word in words)])
    said = capsys.readouterr()
    return code, said.out or said.err


def test_a_store_is_filled_and_moved_without_a_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, first, second = tmp_path / "store", tmp_path / "a.nba", tmp_path / "b.nba"
    versions = [
        save_policy(path, policy, Card(CONTACT_CENTRE))
        for path, policy in ((first, scorer()), (second, Uniform()))
    ]
    assert run(capsys, "promote", first, "--store", store)[0] == 0
    assert run(capsys, "mode", "online", "--store", store, "--holdout", 0.1)[0] == 0
    served = PolicyStore(store, occupancy_cap=0.95)
    assert run(capsys, "promote", second, "--store", store)[0] == 0
    assert served.changed()
    served.refresh()
    assert served.current.loaded.policy.version == versions[1]
    code, told = run(capsys, "rollback", "--store", store)
    assert (code, json.loads(told)["use_cases"]["default"]["active"]) == (0, versions[0])
    listed = json.loads(run(capsys, "list", "--store", store)[1])
    assert (listed["generation"], listed["use_cases"]["default"]["holdout"]) == (4, 0.1)


def test_a_bad_file_is_one_line_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.nba").write_bytes(b"no policy")
    code, told = run(capsys, "promote", tmp_path / "bad.nba", "--store", tmp_path / "store")
    assert code == 2
    assert "bad.nba is damaged or no policy file" in told
    assert list((tmp_path / "store").iterdir()) == []
    code, told = run(capsys, "rollback", "--store", tmp_path / "store")
    assert (code, "use case 'default' is unknown" in told) == (2, True)
