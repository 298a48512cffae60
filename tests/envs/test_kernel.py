"""What holds in every preset and scenario, whatever is decided: nobody is lost, time goes on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.evaluate_days import simulate
from envs.records import column
from envs.state import AT_WORK, FIRST_EMPLOYEE, FOLLOW_UP, FREE, NOTHING, QUEUE, RETURNING
from envs.vector import ContactCentreVector
from nba.act.longest_idle import LongestIdle
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE
from tests.envs.small_centre import (
    PRESETS,
    SCENARIOS,
    centre,
    desks,
    one_day,
    pending,
    random_legal,
    small,
    started,
)

INTERNAL = ("customer", "desk", "event", "person", "context", "actions", "mask")


def conserved(vector: ContactCentreVector) -> bool:
    """Whether everybody who came has left or is in a slot, and every slot is free or taken."""
    status = column(vector.state.customer, "status")
    open_now = ((status != FREE) & (status != RETURNING)).sum(axis=1)
    opened = centre(vector, "arrivals") + centre(vector, "recontacts")
    taken = status.shape[1] - centre(vector, "n_free")
    return bool(
        (opened - centre(vector, "finished") == open_now).all()
        and (taken == (status != FREE).sum(axis=1)).all()
        and not centre(vector, "failed").any()
    )


@settings(max_examples=12, deadline=None)
@given(
    preset_name=st.sampled_from(PRESETS),
    scenario_name=st.sampled_from(SCENARIOS),
    seed=st.integers(0, 10_000),
    load=st.floats(0.3, 2.0),
)
def test_nobody_is_lost_and_time_never_runs_back(
    preset_name: str, scenario_name: str, seed: int, load: float
) -> None:
    vector = started(small(preset_name, scenario_name, load=load), 2, seed)
    before = centre(vector, "now")
    for _, reward, dt, done in one_day(vector, seed):
        assert np.isfinite(reward).all()
        assert (dt >= 0).all()
        now = centre(vector, "now")
        assert (done | (np.abs(now - before - dt) < 1e-6)).all()
        before = now
        assert conserved(vector)


@settings(max_examples=10, deadline=None)
@given(
    preset_name=st.sampled_from(PRESETS),
    scenario_name=st.sampled_from(SCENARIOS),
    seed=st.integers(0, 10_000),
)
def test_the_mask_allows_what_can_be_done_and_nothing_else(
    preset_name: str, scenario_name: str, seed: int
) -> None:
    vector = started(small(preset_name, scenario_name), 4, seed)
    for _ in one_day(vector, seed):
        context, actions, mask = vector.observe()
        assert np.isfinite(context).all()
        assert np.isfinite(actions).all()
        assert mask[:, QUEUE].all()
        assert (mask[:, NOTHING] == (pending(vector, "occasion") == FOLLOW_UP)).all()
        here = desks(vector, "status") == AT_WORK
        now = centre(vector, "now")[:, None]
        stays = (desks(vector, "shift_end") > now) & (desks(vector, "break_due") > now)
        assert not mask[:, FIRST_EMPLOYEE:][~(here & stays)].any()


def test_an_illegal_action_is_refused_and_changes_nothing() -> None:
    vector = started(small("bank"), 3, 4)
    vector.step(random_legal(vector, np.random.default_rng(0)))
    illegal = int(np.flatnonzero(~vector.observe()[2][1])[0])
    before = [getattr(vector.state, name).tobytes() for name in INTERNAL]
    for wrong in (illegal, -1, vector.n_actions):
        with pytest.raises(InputError, match=f"action {wrong} is not legal in centre 1"):
            vector.step(np.array([QUEUE, wrong, QUEUE]))
    assert [getattr(vector.state, name).tobytes() for name in INTERNAL] == before


@pytest.mark.parametrize("preset_name", PRESETS)
def test_each_step_s_reward_is_the_weighted_sum_of_what_it_added(preset_name: str) -> None:
    vector = started(small(preset_name), 3, 8)
    weights = vector.objective.weights
    names = tuple(vector.day_components())
    prices = np.array([weights.get(name, 0.0) for name in names])
    before = column(vector.state.centre, "totals").astype(np.float64)
    days = np.zeros(3)
    for _, reward, _, done in one_day(vector):
        totals = column(vector.state.centre, "totals").astype(np.float64)
        added = (totals - before) @ prices
        assert np.allclose(reward[~done], added[~done], atol=1e-9)
        days += reward
        if done[0]:
            parts = vector.day_components()
            still_open = vector.day_figures()["still_open"][0] * vector.config.open_contact_eur
            day = sum(weights[name] * parts[name][0] for name in weights) + still_open
            assert days[0] == pytest.approx(day, abs=1e-6)
            assert abs(days[0]) > 10.0
        days[done] = 0.0
        before = totals


@pytest.mark.parametrize("preset_name", ["bank", "telecom", "retail"])
def test_a_fixed_policy_earns_less_as_load_rises(preset_name: str) -> None:
    earned = [
        simulate(LongestIdle(CONTACT_CENTRE), small(preset_name, load=load), n_days=16, seed=6)[
            "eur_per_contact"
        ].mean()
        for load in (0.7, 1.0, 1.4, 2.0)
    ]
    assert earned == sorted(earned, reverse=True)


def trace(n: int, threads: int = 1) -> tuple[list[bytes], list[bytes]]:
    """The bytes of a run of `n` centres: of centre 0 and 1, and of all."""
    vector = started(small("retail", "bot_outage"), n, 9, threads=threads)
    generators = [np.random.default_rng(b) for b in range(n)]
    first, whole = [], []
    for _ in range(500):
        mask = vector.observe()[2]
        chosen = [generators[b].choice(np.flatnonzero(mask[b])) for b in range(n)]
        reward, dt, done = vector.step(np.array(chosen))
        parts = (*vector.observe(), reward, dt, done, vector.keys)
        first.append(b"".join(part[:2].tobytes() for part in parts))
        whole.append(b"".join(part.tobytes() for part in parts))
    return first, whole


def test_the_same_seed_gives_the_same_bytes_whatever_the_number_of_centres_or_threads() -> None:
    first, whole = trace(4)
    assert trace(4)[1] == whole
    assert trace(4, threads=2)[1] == whole
    assert trace(2)[0] == first
    assert len(set(whole)) == len(whole)
