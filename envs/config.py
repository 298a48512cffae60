"""One contact centre in numbers: every coefficient with its unit and source.

"assumed" marks a number without a source; `envs.presets` holds the calibrated sets.
"""

from dataclasses import dataclass, fields
from typing import cast

import numpy as np

from envs.config_check import check_fields
from nba.types import Floats


@dataclass(frozen=True, slots=True)
class CentreConfig:
    """The centre that `envs.kernel` simulates; times in seconds, money in EUR."""

    name: str = "bank"
    # Size and hours
    n_employees: int = 24  # on the roster; shifts follow the arrival profile
    contacts_per_day: float = 1820.0  # mean new contacts on an average weekday
    open_hour: float = 7.0  # h of the day
    overtime_s: float = 1800.0  # s worked after the last arrival
    profile: tuple[float, ...] = (
        84.0, 160.0, 268.0, 283.0, 273.0, 259.0, 249.0, 242.0, 232.0, 204.0, 154.0, 119.0, 95.0,
        77.0, 70.0,
    )  # fmt: skip
    profile_hours: float = 169 * 5 / 60  # h; the last profile hour is cut to one slot of 5 min
    weekday_factors: tuple[float, ...] = (1.122, 1.006, 0.949, 0.948, 0.985)
    day_cv: float = 0.046  # day factor: explains 2.01 − 1.61 of variance/mean at the source's size
    dispersion: float = 1.61  # variance/mean of a 5-minute slot given the day (bank_calls)
    # Customers
    intent_share: tuple[float, ...] = (0.35, 0.25, 0.25, 0.15)  # assumed
    drift_share: tuple[float, ...] = ()  # the mix at the end of a drift; empty for none
    drift_days: float = 40.0  # days from the first mix to the last, in a straight line
    voice_share: float = 0.7  # assumed
    second_language_share: float = 0.12  # assumed
    value_share: tuple[float, ...] = (0.5, 0.35, 0.15)  # assumed
    margin_eur: tuple[float, ...] = (40.0, 100.0, 260.0)  # lost with a churned customer, assumed
    carry_over_share: float = 0.08  # arrivals that are repeats of an earlier day, assumed
    patience_median_s: float = 420.0  # assumed, calibrated to the abandonment band
    patience_sigma: float = 1.0  # assumed
    bump_share: float = 0.06  # customers who give up near 60 s (Brown et al. 2005 show the peak)
    chat_patience_factor: float = 1.6  # assumed
    consent_share: float = 0.7  # customers who may be contacted unasked, assumed
    touches_mean: float = 0.8  # such contacts in the last 7 days, Poisson, assumed
    follow_up_delay_s: float = 300.0  # from giving up to the decision whether to get in touch
    # What is observed (standard deviation of the error of each estimate; assumed)
    intent_accuracy: float = 0.85  # mean confidence of the guess
    intent_confidence_spread: float = 0.14  # half width around it; the confidence is calibrated
    complexity_noise: float = 0.8
    sentiment_noise: float = 0.35
    affinity_noise: float = 0.8
    sentiment_missing_share: float = 0.35
    affinity_missing_share: float = 0.15
    skill_noise: float = 0.35  # logits
    speed_noise: float = 0.06  # log scale
    empathy_noise: float = 0.7  # standard deviations of empathy: what past surveys tell of it
    # Employees
    service_mean_s: tuple[float, ...] = (170.0, 260.0, 190.0, 230.0)  # by intent; a bank's is 188
    service_cv: float = 1.25  # Brown et al. 2005: 1.2–1.3
    wrap_up_s: float = 25.0  # after each contact, assumed
    speed_sigma: float = 0.15  # log scale (Ibrahim et al. 2016: strong effect)
    primary_skill: float = 1.5  # mean logit of skill in an employee's own intents, assumed
    other_skill: float = -0.7  # and in the others, assumed
    skill_sigma: float = 0.5  # logits, assumed
    second_language_staff: float = 0.35  # assumed
    own_queue_limit: int = 2  # contacts that may wait for one employee
    occupancy_window_s: float = 3600.0  # time constant of the occupancy figure
    chat_slots: int = 2  # chats at a time; a call takes all of an employee
    chat_load: float = 0.8  # share of an employee's attention that a first chat takes, assumed
    chat_time_factor: float = 1.2  # a chat's length, alone, to a call's, assumed
    chat_slowdown: float = 0.2  # and longer by this for another chat in hand, assumed
    break_s: tuple[float, ...] = (
        900.0,
        1800.0,
        900.0,
    )  # of a long shift; a short one has the first
    tenure_mean_years: float = 4.0  # exponential, assumed
    newcomer_share: float = 0.1  # employees in their first half year, assumed
    newcomer_skill: float = 0.8  # logits below the others, assumed
    newcomer_speed: float = 1.12  # factor on their service times, assumed
    practice_below: float = 0.5  # estimated skill below which a resolved contact counts as growth
    roster: int = 0  # another number is another roster of the same kind
    # Resolution (logits), assumed and calibrated to first-contact resolution of 71 % (SQM: finance)
    resolve_base: float = 1.4
    resolve_skill: float = 3.2  # per unit of skill above one half
    resolve_complexity: float = 0.55
    resolve_fatigue: float = 0.6
    resolve_language: float = 1.2  # lost on a language mismatch
    resolve_empathy: float = 0.25  # per standard deviation, the more the worse the mood, assumed
    # Sentiment, −1 to 1: what moves it (assumed)
    sentiment_wait: float = 0.05  # lost per minute of waiting
    sentiment_failure: float = 0.15  # lost when a bot or a contact fails
    sentiment_empathy: float = 0.12  # gained per standard deviation of the employee's empathy
    churn_sentiment: float = 0.4  # churn is this share higher at −1 and lower at 1
    # Self-service and bots: logits of resolution, then what happens otherwise (assumed)
    bot_base: tuple[float, ...] = (-3.0, -1.5, -1.7)  # content, chat bot, voice bot
    bot_affinity: tuple[float, ...] = (0.7, 0.55, 0.35)
    bot_complexity: tuple[float, ...] = (0.9, 0.9, 0.9)
    bot_sentiment: tuple[float, ...] = (0.3, 0.5, 0.5)
    bot_contained: tuple[float, ...] = (0.15, 0.3, 0.2)  # unresolved customers who leave
    bot_mean_s: tuple[float, ...] = (60.0, 150.0, 110.0)
    bot_cost_eur: tuple[float, ...] = (0.10, 0.40, 0.30)  # 0.10 self-service: Gartner 2019
    outage_start_s: float = -1.0  # bots are down from here, s after opening; negative for never
    outage_end_s: float = -1.0  # to here
    carry_context: float = 0.92  # service time factor after a bot has asked the first questions
    # Callback
    callback_mean_s: float = 3600.0
    callback_reached: float = 0.85
    callback_cost_eur: float = 0.50
    # Repeats and churn
    recontact_share: float = 0.55  # unresolved customers who come back, assumed
    recontact_same_day: float = 0.4  # of those, assumed
    recontact_median_s: float = 3600.0  # of the same-day ones, assumed
    defection: tuple[float, ...] = (
        0.05,
        0.09,
        0.25,
    )  # resolved first, later, unresolved (SQM 2022)
    defection_scale: float = 0.2  # stated intent → observed churn, assumed
    repeat_value: float = 0.5  # value of a resolution per repeat contact, assumed
    open_contact_eur: float = -3.0  # a repeat still to come at the day's end, assumed
    # Degenerate switches for checks against queueing theory
    plain_service: bool = False  # nothing but the intent acts on service times, no wrap-up
    exponential_times: bool = False  # plain service, and service and patience are exponential
    all_day: bool = False  # everybody works from opening to the end, without breaks

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def day_s(self) -> float:
        """Length of a simulated day, s."""
        return self.open_s + self.overtime_s

    @property
    def open_s(self) -> float:
        """Seconds from opening to the last possible arrival."""
        return self.profile_hours * 3600.0

    @property
    def rates(self) -> Floats:
        """Mean arrivals per second in each hour of an average weekday, (hours,)."""
        shape = np.array(self.profile)
        hours = np.clip(self.profile_hours - np.arange(len(shape)), 0.0, 1.0)
        return np.asarray(shape * self.contacts_per_day / (shape @ hours) / 3600.0)


def coefficients(config: CentreConfig) -> CentreConfig:
    """The same fields as a numpy record, the form that compiled code reads by reference."""
    # Records of other lengths are other types, each compiled anew: the profile, which may have any
    # number of hours, is read as `Fixed.rates`.
    apart = ("name", "profile")
    values = {f.name: getattr(config, f.name) for f in fields(CentreConfig) if f.name not in apart}
    codes = {bool: "?", int: "i8", float: "f8"}
    values["drift_share"] = config.drift_share or config.intent_share
    parts = [
        (name, "f8", (len(value),)) if isinstance(value, tuple) else (name, codes[type(value)])
        for name, value in values.items()
    ]
    record = np.zeros(1, dtype=np.dtype(parts, align=True))
    for name, value in values.items():
        record[name] = value
    return cast(CentreConfig, record[0])
