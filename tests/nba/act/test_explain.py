"""Every number in a reason is recomputed here from what the reason is about."""

import re

import numpy as np
import pytest

from nba.act.explain import Explainer, predicted_rewards, reward_model_of, why
from nba.act.greedy import Greedy
from nba.act.longest_idle import LongestIdle
from nba.act.uniform import Uniform
from nba.compiled import compiled
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import ACTION_KINDS, Action, ActionSet, Context, Policy
from tests.nba.act.sample_policies import reward_model, scorer, single

PLAIN: dict[str, float | str] = {
    "kind": "employee", "expected_wait_s": 0, "backlog": 0, "idle_s": 0, "skill_estimate": 0.5,
    "skill_mean": 0.5, "skill_max": 0.5, "expected_handle_s": 200, "resolve_estimate": 0.6,
    "occupancy_1h": 0.7, "channel_cost_eur": 0, "minutes_to_shift_end": 60, "language_match": 1,
    "active_contacts": 0, "minutes_since_break": 40, "tenure_years": 3, "csat_mean": 3.5,
}  # fmt: skip


def actions(*rows: dict[str, float | str]) -> ActionSet:
    members = []
    for place, row in enumerate(rows):
        values = PLAIN | row
        members.append(
            Action(f"a{place}", str(values["kind"]), CONTACT_CENTRE.encode_action(values))
        )
    return ActionSet(tuple(members))


CONTEXT = Context("c", np.zeros(len(CONTACT_CENTRE.context_names)))


def test_the_feature_in_which_the_action_stands_out_is_told_with_its_numbers() -> None:
    members = actions(
        {"expected_wait_s": 0, "skill_estimate": 0.82},
        {"expected_wait_s": 80, "skill_estimate": 0.4},
        {"expected_wait_s": 110, "skill_estimate": 0.5},
        {"kind": "chat_bot", "expected_wait_s": 95, "skill_estimate": 0.0},
    )
    reasons = why(Uniform(), CONTEXT, members, 0, CONTACT_CENTRE)
    assert "expected wait 0 s, shortest of 4 (95 s on average elsewhere)" in reasons
    # Skill is compared among employees: the bot's zero would flatter.
    assert "skill for this intent 0.82, highest of 3 (0.45 on average elsewhere)" in reasons


def test_ranks_and_ties_are_told() -> None:
    members = actions({"expected_wait_s": 5}, {"expected_wait_s": 5}, {"expected_wait_s": 9})
    assert "equal shortest of 3" in " ".join(why(Uniform(), CONTEXT, members, 0, CONTACT_CENTRE))
    assert "3rd shortest of 3" in " ".join(why(Uniform(), CONTEXT, members, 2, CONTACT_CENTRE))


def test_a_reward_model_gives_the_reward_against_the_second_best() -> None:
    context, members = single(2)
    policy = Greedy(reward_model())
    rewards = predicted_rewards(policy, context, members)
    assert rewards is not None
    best = int(rewards.argmax())
    second = np.sort(rewards)[-2]
    reasons = why(policy, context, members, best, CONTACT_CENTRE)
    assert reasons[0] == (
        f"predicted reward {rewards[best]:.2f} EUR against {second:.2f} EUR for the second best"
    )


def test_an_explored_action_is_said_to_be_explored() -> None:
    context, members = single(2)
    policy = scorer(2, floor=0.1)
    probabilities = policy.probabilities(context, members)
    least = int(probabilities.argmin())
    reasons = why(policy, context, members, least, CONTACT_CENTRE)
    assert reasons[0] == (
        f"explored: drawn with probability {probabilities[least]:.2g}, where the most probable "
        f"action had {probabilities.max():.2g}"
    )
    assert f"of {len(members)} (best " in reasons[1]


