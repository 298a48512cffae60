"""The simulated centre, made degenerate, against the exact values of the tiny model.

The threshold |z| < 3.3 was fixed before the first run; seeds and numbers of days were not chosen
by their result. A day is one replication.
"""

from dataclasses import replace

import numpy as np
import pytest

from envs.config import CentreConfig
from envs.records import column
from envs.state import QUEUE
from envs.tiny_centre import TinyCentre, chain_of, full_share
from envs.tiny_play import Reader, actions_of
from envs.tiny_policies import RULES, longest_idle, policy_of
from envs.value_iteration import certain, evaluate, optimise
from envs.vector import ContactCentreVector
from nba.errors import InputError
from nba.listen.objective import Objective
from nba.types import Floats, Ints
from tests.envs.queueing import textbook_queue, z_of
from tests.envs.tiny_experts import EXPERTS

DAY_S = 86_400.0
WEIGHTS = {"resolved": 7.0, "wait_s": -10.0 / 3600.0, "abandoned": -2.0}

# Four times slower than EXPERTS: fewer steps in a day, more days instead.
SIMULATED = replace(
    EXPERTS,
    rates=(0.0015, 0.001),
    mean_service_s=((600.0, 600.0), (1000.0, 1000.0)),
    mean_patience_s=480.0,
)


def _two_experts(own_queue_limit: int) -> CentreConfig:
    """Two intents, two employees; an intent of one's own is resolved at 95 %, another at 5 %."""
    return replace(
        textbook_queue(2, load=1.9),
        contacts_per_day=sum(SIMULATED.rates) * DAY_S,
        intent_share=(0.6, 0.4, 0.0, 0.0),
        service_mean_s=(600.0, 1000.0, 1.0, 1.0),
        patience_median_s=480.0,
        primary_skill=2.0,
        other_skill=-2.0,
        skill_sigma=0.0,
        resolve_base=0.0,
        resolve_skill=8.0,
        resolve_complexity=0.0,
        resolve_fatigue=0.0,
        resolve_language=0.0,
        own_queue_limit=own_queue_limit,
    )


def _models(vector: ContactCentreVector) -> tuple[list[TinyCentre], Ints]:
    """The models of the sites' rosters, and which one each centre (B,) has."""
    skill = column(vector.state.person, "skill").astype(np.float64)[:, :2, :2]
    resolved = 1.0 / (1.0 + np.exp(-vector.config.resolve_skill * (skill - 0.5)))
    values = WEIGHTS["resolved"] * resolved.transpose(0, 2, 1)  # (B, kinds, employees)
    rosters, which = np.unique(values.round(9).reshape(-1, 4), axis=0, return_inverse=True)
    models = [
        replace(
            SIMULATED,
            value_eur=((r[0], r[1]), (r[2], r[3])),
            own_queue_limit=vector.config.own_queue_limit,
            shared_queue_limit=4 if vector.config.own_queue_limit else 8,
        )
        for r in rosters.tolist()
    ]
    return models, which.ravel()


def _day(vector: ContactCentreVector, reader: Reader, tables: Ints, which: Ints) -> Floats:
    """EUR (B,) of a day under one table of choices (S, I) per model."""
    earned, over = np.zeros(vector.n_centres), np.zeros(vector.n_centres, dtype=np.bool_)
    while not over.all():
        state, kind = reader.read(vector)
        chosen = actions_of(vector, reader.centre, tables[which, state, kind])
        reward, _, done = vector.step(chosen)
        earned += np.where(over, 0.0, reward)
        over |= done
    return earned


@pytest.mark.parametrize("own_queue_limit", [pytest.param(0, marks=pytest.mark.slow), 1])
def test_the_simulated_centre_earns_what_the_model_says(own_queue_limit: int) -> None:
    def opened() -> ContactCentreVector:
        config = _two_experts(own_queue_limit)
        vector = ContactCentreVector(config, 128, 203, objective=Objective(WEIGHTS))
        vector.reset()
        return vector

    models, which = _models(opened())
    chains = [chain_of(model) for model in models]
    states = chains[0][1]  # the same for every model: only the values differ
    reader = Reader.of(models[0], states)
    policies: dict[str, list[Floats]] = {
        "optimal": [certain(optimise(chain).choices, 3) for chain, _ in chains],
        "longest_idle": [policy_of(model, states, longest_idle) for model in models],
        "greedy": [policy_of(model, states, RULES["best_with_room"]) for model in models],
    }
    truth, earned = {}, {}
    for name, tables in policies.items():
        worths = [evaluate(chain, table) for (chain, _), table in zip(chains, tables, strict=True)]
        truth[name] = np.array([worth.gain * DAY_S + worth.value[0] for worth in worths])[which]
        choices = np.array([table.argmax(axis=2) for table in tables])
        earned[name] = _day(opened(), reader, choices, which)
        assert abs(z_of(earned[name], truth[name])) < 3.3, name
        assert earned["optimal"].mean() >= earned[name].mean()
        assert (truth["optimal"] >= truth[name] - 1e-6).all()
    # The same customers met every policy: the difference is sharper than either value.
    gap = earned["optimal"] - earned["longest_idle"]
    assert abs(z_of(gap, truth["optimal"] - truth["longest_idle"])) < 3.3
    assert gap.mean() > 10.0 * gap.std(ddof=1) / np.sqrt(len(gap))
    # The model's bound on the queue is out of reach.
    assert full_share(models[0], chains[0][0], states, policies["optimal"][0]) < 1e-3


def test_a_centre_outside_the_model_is_refused() -> None:
    busy = replace(_two_experts(1), contacts_per_day=5000.0)
    vector = ContactCentreVector(busy, 2, 202)
    vector.reset()
    reader = Reader.of(EXPERTS, chain_of(EXPERTS)[1][:1])
    assert reader.read(vector)[0].tolist() == [0, 0]
    vector.step(np.full(2, QUEUE))  # state 0, nobody there, is the only one that it knows
    with pytest.raises(InputError, match="is in no state of the model"):
        reader.read(vector)
