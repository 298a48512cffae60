"""A log on disk: the same bytes however often it was interrupted, refused to any other run."""

import fcntl
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from envs.log_directory import LogSummary, claimed, write_missing_parts
from envs.logged_run import LoggedRun
from envs.logging import WINDOW_S, simulate_log
from envs.presets import preset
from nba.act.epsilon_greedy import EpsilonGreedy
from nba.act.longest_idle import LongestIdle
from nba.errors import InputError, LogError
from nba.evaluate.check import check_log
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.log import read_log
from nba.listen.log_parts import iter_log, read_outcomes
from nba.listen.objective import Objective
from nba.listen.outcomes import join_outcomes

ROOT = Path(__file__).parents[2]
POLICY = EpsilonGreedy(LongestIdle(CONTACT_CENTRE), 0.4)
SMALL = replace(preset("bank"), n_employees=4, contacts_per_day=300.0)
# Three parts, one for each site.
RUN = LoggedRun(POLICY, SMALL, sites=3, days=3, seed=2, as_of_days=30.0, named={"preset": "small"})


def content(directory: Path) -> dict[str, bytes]:
    files = [path for path in directory.rglob("*") if path.is_file()]
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


def ignore(days: int) -> None:
    """No progress is told."""


def written(
    directory: Path, run: LoggedRun, progress: Callable[[int], None] = ignore
) -> LogSummary:
    with claimed(directory, run):
        return write_missing_parts(directory, run, progress=progress)


def days_done(directory: Path) -> int:
    with claimed(directory, RUN) as done:
        return done


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("whole") / "log"
    written(directory, RUN)
    return directory


def test_a_log_is_usable_and_its_rows_are_told(whole: Path) -> None:
    log = read_log(whole)
    assert check_log(log).usable
    summary = written(whole, RUN)
    assert summary.decisions == len(log)
    assert [(row["site"], row["day"]) for row in summary.days] == [
        (site, site + day) for site in range(3) for day in range(3)
    ]
    assert sum(row["decisions"] for row in summary.days) == len(log)
    assert summary.outcomes["without_reward"] == np.isnan(log.reward).sum()
    assert sum(len(part) for part in iter_log(whole)) == len(log)


def test_the_parts_hold_what_a_log_in_memory_holds(tmp_path: Path) -> None:
    run = replace(RUN, sites=4, days=1)
    written(tmp_path, run)
    log, outcomes = simulate_log(POLICY, SMALL, n_days=4, seed=2)
    joined, _ = join_outcomes(log, outcomes, objective=Objective(), now=run.now, window_s=WINDOW_S)
    found = read_log(tmp_path)
    np.testing.assert_array_equal(found.decision_id, joined.decision_id)
    np.testing.assert_array_equal(found.actions, joined.actions)
    np.testing.assert_array_equal(found.propensity, joined.propensity)
    np.testing.assert_array_equal(found.reward, joined.reward)
    np.testing.assert_array_equal(found.outcomes["csat"], joined.outcomes["csat"])


@pytest.mark.parametrize("until", [1, 4, 9])
def test_an_interrupted_log_goes_on_to_the_same_bytes(
    whole: Path, tmp_path: Path, until: int
) -> None:
    ended = 0

    def stop(days: int) -> None:
        nonlocal ended
        ended += days
        if ended >= until:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        written(tmp_path, RUN, stop)
    done = days_done(tmp_path)
    assert done == (until - 1) // 3 * 3
    left: list[int] = []
    written(tmp_path, RUN, left.append)
    assert sum(left) == 9 - done  # what was done is not simulated again
    assert content(tmp_path) == content(whole)


def test_a_part_that_was_deleted_is_made_again(whole: Path, tmp_path: Path) -> None:
    written(tmp_path, RUN)
    (tmp_path / "outcomes" / "part-00000001.parquet").unlink()
    assert days_done(tmp_path) == 6
    written(tmp_path, RUN)
    assert content(tmp_path) == content(whole)


def test_a_full_disk_is_one_line_and_the_log_goes_on_when_there_is_room(
    whole: Path, tmp_path: Path
) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    sizes = [len(text) for name, text in content(whole).items() if name.startswith("part-")]
    resource.setrlimit(resource.RLIMIT_FSIZE, (min(sizes) // 2, limits[1]))
    try:
        with pytest.raises(
            LogError, match=r"part-00000000.parquet cannot be written \(File too"
        ) as e:
            written(tmp_path, RUN)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "\n" not in str(e.value)
    assert list(content(tmp_path)) == ["simulation.json"]
    written(tmp_path, RUN)
    assert content(tmp_path) == content(whole)


def test_other_settings_leave_the_log_alone(whole: Path) -> None:
    before = content(whole)
    with pytest.raises(InputError, match="seed 2, not 3"):
        written(whole, replace(RUN, seed=3))
    assert content(whole) == before


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    held = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(InputError, match="another run is writing to"):
            written(tmp_path, RUN)
    finally:
        os.close(held)
    assert content(tmp_path) == {}


def test_a_log_seen_early_lacks_the_late_outcomes_and_can_be_joined_again(
    whole: Path, tmp_path: Path
) -> None:
    early = replace(RUN, as_of_days=0.0)
    written(tmp_path, early)
    then, later = read_log(tmp_path), read_log(whole)
    assert np.isnan(then.reward).mean() > 0.02 > np.isnan(later.reward).mean()
    known = ~np.isnan(then.reward)
    np.testing.assert_array_equal(then.reward[known], later.reward[known])
    outcomes = read_outcomes(tmp_path)
    again, _ = join_outcomes(then, outcomes, objective=Objective(), now=RUN.now, window_s=WINDOW_S)
    np.testing.assert_array_equal(again.reward, later.reward)


def test_a_damaged_day_file_is_named(tmp_path: Path) -> None:
    run = replace(RUN, sites=1, days=1)
    written(tmp_path, run)
    (tmp_path / "days" / "part-00000000.json").write_text("{")
    with pytest.raises(
        LogError, match=r"part-00000000.json is damaged .*; delete it and run again"
    ):
        written(tmp_path, run)


COMMAND = (
    "simulate", "--employees", "6", "--sites", "6", "--days", "6", "--exploration", "0.3", "--json"
)  # fmt: skip


def started(*arguments: str) -> "subprocess.Popen[bytes]":
    program = [sys.executable, "-m", "nba", *COMMAND, *arguments]
    return subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    run = started("--log", str(tmp_path / "killed"))
    deadline = time.monotonic() + 120
    while not (tmp_path / "killed" / "days" / "part-00000001.json").exists():
        assert time.monotonic() < deadline
        time.sleep(0.005)
    run.send_signal(signal.SIGKILL)
    run.communicate()
    assert 0 < len(list((tmp_path / "killed" / "days").iterdir())) < 6
    for name in ("killed", "whole"):
        again = started("--log", str(tmp_path / name))
        again.communicate()
        assert again.returncode == 0
    assert content(tmp_path / "killed") == content(tmp_path / "whole")


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_days(tmp_path: Path) -> None:
    program = (
        "import resource, sys; from nba.cli import main; main(sys.argv[1:]); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    peaks = []
    for days in ("2", "8"):
        arguments = ["simulate", "--employees", "100", "--days", days, "--seed", "1"]
        log = ["--log", str(tmp_path / days)]
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments, *log],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        peaks.append(int(done.stdout.splitlines()[-1]))
    assert peaks[1] < 1.15 * peaks[0]
