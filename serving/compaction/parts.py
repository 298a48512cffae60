"""One step's part files: new decisions with their outcomes, and late outcomes of earlier ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path

import numpy as np

from nba.listen.coded_texts import CodedTexts
from nba.listen.log import read_log
from nba.listen.log_parts import append_outcomes, read_part_outcomes, read_texts, write_part
from nba.listen.objective import Objective
from nba.listen.outcomes import JoinReport, OutcomeColumns, join_outcomes
from nba.types import Bools, DecisionLog
from serving.compaction.overruled import take_out
from serving.compaction.progress_file import Part, Progress, Waiting
from serving.journal.columns import Columns, texts
from serving.journal.log import Rows, outcome_columns
from serving.journal.specs import Kept

_SAME_ID_S = 60.0  # two workers may decide the same id at once, not a minute apart


@dataclass(slots=True)
class StepReport:
    """What the steps of a run did."""

    decisions: int = 0
    opted_out: int = 0
    without_propensity: int = 0
    overruled: int = 0
    repeated: int = 0
    outcomes_joined: int = 0
    outcomes_late: int = 0
    outcomes_unmatched: int = 0
    defaulted: int = 0

    def note(self, joined: JoinReport) -> None:
        """Count one join."""
        self.outcomes_joined += joined.joined
        self.outcomes_late += joined.late + joined.duplicate + joined.out_of_time
        self.defaulted += joined.defaulted


@dataclass(slots=True)
class Step:
    """What one step works on; `outcomes` shrinks as they find their decisions."""

    out: Path
    progress: Progress
    rows: Rows
    decisions: Mapping[str, Columns]  # of the rows, by the version of their feature spec
    specs: Mapping[str, Kept]
    now: float
    ends_round: bool  # everything that was in the journal when the round began is read
    again: bool  # it was begun before, and killed
    outcomes: OutcomeColumns = field(init=False)
    read_in: list[int] = field(init=False)  # the round that read each of them

    def __post_init__(self) -> None:
        old, new = self.progress.waiting, outcome_columns(self.rows.outcomes)
        self.outcomes = append_outcomes([_columns(old), new])
        self.read_in = [row.read_in for row in old] + [self.progress.round] * len(new)

    def take(self, ids: set[str]) -> OutcomeColumns:
        """The outcomes of these decisions whose time has come; they are taken out."""
        found = map(ids.__contains__, self.outcomes.decision_id)
        named = np.fromiter(found, np.bool_, count=len(self.outcomes))
        mine = named & (self.outcomes.at <= self.now)
        taken = _where(self.outcomes, mine)
        if mine.any():
            self.outcomes = _where(self.outcomes, ~mine)
            self.read_in = list(compress(self.read_in, (~mine).tolist()))
        return taken


def write_step(step: Step, report: StepReport) -> None:
    """Write the step's parts and update earlier ones; doing it again does no harm."""
    progress = step.progress
    report.opted_out += len(step.rows.opted_out)
    step.take(step.rows.opted_out)
    overruled = take_out(
        step.rows.overrides, step.decisions, step.out, progress, ends_round=step.ends_round
    )
    report.overruled += len(overruled)
    step.take(overruled)
    for leftover in step.out.glob(f"**/{_name(progress.step)}"):
        leftover.unlink()
    seen = _ids_before(step)
    for version, columns in step.decisions.items():
        fresh = _fresh(columns, overruled, seen, report)
        _write_new(step, version, columns.where(fresh), report)
    for name in tuple(progress.parts):
        _update(step, name, report)
    _let_wait(step, report)


def _fresh(columns: Columns, overruled: set[str], seen: set[str], report: StepReport) -> Bools:
    """The rows that were not overruled, each id once, (n,); `seen` gets their ids."""
    ids = columns.decision_id.tolist()
    fresh = np.ones(len(ids), dtype=np.bool_)
    new = set(ids)
    if len(new) == len(ids) and new.isdisjoint(seen) and new.isdisjoint(overruled):
        seen |= new  # the common case has no more to it
        return fresh
    for place, name in enumerate(ids):
        fresh[place] = name not in overruled and name not in seen
        report.repeated += name in seen and name not in overruled
        if fresh[place]:
            seen.add(name)
    return fresh


