"""The least that any reader of the images A, B, C and E must do."""

from __future__ import annotations

import itertools
import json
import mmap
import os
import struct
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from data import IMAGES, LEVELS, SHAPE

Index = tuple[Any, ...]
"""Of c, z, y and x: an integer or a slice each."""


@dataclass(frozen=True)
class _Level:
    shape: tuple[int, ...]
    chunk: tuple[int, ...]
    places: dict[tuple[int, ...], tuple[int, int]]
    """Offset and length of every chunk in the file, by its place in the grid."""


class Floor:
    """The least that any reader must do."""

    def __init__(self, path: Path) -> None:
        self._known = _places(path)
        self._file = os.open(path, os.O_RDONLY)
        self._codec = _codec(path)
        self._pool = ThreadPoolExecutor(os.cpu_count())

    def read(self, level: int, index: Index) -> np.ndarray:
        known = self._known[level]
        full = [slice(i, i + 1) if isinstance(i, int) else i for i in index]
        region = [range(*s.indices(n)) for s, n in zip(full, known.shape, strict=True)]
        out = np.empty([len(r) for r in region], np.uint16)
        sides = zip(region, known.chunk, strict=True)
        cells = itertools.product(*(range(r.start // n, -(-r.stop // n)) for r, n in sides))

        def place(cell: tuple[int, ...]) -> None:
            offset, length = known.places[cell]
            content = self._codec(os.pread(self._file, length, offset))
            chunk = np.frombuffer(content, np.uint16).reshape(known.chunk)
            into, of = [], []
            for number, size, wanted in zip(cell, known.chunk, region, strict=True):
                first = max(wanted.start, number * size)
                last = min(wanted.stop, (number + 1) * size)
                into.append(slice(first - wanted.start, last - wanted.start))
                of.append(slice(first - number * size, last - number * size))
            out[tuple(into)] = chunk[tuple(of)]

        for _ in self._pool.map(place, cells):
            pass
        return out[tuple(0 if isinstance(i, int) else slice(None) for i in index)]


def _codec(path: Path) -> Callable[[bytes], bytes]:
    from numcodecs import Blosc, Zstd

    return (Blosc() if IMAGES[path.stem].zarr_format == 2 else Zstd()).decode


def _places(path: Path) -> list[_Level]:
    """Where every chunk lies, found before anything is measured; kept for the next process."""
    import pickle

    kept = path.with_suffix(".places")
    if kept.exists():
        return [_Level(*fields) for fields in pickle.loads(kept.read_bytes())]
    layout = IMAGES[path.stem]
    found = [
        (
            (*SHAPE[:2], SHAPE[2] >> n, SHAPE[3] >> n),
            (1, 1, *(min(layout.chunk, SHAPE[2] >> n),) * 2),
        )
        for n in range(LEVELS)
    ]
    places: list[dict[tuple[int, ...], tuple[int, int]]] = [{} for _ in found]
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        for entry in zipfile.ZipFile(path).infolist():
            level, *key = entry.filename.removesuffix("/").split("/")
            if not key or not key[-1].isdigit():
                continue
            lengths = struct.unpack_from("<HH", view, entry.header_offset + 26)
            start = entry.header_offset + 30 + sum(lengths)
            cell = tuple(int(part) for part in key[-4:])
            if layout.shard:
                side = min(layout.shard, found[int(level)][0][2]) // found[int(level)][1][2]
                grid = (1, 8, side, side)
                content = view[start : start + entry.file_size]
                places[int(level)] |= _chunks_of_shard(content, start, cell, grid)
            else:
                places[int(level)][cell] = (start, entry.file_size)
    result = [(shape, chunk, place) for (shape, chunk), place in zip(found, places, strict=True)]
    kept.write_bytes(pickle.dumps(result))
    return [_Level(*fields) for fields in result]


def _chunks_of_shard(
    shard: bytes, start: int, cell: tuple[int, ...], grid: tuple[int, ...]
) -> Iterator[tuple[tuple[int, ...], tuple[int, int]]]:
    """Zarr's sharding codec: an index of offsets and lengths at the end, then its CRC-32C."""
    count = int(np.prod(grid))
    index = np.frombuffer(shard, "<u8", 2 * count, len(shard) - 4 - 16 * count).reshape(-1, 2)
    for inner, (offset, length) in zip(itertools.product(*map(range, grid)), index, strict=True):
        at = tuple(c * n + i for c, n, i in zip(cell, grid, inner, strict=True))
        yield at, (start + int(offset), int(length))


def read_documents(path: Path) -> None:
    """The floor of opening: the end of the file, then the documents at its beginning."""
    with path.open("rb") as file:
        file.seek(-4096, os.SEEK_END)
        file.read()
        file.seek(0)
        start = file.read(1 << 14)
    # Documents lie first: stop at the first name that is none.
    at = 0
    while start[at : at + 4] == b"PK\x03\x04":
        size, _, name, extra = struct.unpack_from("<IIHH", start, at + 18)
        key = start[at + 30 : at + 30 + name]
        if not key.endswith((b"zarr.json", b".zattrs", b".zgroup", b".zarray")):
            break
        json.loads(start[at + 30 + name + extra :][:size])
        at += 30 + name + extra + size
