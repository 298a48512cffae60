"""Simulations in worker processes."""

import numpy as np

from envs.evaluate_days import simulate
from experiments.parallel import simulate_all, workers
from nba.act.longest_idle import LongestIdle
from nba.act.uniform import Uniform
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import Policy
from tests.experiments.small_run import BANK


def test_worker_processes_give_the_same_tables_in_order() -> None:
    policies: list[Policy] = [LongestIdle(CONTACT_CENTRE), Uniform(), Uniform("again")]
    counted: list[int] = []
    with workers() as pool:
        found = simulate_all(pool, policies, BANK, n_days=2, seed=4, progress=counted.append)
    assert [table.policy for table in found] == ["longest_idle", "uniform", "again"]
    assert counted == [1, 1, 1]
    for table, policy in zip(found, policies, strict=True):
        alone = simulate(policy, BANK, n_days=2, seed=4)
        assert all(np.array_equal(alone[name], table[name]) for name in alone.columns)
