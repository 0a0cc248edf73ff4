"""Hierarchies of great extent: slides, plates, a million entries, a million labels.

Their chunks have few distinct contents, each encoded once by zarr-python, so they are made in
seconds; every chunk that is looked at is read and decoded all the same.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from data import (
    FOLDER,
    axes_of,
    datasets_of,
    encoded,
    field_entries,
    group_document,
    halved,
    omero,
    plate_entries,
    plate_field,
    write_archive,
    write_folder,
    written,
)
from zarr.storage import MemoryStore

SLIDE = (2, 40_000, 40_000)
SLIDE_LEVELS, SLIDE_CHUNK, SLIDE_PERIOD = 7, 512, 2048
HUGE = (100_000, 100_000)
SINGLE = (16_000, 16_000)
type Cell = tuple[int, ...]
"""Of a grid of chunks: the place of one."""
FIELD = 128
"""Side of a field of view of the large plate."""
TILE = 64


# --- what the pixels are


@cache
def slide_tile(channel: int, level: int) -> np.ndarray:
    """What a level of the slide repeats: tissue with the noise of a camera."""
    if level:
        return halved(slide_tile(channel, level - 1))
    random = np.random.default_rng(channel)
    y, x = np.mgrid[0:SLIDE_PERIOD, 0:SLIDE_PERIOD] * (2 * np.pi / SLIDE_PERIOD)
    signal = 120 + 80 * np.sin(16 * x + channel) * np.cos(13 * y) + 30 * np.sin(3 * x - 2 * y)
    return (signal.astype(np.uint8) & 0xF8) + random.integers(0, 2, signal.shape, dtype=np.uint8)


@cache
def tile(channel: int = 0) -> np.ndarray:
    """What all other images repeat, ``(TILE, TILE)``."""
    return plate_field(channel)[:TILE, :TILE]


# --- what is stored


def _slide() -> dict[str, bytes]:
    entries = {}
    for level in range(SLIDE_LEVELS):
        shape = (SLIDE[0], SLIDE[1] >> level, SLIDE[2] >> level)
        chunk = (1, SLIDE_CHUNK, SLIDE_CHUNK)
        entries |= _array(str(level), shape, chunk, np.uint8, *_slide_chunks(level))
    image = {"axes": axes_of("cyx"), "datasets": datasets_of("cyx", SLIDE_LEVELS)}
    return {"zarr.json": group_document({"multiscales": [image], "omero": _omero(2)}), **entries}


def _slide_chunks(level: int) -> tuple[Callable[[Cell], np.ndarray], Callable[[Cell], Cell]]:
    """Pixels of a chunk, and which chunk is equal to one."""
    side = max(SLIDE_PERIOD >> level, SLIDE_CHUNK)
    repeats = side // (SLIDE_PERIOD >> level)
    tiles = [np.tile(slide_tile(channel, level), (repeats,) * 2) for channel in range(SLIDE[0])]
    period = side // SLIDE_CHUNK

    def content(cell: Cell) -> np.ndarray:
        y, x = (number * SLIDE_CHUNK for number in cell[1:])
        return tiles[cell[0]][None, y : y + SLIDE_CHUNK, x : x + SLIDE_CHUNK]

    return content, lambda cell: (cell[0], cell[1] % period, cell[2] % period)


def _huge() -> dict[str, bytes]:
    pixels = np.tile((tile() >> 2).astype(np.uint8), (1024 // TILE,) * 2)
    image = {"axes": axes_of("yx"), "datasets": datasets_of("yx", 1)}
    return {
        "zarr.json": group_document({"multiscales": [image], "omero": _omero(1)}),
        **_array("0", HUGE, pixels.shape, np.uint8, lambda _: pixels),
    }


def _single() -> dict[str, bytes]:
    """One level, whose chunks all differ in some rows: no two are stored as one."""
    image = {"axes": axes_of("yx"), "datasets": datasets_of("yx", 1)}
    return {
        "zarr.json": group_document({"multiscales": [image], "omero": _omero(1)}),
        **_array("0", SINGLE, (1024, 1024), np.uint16, *_tissue(1)),
    }


def _colors() -> dict[str, bytes]:
    """A picture in true color, of one level."""
    told = _omero(3)
    for channel, color in zip(told["channels"], ("FF0000", "00FF00", "0000FF"), strict=True):
        channel["color"] = color
    image = {"axes": axes_of("cyx"), "datasets": datasets_of("cyx", 1)}
    return {
        "zarr.json": group_document({"multiscales": [image], "omero": told}),
        **_array("0", (3, *SINGLE), (1, 1024, 1024), np.uint8, *_tissue(3)),
    }


def _permuted() -> dict[str, bytes]:
    """One level, its axes in another order than they are shown in."""
    image = {"axes": axes_of("xy"), "datasets": datasets_of("xy", 1)}
    return {
        "zarr.json": group_document({"multiscales": [image], "omero": _omero(1)}),
        **_array("0", SINGLE, (1024, 1024), np.uint8, *_tissue(1)),
    }


def _tissue(channels: int) -> tuple[Callable[[Cell], np.ndarray], Callable[[Cell], Cell]]:
    """Pixels of a chunk of 1024² with the noise of a camera; it repeats after four chunks."""
    tiles = [slide_tile(channel, 0) for channel in range(channels)]

    def content(cell: Cell) -> np.ndarray:
        *channel, row, column = cell
        y, x = 1024 * (row % 2), 1024 * (column % 2)
        pixels = tiles[channel[0] if channel else 0][y : y + 1024, x : x + 1024]
        return pixels[(None,) * len(channel)]

    return content, lambda cell: (*cell[:-2], cell[-2] % 2, cell[-1] % 2)


def _plate() -> dict[str, bytes]:
    pixels = np.stack([np.tile(tile(channel), (FIELD // TILE,) * 2) for channel in range(3)])
    return plate_entries(32, 48, 9, field_entries("cyx", encoded(pixels, 2, "."), 2))


def _entries() -> dict[str, bytes]:
    """Nothing says what contrast it is shown with."""
    pixels = tile()[None, :16, :16].astype(np.uint8)
    image = {"axes": axes_of("zyx"), "datasets": datasets_of("zyx", 1)}
    return {
        "zarr.json": group_document({"multiscales": [image]}),
        **_array("0", (1000, 512, 512), pixels.shape, np.uint8, lambda _: pixels),
    }


def _times() -> dict[str, bytes]:
    axes = [{"name": "t", "type": "time"}, *axes_of("yx")]
    image = {"axes": axes, "datasets": datasets_of("tyx", 1)}
    return {
        "zarr.json": group_document({"multiscales": [image]}),
        **_array("0", (10_000, TILE, TILE), (1, TILE, TILE), np.uint16, lambda _: tile()[None]),
    }


def _channels() -> dict[str, bytes]:
    pixels = np.tile(tile()[None], (1, 4, 4))
    image = {"axes": axes_of("cyx"), "datasets": datasets_of("cyx", 1)}
    return {
        "zarr.json": group_document({"multiscales": [image]}),
        **_array("0", (60, 512, 512), pixels.shape, np.uint16, lambda _: pixels),
    }


def _labels() -> dict[str, bytes]:
    pixels = np.tile(tile(), (4, 4))
    image = {"axes": axes_of("yx"), "datasets": datasets_of("yx", 1)}
    rows = [{"label-value": n, "area": 0.25 * (n % 997)} for n in range(1, 1_000_001)]
    label = {"version": "0.5", "properties": rows, "source": {"image": "../../"}}
    array = _array("0", (512, 512), pixels.shape, np.uint16, lambda _: pixels)
    return {
        "zarr.json": group_document({"multiscales": [image], "omero": _omero(1)}),
        "labels/zarr.json": group_document({"labels": ["cells"]}),
        "labels/cells/zarr.json": group_document({"multiscales": [image], "image-label": label}),
        **array,
        **{f"labels/cells/{name}": content for name, content in array.items()},
    }


def _omero(channels: int) -> dict[str, Any]:
    """Contrast for eight bits."""
    told = omero(channels)
    for channel in told["channels"]:
        channel["window"] = {"min": 0, "max": 255, "start": 0, "end": 255}
    return told


def _first(cell: Cell) -> Cell:
    return (0,) * len(cell)


def _array(
    name: str,
    shape: tuple[int, ...],
    chunk: tuple[int, ...],
    dtype: Any,
    content: Callable[[Cell], np.ndarray],
    like: Callable[[Cell], Cell] = _first,
) -> dict[str, bytes]:
    """Entries of an array, by zarr: ``like`` gives the chunk that has the same content."""
    document: dict[str, Any] = {}
    zarr.create_array(MemoryStore(document), shape=shape, dtype=dtype, chunks=chunk, fill_value=0)
    made: dict[str, Any] = {}
    small = zarr.create_array(MemoryStore(made), shape=chunk, dtype=dtype, chunks=chunk)

    @cache
    def encode(cell: Cell) -> bytes:
        small[...] = content(cell)
        return bytes(made["/".join(["c", *("0" for _ in chunk)])].to_bytes())

    grid = [range(-(-n // c)) for n, c in zip(shape, chunk, strict=True)]
    return {
        f"{name}/zarr.json": bytes(document["zarr.json"].to_bytes()),
        **{
            f"{name}/c/{'/'.join(map(str, cell))}": encode(like(cell))
            for cell in itertools.product(*grid)
        },
    }


MAKERS: dict[str, Callable[[], Mapping[str, bytes]]] = {
    "slide": _slide,
    "huge": _huge,
    "single": _single,
    "colors": _colors,
    "permuted": _permuted,
    "large-plate": _plate,
    "entries": _entries,
    "times": _times,
    "channels": _channels,
    "labels": _labels,
}


# --- where they lie


def archive(name: str) -> Path:
    """Path of the archive, made where it is not there yet."""
    path = FOLDER / f"{name}.ozx"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        entries = MAKERS[name]()
        write_archive(path, entries, entries.__getitem__)
    return path


def folder(name: str) -> Path:
    """The same hierarchy as a folder of files."""
    return written(name, lambda path: write_folder(path, MAKERS[name]()))
