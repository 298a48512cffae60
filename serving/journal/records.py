"""What the journal holds: decisions and outcomes as compact records, arrays as raw bytes."""

from typing import Any, Final

import msgspec
import numpy as np
from msgspec import UNSET, Struct

from nba.errors import InputError
from nba.types import Floats, Floats32
from serving.journal.text_column import TextColumn
from serving.schema import Chosen, DecisionReply, Expected, Mode, Ranked, Role


class ShadowScore(Struct, frozen=True, array_like=True):
    """What a policy that is only watched would have done; it was never acted on."""

    policy_version: str
    chosen: str  # the action that it would have drawn with the same key
    probability: float  # that it gives to the action which was taken
    probabilities: bytes  # float64 (k,)


class DecisionRecord(Struct, frozen=True, array_like=True, tag="d"):
    """One decision: the numbers the policy saw and gave, and the request as it came.

    A field may be added at the end only: older records are read by the same class.
    """

    decision_id: str
    at: float  # seconds since the epoch
    unit: str  # the customer
    mode: Mode
    training: bool  # False: opted out, no learner may see it
    fallback_reason: str  # why the safe rule answered instead of the policy; empty if it did not
    policy: str
    policy_version: str
    spec_version: str
    action_ids: list[str]  # the k eligible ones
    chosen: int  # index into them
    chosen_kind: str
    probabilities: bytes  # float64 (k,)
    rewards: bytes  # float64 (k,) EUR, or empty without a reward model
    context: bytes  # float32 (d,)
    actions: bytes  # float32 (k, p)
    why: list[str]
    excluded: dict[str, str]
    request: bytes  # the body as received
    use_case: str = "default"
    control: str = ""  # "holdout" or "canary": the share of customers it belongs to
    baseline: str = ""  # the action that the caller would have taken
    levers: dict[str, float] = {}  # weights of outcome components, for this request alone
    shadow: list[ShadowScore] = []
    funnel: dict[str, int] = {}  # how many actions were left after each step, in order
    expected: dict[str, tuple[float, float]] | None = None  # component → mean, std error; if asked


class BatchRecord(Struct, frozen=True, array_like=True, tag="b"):
    """Decisions that a policy made together, in columns: B rows with N actions, M eligible ones.

    Each row stands for a DecisionRecord, which `batch_rows` makes. Every column is bytes, so a row
    can be overwritten where it lies.
    """

    name: str  # a row's id is this, ~ and its number, if `ids` has none
    at: float  # seconds since the epoch
    units: TextColumn  # (B,)
    ids: TextColumn  # (B,) of the caller, or empty
    gone: bytes  # (B,) 1 where a customer was forgotten
    policy: str
    policy_version: str
    spec_version: str
    sizes: bytes  # uint16 (B,) how many of the actions are a row's
    chosen: bytes  # uint16 (B,) index into a row's eligible ones
    action_ids: TextColumn  # (N,)
    kinds: bytes  # uint8 (N,) index into ACTION_KINDS
    keep: bytes  # (N,) 1 for the eligible ones, or empty: all are
    removed: list[tuple[int, bytes]]  # row → JSON of a Removed, where rules were applied
    probabilities: bytes  # float64 (M,)
    context: bytes  # float32 (B, d)
    actions: bytes  # float32 (N, p)


class OutcomeRecord(Struct, frozen=True, array_like=True, tag="o"):
    """What came back for a decision."""

    decision_id: str
    at: float  # seconds since the epoch, as told by the caller
    received_at: float
    components: dict[str, float]


class ActivationRecord(Struct, frozen=True, array_like=True, tag="a"):
    """A deferred decision was shown after all: from here on it is one to learn from."""

    decision_id: str
    at: float  # seconds since the epoch
    decision: bytes  # the payload of its DecisionRecord, with training true


class OverrideRecord(Struct, frozen=True, array_like=True, tag="v"):
    """A person did something else than what was decided: an action of another policy.

    How probable the person's choice was is unknown, so what came back tells a learner nothing.
    """

    decision_id: str
    at: float  # seconds since the epoch
    decided_at: float
    action: str  # what was done
    by: str  # the employee or supervisor
    role: Role
    reason: str


