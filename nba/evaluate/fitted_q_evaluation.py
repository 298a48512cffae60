"""Fitted Q evaluation: what each action leads to under the target, by regression on episodes.

A step's reward plus the predicted return of the target's next choice is regressed on the step's
terms, again and again until the longest episode is covered; terms and ridge are the reward model's.
Sources: Le, Voloshin, Yue 2019; cross-fitting, Chernozhukov et al. 2018.
"""

from dataclasses import replace

import numpy as np

from nba.errors import InputError, LogError
from nba.evaluate.check import validate_target
from nba.evaluate.episodes import Episodes
from nba.listen.blocks import padded_blocks
from nba.listen.units import unit_parts
from nba.types import DecisionLog, Floats, Ints
from nba.understand.basis import Basis, make_basis
from nba.understand.fit import RIDGE, Gram, gram_of_rows, solve
from nba.understand.reward_model import LinearRewardModel

_BLOCK = 1024


def fitted_q(
    log: DecisionLog,
    target: Floats,
    episodes: Episodes,
    *,
    discount: float = 1.0,
    folds: int = 5,
    ridge: float = RIDGE,
    seed: int = 0,
) -> Floats:
    """Predicted returns of every logged action, (m,), each by a model that never saw its unit.

    Folds are made of whole episodes, by the unit of their first row. Episodes with a missing reward
    teach nothing. Raises LogError if all are so.
    """
    validate_target(log, target)
    if not 0.0 <= discount <= 1.0:
        raise InputError(f"discount is {discount}; give a factor per step between 0 and 1")
    usable = _rewarded(log, episodes)
    basis = make_basis(
        log.context_names, log.action_names, context=log.context, actions=log.actions
    )
    first = unit_parts(log.unit[episodes.first], folds, purpose=f"cross-fit {seed}")
    fold = np.empty(len(log), dtype=np.int64)
    fold[episodes.rows] = np.repeat(first, episodes.lengths)
    predictions = np.empty(len(log.actions))
    for k in range(folds):
        model = _fit(log, target, episodes, basis, usable[fold[usable] != k], discount, ridge)
        for block in padded_blocks(log, np.flatnonzero(fold == k), size=_BLOCK):
            predictions[block.flat] = model.batch_rewards(block.context, block.actions)[block.mask]
    return predictions


def _fit(
    log: DecisionLog,
    target: Floats,
    episodes: Episodes,
    basis: Basis,
    rows: Ints,
    discount: float,
    ridge: float,
) -> LinearRewardModel:
    """The model after one regression per step of the longest episode, on the given rows only."""
    if not len(rows):
        raise LogError(
            "all episodes with rewards belong to one fold's units; give a log with more units"
        )
    following = episodes.next_rows()[rows]
    goes_on = rows[following >= 0]
    gram = gram_of_rows(basis, log, rows)
    model = LinearRewardModel(basis, solve(gram, ridge))
    for _ in range(episodes.horizon - 1 if discount else 0):
        returns = np.zeros(len(log))
        returns[goes_on] = discount * _values(model, log, target, following[following >= 0])
        ahead = gram_of_rows(basis, replace(log, reward=returns), goes_on)
        gram_now = Gram(gram.terms, gram.rewards + ahead.rewards)
        model = LinearRewardModel(basis, solve(gram_now, ridge))
    return model


def _values(model: LinearRewardModel, log: DecisionLog, target: Floats, rows: Ints) -> Floats:
    """The predicted return of the target's choice in the given rows."""
    values = np.empty(len(rows))
    for start in range(0, len(rows), _BLOCK):
        part = rows[start : start + _BLOCK]
        block = next(padded_blocks(log, part, size=_BLOCK))
        returns = np.zeros(block.mask.shape)
        returns[block.mask] = target[block.flat]
        returns *= model.batch_rewards(block.context, block.actions)
        values[start : start + len(part)] = returns.sum(axis=1)
    return values


def _rewarded(log: DecisionLog, episodes: Episodes) -> Ints:
    """The rows of the episodes whose rewards are all known, in ascending order."""
    missing = np.isnan(log.reward[episodes.rows])
    lost = np.logical_or.reduceat(missing, episodes.starts[:-1])
    if lost.all():
        raise LogError(
            f"none of the log's {len(episodes)} episodes has all its rewards; join its outcomes "
            "first (nba.listen.outcomes)"
        )
    return np.sort(episodes.rows[np.repeat(~lost, episodes.lengths)])
