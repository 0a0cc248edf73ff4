"""Editable labels lie where their source lies, look like it, and are saved in its place."""

from __future__ import annotations

import warnings
from copy import deepcopy
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest
import zarr
from napari.components import ViewerModel
from napari.layers import Labels, Layer
from napari.utils.notifications import notification_manager
from zarr.storage import ZipStore

from hierarchy_builder import HierarchyBuilder, write_archive
from labeled_archive import (
    LABELS,
    assert_only_labels_changed,
    entries,
    labeled_archive,
    levels_in,
    stored_labels,
)
from napari_ome_zip import open_image, save_image, to_layer_data
from napari_ome_zip.errors import ReadCancelledError, UnreadableChunkError
from napari_ome_zip.layers import from_layer_data
from napari_ome_zip.pixels.edited_pixels import EditedPixels
from napari_ome_zip.plugin.edit_labels import model
from napari_ome_zip.plugin.edit_labels.command import edit_labels
from napari_ome_zip.plugin.edit_labels.model import EditChoice, TooLargeError
from napari_ome_zip.plugin.edit_labels.new_label import largest_label
from napari_ome_zip.plugin.edit_labels.replacing import (
    editable_layer,
    is_locked,
    read_level,
    replace_layer,
)
from napari_ome_zip.plugin.window import attend
from napari_ome_zip.saving.save import save_composite
from whole_archives import whole_plate

if TYPE_CHECKING:
    from collections.abc import Iterator

TURNED: list[dict[str, Any]] = [
    {"scale": (2.0, 0.5, 0.5), "translate": (3.0, 4.0, 5.0)},
    {"scale": (2.0, 0.5, 0.25), "rotate": 30.0, "translate": (3.0, 4.0, 5.0)},
    {"scale": (1.0, 0.5, 0.25), "shear": (0.1, 0.2, 0.3)},
    {"scale": (1.0, -0.5, 0.25), "rotate": -75.0, "shear": (0.0, 0.2, 0.3), "affine": "tilted"},
]


@pytest.fixture(autouse=True)
def no_records() -> Iterator[None]:
    notification_manager.records.clear()
    yield
    notification_manager.records.clear()


def told() -> list[str]:
    return [record.message for record in notification_manager.records]


def pyramid(shape: tuple[int, ...] = (3, 41, 61)) -> list[da.Array]:
    """Levels of which each is every second pixel of the plane; odd sizes are rounded up."""
    full = np.random.default_rng(5).integers(0, 9, shape, np.uint16)
    return [da.from_array(full[..., ::f, ::f], chunks=-1) for f in (1, 2, 4)]


def tilted() -> np.ndarray:
    affine = np.eye(4)
    affine[:3, :3] = [[1.0, 0.1, 0.0], [0.0, 0.9, -0.3], [0.2, 0.3, 1.1]]
    affine[:3, 3] = (7.0, -8.0, 9.0)
    return affine


def view(path: Path) -> ViewerModel:
    viewer = ViewerModel()
    attend(viewer)
    for item in to_layer_data(open_image(path)):
        viewer.add_layer(Layer.create(*item))
    return viewer


def save(viewer: ViewerModel, path: Path) -> None:
    save_image([layer.as_layer_data_tuple() for layer in viewer.layers], path)


@pytest.mark.parametrize("placed", TURNED)
@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing")
def test_every_pixel_stays_at_its_place_in_the_world(placed: dict[str, Any], level: int) -> None:
    if placed.get("affine") is not None:
        placed = {**placed, "affine": tilted()}
    source = Labels(pyramid(), name="nuclei", **placed)
    made = editable_layer(source, EditChoice(level))
    assert not made.multiscale
    np.testing.assert_array_equal(made.data, source.data[level])
    factor = np.array([1, 2**level, 2**level])
    for index in ([0, 0, 0], [1, 2, 3], [2, 9, 12]):
        # The middle of the block of full-resolution pixels that one pixel stands for.
        middle = np.array(index) * factor + (factor - 1) / 2
        np.testing.assert_allclose(made.data_to_world(index), source.data_to_world(middle))


