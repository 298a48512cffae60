"""A decision log, in memory or on disk, as the parts that are evaluated one after the other."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from nba.errors import LogError
from nba.evaluate.decision_evaluation import BatchTarget, Part, of_whole
from nba.listen.log_source import LogSource
from nba.listen.objective import Objective
from nba.listen.sample import sample_log, sample_share
from nba.ope_target import Target, batch_target, log_target
from nba.types import DecisionLog


def in_parts(
    log: DecisionLog | LogSource, target: Target, baseline: Target | None, *, temperature: float
) -> tuple[Sequence[Part], BatchTarget, BatchTarget | None]:
    """The parts of a decision log, and what the policies give to their actions."""
    wanted = [target] if baseline is None else [target, baseline]
    if isinstance(log, LogSource):
        given = [batch_target(each, temperature=temperature) for each in wanted]
        return log.parts, given[0], given[1] if len(given) > 1 else None
    whole = [log_target(each, log, temperature=temperature) for each in wanted]
    given = [of_whole(each) for each in whole]
    return [[log]], given[0], given[1] if len(given) > 1 else None


def changed_log(
    log: DecisionLog | LogSource, levers: Mapping[str, float], sample: int | None
) -> DecisionLog | LogSource:
    """The log under changed weights, or about so many rows of it."""
    if isinstance(log, DecisionLog):
        log = with_levers(log, levers)
        return log if sample is None else sample_log(log, sample)
    if levers:
        with_levers(next(iter(log)), levers)  # tells at once what is wrong with them
        log = log.changed(partial(with_levers, levers=levers))
    if sample is not None and sample < len(log):
        log = log.changed(partial(sample_share, share=sample / len(log)))
    return log


def with_levers(log: DecisionLog, levers: Mapping[str, float]) -> DecisionLog:
    """The log with the reward under changed weights; InputError for an unknown component."""
    if not levers:
        return log
    usual = {name: weight for name, weight in Objective().weights.items() if name in log.outcomes}
    if not usual:
        raise LogError("the log has no outcome components; --lever has nothing to weigh")
    return replace(log, reward=Objective(usual).with_levers(levers).reward(log.outcomes))
