"""The net with its scales in its weights, against the net as it is written down."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from nba.act.folded_net import CLIP, FoldedNet
from nba.act.policy import PARAMETER_SHAPES
from nba.types import Bools, Floats, Floats32

D, P, H, MOST = 5, 7, 48, 20


def parameters(rng: np.random.Generator) -> dict[str, Floats32]:
    size = {"d": D, "p": P, "h": H}
    made = {
        name: rng.normal(size=[size[letter] for letter in letters]).astype(np.float32)
        for name, letters in PARAMETER_SHAPES.items()
    }
    for name in ("context_std", "action_std"):
        made[name] = np.exp(made[name])
    made["action_mean"][0] = 90_000.0  # seconds of a day beside a spread of about one
    return made


def batch(rng: np.random.Generator, n: int, w: Mapping[str, Floats32]) -> tuple[Floats32, Floats32]:
    context = w["context_mean"] + rng.normal(scale=3.0, size=(n, D)) * w["context_std"]
    actions = w["action_mean"] + rng.normal(scale=3.0, size=(n, MOST, P)) * w["action_std"]
    return context.astype(np.float32), actions.astype(np.float32)


def as_written(
    w: Mapping[str, Floats32], context: Floats32, actions: Floats32, mask: Bools
) -> Floats:
    """The hidden layer in double precision, a row at a time."""
    wide = {name: array.astype(np.float64) for name, array in w.items()}
    found = np.zeros((*mask.shape, H))
    for row in range(len(context)):
        x = (context[row].astype(np.float64) - wide["context_mean"]) / wide["context_std"]
        a = (actions[row][mask[row]].astype(np.float64) - wide["action_mean"]) / wide["action_std"]
        x, a = np.clip(x, -CLIP, CLIP), np.clip(a, -CLIP, CLIP)
        each = np.maximum(a @ wide["W_ae"] + x @ wide["W_xe"] + wide["b_e"], 0.0)
        shared = each.mean(axis=0) @ wide["W_gu"] + x @ wide["W_xu"] + wide["b_u"]
        found[row, mask[row]] = np.maximum(each @ wide["W_eu"] + shared, 0.0)
    return found


def test_it_is_the_net_as_it_is_written_down() -> None:
    rng = np.random.default_rng(1)
    w = parameters(rng)
    context, actions = batch(rng, 200, w)
    mask = rng.random((200, MOST)) < 0.6
    mask[:, 3] = True
    actions[~mask] = np.nan  # padding may hold anything
    net, wanted = FoldedNet.of(w), as_written(w, context, actions, mask)
    hidden = net.hidden(context, actions, mask)
    largest = np.abs(wanted).max()
    np.testing.assert_allclose(hidden[mask], wanted[mask], atol=1e-5 * largest)
    scores = net.scores(context, actions, mask)
    told = wanted @ w["w_score"].astype(np.float64)
    np.testing.assert_allclose(scores[mask], told[mask], atol=1e-5 * np.abs(told).max())


def test_more_actions_than_a_block_holds() -> None:
    rng = np.random.default_rng(2)
    w = parameters(rng)
    context, _ = batch(rng, 2, w)
    actions = np.tile(batch(rng, 1, w)[1], (2, 100, 1))
    everything = np.ones((2, 100 * MOST), dtype=np.bool_)
    scores = FoldedNet.of(w).scores(context, actions, everything)
    few = FoldedNet.of(w).scores(context, actions[:, :MOST], everything[:, :MOST])
    np.testing.assert_allclose(
        scores.reshape(2, 100, MOST), np.stack([few] * 100, axis=1), atol=2e-2
    )


def test_a_second_call_leaves_what_the_first_one_gave() -> None:
    rng = np.random.default_rng(3)
    w = parameters(rng)
    net, mask = FoldedNet.of(w), np.ones((9, MOST), dtype=np.bool_)
    first = net.hidden(*batch(rng, 9, w), mask)
    kept = first.copy()
    net.hidden(*batch(rng, 9, w), mask)
    np.testing.assert_array_equal(first, kept)


def test_threads_do_not_share_what_lies_between_two_layers() -> None:
    rng = np.random.default_rng(4)
    w = parameters(rng)
    net, mask = FoldedNet.of(w), np.ones((300, MOST), dtype=np.bool_)
    batches = [batch(rng, 300, w) for _ in range(8)]
    alone = [net.scores(*each, mask) for each in batches]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            together = list(pool.map(lambda each: net.scores(each[0], each[1], mask), batches))
            for mine, theirs in zip(alone, together, strict=True):
                np.testing.assert_array_equal(mine, theirs)
