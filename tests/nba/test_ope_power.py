"""Power: the textbook's sample size for a trial, and a lift that means something."""

import numpy as np
import pytest

from nba.errors import InputError
from nba.evaluate.flat_evaluation import action_target, evaluate_flat
from nba.listen.flat_log import FlatLog
from nba.ope_power import lift_of, power_of


def test_a_trial_needs_the_rows_of_the_textbook() -> None:
    rng = np.random.default_rng(1)
    reward = rng.normal(10.0, 3.0, 20_000)
    action = np.where(rng.random(20_000) < 0.5, "a", "b").astype(object)
    log = FlatLog(action, np.full(20_000, 0.5), reward)
    found = power_of(evaluate_flat([log], action_target("a")), "0.1", power=0.8)
    textbook = 4 * 3.0**2 * (1.959964 + 0.841621) ** 2 / 0.1**2
    # An error from 4,096 buckets has an error of 2 % itself, rows go with its square: 3 of these.
    assert found.trial_rows == pytest.approx(textbook, rel=0.12)
    assert found.as_json()["lift"] == 0.1
    # Self-normalised, the difference is half of that between the two halves of the log.
    assert found.rows == pytest.approx(textbook / 4, rel=0.12)


@pytest.mark.parametrize(("text", "lift"), [("2%", 0.2), ("0.5", 0.5), ("1e-2", 0.01)])
def test_a_lift_is_an_amount_or_a_part(text: str, lift: float) -> None:
    assert lift_of(text, 10.0) == pytest.approx(lift)
    assert lift_of("2%", -10.0) == pytest.approx(0.2)


@pytest.mark.parametrize("text", ["", "%", "two", "0", "-1%", "inf", "nan"])
def test_other_lifts_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="--lift is"):
        lift_of(text, 10.0)
