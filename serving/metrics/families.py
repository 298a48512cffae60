"""Every metric by name, what it is, and how Prometheus should read it."""

from typing import Final, NamedTuple


class Family(NamedTuple):
    """A metric's type and what it tells."""

    kind: str  # counter, gauge or histogram
    help: str


FAMILIES: Final[dict[str, Family]] = {
    "nba_decisions_total": Family("counter", "Decisions acknowledged, by how they were made"),
    "nba_fallbacks_total": Family("counter", "Decisions the safe rule made as the policy failed"),
    "nba_opt_outs_total": Family("counter", "Decisions for customers who opted out"),
    "nba_dry_runs_total": Family("counter", "Decisions that were not to be remembered"),
    "nba_propensity_sum": Family("counter", "Sum of the propensities of the chosen actions"),
    "nba_outcomes_total": Family("counter", "Outcome components recorded"),
    "nba_overrides_total": Family("counter", "Decisions changed by an employee or supervisor"),
    "nba_events_total": Family("counter", "Customer events taken in"),
    "nba_control_total": Family("counter", "Decisions of the holdout and the canary"),
    "nba_shadow_scored_total": Family("counter", "Decisions scored by a policy that does not act"),
    "nba_shadow_agreed_total": Family("counter", "Of these, with the action that was taken"),
    "nba_shadow_errors_total": Family("counter", "Failures of a policy that does not act"),
    "nba_apprentice_total": Family("counter", "Caller's choices that a policy watched"),
    "nba_apprentice_matched_total": Family("counter", "Of these, the policy's likeliest action"),
    "nba_refusals_total": Family("counter", "Requests refused, by HTTP status"),
    "nba_key_requests_total": Family("counter", "Requests by the name of their key"),
    "nba_request_seconds": Family("histogram", "Seconds from the whole request to its answer"),
    "nba_in_flight": Family("gauge", "Requests that are being answered"),
    "nba_shared_state_up": Family("gauge", "Whether the shared state could be reached"),
    "nba_shared_state_waiting": Family("gauge", "Facts that have not reached it yet"),
    "nba_loop_lag_seconds": Family("gauge", "How late the worker's loop has been running"),
    "nba_journal_waiting": Family("gauge", "Records that wait for the disk"),
    "nba_journal_broken": Family("gauge", "1 if the journal can promise nothing any more"),
    "nba_decisions_known": Family("gauge", "Decisions in the index"),
    "nba_resident_bytes": Family("gauge", "Memory of the worker"),
    "nba_policy_generation": Family("gauge", "Generation of the plan that the worker serves"),
    "nba_plan_errors_total": Family("counter", "Plans that a worker could not load"),
    "nba_worker_started_seconds": Family("gauge", "When the worker started, since the epoch"),
    "nba_worker_restarts_total": Family("counter", "Starts of a worker after its first"),
}
