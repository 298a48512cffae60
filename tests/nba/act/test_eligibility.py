"""Each rule removes what it names, a way out stays, and every removal says why."""

from collections.abc import Sequence

import numpy as np
import pytest

from nba.act.eligibility import Applied, Eligibility
from nba.act.rules import Rule, RuleSet, built_in
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.encode import FeatureSpec
from nba.types import ACTION_KINDS, Floats32

D = len(CONTACT_CENTRE.context_names)
PLAIN: dict[str, float | str] = {
    "expected_wait_s": 0, "backlog": 0, "idle_s": 10, "skill_estimate": 0.5, "skill_mean": 0.5,
    "skill_max": 0.5, "expected_handle_s": 200, "resolve_estimate": 0.6, "occupancy_1h": 0.7,
    "channel_cost_eur": 0, "minutes_to_shift_end": 60, "language_match": 1,
    "active_contacts": 0, "minutes_since_break": 40, "tenure_years": 3, "csat_mean": 3.5,
}  # fmt: skip


def row(kind: str, **changed: float | str) -> tuple[str, Floats32]:
    return kind, CONTACT_CENTRE.encode_action({**PLAIN, **changed, "kind": kind}).astype(np.float32)


QUEUE = row("queue", occupancy_1h=0.99)
TIRED = row("employee", occupancy_1h=0.97)
FRESH = row("employee")
CALLBACK = row("callback")


def context(**columns: float) -> Floats32:
    made = np.zeros(D, dtype=np.float32)
    for name, value in columns.items():
        made[CONTACT_CENTRE.context_column(name)] = value
    return made


def applied(
    rows: Sequence[tuple[str, Floats32]],
    *rules: Rule,
    seen: Floats32 | None = None,
    consent: bool = True,
    facts: dict[str, float] | None = None,
    unavailable: dict[int, str] | None = None,
) -> Applied:
    found = Eligibility(RuleSet(rules) if rules else built_in(), CONTACT_CENTRE)
    return found.apply(
        context() if seen is None else seen,
        np.stack([numbers for _, numbers in rows]),
        [kind for kind, _ in rows],
        consent=consent,
        facts=facts or {},
        unavailable=unavailable,
    )


def test_the_occupancy_cap_spares_an_employee_and_says_so() -> None:
    found = applied([QUEUE, TIRED, FRESH])
    assert found.removed == {1: "occupancy cap: occupancy_1h 0.97 is above 0.95"}
    assert found.keep is not None
    assert found.keep.tolist() == [True, False, True]


def test_nothing_removed_is_told_without_a_mask() -> None:
    found = applied([QUEUE, FRESH])
    assert (found.keep, found.removed) == (None, {})
    assert set(found.funnel.values()) == {2, 1}


def test_a_callback_needs_consent() -> None:
    assert applied([QUEUE, CALLBACK]).removed == {}
    found = applied([QUEUE, CALLBACK], consent=False)
    assert found.removed == {1: "consent: the customer has not consented to callback"}


def test_the_callers_reason_comes_first() -> None:
    found = applied([QUEUE, TIRED], unavailable={1: "line is down"})
    assert found.removed == {1: "unavailable: line is down"}
    assert found.funnel["eligible"] == 1


def test_a_rule_without_kinds_leaves_the_ways_out() -> None:
    rule = Rule("short handling", "suitable", "action.expected_handle_s > 100")
    found = applied([QUEUE, FRESH, row("none")], rule)
    assert found.removed == {1: "short handling: expected_handle_s 200 is above 100"}


def test_two_columns_of_an_action_can_be_compared() -> None:
    rule = Rule(
        "shift end", "suitable", "action.minutes_to_shift_end * 60 < action.expected_handle_s"
    )
    found = applied([QUEUE, row("employee", minutes_to_shift_end=2), FRESH], rule)
    assert found.removed == {
        1: "shift end: minutes_to_shift_end * 60 120 is below expected_handle_s 200"
    }


def test_a_context_can_switch_a_rule_on() -> None:
    rule = Rule(
        "no bots", "suitable", 'context.occasion == "escalation"', ("chat_bot", "voice_bot")
    )
    rows = [QUEUE, row("chat_bot"), FRESH]
    assert applied(rows, rule).removed == {}
    found = applied(rows, rule, seen=context(**{"occasion=escalation": 1}))
    assert found.removed == {1: "no bots: occasion == 'escalation'"}


