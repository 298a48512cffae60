"""Eligibility: rules remove actions before a policy sees them, each with its reason and stage.

A screen of one matrix product finds out that no rule can remove anything; only otherwise are the
rules it points to evaluated, one after another in the order of the funnel.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

import numpy as np

from nba.act.condition import Comparison, Sum
from nba.act.rules import STAGES, WAYS_OUT, Rule, RuleSet, conditions
from nba.act.shared_conditions import Test, hold, quick_test, reads_context
from nba.errors import InputError
from nba.listen.encode import FeatureSpec
from nba.types import ACTION_KINDS, Bools, Floats32, Ints

NOTHING: Final[Mapping[str, float]] = {}
UNAVAILABLE: Final = "unavailable"  # stands where a rule's name does, before the caller's reason
_NOT_CONSENTED: Final[Mapping[str, float]] = {"consent": 0.0}
_NO_CONTEXT: Final[Floats32] = np.zeros(0, dtype=np.float32)
_ROUNDING: Final = 1e-5  # of a screen's scale: a sum of products errs by less


class Applied(NamedTuple):
    """What the rules left of a decision's actions."""

    keep: Bools | None  # (k,); None: all stay
    removed: dict[int, str]  # place → rule and reason
    funnel: dict[str, int]  # stage → how many are left after it


class _Compiled(NamedTuple):
    rule: Rule
    kinds: frozenset[str]
    shared: tuple[Comparison, ...]  # the same for all actions of a decision
    own: tuple[Comparison, ...]
    personal: bool


class Screen(NamedTuple):
    """What a first look takes: where it finds nothing, no rule removes an action.

    Of a customer who consents and of whom no fact is told.
    """

    weights: Floats32  # (p, r): a product with an action's row above 0 is a find
    contexts: tuple[Callable[[Floats32], bool], ...]  # a find if it holds of the context (d,)
    always: bool  # a find whatever is decided


class Eligibility:
    """A rule set compiled for one feature spec."""

    def __init__(self, rules: RuleSet, spec: FeatureSpec, *, lenient: bool = False) -> None:
        """Raises InputError for a rule on a feature that the spec lacks, unless `lenient`."""
        self.rules = rules
        self._compiled = [
            _compile(r, found) for r, found in conditions(rules, spec, lenient=lenient)
        ]
        columns = [_screen(each, spec) for each in self._compiled]
        screened = [place for place, column in enumerate(columns) if column is not None]
        self._screened = tuple(screened)
        weights = [column for column in columns if column is not None]
        self._weights: Floats32 = (
            np.stack(weights, axis=1) if weights else np.zeros((0, 0), dtype=np.float32)
        )
        self._always = tuple(
            (place, quick_test(each.shared))
            for place, each in enumerate(self._compiled)
            if columns[place] is None
        )

    def apply(
        self,
        context: Floats32,
        actions: Floats32,
        kinds: Sequence[str],
        *,
        consent: bool = True,
        facts: Mapping[str, float] = NOTHING,
        unavailable: Mapping[int, str] | None = None,
    ) -> Applied:
        """Which of the actions (k, p) stay, for an encoded context (d,).

        `unavailable` maps places to reasons that were given, not found. Of a customer without
        consent no rule reads the context or a fact. Raises InputError if nothing can stay.
        """
        known = facts if consent else _NOT_CONSENTED
        suspects = [place for place, may in self._always if may(context, known)]
        if self._screened:
            near = actions.dot(self._weights) > 0.0
            if 1 in near.tobytes():
                hit = near.any(axis=0).tolist()
                suspects += [p for p, found in zip(self._screened, hit, strict=True) if found]
        if not suspects and not unavailable:
            return Applied(None, {}, untouched(len(kinds)))
        return self._remove(sorted(suspects), context, actions, kinds, known, unavailable or {})

    @property
    def screen(self) -> Screen:
        """The first look at a decision."""
        others = [(may, reads_context(self._compiled[place].shared)) for place, may in self._always]
        return Screen(
            self._weights,
            tuple(partial(_of_context, may) for may, of_context in others if of_context),
            any(may(_NO_CONTEXT, NOTHING) for may, of_context in others if not of_context),
        )

    def suspects(self, context: Floats32, actions: Floats32, starts: Ints) -> Bools:
        """(B,): the decisions of a batch of whose actions a rule may remove one, and maybe others.

        Contexts (B, d) of customers who consented, all actions (N, p), and where each decision's
        actions begin (B,); every decision has one at least.
        """
        found = np.zeros(len(context), dtype=np.bool_)
        for place, may in self._always:
            if reads_context(self._compiled[place].shared):
                found |= np.fromiter((may(row, NOTHING) for row in context), np.bool_, len(context))
            elif may(context[0], NOTHING):
                found[:] = True
        if self._screened:
            near = (actions.dot(self._weights) > 0.0).any(axis=1)
            if near.any():
                found |= np.logical_or.reduceat(near, starts)
        return found

    def _remove(
        self,
        suspects: list[int],
        context: Floats32,
        actions: Floats32,
        kinds: Sequence[str],
        facts: Mapping[str, float],
        unavailable: Mapping[int, str],
    ) -> Applied:
        removed = {place: f"{UNAVAILABLE}: {reason}" for place, reason in unavailable.items()}
        left = dict.fromkeys(STAGES, len(removed))  # removed up to the end of each stage
        for place in suspects:
            each = self._compiled[place]
            if each.personal and facts is _NOT_CONSENTED:
                continue
            for row in _hits(each, context, actions, kinds, facts):
                if row not in removed:
                    told = each.rule.says.format(kind=kinds[row])
                    reason = told or _numbers(each, context, actions[row : row + 1], facts)
                    removed[row] = f"{each.rule.name}: {reason}"
            for stage in STAGES[STAGES.index(each.rule.stage) :]:
                left[stage] = len(removed)
        funnel = {"all": len(kinds)} | {stage: len(kinds) - n for stage, n in left.items()}
        if len(removed) == len(kinds):
            del removed[_way_out(kinds, unavailable, removed)]
            funnel["way_out"] = 1
        funnel["chosen"] = 1
        if not removed:
            return Applied(None, removed, funnel)
        keep = np.ones(len(kinds), dtype=np.bool_)
        keep[list(removed)] = False
        return Applied(keep, removed, funnel)


