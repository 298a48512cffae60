"""One trial of a sweep: learn as its settings say, then serve days that nothing was learned on.

All that a trial leaves lies in a folder of its own, so that a sweep that was killed goes on there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
from threadpoolctl import (  # type: ignore[import-untyped]  # it ships no types
    threadpool_limits,
)

from envs.evaluate_days import simulate
from experiments import walk
from experiments.compare import mean_interval
from experiments.config import LearnConfig, TrainConfig
from experiments.seeds import Seeds
from experiments.simulate import centre_of
from experiments.sweep_space import Trial
from experiments.train import Trained
from experiments.workshop import Prepared, learned, save_learned, trained_on
from nba.errors import InputError, NbaError
from nba.types import Policy

POLICY = "policy.safetensors"
_CURVE, _OUTCOME = "curve.json", "outcome.json"
Curve = list[tuple[int, float]]
Report = Callable[[int, float], bool]  # decisions, EUR per decision → whether to go on
Read = TypeVar("Read")


class TrialOutcome(msgspec.Struct, frozen=True):
    """What became of a trial; EUR per contact is that of the validation days."""

    eur_per_contact: float | None = None
    low: float | None = None
    high: float | None = None
    decisions: int | None = None  # of training; None for what does not learn from single ones
    stopped_early: bool = False
    fault: str | None = None  # why there is no policy


@dataclass(frozen=True, slots=True)
class SweepTask:
    """What all trials of a sweep share."""

    trials: tuple[Trial, ...]
    out: Path
    days: int  # of validation
    ready: Prepared | None  # for an action scorer

    def folder(self, trial: Trial) -> Path:
        """Where a trial keeps what it makes."""
        return self.out / "trials" / f"{trial.number:03}"

    def outcome(self, trial: Trial) -> TrialOutcome | None:
        """What became of a trial, if it is over."""
        return _read(self.folder(trial) / _OUTCOME, TrialOutcome)

    def curve(self, trial: Trial) -> Curve:
        """The decisions and the EUR per decision of every update so far."""
        return _read(self.folder(trial) / _CURVE, Curve) or []

    def stop(self, trial: Trial) -> TrialOutcome:
        """Write down that a trial was stopped before its end."""
        curve = self.curve(trial)
        outcome = TrialOutcome(decisions=curve[-1][0] if curve else 0, stopped_early=True)
        _write(self.folder(trial) / _OUTCOME, outcome)
        return outcome


def run_trial(task: SweepTask, trial: Trial, report: Report) -> None:
    """Learn and be judged, unless that is done, or go on where a killed run stopped.

    `report` is told of every update, those of earlier runs too, so that whoever compares trials
    knows what it knew before; its False ends the trial. What the settings make impossible, as
    weights that are no numbers any more, is an outcome as well.
    """
    folder, curve = task.folder(trial), task.curve(trial)
    goes_on = [report(*point) for point in curve]
    if task.outcome(trial) is not None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    if not all(goes_on):
        task.stop(trial)
        return
    config = trial.config
    try:
        with threadpool_limits(1):
            if isinstance(config, LearnConfig):
                outcome = _learn(task, folder, config)
            else:
                outcome = _train(task, folder, config, report)
    except NbaError as error:
        outcome = TrialOutcome(fault=str(error))
    _write(folder / _OUTCOME, outcome)


def _learn(task: SweepTask, folder: Path, config: LearnConfig) -> TrialOutcome:
    policy = learned(config, folder)
    save_learned(folder / POLICY, policy, config)
    return _judged(policy, config, task.days)


def _train(task: SweepTask, folder: Path, config: TrainConfig, report: Report) -> TrialOutcome:
    assert task.ready is not None
    goes_on = True

    def shown(state: Trained) -> bool:
        nonlocal goes_on
        _write(folder / _CURVE, state.curve)
        goes_on = report(*state.curve[-1])
        return goes_on

    trained, policy = trained_on(
        task.ready, config, checkpoint=folder / "checkpoint.pt", after_update=shown
    )
    decisions = trained.curve[-1][0]
    if not trained.finished:
        if goes_on:
            raise KeyboardInterrupt
        return TrialOutcome(decisions=decisions, stopped_early=True)
    walk.save_trained(folder / POLICY, policy, config, task.ready.prices, {})
    return _judged(policy, config, task.days, decisions)


def _judged(
    policy: Policy, config: TrainConfig | LearnConfig, days: int, decisions: int | None = None
) -> TrialOutcome:
    """EUR per contact on the days of the validation block, the same ones for every trial."""
    centre, seed = centre_of(config.preset, config.scenario), Seeds.of(config.seed).validation
    served = simulate(policy, centre, n_days=days, seed=seed)
    earned = mean_interval(served["eur_per_contact"])
    return TrialOutcome(earned.value, earned.low, earned.high, decisions)


def _read(path: Path, kind: type[Read]) -> Read | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise InputError(
            f"{path} cannot be read ({error}); remove its folder, and that trial starts anew"
        ) from error


def _write(path: Path, value: object) -> None:
    """Put a file in place whole: a kill leaves the old one or the new one."""
    made = path.with_suffix(".new")
    made.write_bytes(msgspec.json.encode(value))
    made.replace(path)
