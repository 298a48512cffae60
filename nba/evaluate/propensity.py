"""Propensities that were never logged, estimated: a calibrated, cross-fitted model of the choice.

Ragged action sets get a conditional logit on action and context features; a log that offers the
same actions in every row gets a multinomial logit on the context. What rests on them is marked
`propensity_estimated`, and holds only as far as the features tell why an action was chosen.
Sources: McFadden 1974 (conditional logit); Guo et al. 2017 (calibration by a temperature);
Chernozhukov et al. 2018 (cross-fitting); Crump et al. 2009 (trimming for overlap).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np

from nba.errors import InputError, LogError
from nba.evaluate.choice_model import Choices, fit_choices, flat_places, probabilities_of
from nba.listen.blocks import chosen_flat
from nba.listen.units import unit_parts
from nba.types import Bools, DecisionLog, Estimate, Floats, Ints, Texts
from nba.understand.basis import Basis, make_basis

FOLDS: Final = 5
RIDGE: Final = 1.0  # rows of evidence that a standardised weight has to outweigh
FLOOR: Final = 0.02  # below this, a choice was too rare to be reweighted
_FIT_ACTIONS: Final = 200_000  # flat rows a fit reads at most: some 400 MB of terms
_BLOCK: Final = 4096


@dataclass(frozen=True, slots=True)
class EstimatedPropensities:
    """Probabilities of every logged action, (m,), and how good the model of the choice is."""

    probabilities: Floats  # (m,)
    temperature: float  # by which held-out logits were divided; 1 if they were right
    log_loss: float  # held out, nats per row
    even_log_loss: float  # of choosing evenly among a row's actions
    calibration_error: float  # mean |told - observed| over tenths of the told probability

    @property
    def diagnostics(self) -> dict[str, float]:
        """What an estimate that rests on them carries."""
        return {
            "propensity_estimated": 1.0,
            "propensity_log_loss": self.log_loss,
            "propensity_even_log_loss": self.even_log_loss,
            "propensity_calibration_error": self.calibration_error,
        }

    def fill(self, log: DecisionLog) -> DecisionLog:
        """The log with the estimated probability of each chosen action as its propensity."""
        return replace(log, propensity=self.probabilities[chosen_flat(log)])

    def overlap(self, log: DecisionLog, target: Floats, *, floor: float = FLOOR) -> Bools:
        """The rows, (n,), where nothing the target may do is less probable than `floor`.

        It depends on what was known before the choice alone, so leaving the other rows out changes
        whom an estimate is about, and adds no bias for those who stay.
        """
        rare = (target > 0) & (self.probabilities < floor)
        return np.asarray(~np.logical_or.reduceat(rare, log.offsets[:-1]))


def estimate_propensities(
    log: DecisionLog, *, folds: int = FOLDS, ridge: float = RIDGE
) -> EstimatedPropensities:
    """The probability of every logged action, by models that never saw the row's unit.

    The log's own propensities are not read. Raises LogError naming a row whose choice is out of
    range.
    """
    k = np.diff(log.offsets)
    wrong = np.flatnonzero((log.chosen < 0) | (log.chosen >= k))
    if len(wrong):
        row = int(wrong[0])
        raise LogError(
            f"chosen[{row}] is {log.chosen[row]} of {k[row]} actions; it is the index within the "
            "row's own action set, from 0"
        )
    if _same_everywhere(log):
        return multinomial_propensities(
            log.context.astype(np.float64), log.chosen, log.unit,
            n_actions=int(k[0]), folds=folds, ridge=ridge,
        )  # fmt: skip
    basis = make_basis(
        log.context_names, log.action_names, context=log.context, actions=log.actions
    )
    return _cross_fitted(
        partial(_choices_of, log, basis), log.offsets, log.chosen, log.unit,
        folds=folds, ridge=ridge,
    )  # fmt: skip


def multinomial_propensities(
    features: Floats,
    action: Ints,
    unit: Texts,
    *,
    n_actions: int | None = None,
    folds: int = FOLDS,
    ridge: float = RIDGE,
) -> EstimatedPropensities:
    """Probabilities (n · K,) of K actions open in every row, from features (n, d) and the choice.

    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=(2000, 1))
    >>> taken = (rng.random(2000) < 1 / (1 + np.exp(-x[:, 0]))).astype(np.int64)
    >>> unit = np.arange(2000).astype(str).astype(object)
    >>> found = multinomial_propensities(x, taken, unit).probabilities.reshape(-1, 2)[:, 1]
    >>> bool(np.abs(found - 1 / (1 + np.exp(-x[:, 0]))).mean() < 0.03)
    True
    """
    wrong = np.argwhere(~np.isfinite(features))
    if len(wrong):
        row, column = (int(place) for place in wrong[0])
        raise InputError(
            f"features[{row}, {column}] is {features[row, column]}; fill unknown features or leave "
            "the row out"
        )
    k = int(action.max()) + 1 if n_actions is None else n_actions
    never = np.flatnonzero(np.bincount(action, minlength=k) == 0)
    if k < 2 or len(never):
        raise InputError(
            f"action {never[0] if len(never) else action[0]} was chosen "
            f"{'never' if len(never) else 'always'}; a propensity needs rows that chose otherwise"
        )
    scaled = (features - features.mean(axis=0)) / np.maximum(features.std(axis=0), 1e-9)
    terms = np.concatenate([np.ones((len(scaled), 1)), scaled], axis=1)
    offsets = np.arange(len(action) + 1, dtype=np.int64) * k
    choices = Choices(terms, offsets, action, n_actions=k)
    return _cross_fitted(choices.take, offsets, action, unit, folds=folds, ridge=ridge)


def mark_estimated(
    estimate: Estimate, propensities: EstimatedPropensities, more: Mapping[str, float] | None = None
) -> Estimate:
    """The estimate with the mark that its propensities were estimated, and how well."""
    diagnostics = {**estimate.diagnostics, **propensities.diagnostics, **(more or {})}
    return replace(estimate, diagnostics=diagnostics)


def _cross_fitted(
    choices_of: Callable[[Ints], Choices],
    offsets: Ints,
    chosen: Ints,
    unit: Texts,
    *,
    folds: int,
    ridge: float,
) -> EstimatedPropensities:
    """Held-out probabilities of all rows, whose logits share one temperature.

    `choices_of` gives the terms of some rows; they are made in blocks, so that memory is bounded.
    """
    fold = unit_parts(unit, folds, purpose="propensity")
    logits = np.empty(int(offsets[-1]))
    for k in range(folds):
        learn, tell = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        if not len(tell):
            continue
        if not len(learn):
            raise LogError("all rows belong to one unit; a propensity needs rows of other units")
        weights = fit_choices(choices_of(_thinned(offsets, learn)), ridge)
        for start in range(0, len(tell), _BLOCK):
            rows = tell[start : start + _BLOCK]
            logits[flat_places(offsets, rows)] = choices_of(rows).logits(weights)
    temperature = _temperature(logits, offsets, chosen)
    probabilities = probabilities_of(logits / temperature, offsets)
    taken = offsets[:-1] + chosen
    return EstimatedPropensities(
        probabilities,
        temperature,
        log_loss=float(-np.log(np.maximum(probabilities[taken], 1e-300)).mean()),
        even_log_loss=float(np.log(np.diff(offsets)).mean()),
        calibration_error=_calibration_error(probabilities, taken),
    )


def _temperature(logits: Floats, offsets: Ints, chosen: Ints) -> float:
    """The divisor of the logits that makes the choices most likely, by golden section."""
    taken = offsets[:-1] + chosen

    def loss(log_temperature: float) -> float:
        p = probabilities_of(logits / np.exp(log_temperature), offsets)[taken]
        return float(-np.log(np.maximum(p, 1e-300)).mean())

    low, high, ratio = -1.5, 1.5, 0.6180339887
    for _ in range(24):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    return float(np.exp((low + high) / 2))


def _calibration_error(probabilities: Floats, taken: Ints) -> float:
    """Mean |told - observed| over tenths of the actions, by told probability."""
    was = np.zeros(len(probabilities))
    was[taken] = 1.0
    tenths = np.array_split(np.argsort(probabilities, kind="stable"), 10)
    gaps = [abs(probabilities[t].mean() - was[t].mean()) for t in tenths if len(t)]
    return float(np.mean(gaps))


def _thinned(offsets: Ints, rows: Ints) -> Ints:
    """Every so many-th row, so that a fit reads a bounded number of actions."""
    actions = int(np.diff(offsets)[rows].sum())
    return rows[:: max(1, -(-actions // _FIT_ACTIONS))]


def _same_everywhere(log: DecisionLog) -> bool:
    """Whether every row offers the same actions, in the same order."""
    k = np.diff(log.offsets)
    if len(k) == 0 or (k != k[0]).any() or not log.context.shape[1]:
        return False
    return bool((log.action_ids.reshape(len(k), -1) == log.action_ids[: k[0]]).all())


def _choices_of(log: DecisionLog, basis: Basis, rows: Ints) -> Choices:
    """What may speak for an action: its own features, its kind by context, products."""
    flat = flat_places(log.offsets, rows)
    counts = np.diff(log.offsets)[rows]
    x = np.repeat(basis.context_parts(log.context[rows]), counts, axis=0)
    a, kinds = basis.action_parts(log.actions[flat]), basis.kinds(log.actions[flat])
    part, column = basis.products.astype(np.intp).T
    # Terms of the context alone are equal for all actions of a row and cancel: kinds carry them.
    by_kind = [x * kinds[:, [group]] for group in range(kinds.shape[1])]
    terms = np.concatenate([a[:, 1:], a[:, part] * x[:, 1 + column], *by_kind], axis=1)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Choices(terms, offsets, log.chosen[rows])
