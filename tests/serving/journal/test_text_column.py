"""Columns of texts: what is put in comes out, is found, and can be blanked without moving."""

import pytest

from serving.journal.text_column import TextColumn, blanked, place_in, text_run, texts_in

TEXTS = ["", "ä", "ab", "b", "aab", ""]


def test_texts_come_out_as_they_went_in() -> None:
    column = text_run(TEXTS).column()
    assert texts_in(column) == TEXTS
    assert texts_in(column, 1, 3) == TEXTS[1:3]
    assert texts_in(column, 2, 2) == []
    assert texts_in(TextColumn()) == []
    assert text_run(TEXTS).part(2, 5).texts() == TEXTS[2:5]


@pytest.mark.parametrize("place", [1, 2, 3, 4])
def test_a_text_is_found_where_it_stands_whole(place: int) -> None:
    assert place_in(text_run(TEXTS).column(), TEXTS[place].encode()) == place


def test_a_part_of_texts_is_not_found() -> None:
    column = text_run(TEXTS).column()
    assert place_in(column, b"a") == -1
    assert place_in(column, b"ba") == -1
    assert place_in(TextColumn(), b"a") == -1


def test_what_is_blanked_is_gone_and_the_rest_stays_in_its_place() -> None:
    column = text_run(TEXTS).column()
    for place, count in ((2, 1), (0, 3), (5, 1), (4, 2), (3, 0)):
        found = blanked(column, place, count)
        assert (found.ends, len(found.text)) == (column.ends, len(column.text))
        kept = texts_in(found)
        assert kept[:place] + kept[place + count :] == TEXTS[:place] + TEXTS[place + count :]
        assert not "".join(kept[place : place + count]).strip("\0")
