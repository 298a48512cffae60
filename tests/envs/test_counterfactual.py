"""What would have happened: replayed days, copied centres, redrawn luck."""

from dataclasses import replace

import numpy as np
import pytest

from envs.counterfactual import action_values, decision_values, policy_value
from envs.evaluate_days import simulate
from envs.presets import preset
from envs.run_days import run_days
from envs.vector import ContactCentreVector
from nba.act.longest_idle import LongestIdle
from nba.act.uniform import Uniform
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import Ints

# A morning of a small bank, so that a day is a few dozen decisions.
SMALL = replace(
    preset("bank"),
    n_employees=6,
    contacts_per_day=70.0,
    profile=(1.0,) * 4,
    profile_hours=4.0,
    all_day=True,
)
LONGEST_IDLE = LongestIdle(CONTACT_CENTRE)
SEED = 5


@pytest.mark.parametrize("policy", [LONGEST_IDLE, Uniform()], ids=lambda policy: policy.name)
def test_the_action_taken_has_just_the_value_of_the_day_itself(
    policy: LongestIdle | Uniform,
) -> None:
    steps = [
        (float(step.reward[0]), int(step.chosen[0]))
        for step in run_days(policy, SMALL, n_days=1, seed=SEED)
    ]
    found = decision_values(
        SMALL, seed=SEED, site=0, day=0, decisions=range(0, len(steps), 9), policy=policy
    )
    assert len(found) > 5
    for values in found:
        column = int(np.flatnonzero(values.actions == values.taken)[0])
        assert values.taken == steps[values.decision][1]
        assert values.eur[0, column] == sum(reward for reward, _ in steps[values.decision :])
        assert values.before == sum(reward for reward, _ in steps[: values.decision])
        assert values.advantages()[column].value == 0.0


def test_the_alternatives_are_the_legal_actions_and_differ() -> None:
    values = action_values(
        SMALL, seed=SEED, site=0, day=0, decision=12, policy=LONGEST_IDLE, lucks=3
    )
    assert values.eur.shape == (3, len(values.actions))
    assert len(values.actions) > 3
    assert values.eur[0].std() > 0.0
    # Redrawn luck is other luck.
    assert len(np.unique(values.eur[:, 0])) == 3


def test_values_do_not_depend_on_the_other_decisions_or_lucks_asked_for() -> None:
    alone = action_values(SMALL, seed=SEED, site=2, day=4, decision=20, policy=LONGEST_IDLE)
    among = decision_values(
        SMALL, seed=SEED, site=2, day=4, decisions=[3, 20], policy=LONGEST_IDLE, lucks=2
    )[1]
    assert np.array_equal(alone.eur[0], among.eur[0])
    assert np.array_equal(alone.actions, among.actions)


def test_a_chain_of_values_adds_up_to_what_another_first_action_earned() -> None:
    values = action_values(SMALL, seed=SEED, site=0, day=0, decision=0, policy=LONGEST_IDLE)
    other = int(values.actions[values.actions != values.taken][0])
    vector = ContactCentreVector(SMALL, 1, SEED)
    vector.reset()
    chosen: Ints = np.array([other])
    earned, over = 0.0, False
    while not over:
        reward, _, done = vector.step(chosen)
        earned, over = earned + float(reward[0]), bool(done[0])
        chosen = LONGEST_IDLE.batch_probabilities(*vector.observe()).argmax(axis=1)
    assert values.eur[0, values.actions == other][0] == pytest.approx(earned, abs=1e-9)


def test_what_is_truly_better_for_a_contact_is_better_for_its_day_on_average() -> None:
    # Hardly anybody waits here, so that an action matters to its own contact alone.
    quiet = replace(SMALL, contacts_per_day=30.0)
    gaps, promised = [], []
    for site in range(6):
        vector = ContactCentreVector(quiet, 1, SEED, first_site=site)
        vector.reset()
        truth = vector.true_values()[0]
        values = action_values(
            quiet, seed=SEED, site=site, day=site, decision=0, policy=LONGEST_IDLE, lucks=60
        )
        best, worst = (int(i) for i in np.argsort(truth[values.actions])[[-1, 0]])
        gaps.append(values.eur[:, best] - values.eur[:, worst])
        promised.append(truth[values.actions[best]] - truth[values.actions[worst]])
    gap = np.mean(gaps, axis=0)
    error = gap.std(ddof=1) / np.sqrt(len(gap))
    assert gap.mean() > 3 * error
    assert abs(gap.mean() - np.mean(promised)) < 3 * error + 0.3 * np.mean(promised)


def test_the_value_of_a_policy_is_the_mean_of_its_days_with_their_interval() -> None:
    value = policy_value(LONGEST_IDLE, SMALL, n_days=12, seed=SEED)
    days = simulate(LONGEST_IDLE, SMALL, n_days=12, seed=SEED)["eur_per_contact"]
    assert value.value == days.mean()
    assert value.low < value.value < value.high
    assert value.std_error == pytest.approx(days.std(ddof=1) / np.sqrt(12))


def test_a_decision_that_a_day_does_not_have_is_refused() -> None:
    def ask(decision: int, lucks: int = 1) -> None:
        action_values(
            SMALL, seed=SEED, site=0, day=0, decision=decision, policy=Uniform(), lucks=lucks
        )

    with pytest.raises(InputError, match="decision 9999 is not in this day, which has"):
        ask(9999)
    with pytest.raises(InputError, match=r"decisions are \[-1\]"):
        ask(-1)
    with pytest.raises(InputError, match="lucks is 0"):
        ask(0, lucks=0)
