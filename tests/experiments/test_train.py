"""Training of the action scorer."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch as th

from envs.vector import ContactCentreVector
from experiments.scorer import NET_PARAMETERS
from experiments.train import Trained, TrainingError, train
from nba.types import Bools, Floats, Ints
from tests.experiments.small_run import CONFIG, normalisation, reward_model, trained


def weights(result: Trained) -> dict[str, bytes]:
    found = result.learner.policy.state_dict()
    return {name: values.numpy().tobytes() for name, values in found.items()}


def test_the_same_seed_gives_the_same_weights_and_curve() -> None:
    again = train(CONFIG, reward_model(), normalisation())
    assert weights(again) == weights(trained())
    assert again.curve == trained().curve


def test_another_seed_gives_another_policy() -> None:
    other = train(replace(CONFIG, seed=6), reward_model(), normalisation())
    assert weights(other) != weights(trained())


def test_every_part_of_the_net_is_trained() -> None:
    start = train(replace(CONFIG, learning_rate=1e-12), reward_model(), normalisation())
    before, after = weights(start), weights(trained())
    assert set(NET_PARAMETERS) <= set(after)
    assert [name for name in after if before[name] == after[name]] == []


def test_the_curve_has_a_point_for_every_rollout() -> None:
    per_rollout = CONFIG.n_envs * CONFIG.rollout_steps
    steps = [step for step, _ in trained().curve]
    assert steps == list(range(per_rollout, CONFIG.total_steps + 1, per_rollout))
    assert trained().finished


def test_progress_counts_every_decision() -> None:
    counted: list[int] = []
    train(CONFIG, reward_model(), normalisation(), progress=counted.append)
    assert sum(counted) == CONFIG.total_steps


def test_whoever_watches_sees_every_update_and_changes_nothing() -> None:
    seen: list[dict[str, bytes]] = []

    def watch(state: Trained) -> bool:
        seen.append(weights(state))
        return True

    result = train(CONFIG, reward_model(), normalisation(), after_update=watch)
    assert len({str(each) for each in seen}) == len(seen) == len(result.curve)
    assert seen[-1] == weights(result) == weights(trained())


def test_whoever_watches_may_end_training() -> None:
    result = train(
        CONFIG, reward_model(), normalisation(), after_update=lambda state: len(state.curve) < 2
    )
    assert not result.finished
    assert result.curve == trained().curve[:2]


def test_weights_that_blow_up_stop_training_with_the_step_and_the_cause() -> None:
    wild = replace(CONFIG, learning_rate=1e30)
    with pytest.raises(TrainingError, match=r"not finite after 256 decisions; lower learning_rate"):
        train(wild, reward_model(), normalisation())


def test_a_reward_that_is_no_number_stops_training(monkeypatch: pytest.MonkeyPatch) -> None:
    honest: Callable[..., tuple[Floats, Floats, Bools]] = ContactCentreVector.step

    def broken(self: ContactCentreVector, chosen: Ints) -> tuple[Floats, Floats, Bools]:
        reward, dt, done = honest(self, chosen)
        return np.full_like(reward, np.nan), dt, done

    monkeypatch.setattr(ContactCentreVector, "step", broken)
    with pytest.raises(TrainingError, match="returns are not finite after 256 decisions"):
        train(CONFIG, reward_model(), normalisation())


def test_an_interrupt_leaves_the_state_it_has() -> None:
    def interrupt_later(n: int, seen: list[int] = []) -> None:  # noqa: B006 counts across calls
        seen.append(n)
        if sum(seen) > 600:
            raise KeyboardInterrupt

    result = train(CONFIG, reward_model(), normalisation(), progress=interrupt_later)
    assert not result.finished
    assert 1 <= len(result.curve) < 4
    values = [bool(th.isfinite(part).all()) for part in result.learner.policy.parameters()]
    assert all(values)
