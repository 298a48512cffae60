"""One trial of a sweep, without Ray."""

from dataclasses import replace
from pathlib import Path

import pytest

from experiments.config import LearnConfig, TrainConfig
from experiments.starting_point import StartingPoint
from experiments.sweep_space import Trial
from experiments.sweep_trial import SweepTask, run_trial
from experiments.workshop import Prepared
from nba.act.bundle import load_policy
from nba.errors import InputError
from tests.experiments.small_run import CONFIG, log, reward_model

Points = list[tuple[int, float]]


def task_of(out: Path, config: TrainConfig | LearnConfig) -> tuple[SweepTask, Trial]:
    trial = Trial(0, {}, config)
    ready = None
    if isinstance(config, TrainConfig):
        ready = Prepared(log(), reward_model(), StartingPoint(reward_model()))
    return SweepTask((trial,), out, 2, ready), trial


def go_on(_decisions: int, _earned: float) -> bool:
    return True


def test_a_trial_reports_every_update_and_is_judged_on_days(tmp_path: Path) -> None:
    task, trial = task_of(tmp_path, CONFIG)
    told: Points = []

    def report(decisions: int, earned: float) -> bool:
        told.append((decisions, earned))
        return True

    run_trial(task, trial, report)
    outcome = task.outcome(trial)
    assert outcome is not None
    assert told == task.curve(trial)
    assert [decisions for decisions, _ in told] == [256, 512, 768, 1024]
    assert (outcome.decisions, outcome.stopped_early, outcome.fault) == (1024, False, None)
    assert outcome.eur_per_contact is not None
    assert outcome.low is not None
    assert outcome.high is not None
    assert outcome.low < outcome.eur_per_contact < outcome.high
    card = load_policy(task.folder(trial) / "policy.safetensors").card
    assert card.training["config"] == CONFIG.as_dict()
    before = (task.folder(trial) / "outcome.json").stat().st_mtime_ns
    run_trial(task, trial, report)
    assert told == 2 * task.curve(trial)  # who compares trials knows again what it knew
    assert (task.folder(trial) / "outcome.json").stat().st_mtime_ns == before


def test_a_trial_is_stopped_by_its_report_and_has_no_figure(tmp_path: Path) -> None:
    task, trial = task_of(tmp_path, CONFIG)
    run_trial(task, trial, lambda decisions, _: decisions < 512)
    outcome = task.outcome(trial)
    assert outcome is not None
    assert (outcome.decisions, outcome.stopped_early) == (512, True)
    assert outcome.eur_per_contact is None
    assert not (task.folder(trial) / "policy.safetensors").exists()


def test_a_trial_that_was_broken_off_goes_on_with_the_same_result(tmp_path: Path) -> None:
    whole, trial = task_of(tmp_path / "whole", CONFIG)
    run_trial(whole, trial, go_on)
    broken, _ = task_of(tmp_path / "broken", CONFIG)

    def power_cut(decisions: int, _: float) -> bool:
        if decisions == 512:
            raise SystemExit
        return True

    with pytest.raises(SystemExit):
        run_trial(broken, trial, power_cut)
    assert broken.outcome(trial) is None
    assert broken.curve(trial) == whole.curve(trial)[:2]
    run_trial(broken, trial, go_on)
    assert broken.outcome(trial) == whole.outcome(trial)
    assert broken.curve(trial) == whole.curve(trial)


def test_settings_that_break_training_are_an_outcome(tmp_path: Path) -> None:
    task, trial = task_of(tmp_path, replace(CONFIG, learning_rate=1e30))
    run_trial(task, trial, go_on)
    outcome = task.outcome(trial)
    assert outcome is not None
    assert outcome.eur_per_contact is None
    assert "not finite after 256 decisions" in str(outcome.fault)


def test_a_learner_without_updates_is_judged_alike(tmp_path: Path) -> None:
    task, trial = task_of(tmp_path, LearnConfig("greedy", log_days=1))
    run_trial(task, trial, go_on)
    outcome = task.outcome(trial)
    assert outcome is not None
    assert outcome.eur_per_contact is not None
    assert outcome.decisions is None
    assert task.curve(trial) == []
    assert load_policy(task.folder(trial) / "policy.safetensors").kind == "greedy"


def test_a_damaged_file_of_a_trial_is_named(tmp_path: Path) -> None:
    task, trial = task_of(tmp_path, CONFIG)
    task.folder(trial).mkdir(parents=True)
    (task.folder(trial) / "outcome.json").write_text("{")
    with pytest.raises(InputError, match=r"outcome\.json cannot be read"):
        task.outcome(trial)
