"""A number that no centre can have is refused, and its field named."""

from dataclasses import fields, replace
from typing import Any

import pytest

from envs.config import CentreConfig
from nba.errors import InputError

DEFAULT = CentreConfig()
NAMES = [f.name for f in fields(CentreConfig)]
NUMBERS = [n for n in NAMES if isinstance(getattr(DEFAULT, n), int | float)]
SWITCHES = [n for n in NUMBERS if isinstance(getattr(DEFAULT, n), bool)]
NUMBERS = [n for n in NUMBERS if n not in SWITCHES]
ROWS = [n for n in NAMES if isinstance(getattr(DEFAULT, n), tuple) and getattr(DEFAULT, n)]


def changed(name: str, value: object) -> CentreConfig:
    # The type checker would refuse what is tested here.
    fault: dict[str, Any] = {name: value}
    return replace(DEFAULT, **fault)


def in_row(name: str, value: float) -> tuple[float, ...]:
    return (value, *getattr(DEFAULT, name)[1:])


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_must_be_finite_and_a_number(name: str) -> None:
    for value in (float("nan"), float("inf"), None, True):
        with pytest.raises(InputError, match=f"^{name} is"):
            changed(name, value)


@pytest.mark.parametrize("name", ROWS)
def test_every_number_of_a_row_must_be_finite_and_a_number(name: str) -> None:
    for value in (float("nan"), float("-inf")):
        with pytest.raises(InputError, match=rf"^{name}\[0\] is"):
            changed(name, in_row(name, value))
    with pytest.raises(InputError, match=rf"^{name}\[0\] is 'a'"):
        changed(name, ("a", *getattr(DEFAULT, name)[1:]))


@pytest.mark.parametrize(
    ("name", "value"),
    [("contacts_per_day", "12"), ("intent_share", 0.5), ("bot_mean_s", "abc"), ("name", 3)],
)
def test_a_value_of_another_kind_is_refused(name: str, value: object) -> None:
    with pytest.raises(InputError, match=f"^{name} is {value!r}"):
        changed(name, value)


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_is_true_or_false(name: str) -> None:
    with pytest.raises(InputError, match=f"^{name} is 1; a bool is needed"):
        changed(name, 1)


@pytest.mark.parametrize(
    "name",
    [
        "contacts_per_day", "n_employees", "patience_median_s", "service_cv", "tenure_mean_years",
        "chat_slots", "drift_days", "callback_mean_s", "occupancy_window_s", "profile_hours",
    ],
)  # fmt: skip
def test_zero_or_less_is_refused_where_something_must_be_there(name: str) -> None:
    for value in (0, -1):
        with pytest.raises(InputError, match=f"^{name} is {value}; a number above 0 is needed"):
            changed(name, value)


@pytest.mark.parametrize(
    "name", ["wrap_up_s", "overtime_s", "day_cv", "dispersion", "skill_noise", "speed_noise",
             "empathy_noise", "complexity_noise", "touches_mean", "follow_up_delay_s",
             "sentiment_wait", "churn_sentiment", "own_queue_limit", "callback_cost_eur"],
)  # fmt: skip
def test_a_negative_amount_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"^{name} is -1; a number of 0 or more is needed"):
        changed(name, -1)


@pytest.mark.parametrize(
    "name", ["voice_share", "consent_share", "newcomer_share", "recontact_share", "bump_share",
             "recontact_same_day", "callback_reached", "chat_load", "carry_over_share"],
)  # fmt: skip
def test_a_share_above_one_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"^{name} is 1.5; a share between 0 and 1 is needed"):
        changed(name, 1.5)


@pytest.mark.parametrize("name", ["n_employees", "chat_slots", "own_queue_limit", "roster"])
def test_a_count_is_a_whole_number(name: str) -> None:
    with pytest.raises(InputError, match=f"^{name} is 2.5; a whole number is needed"):
        changed(name, 2.5)


@pytest.mark.parametrize("name", [n for n in ROWS if n != "profile"])
def test_a_row_of_another_length_is_refused(name: str) -> None:
    row = getattr(DEFAULT, name)
    with pytest.raises(InputError, match=f"^{name} has {len(row) + 1} numbers; {len(row)} are"):
        changed(name, (*row, 0.1))
    with pytest.raises(InputError, match=f"^{name} "):
        changed(name, ())


def test_a_profile_has_an_entry_for_every_hour_and_a_day_24() -> None:
    with pytest.raises(InputError, match=r"^profile is empty"):
        changed("profile", ())
    with pytest.raises(InputError, match=r"^profile has 25 hours; a day has 24"):
        changed("profile", (1.0,) * 25)
    with pytest.raises(InputError, match=r"^profile has 3 hours and profile_hours is 14"):
        changed("profile", (1.0,) * 3)


@pytest.mark.parametrize("name", ["intent_share", "value_share"])
def test_shares_sum_to_one(name: str) -> None:
    row = getattr(DEFAULT, name)
    with pytest.raises(InputError, match=f"^{name} sums to 0.9; shares that sum to 1 are needed"):
        changed(name, (row[0] - 0.1, *row[1:]))


def test_a_last_mix_is_empty_or_a_mix() -> None:
    assert changed("drift_share", ()).drift_share == ()
    with pytest.raises(InputError, match=r"^drift_share has 2 numbers; 4 are needed"):
        changed("drift_share", (0.5, 0.5))
    with pytest.raises(InputError, match=r"^drift_share sums to 1.5"):
        changed("drift_share", (0.5, 0.5, 0.5, 0.0))


def test_what_belongs_together_fits_together() -> None:
    with pytest.raises(InputError, match=r"^outage_end_s is before outage_start_s"):
        replace(DEFAULT, outage_start_s=100.0, outage_end_s=50.0)
    with pytest.raises(InputError, match=r"^intent_accuracy [+] intent_confidence_spread is above"):
        changed("intent_accuracy", 0.95)
