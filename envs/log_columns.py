"""The log's columns of a block of centre-days, in slices, and the outcomes that come back later.

Nothing here loops over decisions in Python except to write their names.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from envs.config import CentreConfig
from envs.day_blocks import DayBlock
from envs.log_rows import Rows
from envs.records import COMPONENTS
from envs.state import FIXED_ACTIONS
from nba.listen.contact_features import CHANNELS, CONTACT_CENTRE, INTENTS
from nba.listen.outcomes import OutcomeColumns
from nba.seeding import generator
from nba.types import DecisionLog, Floats, Floats32, Ints, Texts

FIRST_MONDAY: Final = 1_767_571_200.0  # 2026-01-05 00:00 UTC, s since the epoch
# Mean delay after the contact until a component is known, s (exponential, assumed): a survey's
# answer comes in hours, churn is seen in days, the rest with the contact's end.
DELAY_S: Final = {"csat": 12 * 3600.0, "churn_loss_eur": 1.5 * 86_400.0, "churned": 1.5 * 86_400.0}


@dataclass(frozen=True, slots=True)
class DayOutcomes:
    """What came of every decision of one centre-day, NaN where it is not known."""

    outcome: Floats  # (n, C)
    end: Floats  # (n,) s after opening


def log_slices(
    rows: Rows,
    outcomes: Mapping[int, DayOutcomes],
    config: CentreConfig,
    *,
    policy_version: str,
    seed: int,
    most_actions: int,
) -> Iterator[tuple[DecisionLog, OutcomeColumns]]:
    """The block's log, centre by centre, in slices of about `most_actions` offered actions.

    Rewards are NaN and outcomes apart. Names are `seed-site-day-number`, the day being the
    working day since the first Monday, and `seed-site-day-c…` for the customer.
    """
    columns = _Columns.of(rows, outcomes, config, seed)
    share = np.cumsum(columns.counts) // most_actions
    ends = np.append(np.flatnonzero(np.diff(share)) + 1, len(share))
    start = 0
    for end in ends.tolist():
        log = columns.log(slice(start, end), rows, config, policy_version)
        yield log, columns.outcomes(slice(start, end), log.decision_id)
        start = end


@dataclass(frozen=True, slots=True)
class _Columns:
    """All columns of a block except the actions, in the order of the log."""

    decision_id: Texts  # (n,)
    unit: Texts  # (n,)
    at: Floats  # (n,)
    context: Floats32  # (n, d)
    counts: Ints  # (n,) offered actions
    first: Ints  # (n,) where they begin in `Rows.actions`
    action_index: Ints  # (m,) in the order of `Rows.actions`
    chosen: Ints  # (n,)
    propensity: Floats  # (n,)
    outcome: Floats  # (n, C)
    known_at: Floats  # (n, C) s since the epoch

    @classmethod
    def of(
        cls, rows: Rows, outcomes: Mapping[int, DayOutcomes], config: CentreConfig, seed: int
    ) -> "_Columns":
        centre, number = np.concatenate(rows.centre), np.concatenate(rows.number)
        order = np.lexsort((number, centre))
        counts = np.concatenate(rows.counts)
        first = np.cumsum(counts) - counts
        opening = opening_time(config, rows.block.days)
        return cls(
            decision_id=_names(rows.block, seed, "", centre[order], number[order]),
            unit=_names(rows.block, seed, "c", centre[order], np.concatenate(rows.customer)[order]),
            at=opening[centre[order]] + np.concatenate(rows.at)[order],
            context=np.concatenate(rows.context)[order],
            counts=counts[order],
            first=first[order],
            action_index=np.concatenate(rows.action_index),
            chosen=np.concatenate(rows.chosen)[order],
            propensity=np.concatenate(rows.propensity)[order],
            outcome=np.concatenate([outcomes[b].outcome for b in range(rows.block.n)]),
            known_at=np.concatenate(
                [
                    opening[b] + outcomes[b].end[:, None] + _delays(rows.block, b, seed, outcomes)
                    for b in range(rows.block.n)
                ]
            ),
        )

    def log(
        self, part: slice, rows: Rows, config: CentreConfig, policy_version: str
    ) -> DecisionLog:
        """The decisions of a slice."""
        counts = self.counts[part]
        n, offsets = len(counts), np.concatenate([[0], np.cumsum(counts)])
        flat = np.repeat(self.first[part] - offsets[:-1], counts) + np.arange(offsets[-1])
        actions, context = rows.actions.take(flat), self.context[part]
        return DecisionLog(
            decision_id=self.decision_id[part],
            unit=self.unit[part],
            at=self.at[part],
            context=context,
            offsets=offsets,
            action_ids=_action_ids(config, self.action_index[flat]),
            actions=actions,
            chosen=self.chosen[part],
            propensity=self.propensity[part],
            policy_version=np.full(n, policy_version, dtype=object),
            outcomes={},
            reward=np.full(n, np.nan),
            context_names=CONTACT_CENTRE.context_names,
            action_names=CONTACT_CENTRE.action_names,
            spec_version=CONTACT_CENTRE.version,
            segments=_segments(context),
        )

    def outcomes(self, part: slice, decision_id: Texts) -> OutcomeColumns:
        """The outcomes of a slice that come back at all, decision by decision."""
        outcome, known_at = self.outcome[part], self.known_at[part]
        row, component = np.nonzero(~np.isnan(outcome) & ~np.isnan(known_at))
        return OutcomeColumns(
            decision_id=decision_id[row],
            component=np.array(COMPONENTS, dtype=object)[component],
            value=outcome[row, component],
            at=known_at[row, component],
        )


def opening_time(config: CentreConfig, days: Ints) -> Floats:
    """When the centre opens on these working days, s since the epoch; a week has five of them."""
    midnight = FIRST_MONDAY + (days // 5 * 7 + days % 5) * 86_400.0
    return np.asarray(midnight + config.open_hour * 3600.0)


def _names(block: DayBlock, seed: int, letter: str, centre: Ints, number: Ints) -> Texts:
    days = zip(block.sites.tolist(), block.days.tolist(), strict=True)
    prefixes = [f"{seed}-{site}-{day}-{letter}" for site, day in days]
    pairs = zip(centre.tolist(), number.tolist(), strict=True)
    return np.array([f"{prefixes[b]}{i}" for b, i in pairs], dtype=object)


def _delays(block: DayBlock, b: int, seed: int, outcomes: Mapping[int, DayOutcomes]) -> Floats:
    """Seconds from the end of a contact until each component is known, (n, C)."""
    delay = np.zeros(outcomes[b].outcome.shape)
    luck = generator(seed, f"outcome delays of site {block.sites[b]} on day {block.days[b]}")
    for name, mean_s in DELAY_S.items():
        delay[:, COMPONENTS.index(name)] = luck.exponential(mean_s, len(delay))
    return delay


def _action_ids(config: CentreConfig, index: Ints) -> Texts:
    """The names of offered actions: an employee's number, or the kind of a fixed action."""
    employees = [f"employee-{k:03d}" for k in range(config.n_employees)]
    return np.array([*FIXED_ACTIONS, *employees], dtype=object)[index]


def _segments(context: Floats32) -> dict[str, Texts]:
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
