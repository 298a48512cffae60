"""The speed of training is told beside the peers', and how soon greedy is passed."""

from dataclasses import replace

import pytest

from experiments.benchmark import train_speed


@pytest.mark.slow
def test_every_peer_has_a_rate_and_both_starts_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(train_speed.CONFIG, n_envs=16, rollout_steps=32, batch_size=256)
    monkeypatch.setattr(train_speed, "CONFIG", small)
    monkeypatch.setattr(train_speed, "UPDATES", 2)
    monkeypatch.setattr(train_speed, "ROUNDS", 1)
    monkeypatch.setattr(train_speed, "DAYS", 2)
    monkeypatch.setattr(train_speed, "LARGEST", 2048)
    ours, *others = train_speed.rows()
    peers, starts = others[:3], others[3:]
    assert ours.value > 0
    assert [row.ratio for row in peers] == [ours.value / row.value for row in peers]
    assert [row.settings.partition(";")[0] for row in starts] == [
        "without a prior", "from LinUCB, its rounds included",
    ]  # fmt: skip
