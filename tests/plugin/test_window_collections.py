"""In a real window, a collection (RFC-8) is one image: opened, looked at, and saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from napari.utils.notifications import notification_manager

from collection_builder import CollectionBuilder, collection, entry, path_to, plate, system, well
from hierarchy_builder import ramp, write_archive
from napari_layers import value_in_world
from napari_ome_zip import open_image
from napari_ome_zip.plugin.docks import PLUGIN
from napari_ome_zip.plugin.messages import GATHERED_FOR_MS

if TYPE_CHECKING:
    import napari
    from pytestqt.qtbot import QtBot

WAIT = 20_000


def everything(path: Path) -> Path:
    said = {"labels": {"source": [{"id": "f"}]}}
    wells = [
        well("rA", "c1", entry("f", id="f"), entry("f_nuclei", attributes=said)),
        well("rB", "c2", entry("g")),
    ]
    move = {
        "type": "translation",
        "translation": [100, 0],
        "input": {"id": "physical", "path": path_to("./em")},
        "output": {"id": "world"},
    }
    steps = {"coordinateSystems": [system("world")], "coordinateTransformations": [move]}
    placed = collection("placed", entry("em"), attributes={"scene": steps})
    far = entry("far", "https://example.com/a.zarr")
    builder = CollectionBuilder().node(collection("all", plate(*wells), placed, far))
    builder.image_node("f").image_node("g").image_node("em", ramp((5, 6)))
    builder.image_node("f_nuclei", ramp((3, 4), np.uint8))
    return write_archive(path, builder.entries)


def test_a_collection_is_opened_with_one_notification(
    window: napari.Viewer, qtbot: QtBot, tmp_path: Path
) -> None:
    path = everything(tmp_path / "a.ozx")
    notification_manager.records.clear()
    window.open(path, plugin=PLUGIN)
    qtbot.waitUntil(lambda: bool(notification_manager.records), timeout=WAIT)
    qtbot.wait(3 * GATHERED_FOR_MS)
    (record,) = notification_manager.records
    text = str(record.message)
    assert text.count("Written by a draft of OME-Zarr") == 1
    assert "1 node lies outside this archive and is not opened: 'far'" in text
    shown = {layer.name for layer in window.layers}
    assert {"A1 f", "B2 g", "em", "A1 f: nuclei"} <= shown


def test_every_image_lies_where_its_collection_says(window: napari.Viewer, tmp_path: Path) -> None:
    window.open(everything(tmp_path / "a.ozx"), plugin=PLUGIN)
    em, labels = window.layers["em"], window.layers["A1 f: nuclei"]
    assert value_in_world(em, y=104, x=5) == 29
    assert value_in_world(labels, y=2, x=3) == 11
    first, other = window.layers["A1 f"], window.layers["B2 g"]
    assert (np.array(other.extent.world[0]) > first.extent.world[1]).all()


def test_it_is_saved_as_a_collection(window: napari.Viewer, tmp_path: Path) -> None:
    path = everything(tmp_path / "a.ozx")
    before = {p.name: p.to_display.matrix.tolist() for p in open_image(path).parts}
    window.open(path, plugin=PLUGIN)
    window.layers["em"].colormap = "green"
    (target,) = window.layers.save(str(tmp_path / "b.ozx"), plugin=PLUGIN)
    again = open_image(target)
    assert {p.name: p.to_display.matrix.tolist() for p in again.parts} == before
    assert "collections-draft" in {finding.code for finding in again.findings}
    (em,) = (image for image in again.images if image.name == "em")
    assert em.channels[0].color == "#00FF00"
