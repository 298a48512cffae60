"""The draw: keyed, exact at its edges, and as frequent as the probabilities say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba.act.decide import decide, draw
from nba.act.policy import with_floor
from nba.act.uniform import Uniform
from nba.errors import InputError
from nba.seeding import keyed_uniforms
from nba.types import ActionSet, Bools, Context, Floats, Floats32
from tests.nba.act.sample_policies import scorer, single

LAST = 1.0 - 2.0**-53  # the largest number a uniform generator gives


class Broken:
    """A policy that gives the same numbers whatever it sees."""

    name = "broken"
    version = "0"

    def __init__(self, numbers: list[float]) -> None:
        self.numbers = np.array(numbers)

    def probabilities(self, context: Context, actions: ActionSet) -> Floats:
        return self.numbers

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        return self.numbers[None]


@given(
    weights=st.lists(st.floats(0, 1e6), min_size=1, max_size=40).filter(lambda w: sum(w) > 1e-3),
    uniform=st.floats(0, LAST),
)
def test_an_action_of_probability_zero_is_never_drawn(weights: list[float], uniform: float) -> None:
    probabilities = np.array([weights]) / sum(weights)
    for point in (0.0, uniform, LAST):
        chosen, propensity = draw(probabilities, np.array([point]))
        assert 0 <= chosen[0] < len(weights)
        assert propensity[0] == probabilities[0, chosen[0]] > 0.0


def test_a_total_just_below_one_does_not_push_the_draw_off_the_end() -> None:
    probabilities = np.array([[0.4, 0.6 - 4e-7, 0.0]])
    chosen, propensity = draw(probabilities, np.array([LAST]))
    assert (chosen[0], propensity[0]) == (1, probabilities[0, 1])


def test_frequencies_match_the_probabilities() -> None:
    n = 40_000
    probabilities = np.array([0.02, 0.5, 0.0, 0.28, 0.2])
    uniforms = keyed_uniforms(np.arange(n, dtype=np.uint64), 7)
    chosen, _ = draw(np.tile(probabilities, (n, 1)), uniforms)
    counts = np.bincount(chosen, minlength=5)
    spread = np.sqrt(n * probabilities * (1 - probabilities))
    assert (np.abs(counts - n * probabilities) <= 4 * spread).all()


def test_one_row_draws_what_the_batch_draws() -> None:
    rng = np.random.default_rng(1)
    raw = rng.random((200, 9)) * (rng.random((200, 9)) < 0.6) + 1e-12
    probabilities = raw / raw.sum(axis=1, keepdims=True)
    uniforms = rng.random(200)
    together, _ = draw(probabilities, uniforms)
    alone = [draw(probabilities[i : i + 1], uniforms[i : i + 1])[0][0] for i in range(200)]
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize("numbers", [[0.5, 0.4], [1.5, -0.5], [np.nan, 1.0]])
def test_what_is_no_distribution_is_refused(numbers: list[float]) -> None:
    with pytest.raises(InputError, match="row 0 of the probabilities sums to"):
        draw(np.array([numbers]), np.array([0.5]))


def test_the_same_id_gives_the_same_decision_and_its_propensity_is_the_policys() -> None:
    context, actions = single(1)
    policy = scorer(1)
    probabilities = policy.probabilities(context, actions)
    by_id = dict(zip([a.id for a in actions.actions], probabilities, strict=True))
    for number in range(50):
        decision = decide(policy, context, actions, decision_id=f"d-{number}")
        again = decide(policy, context, actions, decision_id=f"d-{number}")
        assert decision.chosen is again.chosen
        assert decision.propensity == again.propensity == by_id[decision.chosen.id]


def test_other_ids_and_other_versions_draw_differently() -> None:
    context, actions = single(1)
    ids = [f"d-{i}" for i in range(60)]
    first = [decide(Uniform(version="1"), context, actions, decision_id=i).chosen.id for i in ids]
    other = [decide(Uniform(version="2"), context, actions, decision_id=i).chosen.id for i in ids]
    assert len(set(first)) == len(actions)
    assert first != other


def test_the_ranking_is_most_probable_first_and_complete() -> None:
    context, actions = single(1)
    decision = decide(
        scorer(1), context, actions, decision_id="d", excluded={"action-9": "no shift"}
    )
    shares = [share for _, share in decision.ranked]
    assert shares == sorted(shares, reverse=True)
    assert {name for name, _ in decision.ranked} == {action.id for action in actions.actions}
    assert decision.excluded == {"action-9": "no shift"}
    assert (decision.policy, decision.policy_version) == ("scorer", "test")


def test_a_policy_that_gives_no_distribution_makes_no_decision() -> None:
    context, actions = single(1)
    with pytest.raises(InputError, match="must give numbers >= 0 that sum to 1"):
        decide(Broken([0.3] * len(actions)), context, actions, decision_id="d")


def test_a_floor_is_what_the_draw_sees() -> None:
    mask = np.ones((1, 4), dtype=np.bool_)
    probabilities = with_floor(np.array([[1.0, 0.0, 0.0, 0.0]]), mask, 0.2)
    chosen, propensity = draw(probabilities, np.array([LAST]))
    assert (chosen[0], propensity[0]) == (3, 0.05)
