"""In a real window, features of tables are seen at labels; large tables are loaded on demand."""

from __future__ import annotations

from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import Qt

from labeled_tables import FEATURES, NGIO, about, labeled, put_anndata, put_lists
from napari_ome_zip import open_image
from napari_ome_zip.plugin.contents.model import Kind
from napari_ome_zip.plugin.contents.widget import ContentsWidget
from napari_ome_zip.plugin.docks import PLUGIN, open_contents

if TYPE_CHECKING:
    import napari
    from pytestqt.qtbot import QtBot

WAIT = 20_000
LARGE = 100_001
SAID = NGIO | about("cells") | {"backend": "anndata"}


def large(path: Path) -> Path:
    """A table of more rows than are read while a file is opened, of which one names no label."""
    rows = pd.DataFrame(
        {"n": np.arange(LARGE)}, pd.Index([*map(str, range(1, LARGE)), "x"], name="label")
    )
    builder = put_anndata(labeled(), "tables/many", SAID, rows)
    return put_lists(
        builder, "tables/few", SAID | {"backend": "json"}, {"label": [5], "m": [50]}
    ).archive(path)


def opened(viewer: napari.Viewer, path: Path) -> Any:
    viewer.open(path, plugin=PLUGIN)
    return viewer.layers["cells"]


def contents(viewer: napari.Viewer, qtbot: QtBot) -> ContentsWidget:
    open_contents(viewer)
    docks = viewer.window.dock_widgets.values()
    (widget,) = [each for each in docks if isinstance(each, ContentsWidget)]
    qtbot.waitUntil(lambda: any(item.kind is Kind.TABLES for item in items(widget)), timeout=WAIT)
    return widget


def items(widget: ContentsWidget) -> list[Any]:
    root = widget.parts.tree.contents.item(widget.parts.tree.contents.index(0, 0))
    return [] if root is None else list(root.children)


def choose(widget: ContentsWidget, path: str) -> None:
    tree = widget.parts.tree
    tree.reveal([(Kind.TABLES,), (Kind.ATTACHMENT, path)])
    widget._show_facts()


def test_features_are_told_where_the_mouse_is(make_napari_viewer: Any, tmp_path: Path) -> None:
    viewer = make_napari_viewer()
    layer = opened(
        viewer, put_anndata(labeled(), "tables/t", SAID, FEATURES).archive(tmp_path / "a.ozx")
    )
    viewer.layers.selection.active = layer
    assert "area: 7.25, spots: 11, kind: T" in layer.get_status((0, 5), world=True)["coordinates"]


def test_a_large_table_is_loaded_when_asked_for(
    make_napari_viewer: Any, qtbot: QtBot, tmp_path: Path
) -> None:
    viewer = make_napari_viewer(show=True)
    path = large(tmp_path / "a.ozx")
    layer = opened(viewer, path)
    assert list(layer.features) == ["index", "m"]
    layer.features = layer.features.assign(mine=["kept"])
    widget = contents(viewer, qtbot)
    choose(widget, "tables/few")
    assert widget.parts.load.isHidden()
    assert "features of 'cells'" in unescape(widget.parts.details.text())
    choose(widget, "tables/many")
    assert "100,001 rows" in widget.parts.details.text()
    qtbot.mouseClick(widget.parts.load, Qt.MouseButton.LeftButton)
    assert widget.parts.load.isHidden()
    qtbot.waitUntil(lambda: "is loaded" in widget.parts.message.text(), timeout=WAIT)
    assert "1 that names no label" in widget.parts.message.text()
    rows = layer.features.set_index("index")
    assert rows.loc[77_777, "n"] == 77_776
    assert (rows.loc[5, "n"], rows.loc[5, "m"], rows.loc[5, "mine"]) == (4, 50, "kept")
    choose(widget, "tables/many")
    assert widget.parts.load.isHidden()
    saved = tmp_path / "b.ozx"
    viewer.layers.save(str(saved))
    (labels,) = open_image(saved).labels
    assert labels.label is not None
    assert {row.value: dict(row.mapping) for row in labels.label.table} == {5: {"mine": "kept"}}


@pytest.mark.parametrize("change", [False, True])
def test_regions_are_a_hidden_layer(make_napari_viewer: Any, tmp_path: Path, change: bool) -> None:
    said = {"type": "roi_table", "table_version": "1", "index_key": "roi"}
    box = {
        "x_micrometer": [1.0],
        "y_micrometer": [0.0],
        "len_x_micrometer": [2.0],
        "len_y_micrometer": [3.0],
    }
    builder = put_lists(labeled(), "tables/boxes", said, {"roi": ["one"], **box})
    viewer = make_napari_viewer()
    opened(viewer, builder.archive(tmp_path / "a.ozx"))
    layer = viewer.layers["boxes"]
    assert not layer.visible
    if change:
        layer.data = [layer.data[0] + 1]
    drawn = layer.data[0]
    viewer.layers.save(str(tmp_path / "b.ozx"))
    viewer.layers.clear()
    viewer.open(tmp_path / "b.ozx", plugin=PLUGIN)
    # What a person changed is shown instead of its table, not beside it.
    (again,) = (each for each in viewer.layers if each.name.startswith("boxes"))
    np.testing.assert_allclose(again.data[0], drawn)


def test_hidden_regions_leave_the_selection_to_what_is_shown(
    make_napari_viewer: Any, qtbot: QtBot, tmp_path: Path
) -> None:
    said = {"type": "roi_table", "table_version": "1", "index_key": "roi"}
    ends = ("x_micrometer", "y_micrometer", "len_x_micrometer", "len_y_micrometer")
    builder = labeled()
    for name in ("boxes", "more"):
        columns = {"roi": ["one"], **{end: [1.0] for end in ends}}
        put_lists(builder, f"tables/{name}", said, columns)
    viewer = make_napari_viewer()
    viewer.open(builder.archive(tmp_path / "a.ozx"), plugin=PLUGIN)
    assert [layer.name for layer in viewer.layers][-2:] == ["boxes", "more"]
    labels = viewer.layers["cells"]
    qtbot.waitUntil(lambda: viewer.layers.selection.active is labels, timeout=WAIT)
    viewer.layers.selection.active = viewer.layers["boxes"]  # by hand: it stays
    qtbot.wait(50)
    assert viewer.layers.selection.active is viewer.layers["boxes"]
