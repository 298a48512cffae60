"""A centre made visible: some lines of text, or a picture (`envs.picture`)."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from envs.one_centre import OneCentre
from envs.snapshot import Asking, Snapshot, snapshot
from envs.state import AT_WORK, OFF, ON_BREAK

RENDER_MODES: Final = ["ansi", "rgb_array"]
_LINE: Final = 64  # people in one line
_INDENT: Final = "\n" + " " * 9
_COLUMNS: Final = "   wait s  handle s  resolves  estimate EUR"


def render(mode: str | None, centre: OneCentre, day: int) -> str | NDArray[np.uint8] | None:
    """The centre as the render mode wants it; None without a mode."""
    if mode is None:
        return None
    now = snapshot(centre.last(), day=day, over=centre.over, closed=centre.closed)
    if mode == "ansi":
        return as_text(now)
    from envs.picture import as_picture

    return as_picture(now)


def clock(hour: float) -> str:
    """An hour of the day as a clock shows it.

    >>> clock(9.75)
    '09:45'
    """
    minutes = int(hour * 60.0 + 1e-6)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def as_text(now: Snapshot) -> str:
    """About fifteen lines: people, queues, channels, the day so far, the decision."""
    key, counts = now.key_figures, now.counts
    busy = int(((now.status == AT_WORK) & (now.active > 0)).sum())
    idle = int(((now.status == AT_WORK) & (now.active == 0)).sum())
    names = ("content", "chat bot", "voice bot")
    bots = "   ".join(
        f"{name} {'DOWN' if down else n}"
        for name, n, down in zip(names, now.bots, now.down, strict=True)
    )
    due = f" (next in {now.next_callback_s / 60:.0f} min)" if now.callbacks else ""
    shown = {
        "people": f"{busy} busy   {idle} idle   {int((now.status == ON_BREAK).sum())} on break"
        f"   {int((now.status == OFF).sum())} off",
        "": _people(now),
        "queues": f"shared {now.shared}   own {int(now.waiting.sum())}"
        f"   longest wait {now.longest_wait_s:.0f} s",
        "bots": bots,
        "later": f"callbacks {now.callbacks}{due}   repeats {now.returning}",
        "so far": f"{key['eur_per_contact']:.2f} EUR a contact   resolved at first {key['fcr']:.0%}"
        f"   gave up {key['abandoned']:.1%}   answer {key['wait_s']:.0f} s",
        " ": f"occupancy {key['occupancy']:.0%}   handling {key['handle_s']:.0f} s"
        f"   bots' containment {key['containment']:.0%}   satisfaction {key['csat']:.1f}",
        "now": _decision(now.asking),
    }
    title = (
        f"{now.name}  {now.weekday} {clock(now.hour)}   {counts['arrivals']:.0f} contacts so far"
    )
    return "\n".join([title, *(f"{label:<9}{told}" for label, told in shown.items())])


def _people(now: Snapshot) -> str:
    """A letter for each employee, in lines that fit a screen."""
    letters = "".join(_letter(*facts) for facts in zip(now.status, now.active, strict=True))
    rows = [letters[i : i + _LINE] for i in range(0, len(letters), _LINE)]
    return _INDENT.join([*rows, "(# busy, 2 two chats, o idle, = break, . off)"])


def _letter(status: int, active: int) -> str:
    if status != AT_WORK:
        return "=" if status == ON_BREAK else "."
    return "o" if active == 0 else "#" if active == 1 else str(min(active, 9))


def who(asking: Asking) -> str:
    """The pending contact in a line."""
    mood = "not known" if asking.mood is None else f"{asking.mood:+.1f}"
    before = f", contact {asking.contacts + 1} of this issue" if asking.contacts else ""
    return (
        f"{asking.channel} {asking.occasion.replace('_', ' ')}, {asking.intent} "
        f"({asking.confidence:.0%} sure), value {asking.tier}, complexity "
        f"{asking.complexity:+.1f}, mood {mood}{before}"
    )


def _decision(asking: Asking | None) -> str:
    if asking is None:
        return "the episode is over"
    head = f"{len(asking.options)} legal actions".ljust(18) + _COLUMNS
    rows = [
        f"{option.name:<18}{option.wait_s:>9.0f}{option.handle_s:>10.0f}"
        f"{option.resolves:>10.0%}{option.eur:>14.2f}"
        for option in asking.options[:5]
    ]
    return _INDENT.join([who(asking), head, *rows])
