"""The usual decision in one compiled piece, where it was built: the same bytes, sooner.

What it gives up, and a policy for which it was not built, takes the steps of `decision` instead.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from nba.act.eligibility import Eligibility
from nba.compiled import compiled
from nba.listen.encode import FeatureSpec
from serving.path.parts import Chooser

if TYPE_CHECKING:
    from serving.path._reader import CompiledReader
    from serving.path._usual import UsualDecision


class Usual(NamedTuple):
    """What makes the usual decisions of a policy: the reader first holds the request."""

    reader: "CompiledReader"
    decision: "UsualDecision"


def usual_of(chooser: Chooser, rules: Eligibility, spec: FeatureSpec) -> Usual | None:
    """The compiled form of a policy's decisions under some rules; None if it cannot be had."""
    found = compiled("serving.path._usual")
    reader = _reader_of(spec)
    if found is None or reader is None:
        return None
    try:
        decision: UsualDecision = found.UsualDecision(
            reader, chooser.explainer, chooser.decide, rules, chooser.policy, spec
        )
    except ValueError:  # a name that needs an escape in JSON
        return None
    return Usual(reader, decision)


@lru_cache(maxsize=64)
def _reader_of(spec: FeatureSpec) -> "CompiledReader | None":
    """One for all policies that share a spec."""
    found = compiled("serving.path._reader")
    if found is None:
        return None
    reader: CompiledReader = found.CompiledReader(spec)
    return reader
