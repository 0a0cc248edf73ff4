"""Picture a plate, a mosaic and a bent image in a real window, for docs/images.

The archives are made here: the mosaic by cutting one known picture into 10 × 10 tiles, of which
three are left out; the plate of 96 wells with cells that get fewer from column to column; the
scene with one picture twice, the right one bent by a field of displacements.

    xvfb-run -a python tools/picture_composites.py docs/images
"""

from __future__ import annotations

import argparse
import json
import tempfile
import zipfile
from itertools import product
from pathlib import Path
from typing import Any

import napari
import numpy as np
import zarr
from skimage.color import rgb2gray
from skimage.data import immunohistochemistry
from skimage.transform import resize
from zarr.storage import MemoryStore

from demo import take_screenshot

SIDE = 128
"""Pixels along each side of a tile or field of view."""
GAPS = ((2, 7), (6, 1), (9, 4))
"""Tiles that were never taken."""
ROWS, COLUMNS = "ABCDEFGH", 12
PIXEL_SIZE = 0.65
CHANNELS = (("nuclei", "00A0FF"), ("marker", "FFB000"))


class Archive:
    """Groups and arrays of one hierarchy, to be zipped."""

    def __init__(self) -> None:
        self.content: dict[str, Any] = {}
        self._store = MemoryStore(self.content)

    def group(self, path: str = "", /, **ome: Any) -> None:
        """Add a group with OME-Zarr metadata."""
        attributes = {"ome": {"version": "0.5", **ome}} if ome else {}
        zarr.create_group(self._store, path=path, attributes=attributes)

    def image(self, path: str, pixels: np.ndarray, place: tuple[float, float]) -> None:
        """Add an image of two levels; a leading axis is that of the channels."""
        space = [{"name": n, "type": "space", "unit": "micrometer"} for n in "yx"]
        more = pixels.ndim - 2
        axes = [{"name": "c", "type": "channel"}, *space][1 - more :]
        datasets = []
        for level in range(2):
            steps = [
                {"type": "scale", "scale": [1.0] * more + [PIXEL_SIZE * 2**level] * 2},
                {"type": "translation", "translation": [0.0] * more + list(place)},
            ]
            datasets.append({"path": str(level), "coordinateTransformations": steps})
        omero = {"channels": [_channel(*channel) for channel in CHANNELS]} if more else None
        self.group(
            path,
            multiscales=[{"axes": axes, "datasets": datasets}],
            **({"omero": omero} if omero else {}),
        )
        for level in range(2):
            data = pixels[..., :: 2**level, :: 2**level]
            zarr.create_array(self._store, name=f"{path}/{level}", data=data, chunks=data.shape)

    def described(
        self,
        path: str,
        pixels: np.ndarray,
        axes: list[dict[str, Any]],
        scale: list[float],
        system: str,
        offset: list[float] | None = None,
    ) -> None:
        """Add an image (or a vector field) of version 0.6, of one level."""
        steps: list[dict[str, Any]] = [{"type": "scale", "scale": scale}]
        if offset is not None:
            steps.append({"type": "translation", "translation": offset})
        level = {
            "type": "sequence",
            "transformations": steps,
            "input": {"path": "0"},
            "output": {"name": system},
        }
        entry = {
            "coordinateSystems": [{"name": system, "axes": axes}],
            "datasets": [{"path": "0", "coordinateTransformations": [level]}],
        }
        self.group(path, version="0.6", multiscales=[entry])
        array = zarr.create_array(
            self._store,
            name=f"{path}/0",
            shape=pixels.shape,
            dtype=pixels.dtype,
            chunks=pixels.shape,
            dimension_names=[axis["name"] for axis in axes],
        )
        array[...] = pixels

    def write(self, path: Path) -> Path:
        """Zip the hierarchy."""
        with zipfile.ZipFile(path, "w") as archive:
            for name in sorted(self.content, key=lambda n: (not n.endswith("zarr.json"), n)):
                archive.writestr(name, self.content[name].to_bytes())
            archive.comment = json.dumps({"ome": {"version": "0.5"}}).encode()
        return path


def _channel(label: str, color: str) -> dict[str, Any]:
    window = {"min": 0, "max": 255, "start": 0, "end": 255}
    return {"label": label, "color": color, "active": True, "window": window}


