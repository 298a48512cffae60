"""Groups in order, the fallbacks, and the refusal of a spec without the columns."""

from dataclasses import replace

import numpy as np
import pytest

from envs.baselines.named import STAGES, rule
from envs.baselines.rule import Rule, first_open
from envs.presets import preset
from envs.vector import ContactCentreVector
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.encode import Feature, FeatureSpec
from tests.envs.baselines.situations import BUSY, NOTHING, QUEUE, choice, idle

every_rule = pytest.mark.parametrize("name", STAGES)


@every_rule
def test_where_nobody_asked_it_does_nothing(name: str) -> None:
    assert choice(rule(name), QUEUE, idle(), NOTHING) == 2


@every_rule
def test_with_everybody_busy_and_no_machine_the_contact_waits_in_line(name: str) -> None:
    longer = BUSY | {"expected_wait_s": 600.0}
    assert choice(rule(name), longer, QUEUE, longer) == 1


@every_rule
def test_without_a_queue_the_shortest_wait_is_left(name: str) -> None:
    assert choice(rule(name), BUSY | {"expected_wait_s": 90.0}, BUSY) == 1


@every_rule
def test_only_the_queue_is_enough(name: str) -> None:
    assert choice(rule(name), QUEUE) == 0


@every_rule
def test_a_whole_day_of_legal_choices(name: str) -> None:
    vector = ContactCentreVector(replace(preset("bank"), contacts_per_day=300.0), 4, seed=11)
    vector.reset()
    policy = rule(name)
    for _ in range(250):
        chosen = policy.batch_probabilities(*vector.observe()).argmax(axis=1)
        vector.step(chosen)  # an illegal action would raise


def test_columns_that_come_later_do_not_matter() -> None:
    wide = FeatureSpec(
        "wider",
        context=(Feature("later", "", 0, 50), *CONTACT_CENTRE.context),
        action=(Feature("later", "", 0, 50), *CONTACT_CENTRE.action),
    )
    vector = ContactCentreVector(preset("bank"), 8, seed=2, stagger=True)
    vector.reset()
    context, actions, mask = vector.observe()
    context_wide = np.concatenate([np.full((8, 1), 9.0, np.float32), context], axis=1)
    tenure = np.full((*mask.shape, 1), 9.0, np.float32)
    actions_wide = np.concatenate([tenure, actions], axis=2)
    for name in STAGES:
        np.testing.assert_array_equal(
            rule(name, wide).batch_probabilities(context_wide, actions_wide, mask),
            rule(name).batch_probabilities(context, actions, mask),
        )


@every_rule
def test_a_spec_without_its_columns_is_refused_by_name(name: str) -> None:
    spec = FeatureSpec("other", context=(Feature("x"),), action=(Feature("y"),))
    with pytest.raises(InputError, match=f"rule '{name}': spec 'other' has no action column"):
        rule(name, spec)


def test_the_first_group_with_a_legal_action_decides() -> None:
    mask = np.array([[True, True, False], [True, True, True]])
    groups = [
        (np.array([[False, False, True]] * 2), np.full((2, 3), 5.0)),
        (np.array([[True, True, True]] * 2), np.full((2, 3), 7.0)),
    ]
    group, preference = first_open(groups, mask)
    assert group.tolist() == [[True, True, False], [False, False, True]]
    assert preference.tolist() == [[7.0] * 3, [5.0] * 3]


def test_a_rule_of_nothing_takes_the_queue() -> None:
    assert choice(Rule("empty", CONTACT_CENTRE, lambda _: []), idle(), QUEUE) == 1
