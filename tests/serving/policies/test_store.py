"""A swap replaces the policy as a whole, or changes nothing."""

from pathlib import Path

import pytest

from nba.act.bundle import Card, load_policy, save_policy
from nba.act.uniform import Uniform
from nba.errors import InputError, PolicyFileError, RequestError
from nba.listen.contact_features import CONTACT_CENTRE
from serving.policies.plan import Plan, UseCase, write_plan
from serving.policies.store import PolicyStore
from tests.nba.act.sample_policies import scorer
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
    (cap,) = [rule for rule in store.current.rules.rules.rules if rule.name == "occupancy cap"]
    assert cap.remove_if == "action.occupancy_1h > 0.8"


def stocked(folder: Path) -> tuple[str, str]:
    """A store folder with two policies; the second has a plan to itself."""
    versions = []
    for policy in (scorer(), Uniform()):
        save_policy(folder / "new", policy, Card(CONTACT_CENTRE))
        version = load_policy(folder / "new").policy.version
        (folder / "new").rename(folder / f"{version}.nba")
        versions.append(version)
    first, second = versions
    write_plan(folder, Plan(1, {"default": UseCase(first), "mail": UseCase(second)}))
    return first, second


def test_a_folder_serves_each_use_case_with_its_own_policy(tmp_path: Path) -> None:
    first, second = stocked(tmp_path)
    store = PolicyStore(tmp_path, occupancy_cap=0.95)
    found = [store.assignment(name, "c").served.loaded.digest[:12] for name in ("default", "mail")]
    assert found == [first, second]
    assert store.current is store.assignment("default", "c").served
    with pytest.raises(RequestError, match="use case 'chat' is unknown; use one of: default, mail"):
        store.assignment("chat", "c")


def test_a_new_plan_is_noticed_and_takes_over(tmp_path: Path) -> None:
    first, second = stocked(tmp_path)
    store = PolicyStore(tmp_path, occupancy_cap=0.95)
    kept = store.loaded[first]
    assert not store.changed()
    write_plan(tmp_path, Plan(2, {"default": UseCase(second, shadows=[first])}))
    assert store.changed()
    store.refresh()
    assert not store.changed()
    assert (store.plan.generation, store.current.loaded.policy.name) == (2, "uniform")
    assert store.loaded[first] is kept, "a policy that stays is not loaded again"


def test_a_plan_with_an_unusable_policy_changes_nothing(tmp_path: Path) -> None:
    first, second = stocked(tmp_path)
    store = PolicyStore(tmp_path, occupancy_cap=0.95)
    before = store.current
    (tmp_path / f"{'0' * 12}.nba").write_bytes((tmp_path / f"{second}.nba").read_bytes())
    for version, said in (("f" * 12, "cannot be read"), ("0" * 12, f"holds version {second}")):
        write_plan(tmp_path, Plan(2, {"default": UseCase(version)}))
        with pytest.raises(InputError, match=said):
            store.refresh()
        assert (store.current, store.plan.generation) == (before, 1)
        assert store.changed(), "it will be tried again"
    assert first == before.loaded.policy.version


def test_an_empty_folder_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no plan; start with `nba serve POLICY_FILE` once"):
        PolicyStore(tmp_path, occupancy_cap=0.95)
