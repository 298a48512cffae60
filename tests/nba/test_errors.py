"""The tree in the docstring is the tree in the code."""

import inspect

import pytest

from nba import errors

OURS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]


@pytest.mark.parametrize("kind", OURS)
def test_every_error_is_one_that_the_command_line_tells_in_one_line(
    kind: type[Exception],
) -> None:
    assert issubclass(kind, errors.NbaError)


def test_the_docstring_draws_the_tree_of_the_code() -> None:
    def drawn(kind: type[Exception], depth: int) -> list[tuple[str, int]]:
        below = [pair for child in kind.__subclasses__() for pair in drawn(child, depth + 1)]
        return [(kind.__name__, depth), *below]

    lines = (errors.__doc__ or "").splitlines()
    shown = [line for line in lines if "Error  " in line]
    names = [(line.strip("│├└─ ").split()[0], (len(line) - len(line.lstrip("│├└─ "))) // 4) for line in shown]
    assert [pair for pair in drawn(errors.NbaError, 0) if pair[0] in {k.__name__ for k in OURS}] == names


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (errors.InputError, ValueError),
        (errors.MissingExtraError, ImportError),
        (errors.CapacityError, RuntimeError),
    ],
)
def test_a_caller_who_knows_python_catches_the_builtin(
    kind: type[Exception], builtin: type[Exception]
) -> None:
    with pytest.raises(builtin, match="days"):
        raise kind("days is 0")
