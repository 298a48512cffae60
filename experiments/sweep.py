"""A sweep: many trainings side by side on Ray Tune, hopeless ones stopped early, the best kept.

Source: Li et al. 2020 (ASHA). Ray schedules; what trials make lies in their own folders, and a
resumed sweep tells a new Ray all that they reported, so that it compares as if nothing had been.
"""

import json
import os
import tempfile
from functools import partial
from pathlib import Path
from typing import Final, TypedDict

from ray import tune
from ray.tune.experiment import Trial as RayTrial

from experiments.config import LearnConfig, TrainConfig
from experiments.scale import ray_up
from experiments.sweep_record import SweepRecord
from experiments.sweep_space import Trial, draw_trials
from experiments.sweep_trial import POLICY, SweepTask, TrialOutcome, run_trial
from experiments.workshop import claim, given_start, prepared
from nba.errors import InputError, NbaError
from nba.terminal import Advance, note, progress

BEST: Final = "best.toml"
_NUMBER: Final = "trial"
# Half of the trials end at a quarter of the decisions, half of the others at the half.
_FIRST_RUNG: Final = 4
_KEEP: Final = 2


class SweepError(NbaError):
    """No trial of a sweep came to its end; the message tells a cause."""


class SweepResult(TypedDict):
    """Plain values of a sweep, as `nba sweep --json` prints them."""

    rows: list[dict[str, object]]
    best: dict[str, object]


def run_sweep(
    config_file: Path,
    out: Path,
    *,
    n_trials: int,
    days: int,
    resume: bool = False,
    at_once: int | None = None,
) -> SweepResult:
    """Every trial's settings and EUR per contact, best first; the best one's file is best.toml.

    EUR per contact is of `days` days of a seed block that is neither trained nor tested on.
    `at_once` trials run side by side: one for each processor unless told otherwise. With `resume`
    a sweep that was killed goes on, every trial where its last update ended.
    """
    trials = draw_trials(config_file, n_trials)
    base = trials[0].config
    start = given_start(base) if isinstance(base, TrainConfig) else None
    drawn = [trial.settings for trial in trials]
    settings = {"config": base.as_dict(), "days": days, "trials": drawn}
    if (out / "config.json").exists() and not resume:
        raise InputError(
            f"{out} holds a run; go on with that sweep by --resume, or choose another --out"
        )
    claim(out, settings, resume=resume)
    if len(trials) < n_trials:
        note(f"{len(trials)} trials: the ranges hold no more")
    ready = prepared(base, out, start) if isinstance(base, TrainConfig) else None
    task = SweepTask(tuple(trials), out.resolve(), days, ready)
    with SweepRecord.of(task, settings) as record:
        _schedule(task, record, at_once)
        record.missing()
        found = _result(task)
        best = trials[int(str(found["best"]["trial"]))]
        _write_toml(out / BEST, best.config, found["best"], len(trials), days)
        record.result(found["rows"], out / BEST)
    return found


def _schedule(task: SweepTask, record: SweepRecord, at_once: int | None) -> None:
    """Run what is not over yet."""
    # Ray's own files of a trial: a table, a log and TensorBoard's events, which nobody reads.
    os.environ["TUNE_DISABLE_AUTO_CALLBACK_LOGGERS"] = "1"
    # Its newer output writes tables to stdout however quiet it is told to be.
    os.environ["RAY_AIR_NEW_OUTPUT"] = "0"
    first = task.trials[0].config
    with (
        ray_up(),
        tempfile.TemporaryDirectory() as folder,
        progress("sweep", len(task.trials)) as advance,
    ):
        tuner = tune.Tuner(
            tune.with_resources(tune.with_parameters(_on_ray, task=task), {"cpu": 1}),
            param_space={_NUMBER: tune.grid_search(list(range(len(task.trials))))},
            tune_config=tune.TuneConfig(scheduler=_scheduler(first), max_concurrent_trials=at_once),
            run_config=tune.RunConfig(
                storage_path=folder, verbose=0, callbacks=[_Ended(task, record, advance)]
            ),
        )
        results = tuner.fit()
    for error in results.errors:
        last = str(error).strip().splitlines()[-1:]
        note(f"a trial broke off ({' '.join(last)}); --resume goes on")
    if any(task.outcome(trial) is None for trial in task.trials) and not results.errors:
        note("interrupted; --resume goes on")
        raise KeyboardInterrupt


