"""Customers are shared out by hash: stable, in the stated shares, and only while online."""

import pytest

from nba.act.bundle import Card, save_policy
from nba.act.uniform import Uniform
from nba.listen.contact_features import CONTACT_CENTRE
from serving.policies.assignment import Lane, make_lane, share_of
from serving.policies.plan import Canary, Mode, UseCase
from serving.policies.served import Served, load_served
from tests.nba.act.sample_policies import scorer

CUSTOMERS = [f"customer-{number}" for number in range(20_000)]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Served]:
    folder = tmp_path_factory.mktemp("policies")
    found = {}
    for policy in (scorer(0), scorer(1), Uniform()):
        path = folder / "p.nba"
        version = save_policy(path, policy, Card(CONTACT_CENTRE))
        found[version] = load_served(path, occupancy_cap=0.95)
    return found


def lane(loaded: dict[str, Served], mode: Mode = "online", share: float = 0.2) -> Lane:
    active, canary, shadow = loaded
    use = UseCase(active, mode=mode, canary=Canary(canary, share), holdout=0.1, shadows=[shadow])
    return make_lane("default", use, loaded)


def sides(found: Lane) -> list[str]:
    return [found.assignment(customer).control for customer in CUSTOMERS]


def test_the_shares_are_what_the_plan_says(loaded: dict[str, Served]) -> None:
    found = sides(lane(loaded))
    assert found.count("holdout") / len(found) == pytest.approx(0.1, abs=0.01)
    # The canary's share is of those who are not held out.
    assert found.count("canary") / found.count("") == pytest.approx(0.25, abs=0.02)


def test_each_side_gets_its_own_policy(loaded: dict[str, Served]) -> None:
    active, canary, shadow = loaded.values()
    found = {a.control: a for a in map(lane(loaded).assignment, CUSTOMERS)}
    assert [found[control].served for control in ("", "holdout", "canary")] == [
        active,
        active,
        canary,
    ]
    assert all(a.shadows == (shadow,) for a in found.values())


def test_a_larger_canary_keeps_its_customers_and_the_holdout_never_moves(
    loaded: dict[str, Served],
) -> None:
    small, large = sides(lane(loaded, share=0.1)), sides(lane(loaded, share=0.5))
    for before, after in zip(small, large, strict=True):
        assert (before == "holdout") == (after == "holdout")
        assert before != "canary" or after == "canary"


@pytest.mark.parametrize("mode", ["off", "shadow", "apprentice"])
def test_nobody_is_on_a_side_while_no_policy_acts(loaded: dict[str, Served], mode: Mode) -> None:
    found = lane(loaded, mode)
    assert set(sides(found)) == {""}
    assert found.assignment("anyone").mode == mode


def test_the_hash_is_even_and_another_key_shares_out_anew() -> None:
    first = [share_of(customer, b"one") for customer in CUSTOMERS]
    second = [share_of(customer, b"two") for customer in CUSTOMERS]
    assert sum(first) / len(first) == pytest.approx(0.5, abs=0.01)
    both = sum(a < 0.5 and b < 0.5 for a, b in zip(first, second, strict=True)) / len(first)
    assert both == pytest.approx(0.25, abs=0.02)
    assert max(first) < 1.0
    assert share_of("\udc80", b"one") >= 0.0
