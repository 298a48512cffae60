"""Named centres, calibrated under longest-idle to bands that a test holds.

First-contact resolution by industry: SQM, 500 and more North American centres (retail 78, finance
71, telecom 61 %). `bank-2003` has the size and arrivals of bank_calls (a large North American bank,
2003; fpp3). What has no source there is assumed, as marked in `envs.config`.
"""

from collections.abc import Callable
from typing import Final

from envs.config import CentreConfig
from nba.errors import InputError


def _bank() -> CentreConfig:
    return CentreConfig()


def _telecom() -> CentreConfig:
    """Long technical contacts, many chats, customers who have tried everything already."""
    return CentreConfig(
        name="telecom",
        n_employees=24,
        contacts_per_day=1245.0,
        intent_share=(0.25, 0.45, 0.2, 0.1),
        service_mean_s=(220.0, 380.0, 230.0, 280.0),
        voice_share=0.6,
        value_share=(0.55, 0.35, 0.1),
        margin_eur=(40.0, 100.0, 240.0),
        carry_over_share=0.12,
        second_language_share=0.15,
        resolve_base=0.7,
        bot_base=(-2.8, -1.6, -1.9),
        patience_median_s=400.0,
    )


def _retail() -> CentreConfig:
    """Short questions about orders, most of them in writing, impatient customers."""
    return CentreConfig(
        name="retail",
        n_employees=18,
        contacts_per_day=1850.0,
        open_hour=8.0,
        intent_share=(0.45, 0.1, 0.25, 0.2),
        service_mean_s=(130.0, 210.0, 140.0, 170.0),
        voice_share=0.45,
        value_share=(0.6, 0.3, 0.1),
        margin_eur=(20.0, 50.0, 130.0),
        carry_over_share=0.06,
        resolve_base=1.8,
        bot_base=(-2.3, -1.1, -1.5),
        patience_median_s=400.0,
    )


def _bank_2003() -> CentreConfig:
    """The bank of the bank_calls series: calls only, 5.32 M in 164 weekdays."""
    return CentreConfig(
        name="bank-2003",
        n_employees=380,
        contacts_per_day=5.32e6 / 164,
        day_cv=0.09,
        voice_share=1.0,
        service_mean_s=(160.0, 245.0, 180.0, 215.0),
        resolve_base=1.2,
    )


PRESETS: Final[dict[str, Callable[[], CentreConfig]]] = {
    "bank": _bank,
    "telecom": _telecom,
    "retail": _retail,
    "bank-2003": _bank_2003,
}


def preset(name: str) -> CentreConfig:
    """The configuration of a named centre; InputError names the ones there are."""
    if name not in PRESETS:
        raise InputError(f"no preset {name!r}; there are {', '.join(PRESETS)}")
    return PRESETS[name]()