def _write_new(step: Step, version: str, columns: Columns, report: StepReport) -> None:
    progress, kept = step.progress, step.specs[version]
    sound = columns.propensity > 0
    report.without_propensity += int((~sound).sum())
    rows = columns.where(sound)
    if not len(rows):
        return
    progress.first_spec = progress.first_spec or version
    progress.objectives.setdefault(version, dict(kept.objective.weights))
    report.decisions += len(rows)
    log = rows.log(kept.spec)
    outcomes = step.take(set(log.decision_id))
    name = str(Path(progress.folder_of(version)) / _name(progress.step))
    ids = CodedTexts(rows.action_codes, rows.action_names)
    _write(step, name, log, outcomes, outcomes, report, action_ids=ids)


def _update(step: Step, name: str, report: StepReport) -> None:
    """Join what came back since to an earlier part, and close its windows that have ended."""
    part, progress = step.progress.parts[name], step.progress
    windows = progress.window_s.values()
    about = (step.outcomes.at >= part.first_at) & (step.outcomes.at <= part.last_at + max(windows))
    closing = bool(progress.defaults) and part.without_reward > 0
    closing = closing and part.first_at + min(windows) <= step.now
    if not (closing or about.any()):
        return
    path = step.out / name
    late = step.take(set(read_texts(path, "decision_id")))
    if len(late) or closing:
        kept = append_outcomes([read_part_outcomes(path), late])
        kept = _once(kept) if step.again else kept
        _write(step, name, read_log(path), late, kept, report)


def _write(
    step: Step,
    name: str,
    log: DecisionLog,
    new: OutcomeColumns,
    kept: OutcomeColumns,
    report: StepReport,
    *,
    action_ids: CodedTexts | None = None,
) -> None:
    """Write a part with its new outcomes joined, all that came back beside it, and note it."""
    progress = step.progress
    objective = Objective(progress.objectives[log.spec_version])
    names = {*log.outcomes, *objective.weights, *new.component}
    joined, told = join_outcomes(
        log,
        new,
        objective=objective,
        now=step.now,
        window_s={n: progress.window_s.get(n, progress.window_s[""]) for n in names},
        defaults={n: value for n, value in progress.defaults.items() if n in names},
    )
    report.note(told)
    write_part(step.out / name, [(joined, kept)], action_ids=action_ids)
    first, last = float(log.at.min()), float(log.at.max())
    progress.parts[name] = Part(log.spec_version, first, last, len(log), told.without_reward)


def _ids_before(step: Step) -> set[str]:
    """The ids of earlier parts that a step of several journals could hold a second time."""
    if len(step.progress.done) < 2:
        return set()
    times = [float(columns.at[0]) for columns in step.decisions.values()]
    begin = min(times, default=np.inf) - _SAME_ID_S
    near = [name for name, part in step.progress.parts.items() if part.last_at >= begin]
    return {found for name in near for found in read_texts(step.out / name, "decision_id")}


def _let_wait(step: Step, report: StepReport) -> None:
    """Keep outcomes whose decision may still be read, or whose time is still to come.

    An outcome is accepted after its decision was: the round after the one that read it has
    certainly read the decision.
    """
    progress, left = step.progress, step.outcomes
    progress.waiting = []
    for place, read_in in enumerate(step.read_in):
        at = float(left.at[place])
        if read_in < progress.round and step.ends_round and at <= step.now:
            report.outcomes_unmatched += 1
            continue
        progress.waiting.append(
            Waiting(
                left.decision_id[place],
                left.component[place],
                float(left.value[place]),
                at,
                read_in,
            )
        )


def _name(step: int) -> str:
    return f"part-{step:08d}.parquet"


def _columns(rows: Sequence[Waiting]) -> OutcomeColumns:
    return OutcomeColumns(
        texts([row.decision_id for row in rows]),
        texts([row.component for row in rows]),
        np.array([row.value for row in rows], dtype=np.float64),
        np.array([row.at for row in rows], dtype=np.float64),
    )


def _where(outcomes: OutcomeColumns, mask: Bools) -> OutcomeColumns:
    return OutcomeColumns(
        outcomes.decision_id[mask],
        outcomes.component[mask],
        outcomes.value[mask],
        outcomes.at[mask],
    )


def _once(outcomes: OutcomeColumns) -> OutcomeColumns:
    """Each component of a decision once, as a step that is done again may bring it again."""
    first = np.ones(len(outcomes), dtype=np.bool_)
    seen: set[tuple[str, str]] = set()
    for place, key in enumerate(zip(outcomes.decision_id, outcomes.component, strict=True)):
        first[place] = key not in seen
        seen.add(key)
    return _where(outcomes, first)
