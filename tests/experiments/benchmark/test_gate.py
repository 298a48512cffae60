"""The gate study in its fast form: what luck alone promotes, and what faults it must refuse."""

import numpy as np
import pytest

from experiments.benchmark.coverage_worlds import World, draw_rows, worlds
from experiments.benchmark.gate import (
    GAINS,
    faulty_cells,
    judge,
    record,
    summary,
    wide,
    with_gain,
)

LOGS = 100
# Of 100 logs without a gain, 2.5 are promoted by luck; more than 8 come once in 500 studies.
MOST = 0.08


@pytest.mark.parametrize("world", worlds().values(), ids=lambda w: w.name)
def test_the_planted_gain_is_exact(world: World) -> None:
    for truth, share in GAINS.items():
        found = with_gain(world, share)
        np.testing.assert_allclose(found.target.sum(axis=1), 1.0)
        assert (found.target >= 0).all()
        assert np.sign(round(found.gain, 12)) == np.sign(share), truth


@pytest.mark.parametrize("world", worlds().values(), ids=lambda w: w.name)
def test_what_is_no_better_is_seldom_promoted(world: World) -> None:
    (found,) = judge(with_gain(world, 0.0), 1000, truth="no better", logs=LOGS)
    assert float(found["PROMOTE"]) <= MOST
    (worse,) = judge(with_gain(world, -0.3), 1000, truth="worse", logs=LOGS)
    assert float(worse["PROMOTE"]) <= 0.03


@pytest.mark.parametrize("name", ["plain", "high reward", "heavy weights", "returning customers"])
def test_what_is_better_is_promoted_and_never_held(name: str) -> None:
    (found,) = judge(with_gain(worlds()[name], 0.3), 5000, truth="better", logs=LOGS)
    assert float(found["PROMOTE"]) >= 0.9
    assert float(found["HOLD"]) == 0.0


def test_faulty_logs_promote_nothing_that_loses() -> None:
    for name, compute in faulty_cells(30).items():
        (found,) = compute()
        if not name.startswith("3% never tried ") and not name.endswith("20000"):
            assert float(found["PROMOTE"]) <= 0.07, found  # 2 of 30


def test_three_percent_never_tried_cannot_be_seen_without_being_told() -> None:
    # The mean weight of a small log does not show it: this is what `unsupported` is for.
    cells = faulty_cells(40)
    (hidden,) = cells["3% never tried 1000"]()
    (told,) = cells["3% never tried, a kind of its own 1000"]()
    assert float(hidden["PROMOTE"]) > 0.5
    assert float(told["CANT_TELL"]) == 1.0


def test_a_log_without_a_gain_has_its_bound() -> None:
    counts = {"PROMOTE": 2, "HOLD": 8, "CANT_TELL": 90}
    told = record("plain", 10, "no better", 0.0, counts)
    assert told["PROMOTE"] == 0.02
    assert float(told["false promotion ≤"]) == pytest.approx(0.0700, abs=5e-4)  # Wilson 1927
    gain = record("plain", 10, "better", 0.1, {"PROMOTE": 90, "HOLD": 8, "CANT_TELL": 2})
    values = {row.metric: row.value for row in summary([told, gain])}
    assert values == {
        "no better: PROMOTE": 0.02,
        "better: HOLD": 0.08,
        "better: CANT_TELL": 0.02,
    }


def test_worlds_are_drawn_alike_for_every_target() -> None:
    one = draw_rows(with_gain(worlds()["plain"], 0.3), 100, np.random.default_rng(1))
    two = draw_rows(with_gain(worlds()["plain"], 0.0), 100, np.random.default_rng(1))
    np.testing.assert_array_equal(one.reward, two.reward)


def test_one_line_tells_the_three_truths() -> None:
    counts = {"PROMOTE": 2, "HOLD": 8, "CANT_TELL": 90}
    records = [record("plain", 10, truth, share, counts) for truth, share in GAINS.items()]
    lines = wide([*records, record("odd", 10, "worse", -0.1, counts)])
    assert [line["world"] for line in lines] == ["plain"]
    assert lines[0]["better: HOLD"] == 0.08