@pytest.mark.parametrize("placed", TURNED)
@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing")
def test_a_region_stays_at_its_place_and_is_saved_as_the_whole(placed: dict[str, Any]) -> None:
    if placed.get("affine") is not None:
        placed = {**placed, "affine": tilted()}
    source = Labels(pyramid(), name="nuclei", **placed)
    made = editable_layer(source, EditChoice(ranges=((1, 2),)))
    assert isinstance(made.data, EditedPixels)
    assert made.data.shape == (2, 41, 61)
    for index in ([0, 0, 0], [1, 30, 50]):
        beyond = np.add(index, (1, 0, 0))
        np.testing.assert_allclose(made.data_to_world(index), source.data_to_world(beyond))
    made.data[0, 5, 6] = 500
    expected = np.array(source.data[0])
    expected[1, 5, 6] = 500
    whole, before = (
        from_layer_data([layer.as_layer_data_tuple()]).labels[0] for layer in (made, source)
    )
    np.testing.assert_array_equal(whole.levels[0], expected)
    np.testing.assert_allclose(whole.to_display.matrix, before.to_display.matrix, atol=1e-12)


@pytest.mark.parametrize("choice", [EditChoice(), EditChoice(ranges=((1, 2),))])
def test_all_that_a_layer_has_is_kept(choice: EditChoice) -> None:
    source = Labels(
        pyramid(),
        name="nuclei",
        colormap={0: "transparent", 1: "#00FF00", 2: "#FF0000", None: "transparent"},
        features={"index": [1, 2], "area": [5.0, 6.0]},
        metadata={"napari_ome_zip": {"image": "", "name": "nuclei"}},
        units=("um", "um", "um"),
        axis_labels=("z", "y", "x"),
        opacity=0.4,
        blending="additive",
        visible=False,
    )
    settings = {"contour": 2, "selected_label": 5, "show_selected_label": True, "brush_size": 3,
                "n_edit_dimensions": 3, "contiguous": False, "preserve_labels": True}  # fmt: skip
    for name, value in settings.items():
        setattr(source, name, value)
    made = editable_layer(source, choice)
    for name in (*settings, "name", "metadata", "units", "axis_labels", "opacity", "blending",
                 "visible"):  # fmt: skip
        assert getattr(made, name) == getattr(source, name), name
    assert made.features.equals(source.features)
    for value in (1, 2, 3):
        np.testing.assert_array_equal(made.get_color(value), source.get_color(value))


@pytest.mark.parametrize("choice", [EditChoice(), EditChoice(ranges=((0, 1),))])
def test_painting_leaves_the_source_as_it_was(choice: EditChoice) -> None:
    source = Labels(pyramid(), name="nuclei")
    before = np.asarray(source.data[0])
    made = editable_layer(source, choice)
    made.brush_size = 1
    made.paint((1, 20, 30), 77)
    made.data_setitem((np.array([0, 1]), np.array([3, 4]), np.array([5, 6])), 78)
    assert np.argwhere(np.asarray(made.data) > 9).tolist() == [[0, 3, 5], [1, 4, 6], [1, 20, 30]]
    np.testing.assert_array_equal(source.data[0], before)
    made.undo()
    made.undo()
    np.testing.assert_array_equal(made.data, before[: made.data.shape[0]])


def test_a_layer_is_replaced_where_it_is_and_the_view_stays() -> None:
    viewer = ViewerModel()
    source = viewer.add_labels(pyramid(), name="nuclei")
    viewer.dims.current_step = (2, 0, 0)
    viewer.scene.camera.center, viewer.scene.camera.zoom = (0, 7, 8), 3.0
    replace_layer(viewer, source, editable_layer(source))
    assert viewer.dims.current_step[0] == 2
    assert viewer.scene.camera.center == (0, 7, 8)
    assert viewer.scene.camera.zoom == 3.0
    assert source.name == "nuclei"


def test_position_and_selection_stay() -> None:
    viewer = ViewerModel()
    for name in ("below", "nuclei", "above"):
        viewer.add_labels(pyramid(), name=name)
    source, above = viewer.layers["nuclei"], viewer.layers["above"]
    viewer.layers.selection = {source, above}
    made = editable_layer(source)
    replace_layer(viewer, source, made)
    assert [layer.name for layer in viewer.layers] == ["below", "nuclei", "above"]
    assert viewer.layers[1] is made
    assert set(viewer.layers.selection) == {made, above}
    viewer.layers.selection.active = made
    again = editable_layer(made)
    replace_layer(viewer, made, again)
    assert viewer.layers.selection.active is again