def _scheduler(config: TrainConfig | LearnConfig) -> tune.schedulers.TrialScheduler:
    if isinstance(config, LearnConfig):
        return tune.schedulers.FIFOScheduler()  # type: ignore[no-untyped-call]  # ray's
    return tune.schedulers.ASHAScheduler(
        time_attr="decisions",
        metric="eur_per_decision",
        mode="max",
        max_t=config.whole_steps,
        grace_period=max(1, config.whole_steps // _FIRST_RUNG),
        reduction_factor=_KEEP,
    )


def _on_ray(picked: dict[str, int], task: SweepTask) -> None:
    """A trial in one of Ray's processes, which Ray ends while a report is being made."""
    trial = task.trials[picked[_NUMBER]]
    run_trial(task, trial, partial(_report, trial.config))


def _report(config: TrainConfig | LearnConfig, decisions: int, eur_per_decision: float) -> bool:
    # Who has trained to the end is judged by the days it serves.
    if isinstance(config, TrainConfig) and decisions < config.whole_steps:
        tune.report({"decisions": decisions, "eur_per_decision": eur_per_decision})
    return True


class _Ended(tune.Callback):
    """Tells of every trial that is over."""

    def __init__(self, task: SweepTask, record: SweepRecord, advance: Advance) -> None:
        self._task, self._record, self._advance = task, record, advance

    def on_trial_complete(
        self, iteration: int, trials: list[RayTrial], trial: RayTrial, **info: object
    ) -> None:
        mine = self._task.trials[trial.config[_NUMBER]]
        if self._task.outcome(mine) is None:
            self._task.stop(mine)
        self._record.missing()
        self._advance()

    def __reduce__(self) -> tuple[type[tune.Callback], tuple[()]]:
        # Ray keeps a copy of the sweep's description, which is not used again.
        return tune.Callback, ()


def _result(task: SweepTask) -> SweepResult:
    """The trials in order of what they earned; those without a figure last."""
    over = [(trial, task.outcome(trial)) for trial in task.trials]
    told = [(trial, outcome) for trial, outcome in over if outcome is not None]
    rows = [_row(trial, outcome) for trial, outcome in sorted(told, key=_place)]
    if not rows or rows[0]["eur_per_contact"] is None:
        faults = [outcome.fault for _, outcome in told if outcome.fault]
        raise SweepError(
            f"none of {len(over)} trials came to its end ({'; '.join(faults[:1]) or 'no report'}); "
            "narrow the ranges of [sweep], or look at the folder trials/"
        )
    best = task.trials[int(str(rows[0]["trial"]))]
    files = {"config_file": task.out / BEST, "policy_file": task.folder(best) / POLICY}
    return {"rows": rows, "best": {**rows[0], **files}}


def _place(told: tuple[Trial, TrialOutcome]) -> tuple[float, int]:
    earned, decisions = told[1].eur_per_contact, told[1].decisions or 0
    return (float("inf") if earned is None else -earned, -decisions)


def _row(trial: Trial, outcome: TrialOutcome) -> dict[str, object]:
    return {
        _NUMBER: trial.number,
        **trial.settings,
        "eur_per_contact": outcome.eur_per_contact,
        "low": outcome.low,
        "high": outcome.high,
        "decisions": outcome.decisions,
        "stopped_early": outcome.stopped_early,
        "fault": outcome.fault,
    }


def _write_toml(
    path: Path, config: TrainConfig | LearnConfig, row: dict[str, object], n: int, days: int
) -> None:
    """Every setting of a configuration, as `nba train` reads it."""
    head = (
        f"# Trial {row['trial']}, the best of {n} of a sweep: {row['eur_per_contact']:.3f} EUR per "
        f"contact on {days} validation days.\n"
    )
    # A JSON string or number is one of TOML, too.
    lines = [
        f"{name} = {json.dumps(value, ensure_ascii=False)}\n"
        for name, value in config.as_dict().items()
    ]
    path.write_text(head + "".join(lines))
