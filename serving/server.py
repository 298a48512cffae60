"""The parts of one worker, put together once and handed to every call."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from nba.errors import RequestError
from serving.journal.index import Entry, Index
from serving.journal.journal import Journal
from serving.journal.records import DecisionRecord, decode_record
from serving.journal.specs import Kept, keep_spec
from serving.personalizer.mapping import FeatureMap, read_feature_map
from serving.policies.store import PolicyStore
from serving.settings import Settings


@dataclass(slots=True)
class Counts:
    """What this worker has done since it started."""

    decisions: int = 0
    dry_runs: int = 0
    fallbacks: int = 0  # the policy failed and the safe rule answered
    opt_outs: int = 0
    outcomes: int = 0  # components recorded
    last_fallback: str = ""  # why

    def note(self, record: DecisionRecord) -> None:
        """Count a decision that was acknowledged."""
        self.decisions += 1
        self.opt_outs += not record.training
        if record.fallback_reason:
            self.fallbacks += 1
            self.last_fallback = record.fallback_reason


@dataclass(slots=True)
class Server:
    """What the API's calls work with; `Server.open` also reads what the journal holds."""

    store: PolicyStore
    journal: Journal
    settings: Settings
    clock: Callable[[], float]  # seconds since the epoch
    new_id: Callable[[], str]
    index: Index = field(init=False)
    counts: Counts = field(default_factory=Counts)
    feature_map: FeatureMap = field(default_factory=FeatureMap)  # of Personalizer's features

    def __post_init__(self) -> None:
        if self.settings.personalizer:
            self.feature_map = read_feature_map(Path(self.settings.personalizer))
        self.index = Index(self.journal)
        card = self.store.current.loaded.card
        keep_spec(self.settings.journal, Kept(card.spec, card.objective))

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
        assert isinstance(record, DecisionRecord)
        return record
