"""Settings and arrays of each kind, and what is refused."""

import numpy as np
import pytest

from nba.act.greedy import Greedy
from nba.act.kinds import assemble, parts_of
from nba.errors import PolicyFileError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.encode import FeatureSpec
from nba.types import Floats, Floats32
from tests.nba.act.sample_policies import reward_model, scorer


class Flat:
    """A reward model that is no LinearRewardModel."""

    def batch_rewards(self, context: Floats32, actions: Floats32) -> Floats:
        return np.zeros(actions.shape[:2])


def test_the_arrays_are_told_apart_by_their_prefix() -> None:
    kind, settings, arrays = parts_of(scorer())
    assert kind == "action_scorer"
    assert settings == {"name": "scorer", "prior_weight": 0.5, "temperature": 0.7, "floor": 0.02}
    assert {name.partition(".")[0] for name in arrays} == {"scorer", "reward_model"}


def test_a_reward_model_without_a_file_form_is_refused() -> None:
    with pytest.raises(PolicyFileError, match="class Flat has no file form"):
        parts_of(Greedy(Flat()))


def test_a_rule_without_its_reward_model_is_refused() -> None:
    with pytest.raises(PolicyFileError, match="no reward model"):
        assemble("greedy", {"name": "g"}, {}, spec=CONTACT_CENTRE, version="v")


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(PolicyFileError, match="kind 'oracle'"):
        assemble("oracle", {"name": "o"}, {}, spec=CONTACT_CENTRE, version="v")


def test_a_net_of_another_width_than_its_spec_is_refused() -> None:
    narrow = FeatureSpec("narrow", CONTACT_CENTRE.context[:3], CONTACT_CENTRE.action)
    kind, settings, arrays = parts_of(scorer())
    with pytest.raises(PolicyFileError, match="net for 26 context and 23 action columns"):
        assemble(kind, settings, arrays, spec=narrow, version="v")


def test_greedy_takes_the_largest_predicted_reward() -> None:
    kind, settings, arrays = parts_of(Greedy(reward_model(), name="mine"))
    policy = assemble(kind, settings, arrays, spec=CONTACT_CENTRE, version="v")
    assert (policy.name, policy.version) == ("mine", "v")
