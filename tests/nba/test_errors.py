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
    drawn = dict[str, str]()  # error → the one above it
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        text = line.lstrip("│├└─ ")
        if "Error " in text:
            depth = (len(line) - len(text)) // 4
            above[depth:] = [text.split()[0]]
            drawn[above[-1]] = above[-2] if depth else "Exception"
    assert drawn == {kind.__name__: kind.__bases__[0].__name__ for kind in OURS}


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
