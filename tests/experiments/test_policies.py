"""Policies by name or by file."""

from pathlib import Path

import pytest

from experiments.policies import NAMED, policy_of
from nba.act.bundle import Card, save_policy
from nba.act.epsilon_greedy import EpsilonGreedy
from nba.act.uniform import Uniform
from nba.errors import InputError, PolicyFileError
from nba.listen.contact_features import CONTACT_CENTRE


def test_a_name_and_a_file_give_a_policy(tmp_path: Path) -> None:
    path = tmp_path / "any.safetensors"
    version = save_policy(path, Uniform(), Card(CONTACT_CENTRE))
    assert policy_of("longest_idle").name == "longest_idle"
    assert policy_of(str(path)).version == version


@pytest.mark.parametrize("name", NAMED)
def test_a_named_policy_bears_its_name(name: str) -> None:
    assert policy_of(name).name == name


def test_exploration_is_mixed_in() -> None:
    policy = policy_of("longest_idle", exploration=0.25)
    assert isinstance(policy, EpsilonGreedy)
    assert policy.epsilon == 0.25


def test_what_is_neither_is_named_with_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'longest_idel'; .*longest_idle, uniform, .*index_rule"):
        policy_of("longest_idel")
    (tmp_path / "junk").write_text("junk")
    with pytest.raises(PolicyFileError, match="junk"):
        policy_of(str(tmp_path / "junk"))
