"""How fast the action scorer gives probabilities, in batches and for one decision."""

from typing import Final

import numpy as np

from experiments.benchmark.rows import Row, median_rate
from nba.act.policy import PARAMETER_SHAPES, ActionScorer
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import Action, ActionSet, Context

_HIDDEN: Final = 48
_ACTIONS: Final = 20


def rows() -> list[Row]:
    """Decisions per second, 20 actions each."""
    settings = f"A={_ACTIONS} h={_HIDDEN}, one thread"
    return [
        Row("decisions scored", _batch_rate(1), "1/s", f"B=1, arrays, {settings}"),
        Row("decisions scored", _batch_rate(64), "1/s", f"B=64, arrays, {settings}"),
        Row("decisions scored", _batch_rate(1024), "1/s", f"B=1024, arrays, {settings}"),
        Row("decisions scored", _single_rate(), "1/s", f"typed objects, {settings}"),
    ]


def benchmark_scorer() -> ActionScorer:
    """A scorer of the contact centre's features with weights that mean nothing."""
    generator = np.random.default_rng(0)
    sizes = {
        "d": len(CONTACT_CENTRE.context_names),
        "p": len(CONTACT_CENTRE.action_names),
        "h": _HIDDEN,
    }
    parameters = {
        name: generator.standard_normal([sizes[letter] for letter in letters], dtype=np.float32)
        * np.float32(0.3)
        for name, letters in PARAMETER_SHAPES.items()
    }
    parameters |= {name: np.abs(parameters[name]) + 1.0 for name in ("context_std", "action_std")}
    return ActionScorer("benchmark", "none", parameters)


def _batch_rate(rows: int) -> float:
    scorer = benchmark_scorer()
    d, p, _ = scorer.sizes
    generator = np.random.default_rng(1)
    context = generator.random((rows, d), dtype=np.float32)
    actions = generator.random((rows, _ACTIONS, p), dtype=np.float32)
    mask = np.ones((rows, _ACTIONS), dtype=np.bool_)
    repeats = max(3, 4096 // rows)

    def work() -> int:
        for _ in range(repeats):
            scorer.batch_probabilities(context, actions, mask)
        return repeats * rows

    return median_rate(work)


def _single_rate() -> float:
    scorer = benchmark_scorer()
    d, p, _ = scorer.sizes
    generator = np.random.default_rng(2)
    context = Context("customer", generator.random(d))
    actions = ActionSet(
        tuple(Action(f"employee-{i}", "employee", generator.random(p)) for i in range(_ACTIONS))
    )

    def work() -> int:
        for _ in range(2000):
            scorer.probabilities(context, actions)
        return 2000

    return median_rate(work)
