"""The mix of intents moves in a straight line from the first mix to the last."""

from dataclasses import replace

import numpy as np
import pytest

from envs.config import CentreConfig, coefficients
from envs.customers import draw_customer
from envs.records import Customer, column, table
from envs.scenarios import scenario
from nba.types import Floats
from tests.envs.small_centre import small

N = 8_000


def mix(config: CentreConfig, day: int) -> Floats:
    """The shares of the intents among many customers of a day."""
    row, numbers = table(Customer, 1), coefficients(config)
    counts = np.zeros(4)
    for number in range(N):
        draw_customer(numbers, np.uint64(7), day, row[0], number)
        counts[int(column(row, "intent")[0])] += 1
    return counts / N


@pytest.mark.parametrize(("day", "drifted"), [(0, 0.0), (20, 0.5), (40, 1.0), (90, 1.0)])
def test_the_mix_of_a_day_lies_on_the_line_between_the_mixes(day: int, drifted: float) -> None:
    config = scenario(small("telecom"), "drift")
    first, last = np.array(config.intent_share), np.array(config.drift_share)
    wanted = (1.0 - drifted) * first + drifted * last
    assert np.array_equal(last, first[::-1])
    assert np.abs(mix(config, day) - wanted).max() < 4 * np.sqrt(0.25 / N)


def test_without_drift_the_mix_stays() -> None:
    config = small("telecom")
    assert np.array_equal(mix(config, 0), mix(config, 90))


def test_only_intents_drift() -> None:
    config = small("retail")
    drifting = coefficients(scenario(config, "drift"))
    rows = table(Customer, 2)
    changed = 0
    for number in range(200):
        draw_customer(drifting, np.uint64(3), 40, rows[0], number)
        draw_customer(coefficients(config), np.uint64(3), 40, rows[1], number)
        intents = column(rows, "intent")
        changed += int(intents[0] != intents[1])
        intents[0] = intents[1]
        assert rows[0] == rows[1]
    assert changed > 20


def test_a_faster_drift_gets_there_sooner() -> None:
    config = replace(scenario(small("bank"), "drift"), drift_days=2.0)
    assert np.array_equal(mix(config, 2), mix(config, 40))
    assert not np.allclose(mix(config, 1), mix(config, 2), atol=0.03)