def test_a_contact_cap_counts_what_the_server_remembers() -> None:
    rule = Rule("cap", "contact_policy", "customer.touches_7d >= 3", ("callback",))
    assert applied([QUEUE, CALLBACK], rule, facts={"touches_7d": 2}).removed == {}
    found = applied([QUEUE, CALLBACK], rule, facts={"touches_7d": 3})
    assert found.removed == {1: "cap: customer.touches_7d 3 is at least 3"}


def test_of_a_customer_who_opted_out_no_rule_reads_more_than_the_consent() -> None:
    rule = Rule("cap", "contact_policy", "customer.touches_7d >= 0 and context.hour >= 0")
    assert applied([QUEUE, CALLBACK], rule, consent=False).removed == {}
    assert applied([QUEUE, CALLBACK], rule).removed


def test_the_funnel_counts_what_is_left_after_each_stage() -> None:
    rules = (
        Rule("full", "capacity", "action.occupancy_1h > 0.95"),
        Rule("slow", "suitable", "action.expected_handle_s > 300"),
    )
    found = applied([QUEUE, row("employee", expected_handle_s=400), TIRED, FRESH], *rules)
    assert list(found.funnel.items()) == [
        ("all", 4), ("eligible", 4), ("suitable", 3), ("contact_policy", 3), ("capacity", 2),
        ("chosen", 1),
    ]  # fmt: skip


def test_the_first_rule_of_the_funnel_gives_the_reason() -> None:
    rules = (
        Rule("last", "capacity", "action.occupancy_1h > 0.95"),
        Rule("first", "eligible", "action.occupancy_1h > 0.9"),
    )
    assert applied([QUEUE, TIRED], *rules).removed[1].startswith("first: ")


def test_the_queue_is_the_way_out_when_rules_leave_nothing() -> None:
    rule = Rule("all", "eligible", "action.occupancy_1h >= 0", ACTION_KINDS)
    found = applied([FRESH, row("none"), QUEUE], rule)
    assert set(found.removed) == {0, 1}
    assert (found.funnel["eligible"], found.funnel["way_out"]) == (0, 1)
    with pytest.raises(InputError, match="add an action of kind 'queue' or 'none'"):
        applied([FRESH, TIRED], rule)
    with pytest.raises(InputError, match="the first: unavailable: down"):
        applied([QUEUE], rule, unavailable={0: "down"})


def test_the_screen_never_hides_a_removal() -> None:
    rng = np.random.default_rng(5)
    texts = (
        "action.occupancy_1h > 0.5",
        "action.minutes_to_shift_end * 60 <= action.expected_handle_s + 30",
        "action.skill_estimate - action.skill_mean < -0.5 and context.hour > 12",
        "action.csat_mean >= 2.5",
    )
    kinds = ("employee", "callback", "chat_bot", "queue")
    rules = tuple(
        Rule(f"rule {n}", "suitable", text, kinds[: n % 3 + 1]) for n, text in enumerate(texts)
    )
    for _ in range(200):
        rows = [QUEUE]
        for kind in rng.choice(kinds, size=5):
            drawn = {
                "occupancy_1h": rng.choice([0.5, 0.5000001, rng.random()]),
                "minutes_to_shift_end": rng.integers(0, 10),
                "expected_handle_s": 60.0 * rng.integers(1, 10) - 30,
                "skill_estimate": rng.random(), "skill_mean": rng.random(),
                "csat_mean": rng.choice([2.5, 2.4999998, 4.0]),
            }  # fmt: skip
            rows.append(row(str(kind), **{name: float(v) for name, v in drawn.items()}))
        hour = float(rng.integers(0, 24))
        together = applied(rows, *rules, seen=context(hour=hour))
        expected = set()
        for place, (kind, numbers) in enumerate(rows):
            named = CONTACT_CENTRE.name_action(numbers.astype(np.float64))
            told = {name: v for name, v in named.items() if isinstance(v, float)}
            holds = (
                told["occupancy_1h"] > 0.5,
                told["minutes_to_shift_end"] * 60 <= told["expected_handle_s"] + 30,
                told["skill_estimate"] - told["skill_mean"] < -0.5 and hour > 12,
                told["csat_mean"] >= 2.5,
            )
            if any(hold and kind in rule.kinds for hold, rule in zip(holds, rules, strict=True)):
                expected.add(place)
        assert set(together.removed) == expected


def test_a_spec_without_a_feature_leaves_a_built_in_rule_out_only_if_asked() -> None:
    small = FeatureSpec("small", (), CONTACT_CENTRE.action[:3])
    with pytest.raises(InputError, match=r"rule 'occupancy cap' of the built-in rules: action\."):
        Eligibility(built_in(), small)
    Eligibility(built_in(), small, lenient=True)
