"""The log tells what the policy did with which chance, and what really came of it."""

import numpy as np
import pytest

from envs.evaluate_days import simulate
from envs.log_columns import DELAY_S
from envs.logging import WINDOW_S, contact_outcome, simulate_log
from envs.presets import preset
from envs.records import COMPONENTS, column
from envs.vector import ContactCentreVector
from nba.act.epsilon_greedy import EpsilonGreedy
from nba.act.longest_idle import LongestIdle
from nba.act.uniform import Uniform
from nba.evaluate.check import validate_log
from nba.evaluate.target import target_probabilities
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.objective import Objective
from nba.listen.outcomes import OutcomeColumns, join_outcomes
from nba.types import DecisionLog

BANK = preset("bank")
LOGGING = EpsilonGreedy(LongestIdle(CONTACT_CENTRE), 0.4)


@pytest.fixture(scope="module")
def written() -> tuple[DecisionLog, OutcomeColumns]:
    return simulate_log(LOGGING, BANK, n_days=6, seed=3)


@pytest.fixture(scope="module")
def joined(written: tuple[DecisionLog, OutcomeColumns]) -> DecisionLog:
    log, outcomes = written
    now = float(log.at.max()) + 1e7
    return join_outcomes(log, outcomes, objective=Objective(), now=now, window_s=1e9)[0]


def test_logged_propensities_are_the_policy_s_own(joined: DecisionLog) -> None:
    validate_log(joined)
    probabilities = target_probabilities(LOGGING, joined)
    assert np.allclose(probabilities[joined.offsets[:-1] + joined.chosen], joined.propensity)


def test_actions_are_taken_as_often_as_their_propensities_say(joined: DecisionLog) -> None:
    uniform = target_probabilities(Uniform(), joined)[joined.offsets[:-1] + joined.chosen]
    weight = uniform / joined.propensity  # has mean one under true propensities
    assert abs(weight.mean() - 1.0) < 4 * weight.std() / np.sqrt(len(weight))


def test_first_decisions_of_contacts_add_up_to_the_day(joined: DecisionLog) -> None:
    """What follows a decision within its contact is in its outcome, so first steps hold it all."""
    day = simulate(LOGGING, BANK, n_days=6, seed=3)
    first = joined.context[:, CONTACT_CENTRE.context_column("steps_in_contact")] == 0
    site = np.array([int(name.split("-")[1]) for name in joined.decision_id])
    abandoned = [np.nansum(joined.outcomes["abandoned"][first & (site == s)]) for s in range(6)]
    # Contacts that the day's end cut off have no outcome yet; they are few.
    assert np.allclose(abandoned, day["abandoned"] * _offered(joined, site), atol=3)


def _offered(log: DecisionLog, site: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[int]:
    chosen = log.actions[log.offsets[:-1] + log.chosen]
    human = chosen[:, CONTACT_CENTRE.action_column("kind=employee")] > 0
    human |= chosen[:, CONTACT_CENTRE.action_column("kind=queue")] > 0
    return [int((human & (site == s)).sum()) for s in range(6)]


def test_some_outcomes_come_too_late_and_surveys_are_mostly_unanswered(
    written: tuple[DecisionLog, OutcomeColumns],
) -> None:
    log, outcomes = written
    now = float(log.at.max()) + 1e7
    found, report = join_outcomes(log, outcomes, objective=Objective(), now=now, window_s=WINDOW_S)
    assert 0 < report.late < len(log) / 50
    answered = 1.0 - np.isnan(found.outcomes["csat"]).mean()
    assert 0.15 < answered < 0.35
    assert np.isnan(found.reward).mean() < 0.01
    assert DELAY_S["churn_loss_eur"] < WINDOW_S["churn_loss_eur"]


def test_what_follows_in_a_contact_is_added_to_all_before_it() -> None:
    """Against the plain definition: a decision's own part and those of all its successors."""
    vector = ContactCentreVector(BANK, 1, 4, log=True)
    vector.reset()
    rng = np.random.default_rng(0)
    for _ in range(800):
        vector.step(np.array([rng.choice(np.flatnonzero(vector.observe()[2][0]))]))
    leg = vector.state.leg
    n = int(column(vector.state.centre, "decisions")[0])
    parent = column(leg, "parent")[0, :n].astype(int)
    cost = column(leg, "outcome")[0, :n, COMPONENTS.index("channel_cost_eur")].astype(float)
    ended = ~np.isnan(column(leg, "end")[0, :n].astype(float))
    chains = 0
    for first in np.flatnonzero(parent < 0):
        chain = [int(first)]
        while len(following := np.flatnonzero(parent == chain[-1])):
            chain.append(int(following[0]))
        found = contact_outcome(vector.state, 0, int(first))
        if found is not None:
            assert ended[chain].all()
            assert found[COMPONENTS.index("channel_cost_eur")] == pytest.approx(cost[chain].sum())
            chains += len(chain) > 2
    assert chains > 5


def test_a_customer_s_decisions_share_a_unit(joined: DecisionLog) -> None:
    steps = joined.context[:, CONTACT_CENTRE.context_column("steps_in_contact")]
    first = set(joined.unit[steps == 0])
    assert set(joined.unit[steps > 0]) <= first