def mosaic() -> Archive:
    """One picture, cut into tiles."""
    gray = rgb2gray(immunohistochemistry())
    picture = (255 * (1 - resize(gray, (10 * SIDE, 10 * SIDE)))).astype(np.uint8)
    archive = Archive()
    archive.group(**{"bioformats2raw.layout": 3})
    taken = [place for place in product(range(10), range(10)) if place not in GAPS]
    for number, (row, column) in enumerate(taken):
        tile = picture[row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE]
        place = (row * SIDE * PIXEL_SIZE, column * SIDE * PIXEL_SIZE)
        archive.image(str(number), tile, place)
    return archive


def plate() -> Archive:
    """Wells of four fields each; cells get fewer along the columns, the marker along the rows."""
    random = np.random.default_rng(7)
    archive = Archive()
    columns = [str(n + 1) for n in range(COLUMNS)]
    wells = [
        {"path": f"{row}/{column}", "rowIndex": r, "columnIndex": c}
        for (r, row), (c, column) in product(enumerate(ROWS), enumerate(columns))
    ]
    sides = {"rows": [{"name": n} for n in ROWS], "columns": [{"name": n} for n in columns]}
    archive.group(plate={**sides, "wells": wells})
    for row in ROWS:
        archive.group(row)
    for well in wells:
        archive.group(str(well["path"]), well={"images": [{"path": str(n)} for n in range(4)]})
        for number in range(4):
            cells = round(60 * 0.75 ** int(str(well["columnIndex"])))
            marked = 1 - int(str(well["rowIndex"])) / len(ROWS)
            pixels = field_of_view(random, cells + 2, marked)
            archive.image(f"{well['path']}/{number}", pixels, (0.0, 0.0))
    return archive


def field_of_view(random: np.random.Generator, cells: int, marked: float) -> np.ndarray:
    """Return two channels: round nuclei, and a marker that a share of the cells has."""
    pixels = np.full((2, SIDE, SIDE), 25.0)
    y, x = np.indices((SIDE, SIDE))
    places, radii = random.uniform(0, SIDE, (cells, 2)), random.uniform(4, 7, cells)
    for place, radius in zip(places, radii, strict=True):
        distance = (y - place[0]) ** 2 + (x - place[1]) ** 2
        pixels[0] += 200 * np.exp(-((distance / radius**2) ** 2))
        if random.uniform() < marked:
            pixels[1] += 140 * np.exp(-distance / (2 * radius**2))
    return np.clip(pixels + random.normal(0, 6, pixels.shape), 0, 255).astype(np.uint8)


def bent() -> Archive:
    """A scene: a picture with a grid, and beside it the same bent into waves (version 0.6)."""
    picture = resize(rgb2gray(immunohistochemistry()), (384, 384)) * 4000
    picture[::32] = picture[:, ::32] = 4095
    pixels = picture.astype(np.uint16)
    archive = Archive()
    ends = [
        {"input": {"path": name, "name": "physical"}, "output": {"name": "world"}}
        for name in ("straight", "bent")
    ]
    field = {"type": "displacements", "path": "waves", "interpolation": "linear"}
    beside = {"type": "translation", "translation": [0.0, 430.0]}
    archive.group(
        version="0.6",
        scene={
            "coordinateSystems": [{"name": "world", "axes": _space()}],
            "coordinateTransformations": [
                {"type": "identity", **ends[0]},
                {"type": "sequence", "transformations": [field, beside], **ends[1]},
            ],
        },
    )
    for name in ("straight", "bent"):
        archive.described(name, pixels, _space(), [1.0, 1.0], "physical")
    grid = np.stack(np.mgrid[0:53, 0:53], -1) * 8.0 - 16.0
    waves = np.stack([14 * np.sin(grid[..., 1] / 30), 14 * np.sin(grid[..., 0] / 40)], -1)
    component = {"name": "d", "type": "displacement", "discrete": True}
    archive.described(
        "waves", waves, [*_space(), component], [8.0, 8.0, 1.0], "physical", [-16.0, -16.0, 0.0]
    )
    return archive


def _space() -> list[dict[str, str]]:
    return [{"name": name, "type": "space", "unit": "micrometer"} for name in "yx"]


def main() -> None:
    """Write all archives, open each in a window, and picture it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name, archive in (("mosaic", mosaic()), ("plate", plate()), ("bent", bent())):
            path = archive.write(Path(folder) / f"{name}.ome.zip")
            viewer = napari.Viewer()
            layers = viewer.open(path, plugin="napari-ome-zip")
            for layer in layers:
                layer.visible = True  # names of wells too
            viewer.canvas.overlays.scale_bar.visible = True
            take_screenshot(viewer, arguments.folder / f"{name}.png")
            print(f"{name}: {len(archive.content)} entries, {len(layers)} layers")
            viewer.close()


if __name__ == "__main__":
    main()
