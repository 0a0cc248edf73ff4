"""What the benchmarks read: made once from numbers, kept in ``data/``; nothing is downloaded.

zarr-python writes each image as a folder, the standard library's zipfile packs it by RFC-9's rules
(documents first, breadth first, STORED, the comment says so): no contender made its own archive.
"""

from __future__ import annotations

import itertools
import json
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numcodecs import Blosc
from zarr.codecs import ZstdCodec
from zarr.storage import MemoryStore

FOLDER = Path(__file__).resolve().parent / "data"
SHAPE = (2, 32, 2048, 2048)
AXES = "czyx"
LEVELS = 4
DTYPE = np.dtype("uint16")


@dataclass(frozen=True)
class Layout:
    """How an image is stored."""

    chunk: int
    shard: int = 0
    zarr_format: int = 3
    stacks: int = 1
    """How many times its planes are there."""


IMAGES = {
    "A": Layout(chunk=256, shard=1024),
    "B": Layout(chunk=256),
    "C": Layout(chunk=64),
    "E": Layout(chunk=256, zarr_format=2),
}
KEPT = "K"
ARCHIVES = {**IMAGES, KEPT: Layout(chunk=256, stacks=2)}
PLATE = "D"
ROWS, COLUMNS, FIELDS, PLATE_CHANNELS, SIDE = 16, 24, 4, 3, 512


# --- what the pixels are


