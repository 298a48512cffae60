"""The usual decision in one compiled piece, where it was built: the same bytes, sooner.

What it gives up, and a policy for which it was not built, takes the steps of `decision` instead.
"""

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
    """The compiled form of a policy's decisions under some rules; None if it cannot be had.

    The reader is its own: what it holds must not be another server's of the same process.
    """
    readers, decisions = compiled("serving.path._reader"), compiled("serving.path._usual")
    if readers is None or decisions is None:
        return None
    reader: CompiledReader = readers.CompiledReader(spec)
    try:
        decision: UsualDecision = decisions.UsualDecision(
            reader, chooser.explainer, chooser.decide, rules, chooser.policy, spec
        )
    except ValueError:  # a name that needs an escape in JSON
        return None
    return Usual(reader, decision)
