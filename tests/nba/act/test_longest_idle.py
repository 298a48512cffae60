"""The rule's order of preference, one case each."""

import numpy as np
import pytest

from nba.act.longest_idle import LongestIdle
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.encode import Feature, FeatureSpec

COLUMNS = {name: i for i, name in enumerate(CONTACT_CENTRE.action_names)}
QUEUE: dict[str, float] = {"kind=queue": 1, "expected_wait_s": 60}
BOT: dict[str, float] = {"kind=chat_bot": 1, "language_match": 1}


def employee(idle_s: float, speaks: float = 1.0, wait_s: float = 0.0) -> dict[str, float]:
    return {
        "kind=employee": 1,
        "idle_s": idle_s,
        "language_match": speaks,
        "expected_wait_s": wait_s,
    }


def choice(*rows: dict[str, float]) -> int:
    actions = np.zeros((1, len(rows), len(COLUMNS)), dtype=np.float32)
    for place, row in enumerate(rows):
        for name, value in row.items():
            actions[0, place, COLUMNS[name]] = value
    mask = np.ones((1, len(rows)), dtype=np.bool_)
    context = np.zeros((1, len(CONTACT_CENTRE.context_names)), dtype=np.float32)
    found = LongestIdle(CONTACT_CENTRE).batch_probabilities(context, actions, mask)[0]
    assert found.max() == 1.0
    return int(found.argmax())


def test_the_longest_idle_employee_is_chosen() -> None:
    assert choice(BOT, QUEUE, employee(10), employee(90), employee(0, wait_s=100)) == 3


def test_language_comes_before_idle_time() -> None:
    assert choice(QUEUE, employee(900, speaks=0), employee(5)) == 2


def test_somebody_idle_without_the_language_comes_before_the_queue() -> None:
    assert choice(QUEUE, employee(900, speaks=0), employee(0, wait_s=100)) == 1


def test_the_queue_takes_over_when_everybody_is_busy() -> None:
    assert choice(BOT, employee(0, wait_s=5), QUEUE) == 2


def test_without_a_queue_the_shortest_wait_is_chosen() -> None:
    assert choice(employee(0, wait_s=50), employee(0, wait_s=20)) == 1


def test_of_equals_the_first_is_chosen() -> None:
    assert choice(QUEUE, employee(30), employee(30)) == 1


def test_where_nobody_asked_it_does_nothing() -> None:
    assert choice(QUEUE, employee(10), {"kind=none": 1}) == 2


def test_a_spec_without_its_columns_is_refused_by_name() -> None:
    spec = FeatureSpec("other", context=(Feature("x"),), action=(Feature("y"),))
    with pytest.raises(InputError, match="kind=employee"):
        LongestIdle(spec)
