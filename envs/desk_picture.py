"""The people of a centre as desks: the colour tells the load, dots the contacts."""

from math import ceil, sqrt
from typing import Final

from envs.picture_parts import EDGE, INK, SOFT, WAITING, Sheet
from envs.snapshot import Snapshot
from envs.state import AT_WORK, ON_BREAK

_X, _Y, _W, _H = 500.0, 110.0, 440.0, 288.0
_IDLE: Final = "#ffffff"
_BREAK: Final = "#dfe3f2"
_OFF: Final = "#eef0f2"
# From an easy hour to overload: occupancy up to 60, 75, 85 % and above (85: where overload begins).
_LOADS: Final = ((0.6, "#bfe3c8"), (0.75, "#8fce9f"), (0.85, "#f2c66d"), (9.9, "#e98a6d"))
_LEGEND: Final = (
    ("idle", _IDLE, "#4f9a62"),
    ("busy, load < 60 %", _LOADS[0][1], EDGE),
    ("75 %", _LOADS[1][1], EDGE),
    ("85 %", _LOADS[2][1], EDGE),
    ("above", _LOADS[3][1], EDGE),
    ("break", _BREAK, EDGE),
    ("off", _OFF, EDGE),
)


def draw_people(sheet: Sheet, now: Snapshot) -> None:
    """A desk per employee, in the order of the roster, as large as the number of them allows."""
    at_work = now.status == AT_WORK
    busy = int((at_work & (now.active > 0)).sum())
    words = f"people   {busy} busy   {int(at_work.sum()) - busy} idle"
    if now.longest_wait_s > 0:
        words += f"   longest wait {now.longest_wait_s:.0f} s"
    sheet.text(_X, _Y - 12, words, size=9)
    n = len(now.status)
    columns = max(1, ceil(sqrt(n * _W / _H / 1.15)))
    rows = ceil(n / columns)
    width, height = _W / columns, _H / rows
    for k in range(n):
        _desk(sheet, now, k, _X + k % columns * width, _Y + k // columns * height, width, height)
    x = _X
    for name, fill, edge in _LEGEND:
        sheet.box(x, 408, 10, 10, fill=fill, edge=edge)
        sheet.text(x + 14, 413, name, size=7, ink=SOFT)
        x += 24 + 5.2 * len(name)
    sheet.dot(x + 6, 413, 3, WAITING)
    sheet.text(x + 13, 413, "waits", size=7, ink=SOFT)


def _desk(
    sheet: Sheet, now: Snapshot, k: int, x: float, y: float, width: float, height: float
) -> None:
    active, waiting = int(now.active[k]), int(now.waiting[k])
    fill, edge = _colours(int(now.status[k]), active, float(now.load[k]))
    gap = 0.06 * min(width, height)
    line = 1.6 if fill == _IDLE else 0.8
    sheet.box(x + gap, y + gap, width - 2 * gap, height - 2 * gap, fill=fill, edge=edge, line=line)
    radius = max(1.0, min(width, height) * 0.07)
    for i in range(active):
        sheet.dot(x + width * 0.26 + 2.6 * radius * i, y + height * 0.68, radius, INK)
    for i in range(waiting):
        sheet.dot(x + width * 0.74 - 2.6 * radius * i, y + height * 0.68, radius, WAITING)
    if width > 40:
        ink = SOFT if now.status[k] != AT_WORK else INK
        sheet.text(x + 2.2 * gap, y + height * 0.28, str(k + 1), size=7.5, ink=ink)
        if now.status[k] == AT_WORK:
            load = f"{now.load[k]:.0%}"
            sheet.text(x + width - 2.2 * gap, y + height * 0.28, load, size=7, right=True)


def _colours(status: int, active: int, load: float) -> tuple[str, str]:
    """Fill and edge of a desk."""
    if status != AT_WORK:
        return (_BREAK if status == ON_BREAK else _OFF), EDGE
    if active == 0:
        return _IDLE, "#4f9a62"
    return next(colour for limit, colour in _LOADS if load <= limit), EDGE
