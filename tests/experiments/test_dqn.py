"""Double DQN over masked, ragged actions."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch as th

from envs.vector import ContactCentreVector
from experiments import dqn
from experiments.dqn import DqnConfig, action_values, targets, train_dqn
from experiments.export import TOLERANCE, export_net, net_difference, situations
from experiments.replay import Replay, Transitions
from experiments.scorer import ActionScorerPolicy
from experiments.vec_env import observation
from nba.errors import InputError
from tests.experiments.small_run import BANK, normalisation, reward_model

SMALL = DqnConfig(total_steps=4000, n_envs=8, batch_size=32, decisions_per_update=16, hidden=8)
ROWS = situations(ContactCentreVector(BANK, 16, 8), 200, 1)
SEEN = observation(*ROWS, reward_model(), normalisation())


def trained(
    config: DqnConfig = SMALL,
    *,
    checkpoint: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> ActionScorerPolicy:
    return train_dqn(
        config, BANK, reward_model(), normalisation(),
        seed=4, checkpoint=checkpoint, progress=progress,
    )  # fmt: skip


def tensors(
    seen: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]],
) -> dict[str, th.Tensor]:
    return {name: th.from_numpy(rows) for name, rows in seen.items()}


def test_the_same_seed_gives_the_same_net_and_it_learns() -> None:
    first, second = trained(), trained()
    weights = [net.state_dict() for net in (first, second)]
    assert all(weights[0][name].equal(weights[1][name]) for name in weights[0])
    assert first.w_score.abs().sum() > 0


def test_the_exported_policy_computes_what_torch_computes() -> None:
    net, model = trained(), reward_model()
    policy = export_net(
        net, normalisation(), reward_model=model, prior_model=model, temperature=0.1, floor=0.01
    )
    assert net_difference(net, policy, SEEN, ROWS) <= TOLERANCE


def test_targets_take_the_best_legal_action_and_nothing_after_a_days_end() -> None:
    net, seen = trained(), tensors(SEEN)
    n = len(SEEN["mask"])
    discount = th.full((n,), 0.5)
    discount[0] = 0.0
    lived = Transitions(seen, th.zeros(n, dtype=th.int64), th.ones(n), discount, seen)
    with th.no_grad():
        found = targets(net, net, lived)
        values = action_values(net, seen).numpy()
    best = np.where(SEEN["mask"] > 0, values, -np.inf).max(axis=1)
    assert found[0] == 1.0
    assert np.allclose(found[1:].numpy(), 1.0 + 0.5 * best[1:], atol=1e-6)


def test_padding_does_not_change_the_values() -> None:
    net, seen = trained(), tensors(SEEN)
    wider = {
        "context": seen["context"],
        "pooled": seen["pooled"],
        "actions": th.nn.functional.pad(seen["actions"], (0, 0, 0, 3)),
        "mask": th.nn.functional.pad(seen["mask"], (0, 3)),
        "prior": th.nn.functional.pad(seen["prior"], (0, 3)),
    }
    with th.no_grad():
        plain, padded = action_values(net, seen), action_values(net, wider)[:, :-3]
    legal = seen["mask"] > 0
    assert th.allclose(plain[legal], padded[legal], atol=1e-5)


def test_what_follows_a_step_in_the_memory_is_the_next_step_of_the_same_centre() -> None:
    first = {"mask": np.zeros((2, 1), dtype=np.float32)}
    replay = Replay(first, n_steps=4)
    for step in range(7):
        seen = {"mask": np.array([[step], [100 + step]], dtype=np.float32)}
        done = np.array([False, step == 5])
        replay.add(seen, np.full(2, step), np.zeros(2, np.float32), np.full(2, 0.9), done)
    lived = replay.sample(200, np.random.default_rng(0))
    before, after = lived.before["mask"][:, 0], lived.after["mask"][:, 0]
    assert after.equal(before + 1)
    assert set(before.tolist()) == {3.0, 4.0, 5.0, 103.0, 104.0, 105.0}
    assert ((lived.discount == 0.0) == (before == 105.0)).all()


def test_a_run_that_was_killed_goes_on_bit_for_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dqn, "_KEEP_EVERY", 5)
    kept = tmp_path / "kept.pt"

    def kill_later(n: int, seen: list[int] = []) -> None:  # noqa: B006 counts across calls
        seen.append(n)
        if len(seen) == 13:
            raise KeyboardInterrupt

    whole = trained(SMALL)
    with pytest.raises(KeyboardInterrupt):
        trained(SMALL, checkpoint=kept, progress=kill_later)
    counted: list[int] = []
    again = trained(SMALL, checkpoint=kept, progress=counted.append)
    assert counted[0] == 10 * SMALL.n_envs, "it began after the tenth step"
    assert [v.numpy().tobytes() for v in again.state_dict().values()] == [
        v.numpy().tobytes() for v in whole.state_dict().values()
    ]
    with pytest.raises(InputError, match="checkpoint of other settings"):
        trained(replace(SMALL, seed=9), checkpoint=kept)
