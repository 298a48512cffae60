"""Both gatherers give the same columns of the same records."""

import msgspec
import numpy as np
import pytest

from nba.compiled import compiled
from serving.journal.columns import Columns, PlainGatherer, columns_of, new_gatherer
from serving.journal.log import Rows, read_rows
from serving.journal.records import DecisionRecord, encode_record
from serving.journal.segments import frame
from tests.serving.journal.test_records import RECORD

needs_compiled = pytest.mark.skipif(
    compiled("serving.journal._columns") is None, reason="it was not compiled"
)


def changed(**fields: object) -> bytes:
    return encode_record(msgspec.structs.replace(RECORD, **fields))


def records() -> list[bytes]:
    """Decisions of two specs, some as usual, some that only the plain way reads."""
    rng = np.random.default_rng(2)
    found = []
    for number in range(300):
        k = int(rng.integers(1, 40))
        shares = rng.dirichlet(np.ones(k))
        found.append(
            changed(
                decision_id=f"d-{number}" if number % 7 else f"é-{number}",
                at=float(rng.uniform(0, 2e9)),
                unit="c" * int(rng.integers(1, 300)),
                spec_version="def" if number % 3 else "other",
                action_ids=[f"a-{rng.integers(5000)}" for _ in range(k)],
                chosen=int(rng.integers(k)),
                probabilities=shares.tobytes(),
                actions=rng.normal(size=(k, 2)).astype(np.float32).tobytes(),
                why=["x" * 70_000] if number == 5 else ["short"],
                control=("", "canary")[number % 2],
                training=number % 11 != 0,
            )
        )
    return found


def as_plain(columns: Columns) -> dict[str, object]:
    ids = columns.action_names[columns.action_codes].tolist()
    names = [name for name in Columns.__dataclass_fields__ if not name.startswith("action_")]
    return {"action_ids": ids, **{name: getattr(columns, name).tolist() for name in names}}


def read(rows: Rows) -> dict[str, dict[str, object]]:
    found = read_rows([memoryview(payload) for payload in records()], rows)
    return {version: as_plain(columns) for version, columns in found.decisions().items()}


def test_both_gather_the_same() -> None:
    plain = read(Rows(PlainGatherer()))
    assert read(Rows(new_gatherer())) == plain
    assert set(plain) == {"def", "other"}


@needs_compiled
def test_a_segment_is_taken_up_to_the_first_other_thing() -> None:
    framed = [frame(payload) for payload in records()]
    data = b"".join(framed)
    gatherer = new_gatherer()
    begin, taken = 0, 0
    for number, one in enumerate(framed):
        reached = gatherer.run(data, begin, begin + 1)
        usual = number % 11 != 0 and number % 7 != 0
        assert reached == begin + (len(one) if usual else 0)
        taken += usual
        begin += len(one)
    assert sum(map(len, columns_of(gatherer).values())) == taken


@needs_compiled
def test_what_is_damaged_or_cut_is_not_taken() -> None:
    whole = frame(changed())
    gatherer = new_gatherer()
    for cut in range(len(whole)):
        assert gatherer.run(whole[:cut], 0, len(whole)) == 0
    flipped = bytearray(whole)
    for place in range(len(whole)):
        flipped[place] ^= 0x20
        assert gatherer.run(bytes(flipped), 0, len(whole)) == 0
        flipped[place] ^= 0x20
    assert gatherer.run(whole, 0, len(whole)) == len(whole)


@needs_compiled
@pytest.mark.parametrize(
    "odd",
    [
        {"chosen": 3},
        {"probabilities": b"12345678"},
        {"context": b"1234"},
        {"action_ids": [], "probabilities": b"", "actions": b""},
    ],
)
def test_what_does_not_fit_is_left_to_be_told(odd: dict[str, object]) -> None:
    gatherer = new_gatherer()
    assert gatherer.take(memoryview(changed()))
    assert not gatherer.take(memoryview(changed(**odd)))


def test_rows_that_are_left_out_take_their_actions_along() -> None:
    rows = read_rows([memoryview(payload) for payload in records()])
    columns = rows.decisions()["def"]
    keep = np.arange(len(columns)) % 4 > 0
    kept = columns.where(keep)
    assert kept.decision_id.tolist() == columns.decision_id[keep].tolist()
    assert len(kept.actions) == 2 * kept.sizes.sum() == 2 * len(kept.action_codes)
    assert columns.where(np.ones(len(columns), dtype=np.bool_)) is columns


def test_a_record_has_the_fields_that_the_gatherer_reads() -> None:
    names = DecisionRecord.__struct_fields__
    assert [names[i] for i in (0, 1, 2, 3, 4, 7, 8, 9, 10, 12, 14, 15, 19, 20)] == [
        "decision_id", "at", "unit", "mode", "training", "policy_version", "spec_version",
        "action_ids", "chosen", "probabilities", "context", "actions", "use_case", "control",
    ]  # fmt: skip
