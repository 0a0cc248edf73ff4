"""An archive of one image and its labels, made by zarr and zipfile, and read by zarr alone."""

from __future__ import annotations

import zipfile
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
import zarr
from zarr.storage import ZipStore

from hierarchy_builder import HierarchyBuilder

LABELS = "labels/nuclei"
SCALE = (2.0, 0.5, 0.5)
SHAPE = (4, 32, 48)
"""Of the image and of the labels: z, or t, then y and x."""
COLORS = [
    {"label-value": 1, "rgba": [0, 255, 0, 255]},
    {"label-value": 2, "rgba": [255, 0, 0, 255]},
]
LARGEST = 9


def stored_labels() -> np.ndarray:
    """Labels 0 to 9 in squares of 4 × 4 pixels, so that coarser levels are exact."""
    coarse = np.random.default_rng(8).integers(0, LARGEST, (4, 8, 12), np.uint16)
    coarse[3, 7, 11] = LARGEST
    return coarse.repeat(4, axis=1).repeat(4, axis=2)


def labeled_archive(path: Path, axes: str = "zyx") -> Path:
    """Write an image of two levels, and its labels of three."""
    image = np.random.default_rng(7).integers(0, 60_000, SHAPE, np.uint16)
    options = {"chunks": (1, 16, 16)}
    builder = HierarchyBuilder()
    builder.image(
        [image, image[:, ::2, ::2], image[:, ::4, ::4]], axes, scale=SCALE, options=options
    )
    builder.labels("nuclei")
    full = stored_labels()
    label = {"colors": COLORS, "properties": [{"label-value": 1, "area": 5.0}]}
    builder.image([full, full[:, ::2, ::2], full[:, ::4, ::4]], axes, LABELS, scale=SCALE,
                  options=options, **{"image-label": label})  # fmt: skip
    builder.attribute(LABELS, "acme:note", {"lab": "B12"})
    return builder.archive(path)


def levels_in(path: Path, group: str = LABELS, count: int = 3) -> list[np.ndarray]:
    """Read the levels of a group by zarr."""
    with ZipStore(path, mode="r") as store:
        return [zarr.open_array(store, path=f"{group}/{n}", mode="r")[...] for n in range(count)]


def entries(path: Path) -> dict[str, bytes]:
    """Return the content of every entry by zipfile."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def halved(labels: np.ndarray) -> np.ndarray:
    """Return the value that most of 2 × 2 pixels have: rather no background, then the least."""
    out = np.empty((labels.shape[0], labels.shape[1] // 2, labels.shape[2] // 2), labels.dtype)
    for z, y, x in product(*map(range, out.shape)):
        found = Counter(labels[z, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2].ravel().tolist())
        out[z, y, x] = min(found, key=lambda value: (-found[value], value == 0, value))
    return out


def assert_only_labels_changed(
    before: dict[str, bytes], path: Path, expected: np.ndarray, group: str = LABELS
) -> None:
    """Compare a file with what it was: new labels in all levels, all else as it was."""
    levels = [expected, halved(expected), halved(halved(expected))]
    for level, pixels in zip(levels_in(path, group), levels, strict=True):
        np.testing.assert_array_equal(level, pixels)
    after = entries(path)
    assert set(before) <= set(after)
    changed = {name for name in before if after[name] != before[name]}
    # How a person sees the image may be noted in its document.
    assert all(name.startswith(f"{group}/") or name == "zarr.json" for name in changed)
    with ZipStore(path, mode="r") as store:
        attributes = zarr.open_group(store, path=group, mode="r").attrs
        assert attributes["acme:note"] == {"lab": "B12"}
        assert attributes["ome"]["image-label"]["colors"] == COLORS
