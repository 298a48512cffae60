"""The model of a tiny centre: against Erlang A, and what it refuses."""

from dataclasses import replace

import pytest

from envs.theory import erlang_a
from envs.tiny_centre import chain_of
from envs.tiny_policies import longest_idle, policy_of, random_idle
from envs.value_iteration import evaluate, optimise
from nba.errors import InputError
from tests.envs.tiny_experts import EXPERTS


def test_alike_employees_earn_what_erlang_a_says() -> None:
    centre = replace(
        EXPERTS,
        rates=(0.01,),
        mean_service_s=((200.0,) * 3,),
        value_eur=((5.0,) * 3,),
        own_queue_limit=0,
        shared_queue_limit=12,
    )
    queue = erlang_a(0.01, 200.0, 3, 120.0)
    answered = 0.01 * (1.0 - queue.abandon_probability)
    waiting = 0.01 * queue.mean_wait_s
    truth = 5.0 * answered - waiting * 10.0 / 3600.0 - 2.0 * 0.01 * queue.abandon_probability
    chain, states = chain_of(centre)
    for policy in (policy_of(centre, states, longest_idle), random_idle(centre, states)):
        assert evaluate(chain, policy).gain == pytest.approx(truth, rel=1e-6)


def test_renumbering_the_employees_changes_nothing() -> None:
    swapped = replace(EXPERTS, value_eur=((0.5, 6.5), (6.5, 0.5)))
    one, other = (optimise(chain_of(centre)[0]) for centre in (EXPERTS, swapped))
    assert float(one.high[0]) == pytest.approx(float(other.high[0]), rel=1e-8)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rates": (0.0, 0.1)}, "rates"),
        ({"value_eur": ((1.0,), (1.0,))}, "value_eur needs 2 rows"),
        ({"mean_service_s": ((1.0,) * 4,) * 2}, "4 employees"),
        ({"shared_queue_limit": -1}, "shared_queue_limit is -1"),
    ],
)
def test_a_wrong_number_is_refused_with_its_name(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(EXPERTS, **change)  # type: ignore[arg-type]  # wrong on purpose
