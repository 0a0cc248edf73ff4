"""Archives that are made to be pictured.

The scan is one known picture that is cut into 10 × 10 tiles, of which three are left out; the plate
has 48 wells with cells that get fewer from column to column; the volume says where its axes lead in
the body; and what was measured of the cells lies beside them, as ngio writes it.
"""

from __future__ import annotations

import json
import zipfile
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from skimage.color import rgb2gray, rgb2hed
from skimage.data import immunohistochemistry, shepp_logan_phantom
from skimage.transform import resize
from zarr.buffer import cpu
from zarr.storage import MemoryStore

SIDE = 128
"""Pixels along each side of a tile or field of view."""
GAPS = ((2, 7), (6, 1), (9, 4))
"""Tiles that were never taken."""
ROWS, COLUMNS = "ABCDEF", 8
PIXEL_SIZE = 0.65
CHANNELS = (("nuclei", "1E90FF"), ("marker", "FFA000"))
STAINS = (("haematoxylin", "3380FF"), ("DAB", "FF8000"))
BACKGROUND = 34
"""Counts of a camera where nothing shines."""
LPS = {"z": "inferior-to-superior", "y": "anterior-to-posterior", "x": "right-to-left"}


class Archive:
    """Groups and arrays of one hierarchy, to be zipped."""

    def __init__(self) -> None:
        self.content: dict[str, Any] = {}
        self._store = MemoryStore(self.content)

    def group(self, path: str = "", /, **ome: Any) -> None:
        """Add a group with OME-Zarr metadata."""
        attributes = {"ome": {"version": "0.5", **ome}} if ome else {}
        zarr.create_group(self._store, path=path, attributes=attributes)

    def attributes(self, path: str, attributes: dict[str, Any]) -> None:
        """Add a group with attributes of other conventions."""
        zarr.create_group(self._store, path=path, attributes=attributes)

    def image(
        self,
        path: str,
        pixels: np.ndarray,
        place: tuple[float, float],
        channels: tuple[tuple[str, str], ...] = CHANNELS,
        black: int = 0,
    ) -> None:
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
        omero = {"channels": [_channel(*channel, black) for channel in channels]} if more else None
        self.group(
            path,
            multiscales=[{"axes": axes, "datasets": datasets}],
            **({"omero": omero} if omero else {}),
        )
        for level in range(2):
            data = pixels[..., :: 2**level, :: 2**level]
            zarr.create_array(
                self._store, name=f"{path}/{level}".lstrip("/"), data=data, chunks=data.shape
            )

    def oriented(self, pixels: np.ndarray, pixel_size: tuple[float, ...]) -> None:
        """Make the root a volume of version 0.9.dev1, a draft: axes lead where `LPS` says."""
        axes = [
            {
                "name": name,
                "type": "space",
                "unit": "millimeter",
                "orientation": {"type": "anatomical", "value": value},
            }
            for name, value in LPS.items()
        ]
        scale = {"type": "scale", "scale": pixel_size, "output": {"name": "physical"}}
        dataset = {"path": "0", "coordinateTransformations": [{**scale, "input": {"path": "0"}}]}
        systems = [{"name": "physical", "axes": axes}]
        self.group(
            version="0.9.dev1", multiscales=[{"coordinateSystems": systems, "datasets": [dataset]}]
        )
        zarr.create_array(self._store, name="0", data=pixels, chunks=(1, *pixels.shape[1:]))

    def write(self, path: Path) -> Path:
        """Zip the hierarchy."""
        with zipfile.ZipFile(path, "w") as archive:
            for name in sorted(self.content, key=lambda n: (not n.endswith("zarr.json"), n)):
                archive.writestr(name, self.content[name].to_bytes())
            archive.comment = json.dumps({"ome": {"version": "0.5"}}).encode()
        return path


def _channel(label: str, color: str, black: int) -> dict[str, Any]:
    window = {"min": 0, "max": 255, "start": black, "end": 255}
    return {"label": label, "color": color, "active": True, "window": window}


def mosaic() -> Archive:
    """One picture in two stains, cut into tiles."""
    stains = rgb2hed(resize(immunohistochemistry(), (10 * SIDE, 10 * SIDE)))[..., (0, 2)]
    bright = np.percentile(stains, 99.5, axis=(0, 1))
    picture = np.moveaxis(np.clip(255 * stains / bright, 0, 255).astype(np.uint8), -1, 0)
    archive = Archive()
    archive.group(**{"bioformats2raw.layout": 3})
    taken = [place for place in product(range(10), range(10)) if place not in GAPS]
    for number, (row, column) in enumerate(taken):
        tile = picture[:, row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE]
        place = (row * SIDE * PIXEL_SIZE, column * SIDE * PIXEL_SIZE)
        archive.image(str(number), tile, place, STAINS)
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
            cells = round(32 * 0.72 ** int(str(well["columnIndex"])))
            marked = 1 - int(str(well["rowIndex"])) / len(ROWS)
            pixels = field_of_view(random, cells + 2, marked)
            archive.image(f"{well['path']}/{number}", pixels, (0.0, 0.0), black=BACKGROUND - 12)
    return archive


