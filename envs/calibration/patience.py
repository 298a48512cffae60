"""Patience by censored estimation: who gave up tells it, who was answered outlasted the wait.

Answered contacts are censored at their wait, which the load sets and the customer's patience does
not. Sources: Kaplan and Meier 1958; Greenwood 1926 (its error); Brown et al. 2005, section 5
(patience of a bank's callers, with the peak near 60 s). The model is that of `envs.customers`: a
share b gives up uniformly between 50 and 75 s, the others are lognormal; chat lasts f times longer.
The edges are rounded by a quarter second here, so that the likelihood has a slope in f everywhere.
"""

from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from envs.calibration.contacts import Contacts
from envs.calibration.fitted import Fitted, Part
from envs.calibration.likelihood import least_loss, variances
from envs.config import CentreConfig
from nba.types import Floats

BUMP_FROM_S: Final = 50.0
BUMP_S: Final = 25.0  # its width; a test holds both and the form to `envs.customers`
_EDGES_S: Final = (4.0, 1.0, 0.25)  # the fit starts with the widest, so that it sees the bump
_FIELDS: Final = ("patience_median_s", "patience_sigma", "bump_share", "chat_patience_factor")
_LEAST: Final = 100  # abandonments
_UNSURE: Final = 0.5  # a relative error above this is no estimate


@dataclass(frozen=True, slots=True)
class Survival:
    """The Kaplan–Meier curve of patience."""

    time_s: Floats  # (m,) of abandonments
    share: Floats  # (m,) still patient after it
    std_error: Floats  # (m,)
    at_risk: Floats  # (m,)


@dataclass(frozen=True, slots=True)
class PatienceFit:
    """The fit, and what its plot needs: curves by channel, and the parameters of the model."""

    part: Part
    curves: tuple[tuple[str, Survival], ...]
    parameters: Floats  # (4,) median, sigma, bump share, chat factor; of the base if unfit


def kaplan_meier(wait_s: Floats, gave_up: Floats) -> Survival:
    """The share still patient after each wait at which somebody gave up."""
    times, codes = np.unique(wait_s, return_inverse=True)
    events = np.bincount(codes, gave_up, minlength=len(times))
    leaving = np.bincount(codes, minlength=len(times))
    at_risk: Floats = len(wait_s) - np.concatenate([[0], np.cumsum(leaving)[:-1]]).astype(
        np.float64
    )
    share = np.asarray(np.cumprod(1.0 - events / at_risk), dtype=np.float64)
    hazard = events / np.maximum(at_risk * (at_risk - events), 1.0)
    seen = events > 0
    error: Floats = share * np.sqrt(np.cumsum(hazard))
    return Survival(times[seen], share[seen], error[seen], at_risk[seen])


def survival(
    parameters: Floats, time_s: Floats, chat: Floats, edge_s: float = _EDGES_S[-1]
) -> Floats:
    """P(patience > t) under the model, (n,); chat is 1 for chat, 0 for voice."""
    from scipy.special import ndtr  # type: ignore[import-untyped]  # scipy ships no types

    median, sigma, bump, factor = parameters
    t = np.maximum(time_s / np.where(chat > 0.5, factor, 1.0), 1e-9)
    lasting = 1.0 - ndtr(np.log(t / median) / sigma)
    x, y = (t - BUMP_FROM_S) / edge_s, (t - BUMP_FROM_S - BUMP_S) / edge_s
    # x Φ(x) + φ(x) is the integral of Φ.
    gone = x * ndtr(x) + _normal(x) - y * ndtr(y) - _normal(y)
    return np.asarray(bump * (1.0 - gone * edge_s / BUMP_S) + (1.0 - bump) * lasting)


def density(
    parameters: Floats, time_s: Floats, chat: Floats, edge_s: float = _EDGES_S[-1]
) -> Floats:
    """Density of patience under the model, per second, (n,)."""
    from scipy.special import ndtr

    median, sigma, bump, factor = parameters
    scale = np.where(chat > 0.5, factor, 1.0)
    t = np.maximum(time_s / scale, 1e-9)
    lasting = _normal(np.log(t / median) / sigma) / (t * sigma)
    early = ndtr((t - BUMP_FROM_S) / edge_s) - ndtr((t - BUMP_FROM_S - BUMP_S) / edge_s)
    return np.asarray((bump * early / BUMP_S + (1.0 - bump) * lasting) / scale)


def fit_patience(contacts: Contacts, base: CentreConfig) -> PatienceFit:
    """Median, sigma, bump share and chat factor by maximum likelihood; errors by information."""
    wait, gave_up, chat, notes = _waits(contacts)
    start = np.array([float(getattr(base, name)) for name in _FIELDS])
    curves = tuple(
        (name, kaplan_meier(wait[chat == code], gave_up[chat == code]))
        for code, name in ((0.0, "voice"), (1.0, "chat"))
        if (gave_up[chat == code] > 0).any()
    )
    events = int(gave_up.sum())
    if events < _LEAST:
        reason = f"{events} abandonments after a known wait; {_LEAST} are needed"
        left = Part(left_out=tuple((name, reason) for name in _FIELDS), notes=notes)
        return PatienceFit(left, curves, start)
    by_channel = min(gave_up[chat == 1.0].sum(), gave_up[chat == 0.0].sum()) >= _LEAST / 4
    free = np.array([True, True, True, bool(by_channel)])
    best, error = _most_likely(start, free, wait, gave_up, chat)
    part = _part(best, error, free, events, notes) + _reach(best, wait)
    return PatienceFit(part, curves, best)


