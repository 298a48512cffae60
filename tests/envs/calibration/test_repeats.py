"""Repeats, seen until closing time or for a week, and the times of bots and callbacks."""

import numpy as np
import pytest

from envs.calibration.contacts import DAY_S, Contacts
from envs.calibration.repeats import fit_channels, fit_repeats
from envs.presets import preset
from nba.types import Floats
from tests.envs.calibration.planted_centre import some_contacts

BANK = preset("bank")
CLOSING = 18 * 3600.0


def unresolved(n: int, seed: int, *, share: float, same_day: float, days: int) -> Contacts:
    """Unresolved contacts of n customers; those who come back do so today or within days."""
    rng = np.random.default_rng(seed)
    at = rng.integers(0, 30, n) * DAY_S + rng.uniform(8, 17.9, n) * 3600.0
    closes = np.floor(at / DAY_S) * DAY_S + CLOSING
    back = rng.random(n) < share
    today = back & (rng.random(n) < same_day)
    delay = 2000.0 * np.exp(0.8 * rng.normal(size=n))
    today_at = np.where(at + delay < closes, at + delay, np.nan)
    later_at = (np.floor(at / DAY_S) + rng.integers(1, days + 1, n)) * DAY_S + 10 * 3600.0
    returned: Floats = np.where(today, today_at, np.where(back & (days > 0), later_at, np.nan))
    if days == 1:
        returned = np.where(today, today_at, np.nan)
    spent = np.full(n, 1e-3)
    return some_contacts(
        at=np.append(at, 40 * DAY_S),
        customer=np.arange(n + 1),
        resolved=np.append(np.zeros(n), 1.0),
        handle_s=np.append(spent, 1.0),
        returned_at=np.append(returned, np.nan),
    )


def test_repeats_after_closing_are_allowed_for() -> None:
    rows = unresolved(20_000, 1, share=0.5, same_day=BANK.recontact_same_day, days=1)
    found = {r.field: r for r in fit_repeats(rows, BANK, CLOSING).fitted}
    for name, truth in (("recontact_share", 0.5), ("recontact_median_s", 2000.0)):
        row = found[name]
        assert isinstance(row.std_error, float)
        assert abs(float(np.atleast_1d(row.value)[0]) - truth) < 3.5 * row.std_error
    counted = (~np.isnan(rows.returned_at)).sum() / 20_000 / BANK.recontact_same_day
    share = found["recontact_share"]
    assert isinstance(share.std_error, float)
    assert 0.5 - counted > 3.5 * share.std_error  # leaving them out fails the same bound


def test_data_across_days_tell_both_shares() -> None:
    rows = unresolved(20_000, 2, share=0.6, same_day=0.3, days=5)
    found = {
        r.field: float(np.atleast_1d(r.value)[0]) for r in fit_repeats(rows, BANK, CLOSING).fitted
    }
    # A repeat that was due after closing does not come in this made-up world: 0.3 % to 1.5 %.
    assert found["recontact_share"] == pytest.approx(0.6, abs=0.015)
    assert found["recontact_same_day"] == pytest.approx(0.3, abs=0.015)


def test_unknown_customers_fit_no_repeats_and_say_so() -> None:
    rows = some_contacts(resolved=np.zeros(500), handle_s=np.ones(500))
    part = fit_repeats(rows, BANK, CLOSING)
    assert {field for field, _ in part.left_out} == {"recontact_share", "recontact_median_s"}


def test_sessions_and_callbacks_last_until_the_next_attempt() -> None:
    kind = np.repeat(["content", "chat_bot", "voice_bot", "callback"], 100).astype(object)
    at = np.arange(400) * 1000.0
    length = np.repeat([60.0, 150.0, 110.0, 3600.0], 100) + np.tile([-5.0, 5.0], 200)
    reached = np.ones(400, dtype=bool)
    reached[380:] = False
    rows = some_contacts(
        at=at, kind=kind, next_at=np.where(reached, at + length, np.nan), resolved=np.zeros(400)
    )
    found = {r.field: r.value for r in fit_channels(rows).fitted}
    assert found["bot_mean_s"] == pytest.approx((60.0, 150.0, 110.0))
    assert found["callback_mean_s"] == pytest.approx(3600.0)
    assert found["callback_reached"] == pytest.approx(0.8)
