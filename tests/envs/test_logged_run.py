"""A folder belongs to one run, told by all that the log depends on."""

from dataclasses import replace
from pathlib import Path

import pytest

from envs.logged_run import LoggedRun, holds, write_settings
from envs.presets import preset
from nba.act.epsilon_greedy import EpsilonGreedy
from nba.act.uniform import Uniform
from nba.errors import InputError

BANK = preset("bank")
RUN = LoggedRun(
    policy=Uniform(),
    config=BANK,
    sites=2,
    days=3,
    seed=5,
    as_of_days=30.0,
    named={"preset": "bank", "scenario": "normal", "policy": "uniform"},
)


def test_a_new_or_empty_folder_is_free(tmp_path: Path) -> None:
    assert not holds(tmp_path / "new", RUN)
    assert not holds(tmp_path, RUN)
    (tmp_path / ".simulation.json.7.unfinished").write_text("{")
    assert not holds(tmp_path, RUN)


def test_a_folder_is_known_again_by_the_same_run(tmp_path: Path) -> None:
    write_settings(tmp_path, RUN)
    assert holds(tmp_path, RUN)
    assert holds(tmp_path, replace(RUN, config=replace(BANK)))


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (replace(RUN, seed=6), "seed 5, not 6"),
        (replace(RUN, days=4), "days 3, not 4"),
        (replace(RUN, sites=1), "sites 2, not 1"),
        (replace(RUN, as_of_days=0.5), "as_of_days 30.0, not 0.5"),
        (replace(RUN, policy=EpsilonGreedy(Uniform(), 0.5)), "policy_version"),
        (replace(RUN, config=replace(BANK, wrap_up_s=30.0)), "centre"),
        (replace(RUN, named={**RUN.named, "scenario": "peak"}), "scenario normal, not peak"),
    ],
)
def test_other_settings_are_refused_naming_what_differs(
    tmp_path: Path, other: LoggedRun, told: str
) -> None:
    write_settings(tmp_path, RUN)
    (tmp_path / "part-00000000.parquet").write_text("")
    with pytest.raises(InputError, match=f"holds a log with {told}.*or another folder") as found:
        holds(tmp_path, other)
    assert "\n" not in str(found.value)


def test_a_run_that_wrote_no_part_does_not_keep_its_folder(tmp_path: Path) -> None:
    write_settings(tmp_path, RUN)
    other = replace(RUN, seed=6)
    assert not holds(tmp_path, other)
    write_settings(tmp_path, other)
    assert holds(tmp_path, other)


def test_a_folder_with_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("")
    with pytest.raises(InputError, match="is not empty and holds no simulated log"):
        holds(tmp_path, RUN)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "is no simulation.json"),
        ('{"format": 1}', "is no simulation.json"),
        ('{"format": "nba-simulation", "format_version": "9", "settings": {}}', "version '9'"),
    ],
)
def test_settings_that_cannot_be_read_are_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "simulation.json").write_text(text)
    with pytest.raises(InputError, match=told):
        holds(tmp_path, RUN)


def test_a_file_in_the_folder_s_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("")
    with pytest.raises(InputError, match="cannot be read"):
        holds(tmp_path / "log", RUN)


def test_a_log_is_looked_at_after_its_last_day() -> None:
    # Two sites of three days: site 1 ends on working day 3, a Thursday.
    thursday = 1_767_571_200.0 + 3 * 86_400.0
    close = thursday + BANK.open_hour * 3600.0 + BANK.day_s
    assert replace(RUN, as_of_days=0.0).now == close
    assert RUN.now == close + 30 * 86_400.0