def _waits(contacts: Contacts) -> tuple[Floats, Floats, Floats, tuple[str, ...]]:
    """Waits above zero, whether they ended in abandonment, and 1 for chat."""
    rows = contacts.take(contacts.human & ~contacts.called_back)
    known = ~np.isnan(rows.wait_s) & ~np.isnan(rows.abandoned) & (rows.wait_s > 0.0)
    rows = rows.take(known)
    chat = np.where(np.isnan(rows.voice), 0.0, 1.0 - rows.voice)
    notes = ["contacts still waiting when the day ended are left out of the patience fit"]
    if len(rows) and np.isnan(rows.voice).any():
        notes.append("the channel is unknown in places: those contacts count as voice")
    return rows.wait_s, rows.abandoned, chat, tuple(notes)


def _most_likely(
    start: Floats, free: Floats, wait: Floats, gave_up: Floats, chat: Floats
) -> tuple[Floats, Floats]:
    """Parameters and their errors, (4,) each, from the censored likelihood in free scales."""
    fixed = _to_free(start)
    # Waits of one tenth of a second and one fate are counted together.
    cells = np.stack([np.maximum(wait.round(1), 0.1), gave_up, chat], axis=1)
    cells, count = np.unique(cells, axis=0, return_counts=True)
    left, stayed = cells[:, 1] > 0, cells[:, 1] == 0
    gone, there = cells[left][:, ::2].T, cells[stayed][:, ::2].T

    def loss(x: Floats, edge_s: float = _EDGES_S[-1]) -> float:
        whole = fixed.copy()
        whole[free] = x
        parameters = _from_free(whole)
        if not np.isfinite(parameters).all():
            return 1e12
        log_gone = np.log(np.maximum(density(parameters, gone[0], gone[1], edge_s), 1e-300))
        log_there = np.log(np.maximum(survival(parameters, there[0], there[1], edge_s), 1e-300))
        return -float(count[left] @ log_gone + count[stayed] @ log_there)

    at = fixed[free]
    for edge_s in _EDGES_S:
        at = least_loss(partial(loss, edge_s=edge_s), at)
    whole = fixed.copy()
    whole[free] = at
    best = _from_free(whole)
    slope = np.array([best[0], best[1], best[2] * (1.0 - best[2]), best[3]])
    error = np.zeros(4)
    # Sharp edges make f look surer than it is; the widest ones give errors that hold.
    each = [variances(partial(loss, edge_s=e), at) for e in (_EDGES_S[0], _EDGES_S[-1])]
    error[free] = slope[free] * np.sqrt(np.max(each, axis=0))
    return best, error


def _to_free(parameters: Floats) -> Floats:
    median, sigma, bump, factor = parameters
    bump = min(max(float(bump), 1e-4), 1.0 - 1e-4)
    return np.array([np.log(median), np.log(sigma), np.log(bump / (1.0 - bump)), np.log(factor)])


def _from_free(x: Floats) -> Floats:
    x = np.clip(x, -30.0, 30.0)
    return np.array([np.exp(x[0]), np.exp(x[1]), 1.0 / (1.0 + np.exp(-x[2])), np.exp(x[3])])


def _part(best: Floats, error: Floats, free: Floats, events: int, notes: tuple[str, ...]) -> Part:
    fitted, left = [], []
    how = "patience, from abandonments and answered waits"
    for i, name in enumerate(_FIELDS):
        if not free[i]:
            left.append((name, f"fewer than {_LEAST // 4} abandonments in one of the channels"))
        elif not error[i] < _UNSURE * best[i]:
            told = f"{best[i]:.3g} ± {error[i]:.3g} from {events} abandonments says nothing"
            left.append((name, told))
        else:
            fitted.append(Fitted(name, float(best[i]), float(error[i]), events, how))
    return Part(tuple(fitted), tuple(left), notes)


def _reach(best: Floats, wait: Floats) -> Part:
    """How much of the distribution the data show at all."""
    far = float(np.quantile(wait, 0.99))
    left = float(survival(best, np.array([far]), np.zeros(1))[0])
    told = (
        f"99 % of the waits are below {far:.0f} s, where {left:.0%} are still patient: beyond it "
        "patience is the lognormal's word, not the data's"
    )
    return Part(notes=(told,), figures=(("longest_waits_s", far), ("still_patient_there", left)))


def _normal(x: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * x * x) / np.sqrt(2.0 * np.pi))
