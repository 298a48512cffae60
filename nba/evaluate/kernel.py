"""One pass over a log's rows that fills every column of every estimator, compiled.

The order of the columns is `nba.evaluate.estimand.COLUMNS`.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nba.evaluate.estimand import BASE, GRIDS
from nba.evaluate.jit import njit
from nba.types import Floats, Ints

Buckets32 = NDArray[np.int32]
# Written out: compiled code is kept on disk by the age of this file, whatever others hold.
_N_BASE: Final = 7
_N_EACH: Final = 8
_STRENGTHS: Final = np.array([GRIDS[family] for family in GRIDS])  # (4, 8)
assert len(BASE) == _N_BASE
assert _STRENGTHS.shape == (4, _N_EACH)
assert tuple(GRIDS) == ("clip", "subgaussian", "switch", "dros")


class Pass(NamedTuple):
    """What one pass tells beside its sums; `faulty` is the first row no estimate may use, or -1."""

    faulty: int
    weight_squares: float
    weight: tuple[float, float]
    reward: tuple[float, float]
    residual: tuple[float, float]


def sum_rows(
    sums: Floats,
    bucket: Buckets32,
    weight: Floats,
    reward: Floats,
    predicted: Floats,
    value: Floats,
) -> Pass:
    """Add rows (n,) with given weights to `sums` (J, columns); rows with a NaN reward are skipped.

    `predicted` and `value` may be empty: there is no model then.
    """
    faulty, told = _sum_rows(sums, bucket, weight, reward, predicted, value, _STRENGTHS)
    return _told(faulty, told)


def weigh_rows(
    target: Floats, predictions: Floats, offsets: Ints, chosen: Ints, propensity: Floats
) -> tuple[int, Floats, Floats, Floats]:
    """The first faulty row or -1, then each row's weight, predicted reward and value, (n,) each.

    `target` and `predictions` are (m,) over ragged actions; without predictions, an empty array,
    the last two are empty too. The target's probabilities are checked on the way.
    """
    rows = len(propensity) if len(predictions) else 0
    weight, predicted, value = np.empty(len(propensity)), np.empty(rows), np.empty(rows)
    faulty = _weigh_rows(target, predictions, offsets, chosen, propensity, weight, predicted, value)
    return faulty, weight, predicted, value


def _told(faulty: int, told: Floats) -> Pass:
    squares, *ends = told.tolist()
    return Pass(faulty, squares, (ends[0], ends[1]), (ends[2], ends[3]), (ends[4], ends[5]))


@njit
def _sum_rows(
    sums: Floats,
    bucket: Buckets32,
    weight: Floats,
    reward: Floats,
    predicted: Floats,
    value: Floats,
    strengths: Floats,
) -> tuple[int, Floats]:
    told = _nothing_told()
    modelled = len(predicted) > 0
    for i in range(len(reward)):
        r = reward[i]
        if np.isnan(r):
            continue
        w = weight[i]
        q = predicted[i] if modelled else 0.0
        v = value[i] if modelled else 0.0
        if not (w >= 0.0 and np.isfinite(w) and np.isfinite(r + q + v)):
            return i, told
        _add(sums[bucket[i]], w, r, q, v, strengths)
        _tell(told, w, r, r - q)
    return -1, told


@njit
def _weigh_rows(
    target: Floats,
    predictions: Floats,
    offsets: Ints,
    chosen: Ints,
    propensity: Floats,
    weight: Floats,
    predicted: Floats,
    value: Floats,
) -> int:
    modelled = len(predictions) > 0
    for i in range(len(propensity)):
        first, last, p = offsets[i], offsets[i + 1], propensity[i]
        given = target[first:last]  # slices keep the loops below free of index checks
        total, size, v = 0.0, 0.0, 0.0
        if modelled:
            expected = predictions[first:last]
            for k in range(len(given)):
                total += given[k]
                size += abs(given[k])
                v += given[k] * expected[k]
        else:
            for k in range(len(given)):
                total += given[k]
                size += abs(given[k])
        if not (abs(total - 1.0) <= 1e-6 and size <= total + 1e-9 and 0.0 < p <= 1.0 + 1e-9):
            return i
        if not 0 <= chosen[i] < last - first or not np.isfinite(v):
            return i
        weight[i] = max(given[chosen[i]], 0.0) / p
        if modelled:
            predicted[i] = predictions[first + chosen[i]]
            value[i] = v
    return -1


@njit
def _add(row: Floats, w: float, r: float, q: float, v: float, strengths: Floats) -> None:
    error, gain = w * (r - q), w * r
    row[0] += 1.0
    row[1] += r
    row[2] += q
    row[3] += w
    row[4] += gain
    row[5] += w * q
    row[6] += v
    for j in range(_N_EACH):
        row[_N_BASE + j] += min(w, strengths[0, j]) * r
    for j in range(_N_EACH):
        # At λ = 1 a weight of 0 divides by itself; the least number makes that 0, without a branch.
        below = 1.0 - strengths[1, j] + strengths[1, j] * w + 1e-300
        row[_N_BASE + _N_EACH + j] += gain / below
    for j in range(_N_EACH):
        row[_N_BASE + 2 * _N_EACH + j] += error if w <= strengths[2, j] else 0.0
    for j in range(_N_EACH):
        row[_N_BASE + 3 * _N_EACH + j] += error * strengths[3, j] / (w * w + strengths[3, j])


@njit
def _nothing_told() -> Floats:
    return np.array([0.0, np.inf, -np.inf, np.inf, -np.inf, np.inf, -np.inf])


@njit
def _tell(told: Floats, w: float, r: float, residual: float) -> None:
    told[0] += w * w
    told[1], told[2] = min(told[1], w), max(told[2], w)
    told[3], told[4] = min(told[3], r), max(told[4], r)
    told[5], told[6] = min(told[5], residual), max(told[6], residual)
