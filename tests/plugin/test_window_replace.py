"""Replacing the file that layers came from, when it would hold less: a person is asked first."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from collection_builder import CollectionBuilder, entry, plate, well
from hierarchy_builder import write_archive
from napari_ome_zip.plugin.docks import PLUGIN
from napari_ome_zip.plugin.save.question import CANCEL, SAVE
from whole_archives import whole_series

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari

    from whole_hierarchy import Truth

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture
def opened(window: napari.Viewer, tmp_path: Path) -> Truth:
    """Return the truth of a series that is open in the window, one image of which was removed."""
    truth = whole_series(tmp_path / "whole.ozx")
    window.open(truth.path, plugin=PLUGIN)
    for layer in [layer for layer in window.layers if layer.name.startswith("map")]:
        window.layers.remove(layer)
    return truth


def names(path: Path) -> set[str]:
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def test_who_does_not_agree_keeps_the_file_as_it_is(
    window: napari.Viewer, opened: Truth, answer: Callable[[str], list[str]]
) -> None:
    before = opened.path.read_bytes()
    asked = answer(CANCEL)
    with pytest.raises(Exception, match=r"Cancelled: whole\.ozx is as it was"):
        window.layers.save(str(opened.path), plugin=PLUGIN)
    (question,) = asked
    assert "'map' of whole is not among the layers" in question
    assert opened.path.read_bytes() == before


def test_who_agrees_replaces_it(
    window: napari.Viewer, opened: Truth, answer: Callable[[str], list[str]]
) -> None:
    asked = answer(SAVE)
    window.layers.save(str(opened.path), plugin=PLUGIN)
    assert len(asked) == 1
    gone = {name for name in opened.entries if name.startswith("map/")}
    assert names(opened.path) - {"napari/zarr.json"} == {
        *(set(opened.entries) - gone),
        "thumbnail-2.png",  # beside a picture that nothing names
    }


def test_nobody_is_asked_where_nothing_is_lost_or_another_file_is_written(
    window: napari.Viewer, opened: Truth, tmp_path: Path
) -> None:
    window.layers.save(str(tmp_path / "other.ozx"), plugin=PLUGIN)
    assert (tmp_path / "other.ozx").exists()
    window.layers.clear()
    window.open(opened.path, plugin=PLUGIN)
    window.add_labels(np.ones((19, 26), np.uint8), name="drawn")
    window.layers.save(str(opened.path), plugin=PLUGIN)
    assert names(opened.path) > set(opened.entries)


def test_who_would_lose_a_collection_with_its_plate_is_asked(
    window: napari.Viewer, tmp_path: Path, answer: Callable[[str], list[str]]
) -> None:
    builder = CollectionBuilder().node(plate(well("rA", "c1", entry("f")))).image_node("f")
    path = write_archive(tmp_path / "plate.ozx", builder.entries)
    window.open(path, plugin=PLUGIN)
    window.add_image(np.ones((6, 7)), name="added")
    before = path.read_bytes()
    asked = answer(CANCEL)
    with pytest.raises(Exception, match=r"Cancelled: plate\.ozx is as it was"):
        window.layers.save(str(path), plugin=PLUGIN)
    (question,) = asked
    assert "rows, columns and wells of its plate" in question
    assert path.read_bytes() == before
