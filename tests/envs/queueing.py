"""A centre stripped down to a textbook queue, for checks against theory."""

from dataclasses import replace

from envs.config import CentreConfig
from envs.presets import preset


def textbook_queue(
    employees: int, *, load: float, service_s: float = 200.0, patience_s: float = 300.0
) -> CentreConfig:
    """M/M/N+M for 24 hours at `load` Erlang, without bots' help, repeats or over-dispersion."""
    return replace(
        preset("bank"),
        n_employees=employees,
        contacts_per_day=load / service_s * 86_400.0,
        open_hour=0.0,
        overtime_s=0.0,
        profile=(1.0,) * 24,
        profile_hours=24.0,
        weekday_factors=(1.0,) * 5,
        day_cv=0.0,
        dispersion=1.0,
        service_mean_s=(service_s,) * 4,
        patience_median_s=patience_s,
        carry_over_share=0.0,
        recontact_share=0.0,
        exponential_times=True,
        all_day=True,
    )
