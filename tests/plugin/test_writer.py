"""What napari's own saving does with the plugin's writers, without a window."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.settings import get_plugin_settings
from napari.utils import cancelable_progress
from napari.utils.notifications import notification_manager
from npe2 import PluginManager

from napari_layers import kind_of, layers_of, pixels, view
from napari_ome_zip import read_thumbnail
from napari_ome_zip import save as whole_save
from napari_ome_zip.errors import PictureError, SaveCancelledError, SaveError
from napari_ome_zip.layers.layer_data import METADATA_KEY
from napari_ome_zip.layers.well_names import WELL_NAMES
from napari_ome_zip.plugin import writer
from napari_ome_zip.plugin.writer import write_ome_zip, write_ozx
from napari_ome_zip.saving import save
from napari_ome_zip.saving.plan import plan_save

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module", autouse=True)
def plugins() -> None:
    """Let napari find its plugins, as its window does at start."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what other plugins' manifests say
        PluginManager.instance().discover()


@pytest.fixture(autouse=True)
def told() -> Iterator[list[Any]]:
    """Return napari's notifications of this test; they are not warnings then."""
    notification_manager.records.clear()
    yield notification_manager.records
    notification_manager.records.clear()


@pytest.fixture
def viewer() -> ViewerModel:
    """Return a viewer with a layer of each kind."""
    viewer = ViewerModel()
    random = np.random.default_rng(1)
    viewer.add_image(random.integers(0, 255, (4, 30, 40), np.uint8), name="cells")
    viewer.add_labels(random.integers(0, 5, (4, 30, 40), np.uint16), name="nuclei")
    viewer.add_points([[1, 2, 3]], name="spots")
    viewer.add_shapes([[[0, 0, 0], [0, 5, 5]]], shape_type="line", name="outline")
    viewer.add_tracks([[0, 0, 1, 1], [0, 1, 2, 2]], name="paths")
    viewer.add_vectors([[[0, 0, 0], [0, 1, 1]]], name="arrows")
    vertices = np.array([[0, 0, 0], [0, 5, 0], [0, 0, 5]])
    viewer.add_surface((vertices, np.array([[0, 1, 2]]), np.ones(3)), name="skin")
    return viewer


def data_of(viewer: ViewerModel, *names: str) -> list[Any]:
    return [viewer.layers[name].as_layer_data_tuple() for name in names]


@pytest.mark.parametrize("kind", ["image", "labels"])
@pytest.mark.parametrize("counts", [(1, 0), (2, 3), (0, 2)])
def test_every_number_of_layers_finds_both_writers(kind: str, counts: tuple[int, int]) -> None:
    first, second = ("image", "labels") if kind == "image" else ("labels", "image")
    types = [first] * counts[0] + [second] * counts[1] + ["points", "tracks", "surface"]
    found = {
        extension
        for writer in PluginManager.instance().iter_compatible_writers(types)
        if writer.plugin_name == "napari-ome-zip"
        for extension in writer.filename_extensions
    }
    assert found == {".ome.zip", ".ozx"}


def test_saving_from_a_script_writes_and_returns_the_file(
    viewer: ViewerModel, tmp_path: Path
) -> None:
    for name in ("a.ome.zip", "b.ozx"):
        (saved,) = viewer.layers.save(str(tmp_path / name))
        assert saved == str(tmp_path / name)
        image, labels = layers_of(tmp_path / name)
        np.testing.assert_array_equal(pixels(image), viewer.layers["cells"].data)
        np.testing.assert_array_equal(pixels(labels), viewer.layers["nuclei"].data)
        assert (image.name, labels.name) == ("cells", "nuclei")


def test_a_preview_is_put_into_the_file_unless_preferences_say_otherwise(
    viewer: ViewerModel, tmp_path: Path
) -> None:
    settings = get_plugin_settings("napari-ome-zip").saving
    for name, wanted in (("a.ozx", True), ("b.ozx", False)):
        settings.thumbnail = wanted
        (saved,) = viewer.layers.save(str(tmp_path / name))
        assert (read_thumbnail(saved) is not None) == wanted


