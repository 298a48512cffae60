"""Conditions that hold of a decision as a whole: they read its context and facts, no action."""

from collections.abc import Callable, Mapping, Sequence

from nba.act.condition import FACTS, Comparison
from nba.types import Floats32

# Does it hold, of a context (d,) and facts?
Test = Callable[[Floats32, Mapping[str, float]], bool]


def hold(shared: Sequence[Comparison], context: Floats32, facts: Mapping[str, float]) -> bool:
    """Do all comparisons hold?"""
    return all(
        one.holds(one.left.of_one(context, facts), one.right.of_one(context, facts))
        for one in shared
    )


def reads_context(shared: Sequence[Comparison]) -> bool:
    """Does any comparison read the context?"""
    return any(one.left.context or one.right.context for one in shared)


def quick_test(shared: Sequence[Comparison]) -> Test:
    """The same as `hold`, as fast as Python allows where one value meets a number."""
    if len(shared) == 2:
        one, other = quick_test(shared[:1]), quick_test(shared[1:])
        return lambda context, facts: one(context, facts) and other(context, facts)
    if len(shared) != 1 or not shared[0].right.is_number or shared[0].left.constant:
        return lambda context, facts: hold(shared, context, facts)
    holds, bound, left = shared[0].holds, shared[0].right.constant, shared[0].left
    if list(left.facts.values()) == [1.0] and not left.context:
        (name,) = left.facts
        usual = FACTS[name]
        return lambda _, facts: bool(holds(facts.get(name, usual), bound))
    if list(left.context.values()) == [1.0] and not left.facts:
        (column,) = left.context
        return lambda context, _: bool(holds(context.item(column), bound))
    return lambda context, facts: hold(shared, context, facts)
