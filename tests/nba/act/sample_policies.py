"""Small real policies and inputs that the tests of act and serving share."""

from dataclasses import replace

import numpy as np

from nba.act.golden import golden_inputs
from nba.act.policy import PARAMETER_SHAPES, ActionScorer
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.objective import Objective
from nba.seeding import generator
from nba.types import Action, ActionSet, Bools, Context, Floats32, RewardModel
from nba.understand.basis import make_basis
from nba.understand.components import ComponentModel
from nba.understand.posterior import LinearPosterior
from nba.understand.reward_model import LinearRewardModel

D = len(CONTACT_CENTRE.context_names)
P = len(CONTACT_CENTRE.action_names)
HIDDEN = 8


def scorer_parameters(seed: int, d: int = D, p: int = P, h: int = HIDDEN) -> dict[str, Floats32]:
    """Random weights of a scorer that does not saturate."""
    rng = generator(seed, "scorer")
    sizes = {"d": d, "p": p, "h": h}
    arrays: dict[str, Floats32] = {}
    for name, letters in PARAMETER_SHAPES.items():
        shape = [sizes[letter] for letter in letters]
        if name.endswith("_std"):
            arrays[name] = (10.0 ** rng.uniform(-1, 2, shape)).astype(np.float32)
        else:
            arrays[name] = (rng.normal(size=shape) / np.sqrt(shape[0])).astype(np.float32)
    return arrays


def reward_model(seed: int = 0) -> LinearRewardModel:
    """A reward model in EUR with random weights on the contact centre's basis."""
    context, actions, mask = batch(seed, 40, 6)
    names = CONTACT_CENTRE.context_names, CONTACT_CENTRE.action_names
    basis = make_basis(*names, context=context, actions=actions[mask])
    weights = generator(seed, "weights").normal(size=(basis.n_groups, basis.n_terms))
    return LinearRewardModel(basis, weights)


def component_scorer(seed: int = 0) -> ActionScorer:
    """A scorer whose reward model is the sum of the objective's components."""
    model, weights = reward_model(seed), Objective().weights
    rng = generator(seed, "components")
    parts = rng.normal(size=(len(weights), *model.weights.shape))
    parts /= np.abs(np.array(list(weights.values())))[:, None, None]  # each some EUR
    size = (model.basis.n_groups, model.basis.n_terms, model.basis.n_terms)
    factors = rng.normal(0.0, 0.1, size)
    components = ComponentModel(tuple(weights), parts, np.full(len(weights), 4.0), factors)
    whole = replace(model, weights=components.change(weights), components=components)
    return replace(scorer(seed), reward_model=whole, prior_weight=0.02)


def posterior_sample(seed: int = 0) -> LinearPosterior:
    """A posterior around that reward model, unsure by some EUR."""
    model = reward_model(seed)
    size = (model.basis.n_groups, model.basis.n_terms, model.basis.n_terms)
    return LinearPosterior(model, generator(seed, "factors").normal(0.0, 0.3, size))


def scorer(
    seed: int = 0,
    *,
    prior_weight: float = 0.5,
    prior_model: RewardModel | None = None,
    floor: float = 0.02,
) -> ActionScorer:
    """A scorer with a reward-model prior."""
    return ActionScorer(
        "scorer",
        "test",
        scorer_parameters(seed),
        reward_model=reward_model(seed) if prior_weight else None,
        prior_model=prior_model,
        prior_weight=prior_weight,
        temperature=0.7,
        floor=floor,
    )


def batch(seed: int, rows: int, n_actions: int) -> tuple[Floats32, Floats32, Bools]:
    """Plausible inputs of the contact centre: every kind, about a quarter of the actions masked."""
    context, actions, _ = golden_inputs(CONTACT_CENTRE)
    rng = generator(seed, "batch")
    legal = actions.reshape(-1, P)
    legal = legal[legal.any(axis=1)]
    wide_context = context[rng.integers(len(context), size=rows)]
    wide_actions = legal[rng.integers(len(legal), size=(rows, n_actions))]
    wide_context = wide_context * rng.uniform(0.8, 1.2, wide_context.shape).astype(np.float32)
    numbers = [i for i, name in enumerate(CONTACT_CENTRE.action_names) if "=" not in name]
    noise = rng.uniform(0.5, 1.5, (rows, n_actions, len(numbers))).astype(np.float32)
    wide_actions[:, :, numbers] *= noise
    mask = rng.random((rows, n_actions)) < 0.75
    mask[np.arange(rows), rng.integers(n_actions, size=rows)] = True
    wide_actions[~mask] = 0.0
    return wide_context, wide_actions, mask


def single(seed: int = 0, n_actions: int = 6) -> tuple[Context, ActionSet]:
    """One decision as typed objects."""
    context, actions, _ = batch(seed, 1, 4 * n_actions)
    rows = actions[0][actions[0].any(axis=1)][:n_actions].astype(np.float64)
    kinds = [name.removeprefix("kind=") for name in CONTACT_CENTRE.action_names[:7]]
    members = [
        Action(f"action-{i}", kinds[int(row[:7].argmax())], row) for i, row in enumerate(rows)
    ]
    return Context("customer-1", context[0].astype(np.float64)), ActionSet(tuple(members))
