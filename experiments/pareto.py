"""What less overload costs: policies trained at several limits, and which of them none beats."""

from collections.abc import Sequence
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
    places = [
        (table.policy, float(table["eur_per_contact"].mean()), float(table["overload_min"].mean()))
        for table in tables
    ]
    found = []
    for name, earned, overload in sorted(places, key=lambda place: place[2]):
        beaten = any(
            other >= earned and less <= overload and (other, less) != (earned, overload)
            for _, other, less in places
        )
        found.append(Tradeoff(name, earned, overload, efficient=not beaten))
    return found
