"""Tables become contacts or counts; what cannot be used is told with row and column."""

from pathlib import Path

import numpy as np
import pytest

from envs.calibration.contacts import Contacts
from envs.calibration.counts import SlotCounts
from envs.calibration.from_csv import read_table
from nba.errors import InputError


def written(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def contacts(folder: Path, text: str, **mapping: str) -> Contacts:
    found = read_table(written(folder, text), mapping)
    assert isinstance(found, Contacts)
    return found


def test_arrival_alone_is_enough(tmp_path: Path) -> None:
    rows = contacts(tmp_path, "arrived_at\n2026-01-05T09:00:00\n2026-01-05 09:01\n")
    assert np.diff(rows.at).tolist() == [60.0]
    assert rows.opens.all()
    assert np.isnan(rows.handle_s).all()
    assert (rows.intent == -1).all()


def test_columns_are_read_under_their_own_names(tmp_path: Path) -> None:
    text = (
        "Eingang,Annahme,Dauer,Team,Kanal,Thema,geloest\n"
        "2026-01-05T09:00:00,2026-01-05T09:00:30,120,anna,voice,Billing,yes\n"
        "2026-01-05T09:10:00,2026-01-05T09:10:05,60.5,ben,chat,sales,no\n"
    )
    rows = contacts(
        tmp_path, text, arrived_at="Eingang", answered_at="Annahme", handle_s="Dauer",
        employee="Team", channel="Kanal", intent="Thema", resolved="geloest",
    )  # fmt: skip
    assert rows.wait_s.tolist() == [30.0, 5.0]
    assert rows.handle_s.tolist() == [120.0, 60.5]
    assert rows.voice.tolist() == [1.0, 0.0]
    assert rows.intent.tolist() == [0, 3]
    assert rows.resolved.tolist() == [1.0, 0.0]
    assert len(set(rows.employee.tolist())) == 2


def test_the_hour_on_the_wall_is_kept_whatever_the_offset(tmp_path: Path) -> None:
    rows = contacts(tmp_path, "arrived_at\n2026-01-05T09:00:00+05:00\n2026-01-05T09:00:00Z\n")
    assert (rows.at % 86_400.0 == 9 * 3600.0).all()


def test_a_contact_after_an_unresolved_one_is_its_repeat(tmp_path: Path) -> None:
    text = "arrived_at,customer,resolved\n" + "".join(
        f"2026-01-{day}T{hour}:00:00,{who},{done}\n"
        for day, hour, who, done in [
            ("05", "09", "a", 0), ("05", "11", "a", 1), ("06", "09", "a", 1), ("05", "10", "b", 0),
            ("26", "10", "b", 0), ("05", "12", "", 0),
        ]
    )  # fmt: skip
    rows = contacts(tmp_path, text)
    known = rows.contact_no[~np.isnan(rows.contact_no)]
    assert sorted(known.tolist()) == [0, 0, 0, 0, 1]
    assert rows.at[rows.contact_no == 1] % 86_400.0 == 11 * 3600.0
    assert rows.opens.sum() == 5  # the one of the same day opens nothing new
    assert np.isnan(rows.contact_no[rows.customer == -1]).all()


def test_counts_are_read_as_counts(tmp_path: Path) -> None:
    lines = [
        f"2026-01-{day:02d}T{8 + slot // 12:02d}:{slot % 12 * 5:02d}:00Z,{slot + day}"
        for day in (5, 6)
        for slot in range(24)
    ]
    table = read_table(written(tmp_path, "start,count\n" + "\n".join(lines) + "\n"), {})
    assert isinstance(table, SlotCounts)
    assert table.counts.shape == (2, 24)
    assert table.counts[0].tolist() == [slot + 5 for slot in range(24)]
    assert table.open_hour == 8.0


def test_half_hour_counts_keep_their_length(tmp_path: Path) -> None:
    lines = [
        f"2026-01-0{d}T{h:02d}:{m}:00,10" for d in (5, 6) for h in (8, 9) for m in ("00", "30")
    ]
    table = read_table(written(tmp_path, "start,count\n" + "\n".join(lines) + "\n"), {})
    assert isinstance(table, SlotCounts)
    assert table.counts.shape == (2, 4)
    assert table.slot_s == 1800.0
    assert table.hours == 2.0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("when\n2026-01-05\n", "no column 'arrived_at'"),
        ("arrived_at\nyesterday\n", "row 2, column 'arrived_at': 'yesterday'"),
        ('arrived_at\n2026-01-05T09:00:00\n""\n', "row 3, column 'arrived_at': ''"),
        ("arrived_at,handle_s\n2026-01-05T09:00,long\n", "row 2, column 'handle_s': 'long'"),
        ("arrived_at,handle_s\n2026-01-05T09:00,-3\n", "row 2, column 'handle_s': '-3'"),
        ("arrived_at,wait_s\n2026-01-05T09:00,inf\n", "row 2, column 'wait_s': 'inf'"),
        ("arrived_at,abandoned\n2026-01-05T09:00,maybe\n", "row 2, column 'abandoned': 'maybe'"),
        ("arrived_at,intent\n2026-01-05T09:00,gossip\n", "use one of billing, technical"),
        ("arrived_at,channel\n2026-01-05T09:00,fax\n", "use one of voice, chat"),
        (
            "arrived_at,answered_at\n2026-01-05T09:00,2026-01-05T08:59\n",
            "row 2, column 'answered_at'",
        ),
        (
            "arrived_at,abandoned,handle_s\n2026-01-05T09:00,1,30\n",
            "an abandoned contact has no handling time",
        ),
        ("arrived_at,wait_s\n2026-01-05T09:00\n", "row 2 has 1 cells; the header has 2"),
        ("arrived_at\n", "has 1 rows"),
        ("start,count\n2026-01-05T09:00,3\n2026-01-05T09:07,3\n", "420 s apart"),
        ("start,count\n2026-01-05T09:00,-3\n", "row 2, column 'count': '-3'"),
    ],
)
def test_a_mistake_names_row_and_column(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_table(written(tmp_path, text), {})


def test_a_wrong_mapping_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, "arrived_at\n2026-01-05\n")
    with pytest.raises(InputError, match="no column 'Zeit'; it has arrived_at"):
        read_table(path, {"arrived_at": "Zeit"})
    with pytest.raises(InputError, match="no column is called 'arrival'"):
        read_table(path, {"arrival": "arrived_at"})
