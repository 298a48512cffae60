"""A sweep in the runs' diary: one run for it, and under it one for each trial that is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from experiments import tracking
from experiments.plots import learning_curve
from experiments.sweep_space import Trial
from experiments.sweep_trial import POLICY, SweepTask, TrialOutcome

_EXPERIMENT: Final = "sweep"
_MARK: Final = "mlflow_run"  # the file that holds the id of a run


@dataclass(frozen=True, slots=True)
class SweepRecord:
    """The run of a sweep, gone on with when the sweep is."""

    task: SweepTask
    run: tracking.Run

    @classmethod
    def of(cls, task: SweepTask, settings: Mapping[str, object]) -> Self:
        """The sweep's run: a new one, or the one that its folder names."""
        mark, config = task.out / _MARK, task.trials[0].config
        if mark.exists():
            return cls(task, tracking.go_on(task.out, mark.read_text()))
        name = f"{len(task.trials)} trials in {config.preset}"
        run = tracking.start(task.out, _EXPERIMENT, name, config=settings, seed=config.seed)
        mark.write_text(run.run_id)
        return cls(task, run)

    def missing(self) -> None:
        """Record every trial that is over and has no run yet."""
        for trial in self.task.trials:
            outcome = self.task.outcome(trial)
            mark = self.task.folder(trial) / _MARK
            if outcome is not None and not mark.exists():
                mark.write_text(self._trial(trial, outcome))

    def result(self, rows: Sequence[Mapping[str, object]], best: Path) -> None:
        """Record what came of the sweep: its best trial first."""
        self.run.log_values(_figures(rows[0]))
        self.run.log_table("trials", rows)
        self.run.log_file(best)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self.run.__exit__(kind, *rest)

    def _trial(self, trial: Trial, outcome: TrialOutcome) -> str:
        """The id of the trial's own run."""
        with tracking.start(
            self.task.out,
            _EXPERIMENT,
            f"trial {trial.number}",
            config=trial.config.as_dict(),
            seed=trial.config.seed,
            parent=self.run,
        ) as run:
            curve = self.task.curve(trial)
            if curve:
                steps, rewards = zip(*curve, strict=True)
                run.log_curve("eur_per_decision", steps, rewards)
                run.log_figure("learning curve", learning_curve(curve))
            told = {name: getattr(outcome, name) for name in outcome.__struct_fields__}
            run.log_values(_figures(told))
            if outcome.eur_per_contact is not None:
                run.log_file(self.task.folder(trial) / POLICY)
        return run.run_id


def _figures(told: Mapping[str, object]) -> dict[str, float]:
    """The numbers among what is told of a trial."""
    names = ("eur_per_contact", "low", "high", "decisions", "stopped_early")
    numbers = {name: told[name] for name in names}
    return {name: float(n) for name, n in numbers.items() if isinstance(n, int | float)}
