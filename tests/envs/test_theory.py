"""The simulation against queueing theory; seeds, warm-up and thresholds were fixed beforehand."""

import numpy as np
import pytest

from envs.logging import simulate_log
from envs.theory import erlang_a
from nba.act.longest_idle import LongestIdle
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.objective import Objective
from nba.listen.outcomes import join_outcomes
from nba.types import Floats
from tests.envs.queueing import textbook_queue

WARM_UP_S = 3600.0


def _z(day_means: Floats, truth: float) -> float:
    return float((day_means.mean() - truth) / (day_means.std(ddof=1) / np.sqrt(len(day_means))))


@pytest.mark.parametrize(("employees", "load"), [(5, 4.5), (20, 19.0)])
def test_waiting_and_abandonment_agree_with_erlang_a(employees: int, load: float) -> None:
    config = textbook_queue(employees, load=load)
    truth = erlang_a(load / 200.0, 200.0, employees, 300.0)
    log, outcomes = simulate_log(LongestIdle(CONTACT_CENTRE), config, n_days=40, seed=11)
    seconds = log.at % 86_400.0
    late_enough = seconds > WARM_UP_S
    day = np.array([text.split("-")[1] for text in log.decision_id]).astype(int)
    busy = log.context[:, CONTACT_CENTRE.context_column("busy_share")] > 0.999
    joined, _ = join_outcomes(
        log, outcomes, objective=Objective(), now=float(log.at.max()) + 1e9, window_s=1e9
    )
    values = joined.outcomes

    def by_day(column: Floats) -> Floats:
        kept = late_enough & ~np.isnan(column)
        return np.array([column[kept & (day == d)].mean() for d in np.unique(day)])

    assert abs(_z(by_day(busy.astype(float)), truth.wait_probability)) < 3.3
    assert abs(_z(by_day(values["wait_s"]), truth.mean_wait_s)) < 3.3
    assert abs(_z(by_day(values["abandoned"]), truth.abandon_probability)) < 3.3


def test_more_employees_wait_less() -> None:
    few, many = erlang_a(0.1, 100.0, 11, 300.0), erlang_a(0.1, 100.0, 13, 300.0)
    assert many.mean_wait_s < few.mean_wait_s
    assert many.abandon_probability < few.abandon_probability
