"""A batch's record: rows as decisions, found by their ids, overwritten where they lie."""

import msgspec
import numpy as np
import pytest

from nba.types import ACTION_KINDS
from serving.journal.batch_rows import (
    Removed,
    decisions_in,
    row_ids,
    row_number,
    rows_of_unit,
    without,
)
from serving.journal.log import read_rows
from serving.journal.records import BatchRecord, decode_record, encode_record, float64s
from serving.journal.text_column import TextColumn, text_run

FUNNEL = {"all": 3, "chosen": 1}
RECORD = BatchRecord(
    name="b-1",
    at=2.5,
    units=text_run(["ann", "bob", "ann"]).column(),
    ids=text_run(["d-1", "d-2", "d-3"]).column(),
    gone=bytes(3),
    policy="scorer",
    policy_version="abc",
    spec_version="def",
    sizes=np.array([2, 3, 1], dtype="<u2").tobytes(),
    chosen=np.array([1, 1, 0], dtype="<u2").tobytes(),
    action_ids=text_run(["p", "q", "r", "s", "t", "u"]).column(),
    kinds=bytes([0, 1, 2, 3, 4, 5]),
    keep=bytes([1, 1, 1, 0, 1, 1]),
    removed=[(1, msgspec.json.encode(Removed({"s": "occupancy cap: 0.96"}, FUNNEL)))],
    probabilities=np.array([0.1, 0.9, 0.25, 0.75, 1.0]).tobytes(),
    context=np.arange(6, dtype="<f4").tobytes(),
    actions=np.arange(100, 112, dtype="<f4").tobytes(),
)


def test_each_row_is_a_decision() -> None:
    first, second, third = decisions_in(decode_record_of(encode_record(RECORD)))
    assert (first.decision_id, first.unit, first.action_ids) == ("d-1", "ann", ["p", "q"])
    assert first.excluded == {}
    assert first.funnel["all"] == 2
    assert (second.action_ids, second.excluded) == (["r", "t"], {"s": "occupancy cap: 0.96"})
    assert (second.chosen, second.chosen_kind) == (1, ACTION_KINDS[4])
    assert float64s(second.probabilities).tolist() == [0.25, 0.75]
    assert np.frombuffer(second.context, dtype="<f4").tolist() == [2, 3]
    assert np.frombuffer(second.actions, dtype="<f4").tolist() == [104, 105, 108, 109]
    assert (third.action_ids, third.funnel["all"], third.training) == (["u"], 1, True)


def test_a_row_is_found_by_its_id_and_no_other() -> None:
    given = encode_record(RECORD)
    made = encode_record(msgspec.structs.replace(RECORD, ids=TextColumn()))
    assert [row_number(given, f"d-{i}") for i in (1, 2, 3, 4)] == [0, 1, 2, -1]
    assert [row_number(given, name) for name in ("b-1", "b-1~0", "d-")] == [-1] * 3
    assert [row_number(made, f"b-1~{i}") for i in (0, 2, 3)] == [0, 2, -1]
    assert [row_number(made, name) for name in ("b-1", "b-2~0", "b-1~00", "b-1~²")] == [-1] * 4
    assert row_ids(decode_record_of(made)) == ["b-1~0", "b-1~1", "b-1~2"]


def test_a_log_has_a_row_for_each_that_is_not_forgotten() -> None:
    payload = encode_record(without(RECORD, [1]))
    found = read_rows([memoryview(encode_record(RECORD)), memoryview(payload)]).decisions()
    columns = found["def"]
    assert columns.decision_id.tolist() == ["d-1", "d-2", "d-3", "d-1", "d-3"]
    first, second = columns.sizes[:2]
    codes = columns.action_codes[first : first + second]
    assert columns.action_names[codes].tolist() == ["r", "t"]


def test_a_forgotten_row_leaves_nothing_and_moves_nothing() -> None:
    before = encode_record(RECORD)
    found = without(RECORD, rows_of_unit(RECORD, "ann"))
    after = encode_record(found)
    assert len(after) == len(before)
    for trace in (b"ann", b"d-1", b"d-3", b"pq"):
        assert trace in before
        assert trace not in after
    assert [row_number(after, f"d-{i}") for i in (1, 2, 3)] == [-1, 1, -1]
    assert rows_of_unit(found, "ann") == []
    assert list(decisions_in(found)) == list(decisions_in(RECORD))[1:2]
    assert not float64s(found.probabilities)[[0, 1, 4]].any()


@pytest.mark.parametrize("place", range(0, 300, 7))
def test_any_mixture_of_old_and_new_bytes_becomes_the_new(place: int) -> None:
    old = encode_record(RECORD)
    new = encode_record(without(RECORD, [1]))
    mixed = new[:place] + old[place:]
    assert encode_record(without(decode_record_of(mixed), [1])) == new


def decode_record_of(payload: bytes) -> BatchRecord:
    record = decode_record(payload)
    assert isinstance(record, BatchRecord)
    return record
