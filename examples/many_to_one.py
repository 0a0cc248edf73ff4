"""Many files of a microscope become one: fields of view, placed where the stage was.

A microscope left a TIFF file for each field of view, and a table that says where the stage was.
They become one archive, which opens as one image.

    python many_to_one.py [FOLDER]
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from napari_ome_zip import open_image, render, save_image, validate

FIELD = 256
"""Edge of a field of view, in pixels."""
STEP = 230
"""Pixels from one field to the next: neighbors share a tenth."""
ROWS, COLUMNS = 3, 4
PIXEL_SIZE = 0.325
"""Micrometers."""


def main(folder: Path) -> None:
    """Photograph, gather, and draw."""
    raw = folder / "fields"
    photograph(raw)
    gather(raw, folder / "slide.ozx")
    slide = open_image(folder / "slide.ozx")
    print(slide)
    print(validate(folder / "slide.ozx", deep=True).verdict)
    Image.fromarray(render(slide, 480, scale_bar=True)).save(folder / "many_to_one.png")


def photograph(folder: Path) -> None:
    """Leave what a microscope leaves: TIFF files, and a table of stage positions."""
    folder.mkdir(exist_ok=True)
    slide = stained_slide()
    with (folder / "positions.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", "y_um", "x_um"])
        for number in range(ROWS * COLUMNS):
            row, column = divmod(number, COLUMNS)
            y, x = row * STEP, column * STEP
            name = f"field_{number:03}.tif"
            tifffile.imwrite(folder / name, slide[:, y : y + FIELD, x : x + FIELD])
            table.writerow([name, y * PIXEL_SIZE, x * PIXEL_SIZE])


def stained_slide() -> np.ndarray:
    """Return two channels of a slide: fibers, and the nuclei between them."""
    random = np.random.default_rng(6)
    height, width = STEP * (ROWS - 1) + FIELD, STEP * (COLUMNS - 1) + FIELD
    y, x = np.mgrid[:height, :width].astype(np.float32)
    waves = np.sin(y / 21 + 3 * np.sin(x / 90)) * np.sin(x / 33 + 2 * np.sin(y / 70))
    nuclei = np.zeros_like(waves)
    for center_y, center_x in random.uniform(0, (height, width), (260, 2)):
        top, left = max(0, int(center_y) - 15), max(0, int(center_x) - 15)
        part = np.s_[top : top + 31, left : left + 31]
        distance = np.hypot(y[part] - center_y, x[part] - center_x)
        nuclei[part] = np.maximum(nuclei[part], (distance < 11) * 1.0)
    fibers = np.clip(waves, 0, 1) * (nuclei == 0)
    brightness = np.stack([1800 * nuclei, 1500 * fibers]) + 120
    return random.poisson(brightness).astype(np.uint16)


def gather(folder: Path, target: Path) -> None:
    """Save all fields of view as one archive."""
    with (folder / "positions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    layers = []
    for row in rows:
        pixels = tifffile.imread(folder / row["file"])
        name = Path(row["file"]).stem
        keywords = {
            "channel_axis": 0,
            "name": [f"{name}: nuclei", f"{name}: fibers"],
            "colormap": ["blue", "green"],
            "contrast_limits": (100, 2000),
            "axis_labels": ("y", "x"),
            "units": "micrometer",
            "scale": (PIXEL_SIZE, PIXEL_SIZE),
            "translate": (float(row["y_um"]), float(row["x_um"])),
        }
        layers.append((pixels, keywords, "image"))
    save_image(layers, target)


if __name__ == "__main__":
    main(Path(*sys.argv[1:2]))
