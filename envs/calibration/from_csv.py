"""Tables of a contact centre's own: one row per contact, or arrivals counted per slot."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from envs.calibration.contacts import DAY_S, Contacts, unknown
from envs.calibration.counts import SlotCounts, count_arrivals
from envs.calibration.csv_table import CsvTable, read_csv
from envs.calibration.repeats import WINDOW_S
from nba.errors import InputError
from nba.listen.contact_features import CHANNELS, INTENTS
from nba.types import Bools, Floats, Ints

CONTACT_COLUMNS: Final = (
    "arrived_at", "answered_at", "wait_s", "handle_s", "abandoned", "resolved", "csat",
    "employee", "customer", "intent", "channel", "value_tier",
)  # fmt: skip
COUNT_COLUMNS: Final = ("start", "count")
TIERS: Final = ("low", "middle", "high")


def read_table(path: Path, mapping: Mapping[str, str]) -> Contacts | SlotCounts:
    """The contacts, or the counts per slot, in a CSV file; `mapping` is name → the file's column.

    A table with `start` and `count` holds counts; one with `arrived_at` holds contacts. Raises
    InputError naming row and column of what cannot be used.
    """
    table = read_csv(path, (*COUNT_COLUMNS, *CONTACT_COLUMNS), mapping)
    if all(name in table for name in COUNT_COLUMNS):
        return _counts(table)
    if "arrived_at" in table:
        return _contacts(table)
    found = ", ".join(table.headers.values()) or "none that is known"
    raise InputError(
        f"{path} has no column 'arrived_at', nor 'start' and 'count' (found: {found}); name yours "
        "with --column arrived_at=YOURS"
    )


def _counts(table: CsvTable) -> SlotCounts:
    at, weight = _complete(table, "start", table.seconds("start")), table.numbers("count")
    _complete(table, "count", weight)
    gaps = np.diff(np.unique(at))
    slot_s = float(np.median(gaps)) if len(gaps) else 0.0
    if slot_s <= 0.0 or 3600.0 % slot_s:
        raise InputError(
            f"{table.path}: slots are {slot_s:g} s apart; a length that divides an hour is needed"
        )
    return count_arrivals(at, weight, slot_s=max(slot_s, 300.0))


def _contacts(table: CsvTable) -> Contacts:
    at = _complete(table, "arrived_at", table.seconds("arrived_at"))
    columns = unknown(table.n) | _numbers(table) | _codes(table)
    columns |= {"at": at, "centre": np.zeros(table.n, dtype=np.int64)}
    if "wait_s" not in table and "answered_at" in table:
        columns["wait_s"] = _answered(table, at)
    rows = Contacts(**columns)  # type: ignore[arg-type]  # every column has the type of its field
    gone = (rows.abandoned > 0.0) & (rows.handle_s > 0.0)
    if gone.any():
        row = int(np.flatnonzero(gone)[0])
        raise table.refuse(row, "handle_s", "an abandoned contact has no handling time")
    return _with_repeats(rows)


def _numbers(table: CsvTable) -> dict[str, Floats]:
    measured = ("wait_s", "handle_s", "csat")
    found = {name: table.numbers(name) for name in measured if name in table}
    return found | {n: table.flags(n) for n in ("abandoned", "resolved") if n in table}


def _codes(table: CsvTable) -> dict[str, Floats | Ints]:
    found: dict[str, Floats | Ints] = {
        name: table.names(name) for name in ("employee", "customer") if name in table
    }
    if "intent" in table:
        found["intent"] = table.levels("intent", INTENTS)
    if "value_tier" in table:
        found["tier"] = table.levels("value_tier", TIERS)
    if "channel" in table:
        channel = table.levels("channel", CHANNELS)
        found["voice"] = np.where(channel < 0, np.nan, channel == 0)
    return found


def _answered(table: CsvTable, at: Floats) -> Floats:
    wait = table.seconds("answered_at") - at
    if (wait < 0.0).any():
        row = int(np.flatnonzero(wait < 0.0)[0])
        raise table.refuse(row, "answered_at", "it is before the arrival; check the two columns")
    return wait


def _complete(table: CsvTable, name: str, values: Floats) -> Floats:
    if np.isnan(values).any():
        row = int(np.flatnonzero(np.isnan(values))[0])
        raise table.refuse(row, name, "every row needs one")
    return values


def _with_repeats(rows: Contacts) -> Contacts:
    """The rows by time, with each customer's next contact and earlier ones of the same issue.

    A contact within a week after one that was not resolved is taken as its repeat.
    """
    order = np.lexsort((rows.at, rows.customer))
    rows = rows.take(order)
    known = rows.customer >= 0
    same: Bools = np.append(False, rows.customer[1:] == rows.customer[:-1]) & known
    gap = np.diff(rows.at, prepend=-np.inf)
    before = np.append(np.nan, rows.resolved[:-1])
    repeat = same & (gap <= WINDOW_S) & ~(before > 0.0)
    day = np.floor(rows.at / DAY_S)
    same_day = same & np.append(False, day[1:] == day[:-1])
    place = np.arange(len(rows))
    start = np.maximum.accumulate(np.where(repeat, 0, place))
    follows = np.append(np.where(same[1:], rows.at[1:], np.nan), np.nan)
    columns = {name: getattr(rows, name) for name in Contacts.__slots__} | {
        "opens": ~same_day,
        "contact_no": np.where(known, place - start, np.nan),
        "returned_at": follows,
    }
    return Contacts(**columns).take(np.argsort(rows.at, kind="stable"))
