"""The sample archive: one stained tissue section, cut into four overlapping fields of view.

The picture is scikit-image's ``ihc.png`` (colonic glands, haematoxylin and DAB), which comes with
napari's own dependencies. Its two stains become two channels, its nuclei a label image.
Nothing here needs napari.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr
from skimage.color import rgb2hed
from skimage.data import immunohistochemistry
from skimage.filters import gaussian, threshold_local, threshold_otsu
from skimage.measure import label
from skimage.morphology import disk, opening, remove_small_objects
from zarr.storage import MemoryStore

from napari_ome_zip.archive.writer import ArchiveWriter
from napari_ome_zip.image.display import of_layers
from napari_ome_zip.names import is_zarr_json
from napari_ome_zip.ome.group import DISPLAY_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

VERSION = "0.6"
PIXEL_SIZE = 0.5
"""Micrometers per pixel: assumed, the picture's own is not published."""
FIELD_SIZE = 272
"""Pixels along each side of a field of view: a multiple of 4, for two halvings."""
FIELD_STEP = 240
"""Pixels from one field of view to the next: neighbors share 32, about 12 %."""
LEVELS = 3
OUTLINE = 2
"""Width of the outlines of nuclei, in pixels."""
FULL_SCALE = 4095
"""The largest value of a channel, as of a camera of 12 bits."""

_PHYSICAL = "physical"
_WORLD = "sample"


@dataclass(frozen=True, slots=True)
class SampleField:
    """One field of view: where it lies, and whether the camera was turned for it."""

    name: str
    row: int
    """First row of the section that it covers, in pixels."""
    column: int
    turned: bool = False
    """Stored turned by a quarter, so that only its transformation brings it upright."""

    def cut(self, section: NDArray[Any]) -> NDArray[Any]:
        """Return this field's pixels (..., FIELD_SIZE, FIELD_SIZE), as its camera saw them."""
        rows = slice(self.row, self.row + FIELD_SIZE)
        columns = slice(self.column, self.column + FIELD_SIZE)
        pixels = section[..., rows, columns]
        return np.rot90(pixels, axes=(-2, -1)) if self.turned else pixels

    def placement(self) -> dict[str, Any]:
        """Return the transformation from this field's physical system to the section's."""
        corner = [0.0, self.row * PIXEL_SIZE, self.column * PIXEL_SIZE]
        ends = {
            "input": {"path": self.name, "name": _PHYSICAL},
            "output": {"name": _WORLD},
        }
        if not self.turned:
            return {"type": "translation", "translation": corner, **ends}
        # A quarter turn about the first pixel's center leaves the field left of it.
        corner[2] += (FIELD_SIZE - 1) * PIXEL_SIZE
        quarter_turn = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]
        steps = [
            {"type": "rotation", "rotation": quarter_turn},
            {"type": "translation", "translation": corner},
        ]
        return {"type": "sequence", "transformations": steps, **ends}


FIELDS = (
    SampleField("upper-left", 0, 0),
    SampleField("upper-right", 0, FIELD_STEP),
    SampleField("lower-left", FIELD_STEP, 0),
    SampleField("lower-right", FIELD_STEP, FIELD_STEP, turned=True),
)


def stained_section() -> NDArray[np.uint16]:
    """Return the section's two stains, haematoxylin and DAB: (2, 512, 512), 0 to FULL_SCALE."""
    stains = np.moveaxis(rgb2hed(immunohistochemistry())[..., [0, 2]], -1, 0)
    # A few specks are ten times denser than anything else; they may saturate.
    brightest = np.percentile(stains, 99.9, axis=(1, 2), keepdims=True)
    scaled: NDArray[np.float64] = np.rint(np.clip(stains / brightest, 0, 1) * FULL_SCALE)
    return scaled.astype(np.uint16)


