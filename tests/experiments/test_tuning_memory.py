"""What a search remembers."""

from dataclasses import replace
from pathlib import Path

import pytest

from experiments.tuning_memory import TuningMemory
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import RewardModel
from nba.understand.prices import Prices
from tests.experiments.small_run import BANK, reward_model
from tests.nba.act.sample_policies import reward_model as another_model

FIRST, SECOND = Prices(0.001, 0.1, 0.2), Prices(0.0, 0.0, 0.0)


def memory(path: Path, model: RewardModel | None = None) -> TuningMemory:
    return TuningMemory(path, model or reward_model(), CONTACT_CENTRE, BANK)


def test_what_was_kept_is_known_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "memory.jsonl"
    kept = memory(path)
    kept.keep(16, 5, FIRST, 2.25)
    kept.keep(16, 5, SECOND, 1.5)
    kept.keep(80, 6, FIRST, 2.0)
    for asked in (kept, memory(path)):
        assert asked.known(16, 5) == {FIRST: 2.25, SECOND: 1.5}
        assert asked.known(80, 6) == {FIRST: 2.0}
        assert asked.known(80, 5) == {}


def test_another_model_or_centre_shares_the_file_but_not_the_figures(tmp_path: Path) -> None:
    path = tmp_path / "memory.jsonl"
    memory(path).keep(16, 5, FIRST, 2.25)
    assert memory(path, another_model(8)).known(16, 5) == {}
    busier = replace(BANK, contacts_per_day=1400.0)
    assert TuningMemory(path, reward_model(), CONTACT_CENTRE, busier).known(16, 5) == {}


def test_a_line_cut_by_a_crash_is_left_out_and_spoils_nothing(tmp_path: Path) -> None:
    path = tmp_path / "memory.jsonl"
    kept = memory(path)
    kept.keep(16, 5, FIRST, 2.25)
    kept.keep(16, 5, SECOND, 1.5)
    path.write_bytes(path.read_bytes()[:-20])
    again = memory(path)
    assert again.known(16, 5) == {FIRST: 2.25}
    again.keep(16, 5, SECOND, 1.5)
    assert memory(path).known(16, 5) == {FIRST: 2.25, SECOND: 1.5}


def test_another_file_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "notes.json"
    path.write_text('{"seed": 1}\n')
    with pytest.raises(InputError, match=r"line 1 of .*notes\.json"):
        memory(path)
