"""What follows: repeats of unresolved issues, session times of bots, promised calls.

A log of one day per customer shows repeats of the same day only, so the share who come back and
the share of these who do so on the same day are one figure; data that know customers across days
tell both. Repeats after closing time are seen by nobody: they are truncated, not absent
(Turnbull 1976 for the truncated likelihood).
"""

from typing import Final

import numpy as np

from envs.calibration.contacts import DAY_S, Contacts
from envs.calibration.fitted import Fitted, Part, share
from envs.calibration.from_log import BOTS
from envs.calibration.likelihood import least_loss, variances
from envs.config import CentreConfig
from nba.types import Bools, Floats

SPREAD: Final = 0.8  # sd of the log delay of a repeat in `envs.contacts`
WINDOW_S: Final = 7 * DAY_S  # a contact within a week after an unresolved one is its repeat
_LEAST: Final = 50


def fit_repeats(contacts: Contacts, base: CentreConfig, closing: float) -> Part:
    """Share of unresolved customers who come back, and after how long; closing time in s of day."""
    # Only where the end is known to the second: waits and handling times are, sessions are not.
    ended = np.isnan(contacts.next_at) & (contacts.resolved == 0.0)
    last = contacts.take(contacts.human & ended & ~contacts.let_go)
    if len(last) < _LEAST or not (contacts.customer >= 0).all():
        reason = f"{len(last)} unresolved contacts of known customers; {_LEAST} are needed"
        return Part(
            left_out=tuple((name, reason) for name in ("recontact_share", "recontact_median_s"))
        )
    delay, open_s, ended = _delays(last, contacts, closing)
    same_day = ~np.isnan(delay) & (delay <= open_s)
    if same_day.sum() < _LEAST:
        reason = f"{int(same_day.sum())} repeats on the same day; {_LEAST} are needed"
        return Part(left_out=(("recontact_share", reason), ("recontact_median_s", reason)))
    (q, median), (q_error, median_error) = _truncated(delay, open_s, same_day)
    n = len(delay)
    how = "delay of repeats of the same day; those after closing are allowed for"
    part = Part((Fitted("recontact_median_s", median, median_error, int(same_day.sum()), how),))
    part += Part(figures=(("same_day_repeats_of_unresolved", q),))
    later = ended & ~np.isnan(delay) & ~same_day
    if later.sum() < _LEAST:
        return part + _one_day(q, q_error, n, base)
    return part + _many_days(q, q_error, later, ended)


def fit_channels(contacts: Contacts) -> Part:
    """Mean length of a bot's session, delay of a callback, and the share it reaches."""
    goes_on = ~np.isnan(contacts.next_at)
    kind = contacts.kind.astype(str)
    lengths = [(contacts.next_at - contacts.at)[goes_on & (kind == bot)] for bot in BOTS]
    few = [i for i, length in enumerate(lengths) if len(length) < _LEAST]
    if few:
        reason = f"{len(lengths[few[0]])} escalations from {BOTS[few[0]]}; {_LEAST} are needed"
        part = Part(left_out=(("bot_mean_s", reason),))
    else:
        means = tuple(float(length.mean()) for length in lengths)
        errors = tuple(float(x.std(ddof=1) / np.sqrt(len(x))) for x in lengths)
        how = "mean session of those that escalate"
        rows = tuple(len(length) for length in lengths)
        part = Part((Fitted("bot_mean_s", means, errors, rows, how),))
    promised = kind == "callback"
    delays = (contacts.next_at - contacts.at)[goes_on & promised]
    ended = promised & (goes_on | ~np.isnan(contacts.resolved))
    how = "callbacks that reached the customer"
    part += share("callback_reached", int((goes_on & ended).sum()), int(ended.sum()), how)
    if len(delays) < _LEAST:
        reason = f"{len(delays)} callbacks made; {_LEAST} are needed"
        return part + Part(left_out=(("callback_mean_s", reason),))
    error = float(delays.std(ddof=1) / np.sqrt(len(delays)))
    how = "mean delay of the calls made"
    return part + Part((Fitted("callback_mean_s", float(delays.mean()), error, len(delays), how),))


def _delays(last: Contacts, contacts: Contacts, closing: float) -> tuple[Floats, Floats, Bools]:
    """Delay until the repeat (NaN: none seen), time to closing, and whether a week was watched."""
    spent = np.nan_to_num(last.wait_s) + np.nan_to_num(last.handle_s)
    end = last.at + spent
    delay = last.returned_at - end
    delay = np.where((delay > 0.0) & (delay <= WINDOW_S), delay, np.nan)
    open_s = np.floor(last.at / DAY_S) * DAY_S + closing - end
    watched = end + WINDOW_S <= contacts.at.max()
    usable = open_s > 1.0
    return delay[usable], open_s[usable], watched[usable]


def _truncated(
    delay: Floats, open_s: Floats, same_day: Bools
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The share q and median of same-day repeats, with errors, by the truncated likelihood."""
    from scipy.special import ndtr  # type: ignore[import-untyped]  # scipy ships no types

    seen = np.log(delay[same_day])
    room = np.log(open_s[~same_day])

    def loss(x: Floats) -> float:
        q, centre = 1.0 / (1.0 + np.exp(-x[0])), x[1]
        here = len(seen) * np.log(q) - 0.5 * np.square((seen - centre) / SPREAD).sum()
        missing = np.log1p(-q * ndtr((room - centre) / SPREAD)).sum()
        return -float(here + missing)

    crude = np.clip(same_day.mean(), 0.01, 0.99)
    at = least_loss(loss, np.array([np.log(crude / (1.0 - crude)), np.median(seen)]))
    error = np.sqrt(variances(loss, at))
    q, median = float(1.0 / (1.0 + np.exp(-at[0]))), float(np.exp(at[1]))
    return (q, median), (float(q * (1.0 - q) * error[0]), float(median * error[1]))


def _one_day(q: float, error: float, n: int, base: CentreConfig) -> Part:
    """The product is known; the share who come back follows if the base's same-day share holds."""
    same = base.recontact_same_day
    how = f"from same-day repeats; recontact_same_day {same:g} of the base is kept"
    if q / same >= 1.0:
        reason = f"same-day repeats of {q:.2f} exceed recontact_same_day {same:g} of the base"
        return Part(left_out=(("recontact_share", reason),))
    told = "recontact_share and recontact_same_day are one figure in data of single days"
    return Part((Fitted("recontact_share", q / same, error / same, n, how),), notes=(told,))


def _many_days(q: float, error: float, later: Bools, watched: Bools) -> Part:
    n = int(watched.sum())
    after = float(later.sum()) / n
    total = q + after
    noise = float(np.sqrt(after * (1.0 - after) / n))
    both = float(np.hypot(error, noise))
    same_error = float(np.hypot(after * error, q * noise) / total**2)
    how = "unresolved customers who contact again within a week"
    return Part(
        (
            Fitted("recontact_share", total, both, n, how),
            Fitted("recontact_same_day", q / total, same_error, n, "of these, on the same day"),
        )
    )
