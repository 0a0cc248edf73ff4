"""What is told of files that were opened together, without a window."""

from __future__ import annotations

import pytest

from napari_ome_zip.findings import MAX_HEADLINE
from napari_ome_zip.plugin.messages import MAX_MESSAGE
from napari_ome_zip.plugin.notices import MAX_FILES, FileToCheck, Notice, combine


def test_of_one_file_everything_is_told_with_its_name() -> None:
    told = combine(
        [
            Notice("/data/a.ozx", "Colors are gone. The rest is here."),
            Notice("/data/a.ozx", "More."),
        ]
    )
    assert told.text == "Colors are gone. The rest is here.\nMore. (a.ozx)"
    assert not told.is_error
    assert told.files == (FileToCheck("/data/a.ozx", deep=False),)


def test_a_name_that_is_told_is_not_told_twice() -> None:
    assert combine([Notice("/data/a.ozx", "Empty: 'a.ozx'.")]).text == "Empty: 'a.ozx'."


def test_the_same_is_told_once() -> None:
    assert combine([Notice("a.ozx", "Empty.")] * 3).text == "Empty. (a.ozx)"


@pytest.mark.parametrize(
    ("unopened", "others", "start"),
    [
        (2, 0, "2 files cannot be opened."),
        (0, 3, "3 files may not look as they should."),
        (1, 2, "1 file cannot be opened, 2 may look wrong."),
        (2, 1, "2 files cannot be opened, 1 may look wrong."),
        (9000, 1000, "9000 files cannot be opened, 1000 may look wr"),
    ],
)
def test_of_several_files_their_number_is_the_point(unopened: int, others: int, start: str) -> None:
    bad = [Notice(f"bad-{n}.ozx", "Empty.", is_error=True) for n in range(unopened)]
    odd = [Notice(f"odd-{n}.ozx", "Colors are gone.") for n in range(others)]
    told = combine([*odd, *bad])
    assert told.text[:MAX_HEADLINE].startswith(start)
    assert told.is_error is bool(unopened)
    assert len(told.files) == unopened + others


def test_each_file_has_a_line_those_that_cannot_be_opened_first() -> None:
    odd, bad = Notice("odd.ozx", "Colors are gone.\nMore."), Notice("bad.ozx", "Empty.", True)
    assert combine([odd, odd, bad]).text.split("\n")[1:] == [
        "bad.ozx: Empty.",
        "odd.ozx: Colors are gone.",
    ]


def test_a_file_with_much_to_tell_says_how_much() -> None:
    notices = [Notice("a.ozx", "One."), Notice("a.ozx", "Two."), Notice("b.ozx", "Three.")]
    assert combine(notices).text.split("\n")[1] == "a.ozx: One. And 1 more."


def test_however_many_and_long_they_are_the_end_is_seen() -> None:
    told = combine([Notice(f"{n}{'n' * 300}.ozx", "Empty. " * 99) for n in range(40)])
    lines = told.text.split("\n")
    assert lines[-1] == f"And {40 - MAX_FILES} files more."
    assert all(line.startswith(f"{n}nnn") for n, line in enumerate(lines[1:-1]))
    assert len(told.text) <= MAX_MESSAGE


def test_the_pixels_are_checked_where_damage_was_found() -> None:
    told = combine([Notice("a.ozx", "Colors."), Notice("a.ozx", "Damaged.", deep=True)])
    assert told.files == (FileToCheck("a.ozx", deep=True),)
