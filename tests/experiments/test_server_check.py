"""A real server, started and asked."""

from pathlib import Path

import pytest

from experiments.server_check import ask, running_server
from nba.act.bundle import Card, save_policy
from nba.act.longest_idle import LongestIdle
from nba.errors import NbaError
from nba.listen.contact_features import CONTACT_CENTRE


def policy_file(folder: Path) -> Path:
    path = folder / "rule.safetensors"
    save_policy(path, LongestIdle(CONTACT_CENTRE), Card(CONTACT_CENTRE))
    return path


def test_the_server_answers_and_is_gone_afterwards(tmp_path: Path) -> None:
    with running_server(policy_file(tmp_path), tmp_path / "journal") as url:
        assert ask(f"{url}/readyz")["policy"] == "longest_idle"
        with pytest.raises(NbaError, match=r"answered 422: .*context"):
            ask(f"{url}/v1/decisions", {"customer": {"id": "c"}, "context": {}})
    with pytest.raises(OSError, match="refused"):
        ask(f"{url}/readyz")


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    damaged = policy_file(tmp_path)
    damaged.write_bytes(damaged.read_bytes()[:-40])
    with (
        pytest.raises(NbaError, match=r"did not start: error: policy file .*damaged"),
        running_server(damaged, tmp_path / "journal"),
    ):
        pass
