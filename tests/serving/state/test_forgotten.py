"""Who is forgotten leaves the memory of servers that are running."""

from pathlib import Path

from serving.journal.forget import FORGOTTEN, forget
from serving.journal.records import EventRecord
from serving.state.customers import Customers
from serving.state.forgotten import Forgotten
from tests.serving.asgi import desk
from tests.serving.state.test_customers import CUSTOMER, event, tell


def known(number: int) -> Customers:
    customers = Customers(100_000)
    for i in range(number):
        customers.note(EventRecord(f"k{i}", 1.0, f"c-{i}", "contact_out", {}, b""))
    return customers


def test_running_workers_let_go_of_a_forgotten_customer(tmp_path: Path) -> None:
    with desk(tmp_path, worker=0) as first, desk(tmp_path, worker=1) as second:
        tell(first, event("1", "contact_out"), {**event("2", "contact_out"), "subject": "other"})
        for counter in (first, second):
            counter.server.state.catch_up()
            assert counter.server.state.customers.get(CUSTOMER) is not None
        assert forget(tmp_path / "journal", CUSTOMER, now=1.0).others == 1
        for counter in (first, second):
            counter.server.state.forgotten.beat()
            assert counter.server.state.customers.get(CUSTOMER) is None
            assert counter.server.state.customers.get("other") is not None
        assert tell(first, event("3", "contact_in"))["known"]["contacts_in_journey"] == 1
        first.server.state.forgotten.beat()
        assert first.server.state.customers.get(CUSTOMER) is not None, "what is new is new"
    assert CUSTOMER not in (tmp_path / "journal" / FORGOTTEN).read_text()


def test_many_profiles_are_looked_through_over_several_beats(tmp_path: Path) -> None:
    with desk(tmp_path):
        customers = known(5_000)
        follows = Forgotten(tmp_path / "journal", customers)
        follows.beat()
        for name in ("c-10", "c-4500"):
            forget(tmp_path / "journal", name, now=1.0)
        follows.beat()
        assert customers.get("c-10") is None
        assert customers.get("c-4500") is not None
        forget(tmp_path / "journal", "c-20", now=1.0)  # behind where it is looking
        for _ in range(3):
            follows.beat()
        assert [customers.get(name) for name in ("c-20", "c-4500")] == [None, None]
        assert len(customers) == 4_997


def test_half_a_line_waits_for_its_other_half(tmp_path: Path) -> None:
    with desk(tmp_path):
        customers = known(3)
        follows = Forgotten(tmp_path / "journal", customers)
        forget(tmp_path / "journal", "c-1", now=1.0)
        told = tmp_path / "journal" / FORGOTTEN
        line = told.read_bytes()
        told.write_bytes(line[:5])
        follows.beat()
        assert len(customers) == 3
        told.write_bytes(line)
        follows.beat()
        assert customers.names() == ["c-0", "c-2"]
