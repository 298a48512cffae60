"""A condition is read exactly, or refused by the name of what is wrong in it."""

import numpy as np
import pytest

from nba.act.condition import read_condition
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE


def holds(text: str, **values: float) -> bool:
    context = np.zeros(len(CONTACT_CENTRE.context_names), dtype=np.float32)
    actions = np.zeros((1, len(CONTACT_CENTRE.action_names)), dtype=np.float32)
    for name, value in values.items():
        if name in CONTACT_CENTRE.context_names:
            context[CONTACT_CENTRE.context_column(name)] = value
        else:
            actions[0, CONTACT_CENTRE.action_column(name)] = value
    found = []
    for one in read_condition(text, CONTACT_CENTRE):
        left = one.left.of_all(one.left.of_one(context, {}), actions)
        right = one.right.of_all(one.right.of_one(context, {}), actions)
        found.append(bool(np.all(one.holds(left, right))))
    return all(found)


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("action.occupancy_1h > 0.95", {"occupancy_1h": 0.95}, False),
        ("action.occupancy_1h >= 0.95", {"occupancy_1h": 0.95}, True),
        ("0.95 <= action.occupancy_1h", {"occupancy_1h": 0.95}, True),
        ("2 * action.backlog - 1 == action.idle_s / 2", {"backlog": 2, "idle_s": 6}, True),
        ("-action.backlog < -(1 + 1)", {"backlog": 3}, True),
        ("context.hour > 8 and context.hour < 20", {"hour": 21}, False),
        ('context.intent in ["billing", "sales"]', {"intent=sales": 1}, True),
        ('context.intent not in ["billing", "sales"]', {"intent=sales": 1}, False),
        ('context.channel != "voice"', {"channel=chat": 1}, True),
        ("customer.consent", {}, True),
        ("not customer.consent", {}, False),
        ("customer.hours_since_touch < 24", {}, False),
    ],
)
def test_it_means_what_it_says(text: str, values: dict[str, float], expected: bool) -> None:
    assert holds(text, **values) is expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("action.mood > 1", "action.mood is not in spec 'contact-centre-2'; it has kind, expected"),
        ("customer.age > 1", "customer.age is unknown; use one of consent"),
        ("agent.idle_s > 1", "'agent.idle_s' is no value; write action.NAME"),
        ("action.idle_s >", "cannot be read"),
        ("action.idle_s", "is no comparison"),
        ("context.hour > 1 or context.hour < 0", "has an 'or'; write a rule for each"),
        ('context.intent == "taxes"', "'taxes' is no level of context.intent; it has billing"),
        ("context.intent > 1", 'context.intent is a category; compare it as == "billing"'),
        ("action.idle_s * action.backlog > 1", "only a number can be used"),
        ("action.idle_s / 0 > 1", "divides by zero"),
        ("open('x') > 1", "is not known in a condition"),
        ("1 < action.idle_s < 2", "is no comparison of two values"),
    ],
)
def test_what_is_wrong_is_named(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_condition(text, CONTACT_CENTRE)
    assert message in str(caught.value)
