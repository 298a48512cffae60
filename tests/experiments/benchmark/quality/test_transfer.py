"""The larger centre has three times the employees and the load, and nothing is learned in it."""

from pathlib import Path

import pytest

from experiments.benchmark.quality.protocol import Budget, Place
from experiments.benchmark.quality.transfer import TIMES, larger, named


def test_employees_and_contacts_grow_alike() -> None:
    place = Place("bank", "peak", 0, Budget(), Path("nowhere"))
    there = larger(place)
    assert there.centre.n_employees == TIMES * place.centre.n_employees
    assert there.centre.contacts_per_day == pytest.approx(TIMES * place.centre.contacts_per_day)
    assert there.kept("x") != place.kept("x")
    assert there.seeds == place.seeds


def test_it_has_a_name_of_its_own() -> None:
    assert named(Place("bank", "peak", 0, Budget(), Path("nowhere"))) == "peak, 3 × the employees"
