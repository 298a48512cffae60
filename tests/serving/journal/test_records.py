"""Records keep every bit, and a reply is a function of its record."""

import msgspec
import numpy as np
import pytest

from nba.errors import InputError
from serving.journal.records import (
    DecisionRecord,
    OutcomeRecord,
    ShadowScore,
    decode_record,
    encode_record,
    float32s,
    float64s,
    reply_of,
)

PROBABILITIES = np.array([0.1, 0.7, 0.2])
RECORD = DecisionRecord(
    decision_id="d-1",
    at=1.25,
    unit="customer-1",
    mode="policy",
    training=True,
    fallback_reason="",
    policy="scorer",
    policy_version="abc",
    spec_version="def",
    action_ids=["a", "b", "c"],
    chosen=2,
    chosen_kind="queue",
    probabilities=PROBABILITIES.tobytes(),
    rewards=np.array([1.0, 2.00004, 1 / 3]).tobytes(),
    context=np.array([0.1, 0.2], dtype=np.float32).tobytes(),
    actions=np.ones(6, dtype=np.float32).tobytes(),
    why=["one", "two", "three"],
    excluded={"e": "occupancy cap"},
    request=b'{"any": "bytes \xff"}',
)


def test_a_record_survives_its_encoding() -> None:
    outcome = OutcomeRecord("d-1", 2.0, 3.0, {"resolved": 1.0})
    for record in (RECORD, outcome):
        again = decode_record(memoryview(encode_record(record)))
        assert again == record
        assert type(again) is type(record)


def test_a_record_written_before_use_cases_is_read_as_the_default_one() -> None:
    fields = msgspec.msgpack.decode(encode_record(RECORD))
    old = decode_record(msgspec.msgpack.encode(fields[: fields.index(RECORD.request) + 1]))
    assert old == RECORD
    assert isinstance(old, DecisionRecord)
    assert (old.use_case, old.control, old.levers, old.shadow) == ("default", "", {}, [])


def test_what_was_watched_beside_the_decision_is_kept() -> None:
    shadow = ShadowScore("v2", "a", 0.25, PROBABILITIES.tobytes())
    full = msgspec.structs.replace(
        RECORD,
        use_case="callbacks",
        control="canary",
        mode="baseline",
        baseline="b",
        levers={"resolved": 9.0},
        shadow=[shadow],
        funnel={"all": 5, "eligible": 3},
    )
    assert decode_record(encode_record(full)) == full


def test_arrays_keep_every_bit() -> None:
    again = decode_record(encode_record(RECORD))
    assert isinstance(again, DecisionRecord)
    assert (float64s(again.probabilities) == PROBABILITIES).all()
    assert float32s(again.context).tolist() == np.array([0.1, 0.2], dtype=np.float32).tolist()


def test_the_reply_ranks_by_probability_and_has_the_draws_propensity() -> None:
    reply = reply_of(RECORD)
    assert [ranked.id for ranked in reply.ranked] == ["b", "c", "a"]
    assert [ranked.expected_reward_eur for ranked in reply.ranked] == [2.0, 0.3333, 1.0]
    assert (reply.chosen.id, reply.chosen.kind, reply.propensity) == ("c", "queue", 0.2)
    assert reply.excluded == {"e": "occupancy cap"}
    assert not reply.fallback


def test_without_a_reward_model_no_reward_is_shown() -> None:
    reply = msgspec.to_builtins(reply_of(msgspec.structs.replace(RECORD, rewards=b"")))
    assert reply["ranked"][0] == {"id": "b", "probability": 0.7}


def test_a_safe_answer_is_marked() -> None:
    failed = msgspec.structs.replace(RECORD, fallback_reason="ValueError: no", mode="rules")
    assert reply_of(failed).fallback


@pytest.mark.parametrize("payload", [b"", b"\x93\xa1x\x01\x02", msgspec.msgpack.encode(["d", 1])])
def test_another_format_is_refused(payload: bytes) -> None:
    with pytest.raises(InputError, match="of another format"):
        decode_record(payload)
