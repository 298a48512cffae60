"""What every policy must obey; a new one joins by one line in POLICIES."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest

from envs.baselines.named import STAGES, rule
from envs.baselines.rule import Rule
from envs.baselines.share_routing import ShareRouting
from nba.act.bundle import Card, load_policy, save_policy
from nba.act.epsilon_greedy import EpsilonGreedy
from nba.act.greedy import Greedy
from nba.act.index_rule import IndexRule
from nba.act.kinds import KINDS, parts_of
from nba.act.linucb import LinUcb
from nba.act.longest_idle import LongestIdle
from nba.act.neural_linear import NeuralLinear
from nba.act.softmax import Softmax
from nba.act.squarecb import SquareCb
from nba.act.thompson import Thompson
from nba.act.uniform import Uniform
from nba.errors import InputError, PolicyFileError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import Action, ActionSet, Bools, Context, Floats32, Policy
from tests.envs.baselines.situations import share_routing
from tests.nba.act.sample_policies import (
    HIDDEN,
    batch,
    posterior_sample,
    reward_model,
    scorer,
    single,
)

POLICIES: tuple[Policy, ...] = (
    Uniform(),
    LongestIdle(CONTACT_CENTRE),
    Greedy(reward_model()),
    IndexRule(
        reward_model(), CONTACT_CENTRE, handle_price=0.01, skill_price=1.0, backlog_price=0.1
    ),
    scorer(),
    scorer(prior_model=reward_model(7)),
    scorer(prior_weight=0.0, floor=0.0),
    Softmax(reward_model(), temperature=2.0, floor=0.05),
    Softmax(scorer(), temperature=0.5),
    EpsilonGreedy(LongestIdle(CONTACT_CENTRE), epsilon=0.1),
    EpsilonGreedy(Greedy(reward_model()), epsilon=0.2),
    Greedy(reward_model(), floor=0.1, name="epsilon_greedy"),
    LinUcb(posterior_sample(), width=1.0, floor=0.05),
    Thompson(reward_model(), posterior_sample().draws(16, np.random.default_rng(4)), floor=0.01),
    SquareCb(reward_model(), gamma=2.0),
    NeuralLinear(scorer(), np.random.default_rng(4).normal(size=(16, HIDDEN)), floor=0.01),
    *(rule(name) for name in STAGES),
    share_routing(),
)
every_policy = pytest.mark.parametrize("policy", POLICIES, ids=lambda p: f"{p.name}")


@pytest.fixture(params=[1, 2])
def inputs(request: pytest.FixtureRequest) -> tuple[Floats32, Floats32, Bools]:
    return batch(request.param, 100, 11)


@every_policy
def test_it_is_a_policy_with_a_name_and_a_version(policy: Policy) -> None:
    assert isinstance(policy, Policy)
    assert policy.name
    assert policy.version


@every_policy
def test_each_row_is_a_distribution_over_the_unmasked_actions(
    policy: Policy, inputs: tuple[Floats32, Floats32, Bools]
) -> None:
    probabilities = policy.batch_probabilities(*inputs)
    assert probabilities.shape == inputs[2].shape
    assert probabilities.dtype == np.float64
    assert (probabilities >= 0.0).all()
    assert (probabilities[~inputs[2]] == 0.0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-9)


@every_policy
def test_the_batch_equals_one_row_at_a_time(
    policy: Policy, inputs: tuple[Floats32, Floats32, Bools]
) -> None:
    context, actions, mask = inputs
    together = policy.batch_probabilities(context, actions, mask)
    for row in range(25):
        legal = np.flatnonzero(mask[row])
        members = tuple(Action(f"a{i}", "queue", actions[row, i].astype(np.float64)) for i in legal)
        alone = policy.probabilities(
            Context("c", context[row].astype(np.float64)), ActionSet(members)
        )
        assert alone.shape == (len(members),)
        np.testing.assert_allclose(alone, together[row, legal], atol=1e-6)


@every_policy
def test_permuting_the_actions_permutes_the_probabilities(
    policy: Policy, inputs: tuple[Floats32, Floats32, Bools]
) -> None:
    context, actions, mask = inputs
    order = np.random.default_rng(3).permutation(mask.shape[1])
    straight = policy.batch_probabilities(context, actions, mask)
    permuted = policy.batch_probabilities(context, actions[:, order], mask[:, order])
    np.testing.assert_allclose(permuted, straight[:, order], atol=1e-6)


@every_policy
def test_what_stands_in_the_padding_does_not_matter(
    policy: Policy, inputs: tuple[Floats32, Floats32, Bools]
) -> None:
    context, actions, mask = inputs
    rubbish = actions.copy()
    rubbish[~mask] = 77.0
    np.testing.assert_array_equal(
        policy.batch_probabilities(context, rubbish, mask),
        policy.batch_probabilities(context, actions, mask),
    )


@every_policy
def test_the_same_inputs_give_the_same_bytes_and_are_left_alone(
    policy: Policy, inputs: tuple[Floats32, Floats32, Bools]
) -> None:
    before = tuple(array.tobytes() for array in inputs)
    first = policy.batch_probabilities(*inputs).tobytes()
    assert policy.batch_probabilities(*inputs).tobytes() == first
    assert tuple(array.tobytes() for array in inputs) == before


@every_policy
def test_a_row_without_an_action_is_refused(policy: Policy) -> None:
    context, actions, mask = batch(4, 3, 5)
    mask[1] = False
    with pytest.raises(InputError, match="row 1"):
        policy.batch_probabilities(context, actions, mask)


@every_policy
def test_it_cannot_be_changed(policy: Policy) -> None:
    names = vars(type(policy))["__dataclass_fields__"]
    assert names
    for name in names:
        with pytest.raises(FrozenInstanceError):
            setattr(policy, name, None)


@every_policy
def test_a_saved_policy_comes_back_equal(policy: Policy, tmp_path: Path) -> None:
    path = tmp_path / "policy.nba"
    mixed = isinstance(policy, Softmax) and isinstance(policy.source, Policy)
    if mixed or isinstance(policy, EpsilonGreedy | Rule | ShareRouting):
        with pytest.raises(PolicyFileError, match="no policy file"):
            save_policy(path, policy, Card(CONTACT_CENTRE))
        return
    version = save_policy(path, policy, Card(CONTACT_CENTRE))
    loaded = load_policy(path)
    inputs = batch(5, 64, 9)
    assert loaded.policy.version == version == loaded.digest[:12]
    assert loaded.kind in KINDS
    assert parts_of(loaded.policy)[:2] == parts_of(policy)[:2]
    np.testing.assert_array_equal(
        loaded.policy.batch_probabilities(*inputs), policy.batch_probabilities(*inputs)
    )
    context, actions = single()
    np.testing.assert_array_equal(
        loaded.policy.probabilities(context, actions), policy.probabilities(context, actions)
    )
