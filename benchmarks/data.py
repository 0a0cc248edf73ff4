"""What the benchmarks read: made once from numbers, kept in ``data/``; nothing is downloaded.

zarr-python writes each image as a folder, the standard library's zipfile packs it by RFC-9's rules
(documents first, breadth first, STORED, the comment says so): no contender made its own archive.
"""

from __future__ import annotations

import itertools
import json
import shutil
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numcodecs import Blosc
from zarr.codecs import ZstdCodec
from zarr.storage import MemoryStore

EDITION = "2"
"""What is made otherwise than before gets another one: nothing old is measured."""
FOLDER = Path(__file__).resolve().parent / "data" / EDITION
DOCUMENTS = ("zarr.json", ".zattrs", ".zgroup", ".zarray")
SHAPE = (2, 16, 2048, 2048)
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
ARCHIVES = {**IMAGES, KEPT: Layout(chunk=256, stacks=4)}
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
        FOLDER.mkdir(parents=True, exist_ok=True)
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
    return packed(name, folder)


def packed(name: str, source: Callable[[str], Path]) -> Path:
    """Path of the archive of a folder, made where it is not there yet."""
    path = FOLDER / f"{name}.ozx"
    if not path.exists():
        pack(source(name), path)
    return path


def folder(name: str) -> Path:
    """The same hierarchy as a folder of files."""
    if name == PLATE:
        return written(name, _write_plate)
    return written(name, lambda path: _write_image(path, ARCHIVES[name]))


def written(name: str, write: Callable[[Path], None]) -> Path:
    """Path of a folder, written where it is not there yet; one that is there is complete."""
    path = FOLDER / f"{name}.ome.zarr"
    if not path.exists():
        partial = path.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        write(partial)
        partial.rename(path)
    return path


def pack(source: Path, path: Path) -> None:
    """Pack a folder as an archive."""
    names = [str(file.relative_to(source)) for file in source.rglob("*") if file.is_file()]
    write_archive(path, sorted(names), lambda name: (source / name).read_bytes())


def write_archive(path: Path, names: Iterable[str], content: Callable[[str], bytes]) -> None:
    """Write entries, documents first, breadth first."""
    names = list(names)
    documents = [n for n in names if Path(n).name in DOCUMENTS]
    documents.sort(key=lambda name: (name.count("/"), name))
    known = set(documents)
    partial = path.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w") as zipped:
        for name in [*documents, *(name for name in names if name not in known)]:
            zipped.writestr(zipfile.ZipInfo(name), content(name))
        told = {"version": "0.5", "zipFile": {"centralDirectory": {"jsonFirst": True}}}
        zipped.comment = json.dumps({"ome": told}).encode()
    partial.rename(path)


def write_folder(path: Path, entries: Mapping[str, bytes]) -> None:
    """Write entries as files; those of one content are links to one file."""
    files: dict[bytes, Path] = {}
    made: set[Path] = set()
    for name, content in entries.items():
        file = path / name
        if file.parent not in made:
            file.parent.mkdir(parents=True, exist_ok=True)
            made.add(file.parent)
        if content in files:
            file.hardlink_to(files[content])
        else:
            file.write_bytes(content)
            files[content] = file


def _write_image(path: Path, layout: Layout) -> None:
    old = layout.zarr_format == 2
    group = zarr.open_group(path, mode="w", zarr_format=layout.zarr_format)
    image = {"name": "image", "axes": axes_of(AXES), "datasets": datasets_of(AXES)}
    if old:
        ome: dict[str, Any] = {"multiscales": [image | {"version": "0.4"}], "omero": omero(2)}
    else:
        ome = {"ome": {"version": "0.5", "multiscales": [image], "omero": omero(2)}}
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


def axes_of(names: str) -> list[dict[str, str]]:
    space = {"type": "space", "unit": "micrometer"}
    return [{"name": n, **({"type": "channel"} if n == "c" else space)} for n in names]


