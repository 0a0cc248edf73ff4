"""What the dialog *Save visible region…* decides, without a window."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labeled_tables import NGIO, about, labeled, put_lists
from napari_ome_zip import open_image, save_image, to_layer_data
from napari_ome_zip.plugin.region.model import (
    EVERYTHING,
    RegionChoices,
    RegionScene,
    first_choices,
    problem_of,
    region_summary,
    save_choices,
    sizes,
    slider_title,
    with_hidden_named,
)
from napari_ome_zip.plugin.save.model import SaveChoices, View, resolve
from napari_ome_zip.plugin.save.part import Showing, Slider
from whole_archives import whole_plate

FULL = np.arange(5 * 3 * 64 * 48, dtype=np.uint16).reshape(5, 3, 64, 48)
LEVELS = [FULL, FULL[..., ::2, ::2], FULL[..., ::4, ::4]]
MOVIE: Any = (LEVELS, {"name": "movie", "contrast_limits": (0, 9), "scale": (1, 2, 1, 1)}, "image")
STILL: Any = (np.ones((64, 48), np.uint8), {"name": "still"}, "labels")
SPOTS: Any = (np.array([[8.0, 9]]), {"name": "spots"}, "points")
SHOWING = Showing(
    names=("t", "z", "y", "x"),
    units=("second", "micrometer", "micrometer", "micrometer"),
    symbols=("s", "µm", "µm", "µm"),
    visible=(None, None, (8, 39), (-30, 300)),
    extent=((0, 4), (0, 4), (0, 63), (0, 47)),
    pixel=4.0,
    sliders=(Slider(0, "t", 0, 1, 5, at=3), Slider(1, "z", 0, 2, 3, at=1)),
)


def scene(*layers: Any, hidden: tuple[int, ...] = (), showing: Showing = SHOWING) -> RegionScene:
    return RegionScene(list(enumerate(layers)), frozenset(hidden), showing)


def decided(choices: RegionChoices, of: RegionScene) -> View:
    return resolve(save_choices(choices, of, SaveChoices()), of.layers, of.showing)


def test_what_is_on_the_screen_is_proposed(tmp_path: Path) -> None:
    of = scene(MOVIE, STILL)
    choices = first_choices(of, str(tmp_path / "a"))
    view = decided(choices, of)
    movie, still = (data for data, _, _ in view.chosen)
    np.testing.assert_array_equal(movie, FULL[3:4, 1:2, 8:40])
    assert still.shape == (32, 48)
    assert view.losses.part == (
        "the visible region (y 8 to 39 µm, x 0 to 47 µm), t 3 of 0 to 4, z 1 of 0 to 2"
    )


def test_all_steps_and_ranges_can_be_chosen(tmp_path: Path) -> None:
    of = scene(MOVIE)
    view = decided(RegionChoices(str(tmp_path / "a"), {0: (1, 3), 1: None}), of)
    ((movie, _, _),) = view.chosen
    np.testing.assert_array_equal(movie, FULL[1:4, :, 8:40])


def test_hidden_layers_are_left_out_and_named(tmp_path: Path) -> None:
    of = scene(MOVIE, STILL, SPOTS, hidden=(1, 2))
    choices = first_choices(of, str(tmp_path / "a"))
    view = decided(choices, of)
    assert [words["name"] for _, words, _ in view.chosen] == ["movie"]
    assert "Hidden layers are left out: 'still', 'spots'." in region_summary(view, choices, of)
    assert with_hidden_named(view, choices, of).losses.part.endswith(", without hidden layers")
    choices = replace(choices, hidden_too=True)
    view = decided(choices, of)
    assert [words["name"] for _, words, _ in view.chosen] == ["movie", "still", "spots"]
    assert "Hidden" not in region_summary(view, choices, of)
    assert with_hidden_named(view, choices, of) is view


def test_points_alone_are_nothing_to_save(tmp_path: Path) -> None:
    of = scene(MOVIE, SPOTS, hidden=(0,))
    choices = first_choices(of, str(tmp_path / "a"))
    problem = problem_of(decided(choices, of), choices, of)
    assert problem.startswith("No image and no labels are visible")


def test_the_file_itself_is_refused_under_any_of_its_names(tmp_path: Path) -> None:
    whole = tmp_path / "whole.ozx"
    whole.write_bytes(b"")
    (tmp_path / "link.ozx").symlink_to(whole)
    of = replace(scene(MOVIE), sources=(str(whole),))
    for name in ("whole.ozx", "link.ozx"):
        choices = first_choices(of, str(tmp_path / name))
        problem = problem_of(decided(choices, of), choices, of)
        assert problem.startswith(f"{name} is the file that this is a part of")


@pytest.mark.parametrize(
    ("pixel", "expected"), [(0.5, None), (1.5, None), (2, (16, 24)), (9.5, (8, 12))]
)
def test_the_resolution_that_is_shown_is_offered_where_it_is_another_one(
    pixel: float, expected: tuple[int, int] | None
) -> None:
    found = sizes(scene(STILL, MOVIE, showing=replace(SHOWING, pixel=pixel)))
    assert found == (None if expected is None else ((32, 48), expected))


def test_sizes_are_those_of_what_is_seen() -> None:
    assert sizes(scene(STILL, MOVIE, hidden=(1,))) is None
    assert sizes(scene(SPOTS)) is None


def test_in_the_resolution_shown_the_file_says_so(tmp_path: Path) -> None:
    of = scene(MOVIE)
    choices = replace(first_choices(of, str(tmp_path / "a")), as_shown=True)
    view = decided(choices, of)
    assert view.chosen[0][0].shape == (1, 1, 8, 12)
    assert view.losses.part.endswith(", in the resolution shown")


def test_sliders_of_any_axis_have_a_title() -> None:
    titles = [slider_title(Slider(0, name, 0, 1, 3)) for name in ("t", "z", "angle")]
    assert titles == ["Time (t)", "Depth (z)", "Along (angle)"]


@pytest.mark.parametrize(
    ("bounds", "text"),
    [
        ((0, 40_000), "y 0 to 40000 µm"),
        ((45_123.24, 45_180.08), "y 45123.2 to 45180.1 µm"),
        ((0.00125, 0.0625), "y 0.00125 to 0.0625 µm"),
        ((-12.3456, 7), "y -12.35 to 7 µm"),
    ],
)
def test_a_region_is_said_in_numbers_that_are_read(
    tmp_path: Path, bounds: tuple[float, float], text: str
) -> None:
    low, high = bounds
    step = (high - low) / 3
    layer = (np.ones((9, 9)), {"name": "a", "scale": (step, 1), "translate": (low, 0)}, "image")
    of = scene(layer, showing=in_2d(bounds, (0, 4)))
    choices = first_choices(of, str(tmp_path / "a"))
    assert text in decided(choices, of).losses.part


def test_it_is_said_where_the_window_shows_everything(tmp_path: Path) -> None:
    of = scene(STILL, showing=in_2d((-9, 99), (-9, 99)))
    choices = first_choices(of, str(tmp_path / "a"))
    assert region_summary(decided(choices, of), choices, of).endswith(EVERYTHING)
    of = scene(STILL, showing=in_2d((-9, 99), (-9, 9)))
    assert EVERYTHING not in region_summary(decided(choices, of), choices, of)


def in_2d(*bounds: tuple[float, float]) -> Showing:
    return Showing(("y", "x"), ("micrometer",) * 2, ("µm",) * 2, bounds, pixel=0.01)


def test_tables_and_other_content_stay_behind_and_are_named(tmp_path: Path) -> None:
    rows = {"label": [1], "area": [2]}
    builder = put_lists(labeled(), "tables/t", NGIO | about("cells"), rows)
    builder.put("notes/readme.txt", b"read me")
    layers = to_layer_data(open_image(builder.archive(tmp_path / "a.ozx")))
    of = scene(*layers, showing=in_2d((0, 3), (0, 5)))
    choices = first_choices(of, str(tmp_path / "b.ozx"))
    text = region_summary(decided(choices, of), choices, of)
    assert "a.ozx holds more than the part: the table 't' and notes/readme.txt." in text
    everything = scene(*layers, showing=in_2d((-9, 99), (-9, 99)))
    assert "holds more" not in region_summary(decided(choices, everything), choices, everything)


def test_a_thumbnail_does_not_stay_behind_for_a_part_gets_its_own(tmp_path: Path) -> None:
    whole = save_image([MOVIE], tmp_path / "a.ozx")
    assert "thumbnail.png" in zipfile.ZipFile(whole).namelist()
    layers = to_layer_data(open_image(whole))
    of = scene(*layers)
    choices = first_choices(of, str(tmp_path / "b.ozx"))
    assert "holds more" not in region_summary(decided(choices, of), choices, of)


def test_wells_stay_behind_and_are_named(tmp_path: Path) -> None:
    whole_plate(tmp_path / "plate.ozx")
    layers = to_layer_data(open_image(tmp_path / "plate.ozx"))
    names = layers[0][1]["axis_labels"]
    words = layers[0][1]
    y, x = zip(words["translate"][-2:], words["scale"][-2:], strict=True)
    bounds: list[Any] = [None] * (len(names) - 2)
    bounds += [(low, low + 5 * step) for low, step in (y, x)]
    showing = Showing(names, (), ("",) * len(names), tuple(bounds), pixel=0.01)
    of = scene(*layers, showing=showing)
    choices = first_choices(of, str(tmp_path / "b.ozx"))
    view = decided(choices, of)
    assert "the rows, columns and wells of its plate" in region_summary(view, choices, of)
    assert "well names" not in [words["name"] for _, words, _ in view.chosen]


@pytest.mark.parametrize(
    ("typed", "said"),
    [("~nobody/a", "No such folder: "), ("n" * 300, "cannot be written: File name too long.")],
)
def test_any_name_may_be_typed(typed: str, said: str) -> None:
    of = scene(STILL)
    choices = first_choices(of, typed)
    view = decided(choices, of)
    assert said in problem_of(view, choices, of)
    assert not view.replaces