def test_what_does_not_fit_into_memory_is_refused() -> None:
    sizes = [(100_000 // f, 1000 // f, 1000 // f) for f in (1, 2, 4, 8, 16)]
    levels = [da.zeros(size, dtype=np.uint32, chunks=512) for size in sizes]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = Labels(levels, name="huge")
    with pytest.raises(TooLargeError, match=r"Resolution 1 needs 46\.6 GiB of memory"):
        editable_layer(source, EditChoice(level=1))
    whole = editable_layer(source)
    whole.paint((50_000, 500, 500), 7)
    assert whole.data.painted_bytes < 2**22


def test_the_command_says_what_it_needs() -> None:
    viewer = ViewerModel()
    edit_labels(viewer)
    viewer.add_labels(np.ones((4, 4), np.uint8), name="plain")
    edit_labels(viewer)
    viewer.layers.selection.clear()
    edit_labels(viewer)
    assert told() == [
        "Select the labels to edit first. Then choose Edit labels again.",
        "'plain' can already be painted: press 2 for the brush.",
        "Select the labels to edit first. Then choose Edit labels again.",
    ]


def test_the_command_takes_the_only_locked_labels_where_no_labels_are_selected() -> None:
    viewer = ViewerModel()
    viewer.add_labels(pyramid(), name="nuclei")
    viewer.add_image(np.ones((4, 4)), name="cells")
    edit_labels(viewer)
    assert not viewer.layers["nuclei"].multiscale
    assert told() == ["'nuclei' can be painted now. Saving replaces the labels in the file."]


def test_lazy_labels_of_one_level_are_read_too() -> None:
    viewer = ViewerModel()
    viewer.add_labels(pyramid()[0], name="nuclei")
    edit_labels(viewer)
    assert isinstance(viewer.layers["nuclei"].data, np.ndarray)
    np.testing.assert_array_equal(viewer.layers["nuclei"].data, pyramid()[0])


def test_locked_labels_say_so_also_without_a_window(tmp_path: Path) -> None:
    viewer = view(labeled_archive(tmp_path / "cells.ozx"))
    layer = viewer.layers["nuclei"]
    assert is_locked(layer)
    assert layer.help == "These labels are locked: Layers > Annotate > Edit labels"


# Saved over the file


@pytest.fixture(params=["in memory", "in the file"])
def edited(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[ViewerModel, Path]:
    """Return a viewer with editable labels of a file: read at once, or as they are painted."""
    path = labeled_archive(tmp_path / "cells.ozx")
    viewer = view(path)
    viewer.layers.selection.active = viewer.layers["nuclei"]
    if request.param == "in the file":
        monkeypatch.setattr(model, "AT_ONCE_BYTES", 100)
    edit_labels(viewer)
    is_lazy = isinstance(viewer.layers["nuclei"].data, EditedPixels)
    assert is_lazy == (request.param == "in the file")
    return viewer, path


def test_saving_over_the_file_twice_keeps_what_was_painted_before(
    edited: tuple[ViewerModel, Path],
) -> None:
    viewer, path = edited
    before = entries(path)
    expected = stored_labels()
    for row, value in ((3, 600), (9, 700)):
        viewer.layers["nuclei"].data[1, row, 10:22] = value
        expected[1, row, 10:22] = value
        save(viewer, path)
        assert_only_labels_changed(before, path, expected)


def test_what_is_painted_while_it_is_saved_is_in_the_next_save(
    edited: tuple[ViewerModel, Path],
) -> None:
    viewer, path = edited
    layer = viewer.layers["nuclei"]
    layer.data[1, 3, 10:22] = 600
    expected = stored_labels()
    expected[1, 3, 10:22] = 600
    image = from_layer_data([each.as_layer_data_tuple() for each in viewer.layers], target=path)
    layer.data[1, 3, 10:22] = 601
    layer.data[0] = 602
    thread = Thread(target=save_composite, args=(image, path))
    thread.start()
    while thread.is_alive():
        layer.data[2, :, ::7] = 603
    thread.join()
    np.testing.assert_array_equal(levels_in(path)[0], expected)
    save(viewer, path)
    np.testing.assert_array_equal(levels_in(path)[0], np.asarray(layer.data))


def test_labels_of_which_nothing_is_painted_are_saved_as_they_were(tmp_path: Path) -> None:
    path = labeled_archive(tmp_path / "cells.ozx")
    content = entries(path)
    # A coarser level that no program makes of the finer ones.
    content[f"{LABELS}/2/c/0/0/0"] = content[f"{LABELS}/2/c/1/0/0"]
    write_archive(path, content)
    viewer = view(path)
    source = viewer.layers["nuclei"]
    replace_layer(viewer, source, editable_layer(source, EditChoice(ranges=((1, 2),))))
    save(viewer, path)
    after = entries(path)
    assert {name for name in content if after.get(name) != content[name]} <= {
        "zarr.json", f"{LABELS}/zarr.json"}  # fmt: skip


def test_a_region_of_another_type_of_pixel_is_saved_with_the_rest(tmp_path: Path) -> None:
    path = labeled_archive(tmp_path / "cells.ozx")
    viewer = view(path)
    source = viewer.layers["nuclei"]
    made = editable_layer(source, EditChoice(ranges=((1, 2),)))
    replace_layer(viewer, source, made)
    made.data[0, 3, 10:22] = 600
    made.data = made.data.astype(np.uint32)  # as napari's Convert data type does
    made.data[1, 3, 10:22] = 70_000
    expected = stored_labels().astype(np.uint32)
    expected[1, 3, 10:22], expected[2, 3, 10:22] = 600, 70_000
    save(viewer, path)
    (full, *_) = levels_in(path)
    assert full.dtype == np.uint32
    np.testing.assert_array_equal(full, expected)


def test_a_duplicate_is_saved_beside_it(edited: tuple[ViewerModel, Path]) -> None:
    viewer, path = edited
    layer = viewer.layers["nuclei"]
    layer.data[1, 3, 10:22] = 600
    data, keywords, kind = layer.as_layer_data_tuple()
    viewer.add_layer(Layer.create(deepcopy(data), {**keywords, "name": "other"}, kind))
    layer.data[1, 3, 10:22] = 601
    save(viewer, path)
    assert set(levels_in(path)[0][1, 3, 10:22]) == {601}
    with ZipStore(path, mode="r") as store:
        (other,) = set(zarr.open_group(store, path="labels", mode="r").group_keys()) - {"nuclei"}
    assert set(levels_in(path, f"labels/{other}")[0][1, 3, 10:22]) == {600}


def test_labels_of_a_plate_are_edited_over_all_its_fields(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = whole_plate(tmp_path / "plate.ozx")
    first = view(truth.path)
    mosaic = first.layers[0]
    drawn = np.ones([int(n) for n in mosaic.level_shapes[0]], np.uint8)
    first.add_labels([drawn, drawn[..., ::2, ::2]], name="drawn", scale=mosaic.scale,
                     translate=mosaic.translate, units=mosaic.units,
                     axis_labels=mosaic.axis_labels)  # fmt: skip
    save(first, truth.path)
    viewer = view(truth.path)
    monkeypatch.setattr(model, "AT_ONCE_BYTES", 1)
    viewer.layers.selection.active = next(
        layer for layer in viewer.layers if layer.name.endswith("drawn")
    )
    edit_labels(viewer)
    layer = viewer.layers.selection.active
    assert isinstance(layer.data, EditedPixels)
    fields = {field.path: field.offset for part in open_image(truth.path).images
              for field in part.fields}  # fmt: skip
    assert len(fields) == 4
    path, offset = max(fields.items())
    row, column = offset[-2:]
    layer.data[..., row + 2, column + 3] = 9
    save(viewer, truth.path)
    with ZipStore(truth.path, mode="r") as store:
        for each in fields:
            pixels = zarr.open_array(store, path=f"{each}/labels/drawn/0", mode="r")[...]
            expected = np.ones_like(pixels)
            if each == path:
                expected[..., 2, 3] = 9
            np.testing.assert_array_equal(pixels, expected)


def overlapping_fields(path: Path) -> Path:
    """Write a plate of two fields that share 4 of 16 columns, the first labeled 1, the other 2."""
    well = {"path": "A/1", "rowIndex": 0, "columnIndex": 0}
    plate = {"name": "p", "version": "0.5", "field_count": 2, "rows": [{"name": "A"}],
             "columns": [{"name": "1"}], "wells": [well]}  # fmt: skip
    builder = HierarchyBuilder().group("", plate=plate).group("A")
    builder.group("A/1", well={"version": "0.5", "images": [{"path": "0"}, {"path": "1"}]})
    for number, column in enumerate((0.0, 12.0)):
        place: dict[str, Any] = {"scale": (1.0, 1.0), "translation": (0.0, column)}
        image = np.full((16, 16), 100, np.uint8)
        builder.image([image, image[::2, ::2]], "yx", f"A/1/{number}", **place)
        builder.labels("nuclei", path=f"A/1/{number}")
        pixels = np.full((16, 16), number + 1, np.uint8)
        builder.image([pixels, pixels[::2, ::2]], "yx", f"A/1/{number}/labels/nuclei",
                      **place, **{"image-label": {}})  # fmt: skip
    return builder.archive(path)


@pytest.mark.parametrize("at_once", [2**30, 1], ids=["in memory", "in the file"])
def test_labels_that_a_later_field_hides_stay_and_painting_is_in_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    path = overlapping_fields(tmp_path / "plate.ozx")
    viewer = view(path)
    monkeypatch.setattr(model, "AT_ONCE_BYTES", at_once)
    viewer.layers.selection.active = next(
        layer for layer in viewer.layers if isinstance(layer, Labels)
    )
    edit_labels(viewer)
    layer = viewer.layers.selection.active
    expected = np.ones((16, 28), np.uint8)
    expected[:, 12:] = 2
    np.testing.assert_array_equal(layer.data, expected)
    layer.data[3, 10:14] = 9
    save(viewer, path)
    left, right = (levels_in(path, f"A/1/{number}/labels/nuclei", count=2) for number in range(2))
    expected = np.ones((16, 16), np.uint8)
    expected[3, 10:14] = 9
    np.testing.assert_array_equal(left[0], expected)
    assert left[1].shape == (8, 8)
    expected = np.full((16, 16), 2, np.uint8)
    expected[3, 0:2] = 9
    np.testing.assert_array_equal(right[0], expected)


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """Return an archive of which one chunk of the labels is no chunk."""
    path = labeled_archive(tmp_path / "cells.ozx")
    content = entries(path)
    content[f"{LABELS}/0/c/1/0/0"] = b"no chunk"
    return write_archive(path, content)


def test_damaged_labels_are_not_read_as_background(damaged: Path) -> None:
    viewer = view(damaged)
    viewer.layers.selection.active = viewer.layers["nuclei"]
    edit_labels(viewer)
    (message,) = told()
    assert message.startswith("'nuclei' cannot be edited, it stays as it is. Chunk labels/nuclei/0")
    assert viewer.layers["nuclei"].multiscale


@pytest.mark.filterwarnings("ignore::napari_ome_zip.pixels.damage.DamagedChunkWarning")
def test_a_region_without_damage_can_be_edited_and_damage_is_not_painted_over(
    damaged: Path,
) -> None:
    viewer = view(damaged)
    made = editable_layer(viewer.layers["nuclei"], EditChoice(ranges=((1, 2),)))
    made.data[1, 0, 0] = 600
    with pytest.raises(UnreadableChunkError, match="labels/nuclei/0/c/1/0/0"):
        made.data[0, 0, 0] = 600
    assert made.data.largest_painted() == 600


def test_reading_stops_when_it_is_cancelled() -> None:
    full = da.from_array(stored_labels(), chunks=(1, 16, 16))
    np.testing.assert_array_equal(read_level(full), stored_labels())
    done: list[int] = []
    with pytest.raises(ReadCancelledError):
        read_level(full, lambda *counts: done.append(counts[0]), lambda: True)
    with pytest.raises(ReadCancelledError):
        largest_label(full, None, lambda: True)
    assert largest_label(full) == 9