def test_why_there_is_no_preview_is_said_after_what_was_saved(
    viewer: ViewerModel, tmp_path: Path, told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(image: object, **options: Any) -> bytes:
        raise PictureError("There is too much of it.")

    monkeypatch.setattr(whole_save, "thumbnail_png", refuse)
    write_ozx(str(tmp_path / "a.ozx"), data_of(viewer, "cells"))
    said = told[-1].message
    assert said.startswith("Saved a.ozx")
    assert said.endswith("No thumbnail was made: There is too much of it.")


def test_what_is_written_is_planned_once(
    viewer: ViewerModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = []

    def counting(*arguments: Any) -> Any:
        planned.append(arguments)
        return plan_save(*arguments)

    for module in (writer, save):
        monkeypatch.setattr(module, "plan_save", counting)
    write_ozx(str(tmp_path / "a.ozx"), data_of(viewer, "cells"))
    assert len(planned) == 1


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("a", "a.ome.zip"),
        ("a.ome.zip", "a.ome.zip"),
        ("a.ozx", "a.ozx"),
        ("a.zip", "a.ome.zip"),
        ("a.ome.zip.zip", "a.ome.zip"),
        ("A.OZX", "A.ozx"),
        ("a.tif", "a.ome.zip"),
        ("a.zarr", "a.ome.zip"),
    ],
)
def test_a_typed_name_is_completed_and_said_back(
    viewer: ViewerModel, tmp_path: Path, told: list[Any], typed: str, expected: str
) -> None:
    assert write_ome_zip(str(tmp_path / typed), data_of(viewer, "cells")) == [
        str(tmp_path / expected)
    ]
    assert [path.name for path in tmp_path.iterdir()] == [expected]
    messages = [record.message for record in told]
    saved = f"Saved {expected}" if typed == expected else f"Saved as {expected}"
    assert messages == [f"{saved} in {tmp_path}."]


