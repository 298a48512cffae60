"""What a policy leaves behind: decisions with true propensities, outcomes that come late."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from envs.config import CentreConfig
from envs.records import COMPONENTS, column
from envs.run_days import Progress, run_days
from envs.state import FIRST_EMPLOYEE, State
from envs.vector import ContactCentreVector
from nba.errors import CapacityError
from nba.listen.contact_features import CHANNELS, CONTACT_CENTRE, INTENTS
from nba.listen.outcomes import OutcomeColumns
from nba.seeding import generator
from nba.types import ACTION_KINDS, Bools, DecisionLog, Floats, Ints, Policy, Texts

FIRST_MONDAY: Final = 1_767_571_200.0  # 2026-01-05 00:00 UTC, s since the epoch
# Mean delay after the contact until a component is known, s (exponential, assumed): a survey's
# answer comes in hours, churn is seen in days, the rest with the contact's end.
DELAY_S: Final = {"csat": 12 * 3600.0, "churn_loss_eur": 1.5 * 86_400.0}
# And how long one waits for it before the outcome counts as missing.
WINDOW_S: Final = dict.fromkeys(COMPONENTS, 86_400.0) | {
    "csat": 2 * 86_400.0,
    "churn_loss_eur": 14 * 86_400.0,
}


@dataclass(slots=True)
class _Rows:
    """Decisions as they are taken, in parts."""

    context: list[NDArray[np.float32]] = field(default_factory=list)
    actions: list[NDArray[np.float32]] = field(default_factory=list)
    action_index: list[Ints] = field(default_factory=list)
    counts: list[Ints] = field(default_factory=list)
    chosen: list[Ints] = field(default_factory=list)
    propensity: list[Floats] = field(default_factory=list)
    site: list[Ints] = field(default_factory=list)
    number: list[Ints] = field(default_factory=list)
    customer: list[Ints] = field(default_factory=list)
    at: list[Floats] = field(default_factory=list)

    def add(
        self,
        vector: ContactCentreVector,
        first_site: int,
        active: Bools,
        chosen: Ints,
        propensity: Floats,
    ) -> None:
        context, actions, mask = vector.observe()
        rows = np.flatnonzero(active)
        mask = mask[rows]
        self.context.append(context[rows].copy())
        self.actions.append(actions[rows][mask])
        self.action_index.append(np.nonzero(mask)[1])
        self.counts.append(mask.sum(axis=1))
        self.chosen.append(np.cumsum(mask, axis=1)[np.arange(len(rows)), chosen[rows]] - 1)
        self.propensity.append(propensity[rows].copy())
        self.site.append(first_site + rows)
        pending = column(vector.state.centre, "pending")[rows].astype(np.int64)
        self.number.append(column(vector.state.centre, "decisions")[rows].astype(np.int64))
        customers = column(vector.state.customer, "number")[rows, pending]
        self.customer.append(customers.astype(np.int64))
        self.at.append(column(vector.state.centre, "now")[rows].astype(np.float64))


def simulate_log(
    policy: Policy,
    config: CentreConfig,
    *,
    n_days: int,
    seed: int,
    progress: Progress | None = None,
) -> tuple[DecisionLog, OutcomeColumns]:
    """Let a policy serve `n_days` centre-days; its decisions, and the outcomes that came back.

    The log's rewards are NaN: `nba.listen.outcomes.join_outcomes` fills them. An outcome belongs to
    a decision and to all that followed in the same contact. Contacts that the day's end left open
    have no outcome. Row i's unit is the customer.
    """
    rows = _Rows()
    legs: dict[int, tuple[Floats, Floats]] = {}
    for step in run_days(
        policy, config, n_days=n_days, seed=seed, log=True, before_step=rows.add, progress=progress
    ):
        decisions = step.vector.day_figures()["decisions"]
        for b in np.flatnonzero(step.ended):
            legs[step.first_site + int(b)] = _close_legs(step.vector, int(b), int(decisions[b]))
    return _assemble(rows, legs, config, policy, seed)


def contact_outcome(state: State, b: int, number: int) -> Floats | None:
    """Outcome (C,) of a decision and all that followed in its contact; None while it goes on."""
    n = int(column(state.centre, "decisions")[b])
    outcome, end = _rolled_up(state, b, n)
    return None if np.isnan(end[number]) or _escalates(state, b, n, number) else outcome[number]


def _escalates(state: State, b: int, n: int, number: int) -> bool:
    """Whether the contact of a decision whose own part has ended still asks for another action."""
    pending = int(column(state.centre, "pending")[b])
    if pending < 0:
        return False
    last = int(column(state.customer, "decision")[b, pending])
    parent = column(state.leg, "parent")[b, :n].astype(np.int64)
    while last > number:
        last = int(parent[last])
    return last == number and int(column(state.customer, "step")[b, pending]) > 0


def _close_legs(vector: ContactCentreVector, b: int, n: int) -> tuple[Floats, Floats]:
    """Outcomes (n, C) and end times (n,) of a day's decisions, later ones of a contact added in."""
    if n > vector.state.leg.shape[1]:
        raise CapacityError(
            f"{n} decisions in one day outgrow the log's {vector.state.leg.shape[1]} rows; "
            "lower the load"
        )
    return _rolled_up(vector.state, b, n)


