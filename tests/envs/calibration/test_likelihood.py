"""The search and the curvature, on losses whose answers are known."""

import numpy as np
import pytest

from envs.calibration.likelihood import least_loss, variances
from nba.types import Floats

CENTRE = np.array([1.5, -2.0])
INFORMATION = np.array([[50.0, 10.0], [10.0, 20.0]])


def bowl(x: Floats) -> float:
    off = x - CENTRE
    return float(0.5 * off @ INFORMATION @ off)


@pytest.mark.parametrize("start", [np.zeros(2), np.array([10.0, 0.0])])
def test_the_search_does_not_stop_where_it_starts(start: Floats) -> None:
    assert np.allclose(least_loss(bowl, start), CENTRE, atol=1e-3)


def test_variances_are_the_inverse_of_the_information() -> None:
    assert np.allclose(variances(bowl, CENTRE), np.diag(np.linalg.inv(INFORMATION)), rtol=1e-6)


def test_what_the_loss_does_not_tell_has_no_finite_variance() -> None:
    found = variances(lambda x: float(3.0 * np.square(x[0])), np.zeros(2))
    assert found[0] == pytest.approx(1.0 / 6.0)
    assert np.isinf(found[1])
