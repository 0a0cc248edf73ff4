"""Attributes of other programs that JSON has no word for are saved as zarr-python writes them."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import zarr
from zarr.storage import ZipStore

from hierarchy_builder import HierarchyBuilder, ramp
from napari_ome_zip import SaveOptions, open_image, save_image, to_layer_data


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_undefined_and_infinite_numbers_stay_in_attributes(
    zarr_format: int, tmp_path: Path
) -> None:
    said = {"_FillValue": math.nan, "range": [-math.inf, math.inf]}
    builder = HierarchyBuilder(zarr_format)
    builder.image(ramp((3, 4)), "yx", options={"attributes": said})
    layers = to_layer_data(open_image(builder.archive(tmp_path / "odd.ozx")))
    path = save_image(layers, tmp_path / "again.ozx", SaveOptions(codec="gzip"))
    with ZipStore(path, mode="r") as store:
        found = dict(zarr.open_array(store, path="0", mode="r").attrs)
    assert math.isnan(found.pop("_FillValue"))
    assert found == {"range": [-math.inf, math.inf]}