def segmented_nuclei(section: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Return the nuclei of a stained section: (512, 512), 0 between them."""
    smooth = gaussian(section[0], sigma=1, preserve_range=True)
    threshold = np.maximum(threshold_local(smooth, 51), 0.8 * threshold_otsu(smooth))
    nuclei = label(opening(smooth > threshold, disk(2)))
    kept: NDArray[np.int64] = remove_small_objects(nuclei, max_size=30)
    return kept.astype(np.uint16)


def write_sample_archive(path: Path) -> None:
    """Write the sample scene to ``path``, an OME-Zarr 0.6 archive as RFC-9 asks for."""
    entries: dict[str, Any] = {}
    root = zarr.create_group(MemoryStore(entries), attributes={"ome": _scene()})
    section = stained_section()
    nuclei = segmented_nuclei(section)
    for field in FIELDS:
        _add_field(root.create_group(field.name), field, section, nuclei)
    chunks = {name: content.to_bytes() for name, content in sorted(entries.items())}
    documents = {name: chunks.pop(name) for name in list(chunks) if is_zarr_json(name)}
    with ArchiveWriter(path, VERSION) as writer:
        writer.write_documents(documents)
        for name, content in chunks.items():
            writer.write(name, content)
        writer.commit()


def _scene() -> dict[str, Any]:
    return {
        "version": VERSION,
        "scene": {
            "coordinateSystems": [{"name": _WORLD, "axes": _axes("cyx")}],
            "coordinateTransformations": [field.placement() for field in FIELDS],
        },
    }


def _axes(names: str) -> list[dict[str, str]]:
    space = {"type": "space", "unit": "micrometer"}
    return [{"name": n, **({"type": "channel"} if n == "c" else space)} for n in names]


def _add_field(
    group: zarr.Group, field: SampleField, section: NDArray[np.uint16], nuclei: NDArray[np.uint16]
) -> None:
    image = _pyramid(field.cut(section), np.mean)
    group.attrs["ome"] = {
        "version": VERSION,
        "multiscales": [_multiscale(field.name, "cyx", "mean")],
        "omero": {"channels": [_channel("haematoxylin", "3380FF"), _channel("DAB", "FF8000")]},
    }
    _add_levels(group, "cyx", image)
    # A nucleus in the overlap of two fields has the same number in both. The largest number
    # within a block wins: any choice will do, but an average is not a label.
    labels = _pyramid(field.cut(nuclei), np.max)
    group.create_group("labels", attributes={"ome": {"version": VERSION, "labels": ["nuclei"]}})
    nuclei_group = group.create_group("labels/nuclei")
    nuclei_group.attrs["ome"] = {
        "version": VERSION,
        "multiscales": [_multiscale("nuclei", "yx", "maximum")],
        "image-label": {
            "source": {"image": "../../"},
            "colors": _colors(labels[0]),
            "properties": _areas(labels[0]),
        },
    }
    # Outlines, so that the tissue is seen: what a viewer notes when it saves labels shown so.
    nuclei_group.attrs[DISPLAY_KEY] = of_layers([{"contour": OUTLINE}]).to_json()
    _add_levels(nuclei_group, "yx", labels)


def _channel(name: str, color: str) -> dict[str, Any]:
    window = {"min": 0, "max": FULL_SCALE, "start": 0, "end": FULL_SCALE * 3 // 4}
    return {"label": name, "color": color, "active": True, "window": window}


def _colors(nuclei: NDArray[np.uint16]) -> list[dict[str, Any]]:
    """Return a color for each nucleus, far from those of the next numbers."""
    colors = []
    for value in np.unique(nuclei[nuclei > 0]).tolist():
        rgb = colorsys.hsv_to_rgb(value * 0.618 % 1, 0.6, 1)
        colors.append({"label-value": value, "rgba": [*(round(255 * x) for x in rgb), 255]})
    return colors


def _areas(nuclei: NDArray[np.uint16]) -> list[dict[str, float]]:
    values, counts = np.unique(nuclei[nuclei > 0], return_counts=True)
    return [
        {"label-value": int(value), "area (µm²)": int(count) * PIXEL_SIZE**2}
        for value, count in zip(values, counts, strict=True)
    ]


def _multiscale(name: str, axes: str, method: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": method,
        "metadata": {"description": f"the {method} of each block of 2 × 2 pixels"},
        "coordinateSystems": [{"name": _PHYSICAL, "axes": _axes(axes)}],
        "datasets": [_dataset(level, axes) for level in range(LEVELS)],
    }


def _dataset(level: int, axes: str) -> dict[str, Any]:
    size = PIXEL_SIZE * 2**level
    # The center of a binned pixel lies between the centers of the pixels it was made of.
    shift = PIXEL_SIZE * (2**level - 1) / 2
    steps = [
        {"type": "scale", "scale": [1.0 if a == "c" else size for a in axes]},
        {"type": "translation", "translation": [0.0 if a == "c" else shift for a in axes]},
    ]
    placement = {
        "type": "sequence",
        "transformations": steps,
        "input": {"path": f"s{level}"},
        "output": {"name": _PHYSICAL},
    }
    return {"path": f"s{level}", "coordinateTransformations": [placement]}


def _pyramid(pixels: NDArray[np.uint16], reduce: Any) -> list[NDArray[np.uint16]]:
    levels = [pixels]
    for _ in range(1, LEVELS):
        *planes, height, width = levels[-1].shape
        blocks = levels[-1].reshape(*planes, height // 2, 2, width // 2, 2)
        levels.append(reduce(blocks, axis=(-3, -1)).astype(np.uint16))
    return levels


def _add_levels(group: zarr.Group, axes: str, levels: Iterable[NDArray[np.uint16]]) -> None:
    for number, pixels in enumerate(levels):
        planes = (1,) * (len(axes) - 2)
        array = group.create_array(
            f"s{number}",
            shape=pixels.shape,
            dtype=pixels.dtype,
            chunks=(*planes, 128, 128),
            shards=(*planes, 384, 384),
            dimension_names=tuple(axes),
        )
        array[...] = pixels
