"""The same numbers as Open Bandit Pipeline 0.5.7 on the same arrays.

The figures were printed by `experiments/benchmark/peer_obp.py values ROWS ACTIONS SEED` under obp
0.5.7; the arrays are made again here by the recipe in that file.
"""

from collections.abc import Mapping

import pytest

from experiments.benchmark.own_ope import values
from experiments.benchmark.peer_obp import NAMES, draw

FROZEN: Mapping[tuple[int, int, int], Mapping[str, float]] = {
    (1000, 5, 1): {
        "ips": 2.110210686118692,
        "snips": 0.4253009444743636,
        "dm": 0.5127289456823741,
        "dr": 0.016989313036474905,
        "sndr": 0.4128154463504804,
        "switch-dr": 0.4112657385991199,
        "dros": 0.3006560648304056,
    },
    (2000, 20, 2): {
        "ips": 1.8160603681610512,
        "snips": 0.3978587391680001,
        "dm": 0.49998858376721317,
        "dr": 0.0987342364789521,
        "sndr": 0.41208261351610254,
        "switch-dr": 0.36766657543259385,
        "dros": 0.2886542517367898,
    },
}


@pytest.mark.parametrize("recipe", FROZEN, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_an_estimate_is_the_peers(recipe: tuple[int, int, int], name: str) -> None:
    assert values(draw(*recipe))[name] == pytest.approx(FROZEN[recipe][name], abs=1e-9)
