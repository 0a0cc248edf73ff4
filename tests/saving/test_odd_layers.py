"""Layers whose data or settings are not what they should be: they are named, and files kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest

from hierarchy_builder import ramp
from napari_ome_zip import open_image, save_image
from napari_ome_zip.errors import SaveError
from napari_ome_zip.layers.layer_data import METADATA_KEY, LayerData

type Layer = tuple[Any, dict[str, Any], str]


def image(data: Any = None, name: str = "good", **keywords: Any) -> LayerData:
    data = ramp((32, 32)) if data is None else data
    return data, {"name": name, "contrast_limits": (0, 9), **keywords}, "image"


def failing(block: np.ndarray, block_info: Any = None) -> np.ndarray:
    if block_info and block_info[0]["chunk-location"] == (1, 1):
        raise ZeroDivisionError("the fourth block")
    return block


def of_another_shape(block: np.ndarray) -> np.ndarray:
    return block[:1] if block.size else block


def out_of_memory(block: np.ndarray) -> np.ndarray:
    if block.size:
        raise MemoryError("no room")
    return block


def lazy(function: Any) -> da.Array:
    pixels = da.from_array(ramp((32, 32)), chunks=16)
    return pixels.map_blocks(function, dtype=pixels.dtype, meta=np.empty((0, 0), np.uint16))


def refused(tmp_path: Path, *layers: LayerData) -> str:
    """Save layers over a file; return why not, having made sure that the file is what it was."""
    path = save_image([image()], tmp_path / "a.ome.zip")
    before = path.read_bytes()
    with pytest.raises(SaveError) as error:
        save_image(list(layers), path)
    assert path.read_bytes() == before
    assert [other.name for other in tmp_path.iterdir()] == [path.name]
    return str(error.value)


@pytest.mark.parametrize("function", [failing, of_another_shape, out_of_memory])
@pytest.mark.parametrize("beside", [False, True], ids=["alone", "as a channel"])
@pytest.mark.parametrize("kind", ["image", "labels"])
def test_data_that_cannot_be_computed(
    tmp_path: Path, function: Any, beside: bool, kind: str
) -> None:
    bad = (lazy(function), {"name": "the bad one", "contrast_limits": (0, 9)}, kind)
    reason = refused(tmp_path, bad, *([image()] if beside else []))
    assert "'the bad one' cannot be saved" in reason
    assert "good" not in reason


def test_limits_of_contrast_that_cannot_be_computed(tmp_path: Path) -> None:
    reason = refused(tmp_path, image(lazy(failing), "the bad one", contrast_limits=None))
    assert "'the bad one'" in reason
    assert "the fourth block" in reason


def test_dask_arrays_of_unknown_shape(tmp_path: Path) -> None:
    pixels = da.from_array(ramp((32, 32)), chunks=16)
    reason = refused(tmp_path, image(), image(pixels[pixels[:, 0] > 5], "the bad one"))
    assert "'the bad one'" in reason
    assert "compute_chunk_sizes" in reason


@pytest.mark.parametrize(
    "keywords",
    [
        {"scale": (1, 2, 3)},
        {"scale": ("a", "b")},
        {"scale": (1, np.nan)},
        {"translate": 5},
        {"rotate": np.eye(5)},
        {"shear": [1, 2, 3]},
        {"affine": np.eye(7)},
        {"affine": "no"},
        {"units": ["um"] * 5},
        {"units": 3},
        {"axis_labels": 7},
        {"contrast_limits": ("low", "high")},
        {"contrast_limits": (1,)},
        {"colormap": {"colors": 3, "controls": "x"}},
    ],
)
def test_settings_that_are_none(tmp_path: Path, keywords: dict[str, Any]) -> None:
    reason = refused(tmp_path, image(), image(name="the bad one", **keywords))
    assert "'the bad one'" in reason


@pytest.mark.parametrize(
    "keywords",
    [{"colormap": {"one": "red"}}, {"colormap": {1: object()}}, {"features": 3}],
)
def test_tables_of_labels_that_are_none(tmp_path: Path, keywords: dict[str, Any]) -> None:
    reason = refused(tmp_path, (ramp((8, 8)), {"name": "the bad one", **keywords}, "labels"))
    assert "'the bad one'" in reason


def test_data_that_are_no_array(tmp_path: Path) -> None:
    assert "'the bad one'" in refused(tmp_path, image([[1, 2], [3]], "the bad one"))


@pytest.mark.parametrize(
    "note",
    [
        3,
        {"source": {}, "path": [], "multiscale": {}},
        {"channel": {}, "name": 7, "order": "yx", "image": {}},
        {"axes": [3]},
        {"axes": [{"name": {}, "unit": {}}]},
        {"levels": "many", "virtual_levels": None},
        {"order": [0, "x"], "source": "a", "path": ""},
        {"contrast_limits_range": "no", "shown": {}, "opened": 3, "hidden_colors": {}},
    ],
)
@pytest.mark.parametrize("kind", ["image", "labels"])
def test_forged_notes_change_nothing(tmp_path: Path, note: Any, kind: str) -> None:
    forged = {"name": "a", "contrast_limits": (0, 9), "metadata": {METADATA_KEY: note}}
    path = save_image([image(), (ramp((32, 32)), forged, kind)], tmp_path / "b.ome.zip")
    pixels = [np.asarray(part.levels[0]) for part in open_image(path).parts]
    assert all((found.reshape(-1, 32, 32) == ramp((32, 32))).all() for found in pixels)
    assert sum(found.size for found in pixels) == 2 * 32 * 32
