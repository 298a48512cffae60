"""Policies that learn before they serve."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from envs.presets import preset
from experiments.learned import LEARNED, Schooling
from experiments.policies import policy_of
from experiments.seeds import Seeds
from nba.errors import InputError
from tests.nba.act.sample_policies import batch

SMALL = replace(preset("bank"), contacts_per_day=300.0, n_employees=6)


def little(memory: Path) -> Schooling:
    return Schooling(
        log_days=2,
        rounds=2,
        round_days=1,
        candidates=2,
        first_days=1,
        refinements=1,
        refine_days=1,
        steps=6400,
        memory=memory,
    )


@pytest.mark.parametrize("name", LEARNED)
def test_it_learns_in_the_centre_it_is_asked_for(name: str, tmp_path: Path) -> None:
    schooling = little(tmp_path / "tuning.jsonl")
    policy = policy_of(name, centre=SMALL, schooling=schooling)
    assert policy.name == name
    inputs = batch(6, 50, 8)
    again = policy_of(name, centre=SMALL, schooling=schooling)
    assert (policy.batch_probabilities(*inputs) == again.batch_probabilities(*inputs)).all()
    assert (tmp_path / "tuning.jsonl").exists() == (name == "index_rule")


def test_prices_are_tuned_on_days_of_their_own_block(tmp_path: Path) -> None:
    schooling = little(tmp_path / "tuning.jsonl")
    policy_of("index_rule", centre=SMALL, schooling=schooling)
    lines = schooling.memory.read_bytes().splitlines() if schooling.memory else []
    used = [json.loads(line)["seed"] for line in lines]
    blocks = Seeds.of(schooling.seed)
    assert used
    assert all(blocks.tuning <= seed < blocks.training for seed in used)


def test_without_a_centre_it_says_so() -> None:
    with pytest.raises(InputError, match="'ucb_routing' learns before it serves"):
        policy_of("ucb_routing")
