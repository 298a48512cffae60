"""Shares of true intents from noisy guesses, and plain shares."""

import numpy as np

from envs.calibration.mix import fit_mix, guess_likelihood, intent_shares, true_intents
from envs.presets import preset
from nba.types import Floats, Ints
from tests.envs.calibration.planted_centre import some_contacts

BANK = preset("bank")
TRUE = np.array([0.6, 0.2, 0.15, 0.05])


def guesses(n: int, seed: int) -> tuple[Ints, Ints, Floats]:
    """True intents, guesses and confidences of a calibrated classifier."""
    rng = np.random.default_rng(seed)
    intent = rng.choice(4, n, p=TRUE)
    confidence = rng.uniform(0.5, 0.9, n)
    wrong = rng.random(n) >= confidence
    guess = np.where(wrong, (intent + rng.integers(1, 4, n)) % 4, intent)
    return intent.astype(np.int64), guess.astype(np.int64), confidence


def test_the_classifier_s_errors_are_taken_out_of_the_shares() -> None:
    _, guess, confidence = guesses(20_000, seed=1)
    rows = some_contacts(intent=guess, confidence=confidence, opens=np.ones(20_000, dtype=bool))
    row = next(r for r in fit_mix(rows, BANK).fitted if r.field == "intent_share")
    z = (np.array(row.value) - TRUE) / np.array(row.std_error)
    assert np.abs(z).max() < 3.5
    counted = np.bincount(guess) / len(guess)
    assert np.abs(counted - TRUE).max() > 10 * np.max(row.std_error)


def test_the_posterior_is_right_as_often_as_it_says() -> None:
    intent, guess, confidence = guesses(40_000, seed=2)
    found = true_intents(some_contacts(intent=guess, confidence=confidence), BANK)
    said = found[np.arange(len(intent)), guess]
    for part in np.array_split(np.argsort(said), 8):
        assert abs((intent == guess)[part].mean() - said[part].mean()) < 0.025


def test_recorded_intents_are_taken_as_they_are() -> None:
    rows = some_contacts(intent=np.repeat([0, 1, 2, 3], [50, 30, 15, 5]))
    assert np.allclose(intent_shares(rows, 4), [0.5, 0.3, 0.15, 0.05])
    assert guess_likelihood(np.array([2, -1]), np.full(2, np.nan), 4).tolist() == [
        [0, 0, 1, 0],
        [1, 1, 1, 1],
    ]


def test_what_is_absent_is_not_fitted_and_said() -> None:
    part = fit_mix(some_contacts(opens=np.ones(200, dtype=bool)), BANK)
    assert part.fitted == ()
    assert dict(part.left_out)["voice_share"] == "not in the data"
