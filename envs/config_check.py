"""What a centre's numbers must obey: each faulty field is refused by its name."""

from dataclasses import fields
from math import isfinite
from typing import TYPE_CHECKING, Final

from nba.errors import InputError
from nba.listen.contact_features import INTENTS

if TYPE_CHECKING:
    from envs.config import CentreConfig

_ABOVE_ZERO: Final = frozenset({
    "n_employees", "contacts_per_day", "profile_hours", "profile", "weekday_factors",
    "margin_eur", "patience_median_s", "chat_patience_factor", "service_mean_s", "service_cv",
    "occupancy_window_s", "chat_slots", "chat_time_factor", "drift_days", "bot_mean_s",
    "carry_context", "callback_mean_s", "recontact_median_s", "newcomer_speed",
    "tenure_mean_years", "break_s",
})  # fmt: skip
# Logits, and a price: these alone may be negative.
_ANY_SIGN: Final = frozenset({
    "primary_skill", "other_skill", "resolve_base", "resolve_skill", "bot_base",
    "open_contact_eur", "outage_start_s", "outage_end_s", "roster", "newcomer_skill",
    "resolve_empathy", "bot_affinity", "bot_complexity", "bot_sentiment",
})  # fmt: skip
_SHARES: Final = frozenset({
    "voice_share", "second_language_share", "carry_over_share", "bump_share", "consent_share",
    "intent_accuracy", "intent_confidence_spread", "sentiment_missing_share",
    "affinity_missing_share", "newcomer_share", "chat_load", "second_language_staff",
    "bot_contained", "callback_reached", "recontact_share", "recontact_same_day", "defection",
    "defection_scale", "repeat_value", "practice_below",
})  # fmt: skip
_MIXES: Final = ("intent_share", "drift_share", "value_share")
_LENGTHS: Final = {
    "intent_share": len(INTENTS), "service_mean_s": len(INTENTS), "value_share": 3,
    "margin_eur": 3,
    "weekday_factors": 5, "defection": 3, "break_s": 3, "bot_base": 3, "bot_affinity": 3,
    "bot_complexity": 3, "bot_sentiment": 3, "bot_contained": 3, "bot_mean_s": 3,
    "bot_cost_eur": 3,
}  # fmt: skip


def check_fields(config: "CentreConfig") -> None:
    """Raise InputError, naming the field, for a number that no centre can have."""
    for field in fields(config):
        _check_field(field.name, getattr(config, field.name), field.default)
    for name in _MIXES:
        mix = getattr(config, name)
        if mix and abs(sum(mix) - 1.0) > 1e-6:
            raise InputError(f"{name} sums to {sum(mix):g}; shares that sum to 1 are needed")
    if config.intent_accuracy + config.intent_confidence_spread > 1.0:
        raise InputError("intent_accuracy + intent_confidence_spread is above 1; lower one of them")
    if len(config.profile) < config.profile_hours:
        raise InputError(
            f"profile has {len(config.profile)} hours and profile_hours is "
            f"{config.profile_hours:g}; give a number for every hour"
        )
    if config.outage_start_s > config.outage_end_s:
        raise InputError("outage_end_s is before outage_start_s; let it end after it starts")


def _check_field(name: str, value: object, default: object) -> None:
    for kind in (str, tuple):
        if isinstance(default, kind) is not isinstance(value, kind):
            needed = type(default).__name__
            raise InputError(f"{name} is {value!r}; a {needed} is needed")
    if isinstance(value, tuple):
        _check_length(name, value)
        for at, part in enumerate(value):
            _check_number(f"{name}[{at}]", name, part, float)
    elif not isinstance(value, str):
        _check_number(name, name, value, type(default))


def _check_length(name: str, value: tuple[float, ...]) -> None:
    wanted = _LENGTHS.get(name)
    if name == "drift_share" and value:
        wanted = len(INTENTS)
    if wanted is not None and len(value) != wanted:
        raise InputError(f"{name} has {len(value)} numbers; {wanted} are needed")
    if name in {"profile", "weekday_factors"} and not value:
        raise InputError(f"{name} is empty; at least one number is needed")
    if name == "profile" and len(value) > 24:
        raise InputError(f"profile has {len(value)} hours; a day has 24")


def _check_number(where: str, name: str, value: object, kind: type) -> None:
    if isinstance(value, bool) is not (kind is bool) or not isinstance(value, (int, float)):
        raise InputError(f"{where} is {value!r}; a {kind.__name__} is needed")
    if not isfinite(value):
        raise InputError(f"{where} is {value}; a finite number is needed")
    if kind is int and value != int(value):
        raise InputError(f"{where} is {value}; a whole number is needed")
    if name in _ABOVE_ZERO and value <= 0:
        raise InputError(f"{where} is {value}; a number above 0 is needed")
    if name not in _ANY_SIGN and value < 0:
        raise InputError(f"{where} is {value}; a number of 0 or more is needed")
    if name in _SHARES and value > 1:
        raise InputError(f"{where} is {value}; a share between 0 and 1 is needed")
