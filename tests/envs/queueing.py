"""A centre stripped down to a textbook queue, and what is measured in it against theory."""

from dataclasses import dataclass, replace

import numpy as np

from envs.config import CentreConfig
from envs.presets import preset
from envs.vector import ContactCentreVector
from nba.act.decide import draw
from nba.act.longest_idle import LongestIdle
from nba.act.policy import one_row
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.objective import Objective
from nba.seeding import keyed_uniforms
from nba.types import ActionSet, Bools, Context, Floats, Floats32, Ints, Policy

LONGEST_IDLE = LongestIdle(CONTACT_CENTRE)


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
        voice_share=1.0,  # one contact at a time
        consent_share=0.0,  # nobody is called back
        open_contact_eur=0.0,  # who is still there when the day ends costs nothing
        exponential_times=True,
        all_day=True,
    )


def single_server(load: float, *, service_s: float, service_cv: float) -> CentreConfig:
    """M/G/1 with lognormal service; neither skill, speed, fatigue nor patience act on it.

    Complexity stays: it multiplies the service time by a lognormal number of mean one, so the
    time is still lognormal, with 0.04 more in the variance of its logarithm (`total_cv`).
    """
    return replace(
        textbook_queue(1, load=load, service_s=service_s),
        exponential_times=False,
        service_cv=service_cv,
        wrap_up_s=0.0,
        speed_sigma=0.0,
        primary_skill=0.0,  # a skill of one half multiplies the service time by one
        other_skill=0.0,
        skill_sigma=0.0,
        second_language_share=0.0,
        occupancy_window_s=1e12,  # nobody ever tires
        bump_share=0.0,
        patience_median_s=1e12,
    )


def total_cv(service_cv: float) -> float:
    """Standard deviation over mean of a service time of `single_server`."""
    return float(np.sqrt(np.exp(np.log1p(service_cv**2) + 0.2**2) - 1.0))


@dataclass(frozen=True, slots=True)
class RandomIdle:
    """Every idle employee alike; nobody idle: the shared queue."""

    name: str = "random_idle"
    version: str = "test-1"

    def probabilities(self, context: Context, actions: ActionSet) -> Floats:
        return one_row(self, context, actions)

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        employee = actions[:, :, CONTACT_CENTRE.action_column("kind=employee")] == 1.0
        idle = mask & employee & (actions[:, :, CONTACT_CENTRE.action_column("idle_s")] > 0.0)
        queue = actions[:, :, CONTACT_CENTRE.action_column("kind=queue")] == 1.0
        open_to = np.where(idle.any(axis=1, keepdims=True), idle, queue)
        return np.asarray(open_to / open_to.sum(axis=1, keepdims=True))


@dataclass(frozen=True, slots=True)
class QueueDays:
    """What happened after the warm-up, per simulated day (D,)."""

    seconds: Floats
    arrivals: Floats
    found_all_busy: Floats  # share of arrivals
    found_in_system: Floats  # mean number of customers that an arrival found
    earned: Floats  # Σ reward under the weights asked for
    choices: Ints  # (steps,) of day 0, from the start


def watch(
    policy: Policy,
    config: CentreConfig,
    weights: dict[str, float],
    *,
    n_days: int,
    seed: int,
    warm_up_s: float = 3600.0,
) -> QueueDays:
    """Run `n_days` centres for a day each and count from the first arrival after the warm-up."""
    vector = ContactCentreVector(config, n_days, seed, objective=Objective(weights))
    vector.reset()
    busy = CONTACT_CENTRE.context_column("busy_share")
    waiting = CONTACT_CENTRE.context_column("waiting_per_employee")
    # Days begin at opening; the first arrival's own time is in the hour that is observed.
    hour = CONTACT_CENTRE.context_column("hour")
    clock = vector.observe()[0][:, hour].astype(np.float64) * 3600.0
    sums = np.zeros((5, n_days))
    over = np.zeros(n_days, dtype=np.bool_)
    choices = []
    while not over.all():
        context, actions, mask = vector.observe()
        counts = ~over & (clock > warm_up_s)
        in_system = (context[:, busy] + context[:, waiting]) * config.n_employees
        seen = np.array([np.ones(n_days), context[:, busy] > 0.999, in_system])
        probabilities = policy.batch_probabilities(context, actions, mask)
        chosen, _ = draw(probabilities, keyed_uniforms(vector.keys, 17))
        choices.append(int(chosen[0]))
        reward, dt, done = vector.step(chosen)
        sums += counts * np.array([dt, *seen, reward])
        clock += dt
        over |= done
    seconds, arrivals, all_busy, in_system, earned = sums
    return QueueDays(
        seconds, arrivals, all_busy / arrivals, in_system / arrivals, earned, np.array(choices)
    )


def z_of(day_means: Floats, truth: float | Floats) -> float:
    """How many standard errors the mean of independent days is from the truth."""
    gap = day_means - truth
    return float(gap.mean() / (gap.std(ddof=1) / np.sqrt(len(gap))))