def datasets_of(axes: str, levels: int = LEVELS, step: int = 2) -> list[dict[str, Any]]:
    """Levels, each ``step`` times as coarse as the one before."""
    found = []
    for number in range(levels):
        factor = step**number
        scale = [0.25 * factor if axis in "yx" else 1.0 for axis in axes]
        move = [0.125 * (factor - 1) if axis in "yx" else 0.0 for axis in axes]
        placed = [{"type": "scale", "scale": scale}, {"type": "translation", "translation": move}]
        found.append({"path": str(number), "coordinateTransformations": placed})
    return found


def omero(channels: int) -> dict[str, Any]:
    window = {"min": 0, "max": 65535, "start": 0, "end": 1500}
    colors = ("FF00FF", "00FF00", "00FFFF")[:channels]
    return {
        "channels": [
            {"label": f"channel {number}", "color": color, "active": True, "window": window}
            for number, color in enumerate(colors)
        ]
    }


def _write_plate(path: Path) -> None:
    field = field_entries("cyx", encoded(np.stack(list(map(plate_field, range(PLATE_CHANNELS))))))
    write_folder(path, plate_entries(ROWS, COLUMNS, FIELDS, field))


def plate_entries(
    rows: int, columns: int, fields: int, field: Mapping[str, bytes]
) -> dict[str, bytes]:
    """Every entry of a plate: all its fields of view are equal, so one is encoded."""
    names = ([row_name(number) for number in range(rows)], [str(n + 1) for n in range(columns)])
    wells = [
        {"path": f"{row}/{column}", "rowIndex": r, "columnIndex": c}
        for (r, row), (c, column) in itertools.product(*map(enumerate, names))
    ]
    sides = {"rows": [{"name": n} for n in names[0]], "columns": [{"name": n} for n in names[1]]}
    plate = {"name": "P", "field_count": fields, **sides, "wells": wells}
    entries = {"zarr.json": group_document({"plate": plate})}
    entries |= {f"{row}/zarr.json": group_document(None) for row in names[0]}
    well_document = group_document({"well": {"images": [{"path": str(n)} for n in range(fields)]}})
    for well in wells:
        entries[f"{well['path']}/zarr.json"] = well_document
        for number in range(fields):
            at = f"{well['path']}/{number}"
            entries |= {f"{at}/{name}": content for name, content in field.items()}
    return entries


def row_name(number: int) -> str:
    """A to Z, then AA."""
    return chr(65 + number) if number < 26 else row_name(number // 26 - 1) + chr(65 + number % 26)


def field_entries(axes: str, arrays: Mapping[str, bytes], levels: int = LEVELS) -> dict[str, bytes]:
    """Entries of an image of which the arrays are given."""
    image = {"name": "field", "axes": axes_of(axes), "datasets": datasets_of(axes, levels)}
    document = group_document({"multiscales": [image], "omero": omero(PLATE_CHANNELS)})
    return {"zarr.json": document, **arrays}


def encoded(
    pixels: np.ndarray, levels: int = LEVELS, separator: str = "/", chunk: int = 256
) -> dict[str, bytes]:
    """Entries of the arrays of an image ``(c, y, x)``, by zarr."""
    content: dict[str, Any] = {}
    for level in range(levels):
        side = min(chunk, pixels.shape[1])
        array = zarr.create_array(
            MemoryStore(content),
            name=str(level),
            shape=pixels.shape,
            dtype=pixels.dtype,
            chunks=(1, side, side),
            chunk_key_encoding={"name": "default", "separator": separator},
            dimension_names=("c", "y", "x"),
        )
        array[...] = pixels
        pixels = halved(pixels)
    # Not the document of the group that zarr made around them.
    return {name: value.to_bytes() for name, value in content.items() if "/" in name}


def group_document(ome: dict[str, Any] | None) -> bytes:
    attributes = {} if ome is None else {"ome": {"version": "0.5", **ome}}
    return json.dumps({"zarr_format": 3, "node_type": "group", "attributes": attributes}).encode()
