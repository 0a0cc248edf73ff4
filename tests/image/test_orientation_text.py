"""Where axes lead in a body, in words."""

from __future__ import annotations

import pytest

from napari_ome_zip.image.orientation_text import orientation_text
from napari_ome_zip.ome import Axis
from napari_ome_zip.ome.orientation import Orientation


def text(own: tuple[Axis, ...] = (), **words: str | None) -> str:
    said = [None if word is None else Orientation(word) for word in words.values()]
    return orientation_text(tuple(words), tuple(said), own)


@pytest.mark.parametrize(
    ("ends", "code"),
    [
        (("inferior-to-superior", "anterior-to-posterior", "right-to-left"), "LPS"),
        (("inferior-to-superior", "posterior-to-anterior", "left-to-right"), "RAS"),
        (("right-to-left", "superior-to-inferior", "anterior-to-posterior"), "PIL"),
    ],
)
def test_a_whole_body_has_an_abbreviation_as_nibabel_makes_it(
    ends: tuple[str, str, str], code: str
) -> None:
    z, y, x = ends
    said = text(z=z, y=y, x=x)
    assert said.endswith(f" ({code})")
    assert said.startswith(f"x {x.replace('-to-', ' → ')}, y {y.replace('-to-', ' → ')}, z ")


@pytest.mark.parametrize(
    "words",
    [
        {"y": "anterior-to-posterior", "x": "right-to-left"},
        {"z": "apical-to-basal", "y": "anterior-to-posterior", "x": "right-to-left"},
        {"z": "right-to-left", "y": "anterior-to-posterior", "x": "right-to-left"},
        {"z": "inferior-to-superior", "v": "anterior-to-posterior", "u": "right-to-left"},
    ],
)
def test_all_others_have_none(words: dict[str, str]) -> None:
    said = text(**words)
    assert not any(letter.isupper() for letter in said)


def test_nothing_is_said_of_an_image_that_says_nothing() -> None:
    assert text((Axis("y"), Axis("x")), y=None, x=None) == ""


def test_a_word_that_nobody_knows_is_said_as_written_and_not_at_any_length() -> None:
    assert text(x="up-to-down") == 'x "up-to-down" (not a known word)'
    assert len(text(x="up" * 10_000)) < 200


def test_what_cannot_be_is_said() -> None:
    said = text(
        (Axis("c", "channel", orientation=Orientation("left-to-right")), Axis("y"), Axis("x")),
        y="anterior-to-posterior",
        x="posterior-to-anterior",
    )
    assert said == (
        "x posterior → anterior, y anterior → posterior, c left → right (not an axis of space); "
        "x and y cannot both lead along one line"
    )


def test_what_an_image_says_of_its_own_system_alone_is_said_of_that() -> None:
    """It is rotated where it is shown."""
    own = (Axis("y", "space"), Axis("x", "space", orientation=Orientation("left-to-right")))
    assert text(own, y=None, x=None) == "x left → right (in its own system)"