def _rolled_up(state: State, b: int, n: int) -> tuple[Floats, Floats]:
    leg = state.leg
    outcome = column(leg, "outcome")[b, :n].astype(np.float64)
    end = column(leg, "end")[b, :n].astype(np.float64)
    parent = column(leg, "parent")[b, :n].astype(np.int64)
    survey = COMPONENTS.index("csat")
    surveys = outcome[:, survey].copy()
    outcome[:, survey] = 0.0
    for i in range(n - 1, -1, -1):
        if parent[i] >= 0:
            outcome[parent[i]] += outcome[i]
            end[parent[i]] = np.maximum(end[parent[i]], end[i])  # NaN stays NaN: still open
            surveys[parent[i]] = surveys[i]
    outcome[:, survey] = surveys
    return outcome, end


def _assemble(
    rows: _Rows,
    legs: dict[int, tuple[Floats, Floats]],
    config: CentreConfig,
    policy: Policy,
    seed: int,
) -> tuple[DecisionLog, OutcomeColumns]:
    site = np.concatenate(rows.site)
    number = np.concatenate(rows.number)
    counts = np.concatenate(rows.counts)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    # Steps interleave the sites; a log reads site by site, decision by decision.
    order = np.lexsort((number, site))
    flat = np.concatenate([np.arange(offsets[i], offsets[i + 1]) for i in order])
    site, number = site[order], number[order]
    context = np.concatenate(rows.context)[order]
    # A site's simulated day has the site's number; five working days make a week.
    midnight = FIRST_MONDAY + (site // 5 * 7 + site % 5) * 86_400.0
    opening = midnight + config.open_hour * 3600.0
    customer = np.concatenate(rows.customer)[order]
    log = DecisionLog(
        decision_id=_texts(f"{seed}-{s}-{i}" for s, i in zip(site, number, strict=True)),
        unit=_texts(f"{seed}-{s}-c{i}" for s, i in zip(site, customer, strict=True)),
        at=opening + np.concatenate(rows.at)[order],
        context=context,
        offsets=np.concatenate([[0], np.cumsum(counts[order])]).astype(np.int64),
        action_ids=_action_ids(config)[np.concatenate(rows.action_index)[flat]],
        actions=np.concatenate(rows.actions)[flat],
        chosen=np.concatenate(rows.chosen)[order].astype(np.int64),
        propensity=np.concatenate(rows.propensity)[order],
        policy_version=np.full(len(order), policy.version, dtype=object),
        outcomes={},
        reward=np.full(len(order), np.nan),
        context_names=CONTACT_CENTRE.context_names,
        action_names=CONTACT_CENTRE.action_names,
        spec_version=CONTACT_CENTRE.version,
        segments=_segments(context),
    )
    outcome = np.concatenate([legs[s][0] for s in sorted(legs)])
    end = opening + np.concatenate([legs[s][1] for s in sorted(legs)])
    return log, _outcome_columns(log, outcome, end, generator(seed, "outcome delays"))


def _outcome_columns(
    log: DecisionLog, outcome: Floats, end: Floats, delays: np.random.Generator
) -> OutcomeColumns:
    parts = []
    for i, name in enumerate(COMPONENTS):
        known = ~np.isnan(outcome[:, i]) & ~np.isnan(end)
        at = end[known] + delays.exponential(DELAY_S.get(name, 0.0), int(known.sum()))
        parts.append((log.decision_id[known], name, outcome[known, i], at))
    return OutcomeColumns(
        decision_id=np.concatenate([ids for ids, _, _, _ in parts]),
        component=np.concatenate([np.full(len(ids), name, object) for ids, name, _, _ in parts]),
        value=np.concatenate([value for _, _, value, _ in parts]),
        at=np.concatenate([at for _, _, _, at in parts]),
    )


def _action_ids(config: CentreConfig) -> Texts:
    employees = [f"employee-{k:03d}" for k in range(config.n_employees)]
    return np.array([*ACTION_KINDS[:FIRST_EMPLOYEE], *employees], dtype=object)


def _segments(context: NDArray[np.float32]) -> dict[str, Texts]:
    channel = context[:, CONTACT_CENTRE.context_column("channel=voice")] < 0.5
    intent = CONTACT_CENTRE.context_column(f"intent={INTENTS[0]}")
    tier = context[:, CONTACT_CENTRE.context_column("value_tier")].astype(np.int64)
    return {
        "channel": np.array(CHANNELS, dtype=object)[channel.astype(np.int64)],
        "intent": np.array(INTENTS, dtype=object)[
            context[:, intent : intent + len(INTENTS)].argmax(axis=1)
        ],
        "value_tier": np.array(["low", "middle", "high"], dtype=object)[tier],
    }


def _texts(values: Iterable[str]) -> Texts:
    return np.array(list(values), dtype=object)