class EmployeeRecord(Struct, frozen=True, array_like=True, tag="r"):
    """An employee as they stand from here on: facts about the work, and nothing about feelings."""

    id: str
    at: float  # seconds since the epoch
    available: bool
    reason: str  # why not, if not available
    features: dict[str, float | str | bool]  # as in an action
    skills: dict[str, float]  # intent → chance to resolve
    idle_since: float | None = None  # seconds since the epoch, like the next two
    break_ended: float | None = None
    shift_ends: float | None = None
    gone: bool = False  # no longer on the roster


class EventRecord(Struct, frozen=True, array_like=True, tag="e"):
    """Something that happened to a customer."""

    key: str  # of source and id, which a sender uses once
    at: float  # seconds since the epoch, as told by the sender
    customer: str
    what: str  # its type
    data: dict[str, float | str | bool]
    event: bytes  # as received


class PlanRecord(Struct, frozen=True, array_like=True, tag="p"):
    """A change of the policy plan: from here on this use case was served so."""

    at: float
    generation: int
    use_case: str
    what: str
    by: str  # the name of the key; empty without keys
    plan: bytes  # the use case after it, as JSON


class DeletionRecord(Struct, frozen=True, array_like=True, tag="x"):
    """What stands where a customer's record stood."""

    customer: str  # keyed hash
    at: float  # seconds since the epoch
    filling: tuple[bytes, ...] = ()  # makes it as long as the record was


Record = (
    DecisionRecord
    | BatchRecord
    | OutcomeRecord
    | ActivationRecord
    | OverrideRecord
    | EmployeeRecord
    | EventRecord
    | PlanRecord
    | DeletionRecord
)
DECISION: Final = ord("d")
BATCH: Final = ord("b")
OUTCOME: Final = ord("o")
ACTIVATION: Final = ord("a")
OVERRIDE: Final = ord("v")
EMPLOYEE: Final = ord("r")
EVENT: Final = ord("e")
DELETION: Final = ord("x")
_ARRAY_16: Final = 0xDC  # MessagePack's first byte of an array of more than 15
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final[msgspec.msgpack.Decoder[Record]] = msgspec.msgpack.Decoder(Record)


def encode_record(record: Record) -> bytes:
    """The journal's payload of a record."""
    return _ENCODER.encode(record)


def decode_record(payload: bytes | memoryview) -> Record:
    """The record of a payload; raises InputError for one of another format."""
    try:
        return _DECODER.decode(payload)
    except msgspec.MsgspecError as error:
        raise InputError(
            f"a journal record is of another format ({error}); read it with the version of this "
            "program that wrote it"
        ) from error


def kind_of(payload: bytes | memoryview) -> int:
    """The tag's letter of a record, without decoding it: what one does not know one passes over.

    >>> chr(kind_of(encode_record(OutcomeRecord("d-1", 2.0, 3.0, {"resolved": 1.0}))))
    'o'
    """
    # An array of up to 15 has a header of one byte, a longer one of three; a one-letter text is
    # its length and the letter.
    return payload[2] if payload[0] < _ARRAY_16 else payload[4]


def float64s(raw: bytes) -> Floats:
    """The numbers of a float64 field."""
    return np.frombuffer(raw, dtype="<f8")


def float32s(raw: bytes) -> Floats32:
    """The numbers of a float32 field."""
    return np.frombuffer(raw, dtype="<f4")


def reply_of(record: DecisionRecord) -> DecisionReply:
    """The answer to a decision: a function of its record, so a retry gets the same one."""
    probabilities = float64s(record.probabilities).tolist()
    order = sorted(range(len(probabilities)), key=probabilities.__getitem__, reverse=True)
    ids = record.action_ids
    columns: list[list[Any]] = [ids, probabilities]
    if record.rewards:
        columns.append(float64s(record.rewards).round(4).tolist())
    ranked = list(map(Ranked, *([column[i] for i in order] for column in columns)))
    return DecisionReply(
        decision_id=record.decision_id,
        chosen=Chosen(ids[record.chosen], record.chosen_kind),
        propensity=probabilities[record.chosen],
        ranked=ranked,
        why=record.why,
        excluded=record.excluded,
        policy=record.policy,
        policy_version=record.policy_version,
        mode=record.mode,
        fallback=bool(record.fallback_reason),
        expected=UNSET
        if record.expected is None
        else {name: Expected(*found) for name, found in record.expected.items()},
    )
