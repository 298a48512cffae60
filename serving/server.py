"""The parts of one worker, put together once and handed to every call."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from nba.errors import RequestError
from serving.journal.index import Entry, Index
from serving.journal.journal import Journal
from serving.journal.records import BatchRecord, DecisionRecord, decode_record
from serving.journal.specs import Kept, keep_spec, kept_specs
from serving.lifecycle_log import LifecycleLog
from serving.metrics.metrics import Metrics
from serving.path.slow import SlowWatch
from serving.path.told import told_in_full
from serving.personalizer.mapping import FeatureMap, read_feature_map
from serving.policies.store import PolicyStore
from serving.settings import Settings
from serving.state.shared import Shared
from serving.state.state import State


class Running(Protocol):
    """A request that is being answered; cancelled when it takes too long."""

    def cancel(self) -> object:
        """Answer it now, that it took too long."""


@dataclass(slots=True)
class Server:
    """What the API's calls work with; `Server.open` also reads what the journal holds."""

    store: PolicyStore
    journal: Journal
    settings: Settings
    clock: Callable[[], float]  # seconds since the epoch
    new_id: Callable[[], str]
    index: Index = field(init=False)
    feature_map: FeatureMap = field(default_factory=FeatureMap)  # of Personalizer's features
    metrics: Metrics = field(default_factory=Metrics)
    log: LifecycleLog = field(default_factory=LifecycleLog)
    running: dict[Running, float] = field(default_factory=dict)  # when each began
    lag_s: float = 0.0  # how late the loop has run for three beats
    watch: SlowWatch = field(init=False)
    state: State = field(init=False)  # what is known of employees and customers
    draining: bool = False  # it is being stopped

    def __post_init__(self) -> None:
        self.watch = SlowWatch(self.settings.policy_limit_s)
        if self.settings.personalizer:
            self.feature_map = read_feature_map(Path(self.settings.personalizer))
        self.index = Index(self.journal)
        shared = self.settings.shared_state
        self.state = State(
            self.journal,
            folder=self.settings.journal,
            most_profiles=self.settings.max_profiles,
            now=self.clock(),
            shared=Shared(shared) if shared else None,
        )
        self.note_plan()

    def note_plan(self) -> None:
        """Keep the specs of what is served now beside the journal, and say that it is served."""
        for served in self.store.loaded.values():
            card = served.loaded.card
            keep_spec(self.settings.journal, Kept(card.spec, card.objective))
        self.metrics.own("nba_policy_generation").set(self.store.plan.generation)

    def entry(self, decision_id: str) -> Entry:
        """What is known of a decision; raises RequestError for an id that is unknown here."""
        entry = self.index.get(decision_id)
        if entry is None:
            message = f"decision {decision_id[:128]!r} is unknown here"
            remedy = "send the decision_id that POST /v1/decisions answered to this server"
            raise RequestError(404, "decision_id", message, remedy)
        return entry

    async def record(self, entry: Entry) -> DecisionRecord:
        """A decision's record, once everything promised about it is durable."""
        record = decode_record(self.journal.read(await entry.settled()))
        if isinstance(record, BatchRecord):
            served = self.store.version(record.policy_version)
            if served is None:
                kept = kept_specs(self.settings.journal)[record.spec_version]
                return told_in_full(record, entry.row, kept.spec, None)
            return told_in_full(record, entry.row, served.loaded.card.spec, served)
        assert isinstance(record, DecisionRecord)
        return record
