"""The peers by name, and whether each can run here."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from experiments.benchmark.quality.peers.discrete_cql import discrete_cql
from experiments.benchmark.quality.peers.flat_ppo import flat_ppo
from experiments.benchmark.quality.peers.kinds import contextual_bandits, mabwiser
from experiments.benchmark.quality.peers.place import installed
from experiments.benchmark.quality.peers.vowpal_wabbit import vowpal_wabbit
from experiments.benchmark.quality.protocol import Place
from nba.types import Policy

PEERS: Final[Mapping[str, Callable[[Place], Policy]]] = MappingProxyType(
    {
        "vw_squarecb": partial(vowpal_wabbit, "vw_squarecb"),
        "vw_regcb": partial(vowpal_wabbit, "vw_regcb"),
        "mabwiser": partial(mabwiser, "mabwiser"),
        "contextualbandits": partial(contextual_bandits, "contextualbandits"),
        "d3rlpy_cql": partial(discrete_cql, "d3rlpy_cql"),
        "flat_ppo": partial(flat_ppo, "flat_ppo"),
    }
)
_MODULES: Final = {
    "vw_squarecb": "vowpalwabbit",
    "vw_regcb": "vowpalwabbit",
    "mabwiser": "mabwiser",
    "contextualbandits": "contextualbandits",
    "d3rlpy_cql": "d3rlpy",
}


def missing(name: str) -> str:
    """The library that a peer needs and that is not installed; empty if nothing is missing."""
    module = _MODULES.get(name, "")
    return module if module and not installed(module) else ""