def _compile(rule: Rule, found: tuple[Comparison, ...]) -> _Compiled:
    return _Compiled(
        rule,
        frozenset(rule.kinds or (kind for kind in ACTION_KINDS if kind not in WAYS_OUT)),
        tuple(one for one in found if not one.of_actions),
        tuple(one for one in found if one.of_actions),
        any(one.personal for one in found),
    )


def _screen(each: _Compiled, spec: FeatureSpec) -> Floats32 | None:
    """Weights (p,) whose sum is above zero wherever the rule may remove; None: there are none.

    The kind's own columns sum to one, so they carry the constant, and, for other kinds, a number
    that nothing else can outweigh.
    """
    fixed = [one for one in each.own if not _reads_more(one.left) and not _reads_more(one.right)]
    first = next((one for one in fixed if one.sign in {">", ">=", "<", "<="}), None)
    kind_columns = [f"kind={kind}" for kind in ACTION_KINDS]
    if first is None or not set(kind_columns) <= set(spec.action_names):
        return None
    turn = 1.0 if first.sign in {">", ">="} else -1.0
    weights = np.zeros(len(spec.action_names), dtype=np.float32)
    for side, factor in ((first.left, turn), (first.right, -turn)):
        for column, weight in side.action.items():
            weights[column] += factor * weight
    constant = turn * (first.left.constant - first.right.constant)
    simple = np.abs(weights).sum() == 1.0  # then no rounding can turn the sign
    margin = 0.0 if simple else _ROUNDING
    if simple and len(first.sign) == 2:  # equal is enough: above zero from there on
        constant = float(np.nextafter(np.float32(constant), np.float32(np.inf)))
    bound = _bounds(spec)
    scale = float(np.abs(weights) @ bound) + abs(constant) + 1.0
    for kind, name in zip(ACTION_KINDS, kind_columns, strict=True):
        place = spec.action_column(name)
        weights[place] += constant + margin * scale if kind in each.kinds else -3.0 * scale
    return weights


def _bounds(spec: FeatureSpec) -> Floats32:
    bounds: list[float] = []
    for feature in spec.action:
        top = 1.0 if feature.levels else max(abs(feature.low), abs(feature.high))
        top = max(top, abs(feature.default or 0.0))
        bounds += [top if column == feature.name else 1.0 for column in feature.columns]
    return np.array(bounds, dtype=np.float32)


def _of_context(test: Test, context: Floats32) -> bool:
    return test(context, NOTHING)


def _reads_more(one: Sum) -> bool:
    return bool(one.context or one.facts)


def _hits(
    each: _Compiled,
    context: Floats32,
    actions: Floats32,
    kinds: Sequence[str],
    facts: Mapping[str, float],
) -> list[int]:
    """The places of the actions that a rule removes."""
    if not hold(each.shared, context, facts):
        return []
    rows = [row for row, kind in enumerate(kinds) if kind in each.kinds]
    for one in each.own:
        own = actions[rows]
        left = one.left.of_all(one.left.of_one(context, facts), own)
        right = one.right.of_all(one.right.of_one(context, facts), own)
        holds = np.broadcast_to(one.holds(left, right), len(rows)).tolist()
        rows = [row for row, hit in zip(rows, holds, strict=True) if hit]
    return rows


def _numbers(
    each: _Compiled, context: Floats32, action: Floats32, facts: Mapping[str, float]
) -> str:
    """What the condition found, with its numbers."""
    told: list[str] = []
    for one in (*each.shared, *each.own):
        if one.words == "true":
            told.append(one.left.text)
            continue
        left, right = (
            float(np.ravel(side.of_all(side.of_one(context, facts), action))[0])
            for side in (one.left, one.right)
        )
        against = f"{right:g}" if one.right.is_number else f"{one.right.text} {right:.3g}"
        told.append(f"{one.left.text} {left:.3g} is {one.words} {against}")
    return " and ".join(told)


def _way_out(
    kinds: Sequence[str], unavailable: Mapping[int, str], removed: Mapping[int, str]
) -> int:
    """The queue, or doing nothing, which stays if the rules leave nothing else."""
    for kind in WAYS_OUT:
        for place, found in enumerate(kinds):
            if found == kind and place not in unavailable:
                return place
    reason = next(iter(removed.values()), "no action was given")
    raise InputError(
        f"no action is eligible (the first: {reason}; {len(removed)} removed); add an action "
        f"of kind {' or '.join(map(repr, WAYS_OUT))}, which is always a way out"
    )


def untouched(n_actions: int) -> dict[str, int]:
    """The funnel of a decision from whose actions no rule removed any."""
    return {"all": n_actions, **dict.fromkeys(STAGES, n_actions), "chosen": 1}