def field_of_view(random: np.random.Generator, cells: int, marked: float) -> np.ndarray:
    """Return two channels: round nuclei, and a marker that a share of the cells has."""
    pixels = np.full((2, SIDE, SIDE), float(BACKGROUND))
    y, x = np.indices((SIDE, SIDE))
    places, radii = random.uniform(0, SIDE, (cells, 2)), random.uniform(6, 10, cells)
    for place, radius in zip(places, radii, strict=True):
        distance = (y - place[0]) ** 2 + (x - place[1]) ** 2
        pixels[0] += 200 * np.exp(-((distance / radius**2) ** 2))
        if random.uniform() < marked:
            pixels[1] += 140 * np.exp(-distance / (2 * radius**2))
    return np.clip(pixels + random.normal(0, 3, pixels.shape), 0, 255).astype(np.uint8)


def head() -> Archive:
    """A phantom of a head, narrower towards its top."""
    whole = resize(shepp_logan_phantom(), (180, 180))
    volume = np.zeros((60, 180, 180), np.uint8)
    for z in range(60):
        side = round(180 * np.sqrt(1 - (z / 60) ** 2))
        first = (180 - side) // 2
        plane = np.clip(resize(whole, (side, side)) * 200, 0, 255)
        volume[z, first : first + side, first : first + side] = plane
    archive = Archive()
    archive.oriented(volume, (1.5, 1.0, 1.0))
    return archive


def faulty() -> Archive:
    """A picture with what programs get wrong: a color by name, axes without units."""
    gray = rgb2gray(immunohistochemistry())
    archive = Archive()
    archive.image("", (255 * (1 - resize(gray, (8 * SIDE, 8 * SIDE)))).astype(np.uint8), (0, 0))
    document = json.loads(archive.content["zarr.json"].to_bytes())
    ome = document["attributes"]["ome"]
    ome["omero"] = {"channels": [{"label": "stain", "color": "red"}]}
    for axis in ome["multiscales"][0]["axes"]:
        del axis["unit"]
    archive.content["zarr.json"] = cpu.Buffer.from_bytes(json.dumps(document).encode())
    return archive


def measured() -> Archive:
    """Cells, the labels of them, and a table of features."""
    random = np.random.default_rng(3)
    y, x = np.indices((4 * SIDE, 4 * SIDE))
    pixels, labels = np.full(y.shape, 20.0), np.zeros(y.shape, np.uint32)
    for row, column in product(range(8), range(8)):
        down, right = np.array([row, column]) * 62 + random.uniform(20, 50, 2)
        angle = np.arctan2(y - down, x - right)
        turns = random.uniform(0, 2 * np.pi, 3)
        waves = [np.cos(n * angle + turn) for n, turn in enumerate(turns, start=2)]
        radius = random.uniform(14, 21) * (1 + 0.22 * waves[0] + 0.08 * waves[1] + 0.05 * waves[2])
        distance = np.hypot(y - down, x - right) / radius
        pixels += random.uniform(60, 200) * np.exp(-(distance**4))
        labels[distance < 1] = 1 + 8 * row + column
    archive = Archive()
    noisy = np.clip(pixels + random.normal(0, 5, pixels.shape), 0, 255).astype(np.uint8)
    archive.image("", noisy, (0, 0))
    archive.group("labels", labels=["nuclei"])
    archive.image("labels/nuclei", labels, (0, 0))
    found = np.unique(labels)[1:].tolist()
    areas = [PIXEL_SIZE**2 * int(np.count_nonzero(labels == label)) for label in found]
    means = [float(noisy[labels == label].mean().round(1)) for label in found]
    phases = ["G1" if area < 380 else "S" if area < 520 else "G2" for area in areas]
    columns = {"label": found, "area": areas, "mean_intensity": means, "phase": phases}
    said = {"type": "feature_table", "table_version": "1", "backend": "json"}
    said |= {"instance_key": "label", "region": {"path": "../labels/nuclei"}}
    archive.attributes("tables", {"tables": ["measurements"]})
    archive.attributes("tables/measurements", said)
    archive.attributes("tables/measurements/table", columns)
    return archive
