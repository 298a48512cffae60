"""What can happen to a customer, as events that the next decision should know of."""

from collections.abc import Mapping
from typing import Final, Literal

from nba.errors import InputError

EventType = Literal["contact_in", "contact_out", "message", "consent", "resolved"]
Datum = float | str | bool
# Type → what its data may hold, and in which range a number lies.
DATA: Final[Mapping[str, Mapping[str, type | tuple[float, float]]]] = {
    "contact_in": {"channel": str},  # the customer turned to us
    "contact_out": {"channel": str},  # we turned to the customer
    "message": {"sentiment": (-1.0, 1.0)},  # what a classifier heard in the customer's words
    "consent": {"granted": bool},  # to personalised treatment
    "resolved": {},  # the issue is settled: the journey ends
}
_NEEDED: Final = {"message": "sentiment", "consent": "granted"}


def check_event(kind: str, data: Mapping[str, Datum]) -> None:
    """Raises InputError naming what is wrong with an event's type or data."""
    if kind not in DATA:
        raise InputError(f"type is {kind!r}; use one of {', '.join(DATA)}")
    known = DATA[kind]
    for name, value in data.items():
        if name not in known:
            able = ", ".join(known) or "nothing"
            raise InputError(f"data.{name} is unknown; the data of {kind!r} may hold {able}")
        form = known[name]
        if isinstance(form, tuple):
            if isinstance(value, bool | str) or not form[0] <= value <= form[1]:
                raise InputError(f"data.{name} is {value!r}; a number in {list(form)} is needed")
        elif not isinstance(value, form):
            raise InputError(f"data.{name} is {value!r}; a {form.__name__} is needed")
    needed = _NEEDED.get(kind)
    if needed is not None and needed not in data:
        raise InputError(f"data.{needed} is absent; the data of {kind!r} must hold it")
