"""Ray Data: the same result as one process, and the same refusals."""

from pathlib import Path

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from experiments.scale import evaluate_columns, parts_on
from nba import ope
from nba.act.uniform import Uniform
from nba.errors import InputError, LogError
from nba.evaluate.estimators import ESTIMATORS
from nba.evaluate.stream import LogColumns
from nba.listen.log import write_log
from nba.types import Bools, Floats, Floats32
from tests.planted_log import draw_log, make_world, take_rows

COLUMNS = LogColumns(
    {"new": "t"}, unit="unit", predicted="q", values={"new": "v"}, segments=("tier",)
)


class Tilted(Uniform):
    """Uniform, with more for the first action."""

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        even = mask / mask.sum(axis=1, keepdims=True)
        return np.asarray(0.8 * even + 0.2 * (np.arange(mask.shape[1]) == 0))


class Half(Uniform):
    """No policy: its probabilities sum to a half."""

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        return np.asarray(0.5 * mask / mask.sum(axis=1, keepdims=True))


# Ray's own start-up warns of things that are not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files of several row groups."""
    path = tmp_path_factory.mktemp("log")
    rng = np.random.default_rng(1)
    for place in range(2):
        write(path / f"part-{place}.parquet", rng, 1500)
    return path


def write(path: Path, rng: np.random.Generator, n: int, *, propensity: float = 0.2) -> None:
    columns = {
        "unit": [f"customer-{i}" for i in rng.integers(0, 600, n)],
        "propensity": np.where(np.arange(n) == 700, propensity, rng.uniform(0.05, 1.0, n)),
        "t": rng.random(n),
        "reward": rng.normal(3, 1, n),
        "q": rng.random(n),
        "v": rng.random(n),
        "tier": np.array(["low", "high"])[rng.integers(0, 2, n)],
    }
    pq.write_table(pa.table(columns), path, row_group_size=250)


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_ray_gives_the_result_of_one_process(folder: Path) -> None:
    mine = evaluate_columns(folder, COLUMNS, engine="ray")
    alone = evaluate_columns(folder, COLUMNS, engine="local")
    assert mine.segments == alone.segments == ("tier=high", "tier=low")
    for segment in ("", *alone.segments):
        np.testing.assert_allclose(
            mine.statistics("new", segment=segment).buckets,
            alone.statistics("new", segment=segment).buckets,
            rtol=1e-12,
            atol=1e-12,
        )
        for estimator in ESTIMATORS:
            here = mine.estimate("new", estimator, segment=segment)
            there = alone.estimate("new", estimator, segment=segment)
            assert (here.value, here.low, here.high, here.ess) == pytest.approx(
                (there.value, there.low, there.high, there.ess), rel=1e-12
            )


@pytest.fixture(scope="module")
def decisions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A decision log of three parts."""
    path = tmp_path_factory.mktemp("decisions")
    world = make_world(np.random.default_rng(1), rows_per_unit=3)
    log = draw_log(world, 1500, np.random.default_rng(2)).log
    for rows in np.array_split(np.arange(1500), 3):
        write_log(path, take_rows(log, rows))
    return path


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_ray_judges_a_policy_on_a_decision_log_as_one_process_does(decisions: Path) -> None:
    asked = {"by": ["tier"], "baseline": "uniform"}
    with parts_on("ray") as run_parts:
        mine = ope.run(decisions, Tilted("tilted"), run_parts=run_parts, **asked)  # type: ignore[arg-type]  # one table, two calls
    alone = ope.run(decisions, Tilted("tilted"), **asked)  # type: ignore[arg-type]  # the same
    assert len(mine.estimates) == len(alone.estimates) > 10
    for (_, here), (_, there) in zip(mine.estimates, alone.estimates, strict=True):
        assert (here.value, here.low, here.high, here.ess) == pytest.approx(
            (there.value, there.low, there.high, there.ess), rel=1e-9
        )
    assert mine.difference.value == pytest.approx(alone.difference.value, rel=1e-9)
    assert mine.result == alone.result
    assert mine.segments.keys() == alone.segments.keys()
    assert mine.tail == alone.tail


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_what_a_task_refuses_is_told_as_in_one_process(decisions: Path) -> None:
    with (
        parts_on("ray") as run_parts,
        pytest.raises(InputError, match="gives the eligible actions of row"),
    ):
        ope.run(decisions, Half(), run_parts=run_parts)


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_a_bad_row_is_named_as_in_one_process(tmp_path: Path) -> None:
    write(tmp_path / "bad.parquet", np.random.default_rng(2), 1000, propensity=0.0)
    for engine in ("local", "ray"):
        with pytest.raises(LogError, match=r"propensity of row 700 of .*bad.parquet is 0;"):
            evaluate_columns(tmp_path, COLUMNS, engine=engine)


def test_an_unknown_engine_is_told_with_the_known_ones(folder: Path) -> None:
    with pytest.raises(InputError, match="engine is 'spark'; use one of local, ray"):
        evaluate_columns(folder, COLUMNS, engine="spark")  # type: ignore[arg-type]  # the point
