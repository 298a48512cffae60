"""What a situation is worth, component by component: the value of a trained scorer, taken apart.

The final policy lives on in centres of its own; each component's later outcomes, discounted by time
as the value is, are regressed on what the value's net makes of a situation. The heads are linear in
that hidden layer, so they add up to a value as its own last layer does.
Source: Juozapaitis et al. 2019 (reward decomposition as an explanation).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch as th

from envs.config import CentreConfig
from envs.vector import ContactCentreVector
from experiments.config import TrainConfig
from experiments.scorer import ActionScorerPolicy
from experiments.seeds import Seeds
from experiments.simulate import centre_of
from experiments.train import Trained
from experiments.vec_env import ContactCentreVecEnv, Normalisation
from nba.listen.objective import Objective
from nba.types import Floats, RewardModel

_CENTRES: Final = 128  # the heads are fitted on the even ones and judged on the odd ones
_STEPS: Final = 320
_LOOK: Final = 128  # steps whose later outcomes are seen for three horizons and more
_RIDGE: Final = 1.0


@dataclass(frozen=True, slots=True)
class ValueHeads:
    """Linear heads over the hidden layer of the value: one per outcome component."""

    names: tuple[str, ...]
    weights: Floats  # (1 + h, C) EUR
    # Share of the variance in centres that nothing was fitted on; 0 where nothing varied.
    explained: Mapping[str, float]
    mean: Mapping[str, float]  # EUR in a situation of the final policy

    def values(self, net: ActionScorerPolicy, seen: dict[str, th.Tensor]) -> Floats:
        """The discounted later EUR of each component in these situations, (B, C)."""
        return np.asarray(_hidden(net, seen) @ self.weights)

    def rows(self) -> list[dict[str, object]]:
        """One row per component, for a table."""
        return [
            {"component": n, "mean_eur": self.mean[n], "explained": self.explained[n]}
            for n in self.names
        ]


def heads_of(trained: Trained, config: TrainConfig, prior_model: RewardModel) -> ValueHeads:
    """The heads of a training's scorer, from days of its validation block."""
    net = trained.learner.policy
    assert isinstance(net, ActionScorerPolicy)
    return fit_value_heads(
        net,
        centre_of(config.preset, config.scenario),
        prior_model,
        trained.normalisation,
        seed=Seeds.of(config.seed).validation,
        horizon_s=config.horizon_s,
    )


def fit_value_heads(
    net: ActionScorerPolicy,
    centre: CentreConfig,
    prior_model: RewardModel,
    normalisation: Normalisation,
    *,
    seed: int,
    horizon_s: float,
    progress: Callable[[int], None] | None = None,
) -> ValueHeads:
    """The heads of a policy that is trained; the same arguments give the same heads.

    `progress` is called with the number of decisions that were lived through.
    """
    vector = ContactCentreVector(centre, _CENTRES, seed, stagger=True)
    vector.reset()
    centres = ContactCentreVecEnv(vector, prior_model, normalisation)
    prices = {n: price for n, price in Objective().weights.items() if price != 0.0}
    hidden, earned, discount = _lived(net, centres, prices, seed, horizon_s, progress)
    later = np.zeros_like(earned[0])
    returns = np.empty_like(earned)
    for step in reversed(range(_STEPS)):
        later = earned[step] + discount[step][:, None] * later
        returns[step] = later
    known, odd = slice(_LOOK), np.arange(_CENTRES) % 2 == 1
    features = (hidden[known, ~odd], hidden[known, odd])
    fitted, judged = (rows.reshape(-1, rows.shape[-1]) for rows in features)
    wanted, truth = (returns[known, each].reshape(-1, len(prices)) for each in (~odd, odd))
    weights = _ridge(fitted, wanted)
    left = np.square(truth - judged @ weights).sum(axis=0)
    spread = np.square(truth - truth.mean(axis=0)).sum(axis=0)
    varies = spread > 0.0
    explained = np.where(varies, 1.0 - left / np.where(varies, spread, 1.0), 0.0)
    return ValueHeads(
        tuple(prices),
        weights,
        dict(zip(prices, explained.tolist(), strict=True)),
        dict(zip(prices, truth.mean(axis=0).tolist(), strict=True)),
    )


def _lived(
    net: ActionScorerPolicy,
    centres: ContactCentreVecEnv,
    prices: Mapping[str, float],
    seed: int,
    horizon_s: float,
    progress: Callable[[int], None] | None,
) -> tuple[Floats, Floats, Floats]:
    """Hidden rows (T, B, 1 + h), EUR per component (T, B, C), what a later one counts (T, B)."""
    th.manual_seed(seed)
    hidden, earned, discount = [], [], []
    seen = centres.reset()
    before = _today(centres.vector.so_far(), prices)
    for _ in range(_STEPS):
        tensors = {name: th.from_numpy(rows) for name, rows in seen.items()}
        hidden.append(_hidden(net, tensors))
        with th.no_grad():
            action = net(tensors)[0]
        centres.step_async(action.numpy())
        following, _, done, _ = centres.step_wait()
        assert isinstance(following, dict)
        seen = following
        now = _today(centres.vector.so_far(), prices)
        closed = _today(centres.vector.day_components(), prices)
        earned.append(np.where(done[:, None], closed, now) - before)
        discount.append(np.where(done, 0.0, np.exp(-centres.dt / horizon_s)))
        before = now
        if progress is not None:
            progress(len(done))
    return np.array(hidden), np.array(earned), np.array(discount)


def _today(components: Mapping[str, Floats], prices: Mapping[str, float]) -> Floats:
    """EUR so far of each component, (B, C)."""
    return np.column_stack([price * components[name] for name, price in prices.items()])


def _hidden(net: ActionScorerPolicy, seen: dict[str, th.Tensor]) -> Floats:
    """What the value's net has before its last layer, after a constant, (B, 1 + h)."""
    with th.no_grad():
        rows = net.critic[:-1](th.cat([seen["context"], seen["pooled"]], dim=1))
    return np.column_stack([np.ones(len(rows)), rows.numpy().astype(np.float64)])


def _ridge(rows: Floats, wanted: Floats) -> Floats:
    penalty = _RIDGE * np.eye(rows.shape[1])
    penalty[0, 0] = 0.0
    return np.asarray(np.linalg.solve(rows.T @ rows + penalty, rows.T @ wanted))
