"""The gate on simulated centres: true gains are planted by running whole days."""

import numpy as np
import pytest

from experiments.benchmark.gate_simulator import (
    judge_targets,
    policies,
    site_days,
    true_gains,
)


@pytest.mark.slow
def test_targets_worse_and_better_than_the_log_are_among_them() -> None:
    gains = list(true_gains(48).values())
    assert gains[0] == 0.0
    assert min(gains) < -0.3
    assert max(gains) > 0.3
    assert len(gains) == len(policies())


def test_a_unit_may_be_a_site_day() -> None:
    units = np.array(["7-3-c12", "7-3-c9", "7-4-c12"], dtype=object)
    assert site_days(units).tolist() == ["7-3", "7-3", "7-4"]


@pytest.mark.slow
def test_nothing_worse_is_promoted() -> None:
    for found in judge_targets(2, 20, truth_days=64):
        if float(found["gain"]) < 0:
            assert float(found["PROMOTE"]) <= 0.05, found
        if str(found["world"]).endswith("site-days"):
            assert float(found["CANT_TELL"]) == 1.0  # two site-days are two witnesses
