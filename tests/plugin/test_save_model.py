"""What the form for saving decides before a file is written, without a window."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labeled_tables import NGIO, about, labeled, put_lists
from napari_ome_zip import open_image, save_image, to_layer_data
from napari_ome_zip.plugin.save.losses import result_text
from napari_ome_zip.plugin.save.model import SaveChoices, View, chosen_parts, resolve, summary
from napari_ome_zip.plugin.save.part import Showing, Slider
from napari_ome_zip.plugin.save.proposal import LABELS, PART, proposed_file, replaceable_source
from napari_ome_zip.saving.estimate import SizeEstimate
from napari_ome_zip.sizes import readable_size

CELLS = (np.ones((40, 50), np.uint8), {"name": "cells", "contrast_limits": (0, 9)}, "image")
TILTED = (CELLS[0], {**CELLS[1], "name": "tilted", "rotate": 30}, "image")
NUCLEI = (np.ones((40, 50), np.uint8), {"name": "nuclei"}, "labels")
SIX = (np.zeros((1,) * 6, np.uint8), {"name": "six"}, "image")
DATES = (np.zeros((4, 4), "M8[s]"), {"name": "dates"}, "image")
SPOTS = (np.zeros((1, 2)), {"name": "spots"}, "points")
MOVIE = (
    np.arange(5 * 3 * 8 * 8, dtype=np.uint16).reshape(5, 3, 8, 8),
    {"name": "movie", "contrast_limits": (0, 9), "scale": (1, 2, 1, 1)},
    "image",
)
SHOWING = Showing(
    names=("t", "z", "y", "x"),
    units=("second", "micrometer", "micrometer", "micrometer"),
    symbols=("s", "µm", "µm", "µm"),
    visible=(None, None, (2.2, 4.7), (-3, 30)),
    time=Slider(0, "t", 0.0, 1.0, 5),
    depth=Slider(1, "z", 0.0, 2.0, 3),
)


def shown(choices: SaveChoices, *layers: Any, showing: Showing | None = None) -> View:
    return resolve(choices, list(enumerate(layers)), showing)


def test_layers_that_cannot_be_saved_are_named(tmp_path: Path) -> None:
    view = shown(SaveChoices(file=str(tmp_path / "a")), CELLS, DATES)
    assert [layer[1]["name"] for layer in view.chosen] == ["cells"]
    assert "Not saved: 'dates' holds datetime64[s]" in summary(view)


def test_what_only_a_draft_holds_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    view = shown(SaveChoices(file=str(tmp_path / "a")), SIX)
    assert view.needed is not None
    first, second = summary(view).splitlines()
    assert first.endswith("OME-Zarr 0.9.dev1, a draft of OME-Zarr that few programs read yet.")
    assert second == (
        "'six' has 6 axes (t, dim_1, dim_2, z, y, x), which no released version of OME-Zarr holds. "
        "You are asked before it is saved."
    )


def test_a_draft_that_was_chosen_needs_no_question(tmp_path: Path) -> None:
    view = shown(SaveChoices(file=str(tmp_path / "a"), version="0.9.dev1"), SIX)
    assert view.needed is None
    assert summary(view).endswith(
        "OME-Zarr 0.9.dev1, a draft of OME-Zarr that few programs read yet."
    )


def test_a_file_for_others_is_without_what_only_napari_shows(tmp_path: Path) -> None:
    choices = SaveChoices(file=str(tmp_path / "a"))
    assert "spots" not in summary(shown(choices, CELLS, SPOTS))
    view = shown(replace(choices, for_others=True), CELLS, SPOTS)
    assert "'spots' is left out: the file is for others only." in summary(view)


def test_the_completed_name_size_and_version_are_told(tmp_path: Path) -> None:
    view = shown(SaveChoices(file=str(tmp_path / "a.zip")), CELLS, NUCLEI)
    assert view.target == tmp_path / "a.ome.zip"
    assert summary(view).startswith("a.ome.zip, at most ")
    assert summary(view).endswith("KiB: one image, OME-Zarr 0.5.")
    assert "0.6" in summary(shown(SaveChoices(file=str(tmp_path / "a")), TILTED))
    estimate = SizeEstimate(3 << 20, "about")
    assert summary(view, estimate).startswith("a.ome.zip, about 3 MiB: ")


def test_what_is_copied_is_told(tmp_path: Path) -> None:
    path = save_image([CELLS], tmp_path / "a.ozx")
    layers = to_layer_data(open_image(path))
    choices = SaveChoices(file=str(tmp_path / "b.ozx"))
    unchanged = summary(shown(choices, *layers))
    assert unchanged.startswith("b.ozx, ")
    assert "B, copied unchanged:" in unchanged or "bytes, copied unchanged:" in unchanged
    assert "about" not in unchanged
    more = summary(shown(choices, *layers, NUCLEI), SizeEstimate(9000, "about"))
    assert "about 8.8 KiB, of which " in more


def test_a_file_that_will_be_replaced_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.ozx").write_bytes(b"old")
    view = shown(SaveChoices(file=str(tmp_path / "a.ozx")), CELLS)
    assert view.replaces
    assert "Replaces" in summary(view)


CHOSEN = {"as_in_file": False}


@pytest.mark.parametrize(
    ("choices", "layers", "problem"),
    [
        ({}, [], "There are no layers"),
        ({}, [DATES], "Choose at least one layer"),
        ({"version": "0.6"}, [SIX], "'six' has 6 axes"),
        ({}, [SPOTS], "Nothing to save as an image"),
        ({"unchecked": frozenset({0})}, [CELLS], "Choose at least one layer"),
        ({"file": ""}, [CELLS], "Choose a file"),
        ({"file": "nowhere/a.ozx"}, [CELLS], "No such folder"),
        ({"file": "folder.ozx"}, [CELLS], "A folder has this name"),
        ({"chunk": 512, "shard": 700, **CHOSEN}, [CELLS], "not a whole number of chunks"),
        ({"codec": "zstd", "level": 99, **CHOSEN}, [CELLS], "Compression level 99"),
        ({"levels": 0}, [CELLS], "0 levels"),
        ({"version": "0.5"}, [TILTED], "Version 0.5 cannot hold .* 'tilted'"),
    ],
)
def test_impossible_choices_are_refused_before_work_begins(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    choices: dict[str, Any],
    layers: list[Any],
    problem: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.ozx").mkdir()
    view = shown(SaveChoices(**{"file": "a.ozx", **choices}), *layers)
    with pytest.raises(ValueError, match=problem):
        raise ValueError(view.problem)
    assert summary(view) == view.problem


def test_sizes_are_readable() -> None:
    assert [readable_size(n) for n in (7, 1536, 2.5e6, 3 << 30, 4 << 50)] == [
        *("7 bytes", "1.5 KiB", "2.4 MiB", "3 GiB"),
        "4,096 TiB",
    ]
    assert readable_size(2**20 - 1) == "1 MiB"


# A part of the layers


def parts(choices: SaveChoices, *layers: Any, showing: Showing = SHOWING) -> list[np.ndarray]:
    found = chosen_parts(choices, list(enumerate(layers)), showing)
    return [np.asarray(data) for data, _, _ in found]


def test_tables_that_become_older_are_told_beside_what_is_saved(tmp_path: Path) -> None:
    builder = put_lists(labeled(), "tables/t", NGIO | about("cells"), {"label": [1], "area": [2]})
    layers = to_layer_data(open_image(builder.archive(tmp_path / "a.ozx")))
    (features,) = (keywords["features"] for _, keywords, kind in layers if kind == "labels")
    features["area"] = [3]
    view = shown(SaveChoices(file=str(tmp_path / "b.ozx")), *layers)
    said = result_text(view.losses, tmp_path / "b.ozx", "b.ozx")
    assert said.startswith("Saved b.ozx")
    assert said.endswith("Table 'tables/t' stays as it was, and is older now.")
    assert "is older now" in summary(view)


def test_ranges_of_time_and_depth_hold_their_first_and_last_step() -> None:
    (part,) = parts(SaveChoices(time=(1, 3), depth=(2, 2)), MOVIE)
    np.testing.assert_array_equal(part, MOVIE[0][1:4, 2:3])


def test_the_visible_region_is_cut_out_of_all_layers() -> None:
    movie, still = parts(SaveChoices(visible_only=True), MOVIE, CELLS)
    np.testing.assert_array_equal(movie, MOVIE[0][:, :, 2:6])
    assert still.shape == (4, 31)


def test_a_part_is_named_with_its_place(tmp_path: Path) -> None:
    choices = SaveChoices(file=str(tmp_path / "a"), visible_only=True, time=(1, 3))
    view = shown(choices, MOVIE, showing=SHOWING)
    assert view.losses.part == (
        "the visible region (y 2.2 to 4.7 µm, x -3 to 30 µm), t 1 to 3 of 0 to 4"
    )
    assert f"Only a part is saved: {view.losses.part}." in summary(view)


@pytest.mark.parametrize("choices", [{"time": (0, 4)}, {"depth": (0, 99)}, {"visible_only": True}])
def test_a_part_that_is_everything_is_none(tmp_path: Path, choices: dict[str, Any]) -> None:
    everything = Showing(SHOWING.names, visible=(None, None, (-9, 99), (-9, 99)))
    view = shown(SaveChoices(file=str(tmp_path / "a"), **choices), MOVIE, showing=everything)
    assert view.losses.part == ""
    assert view.chosen == (MOVIE,)


def test_layers_beside_the_part_are_left_out_by_name(tmp_path: Path) -> None:
    aside = (CELLS[0], {**CELLS[1], "name": "aside", "translate": (500, 500)}, "image")
    view = shown(
        SaveChoices(file=str(tmp_path / "a"), visible_only=True), CELLS, aside, showing=SHOWING
    )
    assert len(view.chosen) == 1
    assert "Not saved: 'aside' does not lie in the chosen part." in summary(view)
    alone = shown(SaveChoices(file=str(tmp_path / "a"), visible_only=True), aside, showing=SHOWING)
    assert alone.problem.startswith("No layer lies in the chosen part")


def test_in_3d_there_is_no_visible_region(tmp_path: Path) -> None:
    in_3d = Showing(SHOWING.names)
    view = shown(SaveChoices(file=str(tmp_path / "a"), visible_only=True), MOVIE, showing=in_3d)
    assert view.problem.startswith("In 3D there is no visible region")


# The name that is proposed


@pytest.mark.parametrize(
    ("source", "proposed"),
    [
        ("cells.ome.zip", "cells edited.ome.zip"),
        ("cells.ozx", "cells edited.ozx"),
        ("cells.ome.zarr.zip", "cells edited.ome.zip"),
        ("cells.tif", "cells.ome.zip"),
    ],
)
def test_a_new_name_beside_the_source_is_proposed(
    tmp_path: Path, source: str, proposed: str
) -> None:
    (tmp_path / source).touch()
    found = proposed_file([str(tmp_path / source)], ["DAPI"], Path("/elsewhere"))
    assert found == tmp_path / proposed


def test_a_file_behind_a_link_is_proposed_where_files_were_saved_last(tmp_path: Path) -> None:
    link = "https://example.org/data/my%20cells.ozx#1a2b3c4d"
    assert proposed_file([link], ["DAPI"], tmp_path) == tmp_path / "my cells.ozx"
    (tmp_path / "my cells.ozx").touch()
    assert proposed_file([link], ["DAPI"], tmp_path) == tmp_path / "my cells 2.ozx"
    assert replaceable_source([link]) is None


def test_no_file_that_exists_is_proposed(tmp_path: Path) -> None:
    for name in ("cells.ome.zip", "cells edited.ome.zip", "cells edited 2.ome.zip"):
        (tmp_path / name).touch()
    source = [str(tmp_path / "cells.ome.zip")]
    assert proposed_file(source, [], tmp_path).name == "cells edited 3.ome.zip"
    assert proposed_file(source, [], tmp_path, PART).name == "cells part.ome.zip"
    assert proposed_file(source, [], tmp_path, LABELS).name == "cells labels.ome.zip"


@pytest.mark.parametrize(
    ("names", "proposed"),
    [(["DAPI", "GFP"], "DAPI"), (["a/b: c"], "a b  c"), ([], "image"), (["..."], "image")],
)
def test_without_a_source_the_first_layer_gives_the_name(
    tmp_path: Path, names: list[str], proposed: str
) -> None:
    assert proposed_file([], names, tmp_path) == tmp_path / f"{proposed}.ome.zip"


def test_only_a_file_that_saving_can_write_is_offered_to_be_replaced(tmp_path: Path) -> None:
    for name in ("a.tif", "b.zarr.zip", "c.ozx"):
        (tmp_path / name).touch()
    sources = [str(tmp_path / name) for name in ("a.tif", "c.ozx")]
    assert replaceable_source(sources) == tmp_path / "c.ozx"
    assert replaceable_source([str(tmp_path / "a.tif")]) is None
    assert replaceable_source([str(tmp_path / "b.zarr.zip")]) is None
    assert replaceable_source([str(tmp_path / "gone.ozx")]) is None
