"""Columns by name."""

import pytest

from envs.baselines.seen import Seen
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE
from tests.envs.baselines.situations import BUSY, QUEUE, bot, given, idle


def test_groups_hold_legal_actions_only() -> None:
    seen = Seen(CONTACT_CENTRE, *given(QUEUE, idle(language_match=0), BUSY, bot("chat_bot")))
    assert seen.legal("employee").tolist() == [[False, True, True, False, False]]
    assert seen.idle.tolist() == [[False, True, False, False, False]]
    assert seen.speaking.tolist() == [[False, False, True, True, False]]
    assert seen.rate[0, 1] == pytest.approx(1 / 200)


def test_an_absent_column_is_named() -> None:
    seen = Seen(CONTACT_CENTRE, *given(QUEUE))
    with pytest.raises(InputError, match="no context column 'mood'"):
        seen.of_contact("mood")
    with pytest.raises(InputError, match="no action column 'mood'"):
        seen.of_action("mood")
