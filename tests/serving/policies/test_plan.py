"""The plan changes by one generation at a time and survives as a file."""

from pathlib import Path

import pytest

from nba.errors import InputError, RequestError
from serving.policies.plan import (
    KEPT,
    Canary,
    Plan,
    UseCase,
    promoted,
    read_plan,
    rolled_back,
    write_plan,
)

A, B, C = "a" * 12, "b" * 12, "c" * 12


def test_a_rollback_undoes_a_promotion_but_for_the_generation() -> None:
    first = promoted(Plan(), "default", A, new_mode="online")
    second = promoted(first, "default", B, new_mode="off")
    assert second.use_cases["default"] == UseCase(B, previous=[A], mode="online")
    back = rolled_back(second, "default")
    assert back.use_cases == first.use_cases
    assert [plan.generation for plan in (first, second, back)] == [1, 2, 3]


def test_a_canary_that_is_promoted_is_no_canary_any_more() -> None:
    use = UseCase(A, canary=Canary(B, 0.1), shadows=[B, C])
    found = promoted(Plan(1, {"x": use}), "x", B, new_mode="off").use_cases["x"]
    assert (found.active, found.canary, found.shadows) == (B, None, [C])


def test_only_the_latest_versions_are_kept_for_a_rollback() -> None:
    plan = Plan()
    for number in range(KEPT + 5):
        plan = promoted(plan, "default", f"{number:012x}", new_mode="online")
    previous = plan.use_cases["default"].previous
    assert (len(previous), previous[-1]) == (KEPT, f"{KEPT + 3:012x}")


def test_there_is_nothing_before_the_first_version() -> None:
    with pytest.raises(RequestError, match=r"has had no version before a+; promote another"):
        rolled_back(promoted(Plan(), "default", A, new_mode="off"), "default")
    with pytest.raises(RequestError, match="use case 'mail' is unknown; use one of: default"):
        rolled_back(promoted(Plan(), "default", A, new_mode="off"), "mail")


def test_a_written_plan_is_read_again_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    plan = Plan(7, {"mail": UseCase(A, [B], "shadow", Canary(C, 0.05), 0.1, [B])})
    assert read_plan(tmp_path) == Plan()
    write_plan(tmp_path, plan)
    assert read_plan(tmp_path) == plan
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]
    (tmp_path / "plan.json").write_text('{"generation": 1, "use_cases": {"x": {}}}')
    with pytest.raises(InputError, match=r"plan\.json is damaged .*`active`.*promote a policy"):
        read_plan(tmp_path)
