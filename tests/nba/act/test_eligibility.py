"""Each rule removes what it names, the queue stays, and every removal says why."""

import pytest

from nba.act.eligibility import RULES, Rule, check_rules, eligible
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import Action

PLAIN: dict[str, float | str] = {
    "expected_wait_s": 0, "backlog": 0, "idle_s": 10, "skill_estimate": 0.5, "skill_mean": 0.5,
    "skill_max": 0.5, "expected_handle_s": 200, "resolve_estimate": 0.6, "occupancy_1h": 0.7,
    "channel_cost_eur": 0, "minutes_to_shift_end": 60, "language_match": 1,
    "active_contacts": 0, "minutes_since_break": 40, "tenure_years": 3, "csat_mean": 3.5,
}  # fmt: skip


def action(name: str, kind: str, **changed: float | str) -> Action:
    return Action(name, kind, CONTACT_CENTRE.encode_action({**PLAIN, **changed, "kind": kind}))


QUEUE = action("queue", "queue", occupancy_1h=0.99)
TIRED = action("tired", "employee", occupancy_1h=0.97)
FRESH = action("fresh", "employee")
CALLBACK = action("callback", "callback")


def test_the_occupancy_cap_spares_an_employee_and_says_so() -> None:
    stay, excluded = eligible([QUEUE, TIRED, FRESH], spec=CONTACT_CENTRE)
    assert [a.id for a in stay.actions] == ["queue", "fresh"]
    assert excluded == {"tired": "occupancy cap: occupancy_1h 0.97 is above 0.95"}


def test_a_callback_needs_consent() -> None:
    stay, _ = eligible([QUEUE, CALLBACK], spec=CONTACT_CENTRE, consent=True)
    assert len(stay) == 2
    stay, excluded = eligible([QUEUE, CALLBACK], spec=CONTACT_CENTRE, consent=False)
    assert [a.id for a in stay.actions] == ["queue"]
    assert excluded["callback"] == "consent: the customer has not consented to callback"


def test_the_callers_reason_comes_first() -> None:
    _, excluded = eligible(
        [QUEUE, TIRED], spec=CONTACT_CENTRE, unavailable={"tired": "line is down"}
    )
    assert excluded == {"tired": "unavailable: line is down"}


def test_a_rule_without_kinds_leaves_the_queue() -> None:
    rule = Rule("short handling", column="expected_handle_s", most=100)
    stay, excluded = eligible([QUEUE, FRESH], spec=CONTACT_CENTRE, rules=[rule])
    assert [a.id for a in stay.actions] == ["queue"]
    assert excluded["fresh"] == "short handling: expected_handle_s 200 is above 100"


def test_a_lower_bound_is_a_rule_too() -> None:
    rule = Rule("language", kinds=("employee",), column="language_match", least=1.0)
    stranger = action("stranger", "employee", language_match=0)
    _, excluded = eligible([QUEUE, stranger], spec=CONTACT_CENTRE, rules=[rule])
    assert excluded == {"stranger": "language: language_match 0 is below 1"}


def test_nothing_left_is_an_error_that_names_the_way_out() -> None:
    with pytest.raises(InputError, match=r"tired: occupancy cap.*kind 'queue'"):
        eligible([TIRED], spec=CONTACT_CENTRE)
    with pytest.raises(InputError, match="no action was given"):
        eligible([], spec=CONTACT_CENTRE)


def test_a_rule_on_an_unknown_column_is_refused() -> None:
    check_rules(RULES, CONTACT_CENTRE)
    with pytest.raises(InputError, match="'mood', which spec"):
        check_rules([Rule("mood", column="mood", most=1)], CONTACT_CENTRE)
