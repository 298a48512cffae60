"""What --target may be on each kind of log."""

from pathlib import Path

import numpy as np
import pytest

from nba.act.uniform import Uniform
from nba.errors import InputError
from nba.evaluate.flat_evaluation import uniform_target
from nba.listen.foreign import open_flat
from nba.ope_target import flat_target, log_target
from tests.flat_files import flat_rows, write_csv
from tests.planted_log import draw_log, make_world

LOG = draw_log(make_world(np.random.default_rng(1)), 200, np.random.default_rng(2)).log


def test_a_policy_and_its_name_are_the_same_target() -> None:
    by_policy, by_name = log_target(Uniform(), LOG), log_target("uniform", LOG)
    np.testing.assert_allclose(by_policy.probabilities, by_name.probabilities)
    assert by_policy.name == by_name.name


def test_targets_of_the_other_kind_of_log_are_refused(tmp_path: Path) -> None:
    source = open_flat(write_csv(tmp_path / "log.csv", flat_rows(20)))
    with pytest.raises(InputError, match="needs action features"):
        flat_target(Uniform(), source)
    with pytest.raises(InputError, match="is for flat logs"):
        log_target(uniform_target(), LOG)


def test_a_column_is_read_only_if_asked_for(tmp_path: Path) -> None:
    source = open_flat(write_csv(tmp_path / "log.csv", flat_rows(20)))
    target, wider = flat_target("pscore", source)
    assert target.name == "pscore"
    assert "pscore" not in source.names.target_propensity
    assert wider.names.target_propensity["pscore"] == "pscore"
