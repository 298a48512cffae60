"""Small decisions by column name, and a share routing, that the baselines' tests share."""

import numpy as np

from envs.baselines.share_routing import ShareRouting
from envs.baselines.skill_cells import SkillCells
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import Bools, Floats, Floats32, Policy

Row = dict[str, float]
QUEUE: Row = {"kind=queue": 1, "expected_wait_s": 60, "expected_handle_s": 250}
NOTHING: Row = {"kind=none": 1}
BUSY: Row = {
    "kind=employee": 1,
    "expected_wait_s": 20,
    "language_match": 1,
    "skill_estimate": 0.99,
    "skill_mean": 0.5,
    "resolve_estimate": 0.99,
    "expected_handle_s": 10,
}


def idle(**columns: float) -> Row:
    """An ordinary idle employee with some columns changed."""
    ordinary: Row = {
        "kind=employee": 1,
        "idle_s": 30,
        "language_match": 1,
        "skill_estimate": 0.6,
        "skill_mean": 0.5,
        "resolve_estimate": 0.7,
        "expected_handle_s": 200,
    }
    return ordinary | columns


def bot(kind: str) -> Row:
    """A machine of this kind."""
    return {f"kind={kind}": 1, "expected_handle_s": 100, "language_match": 1}


def given(*rows: Row, contact: Row | None = None) -> tuple[Floats32, Floats32, Bools]:
    """One decision as a batch: these actions are legal, one more is masked and full of rubbish."""
    context = np.zeros((1, len(CONTACT_CENTRE.context_names)), dtype=np.float32)
    for name, value in ({"intent=billing": 1.0} | (contact or {})).items():
        context[0, CONTACT_CENTRE.context_column(name)] = value
    actions = np.zeros((1, len(rows) + 1, len(CONTACT_CENTRE.action_names)), dtype=np.float32)
    for place, row in enumerate(rows):
        for name, value in row.items():
            actions[0, place, CONTACT_CENTRE.action_column(name)] = value
    actions[0, -1] = 99.0
    mask = np.ones(actions.shape[:2], dtype=np.bool_)
    mask[0, -1] = False
    return context, actions, mask


def shares(policy: Policy, *rows: Row, contact: Row | None = None) -> Floats:
    """The policy's probabilities of these actions, (k,)."""
    found = policy.batch_probabilities(*given(*rows, contact=contact))[0]
    assert found[-1] == 0.0
    return np.asarray(found[:-1])


def choice(policy: Policy, *rows: Row, contact: Row | None = None) -> int:
    """The one action that gets all probability."""
    found = shares(policy, *rows, contact=contact)
    assert found.max() == 1.0
    return int(found.argmax())


def share_routing() -> ShareRouting:
    """Shares that grow with the skill bucket: 0, 0.1, 0.3, whatever the intent."""
    cells = SkillCells(CONTACT_CENTRE, skill_edges=(0.4, 0.7), mean_edges=(0.5,))
    intents, _, means = cells.shape
    return ShareRouting(cells, np.tile(np.repeat([0.0, 0.1, 0.3], means), intents))
