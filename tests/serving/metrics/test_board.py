"""Numbers lie where other processes read them, and outlive their worker."""

from pathlib import Path

from serving.metrics.board import CELLS, Board, read_board


def test_another_process_reads_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "numbers"
    assert read_board(path) == {}
    board = Board(path)
    board.cells[board.place("größe")] += 2.5
    board.cells[board.place("other")] += 1.0
    assert read_board(path) == board.read() == {"größe": 2.5, "other": 1.0}


def test_a_worker_that_starts_again_goes_on_counting(tmp_path: Path) -> None:
    first = Board(tmp_path / "numbers")
    first.cells[first.place("a")] += 2
    first.place("b")
    again = Board(tmp_path / "numbers")
    again.cells[again.place("a")] += 3
    again.cells[again.place("c")] += 1
    assert read_board(tmp_path / "numbers") == {"a": 5.0, "b": 0.0, "c": 1.0}


def test_endless_names_fill_the_board_without_harm() -> None:
    board = Board()
    board.cells[board.place("kept")] = 7.0
    for number in range(2 * CELLS):
        board.cells[board.place(f"name-{number}")] += 1.0
    found = board.read()
    assert found["kept"] == 7.0
    assert set(found.values()) == {7.0, 1.0}
    assert len(found) < CELLS


def test_long_names_fill_it_without_harm_too() -> None:
    board = Board()
    for number in range(CELLS):
        board.place(f"{number}" + "x" * 300)
    assert board.place("y" * 300) == CELLS - 1
