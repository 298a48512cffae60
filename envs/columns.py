"""Where each observed number stands, by the feature spec's names: constants for compiled code."""

from typing import Final

from nba.listen.contact_features import CONTACT_CENTRE

_context = CONTACT_CENTRE.context_column
_action = CONTACT_CENTRE.action_column

HOUR: Final = _context("hour")
WEEKDAY: Final = _context("weekday")
ARRIVAL_RATIO: Final = _context("arrival_ratio")
WAITING: Final = _context("waiting_per_employee")
BUSY: Final = _context("busy_share")
MEAN_OCCUPANCY: Final = _context("mean_occupancy")
CHANNEL: Final = _context("channel=voice")  # and the channels after it
INTENT: Final = _context("intent=billing")  # and the intents after it
CONFIDENCE: Final = _context("intent_confidence")  # and the other estimates after it
TIER: Final = _context("value_tier")
CONTACT: Final = _context("contacts_in_journey")
STEP: Final = _context("steps_in_contact")
TOUCHES: Final = _context("touches_7d")
OCCASION: Final = _context("occasion=arrival")  # and the occasions after it

KIND: Final = _action("kind=content")  # and the kinds after it
EMPLOYEE: Final = _action("kind=employee")
NONE: Final = _action("kind=none")
WAIT: Final = _action("expected_wait_s")
BACKLOG: Final = _action("backlog")
IDLE: Final = _action("idle_s")
SKILL: Final = _action("skill_estimate")
SKILL_MEAN: Final = _action("skill_mean")
SKILL_MAX: Final = _action("skill_max")
HANDLE: Final = _action("expected_handle_s")
RESOLVE: Final = _action("resolve_estimate")
OCCUPANCY: Final = _action("occupancy_1h")
COST: Final = _action("channel_cost_eur")
SHIFT_END: Final = _action("minutes_to_shift_end")
LANGUAGE: Final = _action("language_match")
ACTIVE: Final = _action("active_contacts")
SINCE_BREAK: Final = _action("minutes_since_break")
TENURE: Final = _action("tenure_years")
CSAT: Final = _action("csat_mean")

# What does not change while an employee is at work.
STANDING: Final = (SKILL_MEAN, SKILL_MAX, TENURE, CSAT)
