"""The question about episodes, to a log of either form."""

from nba.errors import InputError
from nba.evaluate.answer import Answer
from nba.evaluate.gate import Thresholds
from nba.evaluate.sequential_answer import evaluate_episodes, evaluate_flat_episodes
from nba.listen.foreign import FlatSource
from nba.listen.log_source import LogSource
from nba.ope_target import Target, flat_target, log_target
from nba.terminal import note, progress
from nba.types import DecisionLog


def answer_episodes(
    log: DecisionLog | LogSource | FlatSource,
    target: Target,
    *,
    baseline: Target | None,
    discount: float,
    level: float,
    margin: float,
    temperature: float,
    unit: str,
    source: str,
) -> Answer:
    """What the target would have earned per episode; InputError for two policies of one name."""
    thresholds = Thresholds(margin_eur=margin)
    if not isinstance(log, FlatSource):
        if isinstance(log, LogSource):
            note("episodes: the log is read whole, as fitted Q evaluation goes back over it")
        whole = log if isinstance(log, DecisionLog) else log.read()
        mine = log_target(target, whole, temperature=temperature)
        rival = None if baseline is None else log_target(baseline, whole, temperature=temperature)
        _refuse_twins(mine.name, None if rival is None else rival.name)
        return evaluate_episodes(
            whole, mine, baseline=rival, discount=discount, level=level, thresholds=thresholds,
            source=source, unit=unit,
        )  # fmt: skip
    wanted, log = flat_target(target, log, temperature=temperature)
    other = None
    if baseline is not None:
        other, log = flat_target(baseline, log, temperature=temperature)
        _refuse_twins(wanted.name, other.name)
    with progress("read episodes", len(log)) as advance:
        return evaluate_flat_episodes(
            log, wanted, baseline=other, discount=discount, level=level, thresholds=thresholds,
            source=log.name, unit=unit, advance=advance,
        )  # fmt: skip


def _refuse_twins(target: str, baseline: str | None) -> None:
    if target == baseline:
        raise InputError(f"target and baseline are both {target!r}; compare two policies")
