"""A swap replaces the policy as a whole, or changes nothing."""

from pathlib import Path

import pytest

from nba.act.bundle import Card, save_policy
from nba.act.uniform import Uniform
from nba.errors import PolicyFileError
from nba.listen.contact_features import CONTACT_CENTRE
from serving.policies.store import PolicyStore
from tests.serving.live_server import policy_file


def test_another_file_takes_its_place(tmp_path: Path) -> None:
    store = PolicyStore(policy_file(tmp_path), occupancy_cap=0.95)
    before = store.current
    other = tmp_path / "other.nba"
    save_policy(other, Uniform(), Card(CONTACT_CENTRE))
    store.swap(other)
    assert store.current.loaded.policy.name == "uniform"
    assert store.path == other
    assert before.loaded.policy.name == "scorer"


def test_a_damaged_file_changes_nothing(tmp_path: Path) -> None:
    store = PolicyStore(policy_file(tmp_path), occupancy_cap=0.95)
    before = store.current
    bad = tmp_path / "bad.nba"
    bad.write_bytes(store.path.read_bytes()[:-1])
    with pytest.raises(PolicyFileError, match=r"bad\.nba"):
        store.swap(bad)
    assert store.current is before


def test_the_occupancy_cap_is_the_servers(tmp_path: Path) -> None:
    store = PolicyStore(policy_file(tmp_path), occupancy_cap=0.8)
    (cap,) = [rule for rule in store.current.rules if rule.name == "occupancy cap"]
    assert cap.most == 0.8
