"""Another engine gives the same answer as this process."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from nba import ope
from nba.errors import InputError, LogError
from nba.evaluate.answer import Answer
from nba.listen.foreign import FlatSource, open_flat
from nba.ope_engine import run_on_engine
from tests.flat_files import flat_rows, spoil, write_parquet


def asked(path: Path, target: str, *, by: Sequence[str] = (), engine: str = "local") -> Answer:
    return run_on_engine(
        path, source(path), target, baseline=None, by=by, protect=[], level=0.95, margin=0.0,
        engine=engine, unit="EUR",
    )  # fmt: skip


def source(path: Path) -> FlatSource:
    return open_flat(path).with_segments([])


def test_the_engines_sums_give_the_same_answer(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "log.parquet", flat_rows(3000, lift=0.3))
    found = asked(path, "target_prob", by=["tier"])
    expected = ope.run(path, "target_prob", by=["tier"])
    for mine, other in zip(found.estimates, expected.estimates, strict=True):
        assert mine[1].method == other[1].method
        assert mine[1].value == pytest.approx(other[1].value, rel=1e-12)
        assert mine[1].std_error == pytest.approx(other[1].std_error, rel=1e-9)
    assert found.difference.low == pytest.approx(expected.difference.low, rel=1e-9)
    assert found.segments.keys() == expected.segments.keys()
    assert found.check.used == 3000


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Ray's own start-up warns of things that are not ours
def test_ray_gives_the_same_answer(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "log.parquet", flat_rows(3000, lift=0.3))
    found = asked(path, "target_prob", engine="ray")
    expected = ope.run(path, "target_prob")
    assert found.difference.value == pytest.approx(expected.difference.value, rel=1e-12)


def test_what_it_does_not_take_is_told(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "log.parquet", spoil(flat_rows(300), "pscore", [17], 2.0))
    with pytest.raises(LogError, match=r"row 17: propensity outside \(0, 1\]"):
        asked(path, "target_prob")
    with pytest.raises(InputError, match="takes columns as targets"):
        asked(path, "uniform")
