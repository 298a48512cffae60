"""Training that does not start from nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from envs.vector import ContactCentreVector
from experiments.export import export, situations
from experiments.scorer import NET_PARAMETERS
from experiments.starting_point import starting_from, starting_point
from experiments.train import Trained, train
from nba.act.bundle import Card, save_policy
from nba.act.greedy import Greedy
from nba.act.longest_idle import LongestIdle
from nba.act.policy import ActionScorer
from nba.act.softmax import Softmax
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE
from tests.experiments.small_run import BANK, CONFIG, normalisation, reward_model, trained

ONE_ROLLOUT = replace(CONFIG, total_steps=CONFIG.n_envs * CONFIG.rollout_steps)


def net(result: Trained) -> dict[str, bytes]:
    policy = result.learner.policy
    return {name: getattr(policy, name).detach().numpy().tobytes() for name in NET_PARAMETERS}


def exported(result: Trained) -> ActionScorer:
    return export(result, CONFIG, reward_model=reward_model(), prior_model=reward_model())


def test_a_scorer_goes_on_from_its_file_with_the_same_probabilities(tmp_path: Path) -> None:
    first = exported(trained())
    path = tmp_path / "policy.safetensors"
    save_policy(path, first, Card(CONTACT_CENTRE))
    start = starting_point(path)
    config = start.applied_to(replace(ONE_ROLLOUT, hidden=32, critic_steps=10_000))
    assert (config.hidden, config.prior_weight) == (CONFIG.hidden, CONFIG.prior_weight)
    assert start.normalisation is not None
    result = train(config, start.prior_model, start.normalisation, start=start)
    rows = situations(ContactCentreVector(BANK, 16, 8), 100, 1)
    gone_on = exported(result).batch_probabilities(*rows)
    assert np.array_equal(gone_on, first.batch_probabilities(*rows))


def only_the_value(steps: int) -> Trained:
    config = replace(CONFIG, total_steps=steps, critic_steps=10_000)
    return train(config, reward_model(), normalisation())


def test_while_only_the_value_learns_the_scores_stay_as_they_are() -> None:
    short, long = only_the_value(256), only_the_value(768)
    assert net(short) == net(long)
    weights = [result.learner.policy.state_dict() for result in (short, long)]
    assert not weights[1]["w_score"].any()
    assert not weights[0]["critic.0.weight"].equal(weights[1]["critic.0.weight"])


def test_after_the_first_decisions_the_scores_learn_too() -> None:
    later = train(replace(CONFIG, critic_steps=256), reward_model(), normalisation())
    still = only_the_value(256)
    assert all(net(later)[name] != net(still)[name] for name in NET_PARAMETERS)


def test_a_bandit_gives_its_model_as_the_prior() -> None:
    start = starting_from(Greedy(reward_model()))
    assert start.prior_model is reward_model()
    assert start.applied_to(CONFIG) == CONFIG


def test_a_softmax_in_logits_starts_with_its_own_probabilities() -> None:
    policy = Softmax(reward_model(), temperature=0.5)
    start = starting_from(policy)
    config = start.applied_to(replace(ONE_ROLLOUT, critic_steps=10_000))
    result = train(config, start.prior_model, normalisation(), start=start)
    plain = replace(config, temperature=1.0, floor=0.0)
    scorer = export(result, plain, reward_model=reward_model(), prior_model=start.prior_model)
    rows = situations(ContactCentreVector(BANK, 16, 8), 100, 1)
    gap = np.abs(scorer.batch_probabilities(*rows) - policy.batch_probabilities(*rows)).max()
    assert gap < 1e-5


def test_a_policy_without_a_model_is_refused() -> None:
    with pytest.raises(InputError, match="cannot start from a LongestIdle"):
        starting_from(LongestIdle(CONTACT_CENTRE))
