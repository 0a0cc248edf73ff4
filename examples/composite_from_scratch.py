"""A composite image from scratch: written with zarr and zipfile, opened, labeled, saved, checked.

A tutorial for RFC-9, "single-image OME-Zarr". The image has two parts that belong together: an
overview of a tissue at 1 µm per pixel, and a detail at 0.4 µm, for which the stage was turned by
20 degrees. Both lie in one file, which says where each of them lies.

Steps 1 to 3 use zarr and the standard library alone, so that nothing is hidden. Steps 4 to 6 use
napari_ome_zip, and scikit-image to segment nuclei.

    python composite_from_scratch.py [FOLDER]
"""

from __future__ import annotations

import json
import math
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from PIL import Image
from skimage.filters import gaussian, threshold_otsu
from skimage.measure import label, regionprops_table
from zarr.storage import LocalStore

from napari_ome_zip import open_image, render, save_image, to_layer_data, validate

VERSION = "0.6"
CENTER = np.array([150.0, 170.0])
"""Where the middle of the detail lies in the tissue, in micrometers (y, x)."""
PIXEL = 0.4
"""Size of a pixel of the detail, in micrometers."""
ANGLE = math.radians(20)
PLACE = ("axis_labels", "units", "scale", "translate", "rotate", "shear", "affine")
"""What layers say of where they lie."""


def main(folder: Path) -> None:
    """Go through all steps, and leave the files in a folder."""
    overview, detail = photographed()
    write_hierarchy(folder / "tissue.zarr", overview, detail)
    zip_hierarchy(folder / "tissue.zarr", folder / "tissue.ozx")
    add_nuclei(folder / "tissue.ozx", folder / "tissue-labeled.ozx")
    check(folder / "tissue.ozx", folder / "tissue-labeled.ozx")
    draw(folder / "tissue-labeled.ozx", folder / "composite_from_scratch.png")


# 1. Pixels. A tissue is photographed twice. Nuclei lie at random places (in micrometers).


def photographed() -> tuple[np.ndarray, np.ndarray]:
    """Return the overview (320 × 320 pixels) and the detail (2 channels, 400 × 400 pixels)."""
    random = np.random.default_rng(9)
    nuclei = random.uniform(0, 320, (260, 2))
    y, x = np.mgrid[:320, :320].astype(float)
    overview = spots(y, x, nuclei)
    # A pixel of the detail, as the place in the tissue that it shows.
    down, right = (np.mgrid[:400, :400] - 199.5) * PIXEL
    cos, sin = math.cos(ANGLE), math.sin(ANGLE)
    y, x = CENTER[0] + cos * down - sin * right, CENTER[1] + sin * down + cos * right
    marked = spots(y, x, nuclei[::3])
    detail = np.stack([spots(y, x, nuclei), marked])
    return noisy(overview, random), noisy(detail, random)


