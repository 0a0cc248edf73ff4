"""An editable copy lies where its source lies, looks like it, and is saved with its image."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels

from napari_layers import layers_of, pixels
from napari_ome_zip import open_image, save_image, to_layer_data
from napari_ome_zip.plugin import editable_labels
from napari_ome_zip.plugin.editable_labels import (
    EditableLabelsWidget,
    TooLargeError,
    default_level,
    editable_copy,
)

if TYPE_CHECKING:
    from pathlib import Path

    import napari
    from pytestqt.qtbot import QtBot

TURNED: list[dict[str, Any]] = [
    {"scale": (2.0, 0.5, 0.5), "translate": (3.0, 4.0, 5.0)},
    {"scale": (2.0, 0.5, 0.25), "rotate": 30.0, "translate": (3.0, 4.0, 5.0)},
    {"scale": (1.0, 0.5, 0.25), "shear": (0.1, 0.2, 0.3)},
    {"scale": (1.0, -0.5, 0.25), "rotate": -75.0, "shear": (0.0, 0.2, 0.3), "affine": "tilted"},
]


def pyramid(shape: tuple[int, ...] = (3, 41, 61)) -> list[da.Array]:
    """Levels of which each is every second pixel of the plane; odd sizes are rounded up."""
    full = np.random.default_rng(5).integers(0, 9, shape, np.uint16)
    return [da.from_array(full[..., ::f, ::f], chunks=-1) for f in (1, 2, 4)]


def tilted() -> np.ndarray:
    affine = np.eye(4)
    affine[:3, :3] = [[1.0, 0.1, 0.0], [0.0, 0.9, -0.3], [0.2, 0.3, 1.1]]
    affine[:3, 3] = (7.0, -8.0, 9.0)
    return affine


@pytest.mark.parametrize("placed", TURNED)
@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing")
def test_every_pixel_stays_at_its_place_in_the_world(placed: dict[str, Any], level: int) -> None:
    if placed.get("affine") is not None:
        placed = {**placed, "affine": tilted()}
    source = Labels(pyramid(), name="nuclei", **placed)
    copy = editable_copy(source, level)
    assert not copy.multiscale
    np.testing.assert_array_equal(copy.data, source.data[level])
    factor = np.array([1, 2**level, 2**level])
    for index in ([0, 0, 0], [1, 2, 3], [2, 9, 12]):
        # The middle of the block of full-resolution pixels that one pixel stands for.
        middle = np.array(index) * factor + (factor - 1) / 2
        np.testing.assert_allclose(copy.data_to_world(index), source.data_to_world(middle))


def test_colours_features_and_metadata_are_kept() -> None:
    source = Labels(
        pyramid(),
        name="nuclei",
        colormap={0: "transparent", 1: "#00FF00", 2: "#FF0000", None: "transparent"},
        features={"index": [1, 2], "area": [5.0, 6.0]},
        metadata={"napari_ome_zip": {"image": "", "name": "nuclei"}},
        units=("um", "um", "um"),
        axis_labels=("z", "y", "x"),
        opacity=0.4,
    )
    copy = editable_copy(source)
    assert copy.name == "nuclei"
    assert copy.metadata == source.metadata
    assert copy.features.equals(source.features)
    assert copy.units == source.units
    assert copy.axis_labels == source.axis_labels
    assert copy.opacity == source.opacity
    for value in (1, 2, 3):
        np.testing.assert_array_equal(copy.get_color(value), source.get_color(value))


def test_the_copy_can_be_painted_and_the_source_stays_as_it_was() -> None:
    source = Labels(pyramid(), name="nuclei")
    before = np.asarray(source.data[0])
    copy = editable_copy(source, 0)
    copy.brush_size = 1
    copy.paint((1, 20, 30), 77)
    assert (copy.data == 77).any()
    np.testing.assert_array_equal(source.data[0], before)


def test_labels_of_one_level_need_no_copy() -> None:
    with pytest.raises(ValueError, match="painted as it is"):
        editable_copy(Labels(np.ones((4, 4), np.uint8)))


def test_what_does_not_fit_into_memory_is_refused_and_not_offered_first() -> None:
    sizes = [(1000 // f, 10000 // f, 10000 // f) for f in (1, 2, 4, 8, 16)]
    levels = [da.zeros(size, dtype=np.uint32, chunks=512) for size in sizes]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = Labels(levels, name="huge")
    assert default_level(source.data) == 3, "2, 3 and 4 fit; 2 is more than is comfortable"
    with pytest.raises(TooLargeError, match=r"Level 0 needs 372\.5 GiB of memory"):
        editable_copy(source, 0)


def test_a_painted_copy_is_saved_with_its_image(tmp_path: Path) -> None:
    image = np.random.default_rng(1).integers(0, 255, (3, 41, 61), np.uint8)
    place = {"scale": (2.0, 0.5, 0.5), "units": ("um",) * 3, "axis_labels": ("z", "y", "x")}
    layers = [(image, {"name": "cells", **place}, "image")]
    layers.append((pyramid(), {"name": "nuclei", **place}, "labels"))
    save_image(layers, tmp_path / "a.ozx")

    viewer = ViewerModel()
    for item in to_layer_data(open_image(tmp_path / "a.ozx")):
        viewer.add_layer(Labels.create(*item))
    source = viewer.layers["nuclei"]
    copy = editable_copy(source, 0)
    copy.data[1, 20, 30] = 77
    saved = [viewer.layers["cells"].as_layer_data_tuple(), copy.as_layer_data_tuple()]
    save_image(saved, tmp_path / "b.ozx")

    composite = open_image(tmp_path / "b.ozx")
    assert [(labels.image_path, labels.path) for labels in composite.labels] == [
        ("", "labels/nuclei")
    ]
    assert len(composite.labels[0].sources) == 3, "smaller levels are made of what was painted"
    again = layers_of(composite)[1]
    np.testing.assert_array_equal(pixels(again), copy.data)
    np.testing.assert_allclose(again.data_to_world((1, 20, 30)), source.data_to_world((1, 20, 30)))


@pytest.fixture
def widget(window: napari.Viewer) -> EditableLabelsWidget:
    """Return the widget docked, with multiscale and other labels in the viewer."""
    window.add_image(np.ones((41, 61), np.uint8), name="cells")
    window.add_labels(np.ones((41, 61), np.uint8), name="plain")
    window.add_labels(pyramid((41, 61)), name="nuclei")
    _, widget = window.window.add_plugin_dock_widget("napari-ome-zip", "Editable copy of labels")
    return widget


def test_the_widget_offers_multiscale_labels_and_copies_the_chosen_level(
    qtbot: QtBot, window: napari.Viewer, widget: EditableLabelsWidget
) -> None:
    assert widget.layer.choices == ("nuclei",)
    assert widget.level.value == 0
    assert [text.partition(",")[0] for text, _ in widget._levels()] == [
        "0: 41 × 61",
        "1: 21 × 31",
        "2: 11 × 16",
    ]
    widget.level.value = 1
    widget.button.native.click()
    copy = window.layers["nuclei"]
    assert window.layers.selection.active == copy
    assert copy.data.shape == (21, 31)
    assert [layer.name for layer in window.layers] == ["cells", "plain", "nuclei"]


def test_the_widget_follows_the_layers(window: napari.Viewer, widget: EditableLabelsWidget) -> None:
    window.layers["nuclei"].name = "kernels"
    assert widget.layer.choices == ("kernels",)
    window.layers.remove("kernels")
    assert widget.layer.choices == ()
    assert not widget.button.enabled
    assert "no multiscale labels" in widget.message.value


def test_the_widget_refuses_a_level_that_is_too_large(
    window: napari.Viewer, widget: EditableLabelsWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editable_labels, "MAX_BYTES", 2000)
    widget.level.value = 1
    assert widget.button.enabled
    widget.level.value = 0
    assert not widget.button.enabled
    assert "choose a coarser level" in widget.message.value


def test_the_command_is_in_the_layers_menu(window: napari.Viewer) -> None:
    menu = window.window.layers_menu
    for text in ("Annotate", "Editable copy of labels"):
        (action,) = (a for a in menu.actions() if text in a.text().replace("&", ""))
        menu = action.menu()
    action.trigger()
    (name,) = (n for n in window.window.dock_widgets if n.startswith("Editable copy of labels"))
    assert isinstance(window.window.dock_widgets[name], EditableLabelsWidget)
