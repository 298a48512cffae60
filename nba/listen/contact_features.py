"""The feature spec of a contact centre: what is seen of the load, the customer and each action.

Employees appear by workload and skill facts only: no id, no emotion.
"""

from typing import Final

from nba.listen.encode import Feature, FeatureSpec
from nba.types import ACTION_KINDS

INTENTS: Final = ("billing", "technical", "account", "sales")
CHANNELS: Final = ("voice", "chat")
# Why an action is needed: the customer came, a bot gave up, a call was promised, or the customer
# gave up waiting and agreed to be contacted.
OCCASIONS: Final = ("arrival", "escalation", "callback", "follow_up")

CONTACT_CENTRE: Final = FeatureSpec(
    "contact-centre-2",
    context=(
        Feature("hour", "h of the day", 0, 24),
        Feature("weekday", "0 = Monday", 0, 6),
        Feature("arrival_ratio", "arrivals of the last 15 min / profile", 0, 10),
        Feature("waiting_per_employee", "waiting customers / employees on shift", 0, 1000),
        Feature("busy_share", "busy / on shift", 0, 1),
        Feature("mean_occupancy", "share of the last hour", 0, 1),
        Feature("channel", levels=CHANNELS),
        Feature("intent", "classifier's guess", levels=INTENTS),
        Feature("intent_confidence", "probability", 0, 1),
        Feature("complexity_estimate", "standard deviations", -6, 6),
        Feature("sentiment_estimate", "score", -1, 1, default=0.0),
        Feature("digital_affinity_estimate", "standard deviations", -6, 6, default=0.0),
        Feature("value_tier", "0 low, 1 middle, 2 high", 0, 2),
        Feature("contacts_in_journey", "earlier contacts of this issue", 0, 100),
        Feature("steps_in_contact", "actions tried in this contact", 0, 100),
        Feature("touches_7d", "times we contacted the customer in 7 days", 0, 100),
        Feature("occasion", levels=OCCASIONS),
    ),
    action=(
        Feature("kind", levels=ACTION_KINDS),
        Feature("expected_wait_s", "s", 0, 86_400),
        Feature("backlog", "customers waiting there", 0, 1000),
        Feature("idle_s", "s since the last contact, 0 if busy", 0, 86_400),
        Feature("skill_estimate", "for the guessed intent", 0, 1),
        Feature("skill_mean", "over intents", 0, 1),
        Feature("skill_max", "over intents", 0, 1),
        Feature("expected_handle_s", "s", 0, 86_400),
        Feature("resolve_estimate", "probability", 0, 1),
        Feature("occupancy_1h", "share of the last hour", 0, 1),
        Feature("channel_cost_eur", "EUR", 0, 1000),
        Feature("minutes_to_shift_end", "min", 0, 1440),
        Feature("language_match", "1 yes, 0 no", 0, 1),
        Feature("active_contacts", "contacts in hand", 0, 100),
        Feature("minutes_since_break", "min at work since the last break", 0, 1440),
        Feature("tenure_years", "years in the job", 0, 60),
        Feature("csat_mean", "mean of past survey answers, 1 to 5", 0, 5),
    ),
)
