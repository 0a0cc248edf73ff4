"""Layers as people type them: what is none is named, and slips are mentioned."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_ome_zip import SaveError, SaveWarning, crop, open_image, render, save_image

PIXELS = np.arange(192, dtype=np.uint16).reshape(3, 8, 8)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (PIXELS, r"an array of shape \(3, 8, 8\)"),
        ("cells.ozx", "a string"),
        (Path("cells.ozx"), "PosixPath|WindowsPath"),
        ([PIXELS], r"Layer 0 of the list is an array of shape \(3, 8, 8\)"),
        ((PIXELS, {}, "image"), r"Layer 0 of the list is an array of shape \(3, 8, 8\)"),
        ([(PIXELS, {}, "image"), (PIXELS, {})], "Layer 1 of the list is a tuple of 2"),
        ([(PIXELS, "image", {})], "Layer 0 of the list is a tuple of 3"),
    ],
)
@pytest.mark.parametrize(
    "use",
    [
        lambda source, folder: save_image(source, folder / "new.ozx"),
        lambda source, folder: crop(source, {"y": (0, 4)}),
        lambda source, folder: render(source),
    ],
    ids=["save_image", "crop", "render"],
)
def test_what_is_no_layer_is_named_beside_what_is_expected(
    use: Callable[[Any, Path], object], source: Any, found: str, tmp_path: Path
) -> None:
    with pytest.raises(TypeError, match=rf"({found}).*\(data, keywords, type\)"):
        use(source, tmp_path)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"scal": (1, 1, 1)}, "'scal' is unknown and was ignored; is it 'scale'?"),
        ({"pixel_size": (1, 1, 1)}, "'pixel_size' is unknown and was ignored; is it 'scale'?"),
        ({"unit": "micrometer"}, "'unit' is unknown and was ignored; is it 'units'?"),
        ({"colormap": "viridis"}, "colormap 'viridis' is not known by name"),
        ({"units": ("um", "um", "parsnip")}, "unit 'parsnip' is unknown"),
    ],
)
def test_slips_in_keywords_are_mentioned(
    keywords: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.warns(SaveWarning, match=said.replace("?", r"\?")):
        save_image([(PIXELS, {**keywords, "name": "cells"}, "image")], tmp_path / "new.ozx")


def test_as_many_axes_have_to_be_named_as_there_are(tmp_path: Path) -> None:
    with pytest.raises(SaveError, match=r"axis_labels are .*'y', 'x'.*, expected 3"):
        save_image([(PIXELS, {"axis_labels": ("y", "x")}, "image")], tmp_path / "new.ozx")


def test_keywords_of_a_viewer_are_no_slips(tmp_path: Path) -> None:
    layers = pytest.importorskip("napari.layers")
    made = [layers.Image(PIXELS), layers.Labels(PIXELS, name="cells")]
    with warnings.catch_warnings():
        warnings.simplefilter("error", SaveWarning)
        path = save_image([layer.as_layer_data_tuple() for layer in made], tmp_path / "new.ozx")
    assert len(open_image(path).parts) == 2


@pytest.mark.parametrize("name", ["new.zarr", "new.tif", "new"])
def test_a_name_that_is_none_of_an_archive_is_mentioned(name: str, tmp_path: Path) -> None:
    with pytest.warns(SaveWarning, match=rf"'{name}' is an archive, .* neither .ozx nor .ome.zip"):
        save_image([(PIXELS, {}, "image")], tmp_path / name)