def test_a_relative_name_is_saved_in_the_working_folder(
    viewer: ViewerModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert write_ozx("a.ozx", data_of(viewer, "cells")) == [str(tmp_path / "a.ozx")]


def test_a_file_under_the_completed_name_is_never_replaced_unasked(
    viewer: ViewerModel, tmp_path: Path
) -> None:
    (tmp_path / "a.ome.zip").write_bytes(b"precious")
    with pytest.raises(SaveError, match=r"a\.ome\.zip exists already"):
        write_ome_zip(str(tmp_path / "a"), data_of(viewer, "cells"))
    assert (tmp_path / "a.ome.zip").read_bytes() == b"precious"
    # Typed in full, the dialog has asked.
    write_ome_zip(str(tmp_path / "a.ome.zip"), data_of(viewer, "cells"))
    assert layers_of(tmp_path / "a.ome.zip")


def test_layers_that_cannot_be_saved_are_named_in_one_warning(
    viewer: ViewerModel, tmp_path: Path, told: list[Any]
) -> None:
    wide = np.zeros((4, 4), np.longdouble)
    named = [(wide, {"name": name}, "image") for name in ("wide", "another")]
    write_ozx(str(tmp_path / "a.ozx"), [*data_of(viewer, "cells"), *named])
    (record,) = told
    assert record.severity.name == "WARNING"
    assert record.message.startswith("Not saved: 'wide' holds ")
    assert "'another'" in record.message
    assert record.message.endswith(f"Saved a.ozx in {tmp_path}.")


@pytest.mark.parametrize(
    ("layer", "start", "severity"),
    [
        (
            (np.full((4, 4), 1 + 1j), {"name": "waves"}, "image"),
            "Not all saved: 'waves' is saved without its phase",
            "WARNING",
        ),
        (
            (
                np.ones((4, 4), np.uint8),
                {"name": "nuclei", "colormap": {1: "no color at all", None: "red"}},
                "labels",
            ),
            "Saved a.ozx in {folder}. 'nuclei' is saved without ",
            "INFO",
        ),
    ],
)
def test_not_all_is_saved_only_where_pixels_or_places_are_lost(
    tmp_path: Path, told: list[Any], layer: Any, start: str, severity: str
) -> None:
    write_ozx(str(tmp_path / "a.ozx"), [layer])
    (record,) = told
    assert record.message.startswith(start.format(folder=tmp_path))
    assert record.severity.name == severity


def test_names_of_wells_that_were_read_are_left_out_without_a_warning(
    viewer: ViewerModel, tmp_path: Path, told: list[Any]
) -> None:
    note = {METADATA_KEY: {"source": None, WELL_NAMES: True}}
    names = (np.zeros((1, 2)), {"name": "well names", "metadata": note}, "points")
    write_ozx(str(tmp_path / "a.ozx"), [*data_of(viewer, "cells"), names])
    assert [record.message for record in told] == [f"Saved a.ozx in {tmp_path}."]


def test_layers_of_every_kind_are_saved_and_read(
    viewer: ViewerModel, tmp_path: Path, told: list[Any]
) -> None:
    viewer.layers.save(str(tmp_path / "a.ozx"))
    assert [record.severity.name for record in told] == ["INFO"]
    again = ViewerModel()
    again.open(tmp_path / "a.ozx", plugin="napari-ome-zip")
    assert [layer.name for layer in again.layers] == [layer.name for layer in viewer.layers]
    assert [type(layer) for layer in again.layers] == [type(layer) for layer in viewer.layers]


def test_layers_without_an_image_are_an_error(viewer: ViewerModel, tmp_path: Path) -> None:
    with pytest.raises(SaveError, match="an OME-Zarr file needs at least one image or labels"):
        write_ozx(str(tmp_path / "a.ozx"), data_of(viewer, "spots", "paths"))
    assert not list(tmp_path.iterdir())


def test_an_image_is_saved_although_points_have_its_name(tmp_path: Path) -> None:
    layers = [
        (np.ones((4, 4), np.uint8), {"name": "same"}, "image"),
        (np.zeros((1, 2)), {"name": "same"}, "points"),
    ]
    write_ozx(str(tmp_path / "a.ozx"), layers)
    names = [(layer.name, kind_of(layer)) for layer in view(tmp_path / "a.ozx").layers]
    assert names == [("same", "image"), ("same [1]", "points")]


def test_cancelling_in_the_activity_dialog_keeps_nothing(
    viewer: ViewerModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []

    def update(bar: cancelable_progress, n: int = 1) -> None:
        shown.append(n)
        bar.cancel()

    monkeypatch.setattr(cancelable_progress, "update", update)
    with pytest.raises(SaveCancelledError):
        write_ozx(str(tmp_path / "a.ozx"), data_of(viewer, "cells"))
    assert shown
    assert not list(tmp_path.iterdir())


def test_layers_changed_while_the_bar_moves_are_saved_as_they_were(
    viewer: ViewerModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = viewer.layers["nuclei"].data.copy()
    layer_data = data_of(viewer, "cells", "nuclei")

    def paint(bar: cancelable_progress, n: int = 1) -> None:
        viewer.layers["nuclei"].data[:] = 99
        bar.n += n

    monkeypatch.setattr(cancelable_progress, "update", paint)
    write_ozx(str(tmp_path / "a.ozx"), layer_data)
    assert (viewer.layers["nuclei"].data == 99).all(), "the test has painted"
    np.testing.assert_array_equal(pixels(layers_of(tmp_path / "a.ozx")[1]), before)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no folders without the right to write")
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_told_before_work_begins(viewer: ViewerModel, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(SaveError, match="No right to write"):
            write_ozx(str(tmp_path / "a.ozx"), data_of(viewer, "cells"))
    finally:
        tmp_path.chmod(0o700)
