"""The table's lines in order."""

import numpy as np

from envs.baselines.named import rule
from envs.baselines.rule import Rule
from envs.baselines.rule_table import TABLE, Bound, Line, static_rules
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import ACTION_KINDS
from tests.envs.baselines.situations import QUEUE, Row, bot, choice, idle

EASY: Row = {
    "intent=billing": 0,
    "intent=account": 1,
    "intent_confidence": 0.9,
    "digital_affinity_estimate": 1.0,
    "complexity_estimate": -1.0,
}
CHANNELS = (bot("callback"), bot("voice_bot"), bot("chat_bot"), bot("content"), QUEUE, idle())


def test_an_easy_account_question_of_a_digital_customer_gets_content() -> None:
    assert choice(rule("static_rules"), *CHANNELS, contact=EASY) == 3


def test_an_unsure_guess_skips_content_but_not_the_bot() -> None:
    assert choice(rule("static_rules"), *CHANNELS, contact=EASY | {"intent_confidence": 0.7}) == 2


def test_valuable_customers_and_repeats_go_to_a_person() -> None:
    unsure = EASY | {"intent_confidence": 0.7}
    assert choice(rule("static_rules"), *CHANNELS, contact=unsure | {"value_tier": 2}) == 5
    assert choice(rule("static_rules"), *CHANNELS, contact=unsure | {"contacts_in_journey": 1}) == 5


def test_a_long_line_offers_a_callback() -> None:
    busy: Row = {"waiting_per_employee": 1.5}
    assert choice(rule("static_rules"), *CHANNELS, contact=busy) == 0
    assert choice(rule("static_rules"), *CHANNELS[1:], contact=busy) == 4


def test_a_line_holds_only_where_all_its_bounds_do() -> None:
    line = Line("callback", (Bound("hour", low=9, high=10), Bound("busy_share", low=0.5)))
    policy = Rule("one line", CONTACT_CENTRE, lambda seen: static_rules(seen, (line,)))
    assert choice(policy, *CHANNELS, contact={"hour": 9.5, "busy_share": 0.6}) == 0
    assert choice(policy, *CHANNELS, contact={"hour": 10.5, "busy_share": 0.6}) == 5
    assert choice(policy, *CHANNELS, contact={"hour": 9.5, "busy_share": 0.4}) == 5


def test_the_table_can_be_read_as_it_stands() -> None:
    for line in TABLE:
        assert line.kind in ACTION_KINDS
        assert line.bounds
        for bound in line.bounds:
            assert bound.column in CONTACT_CENTRE.context_names
            assert np.isfinite([bound.low, bound.high]).any()
