"""The files that the documentation speaks of, without a fault that a check would name."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from folders import folder_of
from hierarchy_builder import HierarchyBuilder, multiscale, placement
from labeled_tables import NGIO, about, put_anndata, put_group
from napari_ome_zip import pack, save_image

SHAPE = (2, 16, 192, 256)
"""Of ``cells``: channels, z, y and x."""
CENTERS = [(z, y, x) for z in (4, 11) for y in (32, 96, 160) for x in (32, 96, 160, 224)]
"""Of its nuclei, in voxels; the first one is label 1."""
_RADII = (4, 20, 20)


def write_documented_files(folder: Path) -> None:
    """Write them into a folder.

    - ``cells.ozx``, ``cells.ome.zip``, ``cells.zarr``: the same image with labels and a table;
    - ``plate.ozx``: five wells of two fields of view;
    - ``spots.ozx``: an image with points, as napari saves it.
    """
    cells = folder_of(_cells(), folder / "cells.zarr")
    pack(cells, folder / "cells.ozx")
    pack(cells, folder / "cells.ome.zip")
    plate = folder_of(_plate(), folder / "plate.zarr")
    pack(plate, folder / "plate.ozx")
    shutil.rmtree(plate)
    dark, spots = np.zeros((64, 64), np.uint8), np.array([[10.0, 20.0], [30.0, 40.0]])
    save_image(
        [(dark, {"name": "dark"}, "image"), (spots, {"name": "spots"}, "points")],
        folder / "spots.ozx",
    )


def _cells() -> HierarchyBuilder:
    """Two channels of 24 round nuclei, with two levels, labels and a table about these."""
    nuclei = _nuclei()
    image = np.stack([_stained(nuclei), np.where(nuclei % 3 == 1, 900, 100)]).astype(np.uint16)
    builder = HierarchyBuilder()
    channels = [_channel("DAPI", "0000FF", 1000), _channel("GFP", "00FF00", 1000)]
    _add_image(builder, "", "cells", image, omero={"channels": channels})
    builder.labels("nuclei")
    numbers = range(1, len(CENTERS) + 1)
    label = {
        "source": {"image": "../../"},
        "colors": [{"label-value": n, "rgba": [255, 10 * n, 0, 255]} for n in numbers],
        "properties": [{"label-value": n, "row": (n - 1) // 4 % 3} for n in numbers],
    }
    _add_image(builder, "labels/nuclei", "nuclei", nuclei, **{"image-label": label})
    put_group(builder, "tables", {"tables": ["measured"]})
    rows = _measured(nuclei, image[1])
    return put_anndata(builder, "tables/measured", {**NGIO, **about("nuclei")}, rows)


def _add_image(
    builder: HierarchyBuilder, path: str, name: str, pixels: np.ndarray, **ome: Any
) -> None:
    """Add an image of two levels, the second of every other pixel of the first."""
    axes = "czyx"[4 - pixels.ndim :]
    datasets = [
        (str(level), placement([1.0, 1.0, 0.5 * step, 0.5 * step][4 - pixels.ndim :]))
        for level, step in enumerate((1, 2))
    ]
    how = {"type": "nearest", "metadata": {"description": "every other pixel"}}
    builder.group(path, multiscales=[multiscale(axes, datasets, name=name, **how)], **ome)
    for level, step in enumerate((1, 2)):
        planes = (1,) * (pixels.ndim - 2)
        builder.array(
            f"{path}/{level}".strip("/"),
            pixels[..., ::step, ::step],
            chunks=(*planes, 96, 128),
            shards=(*planes, 192 // step, 256 // step),
            dimension_names=axes,
        )


def _nuclei() -> np.ndarray:
    """Ellipsoids that do not touch, numbered from 1."""
    grid = np.indices(SHAPE[1:])
    labels = np.zeros(SHAPE[1:], np.uint16)
    for number, center in enumerate(CENTERS, 1):
        parts = zip(grid, center, _RADII, strict=True)
        labels[sum(((g - c) / r) ** 2 for g, c, r in parts) <= 1] = number
    return labels


def _stained(nuclei: np.ndarray) -> np.ndarray:
    """Brightness that falls from left to right, so that pixels differ."""
    return np.where(nuclei > 0, 800, 50) + np.arange(SHAPE[-1]) % 64


def _measured(nuclei: np.ndarray, intensity: np.ndarray) -> pd.DataFrame:
    numbers = range(1, len(CENTERS) + 1)
    sizes = [int((nuclei == n).sum()) for n in numbers]
    means = [float(intensity[nuclei == n].mean()) for n in numbers]
    index = pd.Index([str(n) for n in numbers], name="label")
    return pd.DataFrame({"voxels": sizes, "mean GFP": means}, index=index)


def _channel(name: str, color: str, brightest: int) -> dict[str, Any]:
    window = {"min": 0, "max": 65535, "start": 0, "end": brightest}
    return {"label": name, "color": color, "active": True, "window": window}


def _plate() -> HierarchyBuilder:
    """Two rows and three columns, five wells, two fields of view a well."""
    builder = HierarchyBuilder()
    wells = [(row, column) for row in "AB" for column in "123" if (row, column) != ("B", "3")]
    plate = {
        "name": "screen",
        "rows": [{"name": name} for name in "AB"],
        "columns": [{"name": name} for name in "123"],
        "wells": [
            {"path": f"{r}/{c}", "rowIndex": "AB".index(r), "columnIndex": "123".index(c)}
            for r, c in wells
        ],
        "field_count": 2,
    }
    builder.group(plate=plate)
    for row in "AB":
        builder.group(row)
    for number, (row, column) in enumerate(wells):
        builder.group(f"{row}/{column}", well={"images": [{"path": "0"}, {"path": "1"}]})
        for field in range(2):
            pixels = np.full((1, 64, 64), 100 * (number + 1), np.uint16)
            pixels[:, 16:48, 16:48] += 50 * (field + 1)
            builder.image(
                pixels, "cyx", f"{row}/{column}/{field}", scale=(1.0, 0.5, 0.5),
                name=f"{row}{column} {field}", options={"dimension_names": "cyx"},
                omero={"channels": [_channel("DAPI", "0000FF", 700)]},
            )  # fmt: skip
    return builder