def made(shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """Smooth structures with the noise of a camera: they compress as micrographs do."""
    random = np.random.default_rng(2026)
    y, x = np.mgrid[0 : shape[2], 0 : shape[3]].astype(np.float32)
    stack = np.empty(shape, DTYPE)
    for channel, z in itertools.product(range(shape[0]), range(shape[1])):
        phase = 0.1 * z + channel
        signal = 800 + 600 * np.sin(x / 37 + phase) * np.cos(y / 53 - phase)
        noise = random.integers(0, 64, signal.shape, dtype=DTYPE)
        stack[channel, z] = signal.astype(DTYPE) + noise
    return stack


def halved(pixels: np.ndarray) -> np.ndarray:
    """The next level: the mean of every 2 × 2 pixels of a plane."""
    *outer, height, width = pixels.shape
    fours = pixels.reshape(*outer, height // 2, 2, width // 2, 2)
    return np.rint(fours.mean(axis=(-3, -1))).astype(pixels.dtype)


@cache
def levels() -> tuple[np.ndarray, ...]:
    """Every level of the images, as memory maps: what each contender's pixels must equal."""
    paths = [FOLDER / f"level{number}.npy" for number in range(LEVELS)]
    if not paths[-1].exists():
        FOLDER.mkdir(exist_ok=True)
        pixels = made()
        for number, path in enumerate(paths):
            np.save(path, pixels)
            if number + 1 < LEVELS:
                pixels = halved(pixels)
    return tuple(np.load(path, mmap_mode="r") for path in paths)


@cache
def plate_field(channel: int) -> np.ndarray:
    """Level 0 of a channel of any field of view of the plate, ``(SIDE, SIDE)``."""
    random = np.random.default_rng(channel)
    y, x = np.mgrid[0:64, 0:64] * (2 * np.pi / 64)
    tile = 400 + 100 * channel + 300 * np.sin(x) * np.cos(y) + random.integers(0, 16, (64, 64))
    # What repeats compresses well: a plate of gigabytes would measure the disk.
    return np.tile(tile.astype(DTYPE), (SIDE // 64, SIDE // 64))


# --- where they lie


def archive(name: str) -> Path:
    """Path of an archive, made where it is not there yet."""
    path = FOLDER / f"{name}.ozx"
    if not path.exists():
        source = folder(name)
        _zip(path, sorted(str(f.relative_to(source)) for f in _files(source)), source)
    return path


def folder(name: str) -> Path:
    """The same hierarchy as a folder of files."""
    path = FOLDER / f"{name}.ome.zarr"
    if not path.exists():
        partial = path.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        if name == PLATE:
            _write_plate(partial)
        else:
            _write_image(partial, ARCHIVES[name])
        partial.rename(path)
    return path


def _files(source: Path) -> Iterator[Path]:
    return (file for file in source.rglob("*") if file.is_file())


def _zip(path: Path, names: list[str], source: Path) -> None:
    documents = [n for n in names if Path(n).name in ("zarr.json", ".zattrs", ".zgroup", ".zarray")]
    documents.sort(key=lambda name: (name.count("/"), name))
    partial = path.with_suffix(".partial")
    known = set(documents)
    with zipfile.ZipFile(partial, "w") as zipped:
        for name in [*documents, *(name for name in names if name not in known)]:
            zipped.write(source / name, name)
        told = {"version": "0.5", "zipFile": {"centralDirectory": {"jsonFirst": True}}}
        zipped.comment = json.dumps({"ome": told}).encode()
    partial.rename(path)


def _write_image(path: Path, layout: Layout) -> None:
    old = layout.zarr_format == 2
    group = zarr.open_group(path, mode="w", zarr_format=layout.zarr_format)
    image = {"name": "image", "axes": _axes(AXES), "datasets": _datasets(AXES)}
    if old:
        ome: dict[str, Any] = {"multiscales": [image | {"version": "0.4"}], "omero": _omero(2)}
    else:
        ome = {"ome": {"version": "0.5", "multiscales": [image], "omero": _omero(2)}}
    group.attrs.update(ome)
    for number, pixels in enumerate(levels()):
        planes = pixels.shape[1]
        chunk = min(layout.chunk, *pixels.shape[2:])
        shard = (1, 8, *(min(layout.shard, n) for n in pixels.shape[2:])) if layout.shard else None
        array = group.create_array(
            str(number),
            shape=(pixels.shape[0], layout.stacks * planes, *pixels.shape[2:]),
            dtype=pixels.dtype,
            chunks=(1, 1, chunk, chunk),
            shards=shard,
            compressors=[Blosc(cname="lz4") if old else ZstdCodec(level=3)],
            chunk_key_encoding={"name": "v2" if old else "default", "separator": "/"},
            **({} if old else {"dimension_names": tuple(AXES)}),
        )
        for channel, z in itertools.product(range(pixels.shape[0]), range(0, array.shape[1], 8)):
            first = z % planes
            array[channel, z : z + 8] = pixels[channel, first : first + 8]


def _axes(names: str) -> list[dict[str, str]]:
    space = {"type": "space", "unit": "micrometer"}
    return [{"name": n, **({"type": "channel"} if n == "c" else space)} for n in names]


def _datasets(axes: str) -> list[dict[str, Any]]:
    found = []
    for number in range(LEVELS):
        factor = 2**number
        scale = [0.25 * factor if axis in "yx" else 1.0 for axis in axes]
        move = [0.125 * (factor - 1) if axis in "yx" else 0.0 for axis in axes]
        placed = [{"type": "scale", "scale": scale}, {"type": "translation", "translation": move}]
        found.append({"path": str(number), "coordinateTransformations": placed})
    return found


def _omero(channels: int) -> dict[str, Any]:
    window = {"min": 0, "max": 65535, "start": 0, "end": 1500}
    colors = ("FF00FF", "00FF00", "00FFFF")[:channels]
    return {
        "channels": [
            {"label": f"channel {number}", "color": color, "active": True, "window": window}
            for number, color in enumerate(colors)
        ]
    }


def _write_plate(path: Path) -> None:
    for name, content in _plate_entries().items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def _plate_entries() -> dict[str, bytes]:
    """Every entry of the plate: all its fields of view are equal, so one is encoded."""
    rows = [chr(65 + number) for number in range(ROWS)]
    columns = [str(number + 1) for number in range(COLUMNS)]
    wells = [
        {"path": f"{row}/{column}", "rowIndex": r, "columnIndex": c}
        for (r, row), (c, column) in itertools.product(enumerate(rows), enumerate(columns))
    ]
    sides = {"rows": [{"name": n} for n in rows], "columns": [{"name": n} for n in columns]}
    plate = {"name": "P", "field_count": FIELDS, **sides, "wells": wells}
    entries = {"zarr.json": _group({"plate": plate})}
    entries |= {f"{row}/zarr.json": _group(None) for row in rows}
    image = {"name": "field", "axes": _axes("cyx"), "datasets": _datasets("cyx")}
    field = {"zarr.json": _group({"multiscales": [image], "omero": _omero(PLATE_CHANNELS)})}
    field |= _plate_arrays()
    well_document = _group({"well": {"images": [{"path": str(n)} for n in range(FIELDS)]}})
    for well in wells:
        entries[f"{well['path']}/zarr.json"] = well_document
        for number in range(FIELDS):
            at = f"{well['path']}/{number}"
            entries |= {f"{at}/{name}": content for name, content in field.items()}
    return entries


def _plate_arrays() -> dict[str, bytes]:
    content: dict[str, Any] = {}
    pixels = np.stack([plate_field(channel) for channel in range(PLATE_CHANNELS)])
    for level in range(LEVELS):
        chunk = min(256, SIDE >> level)
        array = zarr.create_array(
            MemoryStore(content),
            name=str(level),
            shape=pixels.shape,
            dtype=pixels.dtype,
            chunks=(1, chunk, chunk),
            dimension_names=("c", "y", "x"),
        )
        array[...] = pixels
        pixels = halved(pixels)
    # Not the document of the group that zarr made around them.
    return {name: value.to_bytes() for name, value in content.items() if "/" in name}


def _group(ome: dict[str, Any] | None) -> bytes:
    attributes = {} if ome is None else {"ome": {"version": "0.5", **ome}}
    return json.dumps({"zarr_format": 3, "node_type": "group", "attributes": attributes}).encode()
