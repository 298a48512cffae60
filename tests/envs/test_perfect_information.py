"""No policy earns more than the bound of perfect information, on any day."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from envs.baselines.named import rule
from envs.baselines.true_greedy import TrueGreedy
from envs.config import CentreConfig
from envs.evaluate_days import simulate
from envs.perfect_information import PerfectInformation, perfect_information
from envs.presets import preset
from envs.records import column
from envs.scenarios import scenario
from envs.vector import ContactCentreVector
from nba.act.longest_idle import LongestIdle
from nba.act.uniform import Uniform
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.objective import Objective
from nba.types import Policy

POLICIES: tuple[Policy, ...] = (
    LongestIdle(CONTACT_CENTRE), Uniform(), TrueGreedy(), rule("bot_first"), rule("best_skill"),
)  # fmt: skip
N_DAYS = 4


@cache
def bounds(preset_name: str, scenario_name: str) -> PerfectInformation:
    return perfect_information(small(preset_name, scenario_name), n_days=N_DAYS, seed=11)


def small(preset_name: str, scenario_name: str) -> CentreConfig:
    """A preset's people and customers in a centre of eight and a day of five hours."""
    config = scenario(preset(preset_name), scenario_name)
    size = 8 / preset(preset_name).n_employees * 5 / 14
    return replace(
        config,
        n_employees=max(1, round(config.n_employees * 8 / preset(preset_name).n_employees)),
        contacts_per_day=config.contacts_per_day * size,
        profile=(1.0,) * 5,
        profile_hours=5.0,
    )


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
@pytest.mark.parametrize(
    ("preset_name", "scenario_name"),
    [("bank", "normal"), ("telecom", "shortage"), ("retail", "bot_outage")],
)
def test_no_policy_exceeds_the_bound_on_any_day(
    preset_name: str, scenario_name: str, policy: Policy
) -> None:
    config = small(preset_name, scenario_name)
    bound = bounds(preset_name, scenario_name)
    days = simulate(policy, config, n_days=N_DAYS, seed=11)
    assert np.array_equal(bound.contacts, days["contacts"])
    assert (bound.eur_per_contact >= days["eur_per_contact"]).all()


def test_the_bound_is_no_more_than_every_issue_resolved_at_no_cost() -> None:
    bound = bounds("bank", "normal")
    weights = Objective().weights
    most = weights["resolved"] + weights["growth"]
    assert (bound.eur <= bound.without_capacity).all()
    assert (bound.eur_per_contact < most).all()
    assert (bound.price >= 0.0).all()


def test_luck_that_leaves_nothing_to_foresee_makes_the_bound_close() -> None:
    """One rested expert for each of the few customers, who are all resolved alike."""
    config = replace(
        small("bank", "normal"),
        n_employees=30,
        contacts_per_day=15.0,
        voice_share=1.0,
        resolve_base=50.0,
        service_cv=1e-6,
        speed_sigma=0.0,
        newcomer_share=0.0,
        second_language_share=0.0,
        bot_base=(-60.0,) * 3,
        bot_contained=(0.0,) * 3,
        skill_sigma=0.0,
        primary_skill=1.0,
        other_skill=1.0,
        sentiment_empathy=0.0,
        carry_context=1.0,
        carry_over_share=0.0,
        practice_below=0.0,
        all_day=True,
        bump_share=0.0,
    )
    bound = perfect_information(config, n_days=N_DAYS, seed=2)
    days = simulate(LongestIdle(CONTACT_CENTRE), config, n_days=N_DAYS, seed=2)
    assert bound.eur_per_contact == pytest.approx(days["eur_per_contact"], abs=1e-9)


def test_the_best_of_many_random_courses_of_an_empty_day_reaches_the_bound_and_no_more() -> None:
    """Of so few customers nobody waits, so the bound is what foresight could really earn."""
    n, gaps = 600, []
    for seed in range(10):
        config = replace(
            small("retail" if seed % 2 else "telecom", "normal"), n_employees=6, all_day=True,
            contacts_per_day=5.0, recontact_share=0.9, recontact_same_day=0.9,
        )  # fmt: skip
        vector = ContactCentreVector(config, n, seed, sites=[0] * n, days=[0] * n)
        vector.reset()
        arrivals = int(column(vector.state.centre, "n_arrivals")[0])
        generator = np.random.default_rng(seed)
        earned, over = np.zeros(n), np.zeros(n, dtype=np.bool_)
        while not over.all():
            mask = vector.observe()[2]
            chosen = np.argmax(generator.random(mask.shape) * mask, axis=1)
            reward, _, done = vector.step(np.asarray(chosen))
            earned += np.where(over, 0.0, reward)
            over |= done
        bound = perfect_information(config, n_days=1, seed=seed)
        assert bound.contacts[0] == arrivals
        gaps.append(float(bound.eur[0] - earned.max()))
    assert min(gaps) > -1e-9
    assert sum(gap < 1e-9 for gap in gaps) >= 2


def test_scarce_employees_have_a_price_and_lower_the_bound() -> None:
    config = replace(small("telecom", "shortage"), n_employees=2, contacts_per_day=1200.0)
    bound = perfect_information(config, n_days=2, seed=1)
    assert (bound.price > 0.0).all()
    assert (bound.eur < 0.98 * bound.without_capacity).all()
    days = simulate(TrueGreedy(), config, n_days=2, seed=1)
    assert (bound.eur_per_contact >= days["eur_per_contact"]).all()


def test_a_day_without_a_contact_is_refused() -> None:
    config = replace(small("bank", "normal"), contacts_per_day=0.01)
    with pytest.raises(InputError, match="day 0 has no contact; raise contacts_per_day"):
        perfect_information(config, n_days=1, seed=0)


def test_an_objective_that_pays_for_waiting_has_no_bound() -> None:
    config = small("bank", "normal")
    with pytest.raises(InputError, match="the weight of 'wait_s' is 1; a bound needs 0 or less"):
        perfect_information(config, n_days=1, seed=0, objective=Objective({"wait_s": 1.0}))
    with pytest.raises(InputError, match="the weight of 'csat' is 1; a bound needs 0"):
        perfect_information(config, n_days=1, seed=0, objective=Objective({"csat": 1.0}))
    with pytest.raises(InputError, match="no component 'joy'"):
        perfect_information(config, n_days=1, seed=0, objective=Objective({"joy": -1.0}))
