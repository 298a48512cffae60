"""Columns of a journal: what learning reads, and nothing of kinds that it does not know."""

import msgspec
import numpy as np
import pytest

from nba.errors import InputError
from nba.listen.encode import Feature, FeatureSpec
from serving.journal.columns import DecisionRow
from serving.journal.log import outcome_columns, read_rows
from serving.journal.records import DecisionRecord, OutcomeRecord, encode_record
from tests.serving.journal.test_records import RECORD

SPEC = FeatureSpec("two", (Feature("x"), Feature("y")), (Feature("z"), Feature("w")))


def rows(*payloads: bytes) -> list[memoryview]:
    return [memoryview(payload) for payload in payloads]


def test_a_row_has_the_fields_of_a_record_in_their_places() -> None:
    found, record = DecisionRow.__struct_fields__, DecisionRecord.__struct_fields__
    assert all(mine == theirs for mine, theirs in zip(found, record, strict=False))


def test_the_log_has_the_records_numbers() -> None:
    found = read_rows(rows(encode_record(RECORD), encode_record(RECORD)))
    log = found.decisions()["def"].log(SPEC)
    assert log.propensity.tolist() == [0.2, 0.2]
    assert log.offsets.tolist() == [0, 3, 6]
    assert log.action_ids.tolist() == ["a", "b", "c"] * 2
    np.testing.assert_array_equal(log.context, np.array([[0.1, 0.2]] * 2, dtype=np.float32))
    assert log.actions.tolist() == [[1.0, 1.0]] * 6
    assert {name: set(values) for name, values in log.segments.items()} == {
        "mode": {"policy"},
        "use_case": {"default"},
        "control": {""},
    }


def test_outcomes_become_a_row_for_each_component() -> None:
    record = OutcomeRecord("d-1", 2.0, 3.0, {"resolved": 1.0, "wait_s": 20.0})
    columns = outcome_columns(read_rows(rows(encode_record(record))).outcomes)
    assert columns.component.tolist() == ["resolved", "wait_s"]
    assert columns.at.tolist() == [2.0, 2.0]


def test_a_kind_of_record_that_it_does_not_know_is_passed_over() -> None:
    other = msgspec.msgpack.encode(["z", 1, 2.0])
    found = read_rows(rows(other, encode_record(RECORD)))
    assert len(found.decisions()["def"]) == 1


def test_who_opted_out_is_named_and_not_kept() -> None:
    found = read_rows(rows(encode_record(msgspec.structs.replace(RECORD, training=False))))
    assert (found.decisions(), found.opted_out) == ({}, {"d-1"})


def test_a_record_of_another_format_is_told() -> None:
    with pytest.raises(InputError, match="of another format"):
        read_rows(rows(msgspec.msgpack.encode(["d", 7])))