def spots(y: np.ndarray, x: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Return the brightness of round nuclei with a radius of about 4 µm at places of a tissue."""
    bright = np.zeros(y.shape)
    for center_y, center_x in centers:
        distance = np.hypot(y - center_y, x - center_x).clip(0, 20)
        bright = np.maximum(bright, 1 / (1 + np.exp(2 * (distance - 4))))
    return bright


def noisy(brightness: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return what a camera of 12 bits sees."""
    return random.poisson(100 + 2500 * brightness).clip(0, 4095).astype(np.uint16)


# 2. A hierarchy of Zarr v3, in a folder for now. Its root is the scene: it names one coordinate
#    system, "tissue", and says how each image is placed in it. Each image is a group below the
#    root, with its resolution levels.


def write_hierarchy(folder: Path, overview: np.ndarray, detail: np.ndarray) -> None:
    """Write a scene of two images."""
    root = zarr.create_group(LocalStore(folder), overwrite=True)
    # The detail is turned about its first pixel, which therefore has to be moved, too.
    cos, sin = math.cos(ANGLE), math.sin(ANGLE)
    turn = np.array([[cos, -sin], [sin, cos]])
    corner = CENTER - turn @ np.array([199.5, 199.5]) * PIXEL
    rotation = [[1, 0, 0], [0, cos, -sin], [0, sin, cos]]  # of c, y, x: channels stay as they are
    placed = [
        {"type": "identity", **between("overview")},
        {
            "type": "sequence",
            "transformations": [
                {"type": "rotation", "rotation": rotation},
                {"type": "translation", "translation": [0.0, *corner.tolist()]},
            ],
            **between("detail"),
        },
    ]
    scene = {
        "coordinateSystems": [{"name": "tissue", "axes": axes()}],
        "coordinateTransformations": placed,
    }
    root.attrs["ome"] = {"version": VERSION, "scene": scene}
    write_image(root, "overview", overview[np.newaxis], 1.0, {"DAPI": "505050"})
    write_image(root, "detail", detail, PIXEL, {"DAPI": "3380FF", "marker": "FF8000"})


def axes() -> list[dict[str, str]]:
    """Return the axes that all coordinate systems here have."""
    space = {"type": "space", "unit": "micrometer"}
    return [{"name": "c", "type": "channel"}, {"name": "y", **space}, {"name": "x", **space}]


def between(image: str) -> dict[str, Any]:
    """Return from where to where a transformation of the scene leads."""
    return {"input": {"path": image, "name": "physical"}, "output": {"name": "tissue"}}


def write_image(
    root: zarr.Group, name: str, pixels: np.ndarray, pixel_size: float, channels: dict[str, str]
) -> None:
    """Write an image with three resolution levels, each of half the size of the one before."""
    group = root.create_group(name)
    datasets = []
    for level in range(3):
        # Sharding keeps the number of entries low: one shard here holds all chunks of a channel.
        height, width = (math.ceil(size / 64) * 64 for size in pixels.shape[1:])
        array = group.create_array(
            f"s{level}",
            shape=pixels.shape,
            dtype=pixels.dtype,
            chunks=(1, 64, 64),
            shards=(1, height, width),
            dimension_names=("c", "y", "x"),
        )
        array[...] = pixels
        datasets.append(dataset(level, pixel_size))
        pixels = halved(pixels)
    shown = [
        {"label": text, "color": color, "window": {"min": 0, "max": 4095, "start": 80, "end": 2600}}
        for text, color in channels.items()
    ]
    multiscale = {
        "name": name,
        "type": "mean",
        "metadata": {"description": "the mean of each block of 2 × 2 pixels"},
        "coordinateSystems": [{"name": "physical", "axes": axes()}],
        "datasets": datasets,
    }
    group.attrs["ome"] = {
        "version": VERSION,
        "multiscales": [multiscale],
        "omero": {"channels": shown},
    }


def dataset(level: int, pixel_size: float) -> dict[str, Any]:
    """Return where the pixels of a level lie: the center of the first pixel moves with each."""
    size = pixel_size * 2**level
    shift = pixel_size * (2**level - 1) / 2
    steps = [
        {"type": "scale", "scale": [1.0, size, size]},
        {"type": "translation", "translation": [0.0, shift, shift]},
    ]
    path = f"s{level}"
    sequence = {"type": "sequence", "transformations": steps}
    ends = {"input": {"path": path}, "output": {"name": "physical"}}
    return {"path": path, "coordinateTransformations": [{**sequence, **ends}]}


def halved(pixels: np.ndarray) -> np.ndarray:
    """Return the mean of each block of 2 × 2 pixels."""
    count, height, width = pixels.shape
    blocks = pixels.reshape(count, height // 2, 2, width // 2, 2)
    return blocks.mean(axis=(2, 4)).astype(pixels.dtype)


# 3. One file. What RFC-9 asks of it:
#    - the root of the archive is the root of the hierarchy: zarr.json is not in a folder;
#    - the root's zarr.json comes first, then all others, breadth first, then the chunks;
#    - ZIP compresses nothing: the chunks are compressed already;
#    - the comment of the archive says the version, and may promise that order;
#    - its name ends in .ozx.


def zip_hierarchy(folder: Path, archive: Path) -> None:
    """Put a hierarchy into one file."""
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    names.sort(key=lambda name: (not name.endswith("zarr.json"), name.count("/"), name))
    promise = {"centralDirectory": {"jsonFirst": True}}
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as made:
        for name in names:
            made.write(folder / name, name)
        made.comment = json.dumps({"ome": {"version": VERSION, "zipFile": promise}}).encode()


# 4. Open it: both images, placed. Segment the nuclei of the detail, and lay the labels over it.


def add_nuclei(source: Path, target: Path) -> None:
    """Segment the nuclei of the detail, measure them, and save all of it as a new file."""
    composite = open_image(source)
    print(composite)
    detail = next(image for image in composite.images if image.name == "detail")
    dapi = detail.channel_levels("DAPI")[0].compute()
    smooth = gaussian(dapi, sigma=2, preserve_range=True)
    nuclei = label(smooth > threshold_otsu(smooth)).astype(np.uint16)
    marker = detail.channel_levels("marker")[0].compute()
    measured = regionprops_table(nuclei, marker, properties=("label", "area", "mean_intensity"))
    features = {
        "index": measured["label"],
        "area (µm²)": measured["area"] * detail.scale["y"] * detail.scale["x"],
        "marker": measured["mean_intensity"].round(),
    }
    # Labels lie where the image lies that they were made of: they take the place of its layer.
    layers = to_layer_data(composite)
    keywords = next(said for _, said, _ in layers if said["name"] == "detail: DAPI")
    place = {key: keywords[key] for key in PLACE if key in keywords}
    # 5. Save. What came from the file is copied byte for byte; the labels are new.
    made = (nuclei, {"name": "nuclei", "features": features, **place}, "labels")
    save_image([*layers, made], target)
    print(open_image(target))


# 6. Check both files. Of the first one, there is one thing to say: Python's zipfile writes ZIP64
#    records only where they are needed, and RFC-9 would like to have them always.


def check(*paths: Path) -> None:
    """Judge files by the specification, with all pixels."""
    for path in paths:
        report = validate(path, deep=True)
        print(path.name, report.verdict, *(issue.code for issue in report.issues), sep="\n  ")


def draw(path: Path, picture: Path) -> None:
    """Draw what a viewer shows of it."""
    drawn = render(open_image(path), 480, labels="outline", scale_bar=True)
    Image.fromarray(drawn).save(picture)


if __name__ == "__main__":
    main(Path(*sys.argv[1:2]))
