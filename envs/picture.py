"""A picture of a centre, 960 × 600: contacts on the left flow to bots, queue and people."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from envs.desk_picture import draw_people
from envs.picture_parts import FLOW, HEIGHT, INK, PAPER, SOFT, WAITING, WIDTH, Sheet
from envs.render import clock, who
from envs.snapshot import Asking, Snapshot

_DPI: Final = 100
_BOTS: Final = ("self-service", "chat bot", "voice bot")
_TILES: Final = (
    ("EUR a contact", "eur_per_contact", "{:.2f}"),
    ("resolved at first", "fcr", "{:.0%}"),
    ("gave up", "abandoned", "{:.1%}"),
    ("answer after", "wait_s", "{:.0f} s"),
    ("occupancy", "occupancy", "{:.0%}"),
    ("handling", "handle_s", "{:.0f} s"),
    ("satisfaction", "csat", "{:.1f}"),
)


def as_picture(now: Snapshot) -> NDArray[np.uint8]:
    """The picture (600, 960, 3); the same moment gives the same bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI, facecolor=PAPER)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(HEIGHT, 0)
    axes.axis("off")
    sheet = Sheet(axes)
    _title(sheet, now)
    _flows(sheet, now)
    _channels(sheet, now)
    draw_people(sheet, now)
    _decision(sheet, now.asking)
    canvas.draw()  # type: ignore[no-untyped-call]  # matplotlib leaves it without types
    pixels = canvas.buffer_rgba()  # type: ignore[no-untyped-call]  # as above
    return np.asarray(pixels)[:, :, :3].copy()


def _title(sheet: Sheet, now: Snapshot) -> None:
    sheet.text(20, 28, f"{now.name}   {now.weekday} {clock(now.hour)}", size=13, bold=True)
    for i, (label, name, form) in enumerate(_TILES):
        x = 300 + i * 94
        sheet.text(x, 20, form.format(now.key_figures[name]), size=12, bold=True)
        sheet.text(x, 38, label, size=7.5, ink=SOFT)


def _flows(sheet: Sheet, now: Snapshot) -> None:
    """Arrows as wide as the day's counts, behind everything else."""
    counts = now.counts
    scale = 12.0 / max(counts["arrivals"], 1.0)
    escalated = counts["bots"] - counts["contained"] - sum(now.bots)
    arrows = (
        (110, 145, 226, 145, "bots", "", -8),
        (110, 295, 496, 295, "offered", "to people", -12),
        (424, 145, 496, 145, escalated, "escalated", -8),
        (325, 398, 325, 424, "abandons", "gave up", 0),
    )
    for x, y, to_x, to_y, count, label, lift in arrows:
        n = counts[count] if isinstance(count, str) else count
        sheet.arrow(x, y, to_x, to_y, 1.0 + scale * n)
        if x == to_x:
            sheet.text(x + 12, y + 16, f"{n:.0f} {label}", size=8, ink=WAITING)
        else:
            sheet.text((x + to_x) / 2, y + lift, f"{n:.0f} {label}", size=8, centre=True)
    sheet.text(60, 374, f"{counts['recontacts']:.0f} came again", size=8, ink=SOFT, centre=True)
    sheet.text(60, 390, f"{now.returning} still will", size=8, ink=SOFT, centre=True)


def _channels(sheet: Sheet, now: Snapshot) -> None:
    sheet.box(20, 110, 90, 245)
    sheet.text(65, 130, "contacts", size=9, centre=True)
    sheet.text(65, 165, f"{now.counts['arrivals']:.0f}", size=16, bold=True, centre=True)
    sheet.text(65, 184, "arrived", size=8, ink=SOFT, centre=True)
    sheet.text(65, 235, f"{now.counts['finished']:.0f}", size=16, bold=True, centre=True)
    sheet.text(65, 254, "ended", size=8, ink=SOFT, centre=True)
    sheet.text(65, 305, f"{now.counts['follow_ups']:.0f}", size=16, bold=True, centre=True)
    sheet.text(65, 324, "follow-ups", size=8, ink=SOFT, centre=True)
    for i, name in enumerate(_BOTS):
        down = "is down" if now.down[i] else ""
        _place(sheet, 96 + i * 46, name, now.bots[i], FLOW, down)
    later = f"next in {now.next_callback_s / 60:.0f} min" if now.callbacks else ""
    _place(sheet, 234, "callbacks", now.callbacks, FLOW, later)
    _place(sheet, 314, "shared queue", now.shared, WAITING, height=84)


def _place(
    sheet: Sheet, y: float, name: str, n: int, ink: str, note: str = "", *, height: float = 40
) -> None:
    """A channel with a dot for each customer in it."""
    sheet.box(226, y, 198, height)
    sheet.text(236, y + 16, name, size=9)
    sheet.text(414, y + 16, str(n), size=10, bold=True, right=True)
    sheet.text(414, y + 31, note, size=7.5, ink=SOFT, right=True)
    rows = max(1, int((height - 24) // 12))
    for i in range(min(n, 10 * rows)):
        sheet.dot(240 + i % 10 * 10, y + 30 + i // 10 * 12, 3.4, ink)


def _decision(sheet: Sheet, asking: Asking | None) -> None:
    sheet.box(20, 448, 920, 138)
    if asking is None:
        sheet.text(36, 474, "The episode is over.", size=10, bold=True)
        return
    sheet.text(36, 471, "Now:  " + who(asking), size=9, bold=True)
    columns = (36, 330, 470, 610, 800)
    heads = (
        "the best of the legal actions by their estimates",
        "wait",
        "handling",
        "resolves",
        "EUR",
    )
    for x, head in zip(columns, heads, strict=True):
        sheet.text(x, 491, head, size=7.5, ink=SOFT)
    for i, option in enumerate(asking.options[:5]):
        row = (
            option.name, f"{option.wait_s:.0f} s", f"{option.handle_s:.0f} s",
            f"{option.resolves:.0%}", f"{option.eur:+.2f}",
        )  # fmt: skip
        for x, told in zip(columns, row, strict=True):
            sheet.text(x, 509 + i * 16, told, size=8.5, ink=INK)
        sheet.bar(660, 502 + i * 16, 100, option.resolves)
