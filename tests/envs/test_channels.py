"""While bots are down nobody is sent to them, and whoever talks to one asks for somebody else."""

from dataclasses import replace

import numpy as np

from envs.records import column
from envs.state import CHAT_BOT, CONTENT, ESCALATION, IN_BOT, QUEUE, VOICE_BOT
from nba.types import Ints
from tests.envs.small_centre import centre, one_day, pending, small, started

DOWN = replace(small("retail"), outage_start_s=3600.0, outage_end_s=2 * 3600.0)
BOTS = (CHAT_BOT, VOICE_BOT)


def _to_bots(mask: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> Ints:
    return np.where(mask[:, CHAT_BOT], CHAT_BOT, np.where(mask[:, VOICE_BOT], VOICE_BOT, QUEUE))


def test_bots_are_offered_outside_the_outage_only() -> None:
    vector = started(DOWN, 4, 1)
    offered = {True: 0, False: 0}
    for _ in one_day(vector):
        now = centre(vector, "now")
        down = (now >= DOWN.outage_start_s) & (now < DOWN.outage_end_s)
        assert ((centre(vector, "outage") != 0) == down).all()
        mask = vector.observe()[2][:, BOTS]
        assert not mask[down].any()
        for is_down in (True, False):
            offered[is_down] += int(mask[down == is_down].sum())
        # Self-service is no bot.
        fresh = (pending(vector, "step") == 0) & down
        assert vector.observe()[2][fresh, CONTENT].all()
    assert offered[False] > 50


def test_who_talks_to_a_bot_that_fails_asks_for_an_action_at_once() -> None:
    # Sessions of an hour: everybody sent to a bot is still there when it goes down.
    config = replace(DOWN, bot_mean_s=(60.0, 36_000.0, 36_000.0), outage_start_s=1800.0)
    vector = started(config, 1, 2)
    sent = 0
    while centre(vector, "now")[0] < 1800.0:
        chosen = _to_bots(vector.observe()[2])
        sent += int(chosen[0] in BOTS)
        vector.step(chosen)
    assert sent > 5
    escalated = 0
    while centre(vector, "now")[0] == 1800.0:
        assert pending(vector, "occasion")[0] == ESCALATION
        escalated += 1
        assert not vector.observe()[2][0, list(BOTS)].any()
        vector.step(np.array([QUEUE]))
    assert escalated == sent
    assert not (column(vector.state.customer, "status") == IN_BOT).any()
    assert centre(vector, "bot_resolved")[0] == 0


def test_without_an_outage_bots_never_fail() -> None:
    vector = started(replace(DOWN, outage_start_s=-1.0, outage_end_s=-1.0), 2, 1)
    for _ in one_day(vector):
        assert not centre(vector, "outage").any()


def test_the_day_before_the_outage_is_the_same_day() -> None:
    rewards = []
    for config in (DOWN, replace(DOWN, outage_start_s=-1.0, outage_end_s=-1.0)):
        vector = started(config, 1, 5)
        early = []
        while centre(vector, "now")[0] < 3500.0:
            reward, _, _ = vector.step(_to_bots(vector.observe()[2]))
            early.append(float(reward[0]))
        rewards.append(early[:-1])
    assert rewards[0] == rewards[1]
    assert len(rewards[0]) > 20
