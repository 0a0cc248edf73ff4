"""What a person is asked and told before labels are edited: pure values, no window."""

from __future__ import annotations

from dataclasses import replace

import pytest

from napari_ome_zip.plugin.edit_labels.model import (
    EditChoice,
    LockedLabels,
    as_region,
    button_text,
    default_choice,
    done_text,
    fits_in_3d,
    is_whole,
    locked_text,
    region_of,
    resolve,
)


def labels_of(*shape: int, itemsize: int = 4, levels: int = 4) -> LockedLabels:
    shapes = [tuple(shape[:-2]) + tuple(n >> k for n in shape[-2:]) for k in range(levels)]
    names = ("t", "z", "y", "x")[-len(shape) :]
    return LockedLabels("nuclei", tuple(shapes), itemsize, names)


SMALL = labels_of(16, 2048, 2048)
STACK = labels_of(500, 2048, 2048)
FILM = labels_of(200, 20, 1024, 1024)
SLIDE = labels_of(40_000, 40_000)


def test_small_labels_need_no_choice_and_the_button_says_their_memory() -> None:
    assert SMALL.is_small
    assert button_text(SMALL) == "Edit labels (256 MiB of memory)"
    assert locked_text(SMALL).endswith("That needs 256 MiB of memory.")
    assert resolve(SMALL, EditChoice()).message == "Needs 256 MiB of memory."


@pytest.mark.parametrize("labels", [STACK, FILM, SLIDE])
def test_of_large_labels_a_person_chooses(labels: LockedLabels) -> None:
    assert not labels.is_small
    assert button_text(labels) == "Edit labels…"
    assert locked_text(labels).endswith("you choose which part to edit.")


def test_what_matters_of_each_message_is_seen_at_once() -> None:
    for text in (locked_text(STACK), done_text(STACK, EditChoice())):
        assert text[:45].startswith(("'nuclei' is locked: press Edit labels.",
                                     "'nuclei' can be painted now."))  # fmt: skip


def test_a_stack_is_edited_as_a_whole_with_the_memory_of_a_plane() -> None:
    assert default_choice(STACK) == EditChoice()
    form = resolve(STACK, EditChoice())
    assert form.problem == ""
    assert form.message == (
        "Needs 16 MiB of memory for a plane, and more for what is painted. It is too large for 3D: "
        "choose a region to edit it there."
    )
    assert form.levels[:2] == ("full: 500 × 2048 × 2048, 7.8 GiB", "1: 500 × 1024 × 1024, 2 GiB")
    assert (form.range_names, form.range_limits) == (("z",), (499,))
    assert not form.can_choose_visible
    assert not fits_in_3d(STACK, EditChoice())
    assert fits_in_3d(STACK, EditChoice(ranges=((0, 63),)))


def test_each_volume_of_a_film_fits_in_3d() -> None:
    form = resolve(FILM, EditChoice())
    assert "3D" not in form.message
    assert (form.range_names, form.range_limits) == (("t", "z"), (199, 19))


def test_nothing_is_said_of_3d_where_there_is_no_depth() -> None:
    assert "3D" not in resolve(replace(STACK, axes=("t", "y", "x")), EditChoice()).message
    assert "3D" not in resolve(SLIDE, EditChoice()).message


def test_a_range_and_what_is_visible_are_one_region() -> None:
    visible = replace(STACK, visible=(slice(0, 500), slice(100, 300), slice(20, 70)))
    choice = EditChoice(only_visible=True, ranges=((10, 19),))
    assert region_of(visible, choice) == (slice(10, 20), slice(100, 300), slice(20, 70))
    assert region_of(visible, replace(choice, only_visible=False)) == (
        slice(10, 20),
        slice(0, 2048),
        slice(0, 2048),
    )
    assert is_whole(visible, EditChoice(ranges=((0, 499),)))
    assert not is_whole(visible, EditChoice(ranges=((0, 498),)))
    message = resolve(visible, choice).message
    assert message.startswith("Needs 39.1 KiB of memory for a plane")
    assert message.endswith("Outside of this region the labels stay as they are in the file.")


def test_a_plane_that_is_too_large_is_refused_and_what_is_visible_is_offered_first() -> None:
    assert default_choice(SLIDE) == EditChoice()
    problem = resolve(SLIDE, EditChoice()).problem
    assert problem.startswith("A plane of it needs 6 GiB of memory, more than 1 GiB: zoom in")
    near = replace(SLIDE, visible=(slice(0, 5000), slice(0, 5000)))
    assert default_choice(near) == EditChoice(only_visible=True)
    assert resolve(near, EditChoice(only_visible=True)).problem == ""
    assert resolve(near, EditChoice()).problem


def test_an_empty_region_is_refused() -> None:
    backwards = resolve(STACK, EditChoice(ranges=((20, 10),))).problem
    assert backwards == "Nothing is left along z: choose a first index not above the last."
    beside = replace(SLIDE, visible=(slice(0, 0), slice(0, 100)))
    assert resolve(beside, EditChoice(only_visible=True)).problem.startswith("Nothing of these")


def test_a_coarser_level_is_measured_as_a_whole() -> None:
    assert resolve(SLIDE, EditChoice(level=1)).message.startswith("Needs 1.5 GiB of memory.")
    huge = labels_of(5000, 8192, 8192)
    problem = resolve(huge, EditChoice(level=1)).problem
    assert problem == (
        "Resolution 1 needs 312.5 GiB of memory, more than 8 GiB: choose a coarser one."
    )
    assert "at resolution 2" in done_text(SLIDE, EditChoice(level=2))


def test_axes_without_a_name_have_a_number() -> None:
    form = resolve(replace(STACK, axes=("-3", "-2", "-1")), EditChoice())
    assert form.range_names == ("axis 0",)


def test_what_is_visible_are_pixels_of_which_a_part_is() -> None:
    assert as_region((-3.0, 2.4), (4.6, 99.0), (10, 20)) == (slice(0, 6), slice(2, 20))
    (beside,) = as_region((50.0,), (60.0,), (10,))
    assert beside.start == beside.stop
    (before,) = as_region((-9.0,), (-5.0,), (10,))
    assert before.start == before.stop
