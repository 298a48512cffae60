"""What less overload costs: policies trained at several limits, and which of them none beats."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from envs.evaluate_days import DayTable


@dataclass(frozen=True, slots=True)
class Tradeoff:
    """One policy's place between earnings and overload, means over the same days."""

    policy: str
    eur_per_contact: float
    overload_min: float  # per day, all employees together
    efficient: bool  # no other policy earns as much with as little overload, and is better in one


def pareto(tables: Sequence[DayTable]) -> list[Tradeoff]:
    """The policies by overload, least first, each told whether it is on the Pareto curve."""
    return tradeoffs(
        (table.policy, float(table["eur_per_contact"].mean()), float(table["overload_min"].mean()))
        for table in tables
    )


def tradeoffs(places: Iterable[tuple[str, float, float]]) -> list[Tradeoff]:
    """The same from (policy, EUR per contact, overload minutes a day)."""
    ordered = sorted(places, key=lambda place: place[2])
    found = []
    for name, earned, overload in ordered:
        beaten = any(
            other >= earned and less <= overload and (other, less) != (earned, overload)
            for _, other, less in ordered
        )
        found.append(Tradeoff(name, earned, overload, efficient=not beaten))
    return found
