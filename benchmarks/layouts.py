"""Images of one channel that are stored in many ways, to be looked at from every side.

Each has 134 to 268 MB of pixels, and a smaller level. zarr-python writes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from data import FOLDER, axes_of, datasets_of, made, omero, packed, written
from zarr.codecs import BloscCodec, GzipCodec, ZstdCodec

AXES = "zyx"
STEP = 4
"""How many times as coarse the second level is."""
IMAGE, LABELS = "0", "labels/cells/0"
"""Path of level 0 of the image, and of the label image."""
ZSTD = ZstdCodec(level=3)


@dataclass(frozen=True)
class Layout:
    """How an image is stored."""

    caption: str
    pixels: str
    """Which pixels it has: a key of `MAKERS`."""
    chunks: tuple[int, int, int]
    shards: tuple[int, int, int] | None = None
    codec: Any = ZSTD

    @property
    def array(self) -> str:
        """Path of its level 0."""
        return LABELS if self.pixels == "labels" else IMAGE


LAYOUTS = {
    "128-cubes": Layout(
        "chunks of 128³ in shards of 512³, zstd", "cube", (128,) * 3, shards=(512,) * 3
    ),
    "64-cubes": Layout("chunks of 64³, zstd", "cube", (64,) * 3),
    "64-flat": Layout("chunks of 64², zstd", "stack", (1, 64, 64)),
    "64-sharded": Layout(
        "chunks of 64² in shards of a plane, zstd", "stack", (1, 64, 64), shards=(1, 2048, 2048)
    ),
    "512-flat": Layout("chunks of 512², zstd", "stack", (1, 512, 512)),
    "1024-bytes": Layout("uint8 in chunks of 1024², zstd", "bytes", (1, 1024, 1024)),
    "256-floats": Layout(
        "float32 in chunks of 256², gzip", "floats", (1, 256, 256), codec=GzipCodec(level=5)
    ),
    "32x256-blosc": Layout(
        "chunks of 32 × 256², blosc (lz4)", "stack", (32, 256, 256), codec=BloscCodec(cname="lz4")
    ),
    "64-raw": Layout("chunks of 64², not compressed", "stack", (1, 64, 64), codec=None),
    "256-labels": Layout(
        "labels, uint32 in chunks of 256², zstd, most of them empty", "labels", (1, 256, 256)
    ),
}


# --- what the pixels are


def _cube() -> np.ndarray:
    return made((1, 256, 1024, 512))[0]


def _stack() -> np.ndarray:
    return made((1, 32, 2048, 2048))[0]


def _bytes() -> np.ndarray:
    return (pixels("stack") >> 3).astype(np.uint8)


def _floats() -> np.ndarray:
    return pixels("stack")[:16].astype(np.float32) / np.float32(1000)


def _labels() -> np.ndarray:
    """Some 2,000 ellipsoids in a volume that is empty elsewhere."""
    random = np.random.default_rng(2026)
    volume = np.zeros((16, 2048, 2048), np.uint32)
    radii = np.array([3, 24, 24])
    z, y, x = np.ogrid[-3:4, -24:25, -24:25]
    ball = (z / 3) ** 2 + (y / 24) ** 2 + (x / 24) ** 2 <= 1
    for value in range(1, 2001):
        low = random.integers([0, 0, 0], np.array(volume.shape) - 2 * radii)
        low[1:] //= [1, 2]  # the right half stays empty
        around = volume[tuple(slice(at, at + 2 * r + 1) for at, r in zip(low, radii, strict=True))]
        around[ball[: around.shape[0], : around.shape[1], : around.shape[2]]] = value
    return volume


MAKERS = {
    "cube": _cube,
    "stack": _stack,
    "bytes": _bytes,
    "floats": _floats,
    "labels": _labels,
}


@cache
def pixels(name: str) -> np.ndarray:
    """Pixels in memory: what each contender's must equal."""
    path = FOLDER / f"{name}.npy"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial.npy")
        np.save(partial, MAKERS[name]())
        partial.rename(path)
    return np.load(path, mmap_mode="r")


# --- where they lie


def archive(name: str) -> Path:
    """Path of the archive, made where it is not there yet."""
    return packed(name, folder)


def folder(name: str) -> Path:
    """The same hierarchy as a folder of files."""
    return written(name, lambda path: _write(path, LAYOUTS[name]))


def _write(path: Path, layout: Layout) -> None:
    group = zarr.open_group(path, mode="w")
    image = {"name": "image", "axes": axes_of(AXES), "datasets": datasets_of(AXES, 2, STEP)}
    group.attrs["ome"] = {"version": "0.5", "multiscales": [image], "omero": omero(1)}
    if layout.pixels == "labels":
        # The image below them is empty: nothing of it is stored.
        for level in ("0", "1"):
            _create(group, level, layout, int(level))
        labels = group.create_group("labels")
        labels.attrs["ome"] = {"version": "0.5", "labels": ["cells"]}
        group = labels.create_group("cells")
        source = {"image-label": {"version": "0.5", "source": {"image": "../../"}}}
        group.attrs["ome"] = {"version": "0.5", "multiscales": [image], **source}
    source = pixels(layout.pixels)
    for level in (0, 1):
        array = _create(group, str(level), layout, level)
        depth = (layout.shards or layout.chunks)[0]
        step = STEP**level
        for z in range(0, source.shape[0], depth):
            array[z : z + depth] = source[z : z + depth, ::step, ::step]


def _create(group: zarr.Group, name: str, layout: Layout, level: int) -> zarr.Array:
    source = pixels(layout.pixels)
    step = STEP**level
    return group.create_array(
        name,
        shape=(source.shape[0], source.shape[1] // step, source.shape[2] // step),
        dtype=source.dtype,
        chunks=layout.chunks,
        shards=layout.shards,
        compressors=[layout.codec] if layout.codec else None,
        dimension_names=tuple(AXES),
    )
