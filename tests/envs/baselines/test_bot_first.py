"""Machines first, for those whom they suit."""

import pytest

from envs.baselines.named import rule
from tests.envs.baselines.situations import BUSY, QUEUE, Row, bot, choice, idle

DIGITAL: Row = {"digital_affinity_estimate": 1.0, "complexity_estimate": -0.5}
MACHINES = (bot("voice_bot"), bot("chat_bot"), bot("content"))


def test_the_order_is_content_then_chat_bot_then_voice_bot() -> None:
    policy = rule("bot_first")
    assert choice(policy, idle(), QUEUE, *MACHINES, contact=DIGITAL) == 4
    assert choice(policy, idle(), QUEUE, *MACHINES[:2], contact=DIGITAL) == 3
    assert choice(policy, idle(), QUEUE, MACHINES[0], contact=DIGITAL) == 2
    assert choice(policy, idle(), QUEUE, contact=DIGITAL) == 0


@pytest.mark.parametrize(
    "contact",
    [
        DIGITAL | {"digital_affinity_estimate": 0.4},
        DIGITAL | {"complexity_estimate": 0.1},
        DIGITAL | {"digital_affinity_estimate_missing": 1.0},
    ],
)
def test_the_others_go_to_people(contact: Row) -> None:
    assert choice(rule("bot_first"), *MACHINES, idle(), QUEUE, contact=contact) == 3
    assert choice(rule("bot_first"), *MACHINES, BUSY, QUEUE, contact=contact) == 4
