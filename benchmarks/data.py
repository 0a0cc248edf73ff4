"""The archives that benchmarks read: made once, from numbers, and kept in ``data/``."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import dask.array as da
import numpy as np

import napari_ome_zip
from napari_ome_zip import SaveOptions

FOLDER = Path(__file__).resolve().parent / "data"
SHAPE = (2, 32, 2048, 2048)
LAYOUTS = {
    "A": SaveOptions(chunk=256, shard=1024, level=3, levels=4),
    "B": SaveOptions(chunk=256, shard=0, level=3, levels=4),
    "C": SaveOptions(chunk=64, shard=0, level=3, levels=4),
}


def pixels() -> np.ndarray:
    """Smooth structures with the noise of a camera: they compress as micrographs do."""
    random = np.random.default_rng(2026)
    y, x = np.mgrid[0 : SHAPE[2], 0 : SHAPE[3]].astype(np.float32)
    stack = np.empty(SHAPE, np.uint16)
    for channel in range(SHAPE[0]):
        for z in range(SHAPE[1]):
            phase = 0.1 * z + channel
            signal = 800 + 600 * np.sin(x / 37 + phase) * np.cos(y / 53 - phase)
            noise = random.integers(0, 64, signal.shape, dtype=np.uint16)
            stack[channel, z] = signal.astype(np.uint16) + noise
    return stack


def archive(name: str) -> Path:
    """Path of archive A, B or C, made where it is not there yet."""
    path = FOLDER / f"{name}.ozx"
    if not path.exists():
        FOLDER.mkdir(exist_ok=True)
        stack = pixels()
        layers = [
            (
                da.from_array(channel, chunks=(8, 1024, 1024)),
                {
                    "name": f"channel {number}",
                    "scale": (1.0, 0.25, 0.25),
                    "units": ("micrometer",) * 3,
                    "axis_labels": ("z", "y", "x"),
                    "contrast_limits": (0, 4095),
                },
                "image",
            )
            for number, channel in enumerate(stack)
        ]
        napari_ome_zip.save_image(layers, path, LAYOUTS[name])
    return path


def folder(name: str) -> Path:
    """The same hierarchy as a folder of files."""
    path = FOLDER / f"{name}.ome.zarr"
    if not path.exists():
        partial = path.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        with zipfile.ZipFile(archive(name)) as file:
            file.extractall(partial)
        partial.rename(path)
    return path


def expected_plane() -> np.ndarray:
    """Channel 1, plane 16 of level 0, as it was made."""
    return pixels()[1, 16]