def test_longest_idle_leads_with_the_idle_time() -> None:
    members = actions({"idle_s": 40, "resolve_estimate": 0.99}, {"idle_s": 240}, {"idle_s": 12})
    reasons = why(LongestIdle(CONTACT_CENTRE), CONTEXT, members, 1, CONTACT_CENTRE)
    assert reasons[0] == "idle for 240 s, longest of 3 (26 s on average elsewhere)"


def test_a_single_action_and_equal_actions_still_have_three_true_reasons() -> None:
    alone = why(Uniform(), CONTEXT, actions({}), 0, CONTACT_CENTRE)
    assert alone[0] == "the only eligible action"
    equal = why(Uniform(), CONTEXT, actions({}, {}, {}), 1, CONTACT_CENTRE)
    assert equal[0] == "probability 0.33 under uniform, equal highest of 3"
    assert equal[1] == "3 eligible actions were compared"
    assert len(set(equal)) == len(equal) == 3


@pytest.mark.parametrize("seed", range(12))
def test_every_claimed_rank_is_the_rank(seed: int) -> None:
    context, members = single(seed, n_actions=9)
    policy = scorer(seed)
    labels = {
        "expected wait": ("expected_wait_s", "shortest", False),
        "estimated chance to resolve": ("resolve_estimate", "highest", False),
        "expected handling time": ("expected_handle_s", "shortest", False),
        "idle for": ("idle_s", "longest", True),
        "skill for this intent": ("skill_estimate", "highest", True),
    }
    checked = 0
    for chosen, action in enumerate(members.actions):
        for reason in why(policy, context, members, chosen, CONTACT_CENTRE):
            found = re.match(r"(.+?) ([\d.]+)(?: \w+)?, (?:equal )?(\d*)", reason)
            if found is None or found[1] not in labels:
                continue
            column, best, same_kind = labels[found[1]]
            others = [a for a in members.actions if not same_kind or a.kind == action.kind]
            values = [a.features[CONTACT_CENTRE.action_column(column)] for a in others]
            own = action.features[CONTACT_CENTRE.action_column(column)]
            better = sum(v < own if best == "shortest" else v > own for v in values)
            assert float(found[2]) == pytest.approx(own, rel=0.01, abs=0.5)
            assert int(found[3] or 1) == better + 1
            checked += 1
    assert checked > 0


def test_rules_have_no_reward_model() -> None:
    assert reward_model_of(Uniform()) is None
    assert predicted_rewards(Uniform(), *single()) is None


@pytest.mark.parametrize("policy", [LongestIdle(CONTACT_CENTRE), Uniform()], ids=lambda p: p.name)
def test_the_compiled_form_tells_the_same_letter_by_letter(policy: Policy) -> None:
    found = compiled("nba.act._reasons")
    if found is None:
        pytest.skip("it was not compiled: python hatch_build.py")
    plain = Explainer.of(policy, CONTACT_CENTRE)
    quick = found.CompiledExplainer(plain)
    rng = np.random.default_rng(1)
    told: set[str] = set()
    for number in range(1000):
        k = int(rng.integers(1, 30))
        some = ACTION_KINDS if number % 2 else ("employee", "queue")
        kinds = [str(kind) for kind in rng.choice(some, k)]
        size = (k, len(CONTACT_CENTRE.action_names))
        if number % 3:  # many are equal
            features = rng.choice([0, 1, 0.5, 3, 250.7, 1e4, 0.001234, -2.5], size)
        else:
            features = rng.normal(size=size) * 10 ** rng.uniform(-3, 4)
        shares = [1 / k] * k if number % 5 == 0 else rng.dirichlet(np.ones(k)).tolist()
        rewards = None if number % 4 == 0 else rng.normal(0, 3, k).round(number % 3).tolist()
        asked = (kinds, features.astype(np.float32), int(rng.integers(k)), shares, rewards)
        reasons = plain.why(*asked)
        assert quick.why(*asked) == reasons
        told |= {re.sub(r"[-\d.e+]+", "#", reason) for reason in reasons}
    assert len(told) > 40, "not all kinds of reasons were told"
